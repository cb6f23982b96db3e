//! Announced addresses that led to no path (RFC 8684 §3.4.1).

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::host_settings;
use crate::analyze::evidence::join_failure::handshake;
use crate::analyze::evidence::refusal::is_to_itself;
use crate::analyze::evidence::{announced, end_of_data, named, users};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::words::{capitalised, host};
use crate::track::address::AnnouncedAddress;
use crate::track::role::Role;
use crate::track::subflow::Subflow;

/// How long a peer has to act on an announcement before the end of the connection.
const TIME_TO_JOIN_NS: i64 = 500_000_000;

/// An announced address that the receiver has as well: it joins itself.
pub(super) fn add_addr_own_address(context: &ConnectionContext<'_>) -> Vec<Finding> {
    announced(context).filter_map(|address| own_address(context, address)).collect()
}

fn own_address(context: &ConnectionContext<'_>, address: &AnnouncedAddress) -> Option<Finding> {
    let joins: Vec<_> = joins_to_itself(context, address).collect();
    if joins.is_empty() && !host_settings::is_own(context, address) {
        return None;
    }
    let (owner, receiver) = (host(address.owner), host(address.owner.peer()));
    let outcome = if joins.is_empty() { "" } else { ", so the join never left it" };
    let summary = format!(
        "{} announced {}, which is one of {receiver}'s own addresses{outcome}.",
        capitalised(owner),
        named(address),
    );
    let seen = address.announced.listed.iter().take(1).copied();
    Some(
        Finding::new(Code::AddAddrOwnAddress, summary)
            .on_only(&joins)
            .from(address.owner)
            .seen(seen.chain(joins.iter().flat_map(|join| handshake(join))))
            .with("address_id", address.address_id.0)
            .with("address", named(address))
            .advice(format!(
                "An address that many hosts have (a bridge of Docker or of virtual machines) leads \
                 to nobody: on {owner} `ip mptcp endpoint delete id {}`.",
                address.address_id.0
            )),
    )
}

/// Joins of a host to an announced address that it has itself.
fn joins_to_itself<'a>(
    context: &'a ConnectionContext<'_>,
    address: &'a AnnouncedAddress,
) -> impl Iterator<Item = &'a Subflow> {
    let joins = users(context, address).filter(|join| join.acceptor() == address.owner);
    joins.filter(|join| !join.is_confirmed() && is_to_itself(context, join))
}

/// An echoed address that nobody joined.
pub(super) fn add_addr_not_used(context: &ConnectionContext<'_>) -> Vec<Finding> {
    // What took another path than those in the capture may have taken this one.
    let is_partly_seen = || Role::BOTH.iter().any(|role| context.taken_elsewhere(*role).is_some());
    if context.connection.fallback.is_some() || !context.is_two_sided() || is_partly_seen() {
        return Vec::new();
    }
    let unused = announced(context).filter(|address| is_unused(context, address));
    unused.map(|address| not_used(context, address)).collect()
}

/// Announced and echoed, with time to join it, and nobody tried.
fn is_unused(context: &ConnectionContext<'_>, address: &AnnouncedAddress) -> bool {
    let Some(echoed) = address.echoed.listed.first() else { return false };
    let end = end_of_data(context);
    let removed = address.removed.listed.first().map_or(end, |removed| removed.at.min(end));
    removed.since(echoed.at) > TIME_TO_JOIN_NS
        && users(context, address).next().is_none()
        && !host_settings::is_own(context, address)
}

/// Why an address was not used, and what to do.
struct Why {
    reason: String,
    advice: String,
    confidence: Confidence,
}

fn not_used(context: &ConnectionContext<'_>, address: &AnnouncedAddress) -> Finding {
    let (owner, peer) = (address.owner, address.owner.peer());
    let Why { reason: why, advice, confidence } = why_unused(context, address);
    let is_at_peer = context.initial().is_some_and(|initial| initial.is_captured_near(peer));
    let outcome = if is_at_peer {
        format!("{} echoed it and never joined it", host(peer))
    } else {
        format!("{} echoed it, and no join to it is in the capture", host(peer))
    };
    let summary = format!(
        "{} announced {} (ID {}), {outcome}: {why}.",
        capitalised(host(owner)),
        named(address),
        address.address_id.0,
    );
    let has_others = context.confirmed().count() > 1;
    let seen = address.announced.listed.iter().take(1).chain(address.echoed.listed.iter().take(1));
    Finding::new(Code::AddAddrNotUsed, summary)
        .severity(if has_others { Severity::Note } else { Severity::Warning })
        .confidence(confidence)
        .from(owner)
        .seen(seen.copied())
        .with("address_id", address.address_id.0)
        .with("why", why)
        .advice(advice)
}

fn why_unused(context: &ConnectionContext<'_>, address: &AnnouncedAddress) -> Why {
    let (owner, peer) = (address.owner, address.owner.peer());
    if let Some(setting) = host_settings::not_joined(context, peer) {
        let confidence = Confidence::Certain;
        return Why { reason: setting.why, advice: setting.advice, confidence };
    }
    let confidence = Confidence::Likely;
    if let Some((why, advice)) = foreign_family(context, address) {
        return Why { reason: why, advice, confidence };
    }
    if context.confirmed().count() > 1 {
        let why = "other paths already existed".to_owned();
        return Why { reason: why, advice: advice_on_limits(peer), confidence };
    }
    let is_at_owner = context.initial().is_some_and(|initial| initial.is_captured_near(owner));
    let (lost, capture) = if is_at_owner {
        let capture = format!(" A capture at {} shows whether it sends SYNs.", host(peer));
        (", or SYNs got lost before this capture", capture)
    } else {
        ("", String::new())
    };
    let filter = match address.port {
        Some(port) => format!(" If the capture has a filter, does it let port {port} pass?"),
        None => String::new(),
    };
    let (why, advice) = if host_settings::allows_joins(context, peer) {
        let why = format!("the limits of {} allow it", host(peer));
        (why, advice_on_routes(peer, address))
    } else if owner == Role::Client {
        let why =
            "probably the server opens no subflows to its clients, which is normal".to_owned();
        (why, advice_on_client(address))
    } else {
        let why = "probably its limits or its endpoints do not allow it".to_owned();
        (why, advice_on_limits(peer))
    };
    Why { reason: format!("{why}{lost}"), advice: format!("{advice}{capture}{filter}"), confidence }
}

fn advice_on_limits(peer: Role) -> String {
    format!(
        "On {} (Linux): `ip mptcp limits set add_addr_accepted 8 subflows 8` (by default none is \
            accepted). Apple: a multipath service type other than handover-only.",
        host(peer)
    )
}

fn advice_on_routes(peer: Role, address: &AnnouncedAddress) -> String {
    let target = address.address.map(|address| address.to_string()).unwrap_or_default();
    format!(
        "On {}: does `ip route get {target}` find a route? `ip mptcp monitor` shows what is \
            tried.",
        host(peer)
    )
}

/// A client announces with `signal` what it should use with `subflow`.
fn advice_on_client(address: &AnnouncedAddress) -> String {
    let target = address.address.map(|address| address.to_string()).unwrap_or_default();
    format!(
        "Let the client open the subflow instead of announcing its address. On the client (Linux): \
         `ip mptcp endpoint delete id {}`, then `ip mptcp endpoint add {target} dev IFACE subflow`.",
        address.address_id.0
    )
}

/// Why the family of an address may keep its receiver from joining it, if the receiver shows no address
/// of that family, and what to do.
fn foreign_family(
    context: &ConnectionContext<'_>,
    address: &AnnouncedAddress,
) -> Option<(String, String)> {
    let ip = address.address?;
    let peer = address.owner.peer();
    let has =
        |subflow: &&Subflow| subflow.sides.of(peer).endpoint.address.is_ipv6() == ip.is_ipv6();
    if context.subflows.iter().any(has) {
        return None;
    }
    let (family, own) = if ip.is_ipv6() { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
    if host_settings::has_family(context, peer, ip.is_ipv6()) == Some(false) {
        return Some((
            format!("{} has no {family} address", host(peer)),
            format!("Announce an {own} address, or give {} an {family} one.", host(peer)),
        ));
    }
    // Linux: `mptcp_pm_addr_families_match`. An AF_INET6 socket takes both.
    let (why, socket) = if ip.is_ipv6() {
        (
            "its socket there is AF_INET, which joins no IPv6 address",
            "an AF_INET6 socket (it takes IPv4 addresses too, as ::ffff:192.0.2.1)",
        )
    } else {
        ("its socket there takes IPv6 only", "an AF_INET6 socket without IPV6_V6ONLY")
    };
    let or = match host_settings::has_family(context, peer, ip.is_ipv6()) {
        Some(true) => String::new(),
        _ => format!(", or the host has no {family} address"),
    };
    Some((
        format!("the connection is {own}, and probably {why}{or}"),
        format!(
            "On {}: let the application open {socket}; or announce an {own} address.",
            host(peer)
        ),
    ))
}
