//! `packets`: one line per segment that carries MPTCP options.

use std::io::{self, IsTerminal, Write, stdout};

use anyhow::Result;

use super::progress::Progress;
use super::{inputs, output, pipeline};
use crate::cli::PacketsArgs;
use crate::report::packets::json::Packet;
use crate::report::packets::{Line, has_mptcp};
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
                Decoded::Tcp(segment) if has_mptcp(segment) => {
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
    jsonl: bool,
    segment: &Segment<'_>,
    start: Timestamp,
) -> io::Result<()> {
    if jsonl {
        serde_json::to_writer(&mut *out, &Packet::new(segment, start))?;
        writeln!(out)
    } else {
        writeln!(out, "{}", Line { segment, start })
    }
}
