//! The data level of a segment: the DSS option, with DATA_ACK, mapping and DATA_FIN (RFC 8684 §3.3).

use super::context::Step;
use super::directed::Directed;
use super::{fallback, outcome, pending, violations};
use crate::track::fallback::FallbackCause;
use crate::track::range_set::SeqRange;
use crate::track::role::Role;
use crate::track::state::event::EventKind;
use crate::wire::mptcp::{DataLevelLength, Dss, Mapping, MptcpOption};
use crate::wire::seq::WireDsn;

/// Notes the stalls that this segment ends: of the stream that its sender receives by a DATA_ACK,
/// of the stream that it sends by data.
pub(crate) fn note_stalls(step: &mut Step<'_>, has_payload: bool) {
    for role in Role::BOTH {
        if role == step.sender() && !has_payload {
            continue;
        }
        if let Some(stall) = step.connection.data.of_mut(role).take_stall()
            && !step.connection.out_of_order
        {
            step.event(EventKind::Stall { duration_ns: stall.duration_ns });
        }
    }
}

/// Takes a DSS whose segment carries payload at `payload`.
pub(super) fn take_dss(step: &mut Step<'_>, dss: &Dss, payload: SeqRange) {
    let first = !std::mem::replace(step.connection.dss_seen.of_mut(step.sender()), true);
    let infinite = dss.mapping.is_some_and(|map| map.length == DataLevelLength::Infinite);
    if first || infinite {
        step.event(EventKind::Option(MptcpOption::Dss(*dss)));
    }
    if let Some(ack) = dss.data_ack {
        let receiver = step.sender().peer();
        let (segment, seen) = (step.segment, step.seen);
        let is_plain = step.connection.fallback.is_some();
        let before = step.connection.data.of(receiver).acked_end();
        Directed::of(step).commit_data_ack(ack, segment, seen, is_plain);
        if step.outcome.is_some() {
            outcome::note_data_ack(step, ack, before);
        }
        let acked = step.connection.data.of(receiver).acked_end().unwrap_or_default();
        step.on_stream(receiver, |stream| stream.acknowledge(acked));
        pending::place_by_acknowledgment(step, ack);
    }
    if let Some(mapping) = &dss.mapping {
        take_mapping(step, mapping, dss.data_fin, payload);
    }
    if infinite {
        fallback::fall_back(step, FallbackCause::InfiniteMapping, true);
    }
}

fn take_mapping(step: &mut Step<'_>, mapping: &Mapping, data_fin: bool, payload: SeqRange) {
    let sender = step.sender();
    let data = step.connection.data.of_mut(sender);
    let dsn = data.expand(mapping.dsn);
    let first = data.position(dsn);
    if mapping.dsn.is_long() {
        data.map_wide(first);
    } else {
        data.map_narrow();
        violations::check_dsn_rate(step, first);
    }
    if data_fin && let DataLevelLength::Bytes(bytes) = mapping.length {
        let position = first + i64::from(bytes) - 1;
        violations::check_data_fin(step, mapping, position);
        let data = step.connection.data.of_mut(sender);
        if data.finish(position, step.seen) {
            step.event(EventKind::DataFin { dsn: dsn.add(u64::from(bytes) - 1) });
            let is_known = step.connection.data.of(sender).reference().is_some();
            if let (1, Some(stored), true) = (bytes, mapping.checksum, is_known) {
                let seen = step.seen;
                let checksums = &mut step.side().checksums;
                checksums.add_lone_data_fin(dsn, mapping.ssn, stored, seen);
            }
        } else if step.segment.payload_len == 0 {
            data.finish_again(step.seen);
        }
    }
    if step.outcome.is_some() {
        outcome::note_mapping(step, mapping, dsn, first, data_fin);
    }
    let side = step.subflow.sides.of_mut(sender);
    let conflicts = side.mappings.conflicts();
    let is_outside = side.mappings.declare(mapping, dsn, data_fin, payload);
    if side.mappings.conflicts() > conflicts {
        side.first_conflict.get_or_insert(step.seen);
    }
    pending::place(step, sender);
    let (side, receiver) = step.subflow.sides.along_mut(step.direction);
    if !side.mappings.are_placed() {
        return;
    }
    side.settle_mappings(receiver.highest_ack);
    violations::check_mapping(step, is_outside);
}

/// MP_CAPABLE with data is a mapping of the first bytes of the stream, at subflow sequence number 1
/// (RFC 8684 §3.1).
pub(super) fn declare_first_data(
    step: &mut Step<'_>,
    data_len: u16,
    checksum: Option<u16>,
    payload: SeqRange,
) {
    let Some(dsn) = step.first_dsn(step.sender()) else {
        return;
    };
    let length = DataLevelLength::Bytes(data_len);
    let mapping = Mapping { dsn: WireDsn::Long(dsn.0), ssn: 1, length, checksum };
    if data_len > 0 {
        take_mapping(step, &mapping, false, payload);
    }
}
