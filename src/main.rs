//! The command line.

use std::process::ExitCode;

/// Connections hold many small and growing lists: the allocator of the C library takes a tenth more time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    mptcpscope::main()
}
