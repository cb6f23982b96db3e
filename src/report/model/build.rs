//! What all parts of a report are built with.

use std::cell::RefCell;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::analyze::InputStats;
use crate::track::Trace;
use crate::track::stamp::PacketStamp;
use crate::wire::frame::{PacketNo, Timestamp};

/// Where a packet of several inputs stands: `[input, frame number]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PacketRef(
    /// Input, 0-based.
    pub u32,
    /// Frame number in that input, 1-based.
    pub u64,
);

/// A packet and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moment {
    /// Packet number.
    pub packet: u64,
    /// Nanoseconds since the first packet of the capture.
    pub t_ns: i64,
}

/// Tells where a packet stands; `None` where that is not known.
pub type Lookup<'a> = dyn Fn(PacketNo) -> Option<PacketRef> + 'a;

/// The trace, its time origin, and the packets named so far.
pub(super) struct Context<'a> {
    pub(super) trace: &'a Trace<'a>,
    origin: Timestamp,
    lookup: Option<&'a Lookup<'a>>,
    packet_refs: RefCell<BTreeMap<u64, PacketRef>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        trace: &'a Trace<'a>,
        inputs: &[InputStats],
        lookup: Option<&'a Lookup<'a>>,
    ) -> Self {
        let first = inputs.iter().filter_map(|input| input.first).min();
        let first_connection = || trace.connections().first().map(|first| first.first.at);
        Self {
            trace,
            origin: first
                .or_else(first_connection)
                .or(trace.totals().first_segment)
                .unwrap_or_default(),
            lookup,
            packet_refs: RefCell::default(),
        }
    }

    /// Nanoseconds since the first packet.
    pub(super) fn t_ns(&self, at: Timestamp) -> i64 {
        at.since(self.origin)
    }

    /// A packet number that the report names.
    pub(super) fn packet(&self, number: PacketNo) -> u64 {
        if let Some(found) = self.lookup.and_then(|lookup| lookup(number)) {
            self.packet_refs.borrow_mut().insert(number.0, found);
        }
        number.0
    }

    pub(super) fn moment(&self, seen: PacketStamp) -> Moment {
        Moment { packet: self.packet(seen.packet), t_ns: self.t_ns(seen.at) }
    }

    pub(super) fn into_packet_refs(self) -> BTreeMap<u64, PacketRef> {
        self.packet_refs.into_inner()
    }
}
