//! The composition root: which inputs are read, what is made of them, where that goes. One file per
//! command; clock and randomness come into the program here.

mod clocks;
mod decode_as;
mod explain;
mod filter;
mod follow;
mod generate;
mod host;
mod inputs;
mod kept;
mod keys;
mod list;
mod live;
mod output;
mod outputs;
mod packets;
mod pipeline;
mod progress;
mod readings;
mod report;
mod space;
mod stdin;
#[cfg(feature = "tui")]
pub mod tui;

use std::env;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

pub use output::to_stderr;

use crate::cli::{Cli, Command};
use crate::printable::printable;

/// Parses the command line, carries it out, and says in one sentence on standard error what failed.
///
/// Gives the exit status: 0 done, 1 a finding that `--fail-on` asks for, 2 an error. Whoever closes
/// our output has seen enough, which is no error.
pub fn main() -> ExitCode {
    let outcome = if decode_as::is_list_wanted() {
        decode_as::list().map(|()| Outcome::Done)
    } else {
        run(arguments())
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            to_stderr(&error);
            filter::point_at(&error);
            ExitCode::from(2)
        }
    }
}

/// The command line; where it is wrong, says so and ends the program.
fn arguments() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| {
        // The message repeats arguments, so they are read once more in a form that can be shown.
        let shown = env::args_os().map(|argument| printable(&argument.to_string_lossy()));
        Cli::try_parse_from(shown).err().unwrap_or(error).exit()
    })
}

/// Carries out what the command line asks for.
///
/// Fails with one sentence that names the file in question; whatever is wrong *inside* a capture is
/// no failure. See [`is_closed_pipe`] for the one error that a caller should take as success.
pub fn run(cli: Cli) -> Result<Outcome> {
    let done = |()| Outcome::Done;
    match (cli.generate, cli.command) {
        (Some(what), _) => generate::run(what).map(done),
        (None, Some(Command::List(args))) => list::run(&args).map(done),
        (None, Some(Command::Packets(args))) => packets::run(&args).map(done),
        (None, Some(Command::Explain(args))) => explain::run(&args).map(done),
        (None, Some(Command::Follow(args))) => follow::run(&args).map(done),
        (None, Some(Command::Live(args))) => live::run(&args).map(done),
        (None, Some(Command::Host(args))) => host::run(&args).map(done),
        (None, Some(Command::Space(args))) => space::run(&args).map(done),
        #[cfg(feature = "tui")]
        (None, Some(Command::Tui(args))) => tui::run(&args).map(done),
        (None, Some(Command::Report(args))) => report::run(&args),
        (None, None) => report::run(&cli.report),
    }
}

/// What a run that did not fail came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing that was asked to be reported.
    Done,
    /// A finding as bad as `--fail-on` says.
    Found,
}

/// Whether this is the reader of our output that has gone away: it has seen enough.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let is_closed = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(is_closed))
}
