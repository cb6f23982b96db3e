//! All findings, and what the selected one means.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::analyze::explain;
use crate::analyze::finding::Code;
use crate::analyze::finding::{Confidence, Severity};
use crate::report::model::Finding;
use crate::report::rows::FindingRow;
use crate::track::role::Direction;
use crate::tui::action::{Command, Move};
use crate::tui::cursor::Cursor;
use crate::tui::layout::{inner, split, stack};
use crate::tui::shared::Shared;
use crate::tui::theme::Theme;
use crate::tui::view::{Pane, Request, View};
use crate::tui::widgets::pane::{draw_empty, draw_lines, draw_pane, pane};
use crate::tui::widgets::table::{Cell, Column, Table};
use crate::tui::widgets::text;
use crate::units;

/// What is chosen here.
#[derive(Debug, Default)]
pub struct FindingsScreen {
    /// The row among those that are wanted.
    pub cursor: Cursor,
    /// The finding in focus, so that it stays in focus when others come.
    pub chosen: Option<Identity>,
    /// Findings that are less severe are left out.
    pub min_severity: Option<Severity>,
    /// If the explanation has the keys, its first line on the screen.
    pub reading: Option<usize>,
    pane: Pane,
}

/// What makes a finding the same one in the next snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    code: Code,
    connection: Option<u64>,
    subflow: Option<u32>,
    packet: Option<u64>,
}

impl Identity {
    fn of(finding: &Finding) -> Self {
        Self {
            code: finding.code,
            connection: finding.connection,
            subflow: finding.subflow,
            packet: finding.packets.first().copied(),
        }
    }
}

impl View for FindingsScreen {
    fn update(&mut self, shared: &mut Shared, command: Command) -> Option<Request> {
        match command {
            Command::NextPane | Command::PreviousPane => {
                self.reading = match self.reading {
                    None => Some(0),
                    Some(_) => None,
                };
            }
            Command::Move(to) => self.go(shared, to),
            Command::Sort => {
                self.min_severity = match self.min_severity {
                    None => Some(Severity::Warning),
                    Some(Severity::Warning) => Some(Severity::Error),
                    _ => None,
                };
                shared.say(self.severities());
                self.keep_row(shared);
            }
            Command::Open => {
                let finding = self.selected(shared)?.clone();
                return Some(Request::OpenFinding(Box::new(finding)));
            }
            _ => {}
        }
        None
    }

    fn take_snapshot(&mut self, shared: &mut Shared) {
        // The rows below the cursor may be others now: it stays with its finding.
        self.keep_row(shared);
    }

    fn settle(&mut self, shared: &mut Shared, pane: Pane) {
        self.pane = pane;
        let rows = self.rows(shared).len();
        self.cursor.settle(rows, self.list_height(shared));
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>) {
        let (list, below) = self.areas(shared);
        self.draw_list(shared, frame, list);
        self.draw_explanation(shared, frame, below);
    }
}

impl FindingsScreen {
    /// The findings that are wanted, in the order of the report.
    fn rows<'a>(&self, shared: &'a Shared) -> Vec<&'a Finding> {
        let all = shared.all_findings().iter();
        let by_severity =
            all.filter(|finding| self.min_severity.is_none_or(|least| finding.severity >= least));
        let connection = |finding: &Finding| shared.connection_of(finding.connection?);
        let filter = &shared.filter;
        by_severity
            .filter(|finding| {
                let row = FindingRow::new(shared.report(), finding, connection(finding));
                filter.is_empty() || filter.takes(&row)
            })
            .collect()
    }

    const fn severities(&self) -> &'static str {
        match self.min_severity {
            None | Some(Severity::Note) => "all",
            Some(Severity::Warning) => "warnings and errors",
            Some(Severity::Error) => "errors",
        }
    }

    /// The finding under the cursor.
    fn selected<'a>(&self, shared: &'a Shared) -> Option<&'a Finding> {
        self.rows(shared).get(self.cursor.row).copied()
    }

    /// All screens look at the connection of the finding under the cursor.
    fn focus_on_selected(&mut self, shared: &mut Shared) {
        let selected = self.selected(shared);
        let connection = selected.and_then(|finding| finding.connection);
        self.chosen = selected.map(Identity::of);
        if connection.is_some() {
            shared.focus_on(connection);
        }
    }

    /// Moves in the list, or in the explanation if that has the keys.
    fn go(&mut self, shared: &mut Shared, to: Move) {
        if let Some(line) = self.reading {
            self.reading = Some(self.scroll(shared, line, to));
            return;
        }
        let rows = self.rows(shared).len();
        self.cursor.go(to, rows, self.list_height(shared));
        self.focus_on_selected(shared);
    }

    /// The first line of the explanation after a move from `line`.
    fn scroll(&self, shared: &Shared, line: usize, to: Move) -> usize {
        let (_, below) = self.areas(shared);
        let inside = inner(below);
        let height = usize::from(inside.height);
        let lines = self.explanation(shared, usize::from(inside.width)).len();
        let mut cursor = Cursor { row: line, top: line };
        let room = lines.saturating_sub(height) + 1;
        cursor.go(to, room, height);
        cursor.row
    }

    /// Puts the cursor on the next finding, or on the one before. Returns it, and which one it is.
    pub fn step(&mut self, shared: &mut Shared, forward: bool) -> Option<(Finding, String)> {
        let len = self.rows(shared).len();
        if len == 0 {
            shared.say("nothing was found");
            return None;
        }
        let row = self.cursor.row;
        self.cursor.row = match (self.chosen.is_some(), forward) {
            (false, true) => 0,
            (false, false) => len - 1,
            (true, true) => (row + 1) % len,
            (true, false) => row.checked_sub(1).unwrap_or(len - 1),
        };
        self.cursor.settle(len, self.list_height(shared));
        self.focus_on_selected(shared);
        let finding = self.selected(shared)?.clone();
        let place = format!("{} of {len}: {}", self.cursor.row + 1, finding.summary);
        Some((finding, place))
    }

    /// Puts the cursor on a finding, if that is listed.
    pub fn choose(&mut self, shared: &Shared, finding: &Finding) {
        self.chosen = Some(Identity::of(finding));
        self.keep_row(shared);
    }

    /// Puts the cursor on the chosen finding, when rows come, go or change places.
    fn keep_row(&mut self, shared: &Shared) {
        let Some(chosen) = &self.chosen else { return };
        let row = self.rows(shared).iter().position(|row| Identity::of(row) == *chosen);
        if let Some(row) = row {
            self.cursor.row = row;
        }
    }

    /// The list, and the explanation.
    fn areas(&self, shared: &Shared) -> (Rect, Rect) {
        let area = self.pane.area;
        if area.width >= 130 {
            return split(area, area.width / 2);
        }
        let rows = u16::try_from(self.rows(shared).len()).unwrap_or(u16::MAX).saturating_add(3);
        stack(area, rows.min(area.height * 2 / 5).max(5))
    }

    fn list_height(&self, shared: &Shared) -> usize {
        usize::from(inner(self.areas(shared).0).height.saturating_sub(1))
    }

    fn draw_list(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = shared.theme;
        let rows = self.rows(shared);
        let is_focused = self.pane.has_keys() && self.reading.is_none();
        let title = format!("Findings ({})", rows.len());
        let inside = draw_pane(frame, area, pane(theme, &title, self.severities(), is_focused));
        if rows.is_empty() {
            let nothing = if shared.all_findings().is_empty() {
                shared.waiting("Nothing was found.")
            } else {
                "No finding matches the filter. Esc clears it; s shows other severities.".to_owned()
            };
            draw_empty(theme, frame, inside, &nothing);
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
            theme,
            len: rows.len(),
            cursor: self.cursor,
            is_focused,
            row: &|index| rows.get(index).map_or_else(Vec::new, |finding| cells(theme, finding)),
        };
        table.draw(frame.buffer_mut(), inside);
    }

    fn draw_explanation(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let title = self.selected(shared).map_or("", |finding| finding.code.name());
        let is_focused = self.pane.has_keys() && self.reading.is_some();
        let lines = self.explanation(shared, usize::from(inner(area).width));
        let height = usize::from(inner(area).height);
        let top = self.reading.unwrap_or(0).min(lines.len().saturating_sub(height));
        let below = lines.len().saturating_sub(top + height);
        let right = if below > 0 { format!("{below} more lines: tab") } else { String::new() };
        let inside = draw_pane(frame, area, pane(shared.theme, title, &right, is_focused));
        draw_lines(frame, inside, lines.into_iter().skip(top));
    }

    /// What the selected finding says, what proves it, and the page of its code.
    fn explanation(&self, shared: &Shared, cells: usize) -> Vec<Line<'static>> {
        let theme = shared.theme;
        let Some(finding) = self.selected(shared) else { return Vec::new() };
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
                lines.push(Line::from(vec![Span::styled(name, theme.strong()), Span::raw(line)]));
            }
        };
        section("", &finding.summary);
        section("", " ");
        section("Evidence", &evidence(finding));
        section("Why", finding.why.as_deref().unwrap_or_default());
        section("Try", finding.advice.as_deref().unwrap_or_default());
        section("Cause", finding.because.map_or("", Code::name));
        section("Rule", finding.reference.as_deref().unwrap_or_default());
        let page = explain::page(finding.code);
        section("Meaning", page.meaning);
        section("Recognised", page.recognised);
        section("Causes", page.causes);
        section("Linux", page.linux);
        section("Apple", page.apple);
        section("Filter", finding.wireshark_filter.as_deref().unwrap_or_default());
        lines
    }
}

fn cells(theme: Theme, finding: &Finding) -> Vec<Cell> {
    let none = theme.glyphs.none.to_string();
    let or_none = |text: Option<String>| Cell::from(text.unwrap_or_else(|| none.clone()));
    let style = theme.severity(finding.severity);
    let inset = if finding.because.is_some() { "  " } else { "" };
    vec![
        Cell(theme.severity_glyph(finding.severity).to_string(), style),
        Cell(format!("{inset}{}", finding.code), style),
        or_none(finding.connection.map(|id| id.to_string())),
        or_none(finding.subflow.map(|id| id.to_string())),
        or_none(finding.t_ns.map(units::seconds)),
        or_none(finding.packets.first().map(u64::to_string)),
        finding.summary.clone().into(),
    ]
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
