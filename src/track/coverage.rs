//! Which octets of a sequence space were seen: one range from the first to the last, less its gaps.
//!
//! Traffic is mostly in order, so the common insertion touches two numbers. Positions are signed
//! and unwrapped; the owner chooses the origin.

use std::collections::VecDeque;

use smallvec::SmallVec;

/// A half-open range of positions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// First position.
    pub start: i64,
    /// One past the last position.
    pub end: i64,
}

impl Range {
    /// The range of `len` octets from `start`.
    pub const fn new(start: i64, len: u32) -> Self {
        Self { start, end: start.saturating_add(len as i64) }
    }

    /// Octets in it.
    pub fn len(self) -> u64 {
        self.end.saturating_sub(self.start).max(0).cast_unsigned()
    }

    /// Whether it has no octets.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The range as many positions further on.
    #[must_use]
    pub const fn shifted(self, by: i64) -> Self {
        Self { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
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
    pub range: Range,
    /// Whether it had been seen.
    pub seen: bool,
}

/// Where positions belong of which none was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// After everything seen.
    End,
    /// In the gap with this index.
    Gap(usize),
}

/// The parts of one insertion, in order.
pub type Pieces = SmallVec<[Piece; 2]>;

/// Most gaps that are kept. The oldest gap is closed, as if seen, when one more would open.
pub const MAX_GAPS: usize = 1024;

/// The set of positions seen.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    span: Option<Range>,
    gaps: VecDeque<Range>,
    forgotten_gaps: u64,
}

impl Coverage {
    /// From the first position seen to one past the last; `None` before the first insertion.
    pub const fn span(&self) -> Option<Range> {
        self.span
    }

    /// What lies within the span and was not seen, in order.
    pub fn gaps(&self) -> impl ExactSizeIterator<Item = Range> + '_ {
        self.gaps.iter().copied()
    }

    /// How many gaps were closed unseen because there were too many.
    pub const fn forgotten_gaps(&self) -> u64 {
        self.forgotten_gaps
    }

    /// One past the last position up to which everything was seen.
    pub fn contiguous_end(&self) -> Option<i64> {
        self.gaps.front().map(|gap| gap.start).or_else(|| self.span.map(|span| span.end))
    }

    /// Makes the span begin at `start`, so that what is missing before the first octet seen is a gap.
    pub fn begin_at(&mut self, start: i64) {
        match &mut self.span {
            None => self.span = Some(Range { start, end: start }),
            Some(span) if start < span.start => {
                self.gaps.push_front(Range { start, end: span.start });
                span.start = start;
            }
            Some(_) => {}
        }
    }

    /// Gives back memory that is not needed now.
    pub fn shrink(&mut self) {
        self.gaps.shrink_to_fit();
    }

    /// Moves all positions.
    pub fn shift(&mut self, by: i64) {
        self.span = self.span.map(|span| span.shifted(by));
        for gap in &mut self.gaps {
            *gap = gap.shifted(by);
        }
    }

    /// Whether all of `range` was seen.
    pub fn contains(&self, range: Range) -> bool {
        self.span.is_some_and(|span| span.start <= range.start && range.end <= span.end)
            && !self.gaps.iter().any(|gap| !gap.intersection(range).is_empty())
    }

    /// Whether `range` lies past everything seen so far.
    #[inline]
    pub fn is_past_end(&self, range: Range) -> bool {
        self.span.is_some_and(|span| range.start >= span.end && !range.is_empty())
    }

    /// Where `range` belongs, of which nothing was seen: past the end, or in one gap. `None` for any
    /// other, and for what begins before the first position seen.
    #[inline]
    pub fn place_of(&self, range: Range) -> Option<Place> {
        if self.is_past_end(range) { Some(Place::End) } else { self.gap_around(range) }
    }

    /// Adds `range` at the place where it belongs.
    #[inline]
    pub fn insert_at(&mut self, place: Place, range: Range) {
        match place {
            Place::End => {
                self.insert_past_end(range);
            }
            Place::Gap(index) => {
                if let Some(gap) = self.gaps.get(index).copied() {
                    self.shrink_gap(index, gap, range);
                }
            }
        }
    }

    /// The gap that holds all of `range`, which is not empty.
    fn gap_around(&self, range: Range) -> Option<Place> {
        let index = self.gaps.partition_point(|gap| gap.end <= range.start);
        let gap = self.gaps.get(index)?;
        let is_around = gap.start <= range.start && range.end <= gap.end && !range.is_empty();
        is_around.then_some(Place::Gap(index))
    }

    /// Adds `range` if it lies past everything seen so far, as nearly all do: then all of it is new.
    /// False, and nothing added, otherwise.
    #[inline]
    pub fn insert_past_end(&mut self, range: Range) -> bool {
        let span = self.span.filter(|_| self.is_past_end(range));
        if let Some(span) = span {
            self.append(span, range);
        }
        span.is_some()
    }

    /// Adds `range`; says which parts of it were new.
    pub fn insert(&mut self, range: Range) -> Pieces {
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
    fn append(&mut self, span: Range, range: Range) {
        if range.start > span.end {
            if self.gaps.len() >= MAX_GAPS {
                self.gaps.pop_front();
                self.forgotten_gaps += 1;
            }
            self.gaps.push_back(Range { start: span.end, end: range.start });
        }
        self.span = Some(Range { start: span.start, end: range.end });
    }

    fn insert_before_end(&mut self, span: Range, range: Range, pieces: &mut Pieces) {
        if range.start < span.start {
            let before = Range { start: range.start, end: range.end.min(span.start) };
            pieces.push(Piece { range: before, seen: false });
            if range.end < span.start {
                self.gaps.push_front(Range { start: range.end, end: span.start });
            }
        }
        let inside = range.intersection(span);
        if !inside.is_empty() {
            self.fill(inside, pieces);
        }
        if range.end > span.end {
            let after = Range { start: span.end, end: range.end };
            push_joined(pieces, Piece { range: after, seen: false });
        }
        self.span =
            Some(Range { start: span.start.min(range.start), end: span.end.max(range.end) });
    }

    /// Closes the gaps that `range`, which lies within the span, covers.
    fn fill(&mut self, range: Range, pieces: &mut Pieces) {
        let mut at = range.start;
        let mut index = self.gaps.partition_point(|gap| gap.end <= range.start);
        while let Some(gap) = self.gaps.get(index).copied() {
            let filled = gap.intersection(range);
            if filled.is_empty() {
                break;
            }
            if at < filled.start {
                push_joined(
                    pieces,
                    Piece { range: Range { start: at, end: filled.start }, seen: true },
                );
            }
            push_joined(pieces, Piece { range: filled, seen: false });
            at = filled.end;
            index = self.shrink_gap(index, gap, filled);
        }
        if at < range.end {
            push_joined(pieces, Piece { range: Range { start: at, end: range.end }, seen: true });
        }
    }

    /// Takes `filled` out of the gap at `index`; returns the index of the gap after it.
    fn shrink_gap(&mut self, index: usize, gap: Range, filled: Range) -> usize {
        let before = Range { start: gap.start, end: filled.start };
        let after = Range { start: filled.end, end: gap.end };
        let rest = if before.is_empty() { after } else { before };
        match self.gaps.get_mut(index) {
            Some(gap) if !rest.is_empty() => *gap = rest,
            _ => {
                self.gaps.remove(index);
                return index;
            }
        }
        if !before.is_empty() && !after.is_empty() {
            self.gaps.insert(index + 1, after);
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

    fn range(start: i64, end: i64) -> Range {
        Range { start, end }
    }

    #[test]
    fn in_order_octets_are_new_and_leave_no_gap() {
        let mut coverage = Coverage::default();
        for start in [0, 10, 20] {
            assert_eq!(
                coverage.insert(range(start, start + 10)).as_slice(),
                [Piece { range: range(start, start + 10), seen: false }]
            );
        }
        assert_eq!(coverage.span(), Some(range(0, 30)));
        assert_eq!(coverage.gaps().len(), 0);
        assert_eq!(coverage.contiguous_end(), Some(30));
    }

    #[test]
    fn a_gap_is_filled_by_octet() {
        let mut coverage = Coverage::default();
        coverage.insert(range(0, 10));
        coverage.insert(range(30, 40));
        assert_eq!(coverage.contiguous_end(), Some(10));
        let pieces = coverage.insert(range(5, 35));
        assert_eq!(
            pieces.as_slice(),
            [
                Piece { range: range(5, 10), seen: true },
                Piece { range: range(10, 30), seen: false },
                Piece { range: range(30, 35), seen: true },
            ]
        );
        assert_eq!(coverage.contiguous_end(), Some(40));
    }

    #[test]
    fn octets_before_the_first_ones_open_a_gap_behind_them() {
        let mut coverage = Coverage::default();
        coverage.insert(range(100, 110));
        coverage.insert(range(0, 10));
        assert_eq!(coverage.gaps().collect::<Vec<_>>(), [range(10, 100)]);
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_set(inserts in prop::collection::vec((0i64..200, 0i64..30), 0..40)) {
            let mut coverage = Coverage::default();
            let mut model = std::collections::BTreeSet::new();
            for (start, len) in inserts {
                let pieces = coverage.insert(range(start, start + len));
                let covered: i64 = pieces.iter().map(|piece| piece.range.end - piece.range.start).sum();
                prop_assert_eq!(covered, len);
                for piece in &pieces {
                    for position in piece.range.start..piece.range.end {
                        prop_assert_eq!(model.contains(&position), piece.seen);
                    }
                }
                model.extend(start..start + len);
                if let (Some(span), Some(first), Some(last)) =
                    (coverage.span(), model.first(), model.last())
                {
                    prop_assert_eq!(span, range(*first, *last + 1));
                    let missing: i64 = coverage.gaps().map(|gap| gap.end - gap.start).sum();
                    prop_assert_eq!(
                        missing,
                        span.end - span.start - i64::try_from(model.len()).unwrap()
                    );
                }
            }
        }
    }
}
