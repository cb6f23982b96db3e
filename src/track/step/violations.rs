//! What a segment does against the RFC, as far as only the state at its moment shows it.

use super::context::Step;
use crate::track::range_set::SeqRange;
use crate::track::stamp::PacketStamp;
use crate::track::state::data::DataSpace;
use crate::track::state::subflow::SubflowSide;
use crate::track::state::violations::{
    LIKE_LOSS, SHORTEST_TIMEOUT_NS, Violation, Violations, WRAPPING_RATE,
};
use crate::wire::mptcp::{DataLevelLength, Mapping, MpJoin, MptcpOption};
use crate::wire::segment::TcpFlags;
use crate::wire::seq::SeqNum;
use crate::wire::window::MAX_SHIFT;

/// This long after a fallback, the peer knows of it and data that was on its way has arrived.
const KNOWN_NS: i64 = 1_000_000_000;

pub(super) fn note(step: &mut Step<'_>, violation: Violation, bytes: u64) {
    let seen = step.seen;
    step.side().violations.note(violation, seen, bytes);
}

/// Reserved bits of an option.
#[inline]
pub(super) fn check_reserved_bits(step: &mut Step<'_>, option: &MptcpOption) {
    /// The B bit of the other forms of MP_JOIN, among the reserved ones of the third ACK.
    const BACKUP: u16 = 0x100;
    if option.has_reserved_bits() {
        let is_backup = matches!(option, MptcpOption::MpJoin(MpJoin::Ack { reserved: BACKUP, .. }));
        let what = if is_backup { Violation::BackupBitOfThirdAck } else { Violation::ReservedBits };
        note(step, what, 0);
    }
}

/// A DATA_FIN, before it is taken.
pub(super) fn check_data_fin(step: &mut Step<'_>, mapping: &Mapping, position: i64) {
    let data = step.connection.data.of(step.sender());
    if data.fin().is_some_and(|fin| fin.position != position) {
        note(step, Violation::DataFinMoved, 0);
    }
    let is_right = mapping.ssn == 0 && mapping.length == DataLevelLength::Bytes(1);
    if step.segment.payload_len == 0 && !is_right {
        note(step, Violation::DataFinMalformed, 0);
    }
}

/// A mapping at `first` whose DSN is 4 bytes wide.
#[cold]
pub(super) fn check_dsn_rate(step: &mut Step<'_>, first: i64) {
    let at = step.seen.at;
    let rate = step.side().violations.measure_narrow(first, at);
    if let Some(rate) = rate.filter(|rate| *rate > WRAPPING_RATE) {
        note(step, Violation::NarrowDsn, rate);
    }
}

/// A signal on a segment whose payload stands at `payload`. Notes it if the payload or the
/// acknowledgment is certainly outside the window of the receiver (RFC 9293 §3.10.7.4).
#[cold]
pub(super) fn check_window(step: &mut Step<'_>, payload: SeqRange) {
    let flags = step.segment.flags;
    if flags.has(TcpFlags::SYN) || flags.has(TcpFlags::RST) {
        return;
    }
    let sides = &step.subflow.sides;
    let (sender, receiver) = (sides.of(step.sender()), sides.of(step.sender().peer()));
    let scale = receiver.window_scale.unwrap_or(MAX_SHIFT);
    let is_old = payload.start < sender.acked && payload.end <= sender.acked;
    let is_ahead = sender.acked > 0 && payload.start - sender.acked > 0xffff << scale;
    let sent = receiver.sequence.range_set().span().map_or(1, |span| span.end);
    let acked = receiver.sequence.position_of(step.segment.ack).unwrap_or(0);
    let is_unsent = flags.has(TcpFlags::ACK) && acked > sent + i64::from(receiver.fin.is_some());
    if is_old || is_ahead || is_unsent {
        let seen = step.seen;
        step.side().violations.note_outside(seen);
    }
}

/// A FIN: whether data of its sender is not acknowledged at the data level.
pub(super) fn check_fin(step: &mut Step<'_>) {
    let outstanding = step.connection.data.of(step.sender()).outstanding();
    // RFC 8684 §3.3.3: only the segment with the DATA_FIN may be outstanding.
    let has_data_fin = step
        .options
        .mptcp
        .iter()
        .any(|option| matches!(option, MptcpOption::Dss(dss) if dss.data_fin));
    let own = if has_data_fin { u64::from(step.segment.payload_len) } else { 0 };
    let outstanding = outstanding.saturating_sub(own);
    if outstanding > 0 && step.connection.fallback.is_none() {
        note(step, Violation::FinWithDataOutstanding, outstanding);
    }
}

/// An ACK that acknowledges nothing new: whether it is one signal of many.
pub(super) fn check_duplicate_ack(step: &mut Step<'_>, is_signal: bool) {
    let at = step.seen.at;
    let violations = &mut step.side().violations;
    if !is_signal {
        violations.end_signals();
    } else if violations.signal(at) == LIKE_LOSS {
        note(step, Violation::SignalsInARow, 0);
    }
}

/// Bytes from `start` on that TCP sends again.
pub(super) fn check_retransmission(step: &mut Step<'_>, start: i64) {
    let at = step.seen.at;
    let acked = step.side().acked;
    let receiver = step.subflow.sides.of(step.sender().peer());
    if start == acked && receiver.violations.signals_before(at) {
        note(step, Violation::SignalsMisread, 0);
    }
}

/// Payload of a connection that fell back, or options on it.
pub(super) fn check_after_fallback(step: &mut Step<'_>, payload: SeqRange) {
    check_other_subflow(step, payload);
    let at = step.seen.at;
    let apart = step.subflow.handshake.rtt_ns().unwrap_or(0).max(SHORTEST_TIMEOUT_NS);
    let speaks = step.options.mptcp.iter().any(is_of_mptcp);
    let has_any = step.options.has_mptcp();
    let violations = &mut step.side().violations;
    match violations.bare() {
        None if !payload.is_empty() && !has_any => {
            violations.set_bare(payload.end, at);
        }
        Some((end, since)) if speaks => {
            let is_new = payload.is_empty() || payload.start >= end;
            if is_new && at.since(since) > apart {
                note(step, Violation::AfterFallback, 0);
            }
        }
        _ => {}
    }
}

/// New payload on another subflow than the one that alone carries the stream.
fn check_other_subflow(step: &mut Step<'_>, payload: SeqRange) {
    let id = step.id;
    let Some(fallback) = step.connection.fallback.filter(|fallback| fallback.subflow != id) else {
        return;
    };
    let is_late = step.seen.at.since(fallback.seen.at) > KNOWN_NS;
    let side = step.side();
    let sent = side.sequence.range_set().span().map_or(1, |span| span.end);
    let before = side.violations.replace_sent(sent);
    if is_late && !payload.is_empty() && before.is_some_and(|before| payload.start >= before) {
        note(step, Violation::ElsewhereAfterFallback, 0);
    }
}

/// Payload with the URG flag.
pub(super) fn check_urgent(step: &mut Step<'_>, payload: SeqRange) {
    if step.segment.flags.has(TcpFlags::URG)
        && step.side().mappings.covering(payload.start).is_some()
    {
        note(step, Violation::Urgent, 0);
    }
}

/// A mapping that covers nothing of its segment.
pub(super) fn check_mapping(step: &mut Step<'_>, is_outside: bool) {
    if is_outside {
        note(step, Violation::MappingOutside, 0);
    }
}

/// Bytes that another subflow carried: whether these differ.
pub(super) fn check_reinjection(step: &mut Step<'_>, bytes: u64) {
    if step.connection.data.of_mut(step.direction.sender()).take_differing() {
        note(step, Violation::ReinjectionDiffers, bytes);
    }
}

/// The right edge of the receive window, by a DATA_ACK on a segment with acknowledgment number `ack`.
/// `is_plain` says that the connection fell back.
#[inline(always)]
pub(super) fn check_window_edge(
    side: &mut SubflowSide,
    seen: PacketStamp,
    ack: SeqNum,
    edge: i64,
    is_plain: bool,
) {
    let behind = side.violations.offer(ack, edge);
    if !is_plain && behind > 1 && behind >= 1 << side.window_scale.unwrap_or(0) {
        side.violations.note(Violation::WindowShrunk, seen, behind.unsigned_abs());
    }
}

/// New bytes at `range` of a stream whose connection did not fall back.
#[inline(always)]
pub(super) fn check_new_data(
    violations: &mut Violations,
    data: &DataSpace,
    range: SeqRange,
    seen: PacketStamp,
) {
    let end_of_data = data.fin().map_or(i64::MAX, |fin| fin.position);
    let edge = data.level_stats().window.as_ref().map_or(i64::MAX, |window| window.edge);
    let after_fin = range.end.saturating_sub(end_of_data);
    if after_fin > 0 {
        violations.note(Violation::DataAfterFin, seen, after_fin.unsigned_abs());
    }
    let beyond = range.end.saturating_sub(edge);
    if beyond > 1 {
        violations.note(Violation::BeyondWindow, seen, beyond.unsigned_abs());
    }
}

/// Whether an option shows that its sender still speaks MPTCP. MP_TCPRST and the like end a subflow; an
/// infinite mapping and MP_FAIL begin the fallback.
fn is_of_mptcp(option: &MptcpOption) -> bool {
    match option {
        MptcpOption::Dss(dss) => {
            dss.mapping.is_none_or(|mapping| mapping.length != DataLevelLength::Infinite)
        }
        MptcpOption::AddAddr(_)
        | MptcpOption::RemoveAddr(_)
        | MptcpOption::MpPrio(_)
        | MptcpOption::MpJoin(_) => true,
        _ => false,
    }
}
