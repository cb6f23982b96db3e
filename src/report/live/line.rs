//! The lines, field for field as they are written in JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::FindingLine;
use crate::analyze::state::ConnectionState;
use crate::report::event::Event;
use crate::report::model::SubflowEndpoint;
use crate::track::role::Role;
use crate::track::subflow::SubflowState;
use crate::wire::mptcp::Version;

/// One line.
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
    pub version: Option<Version>,
    /// The client, on the first subflow.
    pub client: SubflowEndpoint,
    /// The server, on the first subflow.
    pub server: SubflowEndpoint,
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
    pub opened_by: Role,
    /// The client's end.
    pub client: SubflowEndpoint,
    /// The server's end.
    pub server: SubflowEndpoint,
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
