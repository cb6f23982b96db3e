//! Subflows whose MPTCP options are lost on the way in one direction, at or after the join. TCP goes on there as
//! if nothing were wrong, and what it carries does not count (RFC 8684 §3.3).

use crate::analyze::context::ConnectionContext;
use crate::analyze::stalls;
use crate::track::event::EventKind;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::track::violations::Violation;

/// Fewer ACKs without options than this are chance: other options may have needed the room.
const FEW: u64 = 3;

/// Options that are lost in one direction of a subflow.
#[derive(Debug, Clone)]
pub(crate) struct Stripped {
    /// Whose options are lost.
    pub(crate) sender: Role,
    /// What shows it.
    pub(crate) sign: Sign,
    /// Whether NOPs stand where options were: then there is no other explanation.
    pub(crate) has_nops: bool,
    /// Whether nothing that the subflow carried counted until it was sent again elsewhere.
    pub(crate) is_useless: bool,
    /// The packets that show it.
    pub(crate) evidence: Vec<PacketStamp>,
}

/// What shows that options are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The first segment after the handshake came without any, and the other host reset the subflow.
    ResetAtOnce,
    /// The reason of a RST was overwritten.
    ResetOverwritten,
    /// Data came without its mapping.
    DataWithoutMapping,
    /// ACKs without DATA_ACK: what they acknowledge was sent again, so many bytes.
    AckedInVain(u64),
    /// Data was sent again long after the DATA_ACK that is in the capture, so many bytes.
    DataAckUnheard(u64),
}

/// Whose options are lost on a subflow, if anything shows that.
pub(crate) fn stripped(context: &ConnectionContext<'_>, subflow: &Subflow) -> Option<Stripped> {
    let is_known = context.connection.fallback.is_none()
        && context.is_two_sided()
        && !context.options_may_be_cut()
        && !subflow.is_midstream()
        && subflow.is_confirmed();
    if !is_known {
        return None;
    }
    let by = |find: fn(&ConnectionContext<'_>, &Subflow, Role) -> Option<Stripped>| {
        Role::BOTH.into_iter().find_map(|sender| find(context, subflow, sender))
    };
    by(reset_at_once)
        .or_else(|| by(data_without_mapping))
        .or_else(|| by(acked_in_vain))
        .or_else(|| by(reset_overwritten))
        .or_else(|| by(data_ack_unheard))
}

/// All that a host sent after the handshake of a join is bare, and the peer reset the subflow for it.
fn reset_at_once(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    sender: Role,
) -> Option<Stripped> {
    let side = subflow.sides.of(sender);
    let bare = side.bare.as_deref().filter(|_| !subflow.initial && !has_spoken(subflow, sender))?;
    let reset = subflow.reset.filter(|reset| reset.from == sender.peer())?;
    let is_soon = reset.seen.at.since(bare.first.at) <= stalls::limit_ns(context);
    // A host that closes resets its subflows as well.
    let is_closing = Role::BOTH.iter().any(|role| side_closed(context, *role, reset.seen));
    (is_soon && !is_closing && reset.seen.packet > bare.first.packet).then(|| Stripped {
        sender,
        sign: Sign::ResetAtOnce,
        has_nops: bare.with_nops > 0,
        is_useless: true,
        evidence: vec![bare.first, reset.seen],
    })
}

/// Whether a host had begun to close the connection before.
fn side_closed(context: &ConnectionContext<'_>, role: Role, seen: PacketStamp) -> bool {
    let fin = context.connection.data.of(role).fin();
    let close = context.connection.fast_close;
    fin.is_some_and(|fin| fin.seen.packet <= seen.packet)
        || close.is_some_and(|close| close.seen.packet <= seen.packet)
}

/// Whether a host sent an option of MPTCP on a joined subflow after its handshake.
fn has_spoken(subflow: &Subflow, sender: Role) -> bool {
    let side = subflow.sides.of(sender);
    let handshake = &subflow.handshake;
    let repeated = u64::from(handshake.syn_retransmissions + handshake.syn_ack_retransmissions);
    // SYN and third ACK, or SYN/ACK. What was repeated is not told apart by host.
    let own = if sender == subflow.opener { 2 } else { 1 };
    let bare = side.bare.as_deref().map_or(0, |bare| bare.count);
    let resets = u64::from(subflow.reset.is_some_and(|reset| reset.from == sender));
    side.segments > bare + own + repeated + resets
}

/// All data of a host came bare.
fn data_without_mapping(
    _context: &ConnectionContext<'_>,
    subflow: &Subflow,
    sender: Role,
) -> Option<Stripped> {
    let side = subflow.sides.of(sender);
    let bare = side.bare.as_deref().filter(|_| !subflow.initial && !has_spoken(subflow, sender))?;
    let first = side.first_unmapped.filter(|_| side.bytes.unmapped == side.bytes.payload)?;
    Some(Stripped {
        sender,
        sign: Sign::DataWithoutMapping,
        has_nops: bare.with_nops > 0,
        is_useless: true,
        evidence: vec![first, bare.last],
    })
}

/// ACKs of `sender` are bare, and what they acknowledge is sent again by its peer.
fn acked_in_vain(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    sender: Role,
) -> Option<Stripped> {
    let bare = subflow.sides.of(sender).bare.as_deref().filter(|bare| bare.count >= FEW)?;
    let peer = subflow.sides.of(sender.peer());
    let data = context.connection.data.of(sender.peer());
    let pairs = &data.level_stats().reinjections;
    let elsewhere: u64 =
        pairs.iter().filter(|pair| pair.from == Some(subflow.number)).map(|pair| pair.wasted).sum();
    // On the same subflow: TCP has it all acknowledged, and the data level has not.
    let is_stuck = data.outstanding() > peer.unacknowledged(None);
    let here = if is_stuck { peer.bytes.remapped } else { 0 };
    let again = elsewhere + here;
    let carried = peer.bytes.new_data;
    // Nearly all that the subflow carried.
    (carried > 0 && again * 10 >= carried * 9).then(|| Stripped {
        sender,
        sign: Sign::AckedInVain(again),
        has_nops: bare.with_nops > 0,
        is_useless: elsewhere > 0,
        evidence: vec![bare.first, bare.last],
    })
}

/// The RST of a host came with NOPs in the place of its reason.
fn reset_overwritten(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    sender: Role,
) -> Option<Stripped> {
    let reset = subflow.reset.filter(|reset| reset.from == sender && reset.look.has_nops)?;
    let is_closing = Role::BOTH.iter().any(|role| side_closed(context, *role, reset.seen));
    (!is_closing && !subflow.initial).then(|| Stripped {
        sender,
        sign: Sign::ResetOverwritten,
        has_nops: true,
        is_useless: subflow.sides.of(sender).acked <= 1,
        evidence: vec![reset.seen],
    })
}

/// Data of the peer was sent again and again although `sender` acknowledged it in this capture.
fn data_ack_unheard(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    sender: Role,
) -> Option<Stripped> {
    let data = context.connection.data.of(sender.peer());
    let again = data.level_stats().resent_acked.as_deref()?;
    let carried = subflow.sides.of(sender.peer()).bytes.new_data;
    let lasted = again.last.since(again.first);
    let is_enough = again.starts >= FEW
        && carried > 0
        && again.bytes * 2 >= carried
        && lasted > stalls::limit_ns(context);
    if again.subflow != subflow.number || !is_enough {
        return None;
    }
    let is_then = |seen: &PacketStamp| seen.at >= again.first && seen.at <= again.last;
    let remapped = subflow.sides.of(sender.peer()).violations.of(Violation::Remapped);
    let remapped = remapped.into_iter().flat_map(|times| [times.first, times.last]);
    let runs = context.connection.events.iter().filter_map(|event| match event.kind {
        EventKind::Resent(run) if event.direction.sender() != sender => {
            Some([event.seen, run.last])
        }
        _ => None,
    });
    let mut evidence: Vec<_> = remapped.chain(runs.flatten()).filter(is_then).collect();
    evidence.sort_by_key(|seen| seen.packet);
    Some(Stripped {
        sender,
        sign: Sign::DataAckUnheard(again.bytes),
        has_nops: false,
        is_useless: false,
        evidence,
    })
}
