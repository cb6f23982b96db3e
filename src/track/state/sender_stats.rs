//! How one host's sending on one subflow went, at the level of TCP.

use super::series::{Extent, Sent, SubflowSeries};
use crate::track::range_set::SeqRange;
use crate::track::stamp::PacketStamp;
use crate::wire::frame::Timestamp;

/// Order, repetition and pace of what a host sent on a subflow.
#[derive(Debug, Clone, Default)]
pub struct SenderStats {
    /// Segments with new bytes that came after later ones.
    pub out_of_order: u64,
    /// Acknowledgments without payload that repeat the one before while data is on its way
    /// (RFC 5681 §2), signals of MPTCP not counted (RFC 8684 §3).
    pub duplicate_acks: u64,
    /// The most bytes that were sent and not acknowledged, at the capture point.
    pub max_in_flight: u64,
    /// The longest time between two of its segments, and when that began.
    pub longest_idle: Option<(PacketStamp, i64)>,
    /// What was sent when, where that is kept.
    pub series: Option<Box<SubflowSeries>>,
    last: Option<PacketStamp>,
}

impl SenderStats {
    /// Its last segment.
    pub const fn last(&self) -> Option<PacketStamp> {
        self.last
    }

    /// Takes the time of a segment.
    pub fn see(&mut self, seen: PacketStamp) {
        if let Some(before) = self.last.replace(seen) {
            let idle = seen.at.since(before.at);
            if self.longest_idle.is_none_or(|(_, longest)| idle > longest) {
                self.longest_idle = Some((before, idle));
            }
        }
    }

    /// Takes payload, of which `new_data` bytes belong to the stream for the first time, after which
    /// `in_flight` bytes are not acknowledged.
    pub fn sent(&mut self, at: Timestamp, payload: u64, new_data: u64, in_flight: u64) {
        self.max_in_flight = self.max_in_flight.max(in_flight);
        if let Some(series) = &mut self.series {
            series.sent.add(at, Sent::bytes(payload, new_data, in_flight));
        }
    }

    /// Takes where payload stands in the stream, for the first time or not.
    pub fn carried(&mut self, at: Timestamp, positions: SeqRange, is_new: bool) {
        if let Some(series) = &mut self.series {
            let extent = Extent { low: positions.start, high: positions.end };
            let nothing = Sent::bytes(0, 0, 0);
            let sent = if is_new {
                Sent { new: extent, ..nothing }
            } else {
                Sent { resent: extent, ..nothing }
            };
            series.sent.add(at, sent);
        }
    }

    /// Takes a round trip that ended at `at`.
    pub fn round_trip(&mut self, at: Timestamp, ns: i64) {
        if let Some(series) = &mut self.series {
            series.rtt.add(at, Extent::of(ns));
        }
    }
}
