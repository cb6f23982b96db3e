//! What a host did on a subflow against the RFC, as far as only the packets of that moment tell.
//!
//! Kept as counts with the first packet of each, in a box that most subflows never need.

use smallvec::SmallVec;

use super::data::DataSpace;
use super::subflow::SubflowSide;
use crate::track::range_set::SeqRange;
use crate::track::segment::Step;
use crate::track::stamp::PacketStamp;
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::{DataLevelLength, Mapping, MptcpOption};
use crate::wire::segment::TcpFlags;
use crate::wire::seq::SeqNum;

/// Signals in a row that look like loss to a sender that counts them (RFC 5681 §3.2).
const LIKE_LOSS: u32 = 3;

/// A retransmission this soon is no timeout: no stack waits less (RFC 6298 §2.4, Linux: 200 ms).
const SHORTEST_TIMEOUT_NS: i64 = 200_000_000;

/// From when on after a fallback its peer knows of it, and data that was on its way has arrived.
const KNOWN_NS: i64 = 1_000_000_000;

/// How long a rate is measured: a burst is none.
const RATE_NS: i64 = 10_000_000_000;

/// Bytes per second at which 4-byte numbers come round within the lifetime of a segment, two
/// minutes (RFC 9293 §3.4.1).
pub const WRAPPING_RATE: u64 = (1 << 32) / 120;

/// The largest shift of a window (RFC 7323 §2.3).
const LARGEST_SCALE: u8 = 14;

/// Most signals outside the window that are listed per host and subflow.
const MOST_OUTSIDE: usize = 16;

/// One kind of thing that a host must not, or should not, do.
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
    pub misdeed: Violation,
    /// How often.
    pub count: u64,
    /// The first time.
    pub first: PacketStamp,
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
    noted: SmallVec<[ViolationCount; 2]>,
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
    /// Everything that was noted, each kind once.
    pub fn noted(&self) -> &[ViolationCount] {
        self.record.as_deref().map_or(&[], |record| record.noted.as_slice())
    }

    /// What was noted of one kind.
    pub fn of(&self, misdeed: Violation) -> Option<ViolationCount> {
        self.noted().iter().find(|noted| noted.misdeed == misdeed).copied()
    }

    /// The first signals on segments outside the receive window (RFC 8684 §3: not to be acted on).
    pub fn outside(&self) -> &[PacketStamp] {
        self.record.as_deref().map_or(&[], |record| record.outside.as_slice())
    }

    fn record(&mut self) -> &mut Record {
        self.record.get_or_insert_default()
    }

    pub(crate) fn note(&mut self, misdeed: Violation, first: PacketStamp, bytes: u64) {
        let noted = &mut self.record().noted;
        match noted.iter_mut().find(|known| known.misdeed == misdeed) {
            Some(known) => {
                known.count += 1;
                known.bytes = known.bytes.max(bytes);
            }
            None => noted.push(ViolationCount { misdeed, count: 1, first, bytes }),
        }
    }

    /// The right edge of the window on a segment with acknowledgment number `ack`: by how much it
    /// is behind the one before. Only of segments that are certainly later.
    fn offer(&mut self, ack: SeqNum, edge: i64) -> i64 {
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

    /// A duplicate ACK with a signal; how many came in a row.
    fn signal(&mut self, at: Timestamp) -> u32 {
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
    fn signals_before(&self, at: Timestamp) -> bool {
        self.record.as_ref().is_some_and(|record| {
            record.signals >= LIKE_LOSS && at.since(record.last_signal) < SHORTEST_TIMEOUT_NS
        })
    }
}

impl Step<'_> {
    pub(crate) fn note(&mut self, misdeed: Violation, bytes: u64) {
        let seen = self.seen;
        self.sender_end().violations.note(misdeed, seen, bytes);
    }

    /// Reserved bits of an option.
    #[inline]
    pub(crate) fn watch_bits(&mut self, option: &MptcpOption) {
        if option.has_reserved_bits() {
            self.note(Violation::ReservedBits, 0);
        }
    }

    /// A DATA_FIN, before it is taken.
    pub(crate) fn watch_data_fin(&mut self, mapping: &Mapping, position: i64) {
        let data = self.connection.data.of(self.sender());
        if data.fin().is_some_and(|fin| fin.position != position) {
            self.note(Violation::DataFinMoved, 0);
        }
        let is_right = mapping.ssn == 0 && mapping.length == DataLevelLength::Bytes(1);
        if self.segment.payload_len == 0 && !is_right {
            self.note(Violation::DataFinMalformed, 0);
        }
    }

    /// A DATA_ACK, 8 bytes wide or 4, for everything before `acked`.
    #[inline]
    pub(crate) fn watch_data_ack(&mut self, is_long: bool, acked: i64) {
        if !is_long && self.connection.data.of(self.direction.sender().peer()).is_wide(acked) {
            self.note(Violation::NarrowDataAck, 0);
        }
    }

    /// A mapping at `first` whose DSN is 4 bytes wide.
    #[cold]
    pub(crate) fn watch_narrow_dsn(&mut self, first: i64) {
        let at = self.seen.at;
        let record = self.sender_end().violations.record();
        let (from, since) = *record.narrow.get_or_insert((first, at));
        let lasted = at.since(since);
        if lasted < RATE_NS {
            return;
        }
        record.narrow = Some((first, at));
        let bytes = u128::from(u64::try_from(first - from).unwrap_or(0));
        let rate = bytes * 1_000_000_000 / u128::from(lasted.unsigned_abs());
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        if rate > WRAPPING_RATE {
            self.note(Violation::NarrowDsn, rate);
        }
    }

    /// A signal on a segment whose payload stands at `payload`: whether that, or what it
    /// acknowledges, is certainly outside the window of the receiver (RFC 9293 §3.10.7.4).
    #[cold]
    pub(crate) fn watch_place(&mut self, payload: SeqRange) {
        let flags = self.segment.flags;
        if flags.has(TcpFlags::SYN) || flags.has(TcpFlags::RST) {
            return;
        }
        let ends = &self.subflow.sides;
        let (sender, receiver) = (ends.of(self.sender()), ends.of(self.sender().peer()));
        let scale = receiver.window_scale.unwrap_or(LARGEST_SCALE).min(LARGEST_SCALE);
        let is_old = payload.start < sender.acked && payload.end <= sender.acked;
        let is_ahead = sender.acked > 0 && payload.start - sender.acked > 0xffff << scale;
        let sent = receiver.sequence.range_set().span().map_or(1, |span| span.end);
        let acked = receiver.sequence.acked_position(self.segment.ack).unwrap_or(0);
        let is_unsent =
            flags.has(TcpFlags::ACK) && acked > sent + i64::from(receiver.fin.is_some());
        if is_old || is_ahead || is_unsent {
            let seen = self.seen;
            let outside = &mut self.sender_end().violations.record().outside;
            if outside.len() < MOST_OUTSIDE {
                outside.push(seen);
            }
        }
    }

    /// The right edge of the receive window, by a DATA_ACK.
    pub(crate) fn watch_edge(&mut self, edge: i64) {
        let (seen, ack, is_plain) =
            (self.seen, self.segment.ack, self.connection.fallback.is_some());
        let end = self.sender_end();
        if is_plain {
            end.violations.offer(ack, edge);
        } else {
            end.watch_edge(seen, ack, edge);
        }
    }

    /// New bytes of the stream at `range`.
    #[inline(always)]
    pub(crate) fn watch_new_data(&mut self, range: SeqRange) {
        let sender = self.direction.sender();
        if self.connection.fallback.is_none() {
            let violations = &mut self.subflow.sides.of_mut(sender).violations;
            watch_new_data(violations, self.connection.data.of(sender), range, self.seen);
        }
    }

    /// A FIN: whether data of its sender is not acknowledged at the data level.
    pub(crate) fn watch_fin(&mut self) {
        let outstanding = self.connection.data.of(self.sender()).outstanding();
        // RFC 8684 §3.3.3: only the segment with the DATA_FIN may be outstanding.
        let has_data_fin = self
            .options
            .mptcp
            .iter()
            .any(|option| matches!(option, MptcpOption::Dss(dss) if dss.data_fin));
        let own = if has_data_fin { u64::from(self.segment.payload_len) } else { 0 };
        let outstanding = outstanding.saturating_sub(own);
        if outstanding > 0 && self.connection.fallback.is_none() {
            self.note(Violation::FinWithDataOutstanding, outstanding);
        }
    }

    /// An ACK that acknowledges nothing new: whether it is one signal of many.
    pub(crate) fn watch_duplicate_ack(&mut self, is_signal: bool) {
        let at = self.seen.at;
        let violations = &mut self.sender_end().violations;
        if !is_signal {
            violations.end_signals();
        } else if violations.signal(at) == LIKE_LOSS {
            self.note(Violation::SignalsInARow, 0);
        }
    }

    /// Anything but a duplicate ACK.
    pub(crate) fn watch_other(&mut self) {
        self.sender_end().violations.end_signals();
    }

    /// Bytes from `start` on that TCP sends again.
    pub(crate) fn watch_retransmission(&mut self, start: i64) {
        let at = self.seen.at;
        let acked = self.sender_end().acked;
        let receiver = self.subflow.sides.of(self.sender().peer());
        if start == acked && receiver.violations.signals_before(at) {
            self.note(Violation::SignalsMisread, 0);
        }
    }

    /// Payload of a connection that fell back, or options on it.
    pub(crate) fn watch_plain(&mut self, payload: SeqRange) {
        self.watch_elsewhere(payload);
        let at = self.seen.at;
        let apart = self.subflow.handshake.rtt_ns().unwrap_or(0).max(SHORTEST_TIMEOUT_NS);
        let speaks = self.options.mptcp.iter().any(is_of_mptcp);
        let has_any = self.options.has_mptcp();
        let violations = &mut self.sender_end().violations;
        match violations.record.as_ref().and_then(|record| record.bare) {
            None if !payload.is_empty() && !has_any => {
                violations.record().bare = Some((payload.end, at));
            }
            Some((end, since)) if speaks => {
                let is_new = payload.is_empty() || payload.start >= end;
                if is_new && at.since(since) > apart {
                    self.note(Violation::AfterFallback, 0);
                }
            }
            _ => {}
        }
    }

    /// New payload on another subflow than the one that alone carries the stream.
    fn watch_elsewhere(&mut self, payload: SeqRange) {
        let id = self.id;
        let Some(fallback) = self.connection.fallback.filter(|fallback| fallback.subflow != id)
        else {
            return;
        };
        let is_late = self.seen.at.since(fallback.seen.at) > KNOWN_NS;
        let end = self.sender_end();
        let sent = end.sequence.range_set().span().map_or(1, |span| span.end);
        let record = end.violations.record();
        let before = record.sent_before.replace(sent);
        if is_late && !payload.is_empty() && before.is_some_and(|before| payload.start >= before) {
            self.note(Violation::ElsewhereAfterFallback, 0);
        }
    }

    /// Payload with the URG flag.
    pub(crate) fn watch_urgent(&mut self, payload: SeqRange) {
        if self.segment.flags.has(TcpFlags::URG)
            && self.sender_end().mappings.covering(payload.start).is_some()
        {
            self.note(Violation::Urgent, 0);
        }
    }

    /// A mapping that covers nothing of its segment.
    pub(crate) fn watch_mapping(&mut self, is_outside: bool) {
        if is_outside {
            self.note(Violation::MappingOutside, 0);
        }
    }

    /// Bytes that another subflow carried, if they were others.
    pub(crate) fn watch_reinjection(&mut self, bytes: u64) {
        if self.connection.data.of_mut(self.direction.sender()).take_differing() {
            self.note(Violation::ReinjectionDiffers, bytes);
        }
    }
}

impl SubflowSide {
    /// The right edge of the receive window, on a segment with acknowledgment number `ack`, of a
    /// connection that did not fall back.
    #[inline(always)]
    pub(crate) fn watch_edge(&mut self, seen: PacketStamp, ack: SeqNum, edge: i64) {
        let behind = self.violations.offer(ack, edge);
        if behind > 1 && behind >= 1 << self.window_scale.unwrap_or(0) {
            self.violations.note(Violation::WindowShrunk, seen, behind.unsigned_abs());
        }
    }
}

/// New bytes at `range` of a stream whose connection did not fall back.
#[inline(always)]
pub(crate) fn watch_new_data(
    violations: &mut Violations,
    data: &DataSpace,
    range: SeqRange,
    seen: PacketStamp,
) {
    let end_of_data = data.fin().map_or(i64::MAX, |fin| fin.position);
    let edge = data.level_stats().window.as_ref().map_or(i64::MAX, |window| window.edge);
    let after_fin = range.end.saturating_sub(end_of_data);
    if after_fin > 0 {
        violations.note(Violation::DataAfterFin, seen, after_fin.unsigned_abs());
    }
    let beyond = range.end.saturating_sub(edge);
    if beyond > 1 {
        violations.note(Violation::BeyondWindow, seen, beyond.unsigned_abs());
    }
}

/// Not MP_TCPRST and the like, which end a subflow, nor an infinite mapping and MP_FAIL, which begin
/// the fallback.
fn is_of_mptcp(option: &MptcpOption) -> bool {
    match option {
        MptcpOption::Dss(dss) => {
            dss.mapping.is_none_or(|mapping| mapping.length != DataLevelLength::Infinite)
        }
        MptcpOption::AddAddr(_)
        | MptcpOption::RemoveAddr(_)
        | MptcpOption::Prio(_)
        | MptcpOption::Join(_) => true,
        _ => false,
    }
}

/// What stands for the bytes of a segment when another copy of it is compared: a few of them, from its
/// beginning, middle and end. 0 where not all were captured.
#[inline]
pub(crate) fn sample(bytes: &[u8], wanted: u64) -> u32 {
    if bytes.len() as u64 != wanted || bytes.is_empty() {
        return 0;
    }
    let (_, second_half) = bytes.split_at(bytes.len() / 2);
    let words = [bytes.first_chunk(), second_half.first_chunk(), bytes.last_chunk()];
    let mut mixed = wanted;
    for word in words {
        mixed = match word {
            Some(word) => mix(mixed, u64::from_le_bytes(*word)),
            None => bytes.iter().fold(mixed, |mixed, byte| mix(mixed, u64::from(*byte))),
        };
    }
    // The upper half of a product depends on all bits, its lower half on the lower ones alone.
    #[expect(clippy::cast_possible_truncation, reason = "half the bits are enough")]
    ((mixed ^ mixed >> 32) as u32).max(1)
}

#[inline]
const fn mix(mixed: u64, word: u64) -> u64 {
    (mixed ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31)
}

impl DataSpace {
    /// Bytes of the stream that the peer did not acknowledge; 0 while no DATA_ACK was seen.
    pub fn outstanding(&self) -> u64 {
        let sent = self.range_set().span().map_or(0, |span| span.end);
        self.acked_end().map_or(0, |acked| u64::try_from(sent - acked).unwrap_or(0))
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

    #[test]
    fn a_sample_tells_octets_apart() {
        let bytes: Vec<u8> = (0..100).collect();
        let mut others = bytes.clone();
        for at in [0, 7, 50, 57, 92, 99] {
            others[at] ^= 0x80;
            assert_ne!(sample(&bytes, 100), sample(&others, 100), "octet {at}");
            others[at] ^= 0x80;
        }
        assert_eq!(sample(&bytes, 101), 0, "not all of it is there");
        assert_eq!(sample(&[], 0), 0);
    }
}
