//! State that belongs to no single connection. It is all named here, and reached only through here.
//!
//! A segment changes its own connection alone, and returns what it leaves to do with this state
//! ([`FollowUp`](super::step::FollowUp)). So connections can be spread over threads, each with a
//! [`Store`](super::store::Store) of its own.

use std::collections::BTreeSet;

use super::flow_table::FlowTable;
use super::ids::SubflowId;
use super::limits::Limits;
use super::options::{self, SegmentOptions};
use super::outcome::SegmentOutcome;
use super::packet_class::LastPacket;
use super::role::{PerRole, Role};
use super::stamp::PacketStamp;
use super::state::connection::Connection;
use super::state::series::SubflowSeries;
use super::state::stream::{Stream, StreamUse};
use super::state::subflow::Subflow;
use super::token_index::TokenIndex;
use super::totals::Totals;
use super::updates::Update;
use crate::wire::frame::{PacketNo, Timestamp};
use crate::wire::segment::Segment;

/// In how many spans of time it is kept what was sent when, unless more are wanted.
pub(crate) const SERIES_SPANS: u32 = 64;

/// This many connections may have more spans.
const FINE_SERIES: usize = 100;

/// What belongs to no single connection.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) wanted: Wanted,
    /// Flows by 4-tuple.
    pub(crate) flows: FlowTable,
    /// Connections by token and by data sequence number.
    pub(crate) tokens: TokenIndex,
    /// Counts over the whole capture.
    pub(crate) totals: Totals,
    /// Time of the latest segment.
    latest: Option<Timestamp>,
    /// Bytes that wait in all streams.
    buffered: usize,
    /// How many connections were begun.
    next_number: u64,
    /// When connections were last looked at to forget some, and what came since.
    pub(crate) last_sweep: LastSweep,
    /// What is new, if somebody takes it after every push.
    pub(crate) updates: Option<Vec<Update>>,
    /// What the last segment was, if somebody asks after every push.
    pub(crate) last_packet: Option<Box<LastPacketLog>>,
}

/// What is kept of each connection beside its state.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// The streams.
    pub(crate) streams: Option<WantedStreams>,
    /// What was sent when, in so many spans of time at most.
    pub(crate) series: Option<u32>,
}

/// Which streams are put together.
#[derive(Debug)]
pub(crate) struct WantedStreams {
    pub(crate) wanted: StreamUse,
    /// Those of connections, and parts of them, that begin with one of these packets.
    pub(crate) only: Option<BTreeSet<PacketNo>>,
}

/// When the last sweep was, and what came since.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LastSweep {
    pub(crate) at: Option<Timestamp>,
    pub(crate) opened_since: usize,
}

/// What is kept for somebody who asks after every push.
#[derive(Debug, Default)]
pub(crate) struct LastPacketLog {
    pub(crate) packet: Option<LastPacket>,
    /// Subflows whose client and server turned out to be the other way round.
    pub(crate) swapped: Vec<SubflowId>,
    /// What it was in full, if somebody asks for that.
    pub(crate) outcome: Option<SegmentOutcome>,
    pub(crate) is_outcome_wanted: bool,
}

impl Shared {
    /// Nothing was seen yet. `seed` makes the hash tables unpredictable to whoever made the packets.
    pub(crate) fn new(limits: Limits, seed: u64) -> Self {
        Self {
            limits,
            wanted: Wanted::default(),
            flows: FlowTable::new(seed, limits.plain_flows, limits.eviction.is_some()),
            tokens: TokenIndex::new(seed),
            totals: Totals::default(),
            latest: None,
            buffered: 0,
            next_number: 0,
            last_sweep: LastSweep::default(),
            updates: None,
            last_packet: None,
        }
    }

    /// Counts what a segment shows of the capture and of middleboxes, whatever its flow is.
    #[inline]
    pub(crate) fn see(
        &mut self,
        seen: PacketStamp,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        if segment.options.is_cut() {
            self.totals.options_cut.add(seen);
        }
        if options.is_malformed {
            self.totals.malformed_areas.add(seen);
        }
        if options.nop_run >= options::LONG_NOP_RUN {
            self.totals.nop_runs.add(seen);
        }
        if let Some(latest) = self.latest.filter(|latest| seen.at < *latest) {
            let back = latest.since(seen.at);
            self.totals.backwards_most_ns = self.totals.backwards_most_ns.max(back);
            self.totals.backwards.add(seen);
        }
        self.latest = self.latest.max(Some(seen.at));
        if options.has_mptcp() {
            self.totals.count_options(options);
        }
    }

    /// A new connection with a number of its own, while `count` others are remembered; `None` past the
    /// limit.
    pub(crate) fn new_connection(
        &mut self,
        first: PacketStamp,
        count: usize,
    ) -> Option<Connection> {
        if count >= self.limits.connections {
            self.totals.untracked_flows += 1;
            return None;
        }
        let mut connection = Connection::new(first);
        connection.number = self.next_number;
        connection.forgotten_before = self.totals.forgotten.connections();
        self.next_number += 1;
        self.last_sweep.opened_since += 1;
        if let Some(streams) = self.wanted.streams.as_ref().filter(|streams| streams.include(first))
        {
            let stream = || Some(Box::new(Stream::new(streams.wanted)));
            connection.streams = PerRole { client: stream(), server: stream() };
        }
        if let Some(spans) = self.series_spans(count) {
            for role in Role::BOTH {
                connection.data.of_mut(role).keep_series(spans);
            }
        }
        Some(connection)
    }

    /// Makes a new subflow keep what is wanted, while `count` connections are remembered.
    pub(crate) fn prepare(&self, subflow: &mut Subflow, count: usize) {
        let spans = self.series_spans(count);
        for role in Role::BOTH {
            let series = spans.map(|spans| Box::new(SubflowSeries::new(spans)));
            subflow.sides.of_mut(role).sender_stats.series = series;
        }
    }

    /// In how many spans of time it is kept what a new connection or subflow sends when.
    fn series_spans(&self, count: usize) -> Option<u32> {
        let is_crowded = count > FINE_SERIES;
        self.wanted.series.map(|spans| if is_crowded { spans.min(SERIES_SPANS) } else { spans })
    }

    /// How many bytes the streams of a connection may hold that hold `buffered` now.
    pub(crate) const fn stream_room(&self, buffered: usize) -> usize {
        let others = self.buffered.saturating_sub(buffered);
        self.limits.stream_bytes.saturating_sub(others)
    }

    /// The streams of a connection hold `now` bytes, and held `before`.
    pub(crate) const fn count_buffered(&mut self, before: usize, now: usize) {
        self.buffered = (self.buffered + now).saturating_sub(before);
    }

    /// Adds the update that a connection is gone, if somebody keeps updates.
    pub(crate) fn tell_forgotten(&mut self, number: u64) {
        if let Some(updates) = &mut self.updates {
            updates.push(Update::Forgotten { number });
        }
    }

    /// Notes that client and server of a subflow were exchanged, if somebody asks for that.
    pub(crate) fn tell_swapped(&mut self, subflow: SubflowId) {
        if let Some(last) = &mut self.last_packet {
            last.swapped.push(subflow);
        }
    }
}

impl WantedStreams {
    fn include(&self, first: PacketStamp) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&first.packet))
    }
}
