//! A connection in the report.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::build::{Context, Moment};
use super::data::DataDirection;
use super::icmp::Icmp;
use super::road::Roads;
use super::series::Series;
use super::{AnnouncedAddress, Subflow};
use crate::analyze::ConnectionContext;
use crate::analyze::finding::Confidence;
use crate::analyze::state::{self, CloseKind, Closer, ConnectionState};
use crate::analyze::{option_space, verdict};
use crate::report::event::Event;
use crate::track::Trace;
use crate::track::connection;
use crate::track::event;
use crate::track::fallback::{self, FallbackCause};
use crate::track::role::{PerRole, Role};
use crate::wire::mptcp::{Key, Token, Version};
use crate::wire::segment::Endpoint;
use crate::wire::seq::Dsn;

/// A connection over all its subflows.
///
/// ```json
/// {"id": 0, "version": 1, "verdict": "MPTCP worked on 2 paths: …", "details": [],
///  "state": "closed", "midstream": false, "roles_certain": true, "checksum": false,
///  "deny_join_initial": {"client": false, "server": false},
///  "start_t_ns": 0, "duration_ns": 1137189000, "client": {}, "server": {}, "fallback": null,
///  "close": {"kind": "data_fin", "by": "both", "packet": 700}, "option_space": {}, "subflows": [],
///  "addresses": [], "c2s": {}, "s2c": {}, "icmp": [], "events": [], "events_dropped": 0}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Connection {
    /// Its number, in the order of the first packets.
    pub id: u64,
    /// Version of MPTCP; asked for, as long as there is no answer.
    pub version: Option<Version>,
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
    pub deny_join_initial: PerRole<Option<bool>>,
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
    pub addresses: Vec<AnnouncedAddress>,
    /// The stream from the client.
    pub c2s: DataDirection,
    /// The stream from the server.
    pub s2c: DataDirection,
    /// ICMP errors about its segments.
    pub icmp: Vec<Icmp>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Events that did not fit.
    pub events_dropped: u64,
}

/// One host of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Host {
    /// Its address on the first subflow seen.
    pub address: IpAddr,
    /// Its port there.
    pub port: u16,
    /// Its key.
    pub key: Option<Key>,
    /// Token of the key.
    pub token: Option<Token>,
    /// Initial data sequence number, from the key.
    pub idsn: Option<Dsn>,
}

/// Where a connection went on as plain TCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fallback {
    /// Why.
    pub cause: FallbackCause,
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
    /// Bytes of it and the timestamps, padded to words of four.
    pub bytes: Option<u8>,
    /// Whether that is at most 40.
    pub fits: Option<bool>,
}

/// Family of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Family {
    Ipv4,
    Ipv6,
}

impl Connection {
    /// `headline` is the verdict, if the findings have more to say than the connection itself.
    pub(super) fn build(
        context: &Context<'_>,
        id: u64,
        case: &ConnectionContext<'_>,
        headline: Option<String>,
    ) -> Self {
        let connection = case.connection;
        let first = case.subflows.first();
        let host = |role| Host::build(connection, first.copied(), role);
        let events = connection.events.iter();
        let delivered = Role::BOTH.map(|sender| connection.delivered(&case.subflows, sender));
        let [client, server] = delivered.map(Vec::into_iter);
        let delivered = client.zip(server).map(|(client, server)| PerRole { client, server });
        let subflows = case.subflows.iter().zip(delivered);
        let subflows = subflows.map(|(subflow, delivered)| {
            Subflow::build(context, case.join_verdicts(subflow), delivered, subflow)
        });
        Self {
            id,
            version: connection.version,
            verdict: headline.unwrap_or_else(|| verdict::in_a_sentence(case)),
            details: verdict::details(case),
            state: case.state,
            midstream: first.is_none_or(|first| first.is_midstream() || !first.initial),
            roles_certain: connection.roles_certain,
            checksum: connection.checksum,
            deny_join_initial: PerRole {
                client: connection.hosts.client.deny_join_initial,
                server: connection.hosts.server.deny_join_initial,
            },
            start_t_ns: context.t_ns(connection.first.at),
            duration_ns: connection.last.at.since(connection.first.at),
            client: host(Role::Client),
            server: host(Role::Server),
            fallback: connection.fallback.map(|fallback| Fallback::build(context, fallback)),
            close: case.close.map(|close| Close::build(context, close)),
            option_space: OptionSpace::build(first.and_then(|first| first.timestamps())),
            addresses: case
                .addresses()
                .map(|(address, verdict)| AnnouncedAddress::build(context, case, address, verdict))
                .collect(),
            c2s: DataDirection::build(context, case, Role::Client),
            s2c: DataDirection::build(context, case, Role::Server),
            icmp: Icmp::of_connection(context, connection),
            events: events.map(|event| Event::build(context, event)).collect(),
            events_dropped: connection.events.dropped(),
            subflows: subflows.collect(),
        }
    }
}

impl Connection {
    /// Fills in what was sent when, from the `connection` that this one was built from.
    /// Fills in which ways the segments of its subflows came.
    pub(super) fn fill_roads(
        &mut self,
        trace: &Trace<'_>,
        connection: &connection::Connection,
        roads: &Roads<'_>,
    ) {
        for (reported, subflow) in self.subflows.iter_mut().zip(trace.subflows(connection)) {
            reported.fill_roads(roads.of_subflow(subflow));
        }
    }

    pub(super) fn fill_series(
        &mut self,
        context: &Context<'_>,
        connection: &connection::Connection,
    ) {
        let of = |role| {
            let series = connection.data.of(role).level_stats().series.as_deref();
            series.and_then(|series| Series::of_data(context, series))
        };
        self.c2s.series = of(Role::Client);
        self.s2c.series = of(Role::Server);
        for (reported, subflow) in self.subflows.iter_mut().zip(context.trace.subflows(connection))
        {
            reported.fill_series(context, subflow);
        }
    }
}

impl Event {
    fn build(context: &Context<'_>, event: &event::Event) -> Self {
        Self {
            t_ns: context.t_ns(event.seen.at),
            packet: context.packet(event.seen.packet),
            subflow: context.trace.subflow(event.subflow).number,
            direction: event.direction,
            kind: (&event.kind).into(),
        }
    }
}

impl Host {
    /// Address and port.
    pub const fn endpoint(&self) -> Endpoint {
        Endpoint { address: self.address, port: self.port }
    }

    fn build(
        connection: &connection::Connection,
        first: Option<&crate::track::subflow::Subflow>,
        role: Role,
    ) -> Self {
        let host = connection.hosts.of(role);
        let endpoint = first.map(|subflow| subflow.sides.of(role).endpoint);
        Self {
            // A connection is made with its first subflow.
            address: endpoint.map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |e| e.address),
            port: endpoint.map_or(0, |endpoint| endpoint.port),
            key: host.key,
            token: host.token,
            idsn: host.idsn,
        }
    }
}

impl Fallback {
    fn build(context: &Context<'_>, fallback: fallback::Fallback) -> Self {
        let Moment { packet, t_ns } = context.moment(fallback.seen);
        Self {
            cause: fallback.cause,
            packet,
            t_ns,
            confidence: if fallback.certain { Confidence::Certain } else { Confidence::Likely },
        }
    }
}

impl Close {
    fn build(context: &Context<'_>, close: state::Close) -> Self {
        Self { kind: close.kind, by: close.by, packet: context.packet(close.packet) }
    }
}

impl OptionSpace {
    fn build(timestamps: Option<bool>) -> Self {
        let rows = option_space::add_addr_room(timestamps).map(|row| AddAddrRoom {
            family: if row.form.ipv6 { Family::Ipv6 } else { Family::Ipv4 },
            port: row.form.port,
            echo: !row.form.hmac,
            bytes: row.octets(),
            fits: row.fits(),
        });
        Self { timestamps, add_addr: rows.into() }
    }
}
