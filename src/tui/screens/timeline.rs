//! Swimlanes: time goes right, and each subflow has a row for each direction. Heights say how much
//! was carried, letters what happened.

mod geometry;
pub mod lanes;
mod moment;
mod picture;

use ratatui::Frame;

use super::ladder;
use crate::tui::action::{Command, Move};
use crate::tui::axis::{NARROWEST, Window};
use crate::tui::state::{App, Screen};
use crate::tui::update::{open, say};
use crate::tui::{layout, marks};
use geometry::Geometry;
use lanes::Lanes;
pub(super) use moment::{arrow, main_direction};

/// What is chosen here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The time that is on the screen.
    pub window: Window,
    /// Whether that is a part of the connection; else it is all of it, however it grows.
    pub is_zoomed: bool,
    /// The first subflow on the screen, by its place in the connection.
    pub top: usize,
    /// What is drawn.
    pub lanes: Lanes,
    /// Whether there is a newer snapshot than the one that the lanes are of.
    is_stale: bool,
    /// Of what the lanes are.
    shown: Option<(u64, Window)>,
}

/// What a command changes here.
pub fn update(app: &mut App, command: Command) {
    if app.connection().is_none() {
        return;
    }
    match command {
        Command::Move(to) => go(app, to),
        Command::NextPane => go_to_lane(app, 1, true),
        Command::PreviousPane => go_to_lane(app, -1, true),
        Command::ZoomIn => zoom(app, true),
        Command::ZoomOut => zoom(app, false),
        Command::ZoomFit => app.timeline.is_zoomed = false,
        Command::Open => open_ladder(app),
        Command::Mark => set_mark(app),
        _ => {}
    }
}

fn go(app: &mut App, to: Move) {
    let window = app.timeline.window;
    let column = window.column_of(app.focus.t_ns);
    let page = i64::try_from(window.columns).unwrap_or(i64::MAX);
    let Some((first, last)) = span(app) else { return };
    match to {
        Move::Up => return go_to_lane(app, -1, false),
        Move::Down => return go_to_lane(app, 1, false),
        Move::Left => go_to_column(app, column.saturating_sub(1)),
        Move::Right => go_to_column(app, column.saturating_add(1)),
        Move::PageUp => go_to_column(app, column.saturating_sub(page)),
        Move::PageDown => go_to_column(app, column.saturating_add(page)),
        Move::First => go_to_column(app, window.column_of(first)),
        Move::Last => go_to_column(app, window.column_of(last)),
    }
    if app.is_live() {
        // Whoever looks at something does not want it to move away; whoever goes to the end does.
        app.is_following = to == Move::Last;
    }
}

/// When the connection began and ended, as far as there is one.
pub fn span(app: &App) -> Option<(i64, i64)> {
    let connection = app.connection()?;
    let first = connection.start_t_ns;
    Some((first, first.saturating_add(connection.duration_ns)))
}

fn go_to_column(app: &mut App, column: i64) {
    let Some((first, last)) = span(app) else { return };
    let window = app.timeline.window;
    app.focus.t_ns = window.time(column).clamp(first, last);
    settle(app);
    look(app);
}

/// The cursor goes to what there is to see in its column, and all screens look at that.
fn look(app: &mut App) {
    let Some(column) = app.timeline.window.index_of(app.focus.t_ns) else { return };
    let Some((packet, t_ns)) = thing(app, column) else {
        app.focus.packet = None;
        return;
    };
    app.focus.t_ns = t_ns;
    app.focus.packet = packet;
    if let Some(packet) = packet
        && layout::panes(app).ladder.is_some()
    {
        let subflow = app.focus.subflow;
        ladder::show_packet(app, packet);
        // The lane in focus stays, although there may be nothing on it here.
        app.focus.subflow = subflow;
        app.focus.t_ns = t_ns;
    }
}

/// What to look at in a column: on the lane in focus, else on any.
fn thing(app: &App, column: usize) -> Option<(Option<u64>, i64)> {
    let lanes = &app.timeline.lanes;
    let all = 0..lanes.lanes.len();
    focused_lane(app).into_iter().chain(all).find_map(|lane| lanes.thing(lane, column))
}

/// The place of the subflow in focus.
pub fn focused_lane(app: &App) -> Option<usize> {
    lanes::lane_of(app.connection()?, app.focus.subflow)
}

fn go_to_lane(app: &mut App, by: i64, around: bool) {
    let Some(connection) = app.connection() else { return };
    let len = i64::try_from(connection.subflows.len()).unwrap_or(i64::MAX).max(1);
    let lane = focused_lane(app).and_then(|lane| i64::try_from(lane).ok()).unwrap_or(0) + by;
    let lane = if around { lane.rem_euclid(len) } else { lane.clamp(0, len - 1) };
    let subflow = usize::try_from(lane).ok().and_then(|lane| connection.subflows.get(lane));
    let Some(subflow) = subflow.map(|subflow| subflow.id) else { return };
    app.focus.subflow = subflow;
}

fn zoom(app: &mut App, closer: bool) {
    let Some((first, last)) = span(app) else { return };
    let window = app.timeline.window;
    if closer && window.column <= NARROWEST {
        say(app, "no closer");
        return;
    }
    app.timeline.window = window.zoomed(app.focus.t_ns, closer);
    app.timeline.is_zoomed = app.timeline.window.is_part_of(first, last);
}

/// Opens the ladder at the cursor.
pub fn open_ladder(app: &mut App) {
    count(app);
    let column = app.timeline.window.index_of(app.focus.t_ns);
    let here = column.and_then(|column| thing(app, column));
    match here.and_then(|(packet, _)| packet) {
        Some(packet) => ladder::show_packet(app, packet),
        None => ladder::show_moment(app, app.focus.t_ns, Some(app.focus.subflow)),
    }
    open(app, Screen::Ladder);
}

/// Sets mark A or mark B; with both, says what was carried between them.
fn set_mark(app: &mut App) {
    marks::set(app);
    let ([Some(a), Some(b)], Some(words)) = (app.marks, marks::between(app)) else { return };
    let carried = moment::between(app, a.t_ns.min(b.t_ns), a.t_ns.max(b.t_ns));
    say(app, &format!("{words}, {carried}"));
}

/// Brings cursors into what there is, with every action.
pub fn settle(app: &mut App) {
    let Some((first, last)) = span(app) else {
        app.timeline.shown = None;
        return;
    };
    app.focus.t_ns = app.focus.t_ns.clamp(first, last);
    let geometry = Geometry::of(app);
    let part = app.timeline.is_zoomed.then_some((app.timeline.window, app.focus.t_ns));
    app.timeline.window = Window::over(first, last, geometry.columns, part);
    let lane = focused_lane(app).unwrap_or(0);
    let shown = usize::from(geometry.shown).max(1);
    let subflows = app.connection().map_or(0, |connection| connection.subflows.len());
    let top = app.timeline.top.min(lane).max((lane + 1).saturating_sub(shown));
    app.timeline.top = top.min(subflows.saturating_sub(shown));
    if layout::panes(app).timeline.is_some() {
        count(app);
    }
}

/// Counts what is on the screen, if that is not counted yet.
fn count(app: &mut App) {
    let shown = app.focus.connection.map(|id| (id, app.timeline.window));
    if app.timeline.shown == shown && !app.timeline.is_stale {
        return;
    }
    let mut lanes = std::mem::take(&mut app.timeline.lanes);
    if let (Some(members), Some(connection)) = (app.members(), app.connection()) {
        let (packets, window) = (&app.snapshot.packets, app.timeline.window);
        lanes.update(packets, members, origin(app), window, (connection, app.findings_here()));
    }
    app.timeline.lanes = lanes;
    app.timeline.shown = shown;
    app.timeline.is_stale = false;
}

/// The moment that the packet index counts from.
fn origin(app: &App) -> i64 {
    let snapshot = &app.snapshot;
    match (snapshot.packets.origin(), snapshot.origin) {
        (Some(first), Some(origin)) => first.since(origin),
        _ => 0,
    }
}

/// Whether there is anything to draw.
fn has_packets(app: &App) -> bool {
    app.connection().is_some() && !app.snapshot.packets.is_empty()
}

/// Draws it where [`crate::tui::layout::panes`] says.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let geometry = Geometry::of(app);
    picture::draw(app, frame, &geometry);
    if let Some(area) = geometry.details {
        moment::draw(app, frame, area);
    }
}

/// Another connection is looked at from now on.
pub fn leave(app: &mut App) {
    app.timeline = State { is_stale: true, ..State::default() };
}

/// Brings the moment in focus (`app.focus.t_ns`) into sight.
pub fn show_moment(app: &mut App) {
    settle(app);
}

/// There is a new snapshot: stay at its end if that is wanted.
pub fn follow(app: &mut App) {
    app.timeline.is_stale = true;
    if app.is_live()
        && app.is_following
        && let Some((_, last)) = span(app)
    {
        app.focus.t_ns = last;
    }
}
