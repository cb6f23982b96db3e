//! The segments that open a subflow, with MP_CAPABLE and MP_JOIN (RFC 8684 §3.1, §3.2).

use super::context::Step;
use super::{data_level, fallback};
use crate::track::fallback::FallbackCause;
use crate::track::range_set::SeqRange;
use crate::track::role::Role;
use crate::track::state::event::EventKind;
use crate::wire::mptcp::{AddressId, CapableForm, MpCapable, MpJoin, MptcpOption};
use crate::wire::segment::TcpFlags;

/// A SYN or SYN/ACK: sequence numbers, window scales and TCP options of its sender.
pub(super) fn take_syn(step: &mut Step<'_>) {
    let segment = step.segment;
    let (seen, ack) = (step.seen, segment.flags.has(TcpFlags::ACK));
    let syn_options = step.options.syn;
    let side = step.side();
    side.sequence.see_syn(segment.seq);
    side.syn_options.get_or_insert(syn_options);
    side.syn_hop_limit.get_or_insert(segment.hop_limit);
    step.subflow.know_window_scales();
    let side = step.side();
    if side.mappings.latest().is_none() {
        side.mappings.set_origin(i64::from(segment.payload_len));
    }
    let handshake = &mut step.subflow.handshake;
    let retransmission = if ack { handshake.see_syn_ack(seen) } else { handshake.see_syn(seen) };
    step.event(EventKind::Syn { ack, retransmission });
    if ack {
        take_syn_ack(step);
    } else if !step.options.has_mptcp() && step.subflow.handshake.mp_capable_syn {
        let handshake = &mut step.subflow.handshake;
        handshake.plain_syn.get_or_insert(seen);
        handshake.plain_syns += 1;
    }
}

/// What a SYN/ACK says about the SYN: which bytes of a fast-open SYN count, and whether MPTCP
/// was taken up.
fn take_syn_ack(step: &mut Step<'_>) {
    let ack = step.segment.ack;
    let peer = step.subflow.sides.of_mut(step.direction.sender().peer());
    if let Some(position) = peer.sequence.position_of(ack)
        && peer.sequence.isn().is_some()
        && peer.mappings.latest().is_none()
    {
        // RFC 8684 Appendix B.3: subflow sequence number 1 is the byte after those accepted.
        let accepted = (position - 1).max(0);
        peer.mappings.set_origin(accepted);
        let sent = peer.sequence.range_set().span().map_or(position, |span| span.end);
        peer.refused = SeqRange { start: accepted + 1, end: sent };
        let accepted = usize::try_from(accepted).unwrap_or(0);
        step.on_stream(step.sender().peer(), |stream| stream.accept_prefix(accepted));
    } else {
        peer.begin_at(ack);
    }
    let offered = step.subflow.handshake.mp_capable_syn;
    let answer = step.options.mptcp.iter().find_map(|option| match option {
        MptcpOption::MpCapable(capable) => Some(capable),
        _ => None,
    });
    step.subflow.handshake.overwritten = answer.is_none() && step.options.is_overwritten;
    // RFC 8684 §3.1: the answer has a key. Without one it is the SYN's own option, sent back.
    let taken_up = answer.is_some_and(|capable| capable.form != CapableForm::Bare);
    if offered && !taken_up && !step.segment.options.is_cut() {
        let cause = if step.subflow.handshake.plain_syn.is_some() {
            step.follow_up.failed_offer = true;
            FallbackCause::SynWithMpCapableUnanswered
        } else {
            FallbackCause::SynAckWithoutMpCapable
        };
        fallback::fall_back(step, cause, true);
    }
}

/// The opener's first segment after the SYN/ACK, and the acceptor's first one after that.
pub(super) fn take_handshake_ack(step: &mut Step<'_>) {
    let is_opener = step.sender() == step.subflow.opener;
    let seen = step.seen;
    let handshake = &mut step.subflow.handshake;
    if handshake.syn.is_none() {
        // Midstream: it got through before the capture began.
        let is_new = !std::mem::replace(&mut step.subflow.established, true);
        step.connection.joined += u32::from(is_new && !step.subflow.initial);
        return;
    }
    if is_opener && handshake.syn_ack.is_some() && handshake.ack.is_none() {
        handshake.ack = Some(seen);
        step.subflow.established = true;
        step.subflow.know_distances();
        fallback::check_third_ack(step);
    } else if let Some(join) = &step.subflow.join
        && !is_opener
        && join.fourth_ack.is_none()
    {
        // It has a socket only after the third ACK, whether the capture shows that or not.
        step.connection.join_answered(step.subflow);
        if let Some(join) = &mut step.subflow.join {
            join.fourth_ack = Some(seen);
        }
        step.subflow.established = true;
        step.connection.joined += 1;
    }
}

/// MP_CAPABLE: keys, versions and flags.
pub(super) fn take_capable(step: &mut Step<'_>, capable: &MpCapable, payload: SeqRange) {
    let flags = step.segment.flags;
    let sender = step.sender();
    if flags.has(TcpFlags::SYN) {
        step.subflow.handshake.mp_capable_syn |= flags.is_syn();
        step.connection.learn_offer(sender, capable);
    } else {
        step.connection.learn_agreement(sender, capable);
    }
    step.connection.roles_certain = true;
    let keys = [(sender, capable.sender_key()), (sender.peer(), capable.receiver_key())];
    for (role, key) in keys {
        if let Some(key) = key
            && step.connection.learn_key(role, key)
        {
            *step.follow_up.new_keys.of_mut(role) = true;
        }
    }
    for role in Role::BOTH {
        // RFC 8684 §3.2: the addresses of the initial subflow have ID 0.
        step.subflow.sides.of_mut(role).address_id = Some(AddressId(0));
    }
    match capable.form {
        CapableForm::BothKeys { .. } if !flags.has(TcpFlags::SYN) && payload.is_empty() => {
            let seq = step.segment.seq;
            step.side().begin_at(seq);
        }
        CapableForm::BothKeysAndData { data_len, checksum, .. } => {
            data_level::declare_first_data(step, data_len, checksum, payload);
        }
        _ => {}
    }
}

/// MP_JOIN: token, nonces, HMACs and the address of its sender.
pub(super) fn take_join(step: &mut Step<'_>, join: &MpJoin) {
    let sender = step.sender();
    let handshake = step.subflow.join.get_or_insert_default();
    match *join {
        MpJoin::Syn { backup, address_id, token, nonce, .. } => {
            handshake.token = Some(token);
            handshake.joiner_nonce = Some(nonce);
            let side = step.subflow.sides.of_mut(sender);
            side.address_id = Some(address_id);
            side.backup = Some(backup);
        }
        MpJoin::SynAck { backup, address_id, hmac, nonce, .. } => {
            handshake.joinee_nonce.get_or_insert(nonce);
            handshake.syn_ack_hmac.get_or_insert(hmac);
            let side = step.subflow.sides.of_mut(sender);
            side.address_id = Some(address_id);
            side.backup = Some(backup);
        }
        MpJoin::Ack { hmac, .. } => {
            let is_first = handshake.ack_hmac.is_none();
            handshake.ack_hmac.get_or_insert(hmac);
            step.connection.joining += u32::from(is_first && step.subflow.is_joining());
            // No data can be before it (RFC 8684 §3.2).
            step.subflow.sides.of_mut(sender).begin_at(step.segment.seq);
            step.subflow.sides.of_mut(sender.peer()).begin_at(step.segment.ack);
        }
    }
}
