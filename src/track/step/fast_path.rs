//! The fast path, which nearly every segment takes.
//!
//! On an open subflow of a connection that takes its course, a segment carries new bytes of the
//! stream, or acknowledges some, or both, and most rules do not apply to it. Here stands what the
//! general path ([`take`](super::take)) does with such a segment: first whether it is one, then
//! what it changes, in the order of the general path. Whoever changes a rule there has to change it
//! here as well; `tests/it/fast_path.rs` holds that both paths lead to the same.

use super::directed::Directed;
use crate::track::ids::SubflowId;
use crate::track::options::SegmentOptions;
use crate::track::packet_class::PacketClass;
use crate::track::range_set::{SeqRange, Slot};
use crate::track::role::{Direction, Role};
use crate::track::stamp::PacketStamp;
use crate::track::state::connection::Connection;
use crate::track::state::mapping::FastMapping;
use crate::track::state::subflow::Subflow;
use crate::track::state::transmissions::{self, Transmission};
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
    let (number, several_points) = (subflow.number, subflow.several_points);
    let is_joined = connection.joined > 0;
    let state = Directed::new(subflow, connection, direction);
    let step = FastStep { seen, segment, options, is_joined, state };
    let has_stall = step.take(number, several_points)?;
    subflow.see(seen);
    connection.see(seen);
    let class = if segment.payload_len > 0 { PacketClass::Data } else { PacketClass::Ack };
    Some(FastOutcome { direction, class, has_stall })
}

/// Decides whether the next segments of a subflow may take the fast path, after one that took the
/// general path. (A segment on the fast path changes nothing that this depends on.)
pub(crate) fn allow_fast_steps(store: &mut Store, id: SubflowId, is_enabled: bool) {
    let (subflow, connection) = store.pair_mut(id);
    subflow.fast_path = is_enabled && is_subflow_ready(subflow);
    connection.fast_path = is_connection_ready(connection);
}

/// A segment, and what it may change.
struct FastStep<'a> {
    seen: PacketStamp,
    segment: &'a Segment<'a>,
    options: &'a SegmentOptions,
    /// Whether other subflows may carry the same bytes.
    is_joined: bool,
    state: Directed<'a>,
}

/// New bytes of a stream under one mapping, which follow on all that the subflow carried.
#[derive(Clone, Copy)]
struct Payload {
    /// Where they stand on the subflow.
    positions: SeqRange,
    /// Where they stand in the stream, and the slot that they fill there.
    range: SeqRange,
    slot: Slot,
    mapping: FastMapping,
    /// Where the mapping begins in the stream.
    mapping_position: i64,
}

impl FastStep<'_> {
    /// Takes the segment, of the subflow with this number, and says whether the data level stood still
    /// until now. `None`, and nothing is changed, if it needs the general path.
    #[inline(always)]
    fn take(mut self, subflow: u32, several_points: bool) -> Option<bool> {
        let (segment, options, seen) = (self.segment, self.options, self.seen);
        let dss = options.only_dss()?;
        let data_ack = dss.data_ack?;
        let is_plain = segment.flags.0 & !TcpFlags::PSH.0 == TcpFlags::ACK.0
            && options.sack.blocks == 0
            && !options.is_malformed
            && dss.is_plain();
        let here = &mut *self.state.here;
        if !is_plain || !here.arrivals.is_last(segment) {
            return None;
        }
        let said = here.ack_watch.try_fast_watch(segment, options, data_ack)?;
        let payload = match &dss.mapping {
            Some(mapping) if segment.payload_len > 0 => Some(self.try_payload(mapping)?),
            None if segment.payload_len == 0 && here.highest_ack != Some(segment.ack) => None,
            _ => return None,
        };
        let here = &mut *self.state.here;
        if here.recent.is_copy(segment, options, several_points) {
            return None;
        }
        // From here on it is certain that the segment is taken.
        here.ack_watch.commit(&said);
        self.state.commit_seen(seen);
        self.state.commit_data_ack(data_ack, segment, seen, false);
        if let Some(payload) = &payload {
            self.state.sent.map_wide(payload.mapping_position);
            self.state.here.mappings.commit(&payload.mapping);
            self.state.here.settle_mappings(self.state.there.highest_ack);
        } else {
            self.state.here.sequence.position(segment.seq);
        }
        self.state.commit_ack(segment.ack, subflow, seen.at);
        self.state.commit_highest_ack(segment.ack);
        let mut has_stall = self.state.received.has_stall();
        if let Some(payload) = &payload {
            self.commit_payload(payload, subflow);
            has_stall |= self.state.sent.has_stall();
        }
        Some(has_stall)
    }

    /// Its payload, if that is new and needs nothing of the general path.
    #[inline(always)]
    fn try_payload(&self, mapping: &Mapping) -> Option<Payload> {
        let Directed { here, there, sent, .. } = &self.state;
        let start = here.sequence.position_of(self.segment.seq)?;
        let positions = SeqRange::new(start, self.segment.payload_len);
        let WireDsn::Long(dsn) = mapping.dsn else { return None };
        let mapping = here.mappings.try_fast_declare(mapping, Dsn(dsn), positions)?;
        let mapping_position = sent.position_of(mapping.mapped.dsn)?;
        let start = sent.position_of(mapping.mapped.dsn_at(positions.start))?;
        let range = SeqRange { start, end: start + i64::from(self.segment.payload_len) };
        let slot = sent.range_set().place_of(range)?;
        let is_plain = here.sequence.range_set().is_past_end(positions)
            && here.first_data.is_some()
            && !there.ack_watch.is_outside_window(self.segment, there.window_scale);
        is_plain.then_some(Payload { positions, range, slot, mapping, mapping_position })
    }

    #[inline(always)]
    fn commit_payload(&mut self, payload: &Payload, subflow: u32) {
        let Payload { positions, range, slot, .. } = *payload;
        let (seen, bytes) = (self.seen, range.len());
        let sample =
            if self.is_joined { transmissions::sample(self.segment.payload, bytes) } else { 0 };
        let subflow_position = positions.start;
        let carried = Transmission { range, subflow, subflow_position, at: seen.at, sample };
        self.state.commit_payload(self.segment.payload_len);
        self.state.commit_in_order(positions, seen.at);
        self.state.commit_new_data(slot, carried, seen, false);
        self.state.commit_sent(seen.at, bytes, bytes);
    }
}

/// Whether a subflow is open, nothing was seen of its end, and the place of all its mappings is
/// certain.
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

/// Whether a connection can't turn out to be a part of another one, did not fall back, both hosts
/// sent a DSS and no DATA_FIN, and nobody wants the bytes themselves.
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
