//! What becomes of payload on its subflow: new, sent again, or without a mapping.

use super::context::Step;
use super::directed::Directed;
use super::{fallback, mapped, outcome, pending, violations};
use crate::track::outcome::ByteClass;
use crate::track::range_set::SeqRange;
use crate::track::state::event::EventKind;
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::TcpFlags;
use crate::wire::seq::Dsn;

/// Classifies the bytes of a segment, each exactly once.
pub(super) fn take_payload(step: &mut Step<'_>, payload: SeqRange) {
    let (seen, bytes) = (step.seen, step.segment.payload_len);
    let is_syn = step.segment.flags.has(TcpFlags::SYN);
    let mut state = Directed::of(step);
    state.commit_payload(bytes);
    let in_order = !is_syn && state.commit_in_order(payload, seen.at);
    let side = step.side();
    let first = side.first_data.is_none();
    side.first_data.get_or_insert(seen);
    let new_before = side.bytes.new_data;
    if first {
        step.event(EventKind::FirstData { payload_len: step.segment.payload_len });
    }
    violations::check_urgent(step, payload);
    if in_order {
        if step.outcome.is_some() {
            outcome::note_fresh(step, payload);
        }
        take_fresh(step, payload);
    } else {
        take_pieces(step, payload);
    }
    let side = step.side();
    // Bytes of a mapping that turns out to stand elsewhere are taken back, so there may be fewer
    // than before.
    let new_data = side.bytes.new_data.saturating_sub(new_before);
    Directed::of(step).commit_sent(seen.at, payload.len(), new_data);
}

/// Bytes of a fast-open SYN that the peer did not accept. They get data sequence numbers when they
/// are sent again (RFC 8684 Appendix B.3), but were counted with the SYN.
fn take_refused(step: &mut Step<'_>, again: SeqRange) {
    let side = step.side();
    let part = again.intersection(side.refused);
    if !part.is_empty() {
        side.refused.start = part.end;
        let counted = side.bytes;
        let outcome = step.outcome.take();
        take_fresh(step, part);
        step.outcome = outcome;
        step.side().bytes = counted;
    }
}

/// Payload that was seen before, in part at least, or that does not follow on the last one.
fn take_pieces(step: &mut Step<'_>, payload: SeqRange) {
    let seen = step.seen;
    let side = step.side();
    let highest = side.sequence.range_set().span().map_or(0, |span| span.end);
    let pieces = side.sequence.insert(payload);
    let is_late = payload.start < highest && pieces.iter().any(|piece| !piece.seen);
    side.sender_stats.out_of_order += u64::from(is_late);
    if pieces.iter().any(|piece| piece.seen) {
        side.round_trips.resent(payload);
    } else {
        side.round_trips.sent(payload, seen.at);
    }
    for piece in pieces {
        if piece.seen {
            step.side().bytes.retransmitted += piece.range.len();
            if step.outcome.is_some() {
                outcome::note_retransmitted(step, piece.range);
            }
            note_repeat(step, piece.range);
            let number = step.subflow.number;
            step.connection.data.of_mut(step.direction.sender()).mark_resent(number, piece.range);
            violations::check_retransmission(step, piece.range.start);
            take_refused(step, piece.range);
            take_repaired(step, piece.range);
        } else if step.segment.flags.has(TcpFlags::SYN) {
            // Fast open: outside the data sequence space (RFC 8684 Appendix B.2).
            step.side().bytes.new_data += piece.range.len();
            if step.outcome.is_some() {
                outcome::note_fresh(step, piece.range);
            }
            if step.outcome.is_some() {
                outcome::note_unplaced(step, piece.range, ByteClass::NewData);
            }
            let (bytes, len) = (step.segment.payload, piece.range.len());
            step.on_stream(step.sender(), |stream| stream.insert_prefix(bytes, len));
        } else {
            if step.outcome.is_some() {
                outcome::note_fresh(step, piece.range);
            }
            take_fresh(step, piece.range);
        }
    }
}

/// Bytes that TCP sends again: whether they are the oldest that nobody acknowledged.
fn note_repeat(step: &mut Step<'_>, again: SeqRange) {
    let seen = step.seen;
    let (side, peer) = step.subflow.sides.along_mut(step.direction);
    side.repeat(again, seen, peer.sender_stats.last());
    if let Some(mapped) = side.mappings.covering(again.start).copied() {
        let data = step.connection.data.of_mut(step.direction.sender());
        let range = data.range_of(&mapped, again.intersection(mapped.positions));
        data.repeat(range, seen);
    }
}

/// Bytes whose subflow sequence numbers are new: split by mapping.
fn take_fresh(step: &mut Step<'_>, fresh: SeqRange) {
    let mut at = fresh.start;
    while at < fresh.end {
        let mappings = &step.side().mappings;
        let (covering, is_placed) = (mappings.covering(at).copied(), mappings.are_placed());
        let end = match covering {
            Some(mapped) => mapped.positions.end,
            None => mappings.next_start_after(at).unwrap_or(fresh.end),
        }
        .min(fresh.end);
        let part = SeqRange { start: at, end };
        match covering {
            Some(mapped) if is_placed => mapped::take_mapped(step, part, &mapped),
            Some(mapped) => pending::hold(step, part, &mapped),
            None => take_bare(step, part),
        }
        at = end;
    }
}

/// Bytes that TCP sends again, of a mapping whose checksum was wrong. The receiver may have dropped
/// the first copy by TCP's own checksum, and taken this one.
fn take_repaired(step: &mut Step<'_>, again: SeqRange) {
    let side = step.side();
    let Some(mapped) = side.mappings.covering(again.start).copied() else { return };
    if !side.checksums.is_listed(mapped.dsn) {
        return;
    }
    let part = again.intersection(mapped.positions);
    let range = step.connection.data.of_mut(step.direction.sender()).range_of(&mapped, part);
    mapped::take_bytes(step, part, range, &mapped, true);
}

/// Bytes without a mapping. If the connection may fall back, the stream goes on as plain TCP (RFC
/// 8684 §3.7); otherwise they count as unmapped.
fn take_bare(step: &mut Step<'_>, part: SeqRange) {
    if step.connection.fallback.is_none() {
        let is_hidden = is_mapping_hidden(step);
        if is_hidden || !fallback::may_fall_back(step) {
            let seen = step.seen;
            let is_certain = !is_hidden && step.connection.joined > 0;
            let side = step.side();
            side.bytes.unmapped += part.len();
            let number = step.subflow.number;
            step.connection.data.of_mut(step.direction.sender()).set_apart(number, part);
            let side = step.side();
            side.pending.hidden += if is_hidden { part.len() } else { 0 };
            // After a hole, the segment with the mapping may be the one that is missing.
            if is_certain && side.sequence.range_set().holes().len() == 0 {
                side.first_unmapped.get_or_insert(seen);
            }
            if step.outcome.is_some() {
                outcome::note_unplaced(step, part, ByteClass::Unmapped);
            }
            return;
        }
        fallback::fall_back_for_bare_data(step);
    }
    pending::place_by_best_guess(step);
    let first_dsn = step.first_dsn(step.sender()).unwrap_or(Dsn(1));
    step.side().mappings.assume_from(part.start, first_dsn);
    if !step.subflow.is_midstream() {
        step.on_stream(step.sender(), |stream| stream.start(0));
    }
    take_fresh(step, part);
}

/// Whether bare data has a mapping that the capture does not show: the snap length cut it off, or
/// MPTCP is still spoken and the segment with the mapping is missing.
fn is_mapping_hidden(step: &mut Step<'_>) -> bool {
    let dss = |option: &MptcpOption| matches!(option, MptcpOption::Dss(_));
    let is_spoken = step.options.mptcp.iter().any(dss);
    let sequence = &step.side().sequence;
    let may_lack = sequence.isn().is_none() || sequence.range_set().holes().len() > 0;
    step.segment.options.is_cut() || is_spoken && may_lack
}
