//! The data sequence space of one direction of a connection (RFC 8684 §3.3): which bytes of the
//! stream were seen, on which subflow first, and what the peer acknowledged.

mod arrivals;
mod classes;
mod numbers;

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::data_level_stats::{DataLevelStats, Stall};
use super::delivery::Delivery;
use super::mapping::Mapped;
use super::packet_log::PacketLog;
use super::repeats::Repeats;
use super::series::DataSeries;
use super::transmissions::{FirstTransmissions, Transmission};
use crate::track::data_level::DataLevel;
use crate::track::range_set::{RangeSet, SeqRange, Slot};
use crate::track::stamp::PacketStamp;
use crate::wire::frame::Timestamp;
use crate::wire::seq::{Dsn, WireDsn};

/// One direction of the data sequence space. Positions count from the first byte of the stream
/// (IDSN + 1) where the IDSN is known when the first byte comes, else from the first byte seen.
/// (`repr(C)`: see [`SubflowSide`](super::subflow::SubflowSide).)
#[derive(Debug, Clone, Default)]
#[repr(C)]
pub struct DataSpace {
    base: Option<Dsn>,
    /// The upper half of `base` is known: not while only 4-byte numbers were seen.
    upper_known: bool,
    highest: i64,
    /// One past the last position that the peer acknowledged.
    acked: Option<i64>,
    range_set: RangeSet,
    /// One past the last position that was acknowledged on each subflow, by its number.
    subflow_acked: Vec<i64>,
    /// Where the latest mappings in a row begin whose DSN is 8 bytes wide.
    wide_from: Option<i64>,
    level_stats: DataLevelStats,
    fin: Option<DataFin>,
    resent: VecDeque<Transmission>,
    first_copies: FirstTransmissions,
    /// On which subflow bytes arrived first, once some were sent again or acknowledged out of order.
    delivery: Option<Box<Delivery>>,
    /// Which packet carried what first, while outcomes are asked for.
    pub(crate) packet_log: Option<Box<PacketLog>>,
}

/// A DATA_FIN (RFC 8684 §3.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataFin {
    /// First time it was seen.
    pub seen: PacketStamp,
    /// Its position: one past the last byte of the stream.
    pub position: i64,
    /// When a DATA_ACK covered it.
    pub acked: Option<PacketStamp>,
    /// How often it came again on a segment without payload before that.
    pub repeats: u64,
    /// The last time of these, or the first time it was seen.
    pub last: PacketStamp,
}

/// What became of a run of bytes that a subflow carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadClass {
    /// Seen for the first time.
    New,
    /// This subflow carried them before.
    Remapped,
    /// Another subflow carried them before: its number, where that is still remembered.
    Reinjected(Option<u32>),
}

/// The parts of one insertion: a range and what became of it.
pub type PayloadClasses = SmallVec<[(SeqRange, PayloadClass); 2]>;

impl DataSpace {
    /// Sets the origin to the byte after the IDSN. Returns by how much the positions of what was
    /// seen before it moved.
    pub fn know_idsn(&mut self, idsn: Dsn) -> i64 {
        let first = idsn.add(1);
        let shift = self.base.map_or(0, |base| self.distance(base, first));
        if shift != 0 {
            self.shift(shift);
        }
        self.base = Some(first);
        self.upper_known = true;
        self.range_set.begin_at(0);
        shift
    }

    /// The DSN at position 0.
    pub const fn base(&self) -> Option<Dsn> {
        self.base
    }

    /// Bytes seen.
    pub const fn range_set(&self) -> &RangeSet {
        &self.range_set
    }

    /// Bytes of the stream that the peer did not acknowledge; 0 while no DATA_ACK was seen.
    pub fn outstanding(&self) -> u64 {
        let sent = self.range_set().span().map_or(0, |span| span.end);
        self.acked_end().map_or(0, |acked| u64::try_from(sent - acked).unwrap_or(0))
    }

    /// The DATA_FIN, once seen.
    pub const fn fin(&self) -> Option<DataFin> {
        self.fin
    }

    /// One past the last position that the peer acknowledged; with a DATA_FIN that is one more than
    /// the stream has bytes.
    pub const fn acked_end(&self) -> Option<i64> {
        self.acked
    }

    /// Where it stands.
    pub fn level(&self) -> DataLevel {
        let at = |position: i64| self.base.map(|base| base.add(position.cast_unsigned()));
        DataLevel {
            sent: self.range_set.span().and_then(|span| at(span.end)),
            acked: self.acked.and_then(at),
            window: self.level_stats.window.map(|window| window.latest),
            highest: at(self.highest),
            is_whole: self.upper_known,
        }
    }

    /// Where the bytes at `part` of a subflow stand in the stream, by a mapping that covers them.
    #[inline]
    pub(crate) fn range_of(&mut self, mapped: &Mapped, part: SeqRange) -> SeqRange {
        let start = self.position(mapped.dsn_at(part.start));
        SeqRange { start, end: start + (part.end - part.start) }
    }

    /// Adds bytes carried by a subflow that belong at `place`, since none of them was seen before.
    #[inline(always)]
    pub fn insert_new(&mut self, place: Slot, carried: Transmission) {
        let before = self.range_set.contiguous_end();
        let (acked, outstanding) = self.unacknowledged();
        self.range_set.insert_at(place, carried.range);
        self.highest = self.highest.max(carried.range.end);
        let early = before.is_some_and(|end| carried.range.start > end);
        self.level_stats.out_of_order += u64::from(early);
        self.level_stats.progress(carried.at, acked, outstanding);
        if place != Slot::End && self.range_set.contiguous_end() != before {
            self.time_released(carried);
        }
        self.first_copies.remember(carried);
    }

    /// Adds bytes carried by a subflow; says what became of each of them.
    pub fn insert(&mut self, carried: Transmission) -> PayloadClasses {
        self.highest = self.highest.max(carried.range.end);
        let had_holes = self.range_set.holes().len() > 0;
        let before = self.range_set.contiguous_end();
        let (acked, outstanding) = self.unacknowledged();
        let early = before.is_some_and(|end| carried.range.start > end);
        let pieces = self.range_set.insert(carried.range);
        self.level_stats.out_of_order += u64::from(early && pieces.iter().any(|piece| !piece.seen));
        if pieces.iter().any(|piece| !piece.seen) {
            self.level_stats.progress(carried.at, acked, outstanding);
        }
        if had_holes && self.range_set.contiguous_end() != before {
            self.time_released(carried);
        }
        let mut classes = PayloadClasses::new();
        self.classify(&pieces, carried, &mut classes);
        classes
    }

    /// Takes payload of any kind, of which `new_data` bytes are the stream's for the first time.
    pub fn sent(&mut self, at: Timestamp, payload: u64, new_data: u64) {
        if self.level_stats.series.is_none() {
            return;
        }
        let sent = self.range_set.span().map_or(0, |span| span.end);
        let in_flight = self.acked.map_or(0, |acked| u64::try_from(sent - acked).unwrap_or(0));
        self.level_stats.sent(at, payload, new_data, in_flight);
    }

    /// From now on it is kept what was sent when, in so many spans of time at most.
    pub fn keep_series(&mut self, most: u32) {
        self.level_stats.series = Some(Box::new(DataSeries::new(most)));
    }

    /// Takes a DATA_ACK at the position `acked`, and what the peer offers to receive from there, if
    /// the scale of its window is known. Returns the right edge of that.
    #[inline(always)]
    pub fn offer(&mut self, acked: i64, bytes: Option<u64>, at: Timestamp) -> Option<i64> {
        if self.level_stats.series.is_some() {
            self.level_stats.acknowledged(at, self.acked.unwrap_or_default(), bytes);
        }
        let bytes = bytes?;
        let edge = acked.saturating_add_unsigned(bytes);
        self.level_stats.offered(edge, bytes, at);
        Some(edge)
    }

    /// Whether the last segment ended a stall.
    #[inline]
    pub(crate) const fn has_stall(&self) -> bool {
        self.level_stats.has_stall()
    }

    /// The stall that the last segment ended, if it did.
    #[inline]
    pub fn take_stall(&mut self) -> Option<Stall> {
        self.level_stats.take_stall()
    }

    /// Whether bytes that were sent again since the last call differ from the first copy.
    pub(crate) const fn take_differing(&mut self) -> bool {
        std::mem::replace(&mut self.level_stats.differing, false)
    }

    /// Takes the first position of a mapping whose DSN is 8 bytes wide.
    #[inline]
    pub(crate) const fn map_wide(&mut self, start: i64) {
        if self.wide_from.is_none() {
            self.wide_from = Some(start);
        }
    }

    /// Takes a mapping whose DSN is 4 bytes wide.
    pub(crate) const fn map_narrow(&mut self) {
        self.wide_from = None;
    }

    /// Whether the byte before `position` came in a mapping with a DSN of 8 bytes.
    pub(crate) fn is_wide(&self, position: i64) -> bool {
        let sent = self.range_set.span().map_or(0, |span| span.end);
        let sent = sent.max(self.fin.map_or(0, |fin| fin.position + 1));
        position <= sent && self.wide_from.is_some_and(|from| from < position)
    }

    /// How the data fared.
    pub const fn level_stats(&self) -> &DataLevelStats {
        &self.level_stats
    }

    /// Takes an acknowledgment of everything before `position` on the subflow with this number.
    #[inline(always)]
    pub fn acknowledge_subflow(&mut self, subflow: u32, position: i64) {
        let index = subflow as usize;
        if self.subflow_acked.len() <= index {
            self.subflow_acked.resize(index + 1, 0);
        }
        if let Some(acked) = self.subflow_acked.get_mut(index) {
            *acked = position.max(*acked);
        }
    }

    /// Takes a DATA_FIN at `position`; true the first time.
    pub fn finish(&mut self, position: i64, seen: PacketStamp) -> bool {
        self.highest = self.highest.max(position + 1);
        let first = self.fin.is_none();
        if first {
            self.fin = Some(DataFin { seen, position, acked: None, repeats: 0, last: seen });
        }
        first
    }

    /// Takes a DATA_FIN on a segment without payload that was seen before.
    pub(crate) fn finish_again(&mut self, seen: PacketStamp) {
        if let Some(fin) = self.fin.as_mut().filter(|fin| fin.acked.is_none()) {
            fin.repeats += 1;
            fin.last = seen;
        }
    }

    /// Takes bytes that were sent before. They count if the oldest unacknowledged one is among them.
    pub(crate) fn repeat(&mut self, range: SeqRange, seen: PacketStamp) {
        if let Some(acked) = self.acked.filter(|acked| range.start <= *acked && *acked < range.end)
        {
            Repeats::add(&mut self.level_stats.repeats, (acked, range.len()), seen, None);
        }
    }

    /// The stall that lasts at `at`, if there is one.
    pub fn open_stall(&self, at: Timestamp) -> Option<Stall> {
        let (acked, outstanding) = self.unacknowledged();
        self.level_stats.open_stall(at, acked, outstanding)
    }

    /// Takes a DATA_ACK of the peer; returns one past the last position that it acknowledges.
    #[inline(always)]
    pub fn acknowledge(&mut self, ack: WireDsn, seen: PacketStamp) -> i64 {
        let dsn = self.expand(ack);
        let end = self.position(dsn);
        if self.acked.is_some_and(|before| before >= end) {
            return end;
        }
        self.time_acknowledged(end, seen.at);
        let (acked, outstanding) = self.unacknowledged();
        self.level_stats.progress(seen.at, acked, outstanding);
        self.acked = Some(end);
        self.highest = self.highest.max(end);
        if let Some(fin) = self.fin.as_mut().filter(|fin| end > fin.position) {
            fin.acked.get_or_insert(seen);
        }
        end
    }

    /// Adds what another view of the same direction saw. Neither knew of the other, so bytes that
    /// both saw count twice. Returns by how much the positions of the other moved.
    pub fn absorb(&mut self, other: &Self) -> i64 {
        let Some(Dsn(whole)) = other.base else { return 0 };
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is known")]
        let short = WireDsn::Short(whole as u32);
        let dsn = self.expand(if other.upper_known { WireDsn::Long(whole) } else { short });
        let shift = self.position(dsn);
        let mut at = other.range_set.span().map_or(0, |span| span.start);
        let end = other.range_set.span().map_or(0, |span| span.end);
        let to_the_end = SeqRange { start: end, end };
        let mut is_twice = false;
        for hole in other.range_set.holes().chain([to_the_end]) {
            let range = SeqRange { start: at + shift, end: hole.start + shift };
            is_twice |= self.range_set.insert(range).iter().any(|piece| piece.seen);
            at = hole.end;
        }
        if is_twice || other.delivery.is_some() {
            self.delivery.get_or_insert_default().give_up();
        }
        self.highest = self.highest.max(other.highest + shift);
        self.acked = self.acked.max(other.acked.map(|end| end + shift));
        let fin = other.fin.map(|fin| DataFin { position: fin.position + shift, ..fin });
        self.fin = self.fin.or(fin);
        shift
    }

    /// Forgets what a subflow acknowledged, whose number goes to another one.
    pub fn forget_subflow(&mut self, number: u32) {
        if let Some(acked) = self.subflow_acked.get_mut(number as usize) {
            *acked = 0;
        }
        if let Some(delivery) = &mut self.delivery {
            delivery.forget_subflow(number);
        }
    }

    /// One past the last position that was acknowledged on a subflow.
    fn subflow_acked_end(&self, subflow: u32) -> i64 {
        self.subflow_acked.get(subflow as usize).copied().unwrap_or(0)
    }

    /// Frees memory that is needed only while data is on its way.
    pub fn close(&mut self) {
        self.first_copies.close();
        if self.packet_log.is_some() {
            self.packet_log = None;
        }
        self.resent = VecDeque::new();
        self.range_set.shrink();
    }

    /// Moves all positions.
    fn shift(&mut self, by: i64) {
        self.range_set.shift(by);
        self.highest = self.highest.saturating_add(by);
        self.first_copies.shift(by);
        if let Some(log) = &mut self.packet_log {
            log.shift(by);
        }
        for copy in &mut self.resent {
            copy.range = copy.range.shifted(by);
        }
        if let Some(delivery) = &mut self.delivery {
            delivery.shift(by);
        }
        self.acked = self.acked.map(|acked| acked.saturating_add(by));
        self.wide_from = self.wide_from.map(|from| from.saturating_add(by));
        self.level_stats.repeats = None;
        if let Some(fin) = &mut self.fin {
            fin.position = fin.position.saturating_add(by);
        }
        if let Some(series) = &mut self.level_stats.series {
            series.acked.change(|bin| bin.end = bin.end.saturating_add(by));
        }
    }

    /// What the peer has acknowledged, and how many bytes were sent beyond, once that is known.
    #[inline(always)]
    fn unacknowledged(&self) -> (i64, u64) {
        match (self.range_set.span().map(|span| span.end), self.acked) {
            (Some(sent), Some(acked)) if sent > acked => (acked, (sent - acked).unsigned_abs()),
            (_, acked) => (acked.unwrap_or_default(), 0),
        }
    }

    /// A DATA_ACK up to `end`: times the last segment that it covers, unless that was sent twice.
    #[inline(always)]
    fn time_acknowledged(&mut self, end: i64, at: Timestamp) {
        let last = self.first_copies.acknowledge(end);
        let last = last.filter(|(range, _)| self.acked.is_none_or(|acked| range.end > acked));
        let Some((range, sent)) = last else { return };
        if self.resent.iter().all(|copy| copy.range.intersection(range).is_empty()) {
            self.level_stats.round_trip(at, at.since(sent));
        }
    }

    /// Bytes that filled a hole: times those behind it, which had waited for them.
    fn time_released(&mut self, filler: Transmission) {
        let ready = self.range_set.contiguous_end().unwrap_or(filler.range.end);
        let waited = &mut self.level_stats.head_of_line;
        self.first_copies.release(ready, |copy| {
            if copy.range.start >= filler.range.end {
                waited.record(filler.at.since(copy.at));
            }
        });
    }
}
