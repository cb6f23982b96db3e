//! One JSON object per segment that carries MPTCP options.

use schemars::JsonSchema;
use serde::Serialize;

use super::PacketRow;
use crate::report::event::EventKind;
use crate::track::packet_class::PacketClass;
use crate::track::proof::Verdict;
use crate::track::relative::RelativeNumbers;
use crate::track::role::Direction;
use crate::wire::segment::{self, TcpFlags};
use crate::wire::tcp_option::TcpOption;

/// A segment as one line of `packets --jsonl`.
///
/// ```json
/// {"packet": 1, "t_ns": 0, "source": {"address": "192.0.2.1", "port": 45820},
///  "destination": {"address": "198.51.100.1", "port": 5001},
///  "connection": 0, "subflow": 0, "direction": "c2s", "class": "handshake",
///  "input": 0, "file": "phone.pcap", "frame": 1, "interface": 0,
///  "flags": "S", "seq": 3036162285, "ack": null, "window": 64240, "payload_len": 0,
///  "new_data_bytes": 0, "retransmitted_bytes": 0, "remapped_bytes": 0, "reinjected_bytes": 0,
///  "unmapped_bytes": 0, "options_cut": false,
///  "options": [{"kind": "MP_CAPABLE", "option_len": 4, "version": 1, "flags": "0x01",
///    "checksum_required": false, "extensibility": false, "deny_join_initial": false,
///    "hmac_sha": true}]}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Packet {
    /// Packet number, 1-based.
    #[serde(rename = "packet")]
    pub number: u64,
    /// Nanoseconds since the first packet of the capture.
    pub t_ns: i64,
    /// Number of the connection in the report; null for an orphan subflow, and for rows that are printed
    /// before the end of the input.
    pub connection: Option<u64>,
    /// Number of the subflow within the connection.
    pub subflow: Option<u32>,
    /// Direction at the level of the connection: `c2s`, `s2c`.
    pub direction: Option<Direction>,
    /// What the segment is, by the most remarkable thing about it; null where the report does not count
    /// it.
    pub class: Option<&'static str>,
    /// Index of the input, 0-based.
    pub input: u32,
    /// Name of the input.
    pub file: String,
    /// Number of the frame in that input, 1-based.
    pub frame: u64,
    /// Index of the interface in that input, 0-based.
    pub interface: u16,
    /// Sender.
    pub source: PacketEndpoint,
    /// Receiver.
    pub destination: PacketEndpoint,
    /// The TCP flags in tcpdump's letters: `S`, `S.`, `.`, `P.`, `F.`, `R`.
    pub flags: String,
    /// Sequence number, as it stands in the header.
    pub seq: u32,
    /// Acknowledgment number, as it stands in the header; null without the ACK flag.
    pub ack: Option<u32>,
    /// The window field, unscaled.
    pub window: u16,
    /// Octets of payload on the wire.
    pub payload_len: u32,
    /// Bytes of it that the stream has for the first time. The five kinds of bytes are those of the
    /// report, and add up to its counts; they are null where the report does not count the segment, and
    /// for rows that are printed before the end of the input.
    pub new_data_bytes: Option<u64>,
    /// The same subflow sequence numbers again.
    pub retransmitted_bytes: Option<u64>,
    /// DSN seen before on this subflow, under other subflow sequence numbers.
    pub remapped_bytes: Option<u64>,
    /// DSN seen before on another subflow.
    pub reinjected_bytes: Option<u64>,
    /// No mapping where there must be one.
    pub unmapped_bytes: Option<u64>,
    /// With `--relative`: numbers that count from where flow and stream begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative: Option<Relative>,
    /// Whether the snap length cut the TCP options, so that some may be missing here.
    pub options_cut: bool,
    /// Octets among the TCP options that are no option, as hexadecimal digits; left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub malformed_octets: Option<String>,
    /// The MPTCP options in their order.
    pub options: Vec<ProvenOption>,
}

/// Numbers that count from the beginning: the SYN is 0, and so is the IDSN; the first byte after it is 1.
/// Where the beginning was not captured, the first byte that was is 1. What a segment does not have, or
/// what counts from a number that is not known, is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Relative {
    /// Sequence number.
    pub seq: Option<i64>,
    /// Acknowledgment number.
    pub ack: Option<i64>,
    /// First data sequence number of the mapping in the first DSS.
    pub dsn: Option<i64>,
    /// DATA_ACK in the first DSS.
    pub data_ack: Option<i64>,
}

impl From<RelativeNumbers> for Relative {
    fn from(numbers: RelativeNumbers) -> Self {
        let RelativeNumbers { seq, ack, dsn, data_ack } = numbers;
        Self { seq, ack, dsn, data_ack }
    }
}

/// An option, and what the proof in it is worth.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProvenOption {
    /// The option.
    #[serde(flatten)]
    pub option: EventKind,
    /// `verified`, `mismatch` or `unverifiable`; left out where there is no proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<&'static str>,
}

/// An address and a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PacketEndpoint {
    /// IPv4 or IPv6 address.
    pub address: String,
    /// TCP port.
    pub port: u16,
}

impl Packet {
    /// The row.
    pub fn new(row: &PacketRow<'_>) -> Self {
        let (segment, proof) = (row.segment, row.proof);
        let standing = row.standing.unwrap_or_default();
        let mptcp = segment.options.iter().filter_map(|option| match option {
            TcpOption::Mptcp(option) => Some(ProvenOption {
                option: EventKind::Option(option),
                proof: proof(&option).map(Verdict::name),
            }),
            _ => None,
        });
        Self {
            number: segment.number.0,
            t_ns: segment.timestamp.since(row.start),
            connection: standing.ids.and_then(|ids| ids.connection),
            subflow: standing.ids.map(|ids| ids.subflow),
            direction: standing.ids.map(|ids| ids.direction),
            class: standing.class.map(PacketClass::name),
            input: row.place.0,
            file: row.file.to_owned(),
            frame: row.place.1,
            interface: segment.point.interface,
            source: segment.source.into(),
            destination: segment.destination.into(),
            flags: segment.flags.to_string(),
            seq: segment.seq.0,
            // RFC 9293 §3.1: without ACK the field means nothing.
            ack: segment.flags.has(TcpFlags::ACK).then_some(segment.ack.0),
            window: segment.window,
            payload_len: segment.payload_len,
            new_data_bytes: standing.bytes.map(|bytes| bytes.new_data),
            retransmitted_bytes: standing.bytes.map(|bytes| bytes.retransmitted),
            remapped_bytes: standing.bytes.map(|bytes| bytes.remapped),
            reinjected_bytes: standing.bytes.map(|bytes| bytes.reinjected),
            unmapped_bytes: standing.bytes.map(|bytes| bytes.unmapped),
            relative: standing.relative.map(Relative::from),
            options_cut: segment.options.is_cut(),
            malformed_octets: segment
                .options
                .malformed()
                .map(|octets| super::Hex(octets).to_string()),
            options: mptcp.collect(),
        }
    }
}

impl From<segment::Endpoint> for PacketEndpoint {
    fn from(endpoint: segment::Endpoint) -> Self {
        Self { address: endpoint.address.to_string(), port: endpoint.port }
    }
}
