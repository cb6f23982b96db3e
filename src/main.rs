//! The command line.

use std::process::ExitCode;

use clap::Parser;
use mptcpscope::{app, cli::Cli};

/// Connections hold many small and growing lists: the allocator of the C library takes a tenth more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match app::run(Cli::parse()) {
        Ok(app::Outcome::Done) => ExitCode::SUCCESS,
        Ok(app::Outcome::Found) => ExitCode::from(1),
        Err(error) if app::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mptcpscope: {error}");
            ExitCode::from(2)
        }
    }
}
