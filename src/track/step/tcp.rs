//! What TCP itself says: acknowledgments, and the end of a subflow.

use super::context::Step;
use super::directed::Directed;
use super::{outcome, violations};
use crate::track::range_set::SeqRange;
use crate::track::state::event::EventKind;
use crate::track::state::subflow::Reset;
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::TcpFlags;

/// An acknowledgment: what the peer has, and whether it is a duplicate ACK.
pub(super) fn take_ack(step: &mut Step<'_>) {
    let ack = step.segment.ack;
    let (number, at) = (step.subflow.number, step.seen.at);
    let is_bare = step.segment.sequence_len() == 0;
    let is_signal = is_bare && step.options.has_signal();
    let mut state = Directed::of(step);
    let before = state.there.acked;
    let acked = state.commit_ack(ack, number, at);
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

/// A RST, with the reason that MP_TCPRST gives.
pub(super) fn take_reset(step: &mut Step<'_>) {
    let reason = step.options.mptcp.iter().find_map(|option| match option {
        MptcpOption::MpTcpRst(reason) => Some(*reason),
        _ => None,
    });
    if step.subflow.reset.is_none() {
        step.connection.join_answered(step.subflow);
        let (seen, from, hop_limit) = (step.seen, step.sender(), step.segment.hop_limit);
        step.subflow.reset = Some(Reset { seen, from, reason, hop_limit });
        let handshake = &step.subflow.handshake;
        let is_answer = handshake.syn_ack.is_none() && from == step.subflow.acceptor();
        step.follow_up.failed_offer = is_answer && handshake.mp_capable_syn;
    }
    step.event(EventKind::Rst { ack: step.segment.flags.has(TcpFlags::ACK) });
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
