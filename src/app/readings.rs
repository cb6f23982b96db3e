//! Inputs that are read twice, because which connection a segment belongs to is certain only at their
//! end: the first reading is the report's, the second one hands out each frame with its final ids.
//!
//! ```text
//!  inputs ─ FirstReading::of ─▸ trace, ids ─ again ─▸ SecondReading ─ run ─▸ TrackedFrame
//! ```
//!
//! Both see the same frames in the same order, with the same corrections of clocks, and both have a
//! tracker. The second tracker meets the same subflows in the same places as the first one, so that
//! [`FinalSubflows`] can tell what has become of them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use signal_hook::consts::SIGINT;

use super::clocks;
use super::inputs::{self, Places};
use super::kept;
use super::output::to_stderr;
use super::pipeline;
use super::progress::Progress;
use super::report;
use crate::capture::{Capture, InputPath, InputStatus, KeptInputs};
use crate::cli::SpoolArgs;
use crate::report::PacketRef;
use crate::track::final_subflows::{FinalSubflows, SegmentIds};
use crate::track::packet_class::LastPacket;
use crate::track::proof::Verdict;
use crate::track::relative::RelativeNumbers;
use crate::track::{Limits, Tracker};
use crate::wire::decoder::Decoder;
use crate::wire::frame::{Frame, Timestamp};
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::Decoded;
use crate::wire::tunnel::DecodeAs;

/// How many frames pass between two looks at whether a pipe is kept.
const FRAMES_PER_LOOK: u64 = 1024;

/// Inputs that were read to their end, and can be read again.
pub(super) struct FirstReading {
    inputs: KeptInputs,
    statuses: Vec<InputStatus>,
    shifts: Vec<Option<i64>>,
    decode_as: DecodeAs,
    seed: u64,
    subflows: FinalSubflows,
}

impl FirstReading {
    /// Reads the inputs. `look` is shown what the tracker put together, before that is forgotten.
    pub(super) fn of<T>(
        paths: &[InputPath],
        spool: &SpoolArgs,
        decode_as: DecodeAs,
        look: impl FnOnce(&Tracker) -> Result<T>,
    ) -> Result<(Self, T)> {
        let stopped = Arc::new(AtomicBool::new(false));
        let (inputs, mut capture) = KeptInputs::open(paths, &kept::limits(spool), &stopped)?;
        if inputs.has_pipe() {
            stop_at_interrupt(&stopped)?;
        }
        let shifts = clocks::shifts(paths, &decode_as)?;
        clocks::correct(&mut capture, &shifts);
        let seed = report::seed();
        let mut tracker = Tracker::new(Limits::default(), seed);
        let mut decoder = Decoder::new(decode_as.clone());
        track(&inputs, &mut capture, &mut decoder, &mut tracker)?;
        if stopped.swap(true, Ordering::Relaxed) {
            to_stderr("interrupted: what came so far is read again now");
        }
        let found = look(&tracker)?;
        let subflows = FinalSubflows::new(&tracker.trace());
        let statuses = capture.inputs().to_vec();
        Ok((Self { inputs, statuses, shifts, decode_as, seed, subflows }, found))
    }

    /// What is known of each input.
    pub(super) fn statuses(&self) -> &[InputStatus] {
        &self.statuses
    }

    /// The time that the moments of the report count from; `None` without a packet.
    pub(super) fn origin(&self) -> Option<Timestamp> {
        inputs::origin(&self.statuses, &self.shifts)
    }

    /// What the proof in an option of a frame of the second reading is worth.
    pub(super) fn verdict(&self, of: &TrackedFrame<'_>, option: &MptcpOption) -> Option<Verdict> {
        self.subflows.verdict(of.packet?.subflow, of.ids?.direction, option)
    }

    /// The numbers of a frame of the second reading, whose `tracker` has just taken it, counted from
    /// where flow and stream begin.
    pub(super) fn relative(
        &self,
        tracker: &Tracker,
        of: &TrackedFrame<'_>,
    ) -> Option<RelativeNumbers> {
        let (Decoded::Tcp(segment), subflow) = (of.decoded, of.packet?.subflow) else {
            return None;
        };
        let ends = (of.ids?.direction.sender(), self.subflows.bases(subflow));
        Some(RelativeNumbers::new(&tracker.trace(), subflow, ends, segment))
    }

    /// Opens the inputs again.
    pub(super) fn again(&self) -> Result<SecondReading<'_>> {
        let mut capture = self.inputs.reopen()?;
        clocks::correct(&mut capture, &self.shifts);
        let mut tracker = Tracker::new(Limits::default(), self.seed);
        tracker.keep_last_packet();
        let places = Places::new(self.statuses.len());
        let decoder = Decoder::new(self.decode_as.clone());
        Ok(SecondReading { first: self, capture, decoder, tracker, places })
    }
}

/// From now on, an interrupt is the end of all pipes: whoever captures into them ends by it as well, and
/// what came so far is wanted. The second one ends the program.
fn stop_at_interrupt(stopped: &Arc<AtomicBool>) -> io::Result<()> {
    let again = Arc::clone(stopped);
    signal_hook::flag::register_conditional_shutdown(SIGINT, 128 + SIGINT, again)?;
    signal_hook::flag::register(SIGINT, Arc::clone(stopped))?;
    Ok(())
}

/// Reads to the end, or to where a pipe cannot be kept any more.
fn track(
    inputs: &KeptInputs,
    capture: &mut Capture,
    decoder: &mut Decoder,
    tracker: &mut Tracker,
) -> Result<()> {
    let progress = Progress::new(capture.bytes_total(), true).of("first reading · ");
    let mut frames = 0u64;
    let outcome = pipeline::run(capture, decoder, progress, |_, decoded| {
        tracker.push(decoded);
        frames += 1;
        let is_lost = frames.is_multiple_of(FRAMES_PER_LOOK) && inputs.failure().is_some();
        if is_lost { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    });
    if let Some(failure) = inputs.failure() {
        return Err(failure.into());
    }
    Ok(outcome?)
}

/// Inputs that are being read again.
pub(super) struct SecondReading<'a> {
    first: &'a FirstReading,
    capture: Capture,
    decoder: Decoder,
    tracker: Tracker,
    places: Places,
}

/// A frame of the second reading.
pub(super) struct TrackedFrame<'a> {
    #[expect(dead_code, reason = "for commands that write packets")]
    pub(super) frame: &'a Frame<'a>,
    pub(super) decoded: &'a Decoded<'a>,
    /// Its input, and its number there.
    pub(super) place: PacketRef,
    /// What it belongs to; `None` if to no connection in the report.
    pub(super) ids: Option<SegmentIds>,
    /// What it is; `None` also for what came before the first MPTCP option of its flow, which the
    /// report does not count.
    pub(super) packet: Option<LastPacket>,
}

impl SecondReading<'_> {
    /// The tracker, to make it keep more, and to ask it in the end.
    pub(super) const fn tracker(&mut self) -> &mut Tracker {
        &mut self.tracker
    }

    /// Hands every frame to `visit`, after the tracker has taken it. An error of `visit` ends it.
    pub(super) fn run(
        &mut self,
        has_bar: bool,
        mut visit: impl FnMut(&mut Tracker, &TrackedFrame<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let progress = Progress::new(self.capture.bytes_total(), has_bar).of("second reading · ");
        let (tracker, places) = (&mut self.tracker, &mut self.places);
        let subflows = &self.first.subflows;
        pipeline::run(&mut self.capture, &mut self.decoder, progress, |frame, decoded| {
            tracker.push(decoded);
            let mut packet = tracker.last_packet();
            if let Some(packet) = &mut packet {
                subflows.recount(frame.number, &mut packet.bytes);
            }
            let found = TrackedFrame {
                frame,
                decoded,
                place: places.next(frame),
                ids: ids_of(subflows, tracker, decoded, packet),
                packet,
            };
            visit(tracker, &found)
        })
    }

    /// Fails if the inputs were not what they were the first time.
    pub(super) fn finish(&self) -> Result<()> {
        Ok(self.first.inputs.check(&self.first.statuses, self.capture.inputs())?)
    }
}

fn ids_of(
    subflows: &FinalSubflows,
    tracker: &Tracker,
    decoded: &Decoded<'_>,
    packet: Option<LastPacket>,
) -> Option<SegmentIds> {
    let Decoded::Tcp(segment) = decoded else { return None };
    match packet {
        Some(packet) => subflows.ids(packet.subflow, segment.number, segment.source),
        None => subflows.ids_of_plain(tracker.plain_stream(segment)?, segment.source),
    }
}
