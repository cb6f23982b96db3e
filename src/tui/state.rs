//! What the screens show: everything a user has chosen, and the newest snapshot.

use std::sync::Arc;

use ratatui::layout::Size;

use super::cache::Packets;
use super::filter::Filter;
use super::screens::{connections, findings, graphs, ladder, packet, timeline};
use super::snapshot::{Phase, Snapshot};
use super::theme::Theme;
use crate::report::Report;
use crate::report::model::{Connection, Finding};
use crate::track::index::Members;

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// All connections, and the subflows and findings of the selected one.
    Connections,
    /// Swimlanes: which path carried what, when.
    Timeline,
    /// Packets between the hosts, one lane per subflow.
    Ladder,
    /// Sequence numbers, throughput, window, round trips over time.
    Graphs,
    /// All findings, and what they mean.
    Findings,
    /// One packet, field by field; reached from the ladder.
    Packet,
}

impl Screen {
    /// Those with a number, in its order.
    pub const NUMBERED: [Self; 5] =
        [Self::Connections, Self::Timeline, Self::Ladder, Self::Graphs, Self::Findings];
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Connections,
        Self::Timeline,
        Self::Ladder,
        Self::Graphs,
        Self::Findings,
        Self::Packet,
    ];

    /// Its name on the tabs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "Connections",
            Self::Timeline => "Timeline",
            Self::Ladder => "Ladder",
            Self::Graphs => "Graphs",
            Self::Findings => "Findings",
            Self::Packet => "Packet",
        }
    }
}

/// What keys are for at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Mode {
    /// Commands.
    #[default]
    Normal,
    /// Text goes into a line at the bottom.
    Input(String),
    /// The page of keys is open, from this line on.
    Help(usize),
    /// The list of what can be exported is open, with this one in focus.
    Export(usize),
}

/// What all screens look at; moving in one of them moves the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Focus {
    /// ID of the connection.
    pub connection: Option<u64>,
    /// ID of the subflow within it.
    pub subflow: u32,
    /// The packet under the cursor.
    pub packet: Option<u64>,
    /// The moment under the cursor, in nanoseconds since the first packet.
    pub t_ns: i64,
}

/// A place in a capture that was marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Packet number, if it is one.
    pub packet: Option<u64>,
    /// Nanoseconds since the first packet.
    pub t_ns: i64,
    /// The sender's DSN there, relative, if there is one.
    pub dsn: Option<u64>,
}

/// The state of the whole program on the screen.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct App {
    /// How it looks.
    pub theme: Theme,
    /// Cells of the terminal.
    pub size: Size,
    /// What there is to show.
    pub snapshot: Arc<Snapshot>,
    /// What came in while the screen is frozen.
    pub waiting: Option<Arc<Snapshot>>,
    /// Octets of packets on the screen.
    pub packets: Packets,
    /// Which screen is shown, or on a wide terminal has the keys.
    pub screen: Screen,
    /// Where this screen was opened from, the first one first.
    pub path: Vec<Screen>,
    /// What keys are for.
    pub mode: Mode,
    /// What all screens look at.
    pub focus: Focus,
    /// Which rows are wanted.
    pub filter: Filter,
    /// Marks A and B.
    pub marks: [Option<Mark>; 2],
    /// Whether nothing moves.
    pub is_frozen: bool,
    /// Whether the newest is in sight.
    pub is_following: bool,
    /// Whether one pane has the whole screen.
    pub is_full_screen: bool,
    /// Whether DSNs are shown as on the wire.
    pub raw_dsn: bool,
    /// A sentence for the user, until the next key.
    pub message: Option<String>,
    /// The screen of connections.
    pub connections: connections::State,
    /// The swimlanes.
    pub timeline: timeline::State,
    /// The ladder.
    pub ladder: ladder::State,
    /// The graphs.
    pub graphs: graphs::State,
    /// The findings.
    pub findings: findings::State,
    /// The packet.
    pub packet: packet::State,
}

impl App {
    /// Nothing to show yet.
    pub fn new(theme: Theme, size: Size) -> Self {
        Self {
            theme,
            size,
            snapshot: Arc::default(),
            waiting: None,
            packets: Packets::default(),
            screen: Screen::Connections,
            path: Vec::new(),
            mode: Mode::Normal,
            focus: Focus::default(),
            filter: Filter::default(),
            marks: [None; 2],
            is_frozen: false,
            is_following: true,
            is_full_screen: false,
            raw_dsn: false,
            message: None,
            connections: connections::State::default(),
            timeline: timeline::State::default(),
            ladder: ladder::State::default(),
            graphs: graphs::State::default(),
            findings: findings::State::default(),
            packet: packet::State::default(),
        }
    }

    /// Whether packets go on coming.
    pub fn is_live(&self) -> bool {
        matches!(self.snapshot.source.phase, Phase::Live { .. })
    }

    /// The report so far.
    pub fn report(&self) -> &Report {
        &self.snapshot.report
    }

    /// All connections.
    pub fn all_connections(&self) -> &[Connection] {
        &self.report().connections
    }

    /// All findings.
    pub fn all_findings(&self) -> &[Finding] {
        &self.report().findings
    }

    /// Where a connection stands in the report, by its ID.
    pub fn position_of(&self, id: u64) -> Option<usize> {
        // The report has them in the order of their IDs.
        let all = self.all_connections();
        let position = all.partition_point(|connection| connection.id < id);
        all.get(position).is_some_and(|found| found.id == id).then_some(position)
    }

    /// A connection by its ID.
    pub fn connection_of(&self, id: u64) -> Option<&Connection> {
        self.all_connections().get(self.position_of(id)?)
    }

    /// The findings on a connection, the worst first.
    pub fn findings_of(&self, connection: u64) -> &[Finding] {
        // The report has those on the capture first, then those on each connection, in order.
        let all = self.all_findings();
        let first = all.partition_point(|finding| finding.connection < Some(connection));
        let end = all.partition_point(|finding| finding.connection <= Some(connection));
        all.get(first..end).unwrap_or_default()
    }

    /// The connection that all screens look at.
    pub fn connection(&self) -> Option<&Connection> {
        self.connection_of(self.focus.connection?)
    }

    /// Whose packets are those of the connection that all screens look at.
    pub fn members(&self) -> Option<Members> {
        let position = self.position_of(self.focus.connection?)?;
        Some(self.snapshot.subflows.members(position))
    }

    /// The findings on the connection that all screens look at.
    pub fn findings_here(&self) -> &[Finding] {
        self.focus.connection.map_or(&[], |connection| self.findings_of(connection))
    }
}
