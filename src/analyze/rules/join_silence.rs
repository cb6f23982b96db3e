//! Joins that nobody answered: the SYN, or the SYN/ACK (RFC 8684 §3.2).

use super::join_failures::failed;
use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::join_failure::Failure;
use crate::analyze::evidence::{announced_id, is_private};
use crate::analyze::finding::{Code, Finding};
use crate::analyze::words::{host, joined};
use crate::track::event::EventKind;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::units;

/// Nobody answers the SYN (or the SYN/ACK) of a join.
pub(super) fn join_no_answer(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let silent = |failure: &Failure| matches!(failure, Failure::NoAnswer | Failure::NoAck);
    let all = failed(context, silent);
    let found = all.iter().map(|(join, failure)| match failure {
        Failure::NoAck => no_third_ack(context, join),
        _ => no_syn_ack(context, join),
    });
    found.collect()
}

/// SYNs without any answer.
fn no_syn_ack(context: &ConnectionContext<'_>, join: &Subflow) -> Finding {
    let target = join.sides.of(join.acceptor()).endpoint.address;
    let source = join.sides.of(join.opener).endpoint.address;
    let is_out_of_reach = is_private(target) && !is_private(source);
    let tries = units::counted(u64::from(join.handshake.syn_retransmissions) + 1, "SYN");
    let why = if is_out_of_reach {
        format!(
            "{target} is a private address, which {} cannot reach from the public Internet",
            host(join.opener)
        )
    } else {
        "the path is dead, or something on it drops them".to_owned()
    };
    let last = last_syn(context, join);
    let summary = format!(
        "{tries} of the join {} within {} got no answer: {why}.",
        joined(join),
        units::duration(lasted(join, last)),
    );
    let finding = finding(join, summary, last).advice(advice(context, join));
    if is_out_of_reach { finding.with("why", why) } else { finding }
}

fn advice(context: &ConnectionContext<'_>, join: &Subflow) -> String {
    let target = join.sides.of(join.acceptor()).endpoint;
    let source = join.sides.of(join.opener).endpoint.address;
    match announced_id(context, Role::Client, target).filter(|_| join.opener == Role::Server) {
        Some(id) => format!(
            "Let the client open the subflow instead of announcing its address. On the client \
             (Linux): `ip mptcp endpoint delete id {id}`, then `ip mptcp endpoint add {} dev IFACE \
             subflow`.",
            target.address
        ),
        None => format!(
            "On {}: `ping -I {source} {}`. If that is answered, a firewall drops SYNs with MP_JOIN; \
             if not, fix the route, or do not announce the address.",
            host(join.opener),
            target.address
        ),
    }
}

/// SYNs and SYN/ACKs, and no third ACK.
fn no_third_ack(context: &ConnectionContext<'_>, join: &Subflow) -> Finding {
    let opener = host(join.opener);
    let handshake = &join.handshake;
    let syns = units::counted(u64::from(handshake.syn_retransmissions) + 1, "SYN");
    let answers = units::counted(u64::from(handshake.syn_ack_retransmissions) + 1, "SYN/ACK");
    let is_at_opener = context.initial().is_some_and(|first| first.is_captured_near(join.opener));
    let why = if is_at_opener {
        format!("the SYN/ACKs arrive, and {opener} drops them")
    } else {
        format!("the SYN/ACKs get lost on the way back, or {opener} drops them")
    };
    let last = last_syn(context, join);
    let summary = format!(
        "{syns} and {answers} of the join {} within {}, and no third ACK: {why}.",
        joined(join),
        units::duration(lasted(join, last)),
    );
    let advice = format!(
        "On {opener}: a reverse path filter drops what comes in by another interface than its route \
         goes out by: `sysctl net.ipv4.conf.all.rp_filter=2` makes it loose; a firewall there or on \
         the way back may drop them too."
    );
    finding(join, summary, last).with("why", why).advice(advice)
}

fn finding(join: &Subflow, summary: String, last: PacketStamp) -> Finding {
    let handshake = &join.handshake;
    let target = join.sides.of(join.acceptor()).endpoint;
    let source = join.sides.of(join.opener).endpoint;
    let tries = handshake.syn_retransmissions.max(handshake.syn_ack_retransmissions);
    let seen = [handshake.syn, handshake.syn_ack, Some(last)];
    Finding::new(Code::JoinNoAnswer, summary)
        .on(join)
        .from(join.opener)
        .seen(seen.into_iter().flatten())
        .with("tries", u64::from(tries) + 1)
        .with("lasted_ns", lasted(join, last).unsigned_abs())
        .with("address", target.address.to_string())
        .with("port", u64::from(target.port))
        .with("source", source.address.to_string())
}

/// The last SYN or SYN/ACK of a join.
fn last_syn(context: &ConnectionContext<'_>, join: &Subflow) -> PacketStamp {
    let events = context.connection.events.iter();
    let own = events.filter(|event| {
        matches!(event.kind, EventKind::Syn { .. })
            && context.trace.subflow(event.subflow).number == join.number
    });
    // Events may have been dropped.
    let known = own.last().map(|event| event.seen);
    known.filter(|_| context.connection.events.dropped() == 0).unwrap_or(join.last)
}

fn lasted(join: &Subflow, last: PacketStamp) -> i64 {
    last.at.since(join.first.at)
}
