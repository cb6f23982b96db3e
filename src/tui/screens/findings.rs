//! All findings, and what the selected one means.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{connections, ladder, timeline};
use crate::analyze::explain;
use crate::analyze::finding::Code;
use crate::report::event::Direction;
use crate::report::model::{Confidence, Finding, Severity};
use crate::tui::action::{Command, Move};
use crate::tui::draw::{self, pane};
use crate::tui::layout::{self, inner, split, stack};
use crate::tui::state::{App, Screen};
use crate::tui::table::{Cell, Column, Cursor, Table};
use crate::tui::text;
use crate::tui::update::{open, say};
use crate::units;

/// What is chosen here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The row among those that are wanted.
    pub cursor: Cursor,
    /// The finding in focus, so that it stays in focus when others come.
    pub chosen: Option<Key>,
    /// Below this they are left out.
    pub min_severity: Option<Severity>,
    /// Whether the explanation has the keys, and its first line on the screen.
    pub reading: Option<usize>,
}

/// What makes a finding the same one in the next snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    code: String,
    connection: Option<u64>,
    subflow: Option<u32>,
    packet: Option<u64>,
}

impl Key {
    fn of(finding: &Finding) -> Self {
        Self {
            code: finding.code.clone(),
            connection: finding.connection,
            subflow: finding.subflow,
            packet: finding.packets.first().copied(),
        }
    }
}

/// The findings that are wanted, in the report's order.
pub fn rows(app: &App) -> Vec<&Finding> {
    let all = app.all_findings().iter();
    let by_severity = all
        .filter(|finding| app.findings.min_severity.is_none_or(|least| finding.severity >= least));
    let connection = |finding: &Finding| app.connection_of(finding.connection?);
    by_severity
        .filter(|finding| {
            app.filter.is_empty() || app.filter.takes_finding(finding, connection(finding))
        })
        .collect()
}

/// What a command changes here.
pub fn update(app: &mut App, command: Command) {
    match command {
        Command::NextPane | Command::PreviousPane => {
            app.findings.reading = match app.findings.reading {
                None => Some(0),
                Some(_) => None,
            };
        }
        Command::Move(to) => {
            if let Some(line) = app.findings.reading {
                app.findings.reading = Some(scroll(app, line, to));
                return;
            }
            let (len, height) = (rows(app).len(), list_height(app));
            app.findings.cursor.go(to, len, height);
            choose(app);
        }
        Command::Sort => {
            app.findings.min_severity = match app.findings.min_severity {
                None => Some(Severity::Warning),
                Some(Severity::Warning) => Some(Severity::Error),
                _ => None,
            };
            say(app, severities(app));
            keep_row(app);
        }
        Command::Open => {
            if let Some(finding) = selected(app).cloned() {
                go_to(app, &finding);
            }
        }
        _ => {}
    }
}

fn severities(app: &App) -> &'static str {
    match app.findings.min_severity {
        None | Some(Severity::Note) => "all",
        Some(Severity::Warning) => "warnings and errors",
        Some(Severity::Error) => "errors",
    }
}

/// The finding under the cursor.
pub fn selected(app: &App) -> Option<&Finding> {
    rows(app).get(app.findings.cursor.row).copied()
}

fn choose(app: &mut App) {
    app.findings.chosen = selected(app).map(Key::of);
    if let Some(connection) = selected(app).and_then(|finding| finding.connection) {
        connections::focus_on(app, Some(connection));
    }
}

fn scroll(app: &App, line: usize, to: Move) -> usize {
    let (_, below) = areas(app);
    let inside = inner(below);
    let height = usize::from(inside.height);
    let lines = explanation(app, usize::from(inside.width)).len();
    let mut cursor = Cursor { row: line, top: line };
    let room = lines.saturating_sub(height) + 1;
    cursor.go(to, room, height);
    cursor.row
}

/// The next finding, or the one before, wherever we are: the cursor goes there.
pub fn step(app: &mut App, forward: bool) {
    let len = rows(app).len();
    if len == 0 {
        say(app, "nothing was found");
        return;
    }
    let is_chosen = app.findings.chosen.is_some();
    let row = app.findings.cursor.row;
    let next = match (is_chosen, forward) {
        (false, true) => 0,
        (false, false) => len - 1,
        (true, true) => (row + 1) % len,
        (true, false) => row.checked_sub(1).unwrap_or(len - 1),
    };
    let height = list_height(app);
    app.findings.cursor.row = next;
    app.findings.cursor.settle(len, height);
    choose(app);
    let Some(finding) = selected(app).cloned() else { return };
    match app.screen {
        Screen::Timeline | Screen::Graphs | Screen::Ladder | Screen::Packet => {
            look_at(app, &finding);
            let place = format!("{} of {len}: {}", next + 1, finding.summary);
            say(app, &place);
        }
        Screen::Connections | Screen::Findings => open(app, Screen::Findings),
    }
}

/// All screens look at what a finding is about.
fn look_at(app: &mut App, finding: &Finding) {
    if finding.connection.is_some() {
        connections::focus_on(app, finding.connection);
    }
    if let Some(subflow) = finding.subflow {
        app.focus.subflow = subflow;
    }
    if let Some(t_ns) = finding.t_ns {
        app.focus.t_ns = t_ns;
        timeline::show_moment(app);
    }
    if let Some(packet) = finding.packets.first() {
        app.focus.packet = Some(*packet);
        ladder::show_packet(app, *packet);
    }
}

/// Opens the ladder where a finding is.
pub fn go_to(app: &mut App, finding: &Finding) {
    app.findings.chosen = Some(Key::of(finding));
    keep_row(app);
    if finding.connection.is_none() {
        say(app, "this is about the capture as a whole");
        open(app, Screen::Findings);
        return;
    }
    look_at(app, finding);
    open(app, Screen::Ladder);
}

/// The cursor stays with its finding.
pub fn keep_row(app: &mut App) {
    let Some(chosen) = &app.findings.chosen else { return };
    let row = rows(app).iter().position(|row| Key::of(row) == *chosen);
    if let Some(row) = row {
        app.findings.cursor.row = row;
    }
}

/// Brings cursors into what there is.
pub fn settle(app: &mut App) {
    let len = rows(app).len();
    let height = list_height(app);
    app.findings.cursor.settle(len, height);
}

/// The list, and the explanation.
fn areas(app: &App) -> (Rect, Rect) {
    let area = layout::panes(app).findings.unwrap_or(layout::frame(app.size).body);
    if area.width >= 130 {
        return split(area, area.width / 2);
    }
    let rows = u16::try_from(rows(app).len()).unwrap_or(u16::MAX).saturating_add(3);
    stack(area, rows.min(area.height * 2 / 5).max(5))
}

fn list_height(app: &App) -> usize {
    usize::from(inner(areas(app).0).height.saturating_sub(1))
}

/// Draws it.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let (list, below) = areas(app);
    draw_list(app, frame, list);
    draw_explanation(app, frame, below);
}

fn draw_list(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let rows = rows(app);
    let is_focused = app.screen == Screen::Findings && app.findings.reading.is_none();
    let title = format!("Findings ({})", rows.len());
    let block = pane(app, &title, severities(app), is_focused);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    if rows.is_empty() {
        let nothing = if app.all_findings().is_empty() {
            draw::waiting(app, "Nothing was found.")
        } else {
            "No finding passes the filter. Esc clears it; s shows other severities.".to_owned()
        };
        draw::empty(app, frame, inside, &nothing);
        return;
    }
    let columns = [
        Column::left("", 1),
        Column::left("code", 26),
        Column::right("conn", 5),
        Column::right("sf", 3),
        Column::right("time", 9),
        Column::right("packet", 8),
        Column::left("summary", 0),
    ];
    let table = Table {
        columns: &columns,
        theme: app.theme,
        len: rows.len(),
        cursor: app.findings.cursor,
        is_focused,
        row: &|index| rows.get(index).map_or_else(Vec::new, |finding| cells(app, finding)),
    };
    frame.render_widget(&table, inside);
}

fn cells(app: &App, finding: &Finding) -> Vec<Cell> {
    let none = app.theme.glyphs.none.to_string();
    let or_none = |text: Option<String>| Cell::from(text.unwrap_or_else(|| none.clone()));
    let style = app.theme.severity(finding.severity);
    let inset = if finding.because.is_some() { "  " } else { "" };
    vec![
        Cell(app.theme.severity_glyph(finding.severity).to_string(), style),
        Cell(format!("{inset}{}", finding.code), style),
        or_none(finding.connection.map(|id| id.to_string())),
        or_none(finding.subflow.map(|id| id.to_string())),
        or_none(finding.t_ns.map(units::seconds)),
        or_none(finding.packets.first().map(u64::to_string)),
        finding.summary.clone().into(),
    ]
}

/// A finding on one line.
pub fn line(app: &App, finding: &Finding, cells: usize) -> Line<'static> {
    let style = app.theme.severity(finding.severity);
    let glyph = app.theme.severity_glyph(finding.severity);
    let inset = if finding.because.is_some() { "  " } else { "" };
    let code = format!("{inset}{glyph} {}  ", finding.code);
    let room = cells.saturating_sub(text::width(&code));
    let summary = text::left(&finding.summary, room, app.theme.glyphs.more);
    Line::from(vec![Span::styled(code, style), Span::raw(summary)])
}

fn draw_explanation(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let title = selected(app).map_or("", |finding| finding.code.as_str());
    let is_focused = app.screen == Screen::Findings && app.findings.reading.is_some();
    let lines = explanation(app, usize::from(inner(area).width));
    let height = usize::from(inner(area).height);
    let top = app.findings.reading.unwrap_or(0).min(lines.len().saturating_sub(height));
    let below = lines.len().saturating_sub(top + height);
    let right = if below > 0 { format!("{below} more lines: tab") } else { String::new() };
    let block = pane(app, title, &right, is_focused);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    for (line, y) in lines.into_iter().skip(top).zip(inside.y..inside.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..inside });
    }
}

/// What the selected finding says, what proves it, and the page of its code.
fn explanation(app: &App, cells: usize) -> Vec<Line<'static>> {
    let Some(finding) = selected(app) else { return Vec::new() };
    let mut lines = Vec::new();
    let mut section = |name: &str, words: &str| {
        if words.is_empty() {
            return;
        }
        let indent = if name.is_empty() { 0 } else { 11 };
        let wrapped = text::wrap(words, cells.saturating_sub(indent));
        for (index, line) in wrapped.into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let name = format!("{name:<indent$}");
            lines.push(Line::from(vec![Span::styled(name, app.theme.strong()), Span::raw(line)]));
        }
    };
    section("", &finding.summary);
    section("", " ");
    section("Evidence", &evidence(finding));
    section("Try", finding.advice.as_deref().unwrap_or_default());
    section("Cause", finding.because.as_deref().unwrap_or_default());
    section("Rule", finding.reference.as_deref().unwrap_or_default());
    if let Ok(code) = finding.code.parse::<Code>() {
        let page = explain::page(code);
        section("Meaning", page.meaning);
        section("Recognised", page.recognised);
        section("Causes", page.causes);
        section("Linux", page.linux);
        section("Apple", page.apple);
    }
    section("Filter", finding.wireshark_filter.as_deref().unwrap_or_default());
    lines
}

fn evidence(finding: &Finding) -> String {
    let sure = match finding.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    let mut words = sure.to_owned();
    if !finding.packets.is_empty() {
        let packets: Vec<_> = finding.packets.iter().map(|packet| format!("#{packet}")).collect();
        words = format!("{words}; packets {}", packets.join(" "));
    }
    if finding.count > 1 {
        words = format!("{words}; {} times", units::count(finding.count));
    }
    match finding.direction {
        Some(Direction::ClientToServer) => words.push_str("; from the client"),
        Some(Direction::ServerToClient) => words.push_str("; from the server"),
        None => {}
    }
    words
}
