//! What is noted of a segment for whoever asks for its outcome. Nothing here changes anything else, and
//! nothing is called unless [`Step::outcome`] is there.

use super::context::Step;
use crate::track::outcome::{
    AckSeen, ByteClass, DataAckSeen, FirstCopy, MappingSeen, PayloadPiece, Released, RoundTrip,
};
use crate::track::range_set::SeqRange;
use crate::track::state::packet_log::LoggedPacket;
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::Mapping;
use crate::wire::seq::{Dsn, WireDsn};

/// Bytes under new subflow sequence numbers.
#[cold]
pub(super) fn note_fresh(step: &mut Step<'_>, positions: SeqRange) {
    let (number, seen) = (step.subflow.number, step.seen);
    step.side().packet_log.get_or_insert_default().add(positions, number, seen);
}

/// Bytes without a place in the stream, or whose place is not known yet.
#[cold]
pub(super) fn note_unplaced(step: &mut Step<'_>, positions: SeqRange, class: ByteClass) {
    note(step, positions, None, class, None);
}

/// Bytes at `positions` of the subflow that are the stream's for the first time, at `range`.
#[cold]
pub(super) fn note_new(step: &mut Step<'_>, positions: SeqRange, range: SeqRange) {
    note(step, positions, Some(range), ByteClass::NewData, None);
    let (number, seen) = (step.subflow.number, step.seen);
    let data = step.connection.data.of_mut(step.direction.sender());
    data.packet_log.get_or_insert_default().add(range, number, seen);
}

/// What had waited for bytes before `end`, which have come now. The stream had no hole before `ready`, until
/// they came.
#[cold]
pub(super) fn note_released(step: &mut Step<'_>, end: i64, ready: Option<i64>) {
    let data = step.connection.data.of(step.direction.sender());
    let now_ready = data.range_set().contiguous_end().unwrap_or(end);
    let waiting = SeqRange { start: end.max(ready.unwrap_or(end)), end: now_ready };
    if waiting.is_empty() {
        return;
    }
    let seen = step.seen;
    if let (Some(log), Some(outcome)) = (&data.packet_log, &mut step.outcome) {
        let released = log.starting_in(waiting).map(|packet| Released {
            seen: packet.seen,
            subflow: packet.subflow,
            range: packet.range,
            waited_ns: seen.at.since(packet.seen.at),
        });
        outcome.released.extend(released);
    }
}

/// Bytes at `positions` of the subflow that were seen before, at `range` of the stream.
#[cold]
pub(super) fn note_known(
    step: &mut Step<'_>,
    positions: SeqRange,
    range: SeqRange,
    class: ByteClass,
) {
    let number = step.subflow.number;
    let log = &mut step.connection.data.of_mut(step.direction.sender()).packet_log;
    let log = log.get_or_insert_default();
    log.mark_resent(range);
    let mut at = range.start;
    while at < range.end {
        let log = &step.connection.data.of(step.direction.sender()).packet_log;
        let first = log.as_ref().map_or(Err(i64::MAX), |log| log.at(at));
        let end = end_of(&first).min(range.end);
        // Where the count was made without knowing the first copy, it does not stand here either.
        let contradicts =
            |first: &LoggedPacket| class == ByteClass::Reinjected && first.subflow == number;
        let first = first.ok().filter(|first| !contradicts(first)).map(FirstCopy::from);
        let part = SeqRange { start: at, end };
        let positions = part.shifted(positions.start - range.start);
        note(step, positions, Some(part), class, first);
        at = end;
    }
}

/// Bytes under subflow sequence numbers that were seen before.
#[cold]
pub(super) fn note_retransmitted(step: &mut Step<'_>, positions: SeqRange) {
    step.side().packet_log.get_or_insert_default().mark_resent(positions);
    let mut at = positions.start;
    while at < positions.end {
        let side = &*step.side();
        let first = side.packet_log.as_ref().map_or(Err(i64::MAX), |log| log.at(at));
        let placed = if side.mappings.are_placed() { side.mappings.covering(at) } else { None };
        let mapped_end = match placed {
            Some(mapped) => mapped.positions.end,
            None => side.mappings.next_start_after(at).unwrap_or(i64::MAX),
        };
        let end = end_of(&first).min(mapped_end).min(positions.end);
        let part = SeqRange { start: at, end };
        let mapped = placed.copied();
        let data = step.connection.data.of(step.sender());
        let start = mapped.and_then(|mapped| data.position_of(mapped.dsn_at(at)));
        let range = start.map(|start| SeqRange { start, end: start + (end - at) });
        let first = first.ok().map(FirstCopy::from);
        note(step, part, range, ByteClass::Retransmitted, first);
        at = end;
    }
}

/// A mapping, at `position` of the stream.
#[cold]
pub(super) fn note_mapping(
    step: &mut Step<'_>,
    mapping: &Mapping,
    dsn: Dsn,
    position: i64,
    data_fin: bool,
) {
    let Mapping { ssn, length, checksum, .. } = *mapping;
    if let Some(outcome) = &mut step.outcome {
        outcome.mappings.push(MappingSeen { dsn, position, ssn, length, checksum, data_fin });
    }
}

/// An acknowledgment of everything before `end` on the subflow, if that is known. Everything before `before`
/// had been acknowledged.
#[cold]
pub(super) fn note_ack(step: &mut Step<'_>, before: i64, end: Option<i64>) {
    let Some(end) = end else { return };
    let at = step.seen.at;
    let peer = step.subflow.sides.of(step.sender().peer());
    let sent = peer.sequence.range_set().span().unwrap_or_default();
    let newly_acked = SeqRange { start: before, end }.intersection(sent).len();
    let last = peer.packet_log.as_ref().and_then(|log| log.last_covered(before, end));
    let round_trip = last.map(|last| round_trip(&last, at));
    if let Some(outcome) = &mut step.outcome {
        outcome.ack = Some(AckSeen { end, newly_acked, round_trip });
    }
}

/// A DATA_ACK that was taken. Everything before `before` had been acknowledged before it, if any was.
#[cold]
pub(super) fn note_data_ack(step: &mut Step<'_>, ack: WireDsn, before: Option<i64>) {
    let (sender, at) = (step.sender(), step.seen.at);
    let dsn = step.connection.data.of_mut(sender.peer()).expand(ack);
    let window = step.subflow.sides.of(sender).window_of(step.segment);
    let is_whole = step.connection.hosts.of(sender.peer()).idsn.is_some();
    let data = step.connection.data.of(sender.peer());
    let end = data.position_of(dsn).unwrap_or_default();
    let before = before.or_else(|| is_whole.then_some(0));
    let last = data.fin().map_or(end, |fin| end.min(fin.position));
    let round_trip = before.and_then(|before| data.packet_log.as_ref()?.last_covered(before, end));
    let data_ack = DataAckSeen {
        dsn,
        end,
        newly_acked: before.map(|before| SeqRange { start: before, end: last }.len()),
        window,
        right_edge: window.map(|bytes| end.saturating_add_unsigned(bytes)),
        round_trip: round_trip.map(|last| self::round_trip(&last, at)),
    };
    if let Some(outcome) = &mut step.outcome {
        outcome.data_ack = Some(data_ack);
    }
}

fn note(
    step: &mut Step<'_>,
    positions: SeqRange,
    range: Option<SeqRange>,
    class: ByteClass,
    first_copy: Option<FirstCopy>,
) {
    let seen = step.seen;
    if let Some(outcome) = &mut step.outcome {
        outcome.pieces.push(PayloadPiece { seen, positions, range, class, first_copy });
    }
}

/// Up to where the same is true as of a byte that was looked for.
const fn end_of(found: &Result<LoggedPacket, i64>) -> i64 {
    match found {
        Ok(packet) => packet.range.end,
        Err(next) => *next,
    }
}

const fn round_trip(last: &LoggedPacket, at: Timestamp) -> RoundTrip {
    let LoggedPacket { range, subflow, seen, resent } = *last;
    RoundTrip { sent: seen, subflow, range, ns: at.since(seen.at), is_ambiguous: resent }
}

impl From<LoggedPacket> for FirstCopy {
    fn from(packet: LoggedPacket) -> Self {
        Self { subflow: packet.subflow, seen: packet.seen }
    }
}
