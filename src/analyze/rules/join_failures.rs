//! Joins that failed, and how (RFC 8684 §3.2).

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::host_settings;
use crate::analyze::evidence::join_failure::{
    Failure, closed_before, failure, handshake, has_reason, may_lack_token,
};
use crate::analyze::evidence::refusal::is_to_itself;
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::words::{capitalised, host, packet, reason};
use crate::track::proof::Verdict;
use crate::track::subflow::{Reset, Subflow};

/// Whether the HMACs of a join are wrong in this capture. That is a finding of its own.
fn has_wrong_hmac(context: &ConnectionContext<'_>, subflow: &Subflow) -> bool {
    let verdicts = context.join_verdicts(subflow);
    verdicts.is_some_and(|verdicts| {
        verdicts.syn_ack == Verdict::Mismatch || verdicts.ack == Verdict::Mismatch
    })
}

/// The failed joins that `wanted` selects, with their failures.
pub(super) fn failed<'a>(
    context: &ConnectionContext<'a>,
    wanted: impl Fn(&Failure) -> bool,
) -> Vec<(&'a Subflow, Failure)> {
    let all = context
        .joins()
        .filter(|subflow| !has_wrong_hmac(context, subflow) && !is_to_itself(context, subflow));
    let all = all.filter_map(|subflow| Some((subflow, failure(context, subflow)?)));
    all.filter(|(_, failure)| wanted(failure)).collect()
}

pub(super) const LATE_JOIN: &str = "Nothing to fix: a closing connection needs no further path.";

pub(super) const UNKNOWN_TOKEN: &str = "The join reached another host, its token was changed on the \
    way, or the connection was over there: capture at that host.";

/// A RST after the third ACK, or another reason at the SYN: a limit or a policy.
pub(super) fn join_rejected(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let rejected = |failure: &Failure| match failure {
        Failure::RefusedAtSyn(reset) => !may_lack_token(reset),
        Failure::RefusedAtAck(reset) => !has_reason(reset, 1),
        Failure::GivenUp(_) => true,
        _ => false,
    };
    let all = failed(context, rejected);
    let found =
        all.iter().filter_map(|(subflow, failure)| {
            let (Failure::RefusedAtSyn(reset)
            | Failure::RefusedAtAck(reset)
            | Failure::GivenUp(reset)) = failure
            else {
                return None;
            };
            let is_given_up = matches!(failure, Failure::GivenUp(_));
            let when = match failure {
                Failure::RefusedAtSyn(_) => "at its SYN",
                Failure::GivenUp(_) => "after the SYN/ACK",
                _ => "after its third ACK",
            };
            let closed = closed_before(context, subflow);
            let limit = host_settings::refusing_limit(context, reset.from);
            let why = match (closed, limit) {
                (Some(fin), _) => format!(": the connection was being closed ({})", packet(fin)),
                (None, _) if is_given_up && has_reason(reset, 1) => {
                    ", as Linux does once the application has shut down writing".to_owned()
                }
                (None, Some(limit)) => format!("; its limit of subflows is {limit}"),
                (None, None) => String::new(),
            };
            let is_harmless = closed.is_some() || is_given_up && context.connection.joined > 0;
            let summary = format!(
                "{} refused the join on subflow {} {when} by a RST {} ({}){why}.",
                capitalised(host(reset.from)),
                subflow.number,
                reason(reset),
                packet(reset.seen),
            );
            let advice =
                if closed.is_some() { LATE_JOIN } else { advice_on_rejection(failure, reset) };
            Some(
                Finding::new(Code::JoinRejected, summary)
                    .severity(if is_harmless { Severity::Note } else { Severity::Warning })
                    .confidence(if is_given_up { Confidence::Likely } else { Confidence::Certain })
                    .on(subflow)
                    .from(reset.from)
                    .seen(handshake(subflow))
                    .advice(advice),
            )
        });
    found.collect()
}

fn advice_on_rejection(failure: &Failure, reset: &Reset) -> &'static str {
    match failure {
        Failure::GivenUp(_) if has_reason(reset, 1) => LATE_JOIN,
        Failure::GivenUp(_) => {
            "The SYN/ACK came too late, or on another interface than the one that the endpoint \
             is bound to (dev in `ip mptcp endpoint show`): look at the routes back."
        }
        Failure::RefusedAtSyn(_) if has_reason(reset, 3) => {
            "The port was not announced by this connection's peer, or SYN cookies are on and \
             the limit is reached: `ip mptcp endpoint show`, `ip mptcp limits show` there."
        }
        _ if has_reason(reset, 3) => {
            "The limit of subflows is reached there, or a policy forbids it. On that host: `ip \
                mptcp limits set subflows 8`."
        }
        _ => {
            "Look at `ip mptcp limits show` and at the application there. A firewall may also have \
                sent the RST."
        }
    }
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
                    accept it (RST {reset}): a middlebox removed or changed it.",
                packet(*syn_ack),
                host(subflow.opener)
            );
            (text, Confidence::Likely)
        } else {
            let text = format!(
                "The SYN/ACK of the join on subflow {number} ({}) has no MP_JOIN: a proxy or \
                    another host answered, or a middlebox removed the option.",
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
    let lost =
        |failure: &Failure| matches!(failure, Failure::RefusedAtAck(reset) if has_reason(reset, 1));
    let all = failed(context, lost);
    let found = all.iter().filter_map(|(subflow, failure)| {
        let Failure::RefusedAtAck(reset) = failure else { return None };
        let has_option = subflow.join.is_some_and(|join| join.ack_hmac.is_some());
        let is_right = context.join_verdicts(subflow).is_some_and(|v| v.ack == Verdict::Verified);
        // The option is there and not proved, or the third ACK itself is not there.
        if has_option && !is_right || !has_option && subflow.handshake.ack.is_none() {
            return None;
        }
        let (number, at) = (subflow.number, packet(reset.seen));
        let (summary, confidence) = if has_option {
            let text = format!(
                "The third ACK of the join on subflow {number} has a right MP_JOIN here and was \
                    refused with reason 1 ({at}): a middlebox removed or changed it.",
            );
            (text, Confidence::Likely)
        } else {
            let text = format!(
                "The third ACK of the join on subflow {number} came without MP_JOIN and was \
                    refused ({at}): a middlebox removed the option.",
            );
            (text, Confidence::Certain)
        };
        Some(
            Finding::new(Code::JoinAckStripped, summary)
                .on(subflow)
                .from(subflow.opener)
                .seen(handshake(subflow))
                .confidence(confidence)
                .why("A middlebox on this path lets MP_JOIN pass on SYNs only.")
                .advice("Look for firewalls that normalise TCP options."),
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
            .why("The path loses packets in one direction.")
            .advice("Capture at the other end.")
    });
    found.collect()
}
