//! A connection in the report.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::build::Context;
use super::finding::Confidence;
use super::subflow::Distribution;
use super::{Address, PerHost, Subflow};
use crate::analyze::{holes, option_space, state, verdict};
use crate::report::event::{Event, FallbackCauseName};
use crate::report::hex::{Hex32, Hex64};
use crate::track::connection;
use crate::track::coverage::Range;
use crate::track::data::DataSpace;
use crate::track::delivery;
use crate::track::event;
use crate::track::role::Role;
use crate::track::subflow::{ByteCounts, Seen};

/// Most holes of a stream that are listed.
const MAX_HOLES: usize = 100;

/// A connection over all its subflows.
///
/// ```json
/// {"id": 0, "version": 1, "verdict": "MPTCP worked on 2 paths: …", "details": [],
///  "state": "closed", "midstream": false, "roles_certain": true, "checksum": false,
///  "deny_join_initial": {"client": false, "server": false},
///  "start_t_ns": 0, "duration_ns": 1137189000, "client": {}, "server": {}, "fallback": null,
///  "close": {"kind": "data_fin", "by": "both", "packet": 700}, "option_space": {}, "subflows": [],
///  "addresses": [], "c2s": {}, "s2c": {}, "events": [], "events_dropped": 0}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Connection {
    /// Its number, in the order of the first packets.
    pub id: u64,
    /// Version of MPTCP; asked for, as long as there is no answer.
    pub version: Option<u8>,
    /// One sentence for a person.
    pub verdict: String,
    /// More sentences: failed joins, an end out of order, what the capture lacks.
    pub details: Vec<String>,
    /// How far it came.
    pub state: ConnectionState,
    /// Whether the first packet seen of it is not a SYN.
    pub midstream: bool,
    /// Whether it is certain who is client and who is server.
    pub roles_certain: bool,
    /// Whether DSS checksums are in use.
    pub checksum: Option<bool>,
    /// The C bit of each side: no subflows to my initial address and port, please.
    pub deny_join_initial: PerHost<Option<bool>>,
    /// First packet.
    pub start_t_ns: i64,
    /// From its first packet to its last.
    pub duration_ns: i64,
    /// The client.
    pub client: Host,
    /// The server.
    pub server: Host,
    /// Where MPTCP stopped being spoken.
    pub fallback: Option<Fallback>,
    /// How it ended.
    pub close: Option<Close>,
    /// Whether ADD_ADDR fits into a header.
    pub option_space: OptionSpace,
    /// Its subflows, in the order in which they were first seen.
    pub subflows: Vec<Subflow>,
    /// Addresses that the hosts announced or withdrew.
    pub addresses: Vec<Address>,
    /// The stream from the client.
    pub c2s: DataDirection,
    /// The stream from the server.
    pub s2c: DataDirection,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Events that did not fit.
    pub events_dropped: u64,
}

/// How far a connection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// The three segments of the initial subflow are not complete.
    Handshaking,
    /// Open.
    Established,
    /// One host, or both, sent a DATA_FIN (after a fallback: a FIN), and not all is acknowledged.
    Closing,
    /// Ended in order.
    Closed,
    /// Ended by MP_FASTCLOSE.
    FastClosed,
    /// The last subflow was reset before the DATA_FINs were exchanged.
    Reset,
    /// The initial subflow never got through.
    Refused,
    /// The capture does not show enough.
    Unknown,
}

impl From<state::ConnectionState> for ConnectionState {
    fn from(state: state::ConnectionState) -> Self {
        match state {
            state::ConnectionState::Handshaking => Self::Handshaking,
            state::ConnectionState::Established => Self::Established,
            state::ConnectionState::Closing => Self::Closing,
            state::ConnectionState::Closed => Self::Closed,
            state::ConnectionState::FastClosed => Self::FastClosed,
            state::ConnectionState::Reset => Self::Reset,
            state::ConnectionState::Refused => Self::Refused,
            state::ConnectionState::Unknown => Self::Unknown,
        }
    }
}

/// One host of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Host {
    /// Its address on the first subflow seen.
    pub address: IpAddr,
    /// Its port there.
    pub port: u16,
    /// Its key.
    pub key: Option<Hex64>,
    /// Token of the key.
    pub token: Option<Hex32>,
    /// Initial data sequence number, from the key.
    pub idsn: Option<Hex64>,
}

/// A packet and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moment {
    /// Packet number.
    pub packet: u64,
    /// Nanoseconds since the first packet of the capture.
    pub t_ns: i64,
}

/// Where a connection went on as plain TCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fallback {
    /// Why.
    pub cause: FallbackCauseName,
    /// The packet that shows it.
    pub packet: u64,
    /// When.
    pub t_ns: i64,
    /// `certain` if the packets leave no other explanation.
    pub confidence: Confidence,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Close {
    /// By what.
    pub kind: CloseKind,
    /// Who was first.
    pub by: Closer,
    /// The packet that began it.
    pub packet: u64,
}

/// What ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseKind {
    /// DATA_FIN.
    DataFin,
    /// MP_FASTCLOSE.
    FastClose,
    /// RST on the last subflow.
    Reset,
    /// FIN, after a fallback.
    FallbackFin,
}

/// Who ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Closer {
    /// The client was first.
    Client,
    /// The server was first.
    Server,
    /// Both, before either knew of the other's.
    Both,
}

/// Whether ADD_ADDR fits into a header of this connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OptionSpace {
    /// Whether TCP timestamps are in use on the first subflow.
    pub timestamps: Option<bool>,
    /// The eight forms of ADD_ADDR.
    pub add_addr: Vec<AddAddrRoom>,
}

/// The room that one form of ADD_ADDR takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AddAddrRoom {
    /// Of the address.
    pub family: Family,
    /// With a port.
    pub port: bool,
    /// The echo, else the announcement with its HMAC.
    pub echo: bool,
    /// Octets of it and the timestamps, padded to words of four.
    pub bytes: Option<u8>,
    /// Whether that is at most 40.
    pub fits: Option<bool>,
}

/// Family of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Family {
    Ipv4,
    Ipv6,
}

/// The stream of one direction.
///
/// ```json
/// {"stream_bytes": 200000, "data_acked_bytes": 200000, "data_fin": {"packet": 600, "t_ns": 898520000},
///  "data_fin_acked": {"packet": 610, "t_ns": 910000000}, "reinjected_bytes": 0,
///  "wasted_bytes": 0, "remapped_bytes": 0, "missing_bytes": 0, "holes": [], "reinjections": [],
///  "data_rtt_ns": null, "head_of_line_ns": null, "stalls": [], "sha256": null}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DataDirection {
    /// Octets of the stream in the capture, each counted once.
    pub stream_bytes: u64,
    /// Octets that the peer acknowledged at data level, from the first one of the stream (midstream:
    /// the first one seen).
    pub data_acked_bytes: Option<u64>,
    /// The first DATA_FIN.
    pub data_fin: Option<Moment>,
    /// Its acknowledgment.
    pub data_fin_acked: Option<Moment>,
    /// Octets sent again on another subflow.
    pub reinjected_bytes: u64,
    /// Of those resent, octets whose first copy had been acknowledged on its subflow.
    pub wasted_bytes: u64,
    /// Octets sent again on the same subflow under other subflow sequence numbers.
    pub remapped_bytes: u64,
    /// Octets of the stream that are not in the capture, up to the last one seen or the DATA_FIN.
    pub missing_bytes: u64,
    /// Where they would stand: `[start, end)` in stream offsets, the first 100 of them.
    pub holes: Vec<(u64, u64)>,
    /// Resent octets by subflow.
    pub reinjections: Vec<Reinjection>,
    /// A mapping to the DATA_ACK that covers it.
    pub data_rtt_ns: Option<Distribution>,
    /// How long octets waited for those before them.
    pub head_of_line_ns: Option<Distribution>,
    /// The first silences while data was not acknowledged.
    pub stalls: Vec<Stall>,
    /// Of the stream; only if asked for, and only if all of it is in the capture.
    pub sha256: Option<String>,
}

/// Octets that were sent again on another subflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reinjection {
    /// The subflow of the first copy; null where that is not remembered.
    pub from_subflow: Option<u32>,
    /// The subflow of the later one.
    pub to_subflow: u32,
    /// Octets.
    pub bytes: u64,
    /// Of those, octets whose first copy had been acknowledged on its subflow.
    pub wasted_bytes: u64,
    /// From the first copy to the later one.
    pub delay_ns: Option<Distribution>,
}

/// Silence at data level while unacknowledged data exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stall {
    /// When it began.
    pub t_ns: i64,
    /// How long it was.
    pub duration_ns: i64,
}

impl Connection {
    pub(super) fn build(
        context: &Context<'_>,
        id: u64,
        connection: &connection::Connection,
    ) -> Self {
        let trace = context.trace;
        let subflows = state::subflows(trace, connection);
        let first = subflows.first();
        let verdict = verdict::verdict(trace, connection);
        let host = |role| Host::build(connection, first.copied(), role);
        let events = connection.events.iter();
        Self {
            id,
            version: connection.version.map(|version| version.0),
            verdict: verdict.headline,
            details: verdict.details,
            state: state::state(trace, connection).into(),
            midstream: first.is_none_or(|first| first.is_midstream() || !first.initial),
            roles_certain: connection.roles_certain,
            checksum: connection.checksum,
            deny_join_initial: PerHost {
                client: connection.hosts.client.deny_join_initial,
                server: connection.hosts.server.deny_join_initial,
            },
            start_t_ns: context.t_ns(connection.first.at),
            duration_ns: connection.last.at.since(connection.first.at),
            client: host(Role::Client),
            server: host(Role::Server),
            fallback: connection.fallback.map(|fallback| Fallback::build(context, fallback)),
            close: state::close(trace, connection).map(|close| Close::build(context, close)),
            option_space: OptionSpace::build(first.and_then(|first| first.timestamps())),
            addresses: connection
                .addresses
                .iter()
                .map(|address| Address::build(context, connection, address, &subflows))
                .collect(),
            c2s: DataDirection::build(context, connection, Role::Client),
            s2c: DataDirection::build(context, connection, Role::Server),
            events: events.map(|event| Event::build(context, event)).collect(),
            events_dropped: connection.events.dropped(),
            subflows: subflows
                .iter()
                .map(|subflow| Subflow::build(context, Some(connection), subflow))
                .collect(),
        }
    }
}

impl Event {
    fn build(context: &Context<'_>, event: &event::Event) -> Self {
        Self {
            t_ns: context.t_ns(event.seen.at),
            packet: context.packet(event.seen.packet),
            subflow: context.trace.subflow(event.subflow).number,
            direction: event.direction.into(),
            kind: (&event.kind).into(),
        }
    }
}

impl Host {
    fn build(
        connection: &connection::Connection,
        first: Option<&crate::track::subflow::Subflow>,
        role: Role,
    ) -> Self {
        let host = connection.hosts.of(role);
        let endpoint = first.map(|subflow| subflow.ends.of(role).endpoint);
        Self {
            // A connection is made with its first subflow.
            address: endpoint.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |e| e.address),
            port: endpoint.map_or(0, |endpoint| endpoint.port),
            key: host.key.map(|key| Hex64(key.0)),
            token: host.token.map(|token| Hex32(token.0)),
            idsn: host.idsn.map(|idsn| Hex64(idsn.0)),
        }
    }
}

impl Fallback {
    fn build(context: &Context<'_>, fallback: connection::Fallback) -> Self {
        let Moment { packet, t_ns } = context.moment(fallback.seen);
        Self {
            cause: fallback.cause.into(),
            packet,
            t_ns,
            confidence: if fallback.certain { Confidence::Certain } else { Confidence::Likely },
        }
    }
}

impl Close {
    fn build(context: &Context<'_>, close: state::Close) -> Self {
        Self {
            kind: match close.kind {
                state::CloseKind::DataFin => CloseKind::DataFin,
                state::CloseKind::FastClose => CloseKind::FastClose,
                state::CloseKind::Reset => CloseKind::Reset,
                state::CloseKind::FallbackFin => CloseKind::FallbackFin,
            },
            by: match close.by {
                state::Closer::Host(Role::Client) => Closer::Client,
                state::Closer::Host(Role::Server) => Closer::Server,
                state::Closer::Both => Closer::Both,
            },
            packet: context.packet(close.packet),
        }
    }
}

impl OptionSpace {
    fn build(timestamps: Option<bool>) -> Self {
        let rows = option_space::add_addr_room(timestamps).map(|row| AddAddrRoom {
            family: if row.ipv6 { Family::Ipv6 } else { Family::Ipv4 },
            port: row.port,
            echo: row.echo,
            bytes: row.octets,
            fits: row.fits(),
        });
        Self { timestamps, add_addr: rows.into() }
    }
}

impl DataDirection {
    fn build(context: &Context<'_>, connection: &connection::Connection, sender: Role) -> Self {
        let data = connection.data.of(sender);
        let sum = |count: fn(&ByteCounts) -> u64| {
            let subflows = connection.subflows.iter();
            let ends = subflows.map(|id| context.trace.subflow(*id).ends.of(sender));
            ends.map(|end| count(&end.bytes)).sum::<u64>()
        };
        let moment = |seen: Seen| context.moment(seen);
        let holes = holes::holes(data);
        let delivery = data.delivery();
        let stream_bytes = sum(|bytes| bytes.new_data);
        let is_whole = holes.is_empty() && !is_acked_unseen(data);
        let sha256 = is_whole.then(|| sha256(connection, sender, stream_bytes)).flatten();
        Self {
            stream_bytes,
            data_acked_bytes: data_acked(data),
            data_fin: data.fin().map(|fin| moment(fin.seen)),
            data_fin_acked: data.fin().and_then(|fin| fin.acked).map(moment),
            reinjected_bytes: sum(|bytes| bytes.reinjected),
            wasted_bytes: delivery.wasted,
            remapped_bytes: sum(|bytes| bytes.remapped),
            missing_bytes: holes.iter().map(|hole| hole.len()).sum(),
            holes: holes.iter().take(MAX_HOLES).map(offsets).collect(),
            reinjections: delivery.reinjections.iter().map(Reinjection::from).collect(),
            data_rtt_ns: Distribution::build(&delivery.data_rtt),
            head_of_line_ns: Distribution::build(&delivery.head_of_line),
            stalls: delivery.stalls.iter().map(|stall| Stall::build(context, stall)).collect(),
            sha256,
        }
    }
}

impl From<&delivery::Reinjections> for Reinjection {
    fn from(reinjections: &delivery::Reinjections) -> Self {
        Self {
            from_subflow: reinjections.from,
            to_subflow: reinjections.to,
            bytes: reinjections.bytes,
            wasted_bytes: reinjections.wasted,
            delay_ns: Distribution::build(&reinjections.delay),
        }
    }
}

impl Stall {
    fn build(context: &Context<'_>, stall: &delivery::Stall) -> Self {
        Self { t_ns: context.t_ns(stall.start), duration_ns: stall.duration_ns }
    }
}

/// The hash of the stream, where it was asked for: if all `stream_bytes` of it went in, from the
/// first one on.
fn sha256(connection: &connection::Connection, sender: Role, stream_bytes: u64) -> Option<String> {
    let stream = connection.streams.of(sender).as_ref()?;
    let (hash, octets) = stream.sha256()?;
    let from_start = connection.hosts.of(sender).idsn.is_some() || connection.fallback.is_some();
    let digits = hash.iter().map(|octet| format!("{octet:02x}"));
    (from_start && octets == stream_bytes).then(|| digits.collect())
}

/// How far the peer acknowledged the stream; the DATA_FIN is no octet of it.
fn data_acked(data: &DataSpace) -> Option<u64> {
    let end = data.acked_end()?;
    let end = data.fin().map_or(end, |fin| end.min(fin.position));
    u64::try_from(end).ok()
}

/// Whether the peer acknowledged octets past the last one seen: they are not in the capture.
fn is_acked_unseen(data: &DataSpace) -> bool {
    let seen = data.coverage().span().map_or(0, |span| span.end);
    let acked = data.acked_end().unwrap_or(0);
    acked > data.fin().map_or(seen, |fin| seen.max(fin.position + 1))
}

fn offsets(hole: &Range) -> (u64, u64) {
    let offset = |position: i64| u64::try_from(position).unwrap_or(0);
    (offset(hole.start), offset(hole.end))
}
