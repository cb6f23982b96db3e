//! Payload that waits until the place of its mapping is known.

use super::context::{FollowUp, Step};
use super::mapped;
use crate::track::range_set::SeqRange;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::state::mapping::Mapped;
use crate::track::state::pending::PendingPiece;
use crate::wire::segment::Segment;
use crate::wire::seq::WireDsn;

/// What the peer has of a mapping whose place is not known came before what it acknowledges on
/// the subflow, as long as there is no other subflow.
pub(super) fn place_by_acknowledgment(step: &mut Step<'_>, data_ack: WireDsn) {
    let receiver = step.sender().peer();
    let end = step.subflow.sides.of_mut(receiver);
    if end.mappings.are_placed() || step.connection.subflows.len() > 1 {
        return;
    }
    if let Some(acked) = end.sequence.position_of(step.segment.ack) {
        let data_ack = step.connection.data.of_mut(receiver).expand(data_ack);
        end.mappings.acknowledge(acked, data_ack);
        place(step, receiver);
    }
}

/// Keeps bytes of a mapping until its place is known.
pub(super) fn hold(step: &mut Step<'_>, part: SeqRange, mapped: &Mapped) {
    let (seen, segment) = (step.seen, step.segment);
    let is_wanted =
        mapped.checksum.is_some() || step.connection.streams.of(step.sender()).is_some();
    let bytes = if is_wanted { step.captured(part).to_vec() } else { Vec::new() };
    let end = step.side();
    let offset = part.start - end.sequence.position(segment.seq);
    #[expect(clippy::cast_possible_truncation, reason = "within a segment")]
    let seq = segment.seq.add(offset.unsigned_abs() as u32);
    end.bytes.new_data += part.len();
    end.pending.hold(PendingPiece { seen, part, seq, mapped: *mapped, bytes });
    if end.pending.is_full() {
        place_by_best_guess(step);
    }
}

/// Takes what waited of what `sender` sent, if its place is known now.
pub(super) fn place(step: &mut Step<'_>, sender: Role) {
    let end = step.subflow.sides.of_mut(sender);
    if end.pending.is_empty() || !end.mappings.are_placed() {
        return;
    }
    for held in end.pending.take() {
        let end = step.subflow.sides.of_mut(sender);
        let mapped = end.mappings.placed(&held.mapped);
        let part = held.part.intersection(mapped.positions);
        if !part.is_empty() {
            end.bytes.new_data -= part.len();
            let segment = Segment { seq: held.seq, payload: &held.bytes, ..*step.segment };
            mapped::take_mapped(&mut earlier(step, &segment, held.seen, sender), part, &mapped);
        }
    }
}

/// Takes what waited, at the place that is the best guess.
pub(super) fn place_by_best_guess(step: &mut Step<'_>) {
    step.side().mappings.assume_placed();
    place(step, step.sender());
}

/// This step, for a segment of `sender` that came before.
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
        follow_up: FollowUp::default(),
        ..*step
    }
}
