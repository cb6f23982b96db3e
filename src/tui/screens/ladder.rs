//! The packets of a connection between its hosts: one lane per subflow, time going down.
//!
//! The rows are those of [`crate::analyze::ladder`]; only what is in sight is ever looked at. The row
//! under the cursor is what all screens look at, and the other way round.

mod detail;
mod ends;
mod find;
mod lanes;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use ratatui::Frame;
use ratatui::layout::Rect;

use super::timeline;
use crate::analyze::ladder::{Ladder, Row};
use crate::report::model::Severity;
use crate::track::index::Entry;
use crate::tui::action::{Command, Move};
use crate::tui::layout::{self, inner, stack};
use crate::tui::state::{App, Screen};
use crate::tui::table::Cursor;
use crate::tui::update::{open, say};
use crate::tui::{label, marks};
use crate::wire::frame::{PacketNo, Timestamp};

pub(super) use detail::packet_title;
pub use find::Search;
pub use lanes::{Lane, Lanes};

/// Rows that are looked through for a packet of a subflow.
const NEAR: usize = 1_000;

/// What is chosen here.
#[derive(Debug, Clone, Default)]
pub struct State {
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
    rows: Ladder,
    /// The connection that these are the rows of.
    of: Option<u64>,
    /// Whether there is a newer snapshot than the rows are of.
    is_stale: bool,
    /// Packets that findings point at, and how bad the worst of these is.
    flagged: BTreeMap<u64, Severity>,
    /// By lane, the last packet of a subflow that is gone.
    ends: Vec<Option<u64>>,
}

/// What a command changes here.
pub fn update(app: &mut App, command: Command) {
    match command {
        Command::Move(Move::Left) | Command::PreviousPane => choose_lane(app, false),
        Command::Move(Move::Right) | Command::NextPane => choose_lane(app, true),
        Command::Move(to) => go(app, to),
        Command::Open => enter(app),
        Command::ZoomIn => fold(app, false),
        Command::ZoomOut => fold(app, true),
        Command::Compress => {
            app.ladder.is_compressed = !app.ladder.is_compressed;
            let is_compressed = app.ladder.is_compressed;
            say(
                app,
                if is_compressed {
                    "only the lane in focus is wide"
                } else {
                    "lanes as wide as fits"
                },
            );
        }
        Command::Mark => marks::set(app),
        Command::Hex if app.focus.packet.is_some() => open(app, Screen::Packet),
        Command::Next => find::step(app, true),
        Command::Previous => find::step(app, false),
        _ => {}
    }
}

fn choose_lane(app: &mut App, forward: bool) {
    let lanes = lane_count(app);
    let lane = app.ladder.lane;
    app.ladder.lane =
        if forward { (lane + 1).min(lanes.saturating_sub(1)) } else { lane.saturating_sub(1) };
}

fn go(app: &mut App, to: Move) {
    let (len, height) = (len(app), height(app));
    app.ladder.cursor.go(to, len, height);
    look_back(app);
    focus_on_row(app);
}

/// Whoever looks back wants to stay there.
fn look_back(app: &mut App) {
    if app.is_live() {
        app.is_following = app.ladder.cursor.row + 1 >= len(app);
    }
}

/// Unfolds a run, or opens a packet.
fn enter(app: &mut App) {
    match selected(app) {
        Some(Row::Run(_)) => fold(app, false),
        Some(Row::Packet(_)) => open(app, Screen::Packet),
        Some(Row::Silence { .. }) | None => {}
    }
}

/// Folds the packets around the cursor into runs, or shows them one by one.
fn fold(app: &mut App, folded: bool) {
    let Some(row) = selected(app) else { return };
    let is_run = matches!(row, Row::Run(_));
    let row = app.ladder.cursor.row as u64;
    if is_run == folded || !app.ladder.rows.toggle(&app.snapshot.packets, row) {
        say(app, if folded { "nothing to fold here" } else { "nothing to unfold here" });
        return;
    }
    let packet = app.focus.packet;
    find_row(app, packet);
    focus_on_row(app);
}

/// Everything looks at what the row under the cursor shows.
fn focus_on_row(app: &mut App) {
    if let Some(entry) = first_packet(app, app.ladder.cursor.row) {
        focus_on(app, &entry);
    }
}

/// Everything looks at a packet.
fn focus_on(app: &mut App, entry: &Entry) {
    app.focus.packet = Some(entry.number().0);
    app.focus.t_ns = t_ns(app, entry);
    if let Some(lane) = app.ladder.rows.members().lane(entry)
        && let Some(subflow) = app.connection().and_then(|found| found.subflows.get(lane))
    {
        app.focus.subflow = subflow.id;
    }
    timeline::show_moment(app);
}

/// The row under the cursor.
pub fn selected(app: &App) -> Option<Row> {
    app.ladder.rows.row(app.ladder.cursor.row as u64)
}

/// The first packet that a row shows; of silence, the packet after it.
fn first_packet(app: &App, row: usize) -> Option<Entry> {
    let position = match app.ladder.rows.row(row as u64)? {
        Row::Packet(position) => position,
        Row::Run(run) => run.first,
        Row::Silence { .. } => match app.ladder.rows.row(row as u64 + 1)? {
            Row::Packet(position) => position,
            Row::Run(run) => run.first,
            Row::Silence { .. } => return None,
        },
    };
    app.snapshot.packets.get(position)
}

/// Nanoseconds from the first packet of the capture to this one.
pub fn t_ns(app: &App, entry: &Entry) -> i64 {
    let origin = app.snapshot.packets.origin().unwrap_or_default();
    let at = entry.at(origin);
    at.since(app.snapshot.origin.unwrap_or(origin))
}

/// The packets of the rows in sight.
pub fn visible_packets(app: &App) -> Vec<Entry> {
    let top = app.ladder.cursor.top;
    let rows = (top..top + height(app)).map_while(|row| app.ladder.rows.row(row as u64));
    let packets = rows.filter_map(|row| match row {
        Row::Packet(position) => app.snapshot.packets.get(position),
        Row::Run(_) | Row::Silence { .. } => None,
    });
    packets.collect()
}

/// Brings cursors into what there is, with every action.
pub fn settle(app: &mut App) {
    let is_shown = layout::panes(app).ladder.is_some() || app.screen == Screen::Packet;
    if !is_shown {
        return;
    }
    refresh(app);
    let (len, height) = (len(app), height(app));
    if app.is_live() && app.is_following && app.ladder.cursor.row + 1 < len {
        app.ladder.cursor.row = len - 1;
        focus_on_row(app);
    }
    app.ladder.cursor.settle(len, height);
    if app.focus.packet.is_none() {
        let row = app.ladder.cursor.row;
        app.focus.packet = first_packet(app, row).map(|entry| entry.number().0);
    }
    app.ladder.lane = app.ladder.lane.min(lane_count(app).saturating_sub(1));
    app.ladder.first_wide = lanes::of(app).first_wide;
}

/// Builds the rows anew, if they are not of what there is to show now.
fn refresh(app: &mut App) {
    let is_other = app.ladder.of != app.focus.connection;
    if !is_other && !app.ladder.is_stale {
        return;
    }
    let members = app.members().unwrap_or_default();
    let flagged = flagged(app);
    let pinned: BTreeSet<_> = flagged.keys().map(|number| PacketNo(*number)).collect();
    if is_other {
        app.ladder.rows = Ladder::default();
    }
    let snapshot = app.snapshot.clone();
    app.ladder.rows.update(&snapshot.packets, members, pinned);
    app.ladder.flagged = flagged;
    app.ladder.ends = ends::of(app, app.ladder.rows.members());
    app.ladder.of = app.focus.connection;
    app.ladder.is_stale = false;
    super::packet::forget_as_of(app);
    let packet = app.focus.packet;
    find_row(app, packet);
}

fn flagged(app: &App) -> BTreeMap<u64, Severity> {
    let mut flagged = BTreeMap::new();
    for finding in app.findings_here() {
        for packet in &finding.packets {
            let worst = flagged.entry(*packet).or_insert(finding.severity);
            *worst = finding.severity.max(*worst);
        }
    }
    flagged
}

/// Puts the cursor on the row of a packet, where that was on the screen if it was. False if there is
/// none.
fn find_row(app: &mut App, packet: Option<u64>) -> bool {
    let Some(packet) = packet else { return false };
    let found = app.ladder.rows.row_of_packet(&app.snapshot.packets, PacketNo(packet));
    let Some(row) = found.and_then(|row| usize::try_from(row).ok()) else { return false };
    put_cursor(app, row);
    true
}

fn put_cursor(app: &mut App, row: usize) {
    let cursor = app.ladder.cursor;
    let height = height(app);
    let is_in_sight = (cursor.top..cursor.top + height).contains(&row);
    app.ladder.cursor.row = row;
    if !is_in_sight {
        // What led to it is worth seeing, too.
        app.ladder.cursor.top = row.saturating_sub(height / 2);
    }
}

/// Another connection is looked at from now on.
pub fn leave(app: &mut App) {
    let is_compressed = app.ladder.is_compressed;
    app.ladder = State { is_compressed, ..State::default() };
}

/// Puts the cursor on a packet, and its lane into focus.
pub fn show_packet(app: &mut App, packet: u64) {
    refresh(app);
    let index = &app.snapshot.packets;
    let entry = index.find(PacketNo(packet)).and_then(|position| index.get(position));
    if let Some(entry) = entry
        && find_row(app, Some(packet))
    {
        look_back(app);
        focus_on(app, &entry);
        focus_on_lane(app);
    }
}

/// Puts the cursor where `subflow` has a packet at a moment, or the first one after it.
pub fn show_moment(app: &mut App, t_ns: i64, subflow: Option<u32>) {
    refresh(app);
    let origin = app.snapshot.origin.or(app.snapshot.packets.origin()).unwrap_or_default();
    let at = Timestamp(origin.0.saturating_add(t_ns));
    let Some(row) = app.ladder.rows.row_at(&app.snapshot.packets, at) else { return };
    let Ok(mut row) = usize::try_from(row) else { return };
    let wanted = app.connection().and_then(|connection| {
        connection.subflows.iter().position(|found| Some(found.id) == subflow)
    });
    if let Some(lane) = wanted {
        let mut near = (row..row + NEAR).map_while(|row| Some((row, first_packet(app, row)?)));
        let members = app.ladder.rows.members();
        if let Some((found, _)) = near.find(|(_, entry)| members.lane(entry) == Some(lane)) {
            row = found;
        }
    }
    put_cursor(app, row);
    look_back(app);
    focus_on_row(app);
    focus_on_lane(app);
}

/// The lane of the subflow that everything looks at gets wide.
fn focus_on_lane(app: &mut App) {
    let wanted = app.focus.subflow;
    let lane = app
        .connection()
        .and_then(|connection| connection.subflows.iter().position(|subflow| subflow.id == wanted));
    if let Some(lane) = lane {
        app.ladder.lane = lane;
    }
}

/// There is a new snapshot: the rows are rebuilt when they are looked at next.
pub fn follow(app: &mut App) {
    app.ladder.is_stale = true;
}

/// Looks for what was typed: a packet number, a DSN, an address, a word.
pub fn search(app: &mut App, text: &str) {
    refresh(app);
    find::start(app, text);
}

/// Rows there are.
fn len(app: &App) -> usize {
    usize::try_from(app.ladder.rows.len()).unwrap_or(usize::MAX)
}

fn lane_count(app: &App) -> usize {
    app.ladder.rows.members().all().len()
}

/// The ladder, and what is under its cursor unless a pane beside it says that.
fn areas(app: &App) -> (Rect, Option<Rect>) {
    let panes = layout::panes(app);
    let area = panes.ladder.unwrap_or(layout::frame(app.size).body);
    if panes.packet.is_some() {
        return (area, None);
    }
    let detail = match area.height {
        0..16 => 4,
        16..24 => 6,
        24..36 => 8,
        _ => 10,
    };
    let (ladder, detail) = stack(area, area.height - detail);
    (ladder, Some(detail))
}

/// Rows that fit: all inside but the line of titles.
fn height(app: &App) -> usize {
    usize::from(inner(areas(app).0).height.saturating_sub(1))
}

/// Draws it where [`crate::tui::layout::panes`] says.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let (ladder, detail) = areas(app);
    rows::draw(app, frame, ladder);
    if let Some(detail) = detail {
        detail::draw(app, frame, detail);
    }
}

/// The words for labels of a packet.
fn words<'a>(app: &'a App, entry: &Entry) -> label::Words<'a> {
    let facts = crate::tui::packet_context::PacketContext::of(app, entry);
    label::Words { theme: app.theme, raw_dsn: app.raw_dsn, facts }
}
