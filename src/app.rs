//! The composition root: which inputs are read, what is made of them, where that goes. One file per
//! command; clock and randomness come into the program here.

mod arguments;
mod clocks;
mod decode_as;
mod explain;
mod filter;
mod follow;
mod generate;
mod help;
mod host;
mod inputs;
mod kept;
mod keys;
mod list;
mod live;
mod no_capture;
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

use std::process::ExitCode;

use anyhow::{Error, Result};

pub use output::to_stderr;

use crate::cli::{Cli, Command};
use no_capture::NoCapture;

/// Parses the command line, carries it out, and says in one sentence on standard error what failed.
///
/// Gives the exit status: 0 done, 1 a finding that `--fail-on` asks for, 2 an error. Whoever closes
/// our output has seen enough, which is no error.
pub fn main() -> ExitCode {
    raise_limit_of_files();
    let outcome = if decode_as::is_list_wanted() {
        decode_as::list().map(|()| Outcome::Done)
    } else {
        run(arguments::parse())
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            explain_failure(&error);
            ExitCode::from(2)
        }
    }
}

/// Says what failed, and what to do.
fn explain_failure(error: &Error) {
    if let Some(NoCapture { command }) = error.downcast_ref() {
        return help::to_stderr(*command);
    }
    match no_capture::meant(error) {
        Some(meant) => to_stderr(meant),
        None => to_stderr(error),
    }
    filter::point_at(error);
}

/// Most systems let a program open 1024 files unless it asks for more, as each capture is one.
#[cfg(unix)]
fn raise_limit_of_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(MOST_FILES).min(MOST_FILES);
    if current.is_some_and(|current| current < wanted) {
        // Without it, only fewer captures can be read at once.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

#[cfg(not(unix))]
fn raise_limit_of_files() {}

/// As many as inputs can be numbered.
#[cfg(unix)]
const MOST_FILES: u64 = 1 << 16;

/// Carries out what the command line asks for.
///
/// Fails with one sentence that names the file in question; whatever is wrong *inside* a capture is
/// no failure. See [`is_closed_pipe`] for the one error that a caller should take as success.
pub fn run(mut cli: Cli) -> Result<Outcome> {
    no_capture::fill_in(&mut cli)?;
    let done = |()| Outcome::Done;
    let global = cli.global;
    match (cli.generate, cli.command) {
        (Some(what), _) => generate::run(what).map(done),
        (None, Some(Command::List(args))) => list::run(&args, global).map(done),
        (None, Some(Command::Packets(args))) => packets::run(&args, global).map(done),
        (None, Some(Command::Explain(args))) => explain::run(&args, global).map(done),
        (None, Some(Command::Follow(args))) => follow::run(&args).map(done),
        (None, Some(Command::Live(args))) => live::run(&args, global).map(done),
        (None, Some(Command::Host(args))) => host::run(&args).map(done),
        (None, Some(Command::Space(args))) => space::run(&args).map(done),
        (None, Some(Command::Help(args))) => help::run(&args, global).map(done),
        #[cfg(feature = "tui")]
        (None, Some(Command::Tui(args))) => tui::run(&args, global).map(done),
        (None, Some(Command::Report(args))) => report::run(&args, global),
        (None, None) => report::run(&cli.report, global),
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
