//! The data level of one segment: DSS, and what becomes of its payload.

use super::fallback::{Fallback, FallbackCause};
use super::range_set::SeqRange;
use super::role::Role;
use super::segment::Step;
use super::state::data::PayloadClass;
use super::state::event::{Event, EventKind, Resent};
use super::state::mapping::Mapped;
use super::state::stream::{Source, Stream, StreamBreak};
use super::state::transmissions::Transmission;
use super::state::violations::{self, Violation};
use super::updates::Update;
use crate::wire::crypto::ChecksumVerdict;
use crate::wire::mptcp::{DataLevelLength, Dss, Mapping, MptcpOption};
use crate::wire::segment::TcpFlags;
use crate::wire::seq::{Dsn, WireDsn};

impl Step<'_> {
    /// Takes a DSS whose segment carries payload at `payload`.
    pub(crate) fn take_dss(&mut self, dss: &Dss, payload: SeqRange) {
        let first = !std::mem::replace(self.connection.dss_seen.of_mut(self.sender()), true);
        let infinite = dss.mapping.is_some_and(|map| map.length == DataLevelLength::Infinite);
        if first || infinite {
            self.event(EventKind::Option(MptcpOption::Dss(*dss)));
        }
        if let Some(ack) = dss.data_ack {
            let receiver = self.sender().peer();
            let window = self.subflow.sides.of(self.sender()).window_of(self.segment);
            let data = self.connection.data.of_mut(receiver);
            let end = data.acknowledge(ack, self.seen);
            let edge = data.offer(end, window, self.seen.at);
            let acked = data.acked_end().unwrap_or_default();
            self.watch_data_ack(ack.is_long(), end);
            if let Some(edge) = edge {
                self.watch_edge(edge);
            }
            self.on_stream(receiver, |stream| stream.acknowledge(acked));
            self.place_by_acknowledgment(ack);
        }
        if let Some(mapping) = &dss.mapping {
            self.take_mapping(mapping, dss.data_fin, payload);
        }
        if infinite {
            self.fall_back(FallbackCause::InfiniteMapping, true);
        }
    }

    /// What the peer has of a mapping whose place is not known came before what it acknowledges on
    /// the subflow, as long as there is no other subflow.
    fn place_by_acknowledgment(&mut self, data_ack: WireDsn) {
        let receiver = self.sender().peer();
        let end = self.subflow.sides.of_mut(receiver);
        if end.mappings.are_placed() || self.connection.subflows.len() > 1 {
            return;
        }
        if let Some(acked) = end.sequence.acked_position(self.segment.ack) {
            let data_ack = self.connection.data.of_mut(receiver).expand(data_ack);
            end.mappings.acknowledge(acked, data_ack);
            self.place_held(receiver);
        }
    }

    fn take_mapping(&mut self, mapping: &Mapping, data_fin: bool, payload: SeqRange) {
        let sender = self.sender();
        let data = self.connection.data.of_mut(sender);
        let dsn = data.expand(mapping.dsn);
        let first = data.position(dsn);
        if mapping.dsn.is_long() {
            data.map_wide(first);
        } else {
            data.map_narrow();
            self.watch_narrow_dsn(first);
        }
        if data_fin && let DataLevelLength::Bytes(octets) = mapping.length {
            let position = first + i64::from(octets) - 1;
            self.watch_data_fin(mapping, position);
            let data = self.connection.data.of_mut(sender);
            if data.finish(position, self.seen) {
                self.event(EventKind::DataFin { dsn: dsn.add(u64::from(octets) - 1) });
                let is_known = self.connection.data.of(sender).reference().is_some();
                if let (1, Some(stored), true) = (octets, mapping.checksum, is_known) {
                    let seen = self.seen;
                    let checksums = &mut self.sender_end().checksums;
                    checksums.add_lone_data_fin(dsn, mapping.ssn, stored, seen);
                }
            }
        }
        let end = self.subflow.sides.of_mut(sender);
        let conflicts = end.mappings.conflicts();
        let is_outside = end.mappings.declare(mapping, dsn, data_fin, payload);
        if end.mappings.conflicts() > conflicts {
            end.first_conflict.get_or_insert(self.seen);
        }
        self.place_held(sender);
        let (end, receiver) = self.subflow.sides.along_mut(self.direction);
        if !end.mappings.are_placed() {
            return;
        }
        end.settle_mappings(receiver.highest_ack);
        self.watch_mapping(is_outside);
    }

    /// The mapping that a MP_CAPABLE with data stands for: the first octets of the stream, at
    /// subflow sequence number 1 (RFC 8684 §3.1).
    pub(crate) fn declare_first_data(
        &mut self,
        data_len: u16,
        checksum: Option<u16>,
        payload: SeqRange,
    ) {
        let Some(dsn) = self.first_dsn(self.sender()) else {
            return;
        };
        let length = DataLevelLength::Bytes(data_len);
        let mapping = Mapping { dsn: WireDsn::Long(dsn.0), ssn: 1, length, checksum };
        if data_len > 0 {
            self.take_mapping(&mapping, false, payload);
        }
    }

    /// Classifies the octets of a segment, each exactly once.
    pub(crate) fn take_payload(&mut self, payload: SeqRange) {
        let (seen, octets) = (self.seen, self.segment.payload_len);
        let is_syn = self.segment.flags.has(TcpFlags::SYN);
        let end = self.sender_end();
        end.bytes.payload += payload.len();
        end.largest_payload = end.largest_payload.max(octets);
        let first = end.first_data.is_none();
        end.first_data.get_or_insert(seen);
        let new_before = end.bytes.new_data;
        let in_order = !is_syn && end.sequence.insert_past_end(payload);
        if in_order {
            end.round_trips.sent(payload, seen.at);
        }
        if first {
            self.event(EventKind::FirstData { payload_len: self.segment.payload_len });
        }
        self.watch_urgent(payload);
        if in_order {
            self.take_fresh(payload);
        } else {
            self.take_pieces(payload);
        }
        let end = self.sender_end();
        // Octets that turn out to stand elsewhere may be taken back.
        let new_data = end.bytes.new_data.saturating_sub(new_before);
        let in_flight = end.unacknowledged(None);
        end.sender_stats.sent(seen.at, payload.len(), new_data, in_flight);
        let data = self.connection.data.of_mut(self.direction.sender());
        data.sent(seen.at, payload.len(), new_data);
    }

    /// Octets of a fast-open SYN that the peer did not accept: only when they come again do they
    /// have data sequence numbers (RFC 8684 Appendix B.3). They were counted with the SYN.
    fn take_refused(&mut self, again: SeqRange) {
        let end = self.sender_end();
        let part = again.intersection(end.refused);
        if !part.is_empty() {
            end.refused.start = part.end;
            let counted = end.bytes;
            self.take_fresh(part);
            self.sender_end().bytes = counted;
        }
    }

    /// Payload of which octets were seen before, or that does not follow on the last.
    fn take_pieces(&mut self, payload: SeqRange) {
        let seen = self.seen;
        let end = self.sender_end();
        let highest = end.sequence.range_set().span().map_or(0, |span| span.end);
        let pieces = end.sequence.insert(payload);
        let is_late = payload.start < highest && pieces.iter().any(|piece| !piece.seen);
        end.sender_stats.out_of_order += u64::from(is_late);
        if pieces.iter().any(|piece| piece.seen) {
            end.round_trips.resent(payload);
        } else {
            end.round_trips.sent(payload, seen.at);
        }
        for piece in pieces {
            if piece.seen {
                self.sender_end().bytes.retransmitted += piece.range.len();
                self.watch_retransmission(piece.range.start);
                self.take_refused(piece.range);
                self.take_repaired(piece.range);
            } else if self.segment.flags.has(TcpFlags::SYN) {
                // Fast open: outside the data sequence space (RFC 8684 Appendix B.2).
                self.sender_end().bytes.new_data += piece.range.len();
                let (octets, len) = (self.segment.payload, piece.range.len());
                self.on_stream(self.sender(), |stream| stream.insert_prefix(octets, len));
            } else {
                self.take_fresh(piece.range);
            }
        }
    }

    /// Octets whose subflow sequence numbers are new: split by mapping.
    fn take_fresh(&mut self, fresh: SeqRange) {
        let mut at = fresh.start;
        while at < fresh.end {
            let mappings = &self.sender_end().mappings;
            let (covering, is_placed) = (mappings.covering(at).copied(), mappings.are_placed());
            let end = match covering {
                Some(mapped) => mapped.positions.end,
                None => mappings.next_start_after(at).unwrap_or(fresh.end),
            }
            .min(fresh.end);
            let part = SeqRange { start: at, end };
            match covering {
                Some(mapped) if is_placed => self.take_mapped(part, &mapped),
                Some(mapped) => self.hold(part, &mapped),
                None => self.take_bare(part),
            }
            at = end;
        }
    }

    /// Octets of a mapping: to the checksum, to the stream, and to the count that they belong to.
    pub(crate) fn take_mapped(&mut self, part: SeqRange, mapped: &Mapped) {
        let sender = self.sender();
        let sample = self.sample(part);
        let data = self.connection.data.of_mut(sender);
        let start = data.position(mapped.dsn_at(part.start));
        let range = SeqRange { start, end: start + (part.end - part.start) };
        let carried = Transmission {
            range,
            subflow: self.subflow.number,
            subflow_position: part.start,
            at: self.seen.at,
            sample,
        };
        if let Some(place) = data.range_set().place_of(range) {
            data.insert_new(place, carried);
            let at = self.seen.at;
            let end = self.sender_end();
            end.bytes.new_data += range.len();
            end.sender_stats.carried(at, range, true);
            self.watch_new_data(range);
        } else {
            self.take_known(carried);
        }
        if mapped.checksum.is_some() || self.connection.streams.of(sender).is_some() {
            self.take_octets(part, range, mapped, false);
        }
    }

    /// Octets of which some may have been seen before, or that come late.
    fn take_known(&mut self, carried: Transmission) {
        let sender = self.sender();
        for (range, fate) in self.connection.data.of_mut(sender).insert(carried) {
            let end = self.subflow.sides.of_mut(sender);
            end.sender_stats.carried(self.seen.at, range, fate == PayloadClass::New);
            let bytes = &mut end.bytes;
            match fate {
                PayloadClass::New => {
                    bytes.new_data += range.len();
                    self.watch_new_data(range);
                }
                PayloadClass::Remapped => {
                    bytes.remapped += range.len();
                    self.note(Violation::Remapped, range.len());
                }
                PayloadClass::Reinjected(from) => {
                    bytes.reinjected += range.len();
                    self.reinjected(from, range.len());
                    self.watch_reinjection(range.len());
                }
            }
        }
    }

    /// What the octets at `part` are known by when another subflow carries them: nothing where there
    /// is no other.
    fn sample(&self, part: SeqRange) -> u32 {
        if self.connection.joined == 0 {
            return 0;
        }
        let sequence = &self.subflow.sides.of(self.sender()).sequence;
        let start = sequence.acked_position(self.segment.seq).unwrap_or(part.start);
        let octets = captured_part(self.segment.payload, part.start - start, part.len());
        violations::sample(octets, part.len())
    }

    /// Notes octets that another subflow carried before.
    fn reinjected(&mut self, from: Option<u32>, bytes: u64) {
        let resent = Resent { from, bytes, segments: 1, last: self.seen };
        let kind = EventKind::Resent(resent);
        let event = Event { seen: self.seen, subflow: self.id, direction: self.direction, kind };
        if self.connection.events.push_resent(event, resent, self.most_events)
            && let Some(updates) = &mut self.updates
        {
            updates.push(Update::Event(event));
        }
    }

    /// The octets themselves, which stand at `part` on the subflow and at `range` in the stream.
    fn take_octets(&mut self, part: SeqRange, range: SeqRange, mapped: &Mapped, again: bool) {
        let (segment, seen, sender) = (self.segment, self.seen, self.sender());
        let number = self.subflow.number;
        let is_known = self.connection.data.of(sender).reference().is_some();
        let end = self.subflow.sides.of_mut(sender);
        let start = end.sequence.position(segment.seq);
        let octets = captured_part(segment.payload, part.start - start, part.len());
        let checksums = if again { &mut end.checksums_again } else { &mut end.checksums };
        // The checksum covers all 64 bits of the DSN (RFC 8684 §3.3.1).
        let checked = if is_known { octets } else { &[] };
        let verdict = checksums.add(mapped, part, checked, seen);
        let source = Source { subflow: number, start: mapped.positions.start, again };
        let checked = mapped.checksum.map(|_| source);
        self.on_stream(sender, |stream| stream.insert(range, octets, checked));
        if let Some(verdict) = verdict {
            let first = range.start - (part.start - mapped.positions.start);
            let whole =
                SeqRange { start: first, end: first + mapped.positions.len().cast_signed() };
            let right = verdict != ChecksumVerdict::Wrong;
            self.on_stream(sender, |stream| stream.judge(source, whole, right));
        }
    }

    /// Does something to the stream of `sender`, if streams are wanted, within the memory that all
    /// streams share.
    pub(crate) fn on_stream(&mut self, sender: Role, act: impl FnOnce(&mut Stream)) {
        let Some(stream) = self.connection.streams.of_mut(sender) else { return };
        let before = stream.buffered();
        act(stream);
        *self.buffered = (*self.buffered + stream.buffered()).saturating_sub(before);
        if *self.buffered > self.most_buffered {
            *self.buffered -= stream.buffered();
            stream.give_up(StreamBreak::Memory);
        }
    }

    /// Octets that TCP sends again, of a mapping whose checksum was wrong: the receiver may have
    /// dropped the first ones by TCP's own checksum, and got these.
    fn take_repaired(&mut self, again: SeqRange) {
        let end = self.sender_end();
        let Some(mapped) = end.mappings.covering(again.start).copied() else { return };
        if !end.checksums.is_listed(mapped.dsn) {
            return;
        }
        let part = again.intersection(mapped.positions);
        let data = self.connection.data.of_mut(self.direction.sender());
        let start = data.position(mapped.dsn_at(part.start));
        let range = SeqRange { start, end: start + (part.end - part.start) };
        self.take_octets(part, range, &mapped, true);
    }

    /// Octets without a mapping: the stream goes on as plain TCP, if the connection may fall back
    /// (RFC 8684 §3.7: only while it has one subflow); else a fault.
    fn take_bare(&mut self, part: SeqRange) {
        if self.connection.fallback.is_none() {
            let is_hidden = self.is_mapping_hidden();
            if is_hidden || !self.may_fall_back() {
                let seen = self.seen;
                let is_told = !is_hidden && self.connection.joined > 0;
                let end = self.sender_end();
                end.bytes.unmapped += part.len();
                end.pending.hidden += if is_hidden { part.len() } else { 0 };
                // Behind a gap, the segment with the mapping may be what is missing.
                if is_told && end.sequence.range_set().holes().len() == 0 {
                    end.first_unmapped.get_or_insert(seen);
                }
                return;
            }
            self.fall_back_for_bare_data();
        }
        self.place_held_anyway();
        let first_dsn = self.first_dsn(self.sender()).unwrap_or(Dsn(1));
        self.sender_end().mappings.assume_from(part.start, first_dsn);
        if !self.subflow.is_midstream() {
            self.on_stream(self.sender(), |stream| stream.start(0));
        }
        self.take_fresh(part);
    }

    /// Whether bare data has a mapping that the capture does not show: the snap length cut it off, or
    /// MPTCP is still spoken and the segment with the mapping is missing.
    fn is_mapping_hidden(&mut self) -> bool {
        let dss = |option: &MptcpOption| matches!(option, MptcpOption::Dss(_));
        let is_spoken = self.options.mptcp.iter().any(dss);
        let sequence = &self.sender_end().sequence;
        let may_lack = sequence.isn().is_none() || sequence.range_set().holes().len() > 0;
        self.segment.options.is_cut() || is_spoken && may_lack
    }

    /// Data without a mapping: because the other host's answer had no option before, or for a reason
    /// that is not in the capture.
    fn fall_back_for_bare_data(&mut self) {
        let is_answered = self.sender() == self.subflow.opener
            && !self.connection.dss_seen.of(self.subflow.acceptor());
        if let Some(answer) = self.subflow.handshake.bare_answer.filter(|_| is_answered) {
            let seen = std::mem::replace(&mut self.seen, answer);
            self.fall_back(FallbackCause::AnswerWithoutDss, true);
            self.seen = seen;
            return;
        }
        let certain = self.sender_end().sequence.range_set().holes().len() == 0;
        self.fall_back(FallbackCause::DataWithoutMapping, certain);
    }

    pub(crate) fn fall_back(&mut self, cause: FallbackCause, certain: bool) {
        let cause = self.cause_behind(cause);
        if self.connection.fallback.is_none() {
            self.connection.fallback =
                Some(Fallback { cause, seen: self.seen, subflow: self.id, certain });
            self.event(EventKind::Fallback(cause));
        }
    }

    /// A host goes on without MPTCP after a wrong checksum, too (RFC 8684 §3.7; Linux says nothing
    /// of it when it was the first mapping).
    fn cause_behind(&self, cause: FallbackCause) -> FallbackCause {
        let is_bare =
            matches!(cause, FallbackCause::AnswerWithoutDss | FallbackCause::DataWithoutMapping);
        let ends = &self.subflow.sides;
        let was_wrong = Role::BOTH.iter().any(|role| ends.of(*role).checksums.mismatches() > 0);
        if is_bare && was_wrong { FallbackCause::ChecksumFailed } else { cause }
    }

    fn may_fall_back(&self) -> bool {
        self.subflow.initial && self.connection.joined == 0 && self.connection.joining == 0
    }

    /// The third ACK must carry MP_CAPABLE, unless something of the server made it superfluous
    /// (RFC 8684 §3.1).
    pub(crate) fn check_third_ack(&mut self) {
        let negotiated = self.subflow.initial
            && self.subflow.handshake.mp_capable_syn
            && self.connection.fallback.is_none();
        if negotiated && !self.options.has_mptcp() && !self.segment.options.is_cut() {
            let seq = self.segment.seq;
            let certain = self.sender_end().sequence.acked_position(seq) == Some(1);
            self.fall_back(FallbackCause::AckWithoutMpCapable, certain);
        }
    }

    /// A host that never sent a DSS answers data without one: it does not speak MPTCP here.
    pub(crate) fn check_answer(&mut self) {
        let sender = self.sender();
        let is_open = self.subflow.established && self.may_fall_back();
        let silent = !self.connection.dss_seen.of(sender)
            && !self.options.has_mptcp()
            && !self.segment.options.is_cut();
        if !(is_open && silent) || self.connection.fallback.is_some() {
            return;
        }
        let peer = self.subflow.sides.of(sender.peer());
        let acks_data = peer.first_data.is_some()
            && peer.mappings.declared() > 0
            && peer.sequence.acked_position(self.segment.ack).is_some_and(|acked| acked > 1);
        if !self.segment.flags.has(TcpFlags::ACK) {
            return;
        }
        if acks_data {
            let certain = self.subflow.handshake.syn.is_some();
            self.fall_back(FallbackCause::AnswerWithoutDss, certain);
        } else if sender == self.subflow.acceptor() {
            self.subflow.handshake.bare_answer.get_or_insert(self.seen);
        }
    }
}

/// Of a payload, the `len` octets from `offset` on, as far as they were captured.
pub(crate) fn captured_part(payload: &[u8], offset: i64, len: u64) -> &[u8] {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(payload.len());
    let rest = payload.get(start..).unwrap_or_default();
    let len = usize::try_from(len).unwrap_or(usize::MAX).min(rest.len());
    rest.get(..len).unwrap_or_default()
}
