//! Joins that failed, and how (RFC 8684 §3.2).

use super::ConnectionContext;
use super::host as known_host;
use super::words::{capitalised, host, packet, reason};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::track::proof::Verdict;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{Reset, Subflow};
use crate::units;
use crate::wire::mptcp::{MptcpOption, Version};
use crate::wire::segment::Endpoint;

/// How a join failed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failure {
    /// The SYN was answered by a RST.
    RefusedAtSyn(Reset),
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
    /// Nobody answered the SYN/ACK, which was repeated.
    NoAck,
}

/// How a join failed, as far as the packets say; `None` for one that did not, or that is under way.
pub(super) fn failure(context: &ConnectionContext<'_>, subflow: &Subflow) -> Option<Failure> {
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
            (None, Some(reset)) => Some(Failure::RefusedAtAck(reset)),
            (None, None) if handshake.syn_ack_retransmissions > 0 => Some(Failure::NoAck),
            (None, None) => None,
        },
        // Data goes only over a join that got through (RFC 8684 §3.2): an answer is missing.
        (Some(_), Some(_)) if subflow.sides.of(subflow.opener).first_data.is_some() => None,
        (Some(_), Some(_)) => match acceptor_reset {
            Some(reset) => Some(Failure::RefusedAtAck(reset)),
            None if acks_repeated(subflow) => Some(Failure::Unconfirmed),
            None => None,
        },
    }
}

/// Whether the opener had another reason than the SYN/ACK: the connection was being closed, it has
/// no such socket any more, or it refuses (Linux does, with reason 1, once the application has shut
/// down writing). Else the SYN/ACK arrived in another form than it has here.
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
    let end = subflow.sides.of(subflow.opener);
    let syns = u64::from(subflow.handshake.syn_retransmissions) + 1;
    end.segments > syns + 1
}

/// Whether the HMACs of a join are wrong in this capture: then that is the finding.
fn has_wrong_hmac(context: &ConnectionContext<'_>, subflow: &Subflow) -> bool {
    let verdicts = context.join_verdicts(subflow);
    verdicts.is_some_and(|verdicts| {
        verdicts.syn_ack == Verdict::Mismatch || verdicts.ack == Verdict::Mismatch
    })
}

/// The failed joins that `wanted` takes, with their failures.
fn failed<'a>(
    context: &ConnectionContext<'a>,
    wanted: impl Fn(&Failure) -> bool,
) -> Vec<(&'a Subflow, Failure)> {
    let all = context.joins().filter(|subflow| !has_wrong_hmac(context, subflow));
    let all = all.filter_map(|subflow| Some((subflow, failure(context, subflow)?)));
    all.filter(|(_, failure)| wanted(failure)).collect()
}

/// What was seen of the handshake of a join.
pub(super) fn handshake(subflow: &Subflow) -> impl Iterator<Item = PacketStamp> {
    let handshake = &subflow.handshake;
    let reset = subflow.reset.map(|reset| reset.seen);
    [handshake.syn, handshake.syn_ack, handshake.ack, reset].into_iter().flatten()
}

/// A RST to the SYN, with reason 1 or none: the token is not known there, or the host refused
/// (RFC 8684 §3.2 gives reason 1 for both).
pub(super) fn join_unknown_token(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let is_refusal = |reset: &Reset| reset.reason.is_none_or(|option| option.reason.0 == 1);
    let refused =
        |failure: &Failure| matches!(failure, Failure::RefusedAtSyn(reset) if is_refusal(reset));
    let all = failed(context, refused);
    let Some((first, Failure::RefusedAtSyn(reset))) = all.first() else { return Vec::new() };
    let target = first.sides.of(first.acceptor()).endpoint;
    let finding = Finding::new(Code::JoinUnknownToken, "")
        .seen(all.iter().flat_map(|(subflow, _)| handshake(subflow)))
        .times(all.len() as u64)
        .with("address", target.address.to_string())
        .with("port", u64::from(target.port));
    let mut finding = if let [(only, _)] = all.as_slice() { finding.on(only) } else { finding };
    let joins = units::counted(all.len() as u64, "join");
    let were = if all.len() == 1 { "was" } else { "were" };
    let how = format!("{} by a RST {} ({})", joins_to(target), reason(reset), packet(reset.seen));
    let (why, advice) = if let Some(closed) = closed_before(context, first) {
        finding = finding.severity(Severity::Note);
        let by = host(first.acceptor());
        (format!("{by} had closed its direction before ({})", packet(closed)), LATE_JOIN)
    } else if reset.reason.is_none() {
        ("nobody listens there, or a firewall answers".to_owned(), NO_LISTENER)
    } else if is_accepted_there(context, first, target) {
        ("the host accepted another one before, so it refuses this one".to_owned(), REFUSED)
    } else if is_initial(context, first, target) {
        finding = finding.confidence(Confidence::Likely);
        ("it reached a host that does not have the connection".to_owned(), ANYCAST)
    } else {
        finding = finding.confidence(Confidence::Likely);
        ("the token is not known there".to_owned(), UNKNOWN_TOKEN)
    };
    finding.summary = format!("{} {were} refused at {how}: {why}.", capitalised(&joins));
    vec![finding.advice(advice)]
}

const LATE_JOIN: &str = "Nothing to mend: there is no use in a path for a connection that ends.";
const NO_LISTENER: &str = "Announce an address with the port that the server listens on, or open the \
    firewall for it. Linux listens on announced ports by itself: \
    `ip mptcp endpoint add ADDRESS signal port 5001` (for IPv6 see add-addr-no-space).";
const REFUSED: &str = "Linux refuses with reason 1 once the application has shut down writing; else \
    look at `ip mptcp limits show` on that host.";
const ANYCAST: &str = "A load balancer, anycast address or ECMP sends joins to another host. On \
    the servers: `sysctl net.mptcp.allow_join_initial_addr_port=0` and `ip mptcp endpoint add \
    UNICAST-ADDRESS signal`.";
pub(super) const UNKNOWN_TOKEN: &str = "The join reached another host, its token was changed on the way, or the \
    connection was over there: capture at that host.";

fn joins_to(target: Endpoint) -> String {
    format!("{target}")
}

/// When the joinee had sent its DATA_FIN, if that was before the join.
fn closed_before(context: &ConnectionContext<'_>, subflow: &Subflow) -> Option<PacketStamp> {
    let syn = subflow.handshake.syn?;
    let fins = Role::BOTH.map(|role| context.connection.data.of(role).fin().map(|fin| fin.seen));
    let answer = subflow.reset.map_or(syn, |reset| reset.seen);
    fins.into_iter().flatten().find(|seen| seen.packet < answer.packet)
}

/// Whether a join to this endpoint got through before.
fn is_accepted_there(context: &ConnectionContext<'_>, refused: &Subflow, target: Endpoint) -> bool {
    let mut others = context.joins();
    others.any(|other| {
        other.is_confirmed()
            && other.first.packet < refused.first.packet
            && other.sides.of(other.acceptor()).endpoint == target
    })
}

/// Whether this is the endpoint that the connection began with.
fn is_initial(context: &ConnectionContext<'_>, join: &Subflow, target: Endpoint) -> bool {
    let initial = context.initial();
    initial.is_some_and(|initial| initial.sides.of(join.acceptor()).endpoint == target)
}

/// A RST after the third ACK, or another reason at the SYN: limit, policy.
pub(super) fn join_rejected(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let rejected = |failure: &Failure| match failure {
        Failure::RefusedAtSyn(reset) => reset.reason.is_some_and(|option| option.reason.0 != 1),
        Failure::RefusedAtAck(reset) => reset.reason.is_none_or(|option| option.reason.0 != 1),
        Failure::GivenUp(_) => true,
        _ => false,
    };
    let all = failed(context, rejected);
    let found = all.iter().filter_map(|(subflow, failure)| {
        let (Failure::RefusedAtSyn(reset)
        | Failure::RefusedAtAck(reset)
        | Failure::GivenUp(reset)) = failure
        else {
            return None;
        };
        let when = match failure {
            Failure::RefusedAtSyn(_) => "at its SYN",
            Failure::GivenUp(_) => "after the SYN/ACK",
            _ => "after its third ACK",
        };
        let closed = closed_before(context, subflow);
        let late = match (closed, failure) {
            (Some(fin), _) => format!(": the connection was being closed ({})", packet(fin)),
            (None, Failure::GivenUp(_)) if has_reason_1(reset) => {
                ", as Linux does once the application has shut down writing".to_owned()
            }
            (None, _) => String::new(),
        };
        let limit = known_host::refusing_limit(context, reset.from).filter(|_| closed.is_none());
        let late = match limit {
            Some(limit) if late.is_empty() => format!("; its limit of subflows is {limit}"),
            _ => late,
        };
        let is_harmless = closed.is_some()
            || matches!(failure, Failure::GivenUp(_)) && context.connection.joined > 0;
        let who = host(reset.from);
        let summary = format!(
            "{} refused the join on subflow {} {when} by a RST {} ({}){}.",
            capitalised(who),
            subflow.number,
            reason(reset),
            packet(reset.seen),
            late
        );
        let advice = match (failure, reset.reason.map(|option| option.reason.0)) {
            _ if closed.is_some() => LATE_JOIN,
            (Failure::GivenUp(_), Some(1)) => LATE_JOIN,
            (Failure::GivenUp(_), _) => {
                "The SYN/ACK came too late, or on another interface than the one that the endpoint \
                 is bound to (dev in `ip mptcp endpoint show`): look at the routes back."
            }
            (Failure::RefusedAtSyn(_), Some(3)) => {
                "The port was not announced by this connection's peer, or SYN cookies are on and \
                 the limit is reached: `ip mptcp endpoint show`, `ip mptcp limits show` there."
            }
            (_, Some(3)) => {
                "The limit of subflows is reached there, or a policy forbids it: `ip mptcp limits \
                 set subflows 8`."
            }
            _ => {
                "Look at `ip mptcp limits show` and at the application there; a firewall may have \
                 sent it."
            }
        };
        Some(
            Finding::new(Code::JoinRejected, summary)
                .severity(if is_harmless { Severity::Note } else { Severity::Warning })
                .confidence(match failure {
                    Failure::GivenUp(_) => Confidence::Likely,
                    _ => Confidence::Certain,
                })
                .on(subflow)
                .from(reset.from)
                .seen(handshake(subflow))
                .advice(advice),
        )
    });
    found.collect()
}

fn has_reason_1(reset: &Reset) -> bool {
    reset.reason.is_some_and(|option| option.reason.0 == 1)
}

/// Nobody answers the SYN (or the SYN/ACK) of a join.
pub(super) fn join_no_answer(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let silent = |failure: &Failure| matches!(failure, Failure::NoAnswer | Failure::NoAck);
    let all = failed(context, silent);
    let found = all.iter().map(|(subflow, failure)| {
        let (what, tries, seen) = match failure {
            Failure::NoAnswer => {
                ("SYN", subflow.handshake.syn_retransmissions, subflow.handshake.syn)
            }
            _ => ("SYN/ACK", subflow.handshake.syn_ack_retransmissions, subflow.handshake.syn_ack),
        };
        let tries = u64::from(tries) + 1;
        let lasted = seen.map_or(0, |first| subflow.last.at.since(first.at));
        let (client, server) = (subflow.sides.client.endpoint, subflow.sides.server.endpoint);
        let summary = format!(
            "{} of the join {client} → {server} within {} got no answer: the path is dead, or \
             something on it drops them.",
            capitalised(&units::counted(tries, what)),
            units::duration(lasted)
        );
        Finding::new(Code::JoinNoAnswer, summary)
            .on(subflow)
            .seen(handshake(subflow).chain([subflow.last]))
            .with("tries", tries)
            .with("lasted_ns", lasted.unsigned_abs())
            .advice(
                "Does the address answer a ping from that source? If so, a firewall drops SYNs with \
                 MP_JOIN; if not, mend the route, or do not announce the address.",
            )
    });
    found.collect()
}

/// The SYN/ACK of a join has no MP_JOIN.
pub(super) fn join_answered_by_plain_tcp(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let all = failed(context, |failure| matches!(failure, Failure::PlainAnswer(_)));
    let found = all.iter().filter_map(|(subflow, failure)| {
        let Failure::PlainAnswer(syn_ack) = failure else { return None };
        let has_option = subflow.join.is_some_and(|join| join.syn_ack_hmac.is_some());
        let number = subflow.number;
        let (summary, confidence) = if has_option {
            let reset = subflow.reset.map(|reset| reason(&reset)).unwrap_or_default();
            let text = format!(
                "The SYN/ACK of the join on subflow {number} ({}) has MP_JOIN here, but {} did not \
                 take it (RST {reset}): it was taken out or changed on the way.",
                packet(*syn_ack),
                host(subflow.opener)
            );
            (text, Confidence::Likely)
        } else {
            let text = format!(
                "The SYN/ACK of the join on subflow {number} ({}) has no MP_JOIN: a proxy or another \
                 host answered, or the option was taken out.",
                packet(*syn_ack)
            );
            (text, Confidence::Certain)
        };
        Some(
            Finding::new(Code::JoinAnsweredByPlainTcp, summary)
                .on(subflow)
                .from(subflow.acceptor())
                .seen(handshake(subflow))
                .confidence(confidence)
                .advice(
                    "Look for a TCP proxy, a load balancer or a firewall that normalises TCP options \
                     on this path; capture at the other end to see where the option goes.",
                ),
        )
    });
    found.collect()
}

/// The third ACK of a join lost its MP_JOIN: the joinee resets with reason 1.
pub(super) fn join_ack_stripped(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let lost = |failure: &Failure| {
        matches!(failure, Failure::RefusedAtAck(reset)
            if reset.reason.is_some_and(|option| option.reason.0 == 1))
    };
    let all = failed(context, lost);
    let found = all.iter().filter_map(|(subflow, failure)| {
        let Failure::RefusedAtAck(reset) = failure else { return None };
        let has_option = subflow.join.is_some_and(|join| join.ack_hmac.is_some());
        let is_right = context.join_verdicts(subflow).is_some_and(|v| v.ack == Verdict::Verified);
        // Not proved to be right, or not seen at all.
        if has_option && !is_right || !has_option && subflow.handshake.ack.is_none() {
            return None;
        }
        let (number, at) = (subflow.number, packet(reset.seen));
        let (summary, confidence) = if has_option {
            let text = format!(
                "The third ACK of the join on subflow {number} has a right MP_JOIN here and was \
                 refused with reason 1 ({at}): it was taken out or changed on the way.",
            );
            (text, Confidence::Likely)
        } else {
            let text = format!(
                "The third ACK of the join on subflow {number} came without MP_JOIN and was refused \
                 ({at}): the option was taken out on the way.",
            );
            (text, Confidence::Certain)
        };
        Some(
            Finding::new(Code::JoinAckStripped, summary)
                .on(subflow)
                .from(subflow.opener)
                .seen(handshake(subflow))
                .confidence(confidence)
                .advice(
                    "A middlebox on this path lets MP_JOIN pass on SYNs only: look for firewalls \
                     that normalise TCP options.",
                ),
        )
    });
    found.collect()
}

/// The third ACK is repeated: the fourth ACK never comes.
pub(super) fn join_ack_unconfirmed(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let all = failed(context, |failure| matches!(failure, Failure::Unconfirmed));
    let found = all.iter().map(|(subflow, _)| {
        let summary = format!(
            "The third ACK of the join on subflow {} was repeated and never confirmed: {} may not \
             send data there.",
            subflow.number,
            host(subflow.opener)
        );
        Finding::new(Code::JoinAckUnconfirmed, summary)
            .on(subflow)
            .from(subflow.opener)
            .seen(handshake(subflow).chain([subflow.last]))
            .confidence(Confidence::Likely)
            .advice("The path loses packets in one direction: capture at the other end.")
    });
    found.collect()
}

/// A join to the address and port of which the peer said not to (RFC 8684 §3.1: must not).
pub(super) fn join_to_denied_address(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let denied = |subflow: &&Subflow| {
        let joinee = subflow.acceptor();
        context.connection.hosts.of(joinee).deny_join_initial == Some(true)
            && is_initial(context, subflow, subflow.sides.of(joinee).endpoint)
    };
    let all: Vec<_> = context.joins().filter(denied).collect();
    let Some(first) = all.first() else { return Vec::new() };
    let joinee = first.acceptor();
    let summary = format!(
        "{} joined {} although {} asked not to (C bit).",
        capitalised(host(first.opener)),
        first.sides.of(joinee).endpoint,
        host(joinee)
    );
    vec![
        Finding::new(Code::JoinToDeniedAddress, summary)
            .from(first.opener)
            .seen(all.iter().filter_map(|subflow| subflow.handshake.syn))
            .times(all.len() as u64)
            .advice("The joiner's stack ignores the C bit (Linux heeds it since 5.14): update it."),
    ]
}

/// A join to an address or port that the capture shows no announcement of.
pub(super) fn join_port_not_announced(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(initial) = context.initial().filter(|_| context.is_two_sided()) else {
        return Vec::new();
    };
    let unknown = |subflow: &&Subflow| {
        let joinee = subflow.acceptor();
        let target = subflow.sides.of(joinee).endpoint;
        let first = initial.sides.of(joinee).endpoint;
        let mut announced = context.connection.addresses.iter().filter(|a| a.owner == joinee);
        target != first
            && !announced.any(|address| {
                address.address == Some(target.address)
                    && address.port.unwrap_or(first.port) == target.port
            })
    };
    let all: Vec<_> = context.joins().filter(unknown).collect();
    let Some(one) = all.first() else { return Vec::new() };
    let target = one.sides.of(one.acceptor()).endpoint;
    let summary = format!(
        "{} joined {target}, which the capture shows no announcement of.",
        capitalised(host(one.opener))
    );
    vec![
        Finding::new(Code::JoinPortNotAnnounced, summary)
            .from(one.opener)
            .seen(all.iter().filter_map(|subflow| subflow.handshake.syn))
            .times(all.len() as u64)
            .confidence(Confidence::Likely),
    ]
}

/// Data of the joiner before the fourth ACK (RFC 8684 §3.2: must not).
pub(super) fn join_early_data(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let early = |subflow: &Subflow| {
        let fourth = subflow.join?.fourth_ack?;
        let data = subflow.sides.of(subflow.opener).first_data?;
        (data.packet < fourth.packet).then_some((data, fourth))
    };
    let all: Vec<_> = context.joins().filter_map(|s| Some((s, early(s)?))).collect();
    let found = all.into_iter().map(|(subflow, (data, fourth))| {
        let summary = format!(
            "{} sent data on subflow {} ({}) before the join was confirmed ({}).",
            capitalised(host(subflow.opener)),
            subflow.number,
            packet(data),
            packet(fourth)
        );
        // At the joinee an ACK may have crossed it; out of order captures lie, too.
        Finding::new(Code::JoinEarlyData, summary)
            .on(subflow)
            .from(subflow.opener)
            .seen([data, fourth])
            .confidence(Confidence::Likely)
    });
    found.collect()
}

/// A join whose source is not the address announced under its ID: a NAT (RFC 8684 §3.2).
pub(super) fn address_translated(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let translated = |subflow: &&Subflow| {
        let joiner = subflow.sides.of(subflow.opener);
        let mut announced = context.connection.addresses.iter().filter(|address| {
            address.owner == subflow.opener
                && Some(address.address_id) == joiner.address_id
                && address.announced.count > 0
        });
        announced.next().is_some_and(|address| {
            address.address.is_some_and(|announced| {
                announced != joiner.endpoint.address
                    && announced.is_ipv4() == joiner.endpoint.address.is_ipv4()
            })
        })
    };
    let all: Vec<_> = context.joins().filter(translated).collect();
    let Some(first) = all.first() else { return Vec::new() };
    let joiner = first.sides.of(first.opener);
    let summary = format!(
        "{} joins from {}, which is not the address it announced under ID {}: there is a NAT.",
        capitalised(host(first.opener)),
        joiner.endpoint.address,
        joiner.address_id.map_or(0, |id| id.0)
    );
    vec![
        Finding::new(Code::AddressTranslated, summary)
            .from(first.opener)
            .seen(all.iter().filter_map(|subflow| subflow.handshake.syn))
            .times(all.len() as u64)
            .confidence(Confidence::Likely),
    ]
}

/// A join before any DSS (RFC 8684 §3.1: must not; Linux does after an ADD_ADDR).
pub(super) fn join_before_dss(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if !context.is_whole() || context.connection.version == Some(Version::V0) {
        return Vec::new();
    }
    let dss = context.options().find(|(_, option)| matches!(option, MptcpOption::Dss(_)));
    let Some((dss, _)) = dss else { return Vec::new() };
    let early = context.joins().filter_map(|subflow| subflow.handshake.syn);
    let early: Vec<_> = early.filter(|syn| syn.packet < dss.seen.packet).collect();
    let Some(first) = early.first() else { return Vec::new() };
    let summary = format!("A join ({}) left before any DSS was seen.", packet(*first));
    vec![
        Finding::new(Code::JoinBeforeDss, summary)
            .seen(early.iter().copied())
            .times(early.len() as u64),
    ]
}
