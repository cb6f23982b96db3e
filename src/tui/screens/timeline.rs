//! Swimlanes: time goes right, and each subflow has a row for each direction. Heights say how much
//! was carried, letters what happened.

mod geometry;
mod moment;
mod picture;
mod state;
mod swimlanes;

use ratatui::Frame;

use crate::tui::action::{Command, Move};
use crate::tui::axis::{NARROWEST, TimeWindow};
use crate::tui::marks;
use crate::tui::shared::Shared;
use crate::tui::view::{Pane, Request, View};
pub use state::TimelineScreen;

impl View for TimelineScreen {
    fn update(&mut self, shared: &mut Shared, command: Command) -> Option<Request> {
        shared.connection()?;
        match command {
            Command::Move(to) => return self.go(shared, to),
            Command::NextPane => go_to_lane(shared, 1, true),
            Command::PreviousPane => go_to_lane(shared, -1, true),
            Command::ZoomIn => self.zoom(shared, true),
            Command::ZoomOut => self.zoom(shared, false),
            Command::ZoomFit => self.is_zoomed = false,
            Command::Open => return Some(Request::OpenMoment),
            Command::Mark => set_mark(shared),
            _ => {}
        }
        None
    }

    fn take_snapshot(&mut self, shared: &mut Shared) {
        self.is_stale = true;
        if shared.is_live()
            && shared.is_following
            && let Some((_, last)) = shared.span()
        {
            shared.focus.t_ns = last;
        }
    }

    fn settle(&mut self, shared: &mut Shared, pane: Pane) {
        self.pane = pane;
        self.show_moment(shared);
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>) {
        let geometry = self.geometry(shared);
        picture::draw(self, shared, frame, &geometry);
        if let Some(area) = geometry.details {
            moment::draw(self, shared, frame, area);
        }
    }
}

impl TimelineScreen {
    /// Brings the moment and the subflow in focus into sight.
    pub fn show_moment(&mut self, shared: &mut Shared) {
        if self.of != shared.focus.connection {
            let (of, pane) = (shared.focus.connection, self.pane);
            *self = Self { of, pane, is_stale: true, ..Self::default() };
        }
        let Some((first, last)) = shared.span() else {
            self.counted = None;
            return;
        };
        shared.focus.t_ns = shared.focus.t_ns.clamp(first, last);
        let geometry = self.geometry(shared);
        let part = self.is_zoomed.then_some((self.window, shared.focus.t_ns));
        self.window = TimeWindow::over(first, last, geometry.columns, part);
        let lane = shared.lane_in_focus().unwrap_or(0);
        let shown = usize::from(geometry.shown).max(1);
        let subflows = shared.connection().map_or(0, |connection| connection.subflows.len());
        let top = self.top.min(lane).max((lane + 1).saturating_sub(shown));
        self.top = top.min(subflows.saturating_sub(shown));
        if self.pane.is_shown() {
            self.count(shared);
        }
    }

    /// The packet of what there is to see at the moment in focus.
    pub fn packet_here(&mut self, shared: &Shared) -> Option<u64> {
        self.count(shared);
        let column = self.window.index_of(shared.focus.t_ns)?;
        let (packet, _) = self.thing(shared, column)?;
        packet
    }

    /// Counts what is on the screen, if that is not counted yet.
    fn count(&mut self, shared: &Shared) {
        let wanted = shared.focus.connection.map(|id| (id, self.window));
        if self.counted == wanted && !self.is_stale {
            return;
        }
        if let (Some(members), Some(connection)) = (shared.members(), shared.connection()) {
            let (index, origin) = (shared.index(), shared.index_t_ns());
            let whose = (connection, shared.findings_here());
            self.lanes.update(index, members, origin, self.window, whose);
        }
        self.counted = wanted;
        self.is_stale = false;
    }

    fn go(&mut self, shared: &mut Shared, to: Move) -> Option<Request> {
        let window = self.window;
        let column = window.column_of(shared.focus.t_ns);
        let page = i64::try_from(window.columns).unwrap_or(i64::MAX);
        let (first, last) = shared.span()?;
        let column = match to {
            Move::Up | Move::Down => {
                go_to_lane(shared, if to == Move::Up { -1 } else { 1 }, false);
                return None;
            }
            Move::Left => column.saturating_sub(1),
            Move::Right => column.saturating_add(1),
            Move::PageUp => column.saturating_sub(page),
            Move::PageDown => column.saturating_add(page),
            Move::First => window.column_of(first),
            Move::Last => window.column_of(last),
        };
        shared.focus.t_ns = window.time(column).clamp(first, last);
        if shared.is_live() {
            // What somebody looks at must not move away. At the end, the newest is what they look at.
            shared.is_following = to == Move::Last;
        }
        self.show_moment(shared);
        self.look(shared)
    }

    /// Puts the cursor on what there is to see in its column, and lets the ladder show it, too.
    fn look(&self, shared: &mut Shared) -> Option<Request> {
        let column = self.window.index_of(shared.focus.t_ns)?;
        let Some((packet, t_ns)) = self.thing(shared, column) else {
            shared.focus.packet = None;
            return None;
        };
        shared.focus.t_ns = t_ns;
        shared.focus.packet = packet;
        packet.map(|_| Request::ShowFocus)
    }

    fn zoom(&mut self, shared: &mut Shared, closer: bool) {
        let Some((first, last)) = shared.span() else { return };
        if closer && self.window.column <= NARROWEST {
            shared.say("no closer");
            return;
        }
        self.window = self.window.zoomed(shared.focus.t_ns, closer);
        self.is_zoomed = self.window.is_part_of(first, last);
    }
}

/// Moves the focus by so many subflows: around from the last to the first, or no further than that.
fn go_to_lane(shared: &mut Shared, by: i64, around: bool) {
    let Some(connection) = shared.connection() else { return };
    let len = i64::try_from(connection.subflows.len()).unwrap_or(i64::MAX).max(1);
    let lane = shared.lane_in_focus().and_then(|lane| i64::try_from(lane).ok()).unwrap_or(0) + by;
    let lane = if around { lane.rem_euclid(len) } else { lane.clamp(0, len - 1) };
    let subflow = usize::try_from(lane).ok().and_then(|lane| connection.subflows.get(lane));
    if let Some(subflow) = subflow.map(|subflow| subflow.id) {
        shared.focus.subflow = subflow;
    }
}

/// Sets mark A or mark B. If both are set, says what was carried between them.
fn set_mark(shared: &mut Shared) {
    marks::set(shared);
    let ([Some(a), Some(b)], Some(words)) = (shared.marks, marks::between(shared)) else { return };
    let carried = moment::between(shared, a.t_ns.min(b.t_ns), a.t_ns.max(b.t_ns));
    shared.say(format!("{words}, {carried}"));
}
