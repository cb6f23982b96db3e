//! Which bytes of a sequence space were seen: one range from the first to the last, less its holes.
//!
//! Traffic is mostly in order, so the common insertion touches two numbers. Positions are signed
//! and unwrapped; the owner chooses the origin.

use std::collections::VecDeque;

use smallvec::SmallVec;

/// A half-open range of positions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeqRange {
    /// First position.
    pub start: i64,
    /// One past the last position.
    pub end: i64,
}

impl SeqRange {
    /// The range of `len` bytes from `start`.
    pub const fn new(start: i64, len: u32) -> Self {
        Self { start, end: start.saturating_add(len as i64) }
    }

    /// Bytes in it.
    pub fn len(self) -> u64 {
        self.end.saturating_sub(self.start).max(0).cast_unsigned()
    }

    /// Whether it has no bytes.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The range as many positions further on.
    #[must_use]
    pub const fn shifted(self, by: i64) -> Self {
        Self { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }

    /// What is left of it without the other one.
    pub fn without(self, other: Self) -> impl Iterator<Item = Self> {
        let before = Self { end: self.end.min(other.start), ..self };
        let after = Self { start: self.start.max(other.end), ..self };
        let parts = if other.is_empty() { [self, Self::default()] } else { [before, after] };
        parts.into_iter().filter(|part| !part.is_empty())
    }

    /// What both ranges share; empty if nothing.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.min(other.end) }
    }
}

/// A part of an inserted range: seen before, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Where.
    pub range: SeqRange,
    /// Whether it had been seen.
    pub seen: bool,
}

/// Where a range belongs of which nothing was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// After everything seen.
    End,
    /// In the hole with this index.
    Hole(usize),
}

/// The parts of one insertion, in order.
pub type Pieces = SmallVec<[Piece; 2]>;

/// Most holes that are kept. The oldest hole is closed, as if seen, when one more would open.
pub const MAX_HOLES: usize = 1024;

/// The set of positions seen.
#[derive(Debug, Clone, Default)]
pub struct RangeSet {
    span: Option<SeqRange>,
    holes: VecDeque<SeqRange>,
    closed_holes: u64,
}

impl RangeSet {
    /// From the first position seen to one past the last; `None` before the first insertion.
    pub const fn span(&self) -> Option<SeqRange> {
        self.span
    }

    /// What lies within the span and was not seen, in order.
    pub fn holes(&self) -> impl ExactSizeIterator<Item = SeqRange> + '_ {
        self.holes.iter().copied()
    }

    /// How many holes were closed unseen because there were too many.
    pub const fn closed_holes(&self) -> u64 {
        self.closed_holes
    }

    /// One past the last position up to which everything was seen.
    pub fn contiguous_end(&self) -> Option<i64> {
        self.holes.front().map(|hole| hole.start).or_else(|| self.span.map(|span| span.end))
    }

    /// Makes the span begin at `start`, so that what is missing before the first byte seen is a hole.
    pub fn begin_at(&mut self, start: i64) {
        match &mut self.span {
            None => self.span = Some(SeqRange { start, end: start }),
            Some(span) if start < span.start => {
                self.holes.push_front(SeqRange { start, end: span.start });
                span.start = start;
            }
            Some(_) => {}
        }
    }

    /// Gives back memory that is not needed now.
    pub fn shrink(&mut self) {
        self.holes.shrink_to_fit();
    }

    /// Moves all positions.
    pub fn shift(&mut self, by: i64) {
        self.span = self.span.map(|span| span.shifted(by));
        for hole in &mut self.holes {
            *hole = hole.shifted(by);
        }
    }

    /// Whether all of `range` was seen.
    pub fn contains(&self, range: SeqRange) -> bool {
        self.span.is_some_and(|span| span.start <= range.start && range.end <= span.end)
            && !self.holes.iter().any(|hole| !hole.intersection(range).is_empty())
    }

    /// How many bytes of `range` were seen.
    pub fn seen_in(&self, range: SeqRange) -> u64 {
        let inside = self.span.map_or(0, |span| span.intersection(range).len());
        inside - self.holes_in(range).map(SeqRange::len).sum::<u64>()
    }

    /// The parts of `range` that were not seen, in order.
    pub fn gaps(&self, range: SeqRange) -> SmallVec<[SeqRange; 2]> {
        let Some(span) = self.span else { return SmallVec::from_iter([range]) };
        let before = SeqRange { end: range.end.min(span.start), ..range };
        let after = SeqRange { start: range.start.max(span.end), ..range };
        let gaps = std::iter::once(before).chain(self.holes_in(range)).chain([after]);
        gaps.filter(|gap| !gap.is_empty()).collect()
    }

    /// What was seen from `start` on, in order.
    pub fn ranges_from(&self, start: i64) -> impl Iterator<Item = SeqRange> + '_ {
        let span = self.span.unwrap_or_default();
        let rest = SeqRange { start: span.start.max(start), ..span };
        let end = SeqRange { start: rest.end, end: rest.end };
        let mut at = rest.start;
        let holes = self.holes_in(rest).chain([end]);
        let ranges = holes.map(move |hole| {
            let range = SeqRange { start: at, end: hole.start };
            at = hole.end;
            range
        });
        ranges.filter(|range| !range.is_empty())
    }

    /// The parts of holes that lie in `range`.
    fn holes_in(&self, range: SeqRange) -> impl Iterator<Item = SeqRange> + '_ {
        let first = self.holes.partition_point(|hole| hole.end <= range.start);
        let holes = self.holes.range(first..).map(move |hole| hole.intersection(range));
        holes.take_while(|hole| !hole.is_empty())
    }

    /// Whether `range` lies past everything seen so far.
    #[inline]
    pub fn is_past_end(&self, range: SeqRange) -> bool {
        self.span.is_some_and(|span| range.start >= span.end && !range.is_empty())
    }

    /// The slot of `range`, if nothing of it was seen: past the end, or all of it in one hole.
    /// `None` for any other range, and for one that begins before the first position seen.
    #[inline]
    pub fn place_of(&self, range: SeqRange) -> Option<Slot> {
        if self.is_past_end(range) { Some(Slot::End) } else { self.hole_around(range) }
    }

    /// Adds `range` at the place where it belongs.
    #[inline]
    pub fn insert_at(&mut self, place: Slot, range: SeqRange) {
        match place {
            Slot::End => {
                self.insert_past_end(range);
            }
            Slot::Hole(index) => {
                if let Some(hole) = self.holes.get(index).copied() {
                    self.shrink_hole(index, hole, range);
                }
            }
        }
    }

    /// The hole that holds all of `range`, which is not empty.
    fn hole_around(&self, range: SeqRange) -> Option<Slot> {
        let index = self.holes.partition_point(|hole| hole.end <= range.start);
        let hole = self.holes.get(index)?;
        let is_around = hole.start <= range.start && range.end <= hole.end && !range.is_empty();
        is_around.then_some(Slot::Hole(index))
    }

    /// Adds `range` if it lies past everything seen so far, as nearly all do: then all of it is new.
    /// False, and nothing added, otherwise.
    #[inline]
    pub fn insert_past_end(&mut self, range: SeqRange) -> bool {
        let span = self.span.filter(|_| self.is_past_end(range));
        if let Some(span) = span {
            self.append(span, range);
        }
        span.is_some()
    }

    /// Adds `range`; says which parts of it were new.
    pub fn insert(&mut self, range: SeqRange) -> Pieces {
        let mut pieces = Pieces::new();
        if range.is_empty() {
            return pieces;
        }
        let Some(span) = self.span else {
            self.span = Some(range);
            pieces.push(Piece { range, seen: false });
            return pieces;
        };
        if range.start >= span.end {
            self.append(span, range);
            pieces.push(Piece { range, seen: false });
        } else {
            self.insert_before_end(span, range, &mut pieces);
        }
        pieces
    }

    /// The common case: past everything seen so far.
    fn append(&mut self, span: SeqRange, range: SeqRange) {
        if range.start > span.end {
            if self.holes.len() >= MAX_HOLES {
                self.holes.pop_front();
                self.closed_holes += 1;
            }
            self.holes.push_back(SeqRange { start: span.end, end: range.start });
        }
        self.span = Some(SeqRange { start: span.start, end: range.end });
    }

    fn insert_before_end(&mut self, span: SeqRange, range: SeqRange, pieces: &mut Pieces) {
        if range.start < span.start {
            let before = SeqRange { start: range.start, end: range.end.min(span.start) };
            pieces.push(Piece { range: before, seen: false });
            if range.end < span.start {
                self.holes.push_front(SeqRange { start: range.end, end: span.start });
            }
        }
        let inside = range.intersection(span);
        if !inside.is_empty() {
            self.fill(inside, pieces);
        }
        if range.end > span.end {
            let after = SeqRange { start: span.end, end: range.end };
            push_joined(pieces, Piece { range: after, seen: false });
        }
        self.span =
            Some(SeqRange { start: span.start.min(range.start), end: span.end.max(range.end) });
    }

    /// Closes the holes that `range`, which lies within the span, covers.
    fn fill(&mut self, range: SeqRange, pieces: &mut Pieces) {
        let mut at = range.start;
        let mut index = self.holes.partition_point(|hole| hole.end <= range.start);
        while let Some(hole) = self.holes.get(index).copied() {
            let filled = hole.intersection(range);
            if filled.is_empty() {
                break;
            }
            if at < filled.start {
                push_joined(
                    pieces,
                    Piece { range: SeqRange { start: at, end: filled.start }, seen: true },
                );
            }
            push_joined(pieces, Piece { range: filled, seen: false });
            at = filled.end;
            index = self.shrink_hole(index, hole, filled);
        }
        if at < range.end {
            push_joined(
                pieces,
                Piece { range: SeqRange { start: at, end: range.end }, seen: true },
            );
        }
    }

    /// Takes `filled` out of the hole at `index`; returns the index of the hole after it.
    fn shrink_hole(&mut self, index: usize, hole: SeqRange, filled: SeqRange) -> usize {
        let before = SeqRange { start: hole.start, end: filled.start };
        let after = SeqRange { start: filled.end, end: hole.end };
        let rest = if before.is_empty() { after } else { before };
        match self.holes.get_mut(index) {
            Some(hole) if !rest.is_empty() => *hole = rest,
            _ => {
                self.holes.remove(index);
                return index;
            }
        }
        if !before.is_empty() && !after.is_empty() {
            self.holes.insert(index + 1, after);
            return index + 2;
        }
        index + 1
    }
}

/// Adds a piece, joined to the one before it where they touch and agree.
fn push_joined(pieces: &mut Pieces, piece: Piece) {
    match pieces.last_mut() {
        Some(last) if last.seen == piece.seen && last.range.end == piece.range.start => {
            last.range.end = piece.range.end;
        }
        _ => pieces.push(piece),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(start: i64, end: i64) -> SeqRange {
        SeqRange { start, end }
    }

    #[test]
    fn in_order_bytes_are_new_and_leave_no_hole() {
        let mut range_set = RangeSet::default();
        for start in [0, 10, 20] {
            assert_eq!(
                range_set.insert(range(start, start + 10)).as_slice(),
                [Piece { range: range(start, start + 10), seen: false }]
            );
        }
        assert_eq!(range_set.span(), Some(range(0, 30)));
        assert_eq!(range_set.holes().len(), 0);
        assert_eq!(range_set.contiguous_end(), Some(30));
    }

    #[test]
    fn a_hole_is_filled_byte_by_byte() {
        let mut range_set = RangeSet::default();
        range_set.insert(range(0, 10));
        range_set.insert(range(30, 40));
        assert_eq!(range_set.contiguous_end(), Some(10));
        let pieces = range_set.insert(range(5, 35));
        assert_eq!(
            pieces.as_slice(),
            [
                Piece { range: range(5, 10), seen: true },
                Piece { range: range(10, 30), seen: false },
                Piece { range: range(30, 35), seen: true },
            ]
        );
        assert_eq!(range_set.contiguous_end(), Some(40));
    }

    #[test]
    fn bytes_before_the_first_ones_open_a_gap_behind_them() {
        let mut range_set = RangeSet::default();
        range_set.insert(range(100, 110));
        range_set.insert(range(0, 10));
        assert_eq!(range_set.holes().collect::<Vec<_>>(), [range(10, 100)]);
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_set(inserts in prop::collection::vec((0i64..200, 0i64..30), 0..40)) {
            let mut range_set = RangeSet::default();
            let mut model = std::collections::BTreeSet::new();
            for (start, len) in inserts {
                let pieces = range_set.insert(range(start, start + len));
                let covered: i64 = pieces.iter().map(|piece| piece.range.end - piece.range.start).sum();
                prop_assert_eq!(covered, len);
                for piece in &pieces {
                    for position in piece.range.start..piece.range.end {
                        prop_assert_eq!(model.contains(&position), piece.seen);
                    }
                }
                model.extend(start..start + len);
                let asked = range(20, 90);
                let seen = |position: &i64| model.contains(position);
                let in_asked = (asked.start..asked.end).filter(seen).count() as u64;
                prop_assert_eq!(range_set.seen_in(asked), in_asked);
                let gaps: Vec<_> = range_set.gaps(asked).iter().flat_map(|gap| gap.start..gap.end).collect();
                let missing: Vec<_> = (asked.start..asked.end).filter(|position| !seen(position)).collect();
                prop_assert_eq!(gaps, missing);
                let from: Vec<_> = range_set.ranges_from(50).flat_map(|range| range.start..range.end).collect();
                prop_assert_eq!(from, model.range(50..).copied().collect::<Vec<_>>());
                if let (Some(span), Some(first), Some(last)) =
                    (range_set.span(), model.first(), model.last())
                {
                    prop_assert_eq!(span, range(*first, *last + 1));
                    let missing: i64 = range_set.holes().map(|hole| hole.end - hole.start).sum();
                    prop_assert_eq!(
                        missing,
                        span.end - span.start - i64::try_from(model.len()).unwrap()
                    );
                }
            }
        }
    }
}
