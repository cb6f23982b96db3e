//! All connections; below them the subflows of the selected one, and what was found on it.

mod draw;
mod order;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::tui::action::{Command, Move};
use crate::tui::cursor::Cursor;
use crate::tui::layout::{inner, split, stack};
use crate::tui::shared::Shared;
use crate::tui::view::{Pane, Request, View};
pub use order::Sort;

/// What is chosen here.
#[derive(Debug, Default)]
pub struct ConnectionsScreen {
    /// The row among those that the filter lets through.
    pub cursor: Cursor,
    /// The row of the subflows.
    pub subflow: Cursor,
    /// The row of the findings.
    pub finding: Cursor,
    /// Which list has the keys.
    pub list: List,
    /// The order of the rows.
    pub sort: Sort,
    pane: Pane,
    /// The connection whose subflows and findings are listed.
    of: Option<u64>,
}

/// The lists of this screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum List {
    /// Connections.
    #[default]
    Connections,
    /// Subflows of the selected connection.
    Subflows,
    /// Findings on it.
    Findings,
}

impl List {
    const fn next(self) -> Self {
        match self {
            Self::Connections => Self::Subflows,
            Self::Subflows => Self::Findings,
            Self::Findings => Self::Connections,
        }
    }

    const fn previous(self) -> Self {
        match self {
            Self::Connections => Self::Findings,
            Self::Subflows => Self::Connections,
            Self::Findings => Self::Subflows,
        }
    }
}

impl View for ConnectionsScreen {
    fn update(&mut self, shared: &mut Shared, command: Command) -> Option<Request> {
        match command {
            Command::Move(to) => self.go(shared, to),
            Command::NextPane => self.list = self.list.next(),
            Command::PreviousPane => self.list = self.list.previous(),
            Command::Sort => {
                self.sort = self.sort.next();
                shared.say(self.sort.name());
                self.keep_row(shared);
            }
            Command::Open => return self.open(shared),
            _ => {}
        }
        None
    }

    fn take_snapshot(&mut self, shared: &mut Shared) {
        // The rows below the cursor may be others now: it stays with its connection.
        self.keep_row(shared);
    }

    fn settle(&mut self, shared: &mut Shared, pane: Pane) {
        self.pane = pane;
        let areas = self.areas(shared);
        let rows = self.ids(shared);
        self.cursor.settle(rows.len(), table_height(areas.connections));
        let is_there = shared.connection().is_some();
        let is_listed = shared.focus.connection.is_some_and(|id| rows.contains(&id));
        if !is_there || (!is_listed && pane.has_keys()) {
            shared.focus_on(rows.get(self.cursor.row).copied());
        }
        if self.of != shared.focus.connection {
            self.of = shared.focus.connection;
            self.subflow = Cursor::default();
            self.finding = Cursor::default();
        }
        let subflows = shared.connection().map_or(0, |connection| connection.subflows.len());
        self.subflow.settle(subflows, table_height(areas.subflows));
        self.finding.settle(shared.findings_here().len(), findings_height(shared, areas.findings));
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>) {
        let areas = self.areas(shared);
        let focused = |list| self.pane.has_keys() && self.list == list;
        let rows = order::rows(shared, self.sort);
        let listed = draw::Listed { rows: &rows, sort: self.sort, cursor: self.cursor };
        draw::connections(shared, frame, areas.connections, &listed, focused(List::Connections));
        draw::subflows(shared, frame, areas.subflows, self.subflow, focused(List::Subflows));
        draw::findings(shared, frame, areas.findings, self.finding, focused(List::Findings));
    }
}

impl ConnectionsScreen {
    /// The IDs of the connections that are listed, in their order.
    fn ids(&self, shared: &Shared) -> Vec<u64> {
        order::rows(shared, self.sort).iter().map(|row| row.id).collect()
    }

    fn go(&mut self, shared: &mut Shared, to: Move) {
        let areas = self.areas(shared);
        match self.list {
            List::Connections => {
                let rows = self.ids(shared);
                self.cursor.go(to, rows.len(), table_height(areas.connections));
                shared.focus_on(rows.get(self.cursor.row).copied());
            }
            List::Subflows => {
                let len = shared.connection().map_or(0, |connection| connection.subflows.len());
                self.subflow.go(to, len, table_height(areas.subflows));
                let row = self.subflow.row;
                let chosen =
                    shared.connection().and_then(|connection| connection.subflows.get(row));
                shared.focus.subflow = chosen.map_or(0, |subflow| subflow.id);
            }
            List::Findings => {
                let len = shared.findings_here().len();
                self.finding.go(to, len, findings_height(shared, areas.findings));
            }
        }
    }

    fn open(&self, shared: &Shared) -> Option<Request> {
        match self.list {
            List::Connections | List::Subflows => {
                shared.connection().map(|_| Request::OpenConnection)
            }
            List::Findings => {
                let chosen = shared.findings_here().get(self.finding.row)?;
                Some(Request::OpenFinding(Box::new(chosen.clone())))
            }
        }
    }

    /// Puts the cursor on the connection in focus, when rows come, go or change places.
    fn keep_row(&mut self, shared: &Shared) {
        let wanted = shared.focus.connection;
        let row = self.ids(shared).iter().position(|id| Some(*id) == wanted);
        if let Some(row) = row {
            self.cursor.row = row;
        }
    }

    /// The lists under each other, or on a wide screen the connections at the left. A list takes no
    /// more rows than it has, if others can use them.
    fn areas(&self, shared: &Shared) -> Areas {
        let area = self.pane.area;
        let rows = |len: usize| u16::try_from(len).unwrap_or(u16::MAX).saturating_add(3);
        let connections = rows(shared.all_connections().len());
        let subflows = rows(shared.connection().map_or(1, |connection| connection.subflows.len()));
        if area.width >= 130 {
            let (connections, right) = split(area, area.width * 9 / 20);
            let (subflows, findings) = stack(right, subflows.min(right.height / 2 + 1));
            return Areas { connections, subflows, findings };
        }
        let (connections, below) = stack(area, connections.min(area.height * 2 / 5).max(4));
        let (subflows, findings) = stack(below, subflows.min(below.height * 3 / 5).max(4));
        Areas { connections, subflows, findings }
    }
}

/// Where the lists stand.
#[derive(Debug, Clone, Copy)]
struct Areas {
    connections: Rect,
    subflows: Rect,
    findings: Rect,
}

/// Rows of a table that fit below its titles.
fn table_height(area: Rect) -> usize {
    usize::from(inner(area).height.saturating_sub(1))
}

/// Findings that fit below the verdict.
fn findings_height(shared: &Shared, area: Rect) -> usize {
    let inside = inner(area);
    usize::from(inside.height).saturating_sub(draw::verdict(shared, inside).len())
}
