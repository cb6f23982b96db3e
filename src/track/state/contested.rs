//! Bytes of a stream with several copies, and which of these arrived first.

use smallvec::{SmallVec, smallvec};

use crate::track::range_set::SeqRange;
use crate::wire::frame::Timestamp;

/// A run of bytes with the same copies, which share their fate.
#[derive(Debug, Clone)]
pub(crate) struct Contested {
    /// Where they stand in the stream.
    pub(crate) range: SeqRange,
    /// In the order in which they were seen.
    copies: SmallVec<[Copy; 2]>,
    /// The copy that arrived first, as far as is known by now.
    winner: Option<usize>,
    /// Whether it is certain that nobody can tell.
    is_unclear: bool,
}

/// Where a copy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CopyPlace {
    /// The number of its subflow.
    pub(crate) subflow: u32,
    /// The position of its first byte there.
    pub(crate) position: i64,
}

#[derive(Debug, Clone)]
struct Copy {
    place: CopyPlace,
    acked: Option<Acked>,
    /// Whether TCP sent it again: then it is not known when the first one that arrived was seen.
    resent: bool,
}

/// An acknowledgment on a subflow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acked {
    pub(crate) at: Timestamp,
    /// The last round trip that was measured there at the capture point.
    pub(crate) rtt_ns: Option<i64>,
    /// Whether the capture point is at the receiver, or as good as.
    pub(crate) is_near: bool,
}

/// What an acknowledgment changes: by which subflow bytes arrived first, and by which one they did not after
/// all.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrived {
    pub(crate) won: Option<u32>,
    pub(crate) lost: Option<u32>,
    /// Nobody can tell: the subflow of the first copy.
    pub(crate) unclear: Option<u32>,
}

impl CopyPlace {
    /// The same copy, so many bytes further on.
    pub(crate) const fn shifted(self, by: i64) -> Self {
        Self { position: self.position.saturating_add(by), ..self }
    }

    /// The positions of this many bytes from it on.
    pub(crate) const fn positions(self, len: u64) -> SeqRange {
        SeqRange { start: self.position, end: self.position.saturating_add_unsigned(len) }
    }
}

impl Contested {
    /// Bytes with two copies, none of which was acknowledged.
    pub(crate) fn new(range: SeqRange, first: CopyPlace, second: CopyPlace) -> Self {
        let copy = |place| Copy { place, acked: None, resent: false };
        let copies = smallvec![copy(first), copy(second)];
        Self { range, copies, winner: None, is_unclear: false }
    }

    /// One more copy.
    pub(crate) fn add(&mut self, place: CopyPlace) {
        self.copies.push(Copy { place, acked: None, resent: false });
    }

    /// How many copies there are.
    pub(crate) fn copies(&self) -> usize {
        self.copies.len()
    }

    /// Takes the bytes from `at` on out, if that is in the middle.
    pub(crate) fn split(&mut self, at: i64) -> Option<Self> {
        if at <= self.range.start || self.range.end <= at {
            return None;
        }
        let mut after = self.clone();
        after.range.start = at;
        for copy in &mut after.copies {
            copy.place = copy.place.shifted(at - self.range.start);
        }
        self.range.end = at;
        Some(after)
    }

    /// The first copy on a subflow that stands in `positions` at least in part and is not acknowledged, and
    /// where that part stands in the stream.
    pub(crate) fn unacknowledged(
        &self,
        subflow: u32,
        positions: SeqRange,
    ) -> Option<(usize, SeqRange)> {
        let mut copies = self.copies.iter().enumerate();
        copies.find_map(|(index, Copy { place, acked, .. })| {
            if place.subflow != subflow || acked.is_some() {
                return None;
            }
            let both = place.positions(self.range.len()).intersection(positions);
            let is_any = !both.is_empty();
            is_any.then(|| (index, both.shifted(self.range.start - place.position)))
        })
    }

    /// Takes an acknowledgment of a copy.
    pub(crate) fn acknowledge(&mut self, index: usize, acked: Acked) -> Arrived {
        let Some(copy) = self.copies.get_mut(index) else { return Arrived::default() };
        copy.acked = Some(acked);
        let (subflow, resent) = (copy.place.subflow, copy.resent);
        let Some((number, winner)) = self.winner() else {
            self.winner = Some(index);
            return Arrived { won: Some(subflow), ..Arrived::default() };
        };
        let lost = winner.place.subflow;
        let Some(before) = winner.acked.filter(|_| !self.is_unclear && lost != subflow) else {
            return Arrived::default();
        };
        if before.is_near && acked.is_near && !winner.resent && !resent {
            // What is seen at the receiver has arrived, in this order.
            if number < index {
                return Arrived::default();
            }
            self.winner = Some(index);
            return Arrived { won: Some(subflow), lost: Some(lost), unclear: None };
        }
        let rtt_ns =
            before.rtt_ns.zip(acked.rtt_ns).map_or(i64::MAX, |(one, other)| one.max(other));
        if acked.at.since(before.at) > rtt_ns {
            return Arrived::default();
        }
        self.is_unclear = true;
        let first = self.copies.first().map(|first| first.place.subflow);
        Arrived { lost: Some(lost), unclear: first, won: None }
    }

    /// When the copy that arrived first was acknowledged, if one was.
    pub(crate) fn won_at(&self) -> Option<Timestamp> {
        self.winner().and_then(|(_, winner)| winner.acked).map(|acked| acked.at)
    }

    /// Whether the copy that was seen first is acknowledged.
    pub(crate) fn is_first_acked(&self) -> bool {
        self.copies.first().is_some_and(|first| first.acked.is_some())
    }

    /// Whether nothing is acknowledged of bytes that a subflow carried first.
    pub(crate) fn is_undecided_of(&self, subflow: u32) -> bool {
        let is_first = self.copies.first().is_some_and(|first| first.place.subflow == subflow);
        self.winner.is_none() && is_first
    }

    /// Whether all copies are.
    pub(crate) fn is_all_acked(&self) -> bool {
        self.copies.iter().all(|copy| copy.acked.is_some())
    }

    /// Whether a subflow has a copy.
    pub(crate) fn is_on(&self, subflow: u32) -> bool {
        self.copies.iter().any(|copy| copy.place.subflow == subflow)
    }

    /// TCP sends these positions of a subflow again.
    pub(crate) fn mark_resent(&mut self, subflow: u32, positions: SeqRange) {
        let len = self.range.len();
        for copy in &mut self.copies {
            let both = copy.place.positions(len).intersection(positions);
            copy.resent |= copy.place.subflow == subflow && !both.is_empty();
        }
    }

    /// Whether `next` follows on these bytes in all its copies, with the same fate so far.
    pub(crate) fn goes_on_in(&self, next: &Self) -> bool {
        let len = self.range.end - self.range.start;
        let is_same = |(one, other): (&Copy, &Copy)| {
            one.place.shifted(len) == other.place
                && one.acked.is_some() == other.acked.is_some()
                && one.resent == other.resent
        };
        self.range.end == next.range.start
            && self.copies.len() == next.copies.len()
            && (self.winner, self.is_unclear) == (next.winner, next.is_unclear)
            && self.copies.iter().zip(&next.copies).all(is_same)
    }

    /// Adds bytes that follow, by [`Contested::goes_on_in`]. Of two times, the later one counts: then what is
    /// unclear stays unclear.
    pub(crate) fn extend(&mut self, next: &Self) {
        self.range.end = next.range.end;
        for (copy, other) in self.copies.iter_mut().zip(&next.copies) {
            let later = |acked: &Acked| copy.acked.is_none_or(|own| own.at < acked.at);
            copy.acked = other.acked.filter(later).or(copy.acked);
        }
    }

    fn winner(&self) -> Option<(usize, &Copy)> {
        let index = self.winner?;
        Some((index, self.copies.get(index)?))
    }
}
