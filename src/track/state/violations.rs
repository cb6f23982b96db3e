//! What a host did on a subflow against the RFC.
//!
//! Kept as counts with the first packet of each, in a box that most subflows never need.

use smallvec::SmallVec;

use crate::track::stamp::PacketStamp;
use crate::wire::frame::Timestamp;
use crate::wire::seq::SeqNum;

/// Signals in a row that look like loss to a sender that counts them (RFC 5681 §3.2).
pub(crate) const LIKE_LOSS: u32 = 3;

/// A retransmission this soon is no timeout: no stack waits less (RFC 6298 §2.4, Linux: 200 ms).
pub(crate) const SHORTEST_TIMEOUT_NS: i64 = 200_000_000;

/// How long a rate is measured, so that a burst does not count.
const RATE_NS: i64 = 10_000_000_000;

/// Bytes per second at which 4-byte numbers come round within the lifetime of a segment, two
/// minutes (RFC 9293 §3.4.1).
pub const WRAPPING_RATE: u64 = (1 << 32) / 120;

/// Most signals outside the window that are listed per host and subflow.
const MOST_OUTSIDE: usize = 16;

/// Something that a host must not or should not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// A mapping covers nothing of the segment that carries it (RFC 8684 §3.3.1).
    MappingOutside,
    /// A DATA_FIN without payload that is not one byte at subflow sequence number 0 (§3.3.3).
    DataFinMalformed,
    /// A second DATA_FIN at another place (§3.3.3).
    DataFinMoved,
    /// Bytes of the stream at or after the DATA_FIN (§3.3.3).
    DataAfterFin,
    /// A FIN while data is not acknowledged at the data level (§3.3.3); of the last subflow, or
    /// together with a DATA_FIN, it is against the RFC.
    FinWithDataOutstanding,
    /// The right edge of the receive window moved back (§3.3.4).
    WindowShrunk,
    /// Bytes of the stream past the right edge of the receive window (§3.3.5).
    BeyondWindow,
    /// MPTCP options after data without any, on a connection that fell back (§3.7).
    AfterFallback,
    /// New data on another subflow than the one that fell back (§3.7).
    ElsewhereAfterFallback,
    /// Reserved bits that are not 0.
    ReservedBits,
    /// The bit that is B elsewhere, in the third ACK of a join, where it is reserved (§3.2).
    BackupBitOfThirdAck,
    /// Three duplicate ACKs in a row with signals of MPTCP (§3.4.1: no more than two).
    SignalsInARow,
    /// A segment sent again at once after such ACKs (§3: they are no sign of loss).
    SignalsMisread,
    /// A DATA_ACK of 4 bytes for data that came with a DSN of 8 (§3.3.2).
    NarrowDataAck,
    /// DSNs of 4 bytes at a rate at which they come round too soon (§3.3.1); bytes per second.
    NarrowDsn,
    /// Urgent data within a mapping (§3.3.1).
    Urgent,
    /// Other bytes under data sequence numbers that another subflow carried (§3.3.1).
    ReinjectionDiffers,
    /// Data sent again under other subflow sequence numbers: odd, and not forbidden (§3.3.1).
    Remapped,
}

/// How often a host did something, and where first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViolationCount {
    /// What.
    pub violation: Violation,
    /// How often.
    pub count: u64,
    /// The first time.
    pub first: PacketStamp,
    /// The last time.
    pub last: PacketStamp,
    /// The largest number of bytes that it was about, where it is about bytes.
    pub bytes: u64,
}

/// What one host did on one subflow.
#[derive(Debug, Clone, Default)]
pub struct Violations {
    /// The segment before the window was last taken, and the right edge that it offered.
    offered: Option<(SeqNum, i64)>,
    record: Option<Box<Record>>,
}

#[derive(Debug, Clone, Default)]
struct Record {
    counts: SmallVec<[ViolationCount; 2]>,
    /// The first data without any option after a fallback: its end, and when it was seen.
    bare: Option<(i64, Timestamp)>,
    /// Duplicate ACKs with signals in a row so far, and the last of them.
    signals: u32,
    last_signal: Timestamp,
    /// One past the last position sent, when it was first seen after another subflow fell back.
    sent_before: Option<i64>,
    /// Where and when a run of DSNs of 4 bytes began whose rate is measured.
    narrow: Option<(i64, Timestamp)>,
    /// Signals on segments outside the window of their receiver.
    outside: SmallVec<[PacketStamp; 1]>,
}

impl Violations {
    /// Everything that was counts, each kind once.
    pub fn counts(&self) -> &[ViolationCount] {
        self.record.as_deref().map_or(&[], |record| record.counts.as_slice())
    }

    /// What was counts of one kind.
    pub fn of(&self, violation: Violation) -> Option<ViolationCount> {
        self.counts().iter().find(|counts| counts.violation == violation).copied()
    }

    /// The first signals on segments outside the receive window (RFC 8684 §3: not to be acted on).
    pub fn outside(&self) -> &[PacketStamp] {
        self.record.as_deref().map_or(&[], |record| record.outside.as_slice())
    }

    fn record(&mut self) -> &mut Record {
        self.record.get_or_insert_default()
    }

    pub(crate) fn note(&mut self, violation: Violation, seen: PacketStamp, bytes: u64) {
        let counts = &mut self.record().counts;
        if let Some(known) = counts.iter_mut().find(|known| known.violation == violation) {
            known.count += 1;
            known.last = seen;
            known.bytes = known.bytes.max(bytes);
        } else {
            let (first, last) = (seen, seen);
            counts.push(ViolationCount { violation, count: 1, first, last, bytes });
        }
    }

    /// The right edge of the window on a segment with acknowledgment number `ack`: by how much it
    /// is behind the one before. Only of segments that are certainly later.
    pub(crate) fn offer(&mut self, ack: SeqNum, edge: i64) -> i64 {
        match &mut self.offered {
            None => {
                self.offered = Some((ack, edge));
                0
            }
            Some((last, before)) => match ack.distance_from(*last) {
                ..0 => 0,
                0 => {
                    *before = edge.max(*before);
                    0
                }
                1.. => {
                    let behind = *before - edge;
                    (*last, *before) = (ack, edge);
                    behind
                }
            },
        }
    }

    /// A mapping at `first` whose DSN is 4 bytes wide: bytes per second over the last while, once that
    /// was long enough.
    pub(crate) fn measure_narrow(&mut self, first: i64, at: Timestamp) -> Option<u64> {
        let record = self.record();
        let (from, since) = *record.narrow.get_or_insert((first, at));
        let lasted = at.since(since);
        if lasted < RATE_NS {
            return None;
        }
        record.narrow = Some((first, at));
        let bytes = u128::from(u64::try_from(first - from).unwrap_or(0));
        let rate = bytes * 1_000_000_000 / u128::from(lasted.unsigned_abs());
        Some(u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// A signal on a segment outside the window of its receiver.
    pub(crate) fn note_outside(&mut self, seen: PacketStamp) {
        let outside = &mut self.record().outside;
        if outside.len() < MOST_OUTSIDE {
            outside.push(seen);
        }
    }

    /// The first data without any option after a fallback: its end, and when it was seen.
    pub(crate) fn bare(&self) -> Option<(i64, Timestamp)> {
        self.record.as_ref().and_then(|record| record.bare)
    }

    /// Sets [`Violations::bare`].
    pub(crate) fn set_bare(&mut self, end: i64, at: Timestamp) {
        self.record().bare = Some((end, at));
    }

    /// Takes one past the last position sent, after another subflow fell back; what it was before.
    pub(crate) fn replace_sent(&mut self, sent: i64) -> Option<i64> {
        self.record().sent_before.replace(sent)
    }

    /// A duplicate ACK with a signal; how many came in a row.
    pub(crate) fn signal(&mut self, at: Timestamp) -> u32 {
        let record = self.record();
        record.signals += 1;
        record.last_signal = at;
        record.signals
    }

    /// Anything else was sent.
    #[inline]
    pub(crate) fn end_signals(&mut self) {
        if let Some(record) = &mut self.record {
            record.signals = 0;
        }
    }

    /// Whether the last that was sent is signals in a row, not long before `at`.
    pub(crate) fn signals_before(&self, at: Timestamp) -> bool {
        self.record.as_ref().is_some_and(|record| {
            record.signals >= LIKE_LOSS && at.since(record.last_signal) < SHORTEST_TIMEOUT_NS
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_moves_back_only_on_a_later_segment() {
        let mut violations = Violations::default();
        assert_eq!(violations.offer(SeqNum(100), 1000), 0);
        assert_eq!(violations.offer(SeqNum(100), 900), 0, "it may be older");
        assert_eq!(violations.offer(SeqNum(50), 500), 0, "it is older");
        assert_eq!(violations.offer(SeqNum(200), 900), 100);
        assert_eq!(violations.offer(SeqNum(300), 900), 0);
    }
}
