//! The short way, which nearly every segment goes.
//!
//! On an open subflow of a connection that takes its course, a segment carries new bytes of the
//! stream, or acknowledges some, or both, and most rules have nothing to say of it. Here stands what is
//! left of the long way (`Step::take`) for such a segment: first whether it is one, then what it
//! changes, in the order of the long way. A rule that changes there changes here as well;
//! `tests/it/fast_path.rs` holds that both ways lead to the same.

use super::violations;
use crate::track::ids::SubflowId;
use crate::track::options::SegmentOptions;
use crate::track::packet_class::PacketClass;
use crate::track::range_set::{SeqRange, Slot};
use crate::track::role::{Direction, Role};
use crate::track::stamp::PacketStamp;
use crate::track::state::connection::Connection;
use crate::track::state::data::DataSpace;
use crate::track::state::subflow::{Subflow, SubflowSide};
use crate::track::state::transmissions::{self, Transmission};
use crate::track::state::violations::Violation;
use crate::track::store::Store;
use crate::wire::mptcp::Mapping;
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::seq::{Dsn, WireDsn};

/// What a segment turned out to be that took the fast path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastOutcome {
    pub(crate) direction: Direction,
    pub(crate) class: PacketClass,
    /// Whether the data level stood still until this segment.
    pub(crate) has_stall: bool,
}

/// Takes a segment of a subflow if it can take the fast path; else `None`, and nothing is changed.
#[inline]
pub(crate) fn try_fast_step(
    store: &mut Store,
    id: SubflowId,
    seen: PacketStamp,
    segment: &Segment<'_>,
    options: &SegmentOptions,
) -> Option<FastOutcome> {
    let subflow = &mut store.subflows[id];
    if !subflow.fast_path {
        return None;
    }
    let connection = &mut store.connections[subflow.connection];
    if !connection.fast_path {
        return None;
    }
    let direction = subflow.direction_from(segment.source);
    let (here, there) = subflow.sides.along_mut(direction);
    let (sent, received) = connection.data.along_mut(direction);
    let is_joined = connection.joined > 0;
    let step = FastStep { seen, segment, options, is_joined, here, there, sent, received };
    let has_stall = step.take(subflow.number, subflow.several_points)?;
    subflow.see(seen);
    connection.see(seen);
    let class = if segment.payload_len > 0 { PacketClass::Data } else { PacketClass::Ack };
    Some(FastOutcome { direction, class, has_stall })
}

/// Says whether the next segments of a subflow may take the fast path, after one that took the general
/// path. (One that takes the fast path changes nothing that this depends on.)
pub(crate) fn allow_fast_steps(store: &mut Store, id: SubflowId, is_enabled: bool) {
    let (subflow, connection) = store.pair_mut(id);
    subflow.fast_path = is_enabled && is_subflow_ready(subflow);
    connection.fast_path = is_connection_ready(connection);
}

/// A segment, and what it may change: on its subflow, here at its sender and there at the peer; of the
/// stream that its sender sends, and of the one that it receives.
struct FastStep<'a> {
    seen: PacketStamp,
    segment: &'a Segment<'a>,
    options: &'a SegmentOptions,
    /// Whether other subflows may carry the same bytes.
    is_joined: bool,
    here: &'a mut SubflowSide,
    there: &'a mut SubflowSide,
    sent: &'a mut DataSpace,
    received: &'a mut DataSpace,
}

/// New bytes of a stream under one mapping, which follow on all that the subflow carried.
#[derive(Clone, Copy)]
struct Payload<'a> {
    mapping: &'a Mapping,
    /// Where they stand on the subflow.
    positions: SeqRange,
    /// Where they stand in the stream.
    range: SeqRange,
    place: Slot,
    /// Where their mapping begins on the subflow, and in the stream.
    mapping_start: i64,
    mapping_position: i64,
    dsn: Dsn,
}

impl FastStep<'_> {
    /// Takes the segment, of the subflow with this number, and says whether the data level stood still
    /// until now; `None`, and nothing changed, if there is more to say of it.
    #[inline(always)]
    fn take(mut self, subflow: u32, several_points: bool) -> Option<bool> {
        let (segment, options) = (self.segment, self.options);
        let dss = options.only_dss()?;
        let data_ack = dss.data_ack?;
        let is_plain = segment.flags.0 & !TcpFlags::PSH.0 == TcpFlags::ACK.0
            && options.sack.blocks == 0
            && dss.is_plain()
            && self.here.option_space.goes_on(segment, options);
        if !is_plain {
            return None;
        }
        let payload = match &dss.mapping {
            Some(mapping) if segment.payload_len > 0 => Some(self.plain_payload(mapping)?),
            None if segment.payload_len == 0 && self.here.highest_ack != Some(segment.ack) => None,
            _ => return None,
        };
        if !self.see(several_points, data_ack) {
            return None;
        }
        self.take_data_ack(data_ack);
        if let Some(payload) = &payload {
            self.declare(payload);
        } else {
            self.here.sequence.position(segment.seq);
        }
        self.take_ack(subflow);
        let mut has_stall = self.received.has_stall();
        if let Some(payload) = &payload {
            self.take_payload(payload, subflow);
            has_stall |= self.sent.has_stall();
        }
        Some(has_stall)
    }

    /// Takes the segment as the last one of its sender; false, and nothing changed, if the same was
    /// captured before.
    #[inline(always)]
    fn see(&mut self, several_points: bool, data_ack: WireDsn) -> bool {
        let end = &mut *self.here;
        if end.recent.is_copy(self.segment, self.options, several_points) {
            return false;
        }
        end.segments += 1;
        end.sender_stats.see(self.seen);
        end.option_space.go_on(self.segment, self.options, data_ack);
        true
    }

    /// Its payload, if that is new and nothing else is to be said of it.
    #[inline(always)]
    fn plain_payload<'b>(&self, mapping: &'b Mapping) -> Option<Payload<'b>> {
        let end = &*self.here;
        let start = end.sequence.position_of(self.segment.seq)?;
        let positions = SeqRange::new(start, self.segment.payload_len);
        let WireDsn::Long(dsn) = mapping.dsn else { return None };
        let dsn = Dsn(dsn);
        let mapping_start = end.mappings.next(mapping, dsn, positions)?;
        let offset = (positions.start - mapping_start).cast_unsigned();
        let start = self.sent.position_of(dsn.add(offset))?;
        let range = SeqRange { start, end: start + i64::from(self.segment.payload_len) };
        let place = self.sent.range_set().place_of(range)?;
        let is_plain = end.sequence.range_set().is_past_end(positions)
            && end.first_data.is_some()
            && !self.there.option_space.is_outside_window(self.segment, self.there.window_scale);
        let mapping_position = self.sent.position_of(dsn)?;
        is_plain.then_some(Payload {
            mapping,
            positions,
            range,
            place,
            mapping_start,
            mapping_position,
            dsn,
        })
    }

    #[inline(always)]
    fn take_data_ack(&mut self, ack: WireDsn) {
        let end = self.received.acknowledge(ack, self.seen);
        let window = self.here.window_of(self.segment);
        let edge = self.received.offer(end, window, self.seen.at);
        if !ack.is_long() && self.received.is_wide(end) {
            self.here.violations.note(Violation::NarrowDataAck, self.seen, 0);
        }
        if let Some(edge) = edge {
            violations::check_edge(self.here, self.seen, self.segment.ack, edge);
        }
    }

    #[inline(always)]
    fn declare(&mut self, payload: &Payload<'_>) {
        let Payload { mapping, mapping_start, mapping_position, dsn, .. } = *payload;
        self.sent.map_wide(mapping_position);
        self.here.mappings.declare_next(mapping, dsn, mapping_start);
        self.here.settle_mappings(self.there.highest_ack);
    }

    #[inline(always)]
    fn take_ack(&mut self, subflow: u32) {
        let ack = self.segment.ack;
        if let Some(acked) = self.there.sequence.position_of(ack) {
            let is_new = self.there.take_acked(acked, self.seen.at);
            if is_new {
                self.received.acknowledge_subflow(subflow, acked);
            }
        }
        let highest = self.here.highest_ack.get_or_insert(ack);
        if ack.distance_from(*highest) > 0 {
            *highest = ack;
        }
        self.here.violations.end_signals();
    }

    #[inline(always)]
    fn take_payload(&mut self, payload: &Payload<'_>, subflow: u32) {
        let Payload { positions, range, place, .. } = *payload;
        let (at, bytes) = (self.seen.at, range.len());
        let end = &mut *self.here;
        end.bytes.payload += bytes;
        end.bytes.new_data += bytes;
        end.largest_payload = end.largest_payload.max(self.segment.payload_len);
        end.sequence.insert_past_end(positions);
        end.round_trips.sent(positions, at);
        end.sender_stats.carried(at, range, true);
        let in_flight = end.unacknowledged(None);
        end.sender_stats.sent(at, bytes, bytes, in_flight);
        let sample =
            if self.is_joined { transmissions::sample(self.segment.payload, bytes) } else { 0 };
        let subflow_position = positions.start;
        self.sent.insert_new(place, Transmission { range, subflow, subflow_position, at, sample });
        violations::check_range(&mut end.violations, self.sent, range, self.seen);
        self.sent.sent(at, bytes, bytes);
    }
}

/// Whether a subflow is open, nothing was seen of its end, and the place of all its mappings is certain.
fn is_subflow_ready(subflow: &Subflow) -> bool {
    let handshake = &subflow.handshake;
    let is_confirmed = handshake.syn.is_none() || handshake.ack.is_some();
    let is_joined = handshake.syn.is_none()
        || subflow.join.as_ref().is_none_or(|join| join.fourth_ack.is_some());
    let is_open = |role: &Role| {
        let side = subflow.sides.of(*role);
        side.fin.is_none() && side.mappings.are_placed() && side.pending.is_empty()
    };
    subflow.established
        && is_confirmed
        && is_joined
        && subflow.reset.is_none()
        && Role::BOTH.iter().all(is_open)
}

/// Whether a connection is certainly this one and did not fall back, both hosts speak MPTCP and go on
/// sending, and nobody wants the bytes themselves.
fn is_connection_ready(connection: &Connection) -> bool {
    let is_role_ready = |role: &Role| {
        let data = connection.data.of(*role);
        connection.streams.of(*role).is_none()
            && *connection.dss_seen.of(*role)
            && data.reference().is_some()
            && data.fin().is_none()
    };
    !connection.may_merge && connection.fallback.is_none() && Role::BOTH.iter().all(is_role_ready)
}
