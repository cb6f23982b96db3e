//! What happens, while it happens: one line of text or one JSON object each.
//!
//! ```json
//! {"t_ns": 11000000, "packet": 5, "subflow": 1, "direction": "c2s", "kind": "RST", "connection": 0}
//! {"kind": "CONNECTION", "t_ns": 0, "connection": 0, "state": "handshaking", …}
//! {"kind": "SUBFLOW", "t_ns": 0, "connection": 0, "subflow": 0, "state": "half_open", …}
//! {"kind": "FINDING", "t_ns": 2000000000, "change": "opened", "connection": 0, "code": …, "finding": {…}}
//! {"kind": "SUMMARY", "t_ns": 10000000000, "packets": 4711, …}
//! {"kind": "DROPS", "t_ns": 10000000000, "dropped_by_kernel": 17}
//! {"kind": "INTERFACE", "t_ns": 12000000000, "interface": "eth0", "what": "is down: …"}
//! ```
//!
//! Events are those of the report, with the connection they belong to; a run of reinjections is told
//! when it begins, so with its first octets alone. Connections are numbered as they begin.

mod finding;
mod text;

pub use finding::{FindingLine, Turn};
pub use text::text;

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::Serialize;

use super::event::Event;
use super::model::{ConnectionState, RoleName, SubflowState};
use crate::analyze::ConnectionContext;
use crate::analyze::{state, verdict};
use crate::track::Trace;
use crate::track::connection::Connection;
use crate::track::event as tracked;
use crate::track::ids::SubflowId;
use crate::track::role::Role;
use crate::track::subflow::{self, Subflow};
use crate::track::updates::Update;
use crate::wire::frame::Timestamp;

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum LiveLine {
    /// An event, as in the report.
    Event(LiveEvent),
    /// Anything else.
    State(StateLine),
}

/// An event, with the connection it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LiveEvent {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// Number of the connection.
    pub connection: u64,
}

/// How far something came.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StateLine {
    /// A connection began, or its state changed.
    Connection(ConnectionLine),
    /// A subflow began, or its state changed.
    Subflow(SubflowLine),
    /// A finding began to hold, or does no more.
    Finding(Box<FindingLine>),
    /// How much there was so far.
    Summary(SummaryLine),
    /// The kernel dropped packets.
    Drops(DropsLine),
    /// Something happened to an interface.
    Interface(InterfaceLine),
}

/// The state of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConnectionLine {
    /// Nanoseconds since the first packet.
    pub t_ns: i64,
    /// Its number.
    pub connection: u64,
    /// How far it came.
    pub state: ConnectionState,
    /// Version of MPTCP.
    pub version: Option<u8>,
    /// The client, on the first subflow.
    pub client: LineEnd,
    /// The server, on the first subflow.
    pub server: LineEnd,
    /// Its subflows so far.
    pub subflows: u64,
    /// One sentence for a person, once it has ended.
    pub verdict: Option<String>,
}

/// The state of a subflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubflowLine {
    /// Nanoseconds since the first packet.
    pub t_ns: i64,
    /// Number of its connection.
    pub connection: u64,
    /// Its number within the connection.
    pub subflow: u32,
    /// How far it came.
    pub state: SubflowState,
    /// Whether it was opened with MP_CAPABLE.
    pub initial: bool,
    /// Who opened it.
    pub opened_by: RoleName,
    /// The client's end.
    pub client: LineEnd,
    /// The server's end.
    pub server: LineEnd,
}

/// One end of a subflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineEnd {
    /// Address.
    pub address: std::net::IpAddr,
    /// TCP port.
    pub port: u16,
    /// ID of the address, once it is known.
    pub address_id: Option<u8>,
}

/// Counts since the capture began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SummaryLine {
    /// Nanoseconds since the first packet.
    pub t_ns: i64,
    /// Packets.
    pub packets: u64,
    /// TCP segments with at least one MPTCP option.
    pub mptcp_segments: u64,
    /// Connections that are remembered now.
    pub connections: u64,
    /// Subflows that are remembered now.
    pub subflows: u64,
    /// Connections that were forgotten, for whatever reason.
    pub forgotten_connections: u64,
    /// Packets that the kernel dropped.
    pub dropped_by_kernel: Option<u64>,
}

/// Packets that were dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DropsLine {
    /// Nanoseconds since the first packet.
    pub t_ns: i64,
    /// Packets that the kernel dropped so far.
    pub dropped_by_kernel: u64,
}

/// Something that happened to an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InterfaceLine {
    /// Nanoseconds since the first packet.
    pub t_ns: i64,
    /// Its name.
    pub interface: String,
    /// What happened.
    pub what: String,
}

/// Turns updates into lines; knows what was told already.
#[derive(Debug, Default)]
pub struct EventLines {
    states: HashMap<u64, LastStates>,
}

/// The states that were written last of a connection and its subflows.
#[derive(Debug, Default)]
struct LastStates {
    connection: Option<ConnectionState>,
    subflows: BTreeMap<u32, SubflowState>,
}

impl EventLines {
    /// The lines that `updates` are worth, in order. `origin` is the time of the first packet.
    pub fn lines(
        &mut self,
        trace: Trace<'_>,
        updates: &[Update],
        origin: Timestamp,
    ) -> Vec<LiveLine> {
        let mut lines = Vec::new();
        let mut moved: Vec<SubflowId> = Vec::new();
        for new in updates {
            let id = match new {
                Update::Forgotten { number } => {
                    self.states.remove(number);
                    continue;
                }
                Update::Event(event) => event.subflow,
                Update::Progress(id) => *id,
            };
            self.begin(trace, id, origin, &mut lines);
            if let Update::Event(event) = new {
                lines.push(LiveLine::Event(live_event(trace, event, origin)));
            }
            if !moved.contains(&id) {
                moved.push(id);
            }
        }
        // What a segment leads to comes after what it says.
        for id in moved {
            self.progress(trace, id, origin, &mut lines);
        }
        lines
    }

    /// Tells of a connection for the first time.
    fn begin(
        &mut self,
        trace: Trace<'_>,
        id: SubflowId,
        origin: Timestamp,
        lines: &mut Vec<LiveLine>,
    ) {
        let connection = trace.connection(trace.subflow(id).connection);
        let last = self.states.entry(connection.number).or_default();
        if last.connection.is_none() {
            let state = state::state(&trace, connection).into();
            last.connection = Some(state);
            lines.push(connection_line(
                trace,
                connection,
                state,
                connection.first.at.since(origin),
            ));
        }
    }

    /// Tells the states of a subflow and its connection if they are new.
    fn progress(
        &mut self,
        trace: Trace<'_>,
        id: SubflowId,
        origin: Timestamp,
        lines: &mut Vec<LiveLine>,
    ) {
        let subflow = trace.subflow(id);
        let connection = trace.connection(subflow.connection);
        let last = self.states.entry(connection.number).or_default();
        let t_ns = subflow.last.at.since(origin);
        let state = SubflowState::from(subflow.state());
        if last.subflows.insert(subflow.number, state) != Some(state) {
            lines.push(subflow_line(connection.number, subflow, state, t_ns));
        }
        let state = ConnectionState::from(state::state(&trace, connection));
        if last.connection.replace(state) != Some(state) {
            lines.push(connection_line(trace, connection, state, t_ns));
        }
    }
}

fn live_event(trace: Trace<'_>, event: &tracked::Event, origin: Timestamp) -> LiveEvent {
    let subflow = trace.subflow(event.subflow);
    LiveEvent {
        connection: trace.connection(subflow.connection).number,
        event: Event {
            t_ns: event.seen.at.since(origin),
            packet: event.seen.packet.0,
            subflow: subflow.number,
            direction: event.direction.into(),
            kind: (&event.kind).into(),
        },
    }
}

fn connection_line(
    trace: Trace<'_>,
    connection: &Connection,
    state: ConnectionState,
    t_ns: i64,
) -> LiveLine {
    let first = connection.subflows.first().map(|id| trace.subflow(*id));
    let end = |role| first.map_or_else(LineEnd::unknown, |first| LineEnd::of(first, role));
    let has_ended = !matches!(
        state,
        ConnectionState::Handshaking | ConnectionState::Established | ConnectionState::Closing
    );
    LiveLine::State(StateLine::Connection(ConnectionLine {
        t_ns,
        connection: connection.number,
        state,
        version: connection.version.map(|version| version.0),
        client: end(Role::Client),
        server: end(Role::Server),
        subflows: connection.subflows.len() as u64,
        verdict: has_ended
            .then(|| verdict::in_a_sentence(&ConnectionContext::new(trace, &[], None, connection))),
    }))
}

fn subflow_line(number: u64, subflow: &Subflow, state: SubflowState, t_ns: i64) -> LiveLine {
    LiveLine::State(StateLine::Subflow(SubflowLine {
        t_ns,
        connection: number,
        subflow: subflow.number,
        state,
        initial: subflow.initial,
        opened_by: subflow.opener.into(),
        client: LineEnd::of(subflow, Role::Client),
        server: LineEnd::of(subflow, Role::Server),
    }))
}

impl LineEnd {
    fn of(subflow: &subflow::Subflow, role: Role) -> Self {
        let end = subflow.sides.of(role);
        Self {
            address: end.endpoint.address,
            port: end.endpoint.port,
            address_id: end.address_id.map(|id| id.0),
        }
    }

    /// A connection is made with its first subflow, so this never shows.
    fn unknown() -> Self {
        Self { address: std::net::Ipv4Addr::UNSPECIFIED.into(), port: 0, address_id: None }
    }
}
