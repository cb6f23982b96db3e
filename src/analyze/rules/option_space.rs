//! Announcements and SACK blocks that did not fit into the 40 octets of TCP options.

use std::net::IpAddr;

use crate::analyze::context::ConnectionContext;
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::words::{capitalised, host, packet};
use crate::track::ack_watch::{EvictedSack, Evidence};
use crate::track::address::AnnouncedAddress;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{Subflow, SubflowSide};
use crate::wire::mptcp::{AddressId, Version};
use crate::wire::option_space::{AddAddrForm, Block, Demand, MAX_OPTIONS};

/// The only announcement that does not fit beside timestamps.
const IPV6_WITH_PORT: Block = Block::AddAddr(AddAddrForm { ipv6: true, port: true, hmac: true });

/// Most gratuitous ACKs on one subflow that can be announcements: Linux keeps eight addresses.
const MOST_ANNOUNCEMENTS: u64 = 8;

/// An announcement that could not be sent. Two traces of it are in the capture: a gratuitous ACK, on which
/// Linux would have put it, and an address ID that was skipped.
pub(super) fn no_space(context: &ConnectionContext<'_>) -> Vec<Finding> {
    // Version 0 has no HMAC in its announcements, and room enough.
    if context.connection.version == Some(Version::V0) {
        return Vec::new();
    }
    let counted =
        |role: Role| context.host.filter(|known| known.role == role)?.counter("AddAddrTxDrop");
    Role::BOTH.into_iter().filter_map(|role| no_space_of(context, role, counted(role))).collect()
}

/// Announcements of `role` that could not be sent. `counted` is its counter `AddAddrTxDrop`, where it is
/// known.
fn no_space_of(
    context: &ConnectionContext<'_>,
    role: Role,
    counted: Option<u64>,
) -> Option<Finding> {
    let subflows: Vec<_> =
        context.subflows.iter().copied().filter(|s| !gratuitous_acks(s, role).is_empty()).collect();
    let first = *subflows.first()?;
    let seen: Vec<_> = subflows.iter().flat_map(|subflow| gratuitous_acks(subflow, role)).collect();
    let skipped = skipped_id(context, role);
    let is_clean = subflows.iter().all(|subflow| is_clean(subflow, seen.len() as u64));
    let confidence = match (counted, skipped, is_clean) {
        (Some(1..), _, _) => Confidence::Certain,
        (Some(0), _, _) => return None,
        (None, Some(_), _) | (None, None, true) => Confidence::Likely,
        (None, None, false) => Confidence::Possible,
    };
    let demand = Demand::of(&[Block::Timestamps, IPV6_WITH_PORT]);
    let certainty = match confidence {
        Confidence::Certain => "",
        Confidence::Likely => " probably",
        Confidence::Possible => " perhaps",
    };
    let (what, needs) = match seen.len() {
        1 => ("an address", "it needs"),
        _ => ("addresses", "each needs"),
    };
    let summary = format!(
        "{}{certainty} could not announce {what}: {needs} {} bytes of options, TCP allows {MAX_OPTIONS}",
        capitalised(host(role)),
        demand.padded,
    );
    let never = skipped.map(|id| format!(". Address ID {id} was never announced"));
    let summary = summary + &never.unwrap_or_default() + ".";
    let way_out = seen.first().and_then(|first| without_port(context, role, None, *first));
    let summary = match way_out {
        Some((id, at)) => format!(
            "{summary} Address ID {} was then announced without a port ({}), which fits.",
            id.0,
            packet(at)
        ),
        None => summary,
    };
    let mut finding = Finding::new(Code::AddAddrNoSpace, summary)
        .confidence(confidence)
        .on(first)
        .from(role)
        .times(seen.len() as u64)
        .seen(seen)
        .why(NO_SPACE_WHY)
        .advice(NO_SPACE_ADVICE)
        .with("octets_needed", demand.padded)
        .with("octets_unpadded", demand.octets)
        .with("octets_there", MAX_OPTIONS);
    if confidence == Confidence::Possible {
        finding = finding.severity(Severity::Note);
    }
    if let Some((id, _)) = way_out {
        finding = finding.with("without_port_id", id.0);
    }
    Some(match skipped {
        Some(id) => finding.with("missing_address_id", id),
        None => finding,
    })
}

/// An IPv6 address of `role` that was announced without a port after `earlier`, and where. `wanted` is the
/// address that did not fit, where it is known.
fn without_port(
    context: &ConnectionContext<'_>,
    role: Role,
    wanted: Option<IpAddr>,
    earlier: PacketStamp,
) -> Option<(AddressId, PacketStamp)> {
    let announced = context.connection.addresses.iter().filter(|known| {
        let address = known.address.filter(IpAddr::is_ipv6);
        known.owner == role
            && known.port.is_none()
            && address.is_some_and(|address| wanted.is_none_or(|wanted| wanted == address))
    });
    let first =
        announced.filter_map(|known| Some((known.address_id, *known.announced.listed.first()?)));
    first.filter(|(_, seen)| seen.packet > earlier.packet).min_by_key(|(_, seen)| seen.packet)
}

const NO_SPACE_WHY: &str = "The packet is an ACK that acknowledges nothing new and that nothing asked for. \
    Before version 7.2, Linux sends one in place of an announcement without room.";

const NO_SPACE_ADVICE: &str = "Announce the address without a port (`ip mptcp endpoint add ADDRESS \
    signal`), or set `sysctl net.ipv4.tcp_timestamps=0`, or use Linux 7.2, which leaves timestamps out \
    of that one ACK. `nstat -az MPTcpExtAddAddrTxDrop` on that host makes the finding certain.";

/// Gratuitous ACKs of `role`: nothing asked for them. None where the capture around them has holes.
fn gratuitous_acks(subflow: &Subflow, role: Role) -> Vec<PacketStamp> {
    let side = subflow.sides.of(role);
    let space = &side.ack_watch;
    let evidence = space.evidence().map(|evidence| &evidence.gratuitous);
    let count = evidence.map_or(0, |acks| acks.count) + u64::from(space.pending().is_some());
    let is_captured = is_captured(side) && is_captured(subflow.sides.of(role.peer()));
    // Behind the capture point a link may duplicate or reorder segments, which are answered as well.
    let is_visible = subflow.is_captured_near(role) || is_clean(subflow, count);
    if !is_captured || !is_visible || count > MOST_ANNOUNCEMENTS {
        return Vec::new();
    }
    let listed = evidence.into_iter().flat_map(|acks| acks.first.iter().copied());
    listed.chain(space.pending()).collect()
}

/// Whether all payload of a host that arrived is in the capture. Otherwise a segment that asked for an ACK
/// may be missing.
fn is_captured(side: &SubflowSide) -> bool {
    let range_set = side.sequence.range_set();
    let sent = range_set.span().map_or(1, |span| span.end) + i64::from(side.fin.is_some());
    range_set.holes().len() == 0 && side.acked <= sent
}

/// Whether nothing was lost, duplicated or reordered on the way, apart from `gratuitous` ACKs.
fn is_clean(subflow: &Subflow, gratuitous: u64) -> bool {
    Role::BOTH.into_iter().all(|role| {
        let side = subflow.sides.of(role);
        let stats = &side.sender_stats;
        side.bytes.retransmitted == 0
            && stats.out_of_order == 0
            && stats.duplicate_acks <= gratuitous
            && !side.ack_watch.got_twice()
    }) && subflow.handshake.syn_retransmissions + subflow.handshake.syn_ack_retransmissions == 0
}

/// The first address ID of `role` below one that it announced that was neither announced nor used.
fn skipped_id(context: &ConnectionContext<'_>, role: Role) -> Option<u8> {
    let addresses = || context.connection.addresses.iter().filter(|known| known.owner == role);
    let is_announced = |address: &&AnnouncedAddress| address.announced.count > 0;
    let highest = addresses().filter(is_announced).map(|address| address.address_id.0).max()?;
    let is_known = |id: &u8| {
        addresses().any(|address| address.address_id.0 == *id)
            || context.subflows.iter().any(|subflow| {
                subflow.sides.of(role).address_id.is_some_and(|known| known.0 == *id)
            })
    };
    (1..highest).find(|id| !is_known(id))
}

/// IPv6 with a port can never be announced on this connection. Reported once, where the server has IPv6
/// and no announcement was lost by it.
pub(super) fn space_static(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let is_timed = context.initial().is_some_and(|initial| initial.timestamps() == Some(true));
    let is_v1 = context.connection.version == Some(Version::V1);
    let could_announce = context.connection.fallback.is_none() && has_ipv6(context, Role::Server);
    let is_lost = !no_space(context).is_empty() || has_ipv6_with_port(context);
    if !is_timed || !is_v1 || !could_announce || is_lost {
        return Vec::new();
    }
    let demand = Demand::of(&[Block::Timestamps, IPV6_WITH_PORT]);
    let summary = format!(
        "The server cannot announce an IPv6 address with a port on this connection: it needs {} bytes \
         of options, TCP allows {MAX_OPTIONS}.",
        demand.padded,
    );
    vec![
        Finding::new(Code::AddAddrSpaceStatic, summary)
            .from(Role::Server)
            .seen(context.initial().and_then(|initial| initial.handshake.syn_ack))
            .advice(
                "Nothing, unless such an endpoint is configured. Then leave out the port, set \
                 `sysctl net.ipv4.tcp_timestamps=0`, or use Linux 7.2.",
            )
            .with("octets_needed", demand.padded)
            .with("octets_there", MAX_OPTIONS),
    ]
}

fn has_ipv6(context: &ConnectionContext<'_>, role: Role) -> bool {
    let addresses = context.connection.addresses.iter().filter(|known| known.owner == role);
    let announced = addresses.filter_map(|known| known.address);
    let used = context.subflows.iter().map(|subflow| subflow.sides.of(role).endpoint.address);
    used.chain(announced).any(|address: IpAddr| address.is_ipv6())
}

/// Whether an IPv6 address with a port was announced after all.
fn has_ipv6_with_port(context: &ConnectionContext<'_>) -> bool {
    context.connection.addresses.iter().any(|known| {
        known.announced.count > 0
            && known.port.is_some()
            && known.address.is_some_and(|address| address.is_ipv6())
    })
}

/// An announcement without timestamps on a subflow that negotiated them. Linux 7.2 makes room this way;
/// RFC 7323 §3.2 allows the peer to drop such a segment.
pub(super) fn timestamps_dropped(context: &ConnectionContext<'_>) -> Vec<Finding> {
    each_side(context, |subflow, role, evidence| {
        let untimed = &evidence.untimed;
        let (first, id) = *untimed.first.first()?;
        let of_id = |known: &&AnnouncedAddress| known.owner == role && known.address_id == id;
        let known = || context.connection.addresses.iter().filter(of_id);
        let is_echoed = known().any(|known| known.port.is_some() && known.echoed.count > 0);
        let address = known().find(|known| known.port.is_some()).and_then(|known| known.address);
        let way_out = address.and_then(|address| without_port(context, role, Some(address), first));
        let times = if untimed.count == 1 { "" } else { ", again and again" };
        let outcome = match way_out {
            _ if is_echoed => "the peer echoed it".to_owned(),
            Some((_, at)) => {
                format!("it was not echoed, and then announced without a port ({})", packet(at))
            }
            None => "it was never echoed".to_owned(),
        };
        let summary = format!(
            "{} left timestamps out of an ACK to announce address ID {}{times}: {outcome}.",
            capitalised(host(role)),
            id.0,
        );
        let finding = Finding::new(Code::AddAddrTimestampsDropped, summary)
            .on(subflow)
            .from(role)
            .times(untimed.count)
            .seen(untimed.first.iter().map(|(seen, _)| *seen))
            .with("address_id", id.0);
        Some(if is_echoed {
            finding.advice("Nothing to do: Linux does so from version 7.2 on.")
        } else if way_out.is_some() {
            finding.advice("Nothing to do: without a port there is room beside timestamps.")
        } else {
            finding
                .severity(Severity::Warning)
                .confidence(Confidence::Likely)
                .why(
                    "RFC 7323 §3.2 allows the peer to drop a segment without timestamps; \
                     middleboxes may do so, too.",
                )
                .advice(
                    "Announce the address without a port (`ip mptcp endpoint add ADDRESS signal`), \
                     or turn timestamps off (`sysctl net.ipv4.tcp_timestamps=0`).",
                )
        })
    })
}

/// IPv6 with a port beside timestamps: 30 and 10 octets without padding are exactly 40.
pub(super) fn unpadded(context: &ConnectionContext<'_>) -> Vec<Finding> {
    each_side(context, |subflow, role, evidence| {
        let unpadded = &evidence.unpadded;
        let (_, id) = *unpadded.first.first()?;
        let demand = Demand::of(&[Block::Timestamps, IPV6_WITH_PORT]);
        let summary = format!(
            "{} announced address ID {} (IPv6 with a port) beside timestamps: {} bytes without \
             padding. Linux pads and needs {}.",
            capitalised(host(role)),
            id.0,
            demand.octets,
            demand.padded,
        );
        Some(
            Finding::new(Code::AddAddrUnpadded, summary)
                .on(subflow)
                .from(role)
                .times(unpadded.count)
                .seen(unpadded.first.iter().map(|(seen, _)| *seen))
                .why("Without padding, both options fit into 40 bytes.")
                .with("address_id", id.0),
        )
    })
}

/// SACK blocks that had to make room for an ADD_ADDR: the peer learns later what is missing.
pub(super) fn evicts_sack(context: &ConnectionContext<'_>) -> Vec<Finding> {
    each_side(context, |subflow, role, evidence| {
        let evicted = &evidence.evicted;
        let EvictedSack { before, left, .. } = *evicted.first.first()?;
        let blocks = if before == 1 { "SACK block" } else { "SACK blocks" };
        let summary = format!(
            "ADD_ADDR left no room for {} of {before} {blocks} on an ACK of {}.",
            before.saturating_sub(left),
            host(role),
        );
        Some(
            Finding::new(Code::AddAddrEvictsSack, summary)
                .on(subflow)
                .from(role)
                .times(evicted.count)
                .seen(evicted.first.iter().map(|eviction| eviction.seen))
                .advice("Nothing to do: the next ACK has them again.")
                .with("blocks_before", before)
                .with("blocks_left", left),
        )
    })
}

/// What `find` makes of the evidence of each host on each subflow.
fn each_side(
    context: &ConnectionContext<'_>,
    find: impl Fn(&Subflow, Role, &Evidence) -> Option<Finding>,
) -> Vec<Finding> {
    let found = context.sides().filter_map(|(subflow, role)| {
        find(subflow, role, subflow.sides.of(role).ack_watch.evidence()?)
    });
    found.collect()
}
