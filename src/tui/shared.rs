//! What all screens look at: the newest snapshot, and what a user has chosen for all of them.

use std::sync::Arc;

use ratatui::layout::Size;

use super::packet_cache::{Bytes, PacketCache};
use super::snapshot::{Phase, Snapshot, SubflowPosition};
use super::theme::Theme;
use crate::analyze::state_at::StateAt;
use crate::filter::Filter;
use crate::report::Report;
use crate::report::model::{Connection, Finding};
use crate::track::index::{Entry, Members, PacketIndex};
use crate::wire::frame::{Frame, PacketNo, RawPacket};
use crate::wire::segment::{Decoded, Segment, decode};

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

/// What belongs to no single screen. A screen may change all of it.
#[derive(Debug)]
pub struct Shared {
    /// How it looks.
    pub theme: Theme,
    /// Cells of the terminal.
    pub size: Size,
    /// What there is to show.
    pub snapshot: Arc<Snapshot>,
    /// The bytes of packets on the screen.
    pub packets: PacketCache,
    /// What all screens look at.
    pub focus: Focus,
    /// Which rows are wanted.
    pub filter: Filter,
    /// Marks A and B.
    pub marks: [Option<Mark>; 2],
    /// Whether the newest is in sight.
    pub is_following: bool,
    /// Whether DSNs are shown as on the wire.
    pub raw_dsn: bool,
    /// A sentence for the user, until the next key.
    pub message: Option<String>,
}

impl Shared {
    /// Nothing to show yet.
    pub fn new(theme: Theme, size: Size) -> Self {
        Self {
            theme,
            size,
            snapshot: Arc::default(),
            packets: PacketCache::default(),
            focus: Focus::default(),
            filter: Filter::default(),
            marks: [None; 2],
            is_following: true,
            raw_dsn: false,
            message: None,
        }
    }

    /// All screens look at this connection from now on: at its beginning, and without marks.
    ///
    /// What a screen has chosen within the connection before, it drops when it settles.
    pub fn focus_on(&mut self, connection: Option<u64>) {
        if self.focus.connection == connection {
            return;
        }
        self.focus = Focus { connection, ..Focus::default() };
        self.focus.t_ns = self.connection().map_or(0, |connection| connection.start_t_ns);
        self.marks = [None; 2];
    }

    /// Shows a sentence to the user.
    pub fn say(&mut self, message: impl Into<String>) {
        self.message = Some(message.into());
    }

    /// Whether packets go on coming.
    pub fn is_live(&self) -> bool {
        matches!(self.snapshot.source.phase, Phase::Live { .. })
    }

    /// Why there is nothing to see: `nothing`, unless there may be more to come.
    pub fn waiting(&self, nothing: &str) -> String {
        match self.snapshot.source.phase {
            Phase::Loading { .. } => {
                "Reading…".replace('…', if self.theme.is_ascii() { "..." } else { "…" })
            }
            Phase::Done => nothing.to_owned(),
            Phase::Live { .. } => "Waiting for packets with MPTCP options.".to_owned(),
        }
    }
}

/// The report.
impl Shared {
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
        self.report().findings_of(connection)
    }

    /// The connection in focus.
    pub fn connection(&self) -> Option<&Connection> {
        self.connection_of(self.focus.connection?)
    }

    /// When the connection in focus began and ended.
    pub fn span(&self) -> Option<(i64, i64)> {
        let connection = self.connection()?;
        let first = connection.start_t_ns;
        Some((first, first.saturating_add(connection.duration_ns)))
    }

    /// The place of a subflow among those of the connection in focus.
    pub fn lane_of(&self, subflow: u32) -> Option<usize> {
        self.connection()?.subflows.iter().position(|found| found.id == subflow)
    }

    /// The place of the subflow in focus.
    pub fn lane_in_focus(&self) -> Option<usize> {
        self.lane_of(self.focus.subflow)
    }

    /// The findings on the connection in focus.
    pub fn findings_here(&self) -> &[Finding] {
        self.focus.connection.map_or(&[], |connection| self.findings_of(connection))
    }
}

/// The packets, as the vantage point in focus saw them. So far a snapshot has one vantage point;
/// screens reach its packets through these functions alone.
impl Shared {
    /// Where all packets stand.
    pub fn index(&self) -> &PacketIndex {
        &self.snapshot.packets
    }

    /// Whether there is a connection in focus, and packets to show of it.
    pub fn has_packets(&self) -> bool {
        self.connection().is_some() && !self.index().is_empty()
    }

    /// Which packets are those of the connection in focus.
    pub fn members(&self) -> Option<Members> {
        let position = self.position_of(self.focus.connection?)?;
        Some(self.snapshot.subflows.members(position))
    }

    /// Which subflow of the report a packet is of.
    pub fn position(&self, entry: &Entry) -> Option<SubflowPosition> {
        self.snapshot.subflows.position(entry)
    }

    /// A packet by its number.
    pub fn entry(&self, packet: u64) -> Option<Entry> {
        let index = self.index();
        index.get(index.find(PacketNo(packet))?)
    }

    /// The packet in focus.
    pub fn entry_in_focus(&self) -> Option<Entry> {
        self.entry(self.focus.packet?)
    }

    /// Where a connection, by its place in the report, stood after a packet; `None` where that cannot
    /// be told. `read` reads packets again.
    pub fn state_at(
        &self,
        connection: usize,
        entry: &Entry,
        read: impl Fn(&Entry) -> Option<RawPacket>,
    ) -> Option<StateAt> {
        let position = self.index().find(entry.number())?;
        self.snapshot.state_at(connection, position, read)
    }

    /// A packet as it was captured, if its bytes are there.
    pub fn frame(&self, entry: &Entry) -> Option<Frame<'_>> {
        let Bytes::Here(packet) = self.packets.get(entry.number()) else { return None };
        let at = entry.at(self.index().origin().unwrap_or_default());
        Some(packet.frame(entry.number(), at))
    }

    /// The segment in a packet, if its bytes are there and can be decoded.
    pub fn segment(&self, entry: &Entry) -> Option<Segment<'_>> {
        match decode(&self.frame(entry)?) {
            Decoded::Tcp(segment) => Some(segment),
            _ => None,
        }
    }

    /// Nanoseconds from the first packet of the capture to this one.
    pub fn t_ns(&self, entry: &Entry) -> i64 {
        let origin = self.index().origin().unwrap_or_default();
        let at = entry.at(origin);
        at.since(self.snapshot.origin.unwrap_or(origin))
    }

    /// Nanoseconds from the first packet of the capture to the origin of the index.
    pub fn index_t_ns(&self) -> i64 {
        match (self.index().origin(), self.snapshot.origin) {
            (Some(first), Some(origin)) => first.since(origin),
            _ => 0,
        }
    }
}
