//! Who refused the SYN of a join, as far as the packets say (RFC 8684 §3.2).

use super::join_failure::{closed_before, has_reason};
use crate::analyze::context::ConnectionContext;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{Reset, Subflow};
use crate::wire::segment::Endpoint;

/// The RST that answered the SYN of a join.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    /// The RST.
    pub(crate) reset: Reset,
    /// The address and port that were joined.
    pub(crate) target: Endpoint,
    /// Who refused.
    pub(crate) by: RefusedBy,
    /// The DATA_FIN before it: there is no use in a path for a connection that ends.
    pub(crate) closed: Option<PacketStamp>,
}

/// Who refused a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusedBy {
    /// A host at the address and port where this connection lives: it does not know the connection.
    AnotherHost,
    /// A host elsewhere that does not know the token.
    UnknownToken,
    /// A host that nobody listens on.
    ClosedPort,
    /// A firewall.
    Firewall(Sign),
}

/// What tells the RST of a firewall from one of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The hop limit of the RST, and that of the host's SYN or SYN/ACK.
    HopLimit(u8, u8),
    /// The capture was taken at the host, which has the port in use.
    AtHost,
}

/// Who refused `join` by `reset`, which answered its SYN.
pub(crate) fn refusal(context: &ConnectionContext<'_>, join: &Subflow, reset: Reset) -> Refusal {
    let target = join.sides.of(join.acceptor()).endpoint;
    let closed = closed_before(context, join);
    let is_used = closed.is_none() && is_in_use(context, join, target);
    let by = if has_reason(&reset, 1) {
        if is_used { RefusedBy::AnotherHost } else { RefusedBy::UnknownToken }
    } else if let Some(host) = strange_hop_limit(context, join, &reset) {
        RefusedBy::Firewall(Sign::HopLimit(reset.hop_limit, host))
    } else if !is_used {
        RefusedBy::ClosedPort
    } else if is_at_host(context, join, &reset) {
        RefusedBy::Firewall(Sign::AtHost)
    } else {
        RefusedBy::AnotherHost
    };
    Refusal { reset, target, by, closed }
}

/// Whether a join goes to the address that it comes from. (Of a host that talks to itself, all do.)
pub(crate) fn is_to_itself(context: &ConnectionContext<'_>, join: &Subflow) -> bool {
    let is_local = |subflow: &Subflow| {
        subflow.sides.client.endpoint.address == subflow.sides.server.endpoint.address
    };
    is_local(join) && !context.subflows.iter().any(|other| other.initial && is_local(other))
}

/// Whether a subflow was accepted at this address and port before: somebody listens there.
fn is_in_use(context: &ConnectionContext<'_>, join: &Subflow, target: Endpoint) -> bool {
    context.subflows.iter().any(|other| {
        // Who opened a subflow that was captured from its middle is a guess.
        let is_known = !other.is_midstream() || context.connection.roles_certain;
        let role = join.acceptor();
        is_known
            && other.is_confirmed()
            && other.acceptor() == role
            && other.sides.of(role).endpoint == target
            && other.first.packet < join.first.packet
    })
}

/// Whether the port of a join is that of the client's own socket, where nobody listens.
pub(crate) fn is_port_of_client(context: &ConnectionContext<'_>, join: &Subflow) -> bool {
    let role = join.acceptor();
    role == Role::Client
        && context.subflows.iter().any(|other| {
            let own = other.sides.of(role).endpoint.port == join.sides.of(role).endpoint.port;
            other.initial && own
        })
}

/// The hop limit of the host in whose name the RST was sent, if it tells that somebody else sent it.
fn strange_hop_limit(context: &ConnectionContext<'_>, join: &Subflow, reset: &Reset) -> Option<u8> {
    /// Hosts start at these.
    const STARTS: [u8; 3] = [64, 128, 255];
    let start = |limit: u8| STARTS.into_iter().find(|start| limit <= *start).unwrap_or(255);
    let hops = |limit: u8| start(limit) - limit;
    let role = reset.from;
    let (own, peer) = (join.sides.of(role), join.sides.of(role.peer()));
    let others = context.subflows.iter().filter(|other| {
        other.number != join.number && other.sides.of(role).endpoint.address == own.endpoint.address
    });
    let mut known = others.filter_map(|other| {
        let is_same_path = other.sides.of(role.peer()).endpoint.address == peer.endpoint.address;
        Some((is_same_path, other.sides.of(role).syn_hop_limit?))
    });
    let (is_same_path, limit) = known.clone().find(|(same, _)| *same).or_else(|| known.next())?;
    let is_strange = if start(reset.hop_limit) != start(limit) {
        true
    } else if is_same_path {
        reset.hop_limit.abs_diff(limit) >= 2
    } else {
        // Another path may be longer. Whoever is right here is no host behind routers.
        let (here, there) = (hops(reset.hop_limit), hops(limit));
        here == 0 && there > 0 || here + 2 <= there
    };
    is_strange.then_some(limit)
}

/// Whether the capture was taken at the host that the RST came from: it answered at once, over a path
/// that takes longer, and no router had it in hand.
fn is_at_host(context: &ConnectionContext<'_>, join: &Subflow, reset: &Reset) -> bool {
    /// Shorter round trips say nothing.
    const SHORT_NS: i64 = 1_000_000;
    const STARTS: [u8; 3] = [64, 128, 255];
    let Some(initial) = context.initial() else { return false };
    let (Some(rtt), Some(syn)) = (initial.handshake.rtt_ns(), join.handshake.syn) else {
        return false;
    };
    let limit = initial.sides.of(reset.from).syn_hop_limit;
    rtt > SHORT_NS
        && initial.is_captured_near(reset.from)
        && reset.seen.at.since(syn.at) * 4 < rtt
        && [Some(reset.hop_limit), limit].iter().all(|l| l.is_some_and(|l| STARTS.contains(&l)))
}
