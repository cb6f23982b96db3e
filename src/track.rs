//! State: from segments to connections. This layer knows `wire` alone; it keeps numbers and writes
//! no text.
//!
//! [`Tracker::push`] takes one decoded frame after the other; what it has put together so far can be
//! looked at any time through [`Tracker::trace`]. Time is the packets' own, memory is bounded by
//! [`Limits`], and nothing is kept per packet (but in a [`index::PacketIndex`], by who wants one).

pub mod append_log;
pub mod arena;
pub mod checkpoint;
pub mod data_level;
pub mod distribution;
pub mod eviction;
pub mod fallback;
pub mod flow_table;
pub mod ids;
pub mod index;
mod join;
pub mod limits;
mod options;
pub mod packet_class;
pub mod proof;
pub mod range_set;
pub mod role;
pub mod stamp;
mod state;
mod step;
pub mod trace;
pub mod updates;

pub use state::{
    ack_watch, address, checksum, connection, data, data_level_stats, duplicate, event, mapping,
    pending, rtt, sender_stats, series, stream, subflow, tcp_sequence, transmissions, violations,
};

use std::collections::BTreeSet;

use arena::Arena;
use eviction::LastSweep;
use flow_table::{Flow, FlowKey, FlowTable, PlainSyn};
use ids::{ConnectionId, OfConnection, OfSubflow, SubflowId};
use join::TokenIndex;
use packet_class::{LastPacket, LastPacketState, PacketClass};
use proof::Verdict;
use role::{Direction, PerRole, Role};
use stamp::PacketStamp;
use state::connection::Connection;
use state::series::SubflowSeries;
use state::stream::{Stream, StreamUse};
use state::subflow::{Handshake, JoinHandshake, Subflow, SubflowSide};
use step::Step;
use updates::{StateDigest, Update};

pub use limits::Limits;
pub use trace::{OptionCounts, Totals, Trace};

use crate::wire::frame::{PacketNo, Timestamp};
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::{Decoded, Endpoint, Segment, TcpFlags};
use options::SegmentOptions;

/// In how many spans of time it is kept what was sent when, unless more are wanted.
const SERIES_SPANS: u32 = 64;

/// So many connections may have more of them.
const FINE_SERIES: usize = 100;

/// Puts connections together from segments.
pub struct Tracker {
    limits: Limits,
    flows: FlowTable,
    connections: Arena<Connection, OfConnection>,
    subflows: Arena<Subflow, OfSubflow>,
    tokens: TokenIndex,
    totals: Totals,
    latest: Option<Timestamp>,
    streams: Option<WantedStreams>,
    series: Option<u32>,
    buffered: usize,
    updates: Option<Vec<Update>>,
    next_number: u64,
    last_sweep: LastSweep,
    last_packet_state: Option<Box<LastPacketState>>,
    only_long_way: bool,
}

impl Tracker {
    /// An empty tracker. `seed` makes its hash tables unpredictable to whoever made the packets; it
    /// has no influence on any result.
    pub fn new(limits: Limits, seed: u64) -> Self {
        Self {
            limits,
            flows: FlowTable::new(seed, limits.plain_flows, limits.eviction.is_some()),
            connections: Arena::default(),
            subflows: Arena::default(),
            tokens: TokenIndex::new(seed),
            totals: Totals::default(),
            latest: None,
            streams: None,
            series: None,
            buffered: 0,
            updates: None,
            next_number: 0,
            last_sweep: LastSweep::default(),
            last_packet_state: None,
            only_long_way: false,
        }
    }

    /// From now on it is kept what was sent when on new connections.
    pub const fn keep_series(&mut self) {
        self.keep_series_of(SERIES_SPANS);
    }

    /// The same, in so many spans of time at most; past the first 100 connections in no more than 64.
    /// A span in which something happened takes up to 120 bytes for each direction of a connection
    /// and 88 for each of a subflow.
    pub const fn keep_series_of(&mut self, spans: u32) {
        self.series = Some(spans);
    }

    /// In how many spans of time it is kept what a new connection or subflow sends when.
    fn series_spans(&self) -> Option<u32> {
        let is_crowded = self.connections.len() > FINE_SERIES;
        self.series.map(|spans| if is_crowded { spans.min(SERIES_SPANS) } else { spans })
    }

    /// From now on, new connections put the bytes of both directions together.
    pub fn keep_streams(&mut self, wanted: StreamUse) {
        self.streams = Some(WantedStreams { wanted, only: None });
    }

    /// The same, but only for connections (and parts of them) that begin with one of these packets.
    pub fn keep_streams_of(&mut self, wanted: StreamUse, first_packets: BTreeSet<PacketNo>) {
        self.streams = Some(WantedStreams { wanted, only: Some(first_packets) });
    }

    /// What `sender` sent on the connection that begins with the packet `first`, if it is kept.
    pub fn stream_mut(&mut self, first: PacketNo, sender: Role) -> Option<&mut Stream> {
        let id = self.connections.find(|kept| kept.first.packet == first && !kept.merged)?;
        self.connections[id].streams.of_mut(sender).as_deref_mut()
    }

    /// From now on, keeps what is new for [`Tracker::take_updates`].
    pub fn keep_updates(&mut self) {
        self.updates = Some(Vec::new());
    }

    /// What is new since the last time, in order, moved to the end of `taken`. Whoever keeps updates
    /// must take them after every push, or they pile up.
    pub fn take_updates(&mut self, taken: &mut Vec<Update>) {
        if let Some(updates) = &mut self.updates {
            taken.append(updates);
        }
    }

    /// Takes the next frame, decoded.
    pub fn push(&mut self, decoded: &Decoded<'_>) {
        self.totals.packets += 1;
        if let Some(last) = &mut self.last_packet_state {
            last.segment = None;
        }
        match decoded {
            Decoded::Tcp(segment) => self.push_segment(segment),
            Decoded::Fragment => self.totals.fragments += 1,
            Decoded::Undecoded => self.totals.undecoded += 1,
            Decoded::Other => {}
        }
    }

    /// What the proof in an option of `segment`, which was pushed before, is worth; `None` for an
    /// option that carries none, and for a flow that is not followed.
    pub fn verdict(&self, segment: &Segment<'_>, option: &MptcpOption) -> Option<Verdict> {
        let key = FlowKey::new(segment.source, segment.destination);
        let id = self.flows.subflow(&key)?;
        let subflow = &self.subflows[id];
        let sender = subflow.direction_from(segment.source).sender();
        proof::of_option(&self.connections[subflow.connection], subflow, sender, option)
    }

    /// What was put together so far.
    pub const fn trace(&self) -> Trace<'_> {
        Trace::new(self)
    }

    fn push_segment(&mut self, segment: &Segment<'_>) {
        self.totals.tcp_segments += 1;
        self.totals.first_segment.get_or_insert(segment.timestamp);
        if self.limits.eviction.is_some() {
            self.forget_what_is_old(segment.timestamp);
        }
        let mut options = SegmentOptions::default();
        options.read(&segment.options);
        let seen = PacketStamp::in_segment(segment);
        self.note_oddities(seen, segment, &options);
        if options.has_mptcp() {
            self.totals.count_options(&options);
        }
        let key = FlowKey::new(segment.source, segment.destination);
        match self.flows.subflow(&key) {
            Some(id) if !self.is_reuse(id, segment, &options) => {
                self.push_on_subflow(id, seen, segment, &options);
            }
            _ => self.push_on_other_flow(key, segment, &options),
        }
    }

    /// Takes a segment of a flow that is no subflow so far, or not the one that it was.
    #[inline(never)]
    fn push_on_other_flow(
        &mut self,
        key: FlowKey,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        match self.flows.get(&key) {
            Some(Flow::Plain { stream, syn }) => {
                let is_syn = segment.flags.is_syn();
                if is_syn && syn.is_some_and(|before| before.seq != segment.seq) {
                    let stream = self.flows.take_stream();
                    self.open(key, stream, None, segment, options);
                } else if options.has_mptcp() {
                    // Those that are not stored were not counted.
                    self.totals.plain_flows = self.totals.plain_flows.saturating_sub(1);
                    self.open(key, stream, syn, segment, options);
                } else if is_syn && syn.is_none() {
                    self.flows.set(key, Flow::Plain { stream, syn: Some(plain_syn(segment)) });
                }
            }
            Some(Flow::Subflow(_)) | None => {
                let stream = self.flows.take_stream();
                self.open(key, stream, None, segment, options);
            }
        }
    }

    /// What a limit of age says. (On its own, as `open` is.)
    #[inline(never)]
    fn forget_what_is_old(&mut self, now: Timestamp) {
        if let Some(eviction) = self.limits.eviction {
            self.age(&eviction, now);
        }
    }

    /// What tells of the capture and of middleboxes, on any flow.
    fn note_oddities(
        &mut self,
        seen: PacketStamp,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        if segment.options.is_cut() {
            self.totals.options_cut.add(seen);
        }
        if options.nop_run >= options::LONG_NOP_RUN {
            self.totals.nop_runs.add(seen);
        }
        if self.latest.is_some_and(|latest| seen.at < latest) {
            self.totals.backwards.add(seen);
        }
        self.latest = self.latest.max(Some(seen.at));
    }

    /// Whether `segment` opens its 4-tuple anew.
    fn is_reuse(&self, id: SubflowId, segment: &Segment<'_>, options: &SegmentOptions) -> bool {
        if !segment.flags.has(TcpFlags::SYN) {
            // SYN and SYN/ACK may be missing; no other segment shows keys.
            return options.sender_key().is_some_and(|key| {
                let subflow = &self.subflows[id];
                let sender = subflow.direction_from(segment.source).sender();
                let known = self.connections[subflow.connection].hosts.of(sender).key;
                subflow.is_over() && known.is_some_and(|known| known != key)
            });
        }
        let subflow = &self.subflows[id];
        let sender = subflow.direction_from(segment.source).sender();
        if segment.flags.is_syn_ack() {
            // The SYN before it may be missing.
            let end = subflow.sides.of(sender);
            let had_more = subflow.reset.is_some() || end.fin.is_some() || end.first_data.is_some();
            return had_more && end.sequence.isn().is_some_and(|isn| isn != segment.seq);
        }
        match subflow.sides.of(sender).sequence.isn() {
            Some(isn) => isn != segment.seq,
            // A SYN from the acceptor's side: a simultaneous open, unless this one is over. Where no
            // SYN was seen before: out of order, unless a RST was.
            None => subflow.reset.is_some() || subflow.handshake.syn.is_some() && subflow.is_over(),
        }
    }

    /// Starts following a flow, as plain TCP or as a subflow, and takes its segment. (On its own, since
    /// a new subflow takes much of a stack that every segment would have to set up.)
    #[inline(never)]
    fn open(
        &mut self,
        key: FlowKey,
        stream: Option<u32>,
        syn: Option<PlainSyn>,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        let opened = if options.has_mptcp() {
            self.open_subflow(stream, syn, segment, options)
        } else {
            None
        };
        let Some(id) = opened else {
            let syn = segment.flags.is_syn().then(|| plain_syn(segment));
            let stored = self.flows.set(key, Flow::Plain { stream, syn });
            // A flow that is not stored comes here with each of its segments.
            self.totals.plain_flows += u64::from(stored || syn.is_some());
            return;
        };
        self.flows.set(key, Flow::Subflow(id));
        self.push_on_subflow(id, PacketStamp::in_segment(segment), segment, options);
    }

    /// A new connection; `None` past the limit.
    fn add_connection(&mut self, first: PacketStamp) -> Option<ConnectionId> {
        if self.connections.len() >= self.limits.connections {
            self.totals.untracked_flows += 1;
            return None;
        }
        let mut connection = Connection::new(first);
        connection.number = self.next_number;
        connection.forgotten_before = self.totals.forgotten.connections();
        self.next_number += 1;
        self.last_sweep.opened_since += 1;
        if let Some(streams) = self.streams.as_ref().filter(|streams| streams.include(first)) {
            let stream = || Some(Box::new(Stream::new(streams.wanted)));
            connection.streams = PerRole { client: stream(), server: stream() };
        }
        if let Some(spans) = self.series_spans() {
            for role in Role::BOTH {
                connection.data.of_mut(role).keep_series(spans);
            }
        }
        self.connections.push(connection)
    }

    /// A new subflow of `connection`, opened by `opener`; `None` past the limit.
    fn add_subflow(
        &mut self,
        connection: ConnectionId,
        stream: Option<u32>,
        opener: Role,
        opening: &Opening,
    ) -> Option<SubflowId> {
        if self.connections[connection].subflows.len() >= self.limits.subflows_per_connection {
            return self.replace_subflow(connection, stream, opener, opening);
        }
        if self.subflows.len() >= self.limits.subflows {
            self.totals.untracked_flows += 1;
            return None;
        }
        let series = self.series_spans();
        let owner = &mut self.connections[connection];
        let mut subflow = Subflow::new(connection, owner.take_number(), stream, opener, opening);
        subflow.keep_series(series);
        let id = self.subflows.push(subflow)?;
        owner.subflows.push(id);
        Some(id)
    }

    /// A new subflow in the place of the oldest one that never got through, or else that is over;
    /// `None` if the connection uses them all.
    fn replace_subflow(
        &mut self,
        connection: ConnectionId,
        stream: Option<u32>,
        opener: Role,
        opening: &Opening,
    ) -> Option<SubflowId> {
        let series = self.series_spans();
        let owner = &mut self.connections[connection];
        let oldest = owner.subflows.iter().copied().filter_map(|id| {
            let old = &self.subflows[id];
            let may_go = !old.initial && (old.is_over() || !old.is_confirmed());
            may_go.then_some((old.is_confirmed(), old.last.packet, id))
        });
        let Some((_, _, id)) = oldest.min_by_key(|(through, last, _)| (*through, *last)) else {
            self.totals.untracked_flows += 1;
            return None;
        };
        let old = &mut self.subflows[id];
        owner.join_answered(old);
        let key = FlowKey::new(old.sides.client.endpoint, old.sides.server.endpoint);
        self.flows.remove(&key, id);
        let number = old.number;
        *old = Subflow::new(connection, number, stream, opener, opening);
        old.keep_series(series);
        owner.events.forget(id);
        owner.data.client.forget_subflow(number);
        owner.data.server.forget_subflow(number);
        self.totals.forgotten.subflows += 1;
        Some(id)
    }
}

impl Tracker {
    /// Takes a segment of a subflow. `seen` is where it says: made once, since to copy what was just
    /// written field by field waits for all these writes.
    pub(crate) fn push_on_subflow(
        &mut self,
        id: SubflowId,
        seen: PacketStamp,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        if !self.push_the_short_way(id, seen, segment, options) {
            self.push_the_long_way(id, seen, segment, options);
            self.know_steadiness(id);
        }
    }

    #[inline(never)]
    fn push_the_long_way(
        &mut self,
        id: SubflowId,
        seen: PacketStamp,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        if self.connections[self.subflows[id].connection].may_merge {
            self.match_by_option(id, segment, options);
        }
        let subflow = &mut self.subflows[id];
        let direction = subflow.direction_from(segment.source);
        let connection_id = subflow.connection;
        let recent = &mut subflow.sides.of_mut(direction.sender()).recent;
        if recent.is_copy(segment, options, subflow.several_points) {
            subflow.several_points = true;
            let sender = direction.sender();
            if subflow.sides.of(sender).option_space.is_doubled(segment.point) {
                subflow.sides.of_mut(sender.peer()).option_space.ask(segment.timestamp);
            }
            self.totals.count_copy(segment.point);
            self.note_pushed(id, direction, segment, PacketClass::Copy);
            return;
        }
        let bytes =
            self.last_packet_state.as_ref().map(|_| subflow.sides.of(direction.sender()).bytes);
        let connection = &mut self.connections[connection_id];
        let stage = self.updates.as_ref().map(|_| StateDigest::of(subflow, connection));
        subflow.see(seen);
        connection.see(seen);
        let end = subflow.sides.of_mut(direction.sender());
        end.segments += 1;
        end.sender_stats.see(seen);
        let mut step = self.step(id, seen, segment, options);
        step::take(&mut step);
        step::release_if_finished(&mut step);
        let new_keys = step.new_keys;
        if let Some(before) = bytes {
            let kind = packet_class::kind(segment, options, &self.subflows[id], direction, before);
            self.note_pushed(id, direction, segment, kind);
        }
        if let Some(updates) = &mut self.updates {
            let now = StateDigest::of(&self.subflows[id], &self.connections[connection_id]);
            if stage != Some(now) {
                updates.push(Update::Progress(id));
            }
        }
        for role in [direction.sender(), direction.sender().peer()] {
            if *new_keys.of(role) {
                self.register_token(connection_id, role);
            }
        }
        if self.connections[connection_id].may_merge && options.has_mptcp() {
            self.match_by_dsn(connection_id);
        }
        if segment.flags.is_syn_ack() && options.has_mptcp() {
            self.settle_token(id);
        }
        if options.has_signal() {
            self.change_backup_of_address(connection_id, direction.sender(), options);
        }
    }

    /// The segment, and what it may change.
    fn step<'a>(
        &'a mut self,
        id: SubflowId,
        seen: PacketStamp,
        segment: &'a Segment<'a>,
        options: &'a SegmentOptions,
    ) -> Step<'a> {
        let subflow = &mut self.subflows[id];
        let direction = subflow.direction_from(segment.source);
        let connection = &mut self.connections[subflow.connection];
        Step {
            id,
            direction,
            seen,
            segment,
            options,
            subflow,
            connection,
            most_events: self.limits.events_per_connection,
            buffered: &mut self.buffered,
            most_buffered: self.limits.stream_bytes,
            updates: self.updates.as_mut(),
            new_keys: PerRole::default(),
        }
    }

    /// Notes the stalls that a segment ended which went the short way.
    #[cold]
    pub(super) fn note_stalls(
        &mut self,
        id: SubflowId,
        seen: PacketStamp,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        let mut step = self.step(id, seen, segment, options);
        step::note_stalls(&mut step, segment.payload_len > 0);
    }

    /// Keeps what a segment was, where that is wanted.
    pub(super) fn note_pushed(
        &mut self,
        subflow: SubflowId,
        direction: Direction,
        segment: &Segment<'_>,
        kind: PacketClass,
    ) {
        if let Some(last) = &mut self.last_packet_state {
            let payload_len = segment.payload_len;
            last.segment = Some(LastPacket { subflow, direction, kind, payload_len });
        }
    }

    /// MP_PRIO of v0 that names an address changes all subflows of it (RFC 6824 §3.3.8).
    fn change_backup_of_address(
        &mut self,
        connection: ConnectionId,
        sender: Role,
        options: &SegmentOptions,
    ) {
        let named = options.mptcp.iter().find_map(|option| match option {
            MptcpOption::Prio(prio) if prio.address_id.is_some() => Some(*prio),
            _ => None,
        });
        let Some(prio) = named else { return };
        for id in &self.connections[connection].subflows {
            let end = self.subflows[*id].sides.of_mut(sender);
            if end.address_id == prio.address_id {
                end.backup = Some(prio.backup);
            }
        }
    }
}

/// What is remembered of the SYN of a plain flow.
fn plain_syn(segment: &Segment<'_>) -> PlainSyn {
    PlainSyn { seq: segment.seq, seen: PacketStamp::in_segment(segment), port: segment.source.port }
}

/// Which streams are put together.
struct WantedStreams {
    wanted: StreamUse,
    only: Option<BTreeSet<PacketNo>>,
}

impl WantedStreams {
    fn include(&self, first: PacketStamp) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&first.packet))
    }
}

/// The endpoints of a flow as its opener and its acceptor, and the first packet seen of it.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// Who opened it.
    pub opener: Endpoint,
    /// Who answered.
    pub acceptor: Endpoint,
    /// First packet.
    pub first: PacketStamp,
    /// Whether it was opened with MP_CAPABLE, or seems to have been.
    pub initial: bool,
}

impl Subflow {
    fn new(
        connection: ConnectionId,
        number: u32,
        tcp_stream: Option<u32>,
        opener: Role,
        opening: &Opening,
    ) -> Self {
        let mut sides = PerRole {
            client: SubflowSide::new(opening.opener),
            server: SubflowSide::new(opening.acceptor),
        };
        if opener == Role::Server {
            sides.swap();
        }
        Self {
            connection,
            number,
            tcp_stream,
            initial: opening.initial,
            opener,
            first: opening.first,
            last: opening.first,
            handshake: Handshake::default(),
            join: (!opening.initial).then(JoinHandshake::default),
            sides,
            reset: None,
            released: false,
            out_of_order: false,
            several_points: false,
            established: false,
            steady: false,
        }
    }

    /// From now on it is kept what was sent when, in so many spans of time at most.
    fn keep_series(&mut self, spans: Option<u32>) {
        for role in Role::BOTH {
            let series = spans.map(|spans| Box::new(SubflowSeries::new(spans)));
            self.sides.of_mut(role).sender_stats.series = series;
        }
    }
}
