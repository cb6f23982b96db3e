//! Joins that were tried again although the peer or an earlier failure speaks against it (RFC 8684
//! §3.4.1, §3.4.2, §3.6).

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::is_withdrawn;
use crate::analyze::evidence::join_failure::failure;
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{capitalised, host, packet};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;

/// Most joins of a connection that are compared with each other.
const MOST: usize = 64;

/// Joins to where one failed before, to a withdrawn address, or over a path that was reset for good.
pub(super) fn join_against_advice(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let joins: Vec<_> = context.joins().take(MOST).collect();
    let all = joins.iter().enumerate().filter_map(|(index, join)| {
        let syn = join.handshake.syn?;
        let before = joins.get(..index).unwrap_or_default();
        let against = [
            failed_before(context, before, join, syn),
            withdrawn_before(context, join, syn),
            reset_for_good(context, join, syn),
        ];
        let is_new = |since: PacketStamp| is_announced_between(context, join, since, syn);
        let mut against = against.into_iter().flatten();
        let (reason, because) = against.find(|(_, because)| !is_new(*because))?;
        Some((join, syn, reason, because))
    });
    let all: Vec<_> = all.collect();
    let Some((join, syn, reason, because)) = all.first() else { return Vec::new() };
    let summary = format!(
        "{} joined {} again ({}) {reason} ({}).",
        capitalised(host(join.opener)),
        join.sides.of(join.acceptor()).endpoint,
        packet(*syn),
        packet(*because),
    );
    vec![
        Finding::new(Code::JoinAgainstAdvice, summary)
            .on(join)
            .from(join.opener)
            .seen(all.iter().flat_map(|(_, syn, _, because)| [*because, *syn]))
            .times(all.len() as u64)
            .confidence(Confidence::Likely)
            .advice(
                "Find the program on that host that opens paths again (`ip mptcp monitor`, mptcpd, a \
                 script that adds endpoints).",
            ),
    ]
}

/// What speaks against a join, as the end of a sentence, and the packet that shows it.
type Against = (&'static str, PacketStamp);

/// A join between the same addresses failed.
fn failed_before(
    context: &ConnectionContext<'_>,
    before: &[&Subflow],
    join: &Subflow,
    syn: PacketStamp,
) -> Option<Against> {
    let target = join.sides.of(join.acceptor()).endpoint;
    let source = join.sides.of(join.opener).endpoint.address;
    let is_same = |other: &&&Subflow| {
        other.opener == join.opener
            && other.sides.of(other.acceptor()).endpoint == target
            && other.sides.of(other.opener).endpoint.address == source
    };
    let failed = before.iter().rev().find(|other| {
        is_same(other) && failure(context, other).is_some() && other.last.packet < syn.packet
    })?;
    let end = failed.reset.map_or(failed.last, |reset| reset.seen);
    Some(("although that had failed", end))
}

/// The peer withdrew the address.
fn withdrawn_before(
    context: &ConnectionContext<'_>,
    join: &Subflow,
    syn: PacketStamp,
) -> Option<Against> {
    /// A SYN may be on its way while the option comes.
    const ON_THE_WAY_NS: i64 = 500_000_000;
    let joinee = join.acceptor();
    let target = join.sides.of(joinee).endpoint.address;
    let named = context.connection.addresses.iter();
    let removed = named
        .filter(|address| address.owner == joinee && address.address == Some(target))
        .flat_map(|address| address.removed.listed.iter().copied())
        .filter(|removed| syn.at.since(removed.at) > ON_THE_WAY_NS)
        .max_by_key(|removed| removed.packet)?;
    Some(("although that address had been withdrawn", removed))
}

/// The joinee reset a subflow between these addresses and did not call that transient.
fn reset_for_good(
    context: &ConnectionContext<'_>,
    join: &Subflow,
    syn: PacketStamp,
) -> Option<Against> {
    let pair = |subflow: &Subflow| Role::BOTH.map(|role| subflow.sides.of(role).endpoint.address);
    let reset = context.subflows.iter().find_map(|other| {
        let reset = other.reset.filter(|reset| reset.from == join.acceptor())?;
        let is_final = reset.reason.is_some_and(|option| !option.transient);
        let is_before = reset.seen.packet < syn.packet;
        // If the address was withdrawn as well, its owner may announce it again.
        let is_final = is_final && !is_withdrawn(context, other, &reset);
        (is_final && is_before && other.is_confirmed() && pair(other) == pair(join))
            .then_some(reset.seen)
    })?;
    Some(("although that path had been reset for good", reset))
}

/// Whether the joinee announced the target of a join in between: then trying again is right.
fn is_announced_between(
    context: &ConnectionContext<'_>,
    join: &Subflow,
    from: PacketStamp,
    to: PacketStamp,
) -> bool {
    let joinee = join.acceptor();
    let target = join.sides.of(joinee).endpoint.address;
    context.connection.addresses.iter().any(|address| {
        address.owner == joinee
            && address.address == Some(target)
            && address
                .announced
                .listed
                .iter()
                .any(|seen| seen.packet > from.packet && seen.packet < to.packet)
    })
}
