//! What ICMP says of paths (RFC 1122 §4.2.3.9).

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::join_failure::{Failure, failure, handshake};
use crate::analyze::finding::{Code, Finding};
use crate::analyze::words::packet;
use crate::track::icmp_errors::IcmpSeen;
use crate::track::subflow::Subflow;
use crate::units;

/// Joins whose SYN was answered by an ICMP error: the address cannot be reached, and who says so.
pub(super) fn join_unreachable(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let joins = context.joins();
    let failed = joins.filter_map(|subflow| match failure(context, subflow)? {
        Failure::Unreachable(error) => Some(unreachable(subflow, &error)),
        _ => None,
    });
    failed.collect()
}

fn unreachable(subflow: &Subflow, error: &IcmpSeen) -> Finding {
    let target = subflow.sides.of(subflow.acceptor()).endpoint;
    let (what, from) = (error.report.title(), error.from);
    let is_target = from == target.address;
    let who = if is_target { "its own host".to_owned() } else { format!("{from} on the way") };
    let syns = u64::from(subflow.handshake.syn_retransmissions) + 1;
    let summary = format!(
        "The join on subflow {} to {target} failed: {who} reported {what} ({}), after {}.",
        subflow.number,
        packet(error.seen),
        units::counted(syns, "SYN"),
    );
    let advice = if is_target { AT_HOST } else { ON_THE_WAY };
    Finding::new(Code::JoinUnreachable, summary)
        .on_only(&[subflow])
        .seen(handshake(subflow).chain([error.seen]))
        .with("address", target.address.to_string())
        .with("port", u64::from(target.port))
        .with("hop", from.to_string())
        .with("reason", error.report.name())
        .advice(advice)
}

const ON_THE_WAY: &str = "There is no route to that address from there: mend the route, or do not \
    announce an address that the peer cannot reach (`ip mptcp endpoint show`).";

const AT_HOST: &str = "A firewall of that host, or nobody who listens: open it for joins, or do not \
    announce that address.";
