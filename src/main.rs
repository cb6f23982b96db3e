//! The command line.

use std::env;
use std::process::ExitCode;

use clap::Parser;
use mptcpscope::{app, cli::Cli, printable::printable};

/// Connections hold many small and growing lists: the allocator of the C library takes a tenth more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match app::run(arguments()) {
        Ok(app::Outcome::Done) => ExitCode::SUCCESS,
        Ok(app::Outcome::Found) => ExitCode::from(1),
        Err(error) if app::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            app::to_stderr(&error);
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
