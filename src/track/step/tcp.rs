//! What TCP itself says: acknowledgments, and the end of a subflow.

use super::context::Step;
use super::directed::Directed;
use super::{outcome, violations};

use crate::track::options::LONG_NOP_RUN;
use crate::track::range_set::SeqRange;
use crate::track::state::bare::Bare;
use crate::track::state::event::EventKind;
use crate::track::state::reset::{Reset, ResetLook};
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::tcp_option::TcpOption;

/// An acknowledgment: what the peer has, and whether it is a duplicate ACK.
pub(super) fn take_ack(step: &mut Step<'_>) {
    let ack = step.segment.ack;
    let (number, at) = (step.subflow.number, step.seen.at);
    let is_bare = step.segment.sequence_len() == 0;
    let is_signal = is_bare && step.options.has_signal();
    let has_blocks = step.options.sack.blocks > 0;
    let segment = step.segment;
    let mut state = Directed::of(step);
    let before = state.there.acked;
    let acked = state.commit_ack(ack, number, at);
    if has_blocks {
        take_sack(&mut state, segment, number, at);
    }
    let peer = &mut *state.there;
    if let Some(acked) = acked
        && peer.fin.is_some()
        && !peer.fin_acked
    {
        let end = peer.sequence.range_set().span().map_or(1, |span| span.end);
        peer.fin_acked = acked > end;
    }
    if is_bare && state.here.highest_ack == Some(ack) {
        let is_waiting = peer.unacknowledged(acked) > 0;
        state.here.sender_stats.duplicate_acks += u64::from(is_waiting && !is_signal);
        violations::check_duplicate_ack(step, is_signal);
    } else {
        state.commit_highest_ack(ack);
    }
    if step.outcome.is_some() {
        outcome::note_ack(step, before, acked);
    }
}

/// SACK blocks: bytes that have arrived before others (RFC 2018). One for bytes that came twice stands before
/// the acknowledgment number (RFC 2883) and says nothing new.
#[inline(never)]
fn take_sack(state: &mut Directed<'_>, segment: &Segment<'_>, subflow: u32, at: Timestamp) {
    let acked = state.acked_at(at);
    for option in segment.options.iter() {
        let TcpOption::Sack(blocks) = option else { continue };
        for (left, right) in blocks.iter() {
            let sequence = &state.there.sequence;
            let (Some(start), Some(end)) =
                (sequence.position_of(left), sequence.position_of(right))
            else {
                continue;
            };
            state.received.sack(subflow, SeqRange { start, end }, acked);
        }
    }
}

/// A RST, with the reason that MP_TCPRST gives.
pub(super) fn take_reset(step: &mut Step<'_>, look: ResetLook) {
    let reason = step.options.mptcp.iter().find_map(|option| match option {
        MptcpOption::MpTcpRst(reason) => Some(*reason),
        _ => None,
    });
    if step.subflow.reset.is_none() {
        step.connection.join_answered(step.subflow);
        let (seen, from, hop_limit) = (step.seen, step.sender(), step.segment.hop_limit);
        step.subflow.reset = Some(Reset { seen, from, reason, hop_limit, look });
        let handshake = &step.subflow.handshake;
        let is_answer = handshake.syn_ack.is_none() && from == step.subflow.acceptor();
        step.follow_up.failed_offer = is_answer && handshake.mp_capable_syn;
    }
    step.event(EventKind::Rst { ack: step.segment.flags.has(TcpFlags::ACK) });
}

/// What a RST looks like beside the segments before it.
#[cold]
pub(super) fn look_at_reset(step: &Step<'_>) -> ResetLook {
    let (segment, seen) = (step.segment, step.seen);
    let side = step.subflow.sides.of(step.sender());
    let last = side.ack_watch.last();
    let end = side.sequence.range_set().span().map_or(1, |span| span.end);
    let ahead = side.sequence.position_of(segment.seq).map_or(0, |position| position - end);
    let peer = &step.subflow.sides.of(step.sender().peer()).sender_stats;
    let answered = peer.longest_idle.map(|(before, ns)| (seen.at.since(before.at) - ns, ns));
    ResetLook {
        has_ack: segment.flags.has(TcpFlags::ACK),
        has_nops: step.options.nop_run >= LONG_NOP_RUN,
        usual_hop_limits: side.syn_hop_limit.zip(last.map(|last| last.hop_limit)),
        point: segment.point,
        usual_point: last.map(|last| last.point),
        is_copied: false,
        ahead,
        answered,
        went_on: None,
    }
}

/// A segment of the host that is said to have sent a RST: it goes on as if it had not.
pub(super) fn note_after_reset(step: &mut Step<'_>) {
    let (sender, seen) = (step.sender(), step.seen);
    if let Some(reset) = step.subflow.reset.as_mut().filter(|reset| reset.from == sender) {
        let count = reset.look.went_on.map_or(0, |(count, _)| count);
        reset.look.went_on = Some((count + 1, seen));
    }
}

/// A segment without MPTCP after the handshake of a subflow that speaks it.
pub(super) fn note_bare(step: &mut Step<'_>) {
    let is_bare = !step.options.has_mptcp()
        && !step.segment.options.is_cut()
        && step.subflow.established
        && step.subflow.handshake.syn.is_some()
        && step.connection.fallback.is_none();
    // The third ACK has its own rules.
    let is_third = step.subflow.handshake.ack == Some(step.seen);
    if is_bare && !is_third {
        let (seen, has_nops) = (step.seen, step.options.nop_run >= LONG_NOP_RUN);
        Bare::add(&mut step.side().bare, seen, has_nops);
    }
}

/// A FIN: the first one of its sender, or the same again.
pub(super) fn take_fin(step: &mut Step<'_>) {
    let seen = step.seen;
    let (side, peer) = step.subflow.sides.along_mut(step.direction);
    if side.fin.is_some() && !side.fin_acked {
        let end = side.sequence.range_set().span().map_or(1, |span| span.end);
        side.repeat(SeqRange { start: end, end: end + 1 }, seen, peer.sender_stats.last());
    }
    if step.side().fin.is_none() {
        violations::check_fin(step);
        step.side().fin = Some(step.seen);
        step.event(EventKind::Fin);
    }
}
