//! What the ladder shows: the rows of a connection, and which of them are in sight.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::lanes::LaneLayout;
use super::query::Search;
use crate::analyze::finding::Severity;
use crate::analyze::ladder::{Ladder, Row};
use crate::track::index::Entry;
use crate::tui::cursor::Cursor;
use crate::tui::layout::{inner, stack};
use crate::tui::shared::Shared;
use crate::tui::view::{Pane, Presence};

/// What is chosen here, and the rows that it is chosen in.
#[derive(Debug, Default)]
pub struct LadderScreen {
    /// What was searched for last.
    pub search: Option<Search>,
    /// The row in focus.
    pub cursor: Cursor,
    /// The lane in focus.
    pub lane: usize,
    /// The first of the lanes that are wide.
    pub first_wide: usize,
    /// Whether only the lane in focus is wide.
    pub is_compressed: bool,
    pub(super) rows: Ladder,
    /// Packets that findings point at, and the severity of the worst of these findings.
    pub(super) flagged: BTreeMap<u64, Severity>,
    /// By lane, the last packet of a subflow that is gone.
    pub(super) ends: Vec<Option<u64>>,
    pub(super) pane: Pane,
    /// The connection that these are the rows of.
    pub(super) of: Option<u64>,
    /// Whether there is something newer than the rows.
    pub(super) is_stale: bool,
}

impl LadderScreen {
    /// The row under the cursor.
    pub(super) fn selected(&self) -> Option<Row> {
        self.rows.row(self.cursor.row as u64)
    }

    /// The first packet that a row shows; of silence, the packet after it.
    pub(super) fn first_packet(&self, shared: &Shared, row: usize) -> Option<Entry> {
        let position = match self.rows.row(row as u64)? {
            Row::Packet(position) => position,
            Row::Run(run) => run.first,
            Row::Silence { .. } => match self.rows.row(row as u64 + 1)? {
                Row::Packet(position) => position,
                Row::Run(run) => run.first,
                Row::Silence { .. } => return None,
            },
        };
        shared.index().get(position)
    }

    /// The packets of the rows in sight.
    pub(super) fn visible_packets(&self, shared: &Shared) -> Vec<Entry> {
        let top = self.cursor.top;
        let rows = (top..top + self.height()).map_while(|row| self.rows.row(row as u64));
        let packets = rows.filter_map(|row| match row {
            Row::Packet(position) => shared.index().get(position),
            Row::Run(_) | Row::Silence { .. } => None,
        });
        packets.collect()
    }

    /// Rows there are.
    pub(super) fn len(&self) -> usize {
        usize::try_from(self.rows.len()).unwrap_or(usize::MAX)
    }

    /// Rows that fit: all inside but the line of titles.
    pub(super) fn height(&self) -> usize {
        usize::from(inner(self.areas().0).height.saturating_sub(1))
    }

    /// Lanes there are.
    pub(super) fn lane_count(&self) -> usize {
        self.rows.members().all().len()
    }

    /// Where the lanes stand.
    pub(super) fn lanes(&self) -> LaneLayout {
        let width = usize::from(inner(self.areas().0).width);
        LaneLayout::new(width, self.lane_count(), self.lane, self.first_wide, self.is_compressed)
    }

    /// The rows, and what is under the cursor. The packet shows that if it is beside the ladder, or
    /// in front of it.
    pub(super) fn areas(&self) -> (Rect, Option<Rect>) {
        let area = self.pane.area;
        if self.pane.has_neighbours || self.pane.presence == Presence::Behind {
            return (area, None);
        }
        let detail = match area.height {
            0..16 => 4,
            16..24 => 6,
            24..36 => 8,
            _ => 10,
        };
        let (rows, detail) = stack(area, area.height - detail);
        (rows, Some(detail))
    }
}
