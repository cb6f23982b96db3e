//! One JSON object per segment that carries MPTCP options.

use schemars::JsonSchema;
use serde::Serialize;

use super::Proof;
use crate::report::event::EventKind;
use crate::track::proof::Verdict;
use crate::wire::frame::Timestamp;
use crate::wire::segment::{self, Segment, TcpFlags};
use crate::wire::tcp_option::TcpOption;

/// A segment as one line of `packets --jsonl`.
///
/// ```json
/// {"packet": 1, "t_ns": 0, "source": {"address": "192.0.2.1", "port": 45820},
///  "destination": {"address": "198.51.100.1", "port": 5001},
///  "flags": "S", "seq": 3036162285, "ack": null, "window": 64240, "payload_len": 0,
///  "options_cut": false,
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
    /// Whether the snap length cut the TCP options, so that some may be missing here.
    pub options_cut: bool,
    /// The MPTCP options in their order.
    pub options: Vec<ProvenOption>,
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
    /// What `segment` says, in a capture whose first packet came at `start`.
    pub fn new(segment: &Segment<'_>, start: Timestamp, proof: &Proof<'_>) -> Self {
        let mptcp = segment.options.iter().filter_map(|option| match option {
            TcpOption::Mptcp(option) => Some(ProvenOption {
                option: EventKind::Option(option),
                proof: proof(&option).map(Verdict::name),
            }),
            _ => None,
        });
        Self {
            number: segment.number.0,
            t_ns: segment.timestamp.since(start),
            source: segment.source.into(),
            destination: segment.destination.into(),
            flags: segment.flags.to_string(),
            seq: segment.seq.0,
            // RFC 9293 §3.1: without ACK the field means nothing.
            ack: segment.flags.has(TcpFlags::ACK).then_some(segment.ack.0),
            window: segment.window,
            payload_len: segment.payload_len,
            options_cut: segment.options.is_cut(),
            options: mptcp.collect(),
        }
    }
}

impl From<segment::Endpoint> for PacketEndpoint {
    fn from(endpoint: segment::Endpoint) -> Self {
        Self { address: endpoint.address.to_string(), port: endpoint.port }
    }
}
