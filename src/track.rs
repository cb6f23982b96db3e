//! State: from segments to connections. This layer knows `wire` alone; it keeps numbers and writes
//! no text.
//!
//! [`Tracker::push`] takes one decoded frame after the other; what it has put together so far can be
//! looked at any time through [`Tracker::trace`]. Time is that of the packets, memory is bounded by
//! [`Limits`], and nothing is kept per packet. (A [`index::PacketIndex`] is filled by the caller.)
//!
//! A segment goes this way: [`Tracker::push`] finds its flow and its subflow; [`step`] does what
//! the segment changes on its subflow and its connection; `Tracker::follow_up` does what that
//! leaves to do with [`shared`] state.

pub mod append_log;
pub mod arena;
pub mod checkpoint;
pub mod data_level;
pub mod distribution;
mod eviction;
pub mod failed_offers;
pub mod fallback;
pub mod final_subflows;
pub mod flow_table;
mod icmp;
pub mod ids;
pub mod index;
pub mod limits;
mod matching;
mod opening;
mod options;
pub mod outcome;
pub mod packet_class;
pub mod proof;
pub mod range_set;
pub mod relative;
pub mod role;
mod shared;
pub mod stamp;
mod state;
mod step;
mod store;
mod tenants;
mod token_index;
pub mod totals;
pub mod trace;
pub mod updates;

pub use limits::Limits;
pub use state::{
    ack_watch, address, arrivals, bare, checksum, connection, data, data_level_stats, delivery,
    duplicate, event, handshake, icmp as icmp_errors, mapping, pending, repeats, reset, rtt,
    sender_stats, series, stray, stream, subflow, tcp_sequence, transmissions, violations,
};
pub use totals::{OptionCounts, Totals};
pub use trace::Trace;

use std::collections::BTreeSet;

use flow_table::{Flow, FlowKey};
use ids::{ConnectionId, SubflowId};
use options::SegmentOptions;
use outcome::SegmentOutcome;
use packet_class::{LastPacket, PacketClass};
use proof::Verdict;
use role::{Direction, Role};
use shared::{LastPacketLog, SERIES_SPANS, Shared, WantedStreams};
use stamp::PacketStamp;
use state::stream::{Stream, StreamUse};
use state::subflow::ByteCounts;
use step::{FollowUp, Step};
use store::Store;
use updates::Update;

use crate::wire::frame::PacketNo;
use crate::wire::mptcp::{Key, MpPrio, MptcpOption};
use crate::wire::segment::{Decoded, Segment, TcpFlags};
use crate::wire::skipped::Skipped;

/// Puts connections together from segments.
pub struct Tracker {
    shared: Shared,
    store: Store,
    /// Whether no segment may take the fast path.
    general_path_only: bool,
}

impl Tracker {
    /// An empty tracker. `seed` makes its hash tables unpredictable to whoever made the packets; it
    /// has no influence on any result.
    pub fn new(limits: Limits, seed: u64) -> Self {
        let shared = Shared::new(limits, seed);
        Self { shared, store: Store::default(), general_path_only: false }
    }

    /// From now on it is kept what was sent when on new connections.
    pub const fn keep_series(&mut self) {
        self.keep_series_of(SERIES_SPANS);
    }

    /// Keeps series as [`Tracker::keep_series`] does, in so many spans of time at most; past the first
    /// 100 connections in no more than 64. A span in which something happened takes up to 120 bytes for
    /// each direction of a connection and 88 for each of a subflow.
    pub const fn keep_series_of(&mut self, spans: u32) {
        self.shared.wanted.series = Some(spans);
    }

    /// From now on, new connections put the bytes of both directions together.
    pub fn keep_streams(&mut self, wanted: StreamUse) {
        self.shared.wanted.streams = Some(WantedStreams { wanted, only: None });
    }

    /// Puts bytes together as [`Tracker::keep_streams`] does, but only of connections (and parts of
    /// them) that begin with one of these packets.
    pub fn keep_streams_of(&mut self, wanted: StreamUse, first_packets: BTreeSet<PacketNo>) {
        self.shared.wanted.streams = Some(WantedStreams { wanted, only: Some(first_packets) });
    }

    /// What `sender` sent on the connection that begins with the packet `first`, if it is kept.
    pub fn stream_mut(&mut self, first: PacketNo, sender: Role) -> Option<&mut Stream> {
        let connections = &mut self.store.connections;
        let id = connections.find(|kept| kept.first.packet == first && !kept.merged)?;
        connections[id].streams.of_mut(sender).as_deref_mut()
    }

    /// From now on, keeps what is new for [`Tracker::take_updates`].
    pub fn keep_updates(&mut self) {
        self.shared.updates = Some(Vec::new());
    }

    /// What is new since the last time, in order, moved to the end of `taken`. Whoever keeps updates
    /// must take them after every push, or they pile up.
    pub fn take_updates(&mut self, taken: &mut Vec<Update>) {
        if let Some(updates) = &mut self.shared.updates {
            taken.append(updates);
        }
    }

    /// From now on, keeps what each segment was for [`Tracker::last_packet`].
    pub fn keep_last_packet(&mut self) {
        self.shared.last_packet.get_or_insert_default();
    }

    /// What the frame pushed last was; `None` if it is of no subflow that is followed.
    pub fn last_packet(&self) -> Option<LastPacket> {
        self.shared.last_packet.as_ref()?.packet
    }

    /// From now on, keeps what each segment was and changed for [`Tracker::last_outcome`]. Every segment takes
    /// the general path, and it is remembered which packet carried what. What is put together stays the same.
    ///
    /// Two amounts that are bounded elsewhere are not here: each advance of an acknowledgment has its round
    /// trip, however many segments are on their way, and events and stalls past their limit are among the
    /// [updates](Tracker::keep_updates).
    pub fn keep_outcomes(&mut self) {
        self.shared.last_packet.get_or_insert_default().is_outcome_wanted = true;
        self.disable_fast_path();
    }

    /// What the frame pushed last was and changed, after [`Tracker::keep_outcomes`]; `None` if it is of no
    /// subflow that is followed.
    pub fn last_outcome(&self) -> Option<&SegmentOutcome> {
        self.shared.last_packet.as_ref()?.outcome.as_ref()
    }

    /// The subflows of whose segments so far, the last one included, the direction was the other one
    /// after all.
    pub fn take_swapped(&mut self) -> Vec<SubflowId> {
        let last = self.shared.last_packet.as_deref_mut();
        last.map(|last| std::mem::take(&mut last.swapped)).unwrap_or_default()
    }

    /// Takes keys that are known from elsewhere, the two of a connection together, for connections
    /// whose handshake was not seen: joins name them by token, data by numbers near the IDSN.
    pub fn use_keys(&mut self, pairs: &[(Key, Key)]) {
        for (one, other) in pairs {
            for (key, peer_key) in [(*one, *other), (*other, *one)] {
                matching::use_key(&mut self.shared, &mut self.store, key, peer_key);
            }
        }
    }

    /// From now on every segment takes the general path: to compare both paths.
    #[doc(hidden)]
    pub fn disable_fast_path(&mut self) {
        self.general_path_only = true;
        for subflow in self.store.subflows.iter_mut() {
            subflow.fast_path = false;
        }
    }

    /// What the proof in an option of `segment`, which was pushed before, is worth; `None` for an
    /// option that carries none, and for a flow that is not followed.
    pub fn verdict(&self, segment: &Segment<'_>, option: &MptcpOption) -> Option<Verdict> {
        let flows = &self.shared.flows;
        let key = FlowKey::new(segment.source, segment.destination);
        let id = flows.subflow(&flows.tenants.find(key, segment))?;
        let subflow = &self.store.subflows[id];
        let sender = subflow.direction_from(segment.source).sender();
        proof::of_option(self.store.connection_of(id), subflow, sender, option)
    }

    /// Wireshark's `tcp.stream` of a flow that shows no MPTCP so far; `segment`, which was pushed before,
    /// is one of it.
    pub fn plain_stream(&self, segment: &Segment<'_>) -> Option<u32> {
        let flows = &self.shared.flows;
        let key = FlowKey::new(segment.source, segment.destination);
        match flows.get(&flows.tenants.find(key, segment))? {
            Flow::Plain { stream, .. } => stream,
            Flow::Subflow(_) => None,
        }
    }

    /// What was put together so far.
    pub const fn trace(&self) -> Trace<'_> {
        Trace::new(&self.store, &self.shared.totals)
    }

    /// Takes the next frame, decoded.
    pub fn push(&mut self, decoded: &Decoded<'_>) {
        let totals = &mut self.shared.totals;
        totals.packets += 1;
        if let Some(last) = &mut self.shared.last_packet {
            last.packet = None;
            last.outcome = None;
        }
        match decoded {
            Decoded::Tcp(segment) => self.push_segment(segment),
            Decoded::Icmp(error) => icmp::take(&mut self.shared, &mut self.store, error),
            Decoded::Fragment => totals.fragments += 1,
            Decoded::Undecoded | Decoded::Other(Skipped::LinkType(_)) => totals.undecoded += 1,
            Decoded::Other(_) => {}
        }
    }

    /// Finds the flow of a segment, and its subflow. A flow without MPTCP has none.
    fn push_segment(&mut self, segment: &Segment<'_>) {
        let (shared, store) = (&mut self.shared, &mut self.store);
        shared.totals.tcp_segments += 1;
        shared.totals.first_segment.get_or_insert(segment.timestamp);
        if shared.limits.eviction.is_some() {
            eviction::sweep_if_due(shared, store, segment.timestamp);
        }
        let mut options = SegmentOptions::default();
        options.read(&segment.options);
        // Made once: to copy what was just written field by field waits for all these writes.
        let seen = PacketStamp::in_segment(segment);
        shared.see(seen, segment, &options);
        let key = FlowKey::new(segment.source, segment.destination);
        let id = match shared.flows.subflow(&key) {
            Some(id) if !opening::is_reuse(store, id, segment, &options) => id,
            _ => match opening::find_or_open(shared, store, key, segment, &options) {
                Some(id) => id,
                None => return,
            },
        };
        self.push_on_subflow(id, seen, segment, &options);
    }

    /// Takes a segment of a subflow.
    #[inline]
    fn push_on_subflow(
        &mut self,
        id: SubflowId,
        seen: PacketStamp,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        let Some(outcome) = step::try_fast_step(&mut self.store, id, seen, segment, options) else {
            self.push_on_general_path(id, seen, segment, options);
            return;
        };
        if outcome.has_stall {
            step::note_stalls(&mut self.step(id, seen, segment, options), segment.payload_len > 0);
        }
        if self.shared.last_packet.is_some() {
            let bytes = ByteCounts::of_new_data(segment.payload_len.into());
            self.note_packet(id, outcome.direction, segment, (outcome.class, bytes));
        }
    }

    #[inline(never)]
    fn push_on_general_path(
        &mut self,
        id: SubflowId,
        seen: PacketStamp,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        let mut told_direction = None;
        if self.store.connection_of(id).may_merge {
            // Whoever asks learns by [`Tracker::take_swapped`] that it was the other one.
            told_direction = Some(self.store.subflows[id].direction_from(segment.source));
            matching::match_by_option(&mut self.shared, &mut self.store, id, segment, options);
        }
        self.begin_outcome(id, seen, segment);
        let before = self.store.connection_of(id).buffered();
        let outcome = step::take(self.step(id, seen, segment, options));
        self.shared.count_buffered(before, self.store.connection_of(id).buffered());
        if let Some(class) = outcome.class {
            let direction = told_direction.unwrap_or(outcome.direction);
            self.note_packet(id, direction, segment, (class, outcome.bytes));
        }
        self.follow_up(id, outcome.direction, segment, &outcome.follow_up);
        if outcome.class.is_some() {
            self.end_outcome(id);
        }
        step::allow_fast_steps(&mut self.store, id, !self.general_path_only);
    }

    /// The segment, and what it may change.
    fn step<'a>(
        &'a mut self,
        id: SubflowId,
        seen: PacketStamp,
        segment: &'a Segment<'a>,
        options: &'a SegmentOptions,
    ) -> Step<'a> {
        let shared = &mut self.shared;
        let (subflow, connection) = self.store.pair_mut(id);
        Step {
            id,
            direction: subflow.direction_from(segment.source),
            seen,
            segment,
            options,
            most_events: shared.limits.events_per_connection,
            stream_room: shared.stream_room(connection.buffered()),
            is_class_wanted: shared.last_packet.is_some(),
            updates: shared.updates.as_mut(),
            outcome: shared.last_packet.as_mut().and_then(|last| last.outcome.as_mut()),
            subflow,
            connection,
            follow_up: FollowUp::default(),
        }
    }

    /// Does what a segment leaves to do beyond its own subflow.
    #[inline(always)]
    fn follow_up(
        &mut self,
        id: SubflowId,
        direction: Direction,
        segment: &Segment<'_>,
        follow_up: &FollowUp,
    ) {
        let (shared, store) = (&mut self.shared, &mut self.store);
        let connection = store.subflows[id].connection;
        if follow_up.count_copy {
            shared.totals.count_copy(segment.point);
        }
        for role in [direction.sender(), direction.sender().peer()] {
            if *follow_up.new_keys.of(role) {
                matching::register_token(shared, store, connection, role);
            }
        }
        if segment.flags.has(TcpFlags::RST) {
            matching::take_stray(shared, store, id);
        }
        if follow_up.match_by_dsn {
            matching::match_by_dsn(shared, store, connection);
        }
        if follow_up.settle_token {
            matching::settle_token(shared, store, id);
        }
        if follow_up.failed_offer {
            let sides = &store.subflows[id].sides;
            let (client, server) = (sides.client.endpoint.address, sides.server.endpoint);
            shared.totals.failed_offers.add(client, server);
        }
        if let Some(prio) = follow_up.prio_of_address {
            change_backup_of_address(store, connection, direction.sender(), prio);
        }
    }

    /// Makes room for the outcome of a segment, where that is wanted.
    fn begin_outcome(&mut self, id: SubflowId, seen: PacketStamp, segment: &Segment<'_>) {
        let last = self.shared.last_packet.as_mut();
        if let Some(last) = last.filter(|last| last.is_outcome_wanted) {
            let subflow = &self.store.subflows[id];
            let direction = subflow.direction_from(segment.source);
            last.outcome = Some(SegmentOutcome::new(
                seen,
                subflow.connection,
                id,
                direction,
                segment.payload_len,
            ));
        }
    }

    /// Completes the outcome of a segment, where one was begun.
    fn end_outcome(&mut self, id: SubflowId) {
        let Some(last) = self.shared.last_packet.as_deref_mut() else { return };
        if let (Some(outcome), Some(packet)) = (&mut last.outcome, &last.packet) {
            let subflow = &self.store.subflows[id];
            outcome.connection = subflow.connection;
            outcome.subflow_number = subflow.number;
            (outcome.class, outcome.direction) = (packet.kind, packet.direction);
        }
    }

    /// Keeps what a segment was, where that is wanted.
    fn note_packet(
        &mut self,
        subflow: SubflowId,
        direction: Direction,
        segment: &Segment<'_>,
        (kind, bytes): (PacketClass, ByteCounts),
    ) {
        if let Some(LastPacketLog { packet, .. }) = self.shared.last_packet.as_deref_mut() {
            let payload_len = segment.payload_len;
            *packet = Some(LastPacket { subflow, direction, kind, payload_len, bytes });
        }
    }
}

/// MP_PRIO of v0 that names an address changes all subflows of it (RFC 6824 §3.3.8).
fn change_backup_of_address(
    store: &mut Store,
    connection: ConnectionId,
    sender: Role,
    prio: MpPrio,
) {
    for id in &store.connections[connection].subflows {
        let side = store.subflows[*id].sides.of_mut(sender);
        if side.address_id == prio.address_id {
            side.backup = Some(prio.backup);
        }
    }
}
