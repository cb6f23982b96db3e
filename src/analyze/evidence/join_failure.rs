//! How a join failed, as far as the packets say (RFC 8684 §3.2).

use crate::analyze::context::ConnectionContext;
use crate::track::handshake::Handshake;
use crate::track::icmp_errors::IcmpSeen;
use crate::track::proof::Verdict;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{Reset, Subflow};
use crate::wire::mptcp::Version;

/// How a join failed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Failure {
    /// The SYN was answered by a RST.
    RefusedAtSyn(Reset),
    /// ICMP says that its address cannot be reached.
    Unreachable(IcmpSeen),
    /// Nobody answered the SYN, which was repeated.
    NoAnswer,
    /// The SYN/ACK has no MP_JOIN, or the opener did not take it.
    PlainAnswer(PacketStamp),
    /// The third ACK was answered by a RST.
    RefusedAtAck(Reset),
    /// The opener gave it up itself after the SYN/ACK.
    GivenUp(Reset),
    /// The third ACK was repeated and never confirmed.
    Unconfirmed,
    /// There is no third ACK, although SYN or SYN/ACK was repeated.
    NoAck,
}

/// How a join failed, as far as the packets say; `None` for one that did not, or that is under way.
pub(crate) fn failure(context: &ConnectionContext<'_>, subflow: &Subflow) -> Option<Failure> {
    let join = subflow.join.as_ref()?;
    if subflow.is_midstream() || subflow.is_confirmed() || join.token.is_none() {
        return None;
    }
    let handshake = &subflow.handshake;
    let acceptor_reset = subflow.reset.filter(|reset| reset.from == subflow.acceptor());
    let opener_reset = subflow.reset.filter(|reset| reset.from == subflow.opener);
    match (handshake.syn_ack, handshake.ack) {
        (None, _) => match acceptor_reset {
            Some(reset) => Some(Failure::RefusedAtSyn(reset)),
            // Linux gives up at once, after one SYN.
            None if let Some(error) = unreachable(subflow) => Some(Failure::Unreachable(error)),
            None if handshake.syn_retransmissions > 0 => Some(Failure::NoAnswer),
            None => None,
        },
        (Some(syn_ack), _) if join.syn_ack_hmac.is_none() => {
            (!context.options_may_be_cut()).then_some(Failure::PlainAnswer(syn_ack))
        }
        (Some(syn_ack), None) => match (opener_reset, acceptor_reset) {
            (Some(reset), _) if is_given_up(context, subflow, &reset) => {
                Some(Failure::GivenUp(reset))
            }
            (Some(_), _) => Some(Failure::PlainAnswer(syn_ack)),
            // A RST after such repetitions only clears away.
            (None, _) if is_repeated(handshake) => Some(Failure::NoAck),
            (None, Some(reset)) if only_clears(context, subflow, &reset) => None,
            (None, Some(reset)) => Some(Failure::RefusedAtAck(reset)),
            (None, None) => None,
        },
        // Data goes only over an established join (RFC 8684 §3.2): the capture lacks an answer.
        (Some(_), Some(_)) if subflow.sides.of(subflow.opener).first_data.is_some() => None,
        (Some(_), Some(_)) => match acceptor_reset {
            Some(reset) if only_clears(context, subflow, &reset) => None,
            Some(reset) => Some(Failure::RefusedAtAck(reset)),
            None if acks_repeated(subflow) => Some(Failure::Unconfirmed),
            None => None,
        },
    }
}

/// Whether a RST only clears away what the end of the connection left: nothing is refused by it.
fn only_clears(context: &ConnectionContext<'_>, subflow: &Subflow, reset: &Reset) -> bool {
    reset.reason.is_none() && closed_before(context, subflow).is_some()
}

/// Whether SYN or SYN/ACK came again.
const fn is_repeated(handshake: &Handshake) -> bool {
    handshake.syn_retransmissions + handshake.syn_ack_retransmissions > 0
}

/// The first ICMP error that says that a SYN did not get there.
fn unreachable(subflow: &Subflow) -> Option<IcmpSeen> {
    let mut errors = subflow.sides.of(subflow.opener).icmp.iter();
    errors.find(|error| error.report.is_unreachable()).copied()
}

/// Whether the opener had another reason than the SYN/ACK. The connection may have been closing, the
/// socket may be gone, or the host refuses (Linux does, with reason 1, once the application has shut
/// down writing). Without such a reason the SYN/ACK arrived in another form than it has here.
fn is_given_up(context: &ConnectionContext<'_>, subflow: &Subflow, reset: &Reset) -> bool {
    let has_reason = reset.reason.is_some() || context.connection.version == Some(Version::V0);
    let is_right = context
        .join_verdicts(subflow)
        .is_some_and(|verdicts| verdicts.syn_ack == Verdict::Verified);
    let joined_before = context.first_joined.is_some_and(|first| first < reset.seen.packet);
    !has_reason
        || closed_before(context, subflow).is_some()
        || is_right && (joined_before || is_at_opener(subflow, reset))
}

/// Whether the capture was taken at the opener: its RST follows the SYN/ACK at once.
fn is_at_opener(subflow: &Subflow, reset: &Reset) -> bool {
    let (Some(syn), Some(syn_ack)) = (subflow.handshake.syn, subflow.handshake.syn_ack) else {
        return false;
    };
    reset.seen.at.since(syn_ack.at) * 4 < syn_ack.at.since(syn.at)
}

/// Whether the opener sent its third ACK again.
fn acks_repeated(subflow: &Subflow) -> bool {
    let side = subflow.sides.of(subflow.opener);
    let syns = u64::from(subflow.handshake.syn_retransmissions) + 1;
    side.segments > syns + 1
}

/// Whether a RST has this reason (RFC 8684 §3.6).
pub(crate) fn has_reason(reset: &Reset, reason: u8) -> bool {
    reset.reason.is_some_and(|option| option.reason.0 == reason)
}

/// Whether a RST may say that the host does not know the token: it has reason 1, or none.
pub(crate) fn may_lack_token(reset: &Reset) -> bool {
    reset.reason.is_none() || has_reason(reset, 1)
}

/// What was seen of the handshake of a join.
pub(crate) fn handshake(subflow: &Subflow) -> impl Iterator<Item = PacketStamp> {
    let handshake = &subflow.handshake;
    let reset = subflow.reset.map(|reset| reset.seen);
    [handshake.syn, handshake.syn_ack, handshake.ack, reset].into_iter().flatten()
}

/// The first DATA_FIN of either host, if it came before the join was answered.
pub(crate) fn closed_before(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
) -> Option<PacketStamp> {
    let syn = subflow.handshake.syn?;
    let fins = Role::BOTH.map(|role| context.connection.data.of(role).fin().map(|fin| fin.seen));
    let answer = subflow.reset.map_or(syn, |reset| reset.seen);
    fins.into_iter().flatten().find(|seen| seen.packet < answer.packet)
}
