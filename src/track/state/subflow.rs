//! One TCP flow that carries a part of a connection.

pub use super::reset::Reset;

use super::ack_watch::AckWatch;
use super::arrivals::Arrivals;
use super::bare::Bare;
pub use super::byte_counts::ByteCounts;
use super::checksum::Checksums;
use super::data::DataSpace;
use super::delivery::{Carried, Delivered};
use super::duplicate::RecentSegments;
use super::handshake::{Handshake, JoinHandshake};
use super::icmp::IcmpErrors;
use super::mapping::Mappings;
use super::packet_log::PacketLog;
use super::pending::Pending;
use super::repeats::Repeats;
use super::rtt::RoundTrips;
use super::sender_stats::SenderStats;
use super::tcp_sequence::TcpSequence;
use super::violations::Violations;
use crate::track::ids::ConnectionId;
use crate::track::options::SynOptions;
use crate::track::range_set::SeqRange;
use crate::track::role::{Direction, PerRole, Role};
use crate::track::stamp::PacketStamp;
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::AddressId;
use crate::wire::segment::{Endpoint, Segment};
use crate::wire::seq::SeqNum;
use crate::wire::window;

/// A capture point is at a host that answers so many times as soon as the other one.
const MUCH_NEARER: i64 = 4;

/// A subflow. (`repr(C)`: see [`SubflowSide`].)
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Subflow {
    /// The connection it belongs to.
    pub connection: ConnectionId,
    /// Its number within the connection; 0 is the first one seen.
    pub number: u32,
    /// Whether it was opened with MP_CAPABLE (or, midstream, seems to have been).
    pub initial: bool,
    /// Who sent its SYN. For a midstream subflow: a guess.
    pub opener: Role,
    /// Whether the memory for segments on their way was given back.
    pub released: bool,
    /// Whether its segments stand in the capture in another order than their times.
    pub out_of_order: bool,
    /// Whether its segments are captured at more than one point.
    pub several_points: bool,
    /// Whether both hosts sent a segment after the handshake: it got through.
    pub established: bool,
    /// Whether its segments may take the fast path, as far as the subflow decides that.
    pub(crate) fast_path: bool,
    /// Last packet seen of it.
    pub last: PacketStamp,
    /// The RST that ended it.
    pub reset: Option<Reset>,
    /// The three segments that open it.
    pub handshake: Handshake,
    /// The MP_JOIN handshake; `None` on the initial subflow.
    pub join: Option<JoinHandshake>,
    /// What each host did on it.
    pub sides: PerRole<SubflowSide>,
    /// Wireshark's `tcp.stream`, while flows could be counted.
    pub tcp_stream: Option<u32>,
    /// First packet seen of it.
    pub first: PacketStamp,
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

/// What one host did on a subflow.
///
/// `repr(C)`: the fields stand in the order in which a segment touches them. Thousands of subflows take
/// turns, so each cache line more costs as much as many instructions.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct SubflowSide {
    /// Its address and port, as the capture shows them.
    pub endpoint: Endpoint,
    /// Whether the peer acknowledged the FIN.
    pub fin_acked: bool,
    /// Whether the capture point is where it is, or as good as: it answers at once in the handshake.
    pub(crate) is_near: bool,
    /// Options of its SYN or SYN/ACK.
    pub syn_options: Option<SynOptions>,
    /// TTL or hop limit of its SYN or SYN/ACK.
    pub syn_hop_limit: Option<u8>,
    /// By how much its windows are shifted, once both SYNs were seen.
    pub window_scale: Option<u8>,
    /// Highest acknowledgment number it sent.
    pub highest_ack: Option<SeqNum>,
    /// Its TCP sequence numbers.
    pub sequence: TcpSequence,
    /// One past the last position of its own that the peer acknowledged.
    pub acked: i64,
    /// Its FIN.
    pub fin: Option<PacketStamp>,
    /// Segments it sent.
    pub segments: u64,
    /// Order, repetition and pace of what it sent.
    pub sender_stats: SenderStats,
    /// Its last segments, to know a copy when it comes.
    pub recent: RecentSegments,
    /// Where they were captured, and which ways they came.
    pub arrivals: Arrivals,
    /// Traces of options that it had no room for.
    pub ack_watch: AckWatch,
    /// Round trips of what it sent.
    pub round_trips: RoundTrips,
    /// What became of its payload.
    pub bytes: ByteCounts,
    /// The most payload of one of its segments.
    pub largest_payload: u32,
    /// Its first segment with payload.
    pub first_data: Option<PacketStamp>,
    /// The mappings it declared.
    pub mappings: Mappings,
    /// DSS checksums of the mappings.
    pub checksums: Checksums,
    /// DSS checksums of mappings that TCP sent again after their checksum was wrong.
    pub checksums_again: Checksums,
    /// Payload of mappings whose place is not known yet.
    pub pending: Pending,
    /// What it did against the RFC.
    pub violations: Violations,
    /// Address ID of that address.
    pub address_id: Option<AddressId>,
    /// Whether this host asked for the subflow to be a backup: from MP_JOIN, later from MP_PRIO.
    pub backup: Option<bool>,
    /// Its first payload without a mapping where there must be one.
    pub first_unmapped: Option<PacketStamp>,
    /// Its first mapping that contradicts another.
    pub first_conflict: Option<PacketStamp>,
    /// Payload of its SYN that the peer did not accept and that did not come again yet.
    pub refused: SeqRange,
    /// ICMP errors about what it sent.
    pub icmp: IcmpErrors,
    /// Which packet carried what first, while outcomes are asked for.
    pub(crate) packet_log: Option<Box<PacketLog>>,
    /// How often it sent its oldest bytes again that the peer had not acknowledged, or its FIN.
    pub repeats: Option<Box<Repeats>>,
    /// Its segments without MPTCP where there should be some.
    pub bare: Option<Box<Bare>>,
}

impl SubflowSide {
    /// What became of payload since there were `before`, and `moves` of what had waited. What was moved
    /// since does not count: it came before.
    pub(crate) fn carried_since(&self, before: ByteCounts, moves: usize) -> ByteCounts {
        let mut bytes = self.bytes;
        for moved in self.pending.moves().iter().skip(moves) {
            bytes.new_data += moved.reinjected + moved.remapped;
            bytes.reinjected -= moved.reinjected;
            bytes.remapped -= moved.remapped;
        }
        ByteCounts {
            payload: bytes.payload - before.payload,
            retransmitted: bytes.retransmitted - before.retransmitted,
            remapped: bytes.remapped - before.remapped,
            reinjected: bytes.reinjected - before.reinjected,
            new_data: bytes.new_data - before.new_data,
            unmapped: bytes.unmapped - before.unmapped,
        }
    }

    /// A side of which nothing was seen.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            address_id: None,
            backup: None,
            syn_options: None,
            syn_hop_limit: None,
            window_scale: None,
            sequence: TcpSequence::default(),
            mappings: Mappings::default(),
            checksums: Checksums::default(),
            checksums_again: Checksums::default(),
            pending: Pending::default(),
            bytes: ByteCounts::default(),
            round_trips: RoundTrips::default(),
            sender_stats: SenderStats::default(),
            arrivals: Arrivals::default(),
            icmp: IcmpErrors::default(),
            ack_watch: AckWatch::default(),
            violations: Violations::default(),
            recent: RecentSegments::default(),
            segments: 0,
            fin: None,
            fin_acked: false,
            is_near: false,
            acked: 0,
            highest_ack: None,
            largest_payload: 0,
            first_unmapped: None,
            first_conflict: None,
            first_data: None,
            refused: SeqRange { start: 0, end: 0 },
            packet_log: None,
            repeats: None,
            bare: None,
        }
    }

    /// Its mappings count from `seq` on, as the handshake says, although its SYN was not seen.
    pub fn begin_at(&mut self, seq: SeqNum) {
        if self.sequence.isn().is_none() && self.mappings.latest().is_none() {
            let first = self.sequence.see_first(seq);
            self.mappings.set_origin(first - 1);
        }
    }

    /// Takes an acknowledgment of everything before `acked`. Whether that is new.
    #[inline(always)]
    pub(crate) fn take_acked(&mut self, acked: i64, at: Timestamp) -> bool {
        if let Some(ns) = self.round_trips.acknowledged(acked, at) {
            self.sender_stats.round_trip(at, ns);
        }
        let is_new = acked > self.acked;
        self.acked = self.acked.max(acked);
        is_new
    }

    /// The window of a segment that it sent in bytes, if its scale is known.
    #[inline]
    pub(crate) fn window_of(&self, segment: &Segment<'_>) -> Option<u64> {
        Some(window::bytes(segment, self.window_scale?))
    }

    /// Forgets mappings whose bytes were all seen, or are all acknowledged by the peer.
    #[inline(always)]
    pub(crate) fn settle_mappings(&mut self, acked: Option<SeqNum>) {
        let sequence = &self.sequence;
        self.mappings.settle(|positions| {
            let acked = acked.and_then(|ack| sequence.position_of(ack));
            positions.end <= acked.unwrap_or(0) || sequence.range_set().contains(positions)
        });
    }

    /// Takes payload, or a FIN, at `positions` that was sent before, after the packet `heard` of the
    /// peer. It counts if the peer acknowledged all before it and nothing of it.
    pub(crate) fn repeat(
        &mut self,
        positions: SeqRange,
        seen: PacketStamp,
        heard: Option<PacketStamp>,
    ) {
        let oldest = self.acked.max(1);
        if positions.start <= oldest && oldest < positions.end {
            let heard = heard.map(|heard| heard.packet);
            Repeats::add(&mut self.repeats, (oldest, positions.len()), seen, heard);
        }
    }

    /// Bytes sent and not acknowledged, if everything before `acked` is.
    pub fn unacknowledged(&self, acked: Option<i64>) -> u64 {
        let sent = self.sequence.range_set().span().map_or(0, |span| span.end);
        let acked = acked.unwrap_or(self.acked).max(1);
        u64::try_from(sent - acked).unwrap_or(0)
    }

    /// Frees memory that is needed only while segments are on their way.
    pub fn release(&mut self) {
        self.pending.close();
        self.round_trips.close();
        self.recent.close();
        self.sequence.close();
        if self.packet_log.is_some() {
            self.packet_log = None;
        }
    }
}

/// How far a subflow came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubflowState {
    /// A SYN, or a SYN and a SYN/ACK.
    HalfOpen,
    /// The SYN was repeated and never answered.
    SynTimeout,
    /// Answered by a RST before it got through.
    Refused,
    /// Open.
    Established,
    /// Both hosts sent a FIN.
    Closed,
    /// Was established and ended by a RST.
    Reset,
    /// The capture does not show enough.
    Unknown,
}

impl Subflow {
    /// A subflow that nothing but its first packet was seen of.
    pub(crate) fn new(
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
            fast_path: false,
        }
    }

    /// Who answered the SYN.
    pub const fn acceptor(&self) -> Role {
        self.opener.peer()
    }

    /// Whether the first packet seen was not a SYN.
    pub const fn is_midstream(&self) -> bool {
        self.handshake.syn.is_none()
    }

    /// Whether both SYNs carried timestamps (RFC 7323 §3.2: only then are they in use); `None`
    /// without both.
    pub fn timestamps(&self) -> Option<bool> {
        let (client, server) = (self.sides.client.syn_options?, self.sides.server.syn_options?);
        Some(client.timestamps && server.timestamps)
    }

    /// Whether the capture was taken nearer to `role` than to its peer: whoever answers sooner in the
    /// handshake is nearer.
    pub fn is_captured_near(&self, role: Role) -> bool {
        let handshake = &self.handshake;
        let (Some(syn), Some(syn_ack), Some(ack)) =
            (handshake.syn, handshake.syn_ack, handshake.ack)
        else {
            return false;
        };
        let (acceptor, opener) = (syn_ack.at.since(syn.at), ack.at.since(syn_ack.at));
        let sooner = if role == self.opener { opener < acceptor } else { acceptor < opener };
        sooner && handshake.rtt_ns().is_some()
    }

    /// Says how long a round trip is and who is near the capture point, once the third ACK was seen.
    #[inline(never)]
    pub(crate) fn know_distances(&mut self) {
        let Handshake { syn, syn_ack, ack, .. } = self.handshake;
        let (Some(syn), Some(syn_ack), Some(ack), Some(rtt_ns)) =
            (syn, syn_ack, ack, self.handshake.rtt_ns())
        else {
            return;
        };
        for role in Role::BOTH {
            self.sides.of_mut(role).round_trips.begin(rtt_ns);
        }
        let (acceptor, opener) = (syn_ack.at.since(syn.at), ack.at.since(syn_ack.at));
        let is_near =
            |here: i64, there: i64| here >= 0 && here.saturating_mul(MUCH_NEARER) <= there;
        self.sides.of_mut(self.opener).is_near = is_near(opener, acceptor);
        self.sides.of_mut(self.opener.peer()).is_near = is_near(acceptor, opener);
    }

    /// What arrived on it before it did on any other subflow, of what `sender` sent: it is acknowledged here,
    /// by ACK or SACK. `data` is the stream, and `is_in_order` says that the order of packets is that of their
    /// times. `None` if the capture does not show it: no acknowledgment is in it at all, or not enough is
    /// remembered of bytes with several copies.
    pub(crate) fn delivered(
        &self,
        sender: Role,
        data: &DataSpace,
        is_in_order: bool,
    ) -> Option<Delivered> {
        let side = self.sides.of(sender);
        let is_acked = self.sides.of(sender.peer()).highest_ack.is_some();
        if side.bytes.payload == 0 {
            // What is acknowledged and was never seen may be anything.
            let is_unseen = side.segments == 0 && is_acked;
            return (!is_unseen).then(Delivered::default);
        }
        if !is_acked || !side.pending.is_empty() {
            return None;
        }
        let carried = Carried {
            new_data: side.bytes.new_data,
            positions: side.sequence.range_set(),
            acked: side.acked,
        };
        data.delivered_on(self.number, &carried, is_in_order && !self.out_of_order)
    }

    /// With both SYNs seen, says how windows are scaled.
    pub fn know_window_scales(&mut self) {
        let sides = &mut self.sides;
        if let (Some(client), Some(server)) = (sides.client.syn_options, sides.server.syn_options) {
            let (client, server) = window::shifts(client.window_scale, server.window_scale);
            sides.client.window_scale = Some(client);
            sides.server.window_scale = Some(server);
        }
    }

    /// Takes the place and the time of a segment.
    #[inline]
    pub(crate) fn see(&mut self, seen: PacketStamp) {
        self.out_of_order |= seen.is_out_of_order(self.last);
        self.last = seen;
    }

    /// Direction of a segment sent by `endpoint`.
    pub fn direction_from(&self, endpoint: Endpoint) -> Direction {
        if self.sides.client.endpoint == endpoint {
            Direction::ClientToServer
        } else {
            Direction::ServerToClient
        }
    }

    /// Whether its next segment may take the fast path. For tests.
    #[doc(hidden)]
    pub const fn may_take_fast_path(&self) -> bool {
        self.fast_path
    }

    /// Exchanges client and server in all that is known of it.
    pub fn swap_roles(&mut self) {
        self.sides.swap();
        self.opener = self.opener.peer();
        if let Some(reset) = &mut self.reset {
            reset.from = reset.from.peer();
        }
    }

    /// Whether its join may have got through although the fourth ACK was not seen: nothing of the
    /// acceptor was.
    pub fn is_joining(&self) -> bool {
        let is_one_sided = self.handshake.syn.is_some() && self.handshake.syn_ack.is_none();
        let asked = |join: &JoinHandshake| join.ack_hmac.is_some() && join.fourth_ack.is_none();
        is_one_sided && self.reset.is_none() && self.join.as_ref().is_some_and(asked)
    }

    /// Whether its opener went on after the SYN although nothing of the acceptor was seen: the answers are not
    /// in the capture.
    pub fn is_answered_unseen(&self) -> bool {
        let opener = self.sides.of(self.opener).segments;
        let syns = u64::from(self.handshake.syn_retransmissions) + 1;
        let rst_alone = self.reset.is_some() && opener == syns + 1;
        self.handshake.syn.is_some()
            && self.sides.of(self.acceptor()).segments == 0
            && opener > syns
            && !rst_alone
    }

    /// Whether it is over: only late segments can follow.
    pub fn is_over(&self) -> bool {
        self.reset.is_some() || (self.sides.client.fin.is_some() && self.sides.server.fin.is_some())
    }

    /// Whether only repeated segments can still be on their way.
    pub fn is_finished(&self) -> bool {
        self.reset.is_some() || (self.sides.client.fin_acked && self.sides.server.fin_acked)
    }

    /// How far it came, by what was seen of it.
    pub fn state(&self) -> SubflowState {
        if let Some(reset) = self.reset {
            return self.state_after(reset);
        }
        if self.sides.client.fin.is_some() && self.sides.server.fin.is_some() {
            return SubflowState::Closed;
        }
        if self.is_confirmed() {
            return SubflowState::Established;
        }
        let handshake = &self.handshake;
        match (handshake.syn, handshake.syn_ack) {
            (Some(_), None) if handshake.syn_retransmissions > 0 => SubflowState::SynTimeout,
            (Some(_), _) | (None, Some(_)) => SubflowState::HalfOpen,
            (None, None) => SubflowState::Unknown,
        }
    }

    fn state_after(&self, reset: Reset) -> SubflowState {
        let both_closed = self.sides.client.fin.is_some() && self.sides.server.fin.is_some();
        // Late data after both FINs is answered by a bare RST: no error (RFC 9293 §3.10.7.1).
        if both_closed && reset.reason.is_none() {
            SubflowState::Closed
        } else if self.is_confirmed() || self.is_answered_unseen() {
            SubflowState::Reset
        } else {
            SubflowState::Refused
        }
    }

    /// Whether it was usable at any time: a join needs the fourth ACK (RFC 8684 §3.2).
    pub fn is_confirmed(&self) -> bool {
        match &self.join {
            Some(join) if self.handshake.syn.is_some() => join.fourth_ack.is_some(),
            _ => self.established,
        }
    }
}
