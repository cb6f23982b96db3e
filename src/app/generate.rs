//! `--generate`: shell completions and the man page, both from the clap structs, and the JSON Schema.

use std::io::{self, Write};

use anyhow::Result;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::{help, output};
use crate::cli::{AFTER_HELP, Cli, Generate};
use crate::report::json;

pub(super) fn run(what: Generate) -> Result<()> {
    let mut text = Vec::new();
    match what {
        Generate::Bash => complete(Shell::Bash, &mut text),
        Generate::Zsh => complete(Shell::Zsh, &mut text),
        Generate::Fish => complete(Shell::Fish, &mut text),
        Generate::PowerShell => complete(Shell::PowerShell, &mut text),
        Generate::Elvish => complete(Shell::Elvish, &mut text),
        Generate::Man => man(&mut text)?,
        Generate::Schema => schema(&mut text)?,
    }
    output::to_stdout(|out| out.write_all(&text))
}

fn schema(out: &mut Vec<u8>) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &json::schema())?;
    writeln!(out)
}

fn complete(shell: Shell, out: &mut Vec<u8>) {
    clap_complete::generate(shell, &mut Cli::command(), "mptcpscope", out);
}

/// One page for all commands: `report` is the main one, the others each get a section.
fn man(out: &mut Vec<u8>) -> io::Result<()> {
    let command = Cli::command();
    let page = Man::new(command.clone()).manual("User Commands");
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    for subcommand in command.get_subcommands() {
        if subcommand.get_name() != "report" {
            man_of_subcommand(subcommand, out)?;
        }
    }
    filters(out)?;
    after_help(out)
}

/// The filter language, as `help filter` prints it.
fn filters(out: &mut Vec<u8>) -> io::Result<()> {
    let mut page = Roff::default();
    page.control("SH", ["FILTERS"]).control("nf", []);
    for line in help::filter_language().lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
    page.to_writer(out)
}

fn man_of_subcommand(subcommand: &Command, out: &mut Vec<u8>) -> io::Result<()> {
    let mut section = Roff::default();
    section.control("SH", [format!("COMMAND {}", subcommand.get_name()).as_str()]);
    let about = subcommand.get_about().map(ToString::to_string);
    section.text([roman(about.unwrap_or_default())]);
    section.to_writer(out)?;
    let mut options = Vec::new();
    Man::new(subcommand.clone()).render_options_section(&mut options)?;
    let options = String::from_utf8_lossy(&options).replace(".SH OPTIONS", ".SS Options");
    out.write_all(options.as_bytes())
}

/// The sections at the end of `--help`: a line in capitals starts one, the others stand as they are.
fn after_help(out: &mut Vec<u8>) -> io::Result<()> {
    for section in AFTER_HELP.split("\n\n") {
        let (heading, lines) = section.split_once('\n').unwrap_or((section, ""));
        let mut page = Roff::default();
        page.control("SH", [heading]).control("nf", []);
        for line in lines.lines() {
            page.text([roman(line)]);
        }
        page.control("fi", []);
        page.to_writer(out)?;
    }
    Ok(())
}
