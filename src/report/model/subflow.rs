//! A subflow in the report.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::build::Context;
use super::road::{Process, SubflowRoads};
use super::series::Series;
use crate::track::connection;
use crate::track::delivery::Delivered;
use crate::track::distribution;
use crate::track::handshake::Handshake as TcpHandshake;
use crate::track::proof::{self, JoinVerdicts, Verdict};
use crate::track::role::{PerRole, Role};
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{self, SubflowState};
use crate::wire::mptcp::{AddressId, ResetReason, Token};
use crate::wire::segment::Endpoint;

/// One TCP flow of a connection.
///
/// ```json
/// {"id": 1, "initial": false, "opened_by": "client", "tcp_stream": 1,
///  "client": {"address": "10.0.2.2", "port": 58107, "address_id": 1, "interface": null},
///  "server": {"address": "10.1.1.2", "port": 5001, "address_id": 0, "interface": null},
///  "backup": {"client": false, "server": false}, "interface": null,
///  "tunnels": [], "process": null, "service_class": null, "state": "closed",
///  "handshake": {"syn": 8, "syn_ack": 9, "ack": 10, "rtt_ns": 30000000, "syn_retransmissions": 0},
///  "hmac": {"syn_ack": "verified", "ack": "verified"}, "reset": null, "c2s": {}, "s2c": {}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Subflow {
    /// Its number within the connection; 0 is the first one seen.
    pub id: u32,
    /// Whether it was opened with MP_CAPABLE (or, midstream, seems to have been).
    pub initial: bool,
    /// Who sent its SYN.
    pub opened_by: Role,
    /// Wireshark's `tcp.stream`.
    pub tcp_stream: Option<u32>,
    /// The client's end.
    pub client: SubflowEndpoint,
    /// The server's end.
    pub server: SubflowEndpoint,
    /// Whether each host wants it as backup.
    pub backup: PerRole<Option<bool>>,
    /// The interface at which it was captured; null where there are several, or it is not known.
    pub interface: Option<String>,
    /// Tunnels that its segments came through.
    pub tunnels: Vec<u64>,
    /// The process of the host that captured, where the capture says so.
    pub process: Option<Process>,
    /// Apple's class of service.
    pub service_class: Option<u32>,
    /// How far it came.
    pub state: SubflowState,
    /// The segments that opened it.
    pub handshake: Handshake,
    /// Whether the HMACs of MP_JOIN prove the keys; null on the initial subflow.
    pub hmac: Option<JoinHmacs>,
    /// The RST that ended it.
    pub reset: Option<Reset>,
    /// From the client.
    pub c2s: SubflowDirection,
    /// From the server.
    pub s2c: SubflowDirection,
}

/// One end of a subflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubflowEndpoint {
    /// Address, as the capture shows it.
    pub address: IpAddr,
    /// TCP port.
    pub port: u16,
    /// ID of the address.
    pub address_id: Option<AddressId>,
    /// The interface of this host, where the capture says so.
    pub interface: Option<String>,
}

/// Packet numbers of the segments that opened a subflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Handshake {
    /// First SYN.
    pub syn: Option<u64>,
    /// First SYN/ACK.
    pub syn_ack: Option<u64>,
    /// Third ACK.
    pub ack: Option<u64>,
    /// From the SYN to the third ACK; null if one of them was sent more than once.
    pub rtt_ns: Option<i64>,
    /// SYNs after the first; null where no SYN was seen.
    pub syn_retransmissions: Option<u32>,
}

/// Verdicts on the HMACs of a MP_JOIN handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct JoinHmacs {
    /// That of the SYN/ACK.
    pub syn_ack: Verdict,
    /// That of the third ACK.
    pub ack: Verdict,
}

/// The RST that ended a subflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reset {
    /// Packet number.
    pub packet: u64,
    /// Who sent it.
    pub from: Role,
    /// Reason code of its MP_TCPRST option.
    pub reason: Option<ResetReason>,
    /// Name of that code.
    pub reason_name: Option<&'static str>,
    /// Whether the path may be tried again, as that option says.
    pub transient: Option<bool>,
}

/// What one host sent on a subflow. The five kinds of bytes add up to `payload_bytes`.
///
/// ```json
/// {"segments": 245, "payload_bytes": 161004, "new_data_bytes": 161004,
///  "delivered_bytes": 161004, "delivered_unclear_bytes": 0, "reinjected_bytes": 0,
///  "remapped_bytes": 0, "retransmitted_bytes": 0, "unmapped_bytes": 0, "checksums": null,
///  "rtt_ns": null, "out_of_order_segments": 0, "duplicate_acks": 0,
///  "max_in_flight_bytes": 14200, "longest_idle_ns": 12000000, "sending_ns": 890000000,
///  "series": null}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubflowDirection {
    /// Segments.
    pub segments: u64,
    /// All payload, by the IP header's length.
    pub payload_bytes: u64,
    /// Bytes of the stream seen for the first time.
    pub new_data_bytes: u64,
    /// Octets of the stream that arrived on this subflow first: acknowledged here, and on no other
    /// subflow earlier. With `delivered_unclear_bytes` of all subflows and what was not delivered, they
    /// make up the stream. Null where the capture does not show it: it has no acknowledgment, or too
    /// little of what was sent twice.
    pub delivered_bytes: Option<u64>,
    /// Octets that were carried here first and that arrived on this subflow or on another one: copies on
    /// both were acknowledged within a round trip, or only a DATA_ACK covers them.
    pub delivered_unclear_bytes: Option<u64>,
    /// DSN seen before on another subflow.
    pub reinjected_bytes: u64,
    /// DSN seen before on this subflow, under other subflow sequence numbers.
    pub remapped_bytes: u64,
    /// The same subflow sequence numbers again.
    pub retransmitted_bytes: u64,
    /// No mapping where there must be one.
    pub unmapped_bytes: u64,
    /// Mappings by what became of their DSS checksum; null where none was looked at.
    pub checksums: Option<Checksums>,
    /// A segment to its acknowledgment, at the capture point.
    pub rtt_ns: Option<Distribution>,
    /// Segments with new bytes that came after later ones.
    pub out_of_order_segments: u64,
    /// Acknowledgments that repeat the one before while data is on its way.
    pub duplicate_acks: u64,
    /// The most bytes that were sent and not acknowledged, at the capture point.
    pub max_in_flight_bytes: u64,
    /// The longest time between two segments.
    pub longest_idle_ns: Option<i64>,
    /// From its first segment with payload to its last segment of any kind.
    pub sending_ns: Option<i64>,
    /// What was sent when; only if asked for.
    pub series: Option<Series>,
}

/// Mappings by what became of their DSS checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Checksums {
    /// It is right.
    pub verified: u64,
    /// It is wrong.
    pub mismatch: u64,
    /// Not all of the mapping was captured.
    pub unverifiable: u64,
}

impl Checksums {
    fn build(side: &subflow::SubflowSide) -> Option<Self> {
        let (checksums, again) = (&side.checksums, &side.checksums_again);
        let counts = Self {
            verified: checksums.verified() + again.verified(),
            mismatch: checksums.mismatches() + again.mismatches(),
            unverifiable: checksums.unverifiable(),
        };
        (counts.verified + counts.mismatch + counts.unverifiable > 0).then_some(counts)
    }
}

/// How times are spread, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Distribution {
    /// The shortest.
    pub min: u64,
    /// Half are not longer.
    pub p50: u64,
    /// 95 of 100 are not longer.
    pub p95: u64,
    /// The longest.
    pub max: u64,
    /// How many there are.
    pub samples: u64,
}

impl Distribution {
    /// `None` without a single sample.
    pub(super) fn build(samples: &distribution::Distribution) -> Option<Self> {
        let min = samples.min()?;
        let [p50, p95] = samples.percentiles([50, 95])?;
        Some(Self { min, p50, p95, max: samples.max()?, samples: samples.count() })
    }
}

impl Subflow {
    /// `verdicts` is what its HMACs are worth, where it was joined.
    pub(super) fn build(
        context: &Context<'_>,
        verdicts: Option<JoinVerdicts>,
        delivered: PerRole<Option<Delivered>>,
        subflow: &subflow::Subflow,
    ) -> Self {
        let direction = |sender: Role| {
            let (side, delivered) = (subflow.sides.of(sender), *delivered.of(sender));
            SubflowDirection::build(side, delivered, !subflow.out_of_order)
        };
        let sides = &subflow.sides;
        Self {
            id: subflow.number,
            initial: subflow.initial,
            opened_by: subflow.opener,
            tcp_stream: subflow.tcp_stream,
            client: (&sides.client).into(),
            server: (&sides.server).into(),
            backup: PerRole { client: sides.client.backup, server: sides.server.backup },
            interface: None,
            tunnels: Vec::new(),
            process: None,
            service_class: None,
            state: subflow.state(),
            handshake: Handshake::build(context, &subflow.handshake),
            hmac: verdicts.map(|JoinVerdicts { syn_ack, ack }| JoinHmacs { syn_ack, ack }),
            reset: subflow.reset.map(|reset| Reset::build(context, &reset)),
            c2s: direction(Role::Client),
            s2c: direction(Role::Server),
        }
    }

    /// Fills in which ways its segments came.
    pub(super) fn fill_roads(&mut self, roads: SubflowRoads) {
        self.interface = roads.interface;
        self.client.interface = roads.client_interface;
        self.server.interface = roads.server_interface;
        self.tunnels = roads.tunnels;
        self.process = roads.process;
        self.service_class = roads.service_class;
    }

    /// Fills in what was sent when, from the `subflow` that this one was built from.
    pub(super) fn fill_series(&mut self, context: &Context<'_>, subflow: &subflow::Subflow) {
        let of = |side: &subflow::SubflowSide| {
            let series = side.sender_stats.series.as_deref();
            series.and_then(|series| Series::of_subflow(context, series))
        };
        self.c2s.series = of(&subflow.sides.client);
        self.s2c.series = of(&subflow.sides.server);
    }

    /// Payload of both directions.
    pub fn payload_bytes(&self) -> u64 {
        self.c2s.payload_bytes + self.s2c.payload_bytes
    }
}

impl SubflowEndpoint {
    /// Address and port.
    pub const fn endpoint(&self) -> Endpoint {
        Endpoint { address: self.address, port: self.port }
    }
}

impl From<&subflow::SubflowSide> for SubflowEndpoint {
    fn from(side: &subflow::SubflowSide) -> Self {
        Self {
            address: side.endpoint.address,
            port: side.endpoint.port,
            address_id: side.address_id,
            interface: None,
        }
    }
}

impl SubflowDirection {
    fn build(side: &subflow::SubflowSide, delivered: Option<Delivered>, in_order: bool) -> Self {
        let bytes = side.bytes;
        let longest_idle = side.sender_stats.longest_idle.filter(|_| in_order);
        let (first, last) = (side.first_data, side.sender_stats.last());
        let sending = first.zip(last).filter(|_| in_order);
        Self {
            segments: side.segments,
            payload_bytes: bytes.payload,
            new_data_bytes: bytes.new_data,
            delivered_bytes: delivered.map(|delivered| delivered.bytes),
            delivered_unclear_bytes: delivered.map(|delivered| delivered.unclear),
            reinjected_bytes: bytes.reinjected,
            remapped_bytes: bytes.remapped,
            retransmitted_bytes: bytes.retransmitted,
            unmapped_bytes: bytes.unmapped,
            checksums: Checksums::build(side),
            rtt_ns: Distribution::build(side.round_trips.samples()).filter(|_| in_order),
            out_of_order_segments: side.sender_stats.out_of_order,
            duplicate_acks: side.sender_stats.duplicate_acks,
            max_in_flight_bytes: side.sender_stats.max_in_flight,
            longest_idle_ns: longest_idle.map(|(_, idle)| idle),
            sending_ns: sending.map(|(first, last)| last.at.since(first.at)),
            series: None,
        }
    }
}

impl Handshake {
    fn build(context: &Context<'_>, handshake: &TcpHandshake) -> Self {
        let packet = |seen: Option<PacketStamp>| seen.map(|seen| context.packet(seen.packet));
        Self {
            syn: packet(handshake.syn),
            syn_ack: packet(handshake.syn_ack),
            ack: packet(handshake.ack),
            rtt_ns: handshake.rtt_ns(),
            syn_retransmissions: handshake.syn.map(|_| handshake.syn_retransmissions),
        }
    }
}

impl Reset {
    fn build(context: &Context<'_>, reset: &subflow::Reset) -> Self {
        Self {
            packet: context.packet(reset.seen.packet),
            from: reset.from,
            reason: reset.reason.map(|option| option.reason),
            reason_name: reset.reason.map(|option| option.reason.name()),
            transient: reset.reason.map(|option| option.transient),
        }
    }
}

/// A join that was never answered with MP_JOIN, and whose connection is not in the capture. Its
/// opener passes for the client.
///
/// ```json
/// {"token": "0x4e0fd775", "id": 0, "initial": false, "opened_by": "client"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OrphanSubflow {
    /// The token that names the connection.
    pub token: Option<Token>,
    /// Everything else.
    #[serde(flatten)]
    pub subflow: Subflow,
}

impl OrphanSubflow {
    pub(super) fn build(
        context: &Context<'_>,
        connection: &connection::Connection,
        subflow: &subflow::Subflow,
    ) -> Self {
        let join = subflow.join.as_ref();
        let one = |sender: Role| connection.delivered(&[subflow], sender).pop().flatten();
        let delivered = PerRole { client: one(Role::Client), server: one(Role::Server) };
        Self {
            token: join.and_then(|join| join.token),
            subflow: Subflow::build(context, proof::unverified(subflow), delivered, subflow),
        }
    }
}
