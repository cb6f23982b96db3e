//! From the arguments of the command line to an open capture.

use anyhow::Result;

use crate::capture::{Capture, InputPath, InputStatus};
use crate::cli::Inputs;

/// The inputs that the user named.
pub(super) fn paths(inputs: &Inputs) -> Vec<InputPath> {
    inputs.captures.iter().cloned().map(InputPath::from).collect()
}

/// Opens all of them; one that cannot be read fails before anything is analysed.
pub(super) fn open(paths: &[InputPath]) -> Result<Capture> {
    Ok(Capture::open(paths)?)
}

/// Says on standard error which inputs ended early, for outputs that have no place for it.
pub(super) fn tell_what_was_cut(inputs: &[InputStatus]) {
    for input in inputs {
        if let Some(note) = &input.note {
            eprintln!("mptcpscope: {}: {note}", input.path);
        }
    }
}
