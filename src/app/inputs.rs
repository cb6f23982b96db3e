//! From the arguments of the command line to an open capture, and what is counted per input.

mod origins;

use anyhow::Result;

use self::origins::Origins;
use super::output::to_stderr;
use crate::analyze::InputStats;
use crate::capture::{Capture, InputPath, InputStatus};
use crate::cli::Inputs;
use crate::report::PacketRef;
use crate::wire::frame::{Frame, PacketNo, Timestamp};
use crate::wire::segment::Decoded;

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

/// What the pipeline finds out about each input.
pub(super) struct InputCounts {
    counts: Vec<Count>,
    origins: Origins,
}

/// Frames of one input that are not whole.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    undecoded: u64,
    fragments: u64,
    truncated: u64,
}

impl Count {
    #[cold]
    fn note(&mut self, decoded: &Decoded<'_>) {
        match decoded {
            Decoded::Tcp(_) | Decoded::Other => {}
            Decoded::Fragment => self.fragments += 1,
            Decoded::Undecoded => self.undecoded += 1,
        }
    }
}

impl InputCounts {
    pub(super) fn new(inputs: usize) -> Self {
        Self { counts: vec![Count::default(); inputs], origins: Origins::new(inputs) }
    }

    #[inline]
    pub(super) fn count(&mut self, frame: &Frame<'_>, decoded: &Decoded<'_>) {
        let input = usize::from(frame.point.input);
        self.origins.push(input);
        let Some(count) = self.counts.get_mut(input) else {
            return;
        };
        count.truncated += u64::from(frame.is_cut());
        if !matches!(decoded, Decoded::Tcp(_)) {
            count.note(decoded);
        }
    }

    /// What is known of each input.
    pub(super) fn stats(&self, inputs: &[InputStatus]) -> Vec<InputStats> {
        let counted = inputs.iter().zip(&self.counts);
        counted.map(|(input, count)| stats(input, *count)).collect()
    }

    /// Where packet `number` stands, if that is still known.
    pub(super) fn packet_ref(&self, number: PacketNo) -> Option<PacketRef> {
        self.origins.packet_ref(number)
    }
}

fn stats(input: &InputStatus, count: Count) -> InputStats {
    InputStats {
        path: input.path.clone(),
        format: input.format.to_string(),
        compression: input.compression.map(|compression| compression.to_string()),
        link_types: input.link_types(),
        packets: input.packets,
        bytes: input.bytes,
        first: input.first,
        last: input.last,
        undecoded_packets: Some(count.undecoded),
        truncated_packets: Some(count.truncated),
        ip_fragments: Some(count.fragments),
        duplicate_packets: None,
        cut_short: input.cut_short,
        note: input.note.clone(),
        clock_shift_ns: None,
        dropped_by_kernel: input.dropped_by_kernel(),
    }
}
