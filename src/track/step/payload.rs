//! What becomes of payload on its subflow: new, sent again, or without a mapping.

use super::context::Step;
use super::directed::Directed;
use super::{fallback, mapped, pending, violations};
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
    let end = step.side();
    let first = end.first_data.is_none();
    end.first_data.get_or_insert(seen);
    let new_before = end.bytes.new_data;
    if first {
        step.event(EventKind::FirstData { payload_len: step.segment.payload_len });
    }
    violations::check_urgent(step, payload);
    if in_order {
        take_fresh(step, payload);
    } else {
        take_pieces(step, payload);
    }
    let end = step.side();
    // Bytes that turn out to stand elsewhere may be taken back.
    let new_data = end.bytes.new_data.saturating_sub(new_before);
    Directed::of(step).commit_sent(seen.at, payload.len(), new_data);
}

/// Bytes of a fast-open SYN that the peer did not accept: only when they come again do they
/// have data sequence numbers (RFC 8684 Appendix B.3). They were counted with the SYN.
fn take_refused(step: &mut Step<'_>, again: SeqRange) {
    let end = step.side();
    let part = again.intersection(end.refused);
    if !part.is_empty() {
        end.refused.start = part.end;
        let counted = end.bytes;
        take_fresh(step, part);
        step.side().bytes = counted;
    }
}

/// Payload of which bytes were seen before, or that does not follow on the last.
fn take_pieces(step: &mut Step<'_>, payload: SeqRange) {
    let seen = step.seen;
    let end = step.side();
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
            step.side().bytes.retransmitted += piece.range.len();
            violations::check_retransmission(step, piece.range.start);
            take_refused(step, piece.range);
            take_repaired(step, piece.range);
        } else if step.segment.flags.has(TcpFlags::SYN) {
            // Fast open: outside the data sequence space (RFC 8684 Appendix B.2).
            step.side().bytes.new_data += piece.range.len();
            let (bytes, len) = (step.segment.payload, piece.range.len());
            step.on_stream(step.sender(), |stream| stream.insert_prefix(bytes, len));
        } else {
            take_fresh(step, piece.range);
        }
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

/// Bytes that TCP sends again, of a mapping whose checksum was wrong: the receiver may have
/// dropped the first ones by TCP's own checksum, and got these.
fn take_repaired(step: &mut Step<'_>, again: SeqRange) {
    let end = step.side();
    let Some(mapped) = end.mappings.covering(again.start).copied() else { return };
    if !end.checksums.is_listed(mapped.dsn) {
        return;
    }
    let part = again.intersection(mapped.positions);
    let range = step.connection.data.of_mut(step.direction.sender()).range_of(&mapped, part);
    mapped::take_bytes(step, part, range, &mapped, true);
}

/// Bytes without a mapping: the stream goes on as plain TCP, if the connection may fall back
/// (RFC 8684 §3.7: only while it has one subflow); else a fault.
fn take_bare(step: &mut Step<'_>, part: SeqRange) {
    if step.connection.fallback.is_none() {
        let is_hidden = is_mapping_hidden(step);
        if is_hidden || !fallback::may_fall_back(step) {
            let seen = step.seen;
            let is_told = !is_hidden && step.connection.joined > 0;
            let end = step.side();
            end.bytes.unmapped += part.len();
            end.pending.hidden += if is_hidden { part.len() } else { 0 };
            // Behind a gap, the segment with the mapping may be what is missing.
            if is_told && end.sequence.range_set().holes().len() == 0 {
                end.first_unmapped.get_or_insert(seen);
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
