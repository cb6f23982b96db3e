//! The data sequence space of one direction of a connection (RFC 8684 §3.3): which octets of the
//! stream were seen, on which subflow first, and what the peer acknowledged.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::coverage::{Coverage, Pieces, Range};
use super::delivery::Delivery;
use super::subflow::Seen;
use crate::wire::frame::Timestamp;
use crate::wire::seq::{Dsn, WireDsn};

/// Most first copies that are remembered, to tell from where an octet was resent.
const MAX_CARRIED: usize = 2048;

/// Of those, how many the peer has acknowledged already.
const MAX_ACKED: usize = 256;

/// Positions stay within this, whatever the numbers on the wire are, so that sums can't overflow.
const MAX_POSITION: i64 = 1 << 60;

/// One direction of the data sequence space. Positions count from the first octet of the stream
/// (IDSN + 1) where the IDSN is known when the first octet comes, else from the first octet seen.
#[derive(Debug, Clone, Default)]
pub struct DataSpace {
    base: Option<Dsn>,
    /// The upper half of `base` is known: not while only 4-octet numbers were seen.
    upper_known: bool,
    coverage: Coverage,
    highest: i64,
    carried: VecDeque<Carried>,
    resent: VecDeque<Carried>,
    /// One past the last position that the peer acknowledged.
    acked: Option<i64>,
    /// One past the last position that each subflow acknowledged of its own, by its number.
    subflow_acked: SmallVec<[i64; 2]>,
    fin: Option<DataFin>,
    delivery: Delivery,
}

/// Octets that a subflow carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Their positions in the data sequence space.
    pub range: Range,
    /// Subflow, by its number within the connection.
    pub subflow: u32,
    /// Position on that subflow of the first of them.
    pub subflow_position: i64,
    /// When.
    pub at: Timestamp,
}

/// A DATA_FIN (RFC 8684 §3.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataFin {
    /// First time it was seen.
    pub seen: Seen,
    /// Its position: one past the last octet of the stream.
    pub position: i64,
    /// When a DATA_ACK covered it.
    pub acked: Option<Seen>,
}

/// What became of a run of octets that a subflow carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Seen for the first time.
    New,
    /// Seen before on this subflow.
    Remapped,
    /// Seen before on another one, whose number this is.
    Reinjected {
        /// The first copy, where it is still remembered.
        first: Option<Carried>,
    },
}

/// The parts of one insertion: a range and what became of it.
pub type Fates = SmallVec<[(Range, Fate); 2]>;

impl DataSpace {
    /// Sets the origin to the octet after the IDSN. Returns by how much the positions of what was
    /// seen before it moved.
    pub fn know_idsn(&mut self, idsn: Dsn) -> i64 {
        let first = idsn.add(1);
        let shift = self.base.map_or(0, |base| self.distance(base, first));
        if shift != 0 {
            self.shift(shift);
        }
        self.base = Some(first);
        self.upper_known = true;
        self.coverage.begin_at(0);
        shift
    }

    /// The DSN at position 0.
    pub const fn base(&self) -> Option<Dsn> {
        self.base
    }

    /// Octets seen.
    pub const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The DATA_FIN, once seen.
    pub const fn fin(&self) -> Option<DataFin> {
        self.fin
    }

    /// One past the last position that the peer acknowledged; with a DATA_FIN that is one more than
    /// the stream has octets.
    pub const fn acked_end(&self) -> Option<i64> {
        self.acked
    }

    /// The full number of a DSN or DATA_ACK on the wire. The first one ever becomes position 0.
    pub fn expand(&mut self, wire: WireDsn) -> Dsn {
        let Some(base) = self.base else {
            self.base = Some(Dsn(wire.raw()));
            self.upper_known = wire.is_long();
            return Dsn(wire.raw());
        };
        let reference = base.add(self.highest.cast_unsigned());
        if let WireDsn::Long(whole) = wire
            && !self.upper_known
        {
            // Until now the upper half was taken for 0; from here on it is known.
            let low = reference.0 & u64::from(u32::MAX);
            #[expect(clippy::cast_possible_truncation, reason = "the lower half is expanded")]
            let reference = WireDsn::Short(low as u32).expand(Dsn(whole));
            self.base = Some(reference.add(self.highest.wrapping_neg().cast_unsigned()));
            self.upper_known = true;
        }
        wire.expand(reference)
    }

    /// A number near which those of this direction are, if all 64 bits of it are known.
    pub fn reference(&self) -> Option<Dsn> {
        self.base.filter(|_| self.upper_known).map(|base| base.add(self.highest.cast_unsigned()))
    }

    /// Position of `dsn`; the first one ever becomes position 0.
    pub fn position(&mut self, dsn: Dsn) -> i64 {
        let distance = dsn.distance_from(*self.base.get_or_insert(dsn));
        distance.clamp(-MAX_POSITION, MAX_POSITION)
    }

    /// Adds octets carried by a subflow; says what became of each of them.
    pub fn insert(&mut self, carried: Carried) -> Fates {
        self.highest = self.highest.max(carried.range.end);
        let had_gaps = self.coverage.gaps().len() > 0;
        let outstanding = self.has_outstanding();
        let pieces = self.coverage.insert(carried.range);
        if pieces.iter().any(|piece| !piece.seen) {
            self.delivery.progress(carried.at, outstanding);
        }
        if had_gaps {
            self.time_released(carried);
        }
        let mut fates = Fates::new();
        self.classify(&pieces, carried, &mut fates);
        fates
    }

    /// How the data fared.
    pub const fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// Takes the acknowledgment that the peer gave a subflow, by its number: everything before
    /// `position` on that subflow.
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
    pub fn finish(&mut self, position: i64, seen: Seen) -> bool {
        self.highest = self.highest.max(position + 1);
        let first = self.fin.is_none();
        if first {
            self.fin = Some(DataFin { seen, position, acked: None });
        }
        first
    }

    /// Takes a DATA_ACK of the peer; true when it covers the DATA_FIN for the first time.
    pub fn acknowledge(&mut self, ack: WireDsn, seen: Seen) -> bool {
        let dsn = self.expand(ack);
        let end = self.position(dsn);
        if self.acked.is_some_and(|before| before >= end) {
            return false;
        }
        self.time_acknowledged(end, seen.at);
        let outstanding = self.has_outstanding();
        self.delivery.progress(seen.at, outstanding);
        self.acked = Some(end);
        self.highest = self.highest.max(end);
        self.forget_acknowledged(end);
        match &mut self.fin {
            Some(fin) if fin.acked.is_none() && end > fin.position => {
                fin.acked = Some(seen);
                true
            }
            _ => false,
        }
    }

    /// Adds what another view of the same direction saw. Both began without the other's, so octets
    /// that both saw count twice.
    /// Returns by how much its positions moved.
    pub fn absorb(&mut self, other: &Self) -> i64 {
        let Some(their_base) = other.base else { return 0 };
        let shift = self.position(their_base);
        let mut at = other.coverage.span().map_or(0, |span| span.start);
        let end = other.coverage.span().map_or(0, |span| span.end);
        let to_the_end = Range { start: end, end };
        for gap in other.coverage.gaps().chain([to_the_end]) {
            self.coverage.insert(Range { start: at + shift, end: gap.start + shift });
            at = gap.end;
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
    }

    /// Lets go of what is only needed while data is on its way.
    pub fn close(&mut self) {
        self.carried = VecDeque::new();
        self.resent = VecDeque::new();
        self.coverage.shrink();
    }

    /// Signed distance of two numbers; of their lower halves, as long as the upper one is not known.
    fn distance(&self, to: Dsn, from: Dsn) -> i64 {
        let whole = to.distance_from(from).clamp(-MAX_POSITION, MAX_POSITION);
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is known")]
        let low = whole as i32;
        if self.upper_known { whole } else { i64::from(low) }
    }

    /// Moves all positions.
    fn shift(&mut self, by: i64) {
        self.coverage.shift(by);
        self.highest = self.highest.saturating_add(by);
        for copy in self.carried.iter_mut().chain(&mut self.resent) {
            copy.range = copy.range.shifted(by);
        }
        self.acked = self.acked.map(|acked| acked.saturating_add(by));
        if let Some(fin) = &mut self.fin {
            fin.position = fin.position.saturating_add(by);
        }
    }

    fn classify(&mut self, pieces: &Pieces, carried: Carried, fates: &mut Fates) {
        for piece in pieces {
            let offset = piece.range.start - carried.range.start;
            let part = Carried {
                range: piece.range,
                subflow_position: carried.subflow_position + offset,
                ..carried
            };
            if piece.seen {
                self.split_by_first_copy(part, fates);
                remember(&mut self.resent, part, MAX_ACKED);
            } else {
                fates.push((part.range, Fate::New));
                self.remember_first(part);
            }
        }
    }

    /// Splits octets seen before by the subflow that carried them first.
    fn split_by_first_copy(&mut self, part: Carried, fates: &mut Fates) {
        let mut at = part.range.start;
        let mut index = self.carried.partition_point(|first| first.range.end <= at);
        while at < part.range.end {
            let first =
                self.carried.get(index).filter(|first| first.range.start < part.range.end).copied();
            let known = first.filter(|first| first.range.start <= at);
            let end = match (known, first) {
                (Some(first), _) => first.range.end,
                (None, Some(next)) => next.range.start,
                (None, None) => part.range.end,
            }
            .min(part.range.end);
            let range = Range { start: at, end };
            let fate = self.fate_of_repeat(range, part, known);
            fates.push((range, fate));
            index += usize::from(known.is_some());
            at = end;
        }
    }

    fn fate_of_repeat(&mut self, range: Range, part: Carried, first: Option<Carried>) -> Fate {
        let here = |copy: &Carried| {
            copy.subflow == part.subflow && !copy.range.intersection(range).is_empty()
        };
        let wasted = first.is_some_and(|first| self.is_acked_below(&first, range));
        if first.is_some_and(|first| first.subflow == part.subflow) || self.resent.iter().any(here)
        {
            self.delivery.wasted += if wasted { range.len() } else { 0 };
            return Fate::Remapped;
        }
        self.delivery.reinjected(first, part.subflow, range.len(), wasted, part.at);
        Fate::Reinjected { first }
    }

    /// Whether the subflow of a first copy had acknowledged the octets of `range` already.
    fn is_acked_below(&self, first: &Carried, range: Range) -> bool {
        let end = first.subflow_position + (range.end - first.range.start);
        self.subflow_acked.get(first.subflow as usize).is_some_and(|acked| *acked >= end)
    }

    /// Whether data was sent that the peer has not acknowledged, as far as acknowledgments are seen.
    fn has_outstanding(&self) -> bool {
        let sent = self.coverage.span().map(|span| span.end);
        sent.zip(self.acked).is_some_and(|(sent, acked)| sent > acked)
    }

    /// A DATA_ACK up to `end`: times the last segment that it covers, unless that was sent twice.
    fn time_acknowledged(&mut self, end: i64, at: Timestamp) {
        let covered = self.carried.partition_point(|copy| copy.range.end <= end);
        let last = covered.checked_sub(1).and_then(|index| self.carried.get(index));
        let Some(last) = last.filter(|last| self.acked.is_none_or(|acked| last.range.end > acked))
        else {
            return;
        };
        if self.resent.iter().all(|copy| copy.range.intersection(last.range).is_empty()) {
            self.delivery.data_rtt.record(at.since(last.at));
        }
    }

    /// Octets that filled a gap: times those behind it, which had waited for them.
    fn time_released(&mut self, filler: Carried) {
        let ready = self.coverage.contiguous_end().unwrap_or(filler.range.end);
        let waiting = self.carried.partition_point(|copy| copy.range.start < filler.range.end);
        for copy in self.carried.range(waiting..).take_while(|copy| copy.range.start < ready) {
            self.delivery.head_of_line.record(filler.at.since(copy.at));
        }
    }

    /// Remembers a first copy in the order of positions, which is mostly the order of arrival.
    fn remember_first(&mut self, part: Carried) {
        let in_order = self.carried.back().is_none_or(|last| last.range.start < part.range.start);
        if in_order {
            remember(&mut self.carried, part, MAX_CARRIED);
        } else {
            let index = self.carried.partition_point(|copy| copy.range.start < part.range.start);
            self.carried.insert(index, part);
        }
    }

    fn forget_acknowledged(&mut self, end: i64) {
        let is_old = |copy: &Carried| copy.range.end <= end;
        while self.carried.get(MAX_ACKED).is_some_and(is_old) {
            self.carried.pop_front();
        }
    }
}

/// Appends, and forgets the oldest beyond `most`.
fn remember(copies: &mut VecDeque<Carried>, copy: Carried, most: usize) {
    if copies.len() >= most {
        copies.pop_front();
    }
    copies.push_back(copy);
}
