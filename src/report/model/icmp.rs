//! ICMP errors in the report.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::build::Context;
use crate::track::connection::Connection;
use crate::track::icmp_errors::IcmpSeen;
use crate::track::role::{Direction, Role};

/// An ICMP error about a segment of a connection.
///
/// ```json
/// {"t_ns": 11000000, "packet": 9, "from": "10.0.2.1", "type": 3, "code": 1,
///  "name": "host_unreachable", "mtu": null, "subflow": 1, "direction": "c2s", "seq": 3036162285}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Icmp {
    /// Nanoseconds since the first packet of the capture.
    pub t_ns: i64,
    /// Packet number.
    pub packet: u64,
    /// Who reports it.
    pub from: IpAddr,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// What that means.
    pub name: &'static str,
    /// What the next link takes at most.
    pub mtu: Option<u32>,
    /// Subflow of the segment.
    pub subflow: u32,
    /// Direction of the segment.
    pub direction: Direction,
    /// Its sequence number.
    pub seq: u32,
}

impl Icmp {
    /// All of a connection, in the order of packets.
    pub(super) fn of_connection(context: &Context<'_>, connection: &Connection) -> Vec<Self> {
        let mut all = Vec::new();
        for subflow in context.trace.subflows(connection) {
            for role in Role::BOTH {
                let errors = subflow.sides.of(role).icmp.iter();
                all.extend(
                    errors.map(|error| Self::build(context, error, subflow.number, role.sends())),
                );
            }
        }
        all.sort_by_key(|icmp| icmp.packet);
        all
    }

    fn build(context: &Context<'_>, error: &IcmpSeen, subflow: u32, direction: Direction) -> Self {
        Self {
            t_ns: context.t_ns(error.seen.at),
            packet: context.packet(error.seen.packet),
            from: error.from,
            kind: error.report.kind,
            code: error.report.code,
            name: error.report.name(),
            mtu: error.report.mtu,
            subflow,
            direction,
            seq: error.seq.0,
        }
    }
}
