//! What one segment changes on its subflow and its connection.

use super::Tracker;
use super::fallback::FallbackCause;
use super::ids::{ConnectionId, SubflowId};
use super::options::SegmentOptions;
use super::packet_class::{self, LastPacket, PacketClass};
use super::proof::{Verdict, fast_close_verdict};
use super::range_set::SeqRange;
use super::role::{Direction, PerRole, Role};
use super::stamp::PacketStamp;
use super::state::connection::{Connection, FastCloseSeen};
use super::state::event::{Event, EventKind};
use super::state::subflow::{Reset, Subflow, SubflowSide};
use super::updates::{StateDigest, Update};
use crate::wire::mptcp::{Capable, CapableForm, FastClose, Join, MptcpOption};
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::seq::Dsn;

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
        step.take();
        step.release_what_is_over();
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
        step.note_stalls(segment.payload_len > 0);
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

/// A segment, and what it may change.
pub(crate) struct Step<'a> {
    pub(crate) id: SubflowId,
    pub(crate) direction: Direction,
    pub(crate) seen: PacketStamp,
    pub(crate) segment: &'a Segment<'a>,
    pub(crate) options: &'a SegmentOptions,
    pub(crate) subflow: &'a mut Subflow,
    pub(crate) connection: &'a mut Connection,
    pub(crate) most_events: usize,
    /// Bytes that wait in all streams, and how many may.
    pub(crate) buffered: &'a mut usize,
    pub(crate) most_buffered: usize,
    pub(crate) updates: Option<&'a mut Vec<Update>>,
    /// Whether this segment showed the key of a host for the first time.
    pub(super) new_keys: PerRole<bool>,
}

impl Step<'_> {
    fn take(&mut self) {
        let flags = self.segment.flags;
        self.watch_option_space();
        if flags.has(TcpFlags::SYN) {
            self.take_syn();
        }
        let payload = self.payload_range();
        for option in &self.options.mptcp {
            self.take_option(option, payload);
        }
        if flags.has(TcpFlags::RST) {
            self.take_reset();
            self.note_stalls(!payload.is_empty());
            return;
        }
        if !flags.has(TcpFlags::SYN) {
            self.take_handshake_ack();
        }
        if flags.has(TcpFlags::ACK) {
            self.take_ack();
        }
        self.check_answer();
        if !payload.is_empty() {
            self.take_payload(payload);
        }
        self.note_stalls(!payload.is_empty());
        if self.connection.fallback.is_some() {
            self.watch_plain(payload);
        }
        if flags.has(TcpFlags::FIN) && self.sender_end().fin.is_none() {
            self.watch_fin();
            self.sender_end().fin = Some(self.seen);
            self.event(EventKind::Fin);
        }
    }

    /// Notes that the data level stood still until this segment: until a DATA_ACK, for what the
    /// peer sends, or until data.
    fn note_stalls(&mut self, has_payload: bool) {
        for role in Role::BOTH {
            if role == self.sender() && !has_payload {
                continue;
            }
            if let Some(stall) = self.connection.data.of_mut(role).take_stall()
                && !self.connection.out_of_order
            {
                self.event(EventKind::Stall { duration_ns: stall.duration_ns });
            }
        }
    }

    /// Lets go of what is only needed while segments are on their way, once there can't be any.
    #[inline]
    fn release_what_is_over(&mut self) {
        if self.subflow.released || !self.subflow.is_finished() {
            return;
        }
        self.subflow.released = true;
        for role in Role::BOTH {
            self.subflow.sides.of_mut(role).release();
        }
        self.connection.finished += 1;
        if self.connection.finished as usize == self.connection.subflows.len() {
            for role in Role::BOTH {
                self.connection.data.of_mut(role).close();
            }
        }
    }

    pub(crate) fn sender(&self) -> Role {
        self.direction.sender()
    }

    pub(crate) fn sender_end(&mut self) -> &mut SubflowSide {
        self.subflow.sides.of_mut(self.direction.sender())
    }

    pub(crate) fn event(&mut self, kind: EventKind) {
        let event = Event { seen: self.seen, subflow: self.id, direction: self.direction, kind };
        self.connection.events.push(event, self.most_events);
        if let Some(updates) = &mut self.updates {
            updates.push(Update::Event(event));
        }
    }

    /// Where the payload stands on the subflow; empty for a RST, whose text is no payload
    /// (RFC 9293 §3.10.7.4).
    fn payload_range(&mut self) -> SeqRange {
        let segment = self.segment;
        if segment.flags.has(TcpFlags::RST) {
            return SeqRange { start: 0, end: 0 };
        }
        let syn = i64::from(segment.flags.has(TcpFlags::SYN));
        let start = self.sender_end().sequence.position(segment.seq) + syn;
        SeqRange::new(start, segment.payload_len)
    }

    fn take_syn(&mut self) {
        let segment = self.segment;
        let (seen, ack) = (self.seen, segment.flags.has(TcpFlags::ACK));
        let syn_options = self.options.syn;
        let end = self.sender_end();
        end.sequence.see_syn(segment.seq);
        end.syn_options.get_or_insert(syn_options);
        self.subflow.know_window_scales();
        let end = self.sender_end();
        if end.mappings.latest().is_none() {
            end.mappings.set_origin(i64::from(segment.payload_len));
        }
        let handshake = &mut self.subflow.handshake;
        let retransmission =
            if ack { handshake.see_syn_ack(seen) } else { handshake.see_syn(seen) };
        self.event(EventKind::Syn { ack, retransmission });
        if ack {
            self.take_syn_ack();
        } else if !self.options.has_mptcp() && self.subflow.handshake.mp_capable_syn {
            self.subflow.handshake.plain_syn.get_or_insert(seen);
        }
    }

    /// What a SYN/ACK says about the SYN: which bytes of a fast-open SYN count, and whether MPTCP
    /// was taken up.
    fn take_syn_ack(&mut self) {
        let ack = self.segment.ack;
        let peer = self.subflow.sides.of_mut(self.direction.sender().peer());
        if let Some(position) = peer.sequence.acked_position(ack)
            && peer.sequence.isn().is_some()
            && peer.mappings.latest().is_none()
        {
            // RFC 8684 Appendix B.3: subflow sequence number 1 is the byte after those accepted.
            let accepted = (position - 1).max(0);
            peer.mappings.set_origin(accepted);
            let sent = peer.sequence.range_set().span().map_or(position, |span| span.end);
            peer.refused = SeqRange { start: accepted + 1, end: sent };
            let accepted = usize::try_from(accepted).unwrap_or(0);
            self.on_stream(self.sender().peer(), |stream| stream.accept_prefix(accepted));
        } else {
            peer.begin_at(ack);
        }
        let handshake = &self.subflow.handshake;
        let offered = handshake.mp_capable_syn;
        let taken_up =
            self.options.mptcp.iter().any(|option| matches!(option, MptcpOption::Capable(_)));
        if offered && !taken_up && !self.segment.options.is_cut() {
            let cause = if handshake.plain_syn.is_some() {
                FallbackCause::SynWithMpCapableUnanswered
            } else {
                FallbackCause::SynAckWithoutMpCapable
            };
            self.fall_back(cause, true);
        }
    }

    /// The opener's first segment after the SYN/ACK, and the acceptor's first one after that.
    fn take_handshake_ack(&mut self) {
        let is_opener = self.sender() == self.subflow.opener;
        let seen = self.seen;
        let handshake = &mut self.subflow.handshake;
        if handshake.syn.is_none() {
            // Midstream: it got through before the capture began.
            let is_new = !std::mem::replace(&mut self.subflow.established, true);
            self.connection.joined += u32::from(is_new && !self.subflow.initial);
            return;
        }
        if is_opener && handshake.syn_ack.is_some() && handshake.ack.is_none() {
            handshake.ack = Some(seen);
            self.subflow.established = true;
            self.check_third_ack();
        } else if let Some(join) = &self.subflow.join
            && !is_opener
            && join.fourth_ack.is_none()
        {
            // It has a socket only after the third ACK, be that in the capture or not.
            self.connection.join_answered(self.subflow);
            if let Some(join) = &mut self.subflow.join {
                join.fourth_ack = Some(seen);
            }
            self.subflow.established = true;
            self.connection.joined += 1;
        }
    }

    fn take_ack(&mut self) {
        let ack = self.segment.ack;
        let peer = self.subflow.sides.of_mut(self.direction.sender().peer());
        let peer_acked = peer.sequence.acked_position(ack);
        if let Some(acked) = peer_acked {
            if peer.fin.is_some() && !peer.fin_acked {
                let end = peer.sequence.range_set().span().map_or(1, |span| span.end);
                peer.fin_acked = acked > end;
            }
            if peer.take_acked(acked, self.seen.at) {
                let sent = self.connection.data.of_mut(self.direction.sender().peer());
                sent.acknowledge_subflow(self.subflow.number, acked);
            }
        }
        let is_waiting = peer.unacknowledged(peer_acked) > 0;
        let is_bare = self.segment.sequence_len() == 0;
        let is_signal = is_bare && self.options.has_signal();
        let end = self.sender_end();
        match end.highest_ack.map(|highest| ack.distance_from(highest)) {
            Some(0) if is_bare => {
                end.sender_stats.duplicate_acks += u64::from(is_waiting && !is_signal);
                self.watch_duplicate_ack(is_signal);
                return;
            }
            Some(..=0) => {}
            _ => end.highest_ack = Some(ack),
        }
        self.watch_other();
    }

    fn take_reset(&mut self) {
        let reason = self.options.mptcp.iter().find_map(|option| match option {
            MptcpOption::TcpReset(reason) => Some(*reason),
            _ => None,
        });
        if self.subflow.reset.is_none() {
            self.connection.join_answered(self.subflow);
            self.subflow.reset = Some(Reset { seen: self.seen, from: self.sender(), reason });
        }
        self.event(EventKind::Rst { ack: self.segment.flags.has(TcpFlags::ACK) });
    }

    fn take_option(&mut self, option: &MptcpOption, payload: SeqRange) {
        match option {
            MptcpOption::Capable(capable) => self.take_capable(capable, payload),
            MptcpOption::Join(join) => self.take_join(join),
            MptcpOption::Dss(dss) => {
                self.watch_bits(option);
                self.take_dss(dss, payload);
                return;
            }
            MptcpOption::AddAddr(add) => {
                self.connection.addresses.add(self.direction.sender(), *add, self.seen);
            }
            MptcpOption::RemoveAddr(remove) => {
                for id in remove.ids() {
                    self.connection.addresses.remove(self.direction.sender(), id, self.seen);
                }
            }
            MptcpOption::Prio(prio) if prio.address_id.is_none() => {
                self.sender_end().backup = Some(prio.backup);
            }
            MptcpOption::FastClose(FastClose { receiver_key, .. }) => {
                let (seen, from, receiver_key) = (self.seen, self.sender(), *receiver_key);
                let close = FastCloseSeen { seen, from, receiver_key };
                // One with a wrong key makes room for the next one.
                if matches!(
                    fast_close_verdict(self.connection),
                    Verdict::Absent | Verdict::Mismatch
                ) {
                    self.connection.fast_close = Some(close);
                }
            }
            _ => {}
        }
        self.watch_bits(option);
        self.watch_place(payload);
        self.event(EventKind::Option(*option));
    }

    fn take_capable(&mut self, capable: &Capable, payload: SeqRange) {
        let flags = self.segment.flags;
        let sender = self.sender();
        if flags.has(TcpFlags::SYN) {
            self.subflow.handshake.mp_capable_syn |= flags.is_syn();
            self.connection.learn_offer(sender, capable);
        } else {
            self.connection.learn_agreement(sender, capable);
        }
        self.connection.roles_certain = true;
        let keys = [(sender, capable.sender_key()), (sender.peer(), capable.receiver_key())];
        for (role, key) in keys {
            if let Some(key) = key
                && self.connection.learn_key(role, key)
            {
                *self.new_keys.of_mut(role) = true;
            }
        }
        for role in Role::BOTH {
            // RFC 8684 §3.2: the addresses of the initial subflow have ID 0.
            self.subflow.sides.of_mut(role).address_id = Some(crate::wire::mptcp::AddressId(0));
        }
        match capable.form {
            CapableForm::BothKeys { .. } if !flags.has(TcpFlags::SYN) && payload.is_empty() => {
                let seq = self.segment.seq;
                self.sender_end().begin_at(seq);
            }
            CapableForm::BothKeysAndData { data_len, checksum, .. } => {
                self.declare_first_data(data_len, checksum, payload);
            }
            _ => {}
        }
    }

    fn take_join(&mut self, join: &Join) {
        let sender = self.sender();
        let handshake = self.subflow.join.get_or_insert_default();
        match *join {
            Join::Syn { backup, address_id, token, nonce, .. } => {
                handshake.token = Some(token);
                handshake.joiner_nonce = Some(nonce);
                let end = self.subflow.sides.of_mut(sender);
                end.address_id = Some(address_id);
                end.backup = Some(backup);
            }
            Join::SynAck { backup, address_id, hmac, nonce, .. } => {
                handshake.joinee_nonce.get_or_insert(nonce);
                handshake.syn_ack_hmac.get_or_insert(hmac);
                let end = self.subflow.sides.of_mut(sender);
                end.address_id = Some(address_id);
                end.backup = Some(backup);
            }
            Join::Ack { hmac, .. } => {
                let is_first = handshake.ack_hmac.is_none();
                handshake.ack_hmac.get_or_insert(hmac);
                self.connection.joining += u32::from(is_first && self.subflow.is_joining());
                // No data can be before it (RFC 8684 §3.2).
                self.subflow.sides.of_mut(sender).begin_at(self.segment.seq);
                self.subflow.sides.of_mut(sender.peer()).begin_at(self.segment.ack);
            }
        }
    }

    /// The DSN of the first byte that `role` sends after the handshake, if its key is known.
    pub(crate) fn first_dsn(&self, role: Role) -> Option<Dsn> {
        self.connection.hosts.of(role).idsn.map(|idsn| idsn.add(1))
    }
}
