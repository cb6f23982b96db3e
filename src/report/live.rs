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
//! Events are those of the report, with the connection they belong to. A run of reinjections is written
//! when it begins, so with its first bytes alone. Connections are numbered in the order in which they
//! begin.

mod finding;
mod line;
mod row;
mod text;

pub use finding::{FindingChange, FindingLine};
pub use line::{
    ConnectionLine, DropsLine, InterfaceLine, LiveEvent, LiveLine, StateLine, SubflowLine,
    SummaryLine,
};
pub use row::KNOWN_FIELDS;
pub use text::text;

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;

use row::{LiveRow, Subject};

use super::event::Event;
use super::model::SubflowEndpoint;
use crate::analyze::ConnectionContext;
use crate::analyze::state::{self, ConnectionState};
use crate::analyze::verdict;
use crate::filter::Filter;
use crate::track::Trace;
use crate::track::connection::Connection;
use crate::track::event as tracked;
use crate::track::ids::{ConnectionId, SubflowId};
use crate::track::role::Role;
use crate::track::subflow::{Subflow, SubflowState};
use crate::track::updates::Update;
use crate::wire::frame::Timestamp;

/// Turns updates into lines. It remembers which states were written, so that each is written once.
#[derive(Debug, Default)]
pub struct EventLines {
    states: HashMap<u64, LastStates>,
    /// Which lines are wanted.
    filter: Filter,
}

/// The states that were written last of a connection and its subflows.
#[derive(Debug, Default)]
struct LastStates {
    id: Option<ConnectionId>,
    connection: Option<ConnectionState>,
    subflows: BTreeMap<u32, SubflowState>,
}

impl EventLines {
    /// Lines that `filter` takes, which asks for [`KNOWN_FIELDS`] alone. What is about no connection is
    /// always among them.
    pub fn new(filter: Filter) -> Self {
        Self { states: HashMap::new(), filter }
    }

    /// Whether the line on a finding is wanted.
    pub fn takes_finding(&self, trace: Trace<'_>, line: &FindingLine) -> bool {
        let known = line.connection.and_then(|number| self.states.get(&number)?.id);
        known.is_none_or(|id| self.takes(trace, trace.connection(id), Subject::Finding(line)))
    }

    fn takes(&self, trace: Trace<'_>, connection: &Connection, subject: Subject<'_>) -> bool {
        self.filter.is_empty() || self.filter.takes(&LiveRow { trace, connection, subject })
    }

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
            if let Update::Event(event) = new
                && self.takes_event(trace, event)
            {
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

    fn takes_event(&self, trace: Trace<'_>, event: &tracked::Event) -> bool {
        let subflow = trace.subflow(event.subflow);
        let connection = trace.connection(subflow.connection);
        self.takes(trace, connection, Subject::Event(subflow, event))
    }

    /// Writes the state of a connection that has no line yet.
    fn begin(
        &mut self,
        trace: Trace<'_>,
        id: SubflowId,
        origin: Timestamp,
        lines: &mut Vec<LiveLine>,
    ) {
        let connection = trace.connection(trace.subflow(id).connection);
        let last = self.states.entry(connection.number).or_default();
        if last.connection.is_some() {
            return;
        }
        let state = state::state(&trace, connection);
        (last.connection, last.id) = (Some(state), Some(trace.subflow(id).connection));
        if self.takes(trace, connection, Subject::Connection) {
            let t_ns = connection.first.at.since(origin);
            lines.push(connection_line(trace, connection, state, t_ns));
        }
    }

    /// Writes the states of a subflow and its connection if they are new.
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
        let subflow_state = subflow.state();
        let subflow_moved =
            last.subflows.insert(subflow.number, subflow_state) != Some(subflow_state);
        let state = state::state(&trace, connection);
        let has_moved = last.connection.replace(state) != Some(state);
        if subflow_moved && self.takes(trace, connection, Subject::Subflow(subflow)) {
            lines.push(subflow_line(connection.number, subflow, subflow_state, t_ns));
        }
        if has_moved && self.takes(trace, connection, Subject::Connection) {
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
            direction: event.direction,
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
    // Never shown: a connection always has its first subflow.
    let unknown = || SubflowEndpoint {
        address: Ipv4Addr::UNSPECIFIED.into(),
        port: 0,
        address_id: None,
        interface: None,
    };
    let end = |role| first.map_or_else(unknown, |first| first.sides.of(role).into());
    let has_ended = !matches!(
        state,
        ConnectionState::Handshaking | ConnectionState::Established | ConnectionState::Closing
    );
    LiveLine::State(StateLine::Connection(ConnectionLine {
        t_ns,
        connection: connection.number,
        state,
        version: connection.version,
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
        opened_by: subflow.opener,
        client: (&subflow.sides.client).into(),
        server: (&subflow.sides.server).into(),
    }))
}
