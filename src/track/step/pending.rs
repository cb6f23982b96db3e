//! Payload that waits until the place of its mapping is known.

use super::context::{FollowUp, Step};
use super::{mapped, outcome};
use crate::track::outcome::ByteClass;
use crate::track::range_set::SeqRange;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::state::mapping::Mapped;
use crate::track::state::pending::PendingPiece;
use crate::wire::segment::Segment;
use crate::wire::seq::WireDsn;

/// Narrows the place of a mapping down by an acknowledgment: on a connection with one subflow,
/// bytes that DATA_ACK covers are covered by the acknowledgment of the subflow as well.
pub(super) fn place_by_acknowledgment(step: &mut Step<'_>, data_ack: WireDsn) {
    let receiver = step.sender().peer();
    let side = step.subflow.sides.of_mut(receiver);
    if side.mappings.are_placed() || step.connection.subflows.len() > 1 {
        return;
    }
    if let Some(acked) = side.sequence.position_of(step.segment.ack) {
        let data_ack = step.connection.data.of_mut(receiver).expand(data_ack);
        side.mappings.acknowledge(acked, data_ack);
        place(step, receiver);
    }
}

/// Keeps bytes of a mapping until its place is known.
pub(super) fn hold(step: &mut Step<'_>, part: SeqRange, mapped: &Mapped) {
    let (seen, segment) = (step.seen, step.segment);
    let is_wanted =
        mapped.checksum.is_some() || step.connection.streams.of(step.sender()).is_some();
    let bytes = if is_wanted { step.captured(part).to_vec() } else { Vec::new() };
    let side = step.side();
    let offset = part.start - side.sequence.position(segment.seq);
    #[expect(clippy::cast_possible_truncation, reason = "within a segment")]
    let seq = segment.seq.add(offset.unsigned_abs() as u32);
    side.bytes.new_data += part.len();
    side.pending.hold(PendingPiece { seen, part, seq, mapped: *mapped, bytes });
    let is_full = side.pending.is_full();
    if step.outcome.is_some() {
        outcome::note_unplaced(step, part, ByteClass::Pending);
    }
    if is_full {
        place_by_best_guess(step);
    }
}

/// Takes the payload of `sender` that waited, if its place is known now.
pub(super) fn place(step: &mut Step<'_>, sender: Role) {
    let side = step.subflow.sides.of_mut(sender);
    if side.pending.is_empty() || !side.mappings.are_placed() {
        return;
    }
    for piece in side.pending.take() {
        let side = step.subflow.sides.of_mut(sender);
        let mapped = side.mappings.placed(&piece.mapped);
        let part = piece.part.intersection(mapped.positions);
        if !part.is_empty() {
            let before = side.bytes;
            side.bytes.new_data -= part.len();
            let segment = Segment { seq: piece.seq, payload: &piece.bytes, ..*step.segment };
            mapped::take_mapped(&mut earlier(step, &segment, piece.seen, sender), part, &mapped);
            let side = step.subflow.sides.of_mut(sender);
            side.pending.note_move(piece.seen.packet, before, side.bytes);
        }
    }
}

/// Takes the payload that waited at the best guess of its place.
pub(super) fn place_by_best_guess(step: &mut Step<'_>) {
    step.side().mappings.assume_placed();
    place(step, step.sender());
}

/// A step for an earlier segment of `sender`.
fn earlier<'b>(
    step: &'b mut Step<'_>,
    segment: &'b Segment<'b>,
    seen: PacketStamp,
    sender: Role,
) -> Step<'b> {
    Step {
        direction: sender.sends(),
        seen,
        segment,
        subflow: step.subflow,
        connection: step.connection,
        updates: step.updates.as_deref_mut(),
        outcome: step.outcome.as_deref_mut(),
        follow_up: FollowUp::default(),
        ..*step
    }
}
