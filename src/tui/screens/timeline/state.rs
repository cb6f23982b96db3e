//! What the timeline shows: a window of time on the lanes of a connection.

use super::geometry::Geometry;
use super::swimlanes::Swimlanes;
use crate::tui::axis::TimeWindow;
use crate::tui::shared::Shared;
use crate::tui::view::Pane;

/// What is chosen here, and what was counted for it.
#[derive(Debug, Default)]
pub struct TimelineScreen {
    /// The time that is on the screen.
    pub window: TimeWindow,
    /// Whether that is a part of the connection. Else it is all of the connection, however it grows.
    pub is_zoomed: bool,
    /// The first subflow on the screen, by its place in the connection.
    pub top: usize,
    /// What is drawn.
    pub(super) lanes: Swimlanes,
    pub(super) pane: Pane,
    /// The connection that this is chosen in.
    pub(super) of: Option<u64>,
    /// Whether there is a newer snapshot than the one that was counted.
    pub(super) is_stale: bool,
    /// The connection and the window that were counted.
    pub(super) counted: Option<(u64, TimeWindow)>,
}

impl TimelineScreen {
    pub(super) fn geometry(&self, shared: &Shared) -> Geometry {
        Geometry::of(self.pane.area, shared.connection())
    }

    /// What to look at in a column: on the lane in focus, else on any.
    pub(super) fn thing(&self, shared: &Shared, column: usize) -> Option<(Option<u64>, i64)> {
        let all = 0..self.lanes.lanes.len();
        let mut lanes = shared.lane_in_focus().into_iter().chain(all);
        lanes.find_map(|lane| self.lanes.thing(lane, column))
    }
}
