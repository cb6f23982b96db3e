//! How one host's sending on one subflow went, at the level of TCP.

use super::series::{Bin, Series};
use super::subflow::Seen;
use crate::wire::frame::Timestamp;

/// Order, repetition and pace of what a host sent on a subflow.
#[derive(Debug, Clone, Default)]
pub struct Dynamics {
    /// Segments with new octets that came after later ones.
    pub out_of_order: u64,
    /// Acknowledgments without payload that repeat the one before while data is on its way
    /// (RFC 5681 §2), signals of MPTCP not counted (RFC 8684 §3).
    pub duplicate_acks: u64,
    /// The most octets that were sent and not acknowledged, at the capture point.
    pub max_in_flight: u64,
    /// The longest time between two of its segments, and when that began.
    pub longest_idle: Option<(Seen, i64)>,
    /// What was sent when.
    pub series: Series,
    last: Option<Seen>,
}

impl Dynamics {
    /// Its last segment.
    pub const fn last(&self) -> Option<Seen> {
        self.last
    }

    /// Takes the time of a segment.
    pub fn see(&mut self, seen: Seen) {
        if let Some(before) = self.last.replace(seen) {
            let idle = seen.at.since(before.at);
            if self.longest_idle.is_none_or(|(_, longest)| idle > longest) {
                self.longest_idle = Some((before, idle));
            }
        }
    }

    /// Takes payload, of which `new_data` octets belong to the stream for the first time, after which
    /// `in_flight` octets are not acknowledged.
    /// `at` is its time where a series is wanted.
    pub fn sent(&mut self, at: Option<Timestamp>, payload: u64, new_data: u64, in_flight: u64) {
        self.max_in_flight = self.max_in_flight.max(in_flight);
        if let Some(at) = at {
            self.series.add(at, Bin { payload, new_data, max_in_flight: in_flight });
        }
    }
}
