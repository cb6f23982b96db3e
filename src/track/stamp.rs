//! Where something was seen: in which packet, and when.

use crate::wire::frame::{PacketNo, Timestamp};
use crate::wire::segment::Segment;

/// A packet number and its time: where something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketStamp {
    /// Packet number.
    pub packet: PacketNo,
    /// When.
    pub at: Timestamp,
}

/// Packets of several queues are often swapped by less than this.
pub(crate) const SWAPPED_NS: i64 = 1_000_000;

impl PacketStamp {
    /// Where `segment` was seen.
    pub fn in_segment(segment: &Segment<'_>) -> Self {
        Self { packet: segment.number, at: segment.timestamp }
    }

    /// Whether it is much older than the one before it in the capture. Then their order does not
    /// say which came first.
    pub fn is_out_of_order(self, before: Self) -> bool {
        before.at.since(self.at) > SWAPPED_NS
    }
}
