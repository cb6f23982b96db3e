//! How one direction of the data level fared: what was sent twice, how long it took, where it stood
//! still.

use super::repeats::Repeats;
use super::series::{Acked, DataSeries, Extent, Sent};
use crate::track::distribution::Distribution;
use crate::wire::frame::Timestamp;

/// Silence at the data level that counts as a stall, while data is not acknowledged.
const STALL_NS: i64 = 500_000_000;

/// An acknowledgment arrives within this time, or else it was lost.
const HEARD_NS: i64 = 100_000_000;

/// Most stalls that are listed; the rest is counted.
const MAX_STALLS: usize = 64;

/// Most pairs of subflows whose reinjections are counted apart; the last pair also counts the rest.
const MAX_PAIRS: usize = 64;

/// What happened to the data of one direction.
/// (`repr(C)`: see [`SubflowSide`](super::subflow::SubflowSide).)
#[derive(Debug, Clone, Default)]
#[repr(C)]
pub struct DataLevelStats {
    last_progress: Option<Timestamp>,
    /// The stall that ended last, until it is taken.
    ended: Option<Stall>,
    /// What the peer offered to receive; `None` while the scale of its window is not known.
    pub window: Option<Window>,
    /// Segments with new data that came before earlier data.
    pub out_of_order: u64,
    /// Mapping sent → DATA_ACK that covers it.
    pub data_rtt: Distribution,
    /// How long bytes that came early waited for the ones before them.
    pub head_of_line: Distribution,
    /// Bytes sent again under another mapping although the subflow of their first copy had
    /// acknowledged that.
    pub wasted: u64,
    /// Bytes sent again on another subflow, by the pair of subflows.
    pub reinjections: Vec<Reinjections>,
    /// The first times of silence.
    pub stalls: Vec<Stall>,
    /// How many there were in all.
    pub stall_count: u64,
    /// What was sent and acknowledged when, over all subflows, where that is kept.
    pub series: Option<Box<DataSeries>>,
    /// How often the oldest bytes that the peer did not acknowledge came again, on any subflow.
    pub repeats: Option<Box<Repeats>>,
    /// Bytes that came again under another mapping long after the peer had acknowledged them.
    pub resent_acked: Option<Box<ResentAcked>>,
    /// Whether bytes that were sent again differ from the first copy, until it is taken.
    pub(crate) differing: bool,
}

/// The receive window at the data level: it counts from the DATA_ACK, and all subflows share it
/// (RFC 8684 §3.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The latest, in bytes.
    pub latest: u64,
    /// The smallest, in bytes.
    pub min: u64,
    /// The largest, in bytes.
    pub max: u64,
    /// Segments that offered nothing.
    pub zero_count: u64,
    /// How long nothing was offered, in nanoseconds.
    pub zero_ns: i64,
    /// When nothing was offered last.
    pub last_zero: Option<Timestamp>,
    /// Since when nothing is offered.
    pub zero_since: Option<Timestamp>,
    /// One past the last position that may be sent, by all that was offered.
    pub edge: i64,
}

impl Window {
    const fn starting(bytes: u64, edge: i64) -> Self {
        Self {
            latest: bytes,
            min: bytes,
            max: bytes,
            zero_count: 0,
            zero_ns: 0,
            last_zero: None,
            zero_since: None,
            edge,
        }
    }
}

/// Bytes that were carried by one subflow first and then by another.
#[derive(Debug, Clone)]
pub struct Reinjections {
    /// Number of the subflow that carried them first; `None` where that is not remembered.
    pub from: Option<u32>,
    /// Number of the subflow that carried them again.
    pub to: u32,
    /// How many.
    pub bytes: u64,
    /// Of those, how many had been acknowledged on the first subflow.
    pub wasted: u64,
    /// First copy → this one.
    pub delay: Distribution,
}

/// Bytes that came again although a DATA_ACK for them was seen long before: it did not reach their sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResentAcked {
    /// Number of the subflow that carried the last of them first.
    pub subflow: u32,
    /// Bytes.
    pub bytes: u64,
    /// How often that began after a pause: what stood in a queue since before the DATA_ACK goes on without.
    pub starts: u64,
    /// The first of them.
    pub first: Timestamp,
    /// The last of them.
    pub last: Timestamp,
}

/// A time without new data and without a DATA_ACK that advances, while data is not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// The last progress before it.
    pub start: Timestamp,
    /// How long it lasted in nanoseconds.
    pub duration_ns: i64,
    /// Whether the receiver offered no room in the meantime.
    pub window_closed: bool,
    /// Bytes that were not acknowledged.
    pub outstanding: u64,
    /// How often the oldest of them came again.
    pub repeats: u64,
}

impl DataLevelStats {
    /// Takes bytes resent on another subflow.
    pub(crate) fn reinjected(
        &mut self,
        (from, to): (Option<u32>, u32),
        bytes: u64,
        wasted: u64,
        delay_ns: Option<i64>,
    ) {
        self.wasted += wasted;
        let Some(pair) = self.pair(from, to) else { return };
        pair.bytes += bytes;
        pair.wasted += wasted;
        if let Some(delay_ns) = delay_ns {
            pair.delay.record(delay_ns);
        }
    }

    /// Takes bytes resent at `at` that were acknowledged before the last progress, and that this subflow
    /// carried first. It counts where the acknowledgment had time to arrive.
    pub(crate) fn resent_acked(&mut self, at: Timestamp, bytes: u64, subflow: u32) {
        let is_late = self.last_progress.is_some_and(|last| at.since(last) > HEARD_NS);
        if is_late {
            let new = ResentAcked { subflow, bytes: 0, starts: 0, first: at, last: at };
            let known = self.resent_acked.get_or_insert_with(|| Box::new(new));
            // What stood in a queue goes on without a pause.
            let is_start = known.starts == 0 || at.since(known.last) > HEARD_NS;
            known.subflow = subflow;
            known.bytes += bytes;
            known.starts += u64::from(is_start);
            known.last = at;
        }
    }

    /// Takes payload, of which `new_data` bytes belong to the stream for the first time, after which
    /// `in_flight` bytes of the stream are not acknowledged.
    pub(crate) fn sent(&mut self, at: Timestamp, payload: u64, new_data: u64, in_flight: u64) {
        if let Some(series) = &mut self.series {
            series.sent.add(at, Sent::bytes(payload, new_data, in_flight));
        }
    }

    /// Takes a DATA_ACK of everything before `end`, and what the peer offers to receive from there.
    #[inline]
    pub(crate) fn acknowledged(&mut self, at: Timestamp, end: i64, window: Option<u64>) {
        if let Some(series) = &mut self.series {
            let window = window.and_then(|bytes| i64::try_from(bytes).ok());
            let window = window.map_or(Extent::NONE, Extent::of);
            series.acked.add(at, Acked { end, window });
        }
    }

    /// Takes a round trip at the data level that ended at `at`.
    pub(crate) fn round_trip(&mut self, at: Timestamp, ns: i64) {
        self.data_rtt.record(ns);
        if let Some(series) = &mut self.series {
            series.rtt.add(at, Extent::of(ns));
        }
    }

    /// Takes what the peer offers to receive, before `edge`.
    #[inline(always)]
    pub(crate) fn offered(&mut self, edge: i64, bytes: u64, at: Timestamp) {
        let window = self.window.get_or_insert_with(|| Window::starting(bytes, edge));
        window.latest = bytes;
        window.edge = window.edge.max(edge);
        window.min = window.min.min(bytes);
        window.max = window.max.max(bytes);
        if bytes == 0 {
            window.zero_count += 1;
            window.zero_since.get_or_insert(at);
            window.last_zero = Some(at);
        } else if let Some(since) = window.zero_since {
            window.zero_since = None;
            window.zero_ns += at.since(since).max(0);
        }
    }

    /// Takes new data, or a DATA_ACK that advances; `outstanding` are the bytes between `acked` and
    /// the last one sent, before it.
    #[inline(always)]
    pub(crate) fn progress(&mut self, at: Timestamp, acked: i64, outstanding: u64) {
        if self.last_progress.is_some_and(|last| last > at) {
            return;
        }
        if let Some(start) = self.last_progress.replace(at)
            && outstanding > 0
            && at.since(start) >= STALL_NS
        {
            let stall = self.stall(start, at, acked, outstanding);
            self.stall_count += 1;
            self.ended = Some(stall);
            if self.stalls.len() < MAX_STALLS {
                self.stalls.push(stall);
            }
        }
    }

    /// The stall that lasts at `at`, with `outstanding` bytes from `acked` on.
    pub(crate) fn open_stall(&self, at: Timestamp, acked: i64, outstanding: u64) -> Option<Stall> {
        let start = self.last_progress.filter(|start| at.since(*start) >= STALL_NS)?;
        (outstanding > 0).then(|| self.stall(start, at, acked, outstanding))
    }

    #[cold]
    fn stall(&self, start: Timestamp, at: Timestamp, acked: i64, outstanding: u64) -> Stall {
        let repeats = self.repeats.as_deref().filter(|repeats| repeats.position == acked);
        Stall {
            start,
            duration_ns: at.since(start),
            window_closed: self.was_window_closed(start),
            outstanding,
            repeats: repeats.map_or(0, |repeats| repeats.count),
        }
    }

    #[inline]
    pub(crate) const fn has_stall(&self) -> bool {
        self.ended.is_some()
    }

    #[inline]
    pub(crate) const fn take_stall(&mut self) -> Option<Stall> {
        self.ended.take()
    }

    /// Whether the window was closed at some time since `start`.
    fn was_window_closed(&self, start: Timestamp) -> bool {
        self.window.is_some_and(|window| {
            window.zero_since.is_some() || window.last_zero.is_some_and(|last| last >= start)
        })
    }

    fn pair(&mut self, from: Option<u32>, to: u32) -> Option<&mut Reinjections> {
        let known = self.reinjections.iter().position(|pair| (pair.from, pair.to) == (from, to));
        let index = match known {
            Some(index) => index,
            None if self.reinjections.len() >= MAX_PAIRS => self.reinjections.len() - 1,
            None => {
                let delay = Distribution::default();
                self.reinjections.push(Reinjections { from, to, bytes: 0, wasted: 0, delay });
                self.reinjections.len() - 1
            }
        };
        self.reinjections.get_mut(index)
    }
}
