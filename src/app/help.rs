//! `help`: of a command, of the filter language, or of a finding.

use std::fmt::Write as _;
use std::str::FromStr;

use anyhow::{Result, bail};
use clap::{Command, CommandFactory};

use super::{explain, output};
use crate::analyze::finding::Code;
use crate::cli::{Cli, ExplainArgs, GlobalArgs, HelpArgs};
use crate::filter::{Field, MEANING, SYNTAX};
use crate::nearest::nearest;
use crate::printable::printable;
use crate::text_layout::{LongWords, wrap};

pub(super) fn run(args: &HelpArgs, global: GlobalArgs) -> Result<()> {
    let Some(topic) = args.topic.as_deref() else { return of_command(None, Length::Long) };
    if matches!(topic, "filter" | "filters" | "--filter") {
        return output::to_stdout(|out| out.write_all(filter_language().as_bytes()));
    }
    let cli = Cli::command();
    let names: Vec<_> = cli.get_subcommands().map(Command::get_name).collect();
    if names.contains(&topic) {
        return of_command(Some(topic), Length::Long);
    }
    if let Ok(code) = Code::from_str(topic) {
        return explain::run(&ExplainArgs { code: Some(code) }, global);
    }
    let codes = Code::ALL.iter().map(|code| code.name());
    let topic_shown = printable(topic);
    match nearest(topic, names.into_iter().chain(["filter"]).chain(codes)) {
        Some(near) => bail!("there is no help for {topic_shown}: did you mean {near}?"),
        None => bail!(
            "there is no help for {topic_shown}: name a command, filter, or the code of a finding"
        ),
    }
}

/// The short help of a command, or of all, where something else was to be written.
pub(super) fn to_stderr(name: Option<&str>) {
    let text = text_of_command(name, Length::Short);
    output::lines_to_stderr(&[text.trim_end().to_owned()]);
}

/// How much of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    /// As with `-h`.
    Short,
    /// As with `--help`.
    Long,
}

/// The help of a command, or of all.
fn of_command(name: Option<&str>, length: Length) -> Result<()> {
    let text = text_of_command(name, length);
    output::to_stdout(|out| out.write_all(text.as_bytes()))
}

/// The help of a command, or of all, as text.
fn text_of_command(name: Option<&str>, length: Length) -> String {
    let mut cli = Cli::command();
    cli.build();
    let command = match name.and_then(|name| cli.find_subcommand_mut(name)) {
        Some(command) => command.clone(),
        None => cli,
    };
    let mut command = command;
    let help = match length {
        Length::Short => command.render_help(),
        Length::Long => command.render_long_help(),
    };
    help.to_string()
}

/// The filter language, for `help filter` and the man page.
pub(super) fn filter_language() -> String {
    let mut text = String::from("A filter says which rows are wanted:\n\n");
    for (example, about) in SYNTAX {
        let _ = writeln!(text, "  {example:<24}{about}");
    }
    text.push('\n');
    for line in MEANING {
        let _ = writeln!(text, "{line}");
    }
    text.push_str("\nFields:\n\n");
    for field in Field::ALL {
        let mut name = field.name();
        for line in wrap(&field.explained(), ABOUT_COLUMNS, LongWords::Keep) {
            let _ = writeln!(text, "  {name:<15}{line}");
            name = "";
        }
    }
    text.push_str("\nExamples:\n\n");
    for example in EXAMPLES {
        let _ = writeln!(text, "  {example}");
    }
    text
}

/// Columns beside the names of fields.
const ABOUT_COLUMNS: usize = 62;

const EXAMPLES: [&str; 4] = [
    "mptcpscope list --filter 'severity>=warning and not state==closed' trace.pcap",
    "mptcpscope report --filter 'ip.addr==10.0.0.0/8 tcp.port in {80, 443}' trace.pcap",
    "mptcpscope list --filter 'code==single-path or subflows>2' --sort bytes trace.pcap",
    "mptcpscope report --filter 10.1.2.3 trace.pcap",
];
