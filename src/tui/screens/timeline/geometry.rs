//! Where the parts of the timeline stand, for moving and for drawing.

use ratatui::layout::Rect;

use crate::report::model::{Connection, DataDirection};
use crate::tui::layout::{inner, stack};

/// Cells at the right of the lanes, for how much they carried.
pub(super) const TOTALS: u16 = 9;

/// From this height on, what is under the cursor has a pane of its own.
const TALL: u16 = 16;

/// From this width on, there is room for addresses beside the lanes.
const WIDE: u16 = 140;

/// The parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    /// The pane with the lanes.
    pub(super) picture: Rect,
    /// The pane of what is under the cursor.
    pub(super) details: Option<Rect>,
    /// Cells at the left of the lanes.
    pub(super) labels: u16,
    /// Cells of time.
    pub(super) columns: usize,
    /// Subflows that fit.
    pub(super) shown: u16,
    /// Rows for each direction of a subflow.
    pub(super) rows: u16,
    /// Whether there is an empty row between subflows.
    pub(super) is_airy: bool,
    /// Rows that say how far the data is acknowledged: for no direction, for one, for both.
    pub(super) acked: u16,
}

impl Geometry {
    /// Of a connection in the pane `area`.
    pub(super) fn of(area: Rect, connection: Option<&Connection>) -> Self {
        let subflows = connection.map_or(1, |connection| connection.subflows.len().max(1));
        let subflows = u16::try_from(subflows).unwrap_or(u16::MAX);
        let (picture, details) = if area.height >= TALL {
            let details = (area.height * 3 / 10).clamp(6, 12);
            let (picture, details) = stack(area, area.height - details);
            (picture, Some(details))
        } else {
            (area, None)
        };
        let inside = inner(picture);
        let is_acked = connection.is_some_and(|connection| {
            [&connection.c2s, &connection.s2c].into_iter().any(has_acked)
        });
        // The axis has two rows, the cursor one.
        let rest = inside.height.saturating_sub(3 + u16::from(details.is_none()));
        let acked = match (is_acked, rest) {
            (false, _) | (_, ..3) => 0,
            (true, 12..) if rest >= subflows.saturating_mul(2) + 2 => 2,
            _ => 1,
        };
        let rest = rest - acked;
        let shown = (rest / 2).clamp(1, subflows);
        let rows = (rest / (2 * shown)).clamp(1, 6);
        let labels = if inside.width >= WIDE { 39 } else { 16 };
        Self {
            picture,
            details,
            labels,
            columns: usize::from(inside.width.saturating_sub(labels + TOTALS)),
            shown,
            rows,
            is_airy: rest >= shown * (2 * rows + 1) - 1,
            acked,
        }
    }

    /// Rows from one subflow to the next.
    pub(super) const fn pitch(&self) -> u16 {
        2 * self.rows + self.is_airy as u16
    }
}

/// Whether there is a DATA_ACK: not after a fallback.
fn has_acked(data: &DataDirection) -> bool {
    let acked = data.series.as_ref().and_then(|series| series.acked.as_ref());
    acked.is_some_and(|acked| !acked.is_empty())
}
