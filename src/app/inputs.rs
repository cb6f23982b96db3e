//! From the arguments of the command line to an open capture, and what is counted per input.

mod origins;

use anyhow::Result;

use self::origins::Origins;
use super::output::to_stderr;
use crate::analyze::{InputStats, InterfaceStats};
use crate::capture::{Capture, InputPath, InputStatus};
use crate::cli::{DecodeArgs, Inputs};
use crate::report::PacketRef;
use crate::wire::decoder::{DecodeCounts, Decoder};
use crate::wire::frame::{Frame, PacketNo, Timestamp};
use crate::wire::tunnel::DecodeAs;

/// What the user says of ports.
pub(super) fn decode_as(args: &DecodeArgs) -> DecodeAs {
    DecodeAs::new(args.decode_as.clone())
}

/// The inputs that the user named.
pub(super) fn paths(inputs: &Inputs) -> Vec<InputPath> {
    let arguments = inputs.captures.iter().cloned();
    arguments.map(InputPath::from).collect()
}

/// Opens all of them; one that cannot be read fails before anything is analysed.
pub(super) fn open(paths: &[InputPath]) -> Result<Capture> {
    Ok(Capture::open(paths)?)
}

/// The earliest packet of all, by the corrected clocks: what the moments of the report count from.
pub(super) fn origin(inputs: &[InputStatus], shifts: &[Option<i64>]) -> Option<Timestamp> {
    let ahead = |input: usize| shifts.get(input).copied().flatten().unwrap_or(0);
    let first = inputs
        .iter()
        .enumerate()
        .filter_map(|(index, input)| Some(Timestamp(input.first?.0.saturating_sub(ahead(index)))));
    first.min()
}

/// Says on standard error which inputs ended early, for outputs that have no place for it.
pub(super) fn warn_of_cut_inputs(inputs: &[InputStatus]) {
    for input in inputs {
        if let Some(note) = &input.note {
            to_stderr(format_args!("{}: {note}", input.path));
        }
    }
}

/// Counts frames, to say where each one stands.
pub(super) struct Places {
    /// Frames of each input so far.
    frames: Vec<u64>,
}

impl Places {
    pub(super) fn new(inputs: usize) -> Self {
        Self { frames: vec![0; inputs] }
    }

    /// Input and number there of the next frame.
    pub(super) fn next(&mut self, frame: &Frame<'_>) -> PacketRef {
        let input = usize::from(frame.point.input);
        let number = self.frames.get_mut(input).map_or(0, |frames| {
            *frames += 1;
            *frames
        });
        PacketRef(u32::from(frame.point.input), number)
    }
}

/// What is counted of each input beside what its decoder counts.
pub(super) struct InputCounts {
    /// Frames that the snap length cut.
    truncated: Vec<u64>,
    origins: Origins,
}

impl InputCounts {
    pub(super) fn new(inputs: usize) -> Self {
        Self { truncated: vec![0; inputs], origins: Origins::new(inputs) }
    }

    #[inline]
    pub(super) fn count(&mut self, frame: &Frame<'_>) {
        let input = usize::from(frame.point.input);
        self.origins.push(input);
        if let Some(truncated) = self.truncated.get_mut(input) {
            *truncated += u64::from(frame.is_cut());
        }
    }

    /// What is known of each input.
    pub(super) fn stats(&self, inputs: &[InputStatus], decoder: &Decoder) -> Vec<InputStats> {
        let inputs = inputs.iter().zip(&self.truncated).zip(0..);
        let inputs = inputs
            .map(|((input, truncated), index)| stats(input, *truncated, decoder.counts(index)));
        inputs.collect()
    }

    /// Where packet `number` stands, if that is still known.
    pub(super) fn packet_ref(&self, number: PacketNo) -> Option<PacketRef> {
        self.origins.packet_ref(number)
    }
}

/// The interfaces of an input, if any of them has a name.
fn interfaces(input: &InputStatus) -> Vec<InterfaceStats> {
    if input.interfaces.iter().all(|interface| interface.name.is_none()) {
        return Vec::new();
    }
    let interfaces = input.interfaces.iter().map(|interface| InterfaceStats {
        name: interface.name.clone(),
        link_type: interface.link_type,
        dropped_by_kernel: interface.dropped_by_kernel,
    });
    interfaces.collect()
}

fn stats(input: &InputStatus, truncated: u64, counts: DecodeCounts) -> InputStats {
    InputStats {
        path: input.path.clone(),
        format: input.format.to_string(),
        compression: input.compression.map(|compression| compression.to_string()),
        link_types: input.link_types(),
        interfaces: interfaces(input),
        packets: input.packets,
        bytes: input.bytes,
        first: input.first,
        last: input.last,
        undecoded_packets: Some(counts.undecoded),
        truncated_packets: Some(truncated),
        ip_fragments: Some(counts.fragments),
        reassembled_segments: Some(counts.reassembled),
        incomplete_fragments: Some(counts.incomplete),
        skipped: counts.skipped.into_iter().collect(),
        duplicate_packets: None,
        cut_short: input.cut_short,
        note: input.note.clone(),
        clock_shift_ns: None,
        dropped_by_kernel: input.dropped_by_kernel(),
    }
}
