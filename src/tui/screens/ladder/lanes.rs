//! Where the lanes stand: as many wide ones as fit around the lane in focus, and a rail of one column
//! for each of the others.

use std::ops::Range;

/// Cells before the first lane: a mark, the cursor, the time and a space.
const GUTTER: usize = 12;
/// Cells of the time since the row before.
const DELTA: usize = 9;
/// Cells of a wide lane, with those between it and the next, at least and at most.
const WIDE: Range<usize> = 29..64;
/// Cells between a wide lane and what follows.
const GAP: usize = 3;
/// More lanes than that are shown page by page.
const MOST: usize = 9;

/// One lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane {
    /// Which subflow, by its place in the connection.
    pub(super) index: usize,
    /// Its first column, from the left of the pane's inside.
    pub(super) x: usize,
    /// Its columns, without those between it and the next; of a rail, those that its name has.
    pub(super) width: usize,
    /// Whether it has room for words.
    pub(super) is_wide: bool,
}

/// All lanes of a connection, and where they stand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LaneLayout {
    /// Those that are shown.
    pub(super) shown: Vec<Lane>,
    /// The first of those that are wide.
    pub(super) first_wide: usize,
    /// Whether the time since the row before has a column.
    pub(super) has_delta: bool,
    /// The columns before the first lane.
    pub(super) gutter: usize,
    /// How many there are in all.
    pub(super) count: usize,
}

impl LaneLayout {
    /// Places `count` lanes in `width` cells, so that the lane `focus` is wide, and the wide ones begin at
    /// `first_wide` if that goes together.
    pub(super) fn new(
        width: usize,
        count: usize,
        focus: usize,
        first_wide: usize,
        is_compressed: bool,
    ) -> Self {
        let rail = "sf".len() + count.saturating_sub(1).to_string().len() + 1;
        let mut shown = count.min(MOST);
        let needed = |gutter: usize, wide: usize, shown: usize| {
            gutter + wide * WIDE.start + shown.saturating_sub(wide) * rail
        };
        let mut wide = if is_compressed { 1 } else { shown };
        while wide > 1 && needed(GUTTER, wide, shown) > width {
            wide -= 1;
        }
        while shown > 1 && needed(GUTTER, wide, shown) > width {
            shown -= 1;
        }
        let has_delta = needed(GUTTER + DELTA, wide, shown) <= width;
        let gutter = if has_delta { GUTTER + DELTA } else { GUTTER };
        let first_wide = window(first_wide, focus, wide, count);
        // The page goes on when wide lanes would be behind its end.
        let page = (first_wide + wide).saturating_sub(shown);
        let room = width.saturating_sub(gutter + shown.saturating_sub(wide) * rail);
        let lane_width = (room / wide.max(1)).min(WIDE.end);
        let mut x = gutter;
        let mut lanes = Vec::new();
        for index in page..page + shown {
            let is_wide = (first_wide..first_wide + wide).contains(&index);
            let taken = if is_wide { lane_width } else { rail };
            let gap = if is_wide { GAP } else { 1 };
            lanes.push(Lane { index, x, width: taken.saturating_sub(gap), is_wide });
            x += taken;
        }
        Self { shown: lanes, first_wide, has_delta, gutter, count }
    }
}

/// The first of `len` things out of `count`, as near at `first` as can be with `wanted` among them.
fn window(first: usize, wanted: usize, len: usize, count: usize) -> usize {
    let first = first.min(wanted).max((wanted + 1).saturating_sub(len));
    first.min(count.saturating_sub(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(lanes: &LaneLayout) -> Vec<usize> {
        lanes.shown.iter().filter(|lane| lane.is_wide).map(|lane| lane.index).collect()
    }

    fn page(lanes: &LaneLayout) -> Option<(usize, usize)> {
        Some((lanes.shown.first()?.index, lanes.shown.last()?.index))
    }

    #[test]
    fn as_many_wide_lanes_as_fit() {
        assert_eq!(wide(&LaneLayout::new(78, 1, 0, 0, false)), [0]);
        assert_eq!(wide(&LaneLayout::new(78, 3, 0, 0, false)), [0, 1]);
        assert_eq!(wide(&LaneLayout::new(118, 4, 0, 0, false)), [0, 1, 2]);
        assert_eq!(wide(&LaneLayout::new(158, 9, 0, 0, false)), [0, 1, 2, 3]);
        assert_eq!(wide(&LaneLayout::new(158, 9, 5, 0, true)), [5]);
        assert_eq!(LaneLayout::new(78, 0, 0, 0, false).shown, []);
    }

    #[test]
    fn wide_lanes_move_no_further_than_they_must() {
        assert_eq!(wide(&LaneLayout::new(78, 4, 2, 0, false)), [1, 2]);
        assert_eq!(wide(&LaneLayout::new(78, 4, 2, 2, false)), [2, 3]);
        assert_eq!(wide(&LaneLayout::new(78, 4, 0, 2, false)), [0, 1]);
        assert_eq!(wide(&LaneLayout::new(78, 4, 3, 9, false)), [2, 3]);
    }

    #[test]
    fn nothing_is_outside_the_pane_and_the_focus_is_always_in_sight() {
        for width in [58, 78, 107, 118, 158, 300] {
            for count in 1..30 {
                for focus in 0..count {
                    for first_wide in [0, focus, count] {
                        let lanes = LaneLayout::new(width, count, focus, first_wide, false);
                        let last = lanes.shown.last().unwrap();
                        assert!(last.x + last.width <= width, "{width} {count}: {lanes:?}");
                        assert!(wide(&lanes).contains(&focus), "{width} {count} {focus}");
                        assert!(lanes.shown.len() <= MOST);
                    }
                }
            }
        }
    }

    #[test]
    fn more_than_nine_lanes_are_paged() {
        assert_eq!(page(&LaneLayout::new(300, 12, 0, 0, false)), Some((0, 8)));
        let later = LaneLayout::new(300, 12, 11, 11, false);
        assert_eq!(page(&later), Some((3, 11)));
    }
}
