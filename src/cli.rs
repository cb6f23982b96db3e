//! The command line as clap reads it: which commands and flags there are, and their help. No logic.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::analyze::finding::Code;

/// Explains Multipath TCP in packet captures
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    override_usage = "mptcpscope [OPTIONS] CAPTURE...\n       mptcpscope <COMMAND> [OPTIONS]",
    after_help = "Exit status: 0 done, 1 see --fail-on, 2 error. More with --help.",
    after_long_help = AFTER_HELP,
)]
pub struct Cli {
    /// What to do, if it is not `report`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What `report` does, without its name.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Print shell completions or the man page, and do nothing else
    #[arg(long, value_name = "WHAT", exclusive = true)]
    pub generate: Option<Generate>,
}

/// What stands at the end of `--help` and of the man page.
pub const AFTER_HELP: &str = "\
EXIT STATUS
  0  done; also when a capture is cut off or has broken packets: the report says what was skipped
  1  only with --fail-on: there is a finding at or above that level
  2  error: a bad flag, a file that cannot be read or is no capture, an output that cannot be written

EXAMPLES
  mptcpscope phone.pcapng                     what happened, in words
  mptcpscope client.pcap.gz server.pcap.gz    both ends as one story, merged by time
  mptcpscope report --json - phone.pcapng     the same facts for programs
  mptcpscope packets phone.pcapng             every MPTCP option with all its fields
  mptcpscope explain single-path              what a finding means, and what to do
  mptcpscope follow phone.pcapng --connection 0 --from server >file
                                              what the server sent
  ssh host tcpdump -w - tcp | mptcpscope -    from a pipe
  mptcpscope ./report                         a file that is named like a command";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Analyse captures and say what happened (this is also done without its name)
    #[command(arg_required_else_help = true)]
    Report(ReportArgs),
    /// Print one line per segment that carries MPTCP options, with every field
    #[command(arg_required_else_help = true)]
    Packets(PacketsArgs),
    /// Explain a finding: meaning, how it is recognised, causes, what to do; without CODE list all
    Explain(ExplainArgs),
    /// Write what one host sent on a connection, in the order of the data, over all subflows
    #[command(arg_required_else_help = true)]
    Follow(FollowArgs),
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Which captures.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Write the report as JSON to FILE; - is standard output, in place of the text
    #[arg(long, value_name = "FILE")]
    pub json: Option<OsString>,
    /// Show only the connection with this number in the text
    #[arg(long, value_name = "N")]
    pub connection: Option<u64>,
    /// Put the streams together and give their SHA-256 in the JSON (takes longer)
    #[arg(long)]
    pub streams: bool,
    /// Add to the JSON what was sent when, for graphs
    #[arg(long)]
    pub series: bool,
    /// Read keys from FILE, for connections whose handshake is not in the capture
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub keys: Option<PathBuf>,
    /// Which findings.
    #[command(flatten)]
    pub findings: FindingArgs,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// Which findings are shown, and which of them make the run fail.
#[derive(Debug, Args)]
pub struct FindingArgs {
    /// Exit with status 1 if there is a finding at or above LEVEL
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<Level>,
    /// Leave out findings below LEVEL
    #[arg(long, value_name = "LEVEL")]
    pub min_severity: Option<Level>,
    /// Show only findings with this code (may be given again)
    #[arg(long, value_name = "CODE")]
    pub only: Vec<Code>,
    /// Leave out findings with this code (may be given again)
    #[arg(long, value_name = "CODE")]
    pub ignore: Vec<Code>,
    /// Also the notes that are off by default: what healthy hosts do against the RFC
    #[arg(long)]
    pub strict: bool,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// A fact that explains other things
    Note,
    /// MPTCP works, but not as its owner wants
    Warning,
    /// MPTCP does not work, or data is damaged
    Error,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code of the finding, as the report names it
    pub code: Option<Code>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// Arguments of `packets`.
#[derive(Debug, Args)]
pub struct PacketsArgs {
    /// Which captures.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Print one JSON object per line
    #[arg(long)]
    pub jsonl: bool,
}

/// Arguments of `follow`.
#[derive(Debug, Args)]
pub struct FollowArgs {
    /// Which captures.
    #[command(flatten)]
    pub inputs: Inputs,
    /// The connection, by its number in the report
    #[arg(long, value_name = "N")]
    pub connection: u64,
    /// Whose octets to write
    #[arg(long, value_name = "SIDE")]
    pub from: Side,
}

/// A host of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// The one that opened the connection
    Client,
    /// The other one
    Server,
}

/// The captures to read.
#[derive(Debug, Args)]
pub struct Inputs {
    /// Captures: pcap or pcapng, plain or as gz, zst, xz or lz4; - is standard input
    #[arg(value_name = "CAPTURE", required = true, value_hint = clap::ValueHint::FilePath)]
    pub captures: Vec<OsString>,
}

/// When text has colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What `--generate` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Generate {
    /// Completions for bash
    #[value(alias = "complete-bash")]
    Bash,
    /// Completions for zsh
    #[value(alias = "complete-zsh")]
    Zsh,
    /// Completions for fish
    #[value(alias = "complete-fish")]
    Fish,
    /// Completions for PowerShell
    #[value(alias = "complete-powershell", name = "powershell")]
    PowerShell,
    /// Completions for elvish
    #[value(alias = "complete-elvish")]
    Elvish,
    /// The man page
    Man,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_finds_no_contradiction() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_one_line_of_help() {
        let command = Cli::command();
        for command in [&command].into_iter().chain(command.get_subcommands()) {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string);
                let help = help.unwrap_or_default();
                let name = argument.get_id();
                assert!(!help.is_empty(), "{name} has no help");
                assert!(!help.contains('\n') && help.len() <= 80, "{name}: {help}");
            }
        }
    }

    #[test]
    fn a_capture_without_a_command_is_a_report() {
        let cli = Cli::try_parse_from(["mptcpscope", "a.pcap", "./report"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.report.inputs.captures, ["a.pcap", "./report"]);
    }
}
