//! All connections; below them the subflows of the selected one, and what was found on it.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{findings, ladder};
use crate::report::model::{Connection, Finding, Severity, Subflow, SubflowState};
use crate::tui::action::{Command, Move};
use crate::tui::draw::{self, pane};
use crate::tui::layout::{self, inner, split, stack};
use crate::tui::state::{App, Screen};
use crate::tui::table::{Cell, Column, Cursor, Table};
use crate::tui::text;
use crate::tui::update::{open, say};
use crate::units;
use crate::wire::segment::Endpoint;

/// What is chosen here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The row among those that the filter lets through.
    pub cursor: Cursor,
    /// The row of the subflows.
    pub subflow: Cursor,
    /// The row of the findings.
    pub finding: Cursor,
    /// Which list has the keys.
    pub pane: Pane,
    /// The order of the rows.
    pub sort: Sort,
}

/// The lists of this screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pane {
    /// Connections.
    #[default]
    Connections,
    /// Subflows of the selected connection.
    Subflows,
    /// Findings on it.
    Findings,
}

/// The order of the connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// As they began.
    #[default]
    Start,
    /// The worst findings first.
    Findings,
    /// Most bytes first.
    Bytes,
    /// Longest first.
    Duration,
}

impl Sort {
    const fn next(self) -> Self {
        match self {
            Self::Start => Self::Findings,
            Self::Findings => Self::Bytes,
            Self::Bytes => Self::Duration,
            Self::Duration => Self::Start,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Start => "by start",
            Self::Findings => "by findings",
            Self::Bytes => "by bytes",
            Self::Duration => "by duration",
        }
    }
}

/// The connections that are wanted, in the order wanted.
pub fn rows(app: &App) -> Vec<&Connection> {
    let here = |connection: &Connection| app.findings_of(connection.id);
    let all = app.all_connections().iter();
    let mut rows: Vec<_> = all
        .filter(|connection| {
            app.filter.is_empty() || app.filter.takes_connection(connection, here(connection))
        })
        .collect();
    match app.connections.sort {
        Sort::Start => {}
        Sort::Findings => rows.sort_by_cached_key(|row| std::cmp::Reverse(counts(here(row)))),
        Sort::Bytes => {
            rows.sort_by_key(|row| std::cmp::Reverse(row.c2s.stream_bytes + row.s2c.stream_bytes));
        }
        Sort::Duration => rows.sort_by_key(|row| std::cmp::Reverse(row.duration_ns)),
    }
    rows
}

/// Errors, warnings and notes.
fn counts(findings: &[Finding]) -> [usize; 3] {
    [Severity::Error, Severity::Warning, Severity::Note]
        .map(|severity| findings.iter().filter(|found| found.severity == severity).count())
}

/// What a command changes here.
pub fn update(app: &mut App, command: Command) {
    match command {
        Command::Move(to) => go(app, to),
        Command::NextPane => app.connections.pane = other_pane(app.connections.pane, true),
        Command::PreviousPane => app.connections.pane = other_pane(app.connections.pane, false),
        Command::Sort => {
            app.connections.sort = app.connections.sort.next();
            say(app, app.connections.sort.name());
            keep_row(app);
        }
        Command::Open => enter(app),
        _ => {}
    }
}

const fn other_pane(pane: Pane, forward: bool) -> Pane {
    match (pane, forward) {
        (Pane::Connections, true) | (Pane::Findings, false) => Pane::Subflows,
        (Pane::Subflows, true) | (Pane::Connections, false) => Pane::Findings,
        (Pane::Findings, true) | (Pane::Subflows, false) => Pane::Connections,
    }
}

fn go(app: &mut App, to: Move) {
    let areas = areas(app);
    match app.connections.pane {
        Pane::Connections => {
            let rows: Vec<u64> = rows(app).iter().map(|row| row.id).collect();
            app.connections.cursor.go(to, rows.len(), table_height(areas.connections));
            let chosen = rows.get(app.connections.cursor.row).copied();
            focus_on(app, chosen);
        }
        Pane::Subflows => {
            let len = app.connection().map_or(0, |connection| connection.subflows.len());
            app.connections.subflow.go(to, len, table_height(areas.subflows));
            let row = app.connections.subflow.row;
            let chosen = app.connection().and_then(|connection| connection.subflows.get(row));
            app.focus.subflow = chosen.map_or(0, |subflow| subflow.id);
        }
        Pane::Findings => {
            let len = app.findings_here().len();
            let height = list_height(app, areas.findings);
            app.connections.finding.go(to, len, height);
        }
    }
}

/// All screens look at this connection from now on.
pub fn focus_on(app: &mut App, connection: Option<u64>) {
    if app.focus.connection == connection {
        return;
    }
    app.focus.connection = connection;
    app.focus.subflow = 0;
    app.focus.packet = None;
    app.focus.t_ns = app.connection().map_or(0, |connection| connection.start_t_ns);
    app.connections.subflow = Cursor::default();
    app.connections.finding = Cursor::default();
    app.marks = [None; 2];
    super::timeline::leave(app);
    ladder::leave(app);
    super::graphs::leave(app);
}

fn enter(app: &mut App) {
    match app.connections.pane {
        Pane::Connections | Pane::Subflows if app.connection().is_some() => {
            open(app, Screen::Timeline);
        }
        Pane::Findings => {
            let chosen = app.findings_here().get(app.connections.finding.row).cloned();
            if let Some(finding) = chosen {
                findings::go_to(app, &finding);
            }
        }
        _ => {}
    }
}

/// The cursor stays with its connection when rows come, go or change places.
pub fn keep_row(app: &mut App) {
    let wanted = app.focus.connection;
    let row = rows(app).iter().position(|row| Some(row.id) == wanted);
    if let Some(row) = row {
        app.connections.cursor.row = row;
    }
}

/// Brings cursors into what there is.
pub fn settle(app: &mut App) {
    let areas = areas(app);
    let rows: Vec<u64> = rows(app).iter().map(|row| row.id).collect();
    app.connections.cursor.settle(rows.len(), table_height(areas.connections));
    let is_there = app.connection().is_some();
    let is_listed = app.focus.connection.is_some_and(|id| rows.contains(&id));
    if !is_there || (!is_listed && app.screen == Screen::Connections) {
        let chosen = rows.get(app.connections.cursor.row).copied();
        focus_on(app, chosen);
    }
    let subflows = app.connection().map_or(0, |connection| connection.subflows.len());
    app.connections.subflow.settle(subflows, table_height(areas.subflows));
    let findings = app.findings_here().len();
    let height = list_height(app, areas.findings);
    app.connections.finding.settle(findings, height);
}

/// The panes.
#[derive(Debug, Clone, Copy)]
struct Areas {
    connections: Rect,
    subflows: Rect,
    findings: Rect,
}

/// Under each other, or on a wide screen the connections at the left. A list takes no more rows than
/// it has, if others can use them.
fn areas(app: &App) -> Areas {
    let area = layout::panes(app).connections.unwrap_or(layout::frame(app.size).body);
    let rows = |len: usize| u16::try_from(len).unwrap_or(u16::MAX).saturating_add(3);
    let connections = rows(app.all_connections().len());
    let subflows = rows(app.connection().map_or(1, |connection| connection.subflows.len()));
    if area.width >= 130 {
        let (connections, right) = split(area, area.width * 9 / 20);
        let (subflows, findings) = stack(right, subflows.min(right.height / 2 + 1));
        return Areas { connections, subflows, findings };
    }
    let (connections, below) = stack(area, connections.min(area.height * 2 / 5).max(4));
    let (subflows, findings) = stack(below, subflows.min(below.height * 3 / 5).max(4));
    Areas { connections, subflows, findings }
}

fn table_height(area: Rect) -> usize {
    usize::from(inner(area).height.saturating_sub(1))
}

fn list_height(app: &App, area: Rect) -> usize {
    let inside = inner(area);
    usize::from(inside.height).saturating_sub(verdict(app, inside).len())
}

/// Draws it.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let areas = areas(app);
    let has_keys = app.screen == Screen::Connections;
    let focused = |pane| has_keys && app.connections.pane == pane;
    draw_connections(app, frame, areas.connections, focused(Pane::Connections));
    draw_subflows(app, frame, areas.subflows, focused(Pane::Subflows));
    draw_findings(app, frame, areas.findings, focused(Pane::Findings));
}

/// How much of a connection fits on its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Little,
    Usual,
    Much,
}

impl Detail {
    const fn for_width(columns: u16) -> Self {
        match columns {
            0..70 => Self::Little,
            70..90 => Self::Usual,
            _ => Self::Much,
        }
    }
}

fn draw_connections(app: &App, frame: &mut Frame<'_>, area: Rect, is_focused: bool) {
    let rows = rows(app);
    let all = app.all_connections().len();
    let number =
        if rows.len() == all { all.to_string() } else { format!("{} of {all}", rows.len()) };
    let right = match app.connections.sort {
        Sort::Start => String::new(),
        sort => sort.name().to_owned(),
    };
    let block = pane(app, &format!("Connections ({number})"), &right, is_focused);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    if rows.is_empty() {
        draw::empty(app, frame, inside, &nothing(app));
        return;
    }
    let detail = Detail::for_width(inside.width);
    let up = format!("c{}s", app.theme.glyphs.to);
    let down = format!("s{}c", app.theme.glyphs.to);
    let mut columns =
        vec![Column::right("#", 4), Column::endpoint("client"), Column::endpoint("server")];
    if detail > Detail::Little {
        columns.push(Column::left("ver", 3));
    }
    columns.push(Column::right("sf", 3));
    if detail > Detail::Usual {
        columns.push(Column::left("state", 11));
    }
    if detail > Detail::Little {
        columns.push(Column::right("dur", 7));
    }
    columns.extend([Column::right("", 8), Column::right("", 8), Column::left("", 3)]);
    let table = Table {
        columns: &columns,
        theme: app.theme,
        len: rows.len(),
        cursor: app.connections.cursor,
        is_focused,
        row: &|index| {
            rows.get(index).map_or_else(Vec::new, |row| connection_cells(app, row, detail))
        },
    };
    frame.render_widget(&table, inside);
    // The titles of the last columns need the theme's arrows.
    let mut x = inside.right().saturating_sub(3 + 1 + 8 + 1 + 8);
    for title in [up, down] {
        let words = text::right(&title, 8, app.theme.glyphs.more);
        frame.buffer_mut().set_string(x, inside.y, words, app.theme.faint());
        x += 9;
    }
}

/// Why there is no row.
fn nothing(app: &App) -> String {
    if !app.filter.is_empty() && !app.all_connections().is_empty() {
        return "No connection passes the filter. Esc clears it.".to_owned();
    }
    draw::waiting(app, "No connection with MPTCP options.")
}

fn connection_cells(app: &App, connection: &Connection, detail: Detail) -> Vec<Cell> {
    let end = |address, port| Endpoint { address, port }.to_string();
    let version = match (connection.version, &connection.fallback) {
        (_, Some(_)) => "tcp".to_owned(),
        (Some(version), None) => format!("v{version}"),
        (None, None) => app.theme.glyphs.none.to_string(),
    };
    let mut cells: Vec<Cell> = vec![
        connection.id.to_string().into(),
        end(connection.client.address, connection.client.port).into(),
        end(connection.server.address, connection.server.port).into(),
    ];
    if detail > Detail::Little {
        cells.push(version.into());
    }
    cells.push(connection.subflows.len().to_string().into());
    if detail > Detail::Usual {
        cells.push(state_name(&format!("{:?}", connection.state)).into());
    }
    if detail > Detail::Little {
        cells.push(short_duration(connection.duration_ns).into());
    }
    cells.extend([
        Cell::from(units::bytes(connection.c2s.stream_bytes)),
        units::bytes(connection.s2c.stream_bytes).into(),
    ]);
    cells.push(findings_cell(app, app.findings_of(connection.id)));
    cells
}

/// The worst severity, and how many findings are as bad or at least warnings.
fn findings_cell(app: &App, findings: &[Finding]) -> Cell {
    let [errors, warnings, notes] = counts(findings);
    let severity = match (errors, warnings, notes) {
        (0, 0, 0) => return Cell::default(),
        (0, 0, _) => Severity::Note,
        (0, _, _) => Severity::Warning,
        _ => Severity::Error,
    };
    let glyph = app.theme.severity_glyph(severity);
    let text = if severity == Severity::Note {
        glyph.to_string()
    } else {
        format!("{glyph}{}", errors + warnings)
    };
    Cell(text, app.theme.severity(severity))
}

fn draw_subflows(app: &App, frame: &mut Frame<'_>, area: Rect, is_focused: bool) {
    let connection = app.connection();
    let title = connection.map_or("Subflows".to_owned(), |connection| {
        format!("Connection {} {} subflows", connection.id, app.theme.glyphs.dot)
    });
    let block = pane(app, &title, "share of all bytes", is_focused);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let Some(connection) = connection else { return };
    let columns = [
        Column::right("sf", 3),
        Column::left("path", 0),
        Column::left("id", 5),
        Column::left("state", 9),
        Column::left("B", 1),
        Column::right("share", 6),
        Column::right("rtt", 7),
        Column::right("resent", 7),
    ];
    let all: u64 = connection.subflows.iter().map(payload).sum();
    let table = Table {
        columns: &columns,
        theme: app.theme,
        len: connection.subflows.len(),
        cursor: app.connections.subflow,
        is_focused,
        row: &|index| {
            let subflow = connection.subflows.get(index);
            subflow.map_or_else(Vec::new, |subflow| subflow_cells(app, subflow, all, inside.width))
        },
    };
    frame.render_widget(&table, inside);
}

fn payload(subflow: &Subflow) -> u64 {
    subflow.c2s.payload_bytes + subflow.s2c.payload_bytes
}

fn subflow_cells(app: &App, subflow: &Subflow, all: u64, columns: u16) -> Vec<Cell> {
    let glyphs = app.theme.glyphs;
    let id = |id: Option<u8>| id.map_or(glyphs.none.to_string(), |id| id.to_string());
    let backup = [subflow.backup.client, subflow.backup.server].contains(&Some(true));
    let rtt = subflow.handshake.rtt_ns.map(short_duration);
    let typical = [&subflow.c2s, &subflow.s2c]
        .into_iter()
        .filter_map(|direction| direction.rtt_ns.as_ref())
        .map(|rtt| rtt.p50)
        .max();
    let rtt = typical.map(|ns| short_duration(ns.cast_signed())).or(rtt);
    let resent = [&subflow.c2s, &subflow.s2c]
        .map(|sent| sent.reinjected_bytes + sent.remapped_bytes + sent.retransmitted_bytes);
    let resent: u64 = resent.iter().sum();
    let path_cells = usize::from(columns).saturating_sub(1 + 3 + 5 + 9 + 1 + 6 + 7 + 7 + 7);
    let none = || glyphs.none.to_string();
    vec![
        Cell(subflow.id.to_string(), app.theme.subflow(subflow.id)),
        path(app, subflow, path_cells).into(),
        format!("{}/{}", id(subflow.client.address_id), id(subflow.server.address_id)).into(),
        subflow_state(subflow.state).into(),
        if backup { "B".into() } else { none().into() },
        units::percentage(payload(subflow), all).unwrap_or_else(none).into(),
        rtt.unwrap_or_else(none).into(),
        if resent > 0 { units::bytes(resent).into() } else { none().into() },
    ]
}

/// `10.0.1.1:33306 → 10.0.2.1:10004`, each side cut at its beginning where it does not fit.
pub fn path(app: &App, subflow: &Subflow, cells: usize) -> String {
    let glyphs = app.theme.glyphs;
    let end = |end: &crate::report::model::End| {
        Endpoint { address: end.address, port: end.port }.to_string()
    };
    let (client, server) = (end(&subflow.client), end(&subflow.server));
    let room = cells.saturating_sub(3);
    let half = room / 2;
    let (left, right) = (text::width(&client), text::width(&server));
    let left_room = if right < half { room - right } else { half.max(room.saturating_sub(right)) };
    let right_room = room.saturating_sub(left.min(left_room));
    let client = text::fit_end(&client, left_room, glyphs.more);
    let server = text::fit_end(&server, right_room, glyphs.more);
    format!("{client} {} {server}", glyphs.to)
}

/// The state of a subflow in a short word.
pub const fn subflow_state(state: SubflowState) -> &'static str {
    match state {
        SubflowState::HalfOpen => "half-open",
        SubflowState::SynTimeout => "no answer",
        SubflowState::Refused => "refused",
        SubflowState::Established => "open",
        SubflowState::Closed => "closed",
        SubflowState::Reset => "reset",
        SubflowState::Unknown => "unknown",
    }
}

/// `FastClosed` as people write it.
fn state_name(name: &str) -> String {
    let mut words = String::new();
    for (at, character) in name.char_indices() {
        if at > 0 && character.is_uppercase() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

/// A duration without its second unit.
pub fn short_duration(ns: i64) -> String {
    let words = units::duration(ns);
    let mut parts = words.split(' ');
    match (parts.next(), parts.next()) {
        (Some(number), Some(unit)) => format!("{number} {unit}"),
        _ => words,
    }
}

fn draw_findings(app: &App, frame: &mut Frame<'_>, area: Rect, is_focused: bool) {
    let title = app.focus.connection.map_or("Findings".to_owned(), |id| {
        format!("Findings {} connection {id}", app.theme.glyphs.dot)
    });
    let block = pane(app, &title, "", is_focused);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let verdict = verdict(app, inside);
    for (line, y) in verdict.iter().zip(inside.y..inside.bottom()) {
        frame.render_widget(line.as_str(), Rect { y, height: 1, ..inside });
    }
    let (_, list) = stack(inside, u16::try_from(verdict.len()).unwrap_or(u16::MAX));
    let here = app.findings_here();
    let cursor = app.connections.finding;
    let visible = here.iter().enumerate().skip(cursor.top).take(usize::from(list.height));
    for ((index, finding), y) in visible.zip(list.y..) {
        let row = Rect { y, height: 1, ..list };
        frame.render_widget(findings::line(app, finding, usize::from(list.width)), row);
        if index == cursor.row && is_focused {
            frame.buffer_mut().set_style(row, app.theme.selected());
        }
    }
}

/// The connection in a sentence, as far as the findings leave room for it.
fn verdict(app: &App, inside: Rect) -> Vec<String> {
    let sentence = app.connection().map_or("", |found| found.verdict.as_str());
    let mut lines = text::wrap(sentence, usize::from(inside.width.saturating_sub(2)));
    let findings = app.findings_here().len().min(usize::from(inside.height / 2));
    lines.truncate(usize::from(inside.height).saturating_sub(findings));
    lines.into_iter().map(|line| format!(" {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(state_name("FastClosed"), "fast closed");
        assert_eq!(short_duration(3_723_000_000_000), "1 h");
        assert_eq!(short_duration(1_380_000_000), "1.38 s");
    }
}
