//! Addresses that were announced, echoed, used and withdrawn (RFC 8684 §3.4).

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::{ended, is_private, named, users};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{capitalised, host, list, packet};
use crate::track::address::AnnouncedAddress;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::units;
use crate::wire::mptcp::{MptcpOption, Version};

/// An announced address that came again and again without an echo (RFC 8684 §3.4.1).
pub(super) fn add_addr_not_echoed(context: &ConnectionContext<'_>) -> Vec<Finding> {
    // Version 0 has no echo.
    if context.connection.version == Some(Version::V0) || !context.is_two_sided() {
        return Vec::new();
    }
    let all = || context.connection.addresses.iter();
    // The peer may have echoed the same address in another form, for instance without a port.
    let is_replaced = |address: &AnnouncedAddress| {
        all().any(|other| {
            other.owner == address.owner
                && other.address == address.address
                && other.announced.count > 0
                && other.echoed.count > 0
        })
    };
    let lonely = all().filter(|address| is_lonely(address) && !is_replaced(address));
    lonely.map(|address| not_echoed(context, address)).collect()
}

/// Announced at least twice, never echoed. (The echo of a single copy may come after the capture.)
fn is_lonely(address: &AnnouncedAddress) -> bool {
    address.announced.count >= 2 && address.echoed.count == 0
}

fn not_echoed(context: &ConnectionContext<'_>, address: &AnnouncedAddress) -> Finding {
    let listed = &address.announced.listed;
    let duration_ns = match (listed.first(), listed.last()) {
        (Some(first), Some(last)) => last.at.since(first.at),
        _ => 0,
    };
    let copies = address.announced.count;
    let is_joined = users(context, address).next().is_some();
    let outcome = if is_joined {
        ". It was joined anyway: only the echo is lost"
    } else {
        ": lost, removed by a middlebox, or unknown to the peer"
    };
    let summary = format!(
        "{} announced {} (ID {}) {} times within {} and got no echo{outcome}.",
        capitalised(host(address.owner)),
        named(address),
        address.address_id.0,
        units::count(copies),
        units::duration(duration_ns)
    );
    Finding::new(Code::AddAddrNotEchoed, summary)
        .from(address.owner)
        .seen(listed.iter().copied())
        .times(copies)
        .with("address_id", address.address_id.0)
        .with("copies", copies)
        .with("lasted_ns", duration_ns.unsigned_abs())
        .with("joined", u64::from(is_joined))
        .advice(
            "Capture at the other host. If the ADD_ADDR does not arrive there, a middlebox \
             removes it. If it does, look for its echo, and at the peer's stack.",
        )
}

/// An echo that names another address or port than the announcement under its ID.
pub(super) fn add_addr_echo_mismatch(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let all = || context.connection.addresses.iter();
    let strange = all().filter(|echo| echo.announced.count == 0 && echo.echoed.count > 0);
    let found = strange.filter_map(|echo| {
        let announced = all().find(|address| {
            address.owner == echo.owner
                && address.address_id == echo.address_id
                && address.announced.count > 0
        })?;
        let summary = format!(
            "{} announced {} under ID {}, the echo names {}: a middlebox changed it.",
            capitalised(host(echo.owner)),
            named(announced),
            echo.address_id.0,
            named(echo)
        );
        let seen = announced.announced.listed.iter().chain(&echo.echoed.listed).copied();
        Some(
            Finding::new(Code::AddAddrEchoMismatch, summary)
                .from(echo.owner.peer())
                .seen(seen)
                .with("address_id", echo.address_id.0)
                .why("A NAT helper rewrites addresses in options in one direction.")
                .advice("Find the device: captures on both sides of it differ."),
        )
    });
    found.collect()
}

/// One ID, two addresses at a time (RFC 8684 §3.4.1).
pub(super) fn add_addr_id_conflict(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let all: Vec<_> =
        context.connection.addresses.iter().filter(|a| a.announced.count > 0).collect();
    let mut found = Vec::new();
    for (index, second) in all.iter().enumerate() {
        let conflicting = all.iter().take(index).find(|first| {
            first.owner == second.owner
                && first.address_id == second.address_id
                && first.address != second.address
                && !was_removed_before(first, second)
        });
        let Some(first) = conflicting else { continue };
        let summary = format!(
            "{} announced ID {} as {} and then as {} without withdrawing the first.",
            capitalised(host(second.owner)),
            second.address_id.0,
            named(first),
            named(second)
        );
        let seen = [first, second].into_iter().filter_map(|a| a.announced.listed.first().copied());
        found.push(
            Finding::new(Code::AddAddrIdConflict, summary)
                .from(second.owner)
                .seen(seen)
                .with("address_id", second.address_id.0)
                .why("The announcing stack is broken, or a middlebox rewrites the option.")
                .advice("Give endpoints different IDs (`ip mptcp endpoint show`)."),
        );
    }
    found
}

fn was_removed_before(first: &AnnouncedAddress, second: &AnnouncedAddress) -> bool {
    let announced = second.announced.listed.first().map(|seen| seen.packet);
    let removed = first.removed.listed.first().map(|seen| seen.packet);
    matches!((removed, announced), (Some(removed), Some(announced)) if removed <= announced)
}

/// A private address announced to a host on a public one.
pub(super) fn add_addr_private(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(initial) = context.subflows.first() else { return Vec::new() };
    let foreign = |address: &&AnnouncedAddress| {
        let own = initial.sides.of(address.owner).endpoint.address;
        let peer = initial.sides.of(address.owner.peer()).endpoint.address;
        let is_same_family = address.address.is_some_and(|ip| ip.is_ipv6() == peer.is_ipv6());
        address.announced.count > 0
            && is_same_family
            && address.address.is_some_and(is_private)
            && !is_private(peer)
            && !is_private(own)
            && !users(context, address).any(Subflow::is_confirmed)
    };
    let found = context.connection.addresses.iter().filter(foreign).map(|address| {
        let summary = format!(
            "{} announced {}, which {} cannot reach from the public Internet.",
            capitalised(host(address.owner)),
            named(address),
            host(address.owner.peer())
        );
        Finding::new(Code::AddAddrPrivate, summary)
            .from(address.owner)
            .seen(address.announced.listed.iter().copied())
            .with("address_id", address.address_id.0)
            .advice("`ip mptcp endpoint delete id N`, or announce the public address instead.")
    });
    found.collect()
}

/// A withdrawn ID that neither an announcement nor a subflow had.
pub(super) fn remove_addr_unknown_id(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if !context.is_whole() {
        return Vec::new();
    }
    let unknown = |address: &&AnnouncedAddress| {
        let is_used = |subflow: &Subflow| {
            subflow.sides.of(address.owner).address_id == Some(address.address_id)
        };
        address.address.is_none()
            && address.removed.count > 0
            && !context.subflows.iter().any(|subflow| is_used(subflow))
    };
    let all: Vec<_> = context.connection.addresses.iter().filter(unknown).collect();
    let found = all.into_iter().map(|address| {
        let summary = format!(
            "{} withdrew address ID {}, which was neither announced nor used in this capture.",
            capitalised(host(address.owner)),
            address.address_id.0
        );
        Finding::new(Code::RemoveAddrUnknownId, summary)
            .from(address.owner)
            .seen(address.removed.listed.iter().copied())
            .times(address.removed.count)
            .with("address_id", address.address_id.0)
    });
    found.collect()
}

/// Which subflows ended with the address that they used.
pub(super) fn remove_addr_closed_subflows(context: &ConnectionContext<'_>) -> Vec<Finding> {
    /// What ends later than this ended for another reason.
    const LATE_NS: i64 = 1_000_000_000;
    // The FIN goes over the path that ends, the option over another: the FIN may overtake it.
    let early = context.longest_rtt_ns().unwrap_or(0);
    let removals = context.options().filter_map(|(event, option)| match option {
        MptcpOption::RemoveAddr(remove) => Some((event, remove)),
        _ => None,
    });
    let found = removals.filter_map(|(event, remove)| {
        let owner = event.direction.sender();
        let is_closed = |subflow: &Subflow| {
            let address_id = subflow.sides.of(owner).address_id;
            let is_named = address_id.is_some_and(|id| remove.ids().any(|removed| removed == id));
            is_named
                && ended(subflow, owner).is_some_and(|ended| {
                    let after = ended.at.since(event.seen.at);
                    subflow.first.packet < event.seen.packet && (-early..LATE_NS).contains(&after)
                })
        };
        let closed: Vec<_> = context.subflows.iter().copied().filter(|s| is_closed(s)).collect();
        if closed.is_empty() {
            return None;
        }
        let numbers: Vec<_> = closed.iter().map(|subflow| subflow.number.to_string()).collect();
        let ids: Vec<_> = remove.ids().map(|id| id.0.to_string()).collect();
        let summary = format!(
            "{} withdrew address {} ({}); {} {} ended with it.",
            capitalised(host(owner)),
            list(&ids),
            packet(event.seen),
            if closed.len() == 1 { "subflow" } else { "subflows" },
            list(&numbers)
        );
        let ends = closed.iter().filter_map(|subflow| ended(subflow, owner));
        Some(
            Finding::new(Code::RemoveAddrClosedSubflows, summary)
                .on_only(&closed)
                .from(owner)
                .seen([event.seen].into_iter().chain(ends)),
        )
    });
    found.collect()
}

/// The owner of an address fell silent on one path, went on over others, and sent no REMOVE_ADDR.
/// (RFC 8684 §3.4.2: it should. Linux does when the endpoint is deleted, not when its link goes down.)
pub(super) fn remove_addr_missing(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if context.connection.fallback.is_some() || !context.is_two_sided() {
        return Vec::new();
    }
    let found = context.sides().filter_map(|(subflow, silent)| {
        let last = silent_since(context, subflow, silent)?;
        let said = format!(
            "{} said nothing more on subflow {} after {} and went on elsewhere",
            capitalised(host(silent)),
            subflow.number,
            packet(last),
        );
        let gone = owners_of_dead_address(context, subflow, last);
        let withdrawn = |role: &Role| is_withdrawn_there(context, subflow, *role);
        let finding = match gone.as_slice() {
            [] => return None,
            _ if gone.iter().any(withdrawn) => return None,
            [owner] => {
                let id = subflow.sides.of(*owner).address_id?.0;
                let summary = format!(
                    "{said}. The address of {} there, which no other subflow has, is gone, and was never \
                     withdrawn (ID {id}).",
                    host(*owner)
                );
                let finding = Finding::new(Code::RemoveAddrMissing, summary);
                finding.from(*owner).with("address_id", id)
            }
            _ => Finding::new(
                Code::RemoveAddrMissing,
                format!("{said}, and neither host withdrew its address there."),
            ),
        };
        Some(
            finding
                .on(subflow)
                .seen([last])
                .confidence(Confidence::Possible)
                .why(
                    "Without REMOVE_ADDR, the peer has to wait for its timeouts.",
                )
                .advice(
                    "If the link of that address went down, delete its endpoint at once (`ip \
                     mptcp endpoint delete id N`; NetworkManager does).",
                ),
        )
    });
    found.collect()
}

/// The hosts whose address on a subflow that died lives on no other one. An address that is in use elsewhere
/// is not gone.
fn owners_of_dead_address(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    last: PacketStamp,
) -> Vec<Role> {
    let lives_on = |role: Role| {
        let address = subflow.sides.of(role).endpoint.address;
        context.confirmed().any(|other| {
            other.number != subflow.number
                && other.last.packet > last.packet
                && other.sides.of(role).endpoint.address == address
        })
    };
    Role::BOTH.into_iter().filter(|role| !lives_on(*role)).collect()
}

/// Whether a host withdrew its address on a subflow.
fn is_withdrawn_there(context: &ConnectionContext<'_>, subflow: &Subflow, owner: Role) -> bool {
    let id = subflow.sides.of(owner).address_id;
    let mut named = context.connection.addresses.iter();
    named.any(|a| a.owner == owner && Some(a.address_id) == id && a.removed.count > 0)
}

/// The last segment of `silent` on a subflow on which its peer went on and got no answer.
fn silent_since(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    owner: Role,
) -> Option<PacketStamp> {
    /// Longer than any pause of a live path with data outstanding.
    const SILENCE_NS: i64 = 3_000_000_000;
    let (own, peer) = (subflow.sides.of(owner), subflow.sides.of(owner.peer()));
    let (last, peers_last) = (own.sender_stats.last()?, peer.sender_stats.last()?);
    let is_unanswered = peers_last.packet > last.packet && peer.unacknowledged(None) > 0;
    let goes_on = context.subflows.iter().any(|other| {
        let elsewhere = other.sides.of(owner).sender_stats.last();
        other.number != subflow.number
            && elsewhere.is_some_and(|seen| seen.at.since(last.at) > SILENCE_NS)
    });
    let is_open = subflow.is_confirmed() && !subflow.is_over();
    (is_open && is_unanswered && goes_on).then_some(last)
}
