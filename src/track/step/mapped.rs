//! What becomes of payload in the stream: bytes of a mapping go to the checksum, to the stream, and to
//! the one count that they belong to.

use super::context::Step;
use super::directed::Directed;
use super::{outcome, violations};
use crate::track::outcome::ByteClass;
use crate::track::range_set::SeqRange;
use crate::track::state::data::PayloadClass;
use crate::track::state::event::{Event, EventKind, Resent};
use crate::track::state::mapping::Mapped;
use crate::track::state::stream::MappingKey;
use crate::track::state::transmissions::{self, Transmission};
use crate::track::state::violations::Violation;
use crate::track::updates::Update;
use crate::wire::crypto::ChecksumVerdict;

/// Bytes of a mapping: to the checksum, to the stream, and to the count that they belong to.
pub(super) fn take_mapped(step: &mut Step<'_>, part: SeqRange, mapped: &Mapped) {
    let sender = step.sender();
    let sample = sample(step, part);
    let data = step.connection.data.of_mut(sender);
    let range = data.range_of(mapped, part);
    let carried = Transmission {
        range,
        subflow: step.subflow.number,
        subflow_position: part.start,
        at: step.seen.at,
        sample,
    };
    let ready = data.range_set().contiguous_end();
    let place = data.range_set().place_of(range);
    if let Some(place) = place {
        let (seen, is_plain) = (step.seen, step.connection.fallback.is_some());
        Directed::of(step).commit_new_data(place, carried, seen, is_plain);
    } else {
        take_known(step, carried);
    }
    if step.outcome.is_some() {
        if place.is_some() {
            outcome::note_new(step, part, range);
        }
        outcome::note_released(step, range.end, ready);
    }
    if mapped.checksum.is_some() || step.connection.streams.of(sender).is_some() {
        take_bytes(step, part, range, mapped, false);
    }
}

/// Bytes that were seen before, or that fill a part of a hole.
#[inline(never)]
fn take_known(step: &mut Step<'_>, carried: Transmission) {
    let sender = step.sender();
    for (range, class) in step.connection.data.of_mut(sender).insert(carried) {
        let positions = range.shifted(carried.subflow_position - carried.range.start);
        let side = step.subflow.sides.of_mut(sender);
        side.sender_stats.carried(step.seen.at, range, class == PayloadClass::New);
        if class != PayloadClass::New {
            step.connection.data.of_mut(sender).repeat(range, step.seen);
        }
        let bytes = &mut side.bytes;
        match class {
            PayloadClass::New => {
                bytes.new_data += range.len();
                if step.connection.fallback.is_none() {
                    let data = step.connection.data.of(sender);
                    violations::check_new_data(&mut side.violations, data, range, step.seen);
                }
                if step.outcome.is_some() {
                    outcome::note_new(step, positions, range);
                }
            }
            PayloadClass::Remapped => {
                bytes.remapped += range.len();
                if step.outcome.is_some() {
                    outcome::note_known(step, positions, range, ByteClass::Remapped);
                }
                violations::note(step, Violation::Remapped, range.len());
            }
            PayloadClass::Reinjected(from) => {
                bytes.reinjected += range.len();
                if step.outcome.is_some() {
                    outcome::note_known(step, positions, range, ByteClass::Reinjected);
                }
                reinjected(step, from, range.len());
                violations::check_reinjection(step, range.len());
            }
        }
    }
}

/// A sample of the bytes at `part`, to compare them with a copy on another subflow. 0 where there is no
/// other subflow.
fn sample(step: &Step<'_>, part: SeqRange) -> u32 {
    if step.connection.joined == 0 {
        return 0;
    }
    transmissions::sample(step.captured(part), part.len())
}

/// Notes bytes that another subflow carried before.
fn reinjected(step: &mut Step<'_>, from: Option<u32>, bytes: u64) {
    let resent = Resent { from, bytes, segments: 1, last: step.seen };
    let kind = EventKind::Resent(resent);
    let event = Event { seen: step.seen, subflow: step.id, direction: step.direction, kind };
    if step.connection.events.push_resent(event, resent, step.most_events) {
        step.update(Update::Event(event));
    }
}

/// Hands the bytes themselves to checksum and stream. They stand at `part` on the subflow and at
/// `range` in the stream.
pub(super) fn take_bytes(
    step: &mut Step<'_>,
    part: SeqRange,
    range: SeqRange,
    mapped: &Mapped,
    again: bool,
) {
    let (seen, sender) = (step.seen, step.sender());
    let number = step.subflow.number;
    let bytes = step.captured(part);
    let is_known = step.connection.data.of(sender).reference().is_some();
    let side = step.subflow.sides.of_mut(sender);
    let checksums = if again { &mut side.checksums_again } else { &mut side.checksums };
    // The checksum covers all 64 bits of the DSN (RFC 8684 §3.3.1).
    let checked = if is_known { bytes } else { &[] };
    let verdict = checksums.add(mapped, part, checked, seen);
    let key = MappingKey { subflow: number, start: mapped.positions.start, again };
    let checked = mapped.checksum.map(|_| key);
    step.on_stream(sender, |stream| stream.insert(range, bytes, checked));
    if let Some(verdict) = verdict {
        let first = range.start - (part.start - mapped.positions.start);
        let whole = SeqRange { start: first, end: first + mapped.positions.len().cast_signed() };
        let right = verdict != ChecksumVerdict::Wrong;
        step.on_stream(sender, |stream| stream.judge(key, whole, right));
    }
}
