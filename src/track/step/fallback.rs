//! Whether a connection goes on as plain TCP, and why (RFC 8684 §3.7).

use super::context::Step;
use crate::track::fallback::{Fallback, FallbackCause};
use crate::track::role::Role;
use crate::track::state::event::EventKind;
use crate::wire::segment::TcpFlags;

/// Falls back for data without a mapping. The cause is an earlier answer of the other host without any
/// option, if there was one.
pub(super) fn fall_back_for_bare_data(step: &mut Step<'_>) {
    let is_answered = step.sender() == step.subflow.opener
        && !step.connection.dss_seen.of(step.subflow.acceptor());
    if let Some(answer) = step.subflow.handshake.bare_answer.filter(|_| is_answered) {
        let seen = std::mem::replace(&mut step.seen, answer);
        fall_back(step, FallbackCause::AnswerWithoutDss, true);
        step.seen = seen;
        return;
    }
    let certain = step.side().sequence.range_set().holes().len() == 0;
    fall_back(step, FallbackCause::DataWithoutMapping, certain);
}

/// The connection falls back, unless it did before.
pub(super) fn fall_back(step: &mut Step<'_>, cause: FallbackCause, certain: bool) {
    let cause = cause_behind(step, cause);
    if step.connection.fallback.is_none() {
        step.connection.fallback =
            Some(Fallback { cause, seen: step.seen, subflow: step.id, certain });
        step.event(EventKind::Fallback(cause));
    }
}

/// A host also goes on without MPTCP after a wrong checksum (RFC 8684 §3.7). Linux sends no MP_FAIL
/// when that was the first mapping.
fn cause_behind(step: &Step<'_>, cause: FallbackCause) -> FallbackCause {
    let is_bare =
        matches!(cause, FallbackCause::AnswerWithoutDss | FallbackCause::DataWithoutMapping);
    let sides = &step.subflow.sides;
    let was_wrong = Role::BOTH.iter().any(|role| sides.of(*role).checksums.mismatches() > 0);
    if is_bare && was_wrong { FallbackCause::ChecksumFailed } else { cause }
}

/// Only a connection with one subflow can fall back.
pub(super) fn may_fall_back(step: &Step<'_>) -> bool {
    step.subflow.initial && step.connection.joined == 0 && step.connection.joining == 0
}

/// The third ACK must carry MP_CAPABLE (RFC 8684 §3.1).
pub(super) fn check_third_ack(step: &mut Step<'_>) {
    let negotiated = step.subflow.initial
        && step.subflow.handshake.mp_capable_syn
        && step.connection.fallback.is_none();
    if negotiated && !step.options.has_mptcp() && !step.segment.options.is_cut() {
        let seq = step.segment.seq;
        let certain = step.side().sequence.position_of(seq) == Some(1);
        fall_back(step, FallbackCause::AckWithoutMpCapable, certain);
    }
}

/// A host that never sent a DSS answers data without one: it does not speak MPTCP here.
pub(super) fn check_answer(step: &mut Step<'_>) {
    let sender = step.sender();
    let is_open = step.subflow.established && may_fall_back(step);
    let silent = !step.connection.dss_seen.of(sender)
        && !step.options.has_mptcp()
        && !step.segment.options.is_cut();
    if !(is_open && silent) || step.connection.fallback.is_some() {
        return;
    }
    let peer = step.subflow.sides.of(sender.peer());
    let acks_data = peer.first_data.is_some()
        && peer.mappings.declared() > 0
        && peer.sequence.position_of(step.segment.ack).is_some_and(|acked| acked > 1);
    if !step.segment.flags.has(TcpFlags::ACK) {
        return;
    }
    if acks_data {
        let certain = step.subflow.handshake.syn.is_some();
        fall_back(step, FallbackCause::AnswerWithoutDss, certain);
    } else if sender == step.subflow.acceptor() {
        step.subflow.handshake.bare_answer.get_or_insert(step.seen);
    }
}
