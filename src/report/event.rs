//! One struct per MPTCP option and per TCP event, shared by the `events` of the JSON report,
//! `packets --jsonl` and `live --jsonl`.
//!
//! ```json
//! {"t_ns": 0, "packet": 1, "subflow": 0, "direction": "c2s",
//!  "kind": "MP_CAPABLE", "option_len": 4, "version": 1, "flags": "0x01",
//!  "checksum_required": false, "extensibility": false, "deny_join_initial": false, "hmac_sha": true}
//! ```
//!
//! A field that this form of the option does not carry is left out, and so are reserved bits that
//! are 0.

use std::net::IpAddr;

use schemars::{JsonSchema, Schema};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::option::{self, AnyOption};
use crate::track::event as tracked;
use crate::track::fallback::FallbackCause;
use crate::track::role::Direction;
use crate::wire::icmp::IcmpReport;
use crate::wire::mptcp::MptcpOption;
use crate::wire::seq::Dsn;

/// Something that happened on a connection: when, where, and what.
///
/// ```json
/// {"t_ns": 11000000, "packet": 5, "subflow": 1, "direction": "s2c",
///  "kind": "RST", "ack": true}
/// ```
#[derive(Debug, Clone, PartialEq, JsonSchema)]
pub struct Event {
    /// Nanoseconds since the first packet of the capture.
    pub t_ns: i64,
    /// Packet number, 1-based.
    pub packet: u64,
    /// ID of the subflow within its connection.
    pub subflow: u32,
    /// Direction at connection level.
    pub direction: Direction,
    /// What happened.
    #[schemars(flatten)]
    pub kind: EventKind,
}

/// What happened: an MPTCP option, by its RFC name, or something at TCP level.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(tag = "kind", transform = one_of_all_kinds)]
pub enum EventKind {
    /// A SYN, or with `ack` a SYN/ACK.
    #[schemars(rename = "SYN")]
    Syn(Syn),
    /// The first segment with payload of a host on a subflow.
    #[schemars(rename = "FIRST_DATA")]
    FirstData(FirstData),
    /// No more data in this direction, at data level.
    #[schemars(rename = "DATA_FIN")]
    DataFin(DataFin),
    /// Octets that another subflow carried before.
    #[schemars(rename = "REINJECTION")]
    Reinjection(Reinjection),
    /// The data level stood still until this packet, while data was not acknowledged.
    #[schemars(rename = "STALL")]
    Stall(Stall),
    /// The first FIN of a host on a subflow.
    #[schemars(rename = "FIN")]
    Fin,
    /// A RST.
    #[schemars(rename = "RST")]
    Rst(Rst),
    /// From here on the connection is plain TCP.
    #[schemars(rename = "FALLBACK")]
    Fallback(Fallback),
    /// An ICMP error about a segment of this direction.
    #[schemars(rename = "ICMP")]
    Icmp(Icmp),
    /// An MPTCP option.
    #[schemars(untagged)]
    Option(#[schemars(with = "AnyOption")] MptcpOption),
}

/// An ICMP error.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Icmp {
    /// Who reports it.
    pub from: IpAddr,
    /// Its type.
    #[schemars(rename = "type")]
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// What that means, such as `host_unreachable`.
    pub name: &'static str,
    /// What the next link takes at most.
    pub mtu: Option<u32>,
    /// What it means, for a person.
    #[schemars(skip)]
    pub title: &'static str,
}

impl Icmp {
    fn new(from: IpAddr, report: IcmpReport) -> Self {
        let IcmpReport { kind, code, mtu, .. } = report;
        Self { from, kind, code, name: report.name(), mtu, title: report.title() }
    }
}

/// All fields in one object. By hand: `flatten` makes every field of the inner one go through a second
/// serializer, and half of a report are events.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("t_ns", &self.t_ns)?;
        object.serialize_entry("packet", &self.packet)?;
        object.serialize_entry("subflow", &self.subflow)?;
        object.serialize_entry("direction", &self.direction)?;
        self.kind.write_fields(&mut object)?;
        object.end()
    }
}

impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        self.write_fields(&mut object)?;
        object.end()
    }
}

impl EventKind {
    /// Its fields, into an object that has been begun.
    fn write_fields<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Option(option) => option::write_fields(option, object),
            Self::Syn(syn) => {
                object.serialize_entry("kind", "SYN")?;
                object.serialize_entry("ack", &syn.ack)?;
                object.serialize_entry("retransmission", &syn.retransmission)
            }
            Self::Icmp(icmp) => {
                object.serialize_entry("kind", "ICMP")?;
                object.serialize_entry("from", &icmp.from)?;
                object.serialize_entry("type", &icmp.kind)?;
                object.serialize_entry("code", &icmp.code)?;
                object.serialize_entry("name", &icmp.name)?;
                object.serialize_entry("mtu", &icmp.mtu)
            }
            Self::FirstData(first) => {
                object.serialize_entry("kind", "FIRST_DATA")?;
                object.serialize_entry("payload_bytes", &first.payload_bytes)
            }
            Self::DataFin(fin) => {
                object.serialize_entry("kind", "DATA_FIN")?;
                object.serialize_entry("dsn", &fin.dsn)
            }
            Self::Reinjection(reinjection) => {
                object.serialize_entry("kind", "REINJECTION")?;
                object.serialize_entry("from_subflow", &reinjection.from_subflow)?;
                object.serialize_entry("bytes", &reinjection.bytes)?;
                object.serialize_entry("segments", &reinjection.segments)?;
                object.serialize_entry("last_packet", &reinjection.last_packet)
            }
            Self::Stall(stall) => {
                object.serialize_entry("kind", "STALL")?;
                object.serialize_entry("stalled_ns", &stall.stalled_ns)
            }
            Self::Fin => object.serialize_entry("kind", "FIN"),
            Self::Rst(rst) => {
                object.serialize_entry("kind", "RST")?;
                object.serialize_entry("ack", &rst.ack)
            }
            Self::Fallback(fallback) => {
                object.serialize_entry("kind", "FALLBACK")?;
                object.serialize_entry("cause", &fallback.cause)
            }
        }
    }
}

/// All kinds in one list of the schema, those of options first. The derived schema has `oneOf` the kinds
/// of options within `anyOf`.
fn one_of_all_kinds(schema: &mut Schema) {
    let Some(Value::Array(mut kinds)) = schema.remove("anyOf") else { return };
    let options = kinds.pop().and_then(|mut options| options.get_mut("oneOf").map(Value::take));
    if let Some(Value::Array(mut all)) = options {
        all.append(&mut kinds);
        schema.insert("oneOf".to_owned(), all.into());
    }
}

/// A SYN.
///
/// ```json
/// {"kind": "SYN", "ack": true, "retransmission": 0}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Syn {
    /// Whether it is a SYN/ACK.
    pub ack: bool,
    /// 0 for the first one, 1 for its first retransmission, and so on.
    pub retransmission: u32,
}

/// A RST.
///
/// ```json
/// {"kind": "RST", "ack": true}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Rst {
    /// Whether it has the ACK flag. A socket that gives up sets it; the answer to a segment that no
    /// socket wants lacks it, unless that segment was a SYN (RFC 9293 §3.5.2).
    pub ack: bool,
}

/// The first payload.
///
/// ```json
/// {"kind": "FIRST_DATA", "payload_bytes": 1388}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct FirstData {
    /// Octets of payload in this segment.
    pub payload_bytes: u32,
}

/// A run of segments with octets that another subflow carried before.
///
/// ```json
/// {"kind": "REINJECTION", "from_subflow": 1, "bytes": 10700, "segments": 8, "last_packet": 317}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Reinjection {
    /// The subflow that carried them first; null where that is too long ago to be remembered.
    pub from_subflow: Option<u32>,
    /// Octets.
    pub bytes: u64,
    /// Segments.
    pub segments: u64,
    /// The last of them.
    pub last_packet: u64,
}

/// A silence at the data level.
///
/// ```json
/// {"kind": "STALL", "stalled_ns": 1620000000}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Stall {
    /// How long it was.
    pub stalled_ns: i64,
}

/// A DATA_FIN.
///
/// ```json
/// {"kind": "DATA_FIN", "dsn": "0x3cc0b4c3a3f0fa84"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct DataFin {
    /// The data sequence number that it stands on, one past the last octet.
    pub dsn: Dsn,
}

/// The end of MPTCP on a connection.
///
/// ```json
/// {"kind": "FALLBACK", "cause": "syn_ack_without_mp_capable"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
pub struct Fallback {
    /// Why.
    pub cause: FallbackCause,
}

impl From<&tracked::EventKind> for EventKind {
    fn from(kind: &tracked::EventKind) -> Self {
        match *kind {
            tracked::EventKind::Option(option) => Self::Option(option),
            tracked::EventKind::Syn { ack, retransmission } => {
                Self::Syn(Syn { ack, retransmission })
            }
            tracked::EventKind::FirstData { payload_len } => {
                Self::FirstData(FirstData { payload_bytes: payload_len })
            }
            tracked::EventKind::DataFin { dsn } => Self::DataFin(DataFin { dsn }),
            tracked::EventKind::Resent(resent) => Self::Reinjection(Reinjection {
                from_subflow: resent.from,
                bytes: resent.bytes,
                segments: resent.segments,
                last_packet: resent.last.packet.0,
            }),
            tracked::EventKind::Stall { duration_ns } => {
                Self::Stall(Stall { stalled_ns: duration_ns })
            }
            tracked::EventKind::Fin => Self::Fin,
            tracked::EventKind::Icmp { from, report } => Self::Icmp(Icmp::new(from, report)),
            tracked::EventKind::Rst { ack } => Self::Rst(Rst { ack }),
            tracked::EventKind::Fallback(cause) => Self::Fallback(Fallback { cause }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The JSON of the option whose octets after kind and length are `body`, as hex.
    fn json(body: &str) -> String {
        let octets: Vec<u8> = (0..body.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&body[at..at + 2], 16).unwrap())
            .collect();
        serde_json::to_string(&EventKind::Option(MptcpOption::parse(&octets))).unwrap()
    }

    #[test]
    fn mp_capable() {
        assert_eq!(
            json("01a10106d2030405060a1112131415161718"),
            concat!(
                r#"{"kind":"MP_CAPABLE","option_len":20,"version":1,"flags":"0xa1","#,
                r#""checksum_required":true,"extensibility":false,"deny_join_initial":true,"#,
                r#""hmac_sha":true,"sender_key":"0x0106d2030405060a","#,
                r#""receiver_key":"0x1112131415161718"}"#
            )
        );
        assert!(!json("00810106d2030405060a").contains("deny_join_initial"));
    }

    #[test]
    fn mp_join() {
        assert_eq!(
            json("11031409976a34d7d75c"),
            concat!(
                r#"{"kind":"MP_JOIN","option_len":12,"form":"syn","backup":true,"address_id":3,"#,
                r#""token":"0x1409976a","nonce":"0x34d7d75c"}"#
            )
        );
        assert!(json("1409976a34d7d75c11031409976a").contains(r#""reserved":2"#));
    }

    #[test]
    fn dss() {
        assert_eq!(
            json("2005000000070000000800000001000abeef"),
            concat!(
                r#"{"kind":"DSS","option_len":20,"flags":"0x05","data_fin":false,"#,
                r#""data_ack":"0x00000007","data_ack_octets":4,"dsn":"0x00000008","dsn_octets":4,"#,
                r#""ssn":1,"length":10,"checksum":"0xbeef"}"#
            )
        );
        assert!(json("2004000000080000000b0000").contains(r#""length":"infinite""#));
    }

    #[test]
    fn addresses() {
        assert_eq!(
            json("30010a00020227d8ff7b7426032d4c91"),
            concat!(
                r#"{"kind":"ADD_ADDR","option_len":18,"form":"v1","echo":false,"address_id":1,"#,
                r#""address":"10.0.2.2","port":10200,"hmac":"0xff7b7426032d4c91"}"#
            )
        );
        assert_eq!(json("400103"), r#"{"kind":"REMOVE_ADDR","option_len":5,"address_ids":[1,3]}"#);
    }

    #[test]
    fn the_others() {
        assert_eq!(
            json("8101"),
            concat!(
                r#"{"kind":"MP_TCPRST","option_len":4,"reason":1,"#,
                r#""reason_name":"mptcp_specific_error","transient":true}"#
            )
        );
        assert_eq!(
            json("7000d797845e913152e4"),
            r#"{"kind":"MP_FASTCLOSE","option_len":12,"receiver_key":"0xd797845e913152e4"}"#
        );
        assert_eq!(
            json("6001d797845e913152e4"),
            r#"{"kind":"MP_FAIL","option_len":12,"dsn":"0xd797845e913152e4","reserved":1}"#
        );
        assert_eq!(json("51"), r#"{"kind":"MP_PRIO","option_len":3,"backup":true}"#);
        assert_eq!(
            json("b0ff"),
            r#"{"kind":"UNKNOWN","option_len":4,"subtype":11,"raw":"0xb0ff"}"#
        );
        assert_eq!(
            json("8101ff"),
            r#"{"kind":"MALFORMED","option_len":5,"subtype":8,"raw":"0x8101ff"}"#
        );
        assert_eq!(json(""), r#"{"kind":"MALFORMED","option_len":2,"subtype":null,"raw":"0x"}"#);
    }
}
