//! `packets`: one line per segment that carries MPTCP options.

use std::io::{IsTerminal, Write, stdout};

use anyhow::Result;

use super::progress::Progress;
use super::{inputs, output, pipeline};
use crate::cli::PacketsArgs;
use crate::report::packets;
use crate::wire::frame::Timestamp;
use crate::wire::segment::{Decoded, Segment};

pub(super) fn run(args: &PacketsArgs) -> Result<()> {
    let mut capture = inputs::open(&inputs::paths(&args.inputs))?;
    // A bar between the lines on one terminal would disturb both.
    let progress = Progress::new(capture.bytes_total(), !stdout().is_terminal());
    output::to_stdout(|out| {
        let mut start = None;
        pipeline::run(&mut capture, progress, |frame, decoded| {
            let start = *start.get_or_insert(frame.timestamp);
            match decoded {
                Decoded::Tcp(segment) if packets::has_mptcp(segment) => {
                    write_line(out, args.jsonl, segment, start)
                }
                _ => Ok(()),
            }
        })
    })?;
    inputs::tell_what_was_cut(capture.inputs());
    Ok(())
}

fn write_line(
    out: &mut dyn Write,
    _jsonl: bool,
    segment: &Segment<'_>,
    start: Timestamp,
) -> std::io::Result<()> {
    writeln!(out, "{}", packets::Line { segment, start })
}
