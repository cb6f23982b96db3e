//! ICMP errors about segments of one host on a subflow.

use std::net::IpAddr;

use crate::track::stamp::PacketStamp;
use crate::wire::icmp::IcmpReport;
use crate::wire::seq::SeqNum;

/// So many are kept; the others are counted.
const MOST: usize = 32;

/// An error about a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpSeen {
    /// Packet and time.
    pub seen: PacketStamp,
    /// Who reported it.
    pub from: IpAddr,
    /// What it says.
    pub report: IcmpReport,
    /// Sequence number of the segment.
    pub seq: SeqNum,
}

/// The first of them.
#[derive(Debug, Clone, Default)]
pub struct IcmpErrors(Vec<IcmpSeen>);

impl IcmpErrors {
    /// Takes one more; false if it is not kept.
    pub(crate) fn push(&mut self, error: IcmpSeen) -> bool {
        let has_room = self.0.len() < MOST;
        if has_room {
            self.0.push(error);
        }
        has_room
    }

    /// Those that were kept, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &IcmpSeen> {
        self.0.iter()
    }
}
