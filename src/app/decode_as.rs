//! `--decode-as list`: which tunnels a UDP port can be taken for.

use std::env;
use std::ffi::OsString;

use anyhow::Result;

use super::output;
use crate::wire::tunnel::DecodeAs;

/// Whether the list is asked for. It needs nothing else, neither a command nor a capture.
pub(super) fn is_list_wanted() -> bool {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let is_pair = |pair: &[OsString]| matches!(pair, [flag, value] if flag == "--decode-as" && value == "list");
    arguments.windows(2).any(is_pair) || arguments.iter().any(|word| word == "--decode-as=list")
}

/// Writes it.
pub(super) fn list() -> Result<()> {
    output::to_stdout(|out| {
        DecodeAs::names().try_for_each(|(name, what)| writeln!(out, "{name:<10} {what}"))
    })
}
