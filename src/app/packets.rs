//! `packets`: one line per segment that carries MPTCP options.

use std::io::{self, IsTerminal, Write, stdout};

use anyhow::Result;

use super::progress::Progress;
use super::{inputs, output, pipeline, report};
use crate::cli::{PacketsArgs, TimeWord};
use crate::report::packets::json::Packet;
use crate::report::packets::{PacketLine, Proof, has_mptcp};
use crate::track::{Limits, Tracker};
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::{Decoded, Segment};

pub(super) fn run(args: &PacketsArgs) -> Result<()> {
    let mut capture = inputs::open(&inputs::paths(&args.inputs))?;
    // A bar between the lines on one terminal would disturb both.
    let progress = Progress::new(capture.bytes_total(), !stdout().is_terminal());
    output::to_stdout(|out| {
        let mut start = None;
        let mut before = None;
        // It knows the keys that proofs are verified with.
        let mut tracker = Tracker::new(Limits::default(), report::seed());
        pipeline::run(&mut capture, progress, |frame, decoded| {
            let start = *start.get_or_insert(frame.timestamp);
            tracker.push(decoded);
            match decoded {
                Decoded::Tcp(segment) if has_mptcp(segment) => {
                    let proof = |option: &MptcpOption| tracker.verdict(segment, option);
                    if args.jsonl {
                        return write_json(out, segment, start, &proof);
                    }
                    let since = match args.time {
                        TimeWord::Absolute => None,
                        TimeWord::Relative => Some(start),
                        TimeWord::Delta => before.or(Some(segment.timestamp)),
                    };
                    before = Some(segment.timestamp);
                    writeln!(out, "{}", PacketLine { segment, since, proof: &proof })
                }
                _ => Ok(()),
            }
        })
    })?;
    inputs::warn_of_cut_inputs(capture.inputs());
    Ok(())
}

fn write_json(
    out: &mut dyn Write,
    segment: &Segment<'_>,
    start: Timestamp,
    proof: &Proof<'_>,
) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Packet::new(segment, start, proof))?;
    writeln!(out)
}
