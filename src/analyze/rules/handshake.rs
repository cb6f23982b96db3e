//! What MP_CAPABLE offered and agreed on.

use crate::analyze::context::{ConnectionContext, WholeCapture};
use crate::analyze::evidence::host_settings;
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::words::{capitalised, host, packet};
use crate::track::connection::Connection;
use crate::track::event::Event;
use crate::track::fallback::FallbackCause;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::wire::mptcp::{CapableForm, MpCapable, MptcpOption, Version};
use crate::wire::segment::Endpoint;

/// Two connections of one client that are no further apart than this may be two attempts.
const RETRY_NS: i64 = 60_000_000_000;

/// A lower version was answered than offered (RFC 8684 §3.1).
pub(super) fn version_downgrade(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some((offer, offered)) = offer(context) else { return Vec::new() };
    let Some((answer, answered)) = answer(context) else { return Vec::new() };
    if answered.version >= offered.version {
        return Vec::new();
    }
    let summary = format!(
        "The client offered version {}, the server chose version {}.",
        offered.version.0, answered.version.0
    );
    vec![
        Finding::new(Code::VersionDowngrade, summary)
            .from(Role::Server)
            .seen([offer.seen, answer.seen])
            .with("offered", offered.version.0)
            .with("answered", answered.version.0),
    ]
}

/// A client whose offer of version 1 was answered as plain TCP, and that comes again with version 0.
/// (RFC 8684 §3.1: a listener of version 0 can't read the SYN of version 1.)
pub(super) fn version_lost(capture: &WholeCapture<'_>) -> Vec<Finding> {
    /// Most second tries that are looked at.
    const MOST: usize = 100;
    let connections = capture.trace.connections();
    let old = connections.iter().filter(|connection| connection.version == Some(Version::V0));
    let old: Vec<_> = old.take(MOST).collect();
    let mut found = Vec::new();
    for (number, first) in connections.iter().enumerate().filter(|_| !old.is_empty()) {
        let is_lost = first.version == Some(Version::V1)
            && first.fallback.is_some_and(|f| f.cause == FallbackCause::SynAckWithoutMpCapable);
        let Some((client, server)) = endpoints(capture, first).filter(|_| is_lost) else {
            continue;
        };
        let is_second_try = |second: &&&&Connection| {
            let after = second.first.at.since(first.first.at);
            second.fallback.is_none()
                && second.has_keys()
                && after > 0
                && after < RETRY_NS
                && endpoints(capture, second)
                    .is_some_and(|(c, s)| c.address == client.address && s == server)
        };
        let Some(second) = old.iter().find(is_second_try) else {
            continue;
        };
        let summary = format!(
            "The server {}:{} speaks MPTCP version 0 only: version 1 was answered as plain TCP.",
            server.address, server.port
        );
        let mut finding = Finding::new(Code::VersionDowngrade, summary)
            .severity(Severity::Warning)
            .confidence(Confidence::Likely)
            .seen([first.first, second.first])
            .advice("Update the server's kernel: Linux speaks version 1 since 5.6.");
        finding.connection = Some(number);
        found.push(finding);
    }
    found
}

/// Client and server of the first subflow of a connection.
fn endpoints(capture: &WholeCapture<'_>, connection: &Connection) -> Option<(Endpoint, Endpoint)> {
    let sides = &capture.trace.subflow(*connection.subflows.first()?).sides;
    Some((sides.client.endpoint, sides.server.endpoint))
}

/// The connection speaks version 0.
pub(super) fn mptcp_v0(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let spoken =
        context.connection.version == Some(Version::V0) && context.connection.fallback.is_none();
    let keys = context.connection.hosts.server.key.is_some();
    if !spoken || !keys {
        return Vec::new();
    }
    let summary = "The connection speaks version 0 of MPTCP (RFC 6824), which is obsolete.";
    vec![
        Finding::new(Code::MptcpV0, summary)
            .seen(answer(context).map(|(event, _)| event.seen))
            .why("Its HMACs use SHA-1, and its ADD_ADDR has no HMAC.")
            .advice("Update both hosts to a stack with version 1: Linux 5.6 or later."),
    ]
}

/// A key that differs from the one sent before: something rewrites MP_CAPABLE (RFC 8684 §3.1).
pub(super) fn echoed_key_mismatch(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let hosts = &context.connection.hosts;
    let wrong = |(event, capable): &(&Event, &MpCapable)| {
        let sender = event.direction.sender();
        let differs =
            |stated, role| matches!((stated, hosts.of(role).key), (Some(a), Some(b)) if a != b);
        differs(capable.sender_key(), sender) || differs(capable.receiver_key(), sender.peer())
    };
    let events: Vec<_> = capables(context).filter(wrong).map(|(event, _)| event).collect();
    let Some(first) = events.first() else { return Vec::new() };
    let summary = format!(
        "MP_CAPABLE in packet {} carries a key that differs from the one sent before.",
        first.seen.packet
    );
    let answer = answer(context).map(|(event, _)| event.seen);
    vec![
        Finding::new(Code::EchoedKeyMismatch, summary)
            .from(first.direction.sender())
            .seen(answer.into_iter().chain(events.iter().map(|event| event.seen)))
            .times(events.len() as u64)
            .why("A middlebox rewrites MPTCP options, or answers in place of the server.")
            .advice("Capture at both ends and compare the keys."),
    ]
}

/// The B bit is set, or no known algorithm is offered (RFC 8684 §3.1).
pub(super) fn handshake_flags_unsupported(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let odd = |(_, capable): &(&Event, &MpCapable)| {
        capable.flags.extensibility() || !capable.flags.hmac_sha()
    };
    let Some((event, capable)) = capables(context).find(odd) else { return Vec::new() };
    let what = if capable.flags.extensibility() {
        "has the B bit set, which has no meaning yet"
    } else {
        "offers no known algorithm (the H bit is 0)"
    };
    let sender = event.direction.sender();
    let summary =
        format!("MP_CAPABLE of {} {what}. The peer must go on without MPTCP.", host(sender));
    vec![
        Finding::new(Code::HandshakeFlagsUnsupported, summary)
            .from(sender)
            .seen([event.seen])
            .with("flags", capable.flags.letters()),
    ]
}

/// What was agreed on does not follow from what was offered (RFC 8684 §3.1).
pub(super) fn handshake_invalid(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some((syn_ack, answered)) = answer(context) else { return Vec::new() };
    let Some(initial) = context.initial() else { return Vec::new() };
    let what = match offer(context) {
        None if is_unasked(initial) => {
            Some((syn_ack, "answers with MP_CAPABLE to a SYN that has none".to_owned()))
        }
        Some((_, offered)) if answered.version > offered.version => Some((
            syn_ack,
            format!(
                "answers with version {} to an offer of version {}",
                answered.version.0, offered.version.0
            ),
        )),
        Some((_, offered)) => wrong_agreement(context, offered, answered),
        None => None,
    };
    let Some((event, what)) = what else { return Vec::new() };
    let sender = event.direction.sender();
    let summary = format!("{} {what} ({}).", capitalised(host(sender)), packet(event.seen));
    vec![
        Finding::new(Code::HandshakeInvalid, summary)
            .from(sender)
            .seen([event.seen])
            .why("One of the stacks is broken, or a middlebox rewrites MP_CAPABLE.")
            .advice("Capture at both ends and compare MP_CAPABLE."),
    ]
}

/// Whether the only SYN had no MP_CAPABLE, and came before its answer.
fn is_unasked(initial: &Subflow) -> bool {
    let handshake = &initial.handshake;
    let in_order = match (handshake.syn, handshake.syn_ack) {
        (Some(syn), Some(syn_ack)) => syn.packet < syn_ack.packet,
        _ => false,
    };
    in_order && !handshake.mp_capable_syn && handshake.syn_retransmissions == 0
}

/// A third ACK whose A bit is not what the SYNs agreed on: set if one of them had it.
fn wrong_agreement<'a>(
    context: &ConnectionContext<'a>,
    offered: &MpCapable,
    answered: &MpCapable,
) -> Option<(&'a Event, String)> {
    let agreed = offered.flags.checksum_required() || answered.flags.checksum_required();
    let both_keys = |(event, capable): &(&Event, &MpCapable)| {
        event.direction.sender() == Role::Client
            && matches!(capable.form, CapableForm::BothKeys { .. })
            && capable.flags.checksum_required() != agreed
    };
    let (event, _) = capables(context).find(both_keys)?;
    let what = if agreed { "leaves out the A bit" } else { "sets the A bit" };
    Some((event, format!("{what} in the third ACK, against what the SYNs agree on")))
}

/// DSS checksums are in use, and who asked for them.
pub(super) fn checksum_forced(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let hosts = &context.connection.hosts;
    if context.connection.checksum != Some(true) || context.connection.fallback.is_some() {
        return Vec::new();
    }
    let who = match (hosts.client.wants_checksum, hosts.server.wants_checksum) {
        (Some(true), Some(true)) => "both hosts asked for them",
        (Some(true), _) => "the client asked for them",
        (_, Some(true)) => "the server asked for them",
        _ => "the handshake says so",
    };
    let summary = format!("DSS checksums are in use: {who}.");
    let wanting = |(_, capable): &(&Event, &MpCapable)| capable.flags.checksum_required();
    vec![
        Finding::new(Code::ChecksumForced, summary)
            .seen(capables(context).filter(wanting).map(|(event, _)| event.seen).take(2))
            .why("They cost CPU: every byte is checksummed.")
            .advice("`sysctl net.mptcp.checksum_enabled=0` on the host that asks (Linux)."),
    ]
}

/// The C bit: no subflows to the address and port that the connection began with (RFC 8684 §3.1).
pub(super) fn c_bit_set(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let denies = |role: &Role| context.connection.hosts.of(*role).deny_join_initial == Some(true);
    let both = Role::BOTH.into_iter().filter(denies);
    both.map(|role| {
        let summary = format!(
            "{} asks not to open subflows to its initial address and port (C bit). {} can only join \
             addresses that it announces.",
            capitalised(host(role)),
            capitalised(host(role.peer())),
        );
        let finding = Finding::new(Code::CBitSet, summary).from(role).seen(first_capable(context, role));
        if host_settings::denies_and_announces_nothing(context, role) {
            return finding
                .severity(Severity::Warning)
                .why("That host has no endpoint to announce, so no address of it can be joined.")
                .advice(
                    "On that host: `ip mptcp endpoint add ADDRESS dev IFACE signal`, or `sysctl \
                     net.mptcp.allow_join_initial_addr_port=1`.",
                );
        }
        finding
            .why("Right behind a load balancer, where each server announces an address of its own.")
            .advice(
                "Without a load balancer: `sysctl net.mptcp.allow_join_initial_addr_port=1` on that \
                 host.",
            )
    })
    .collect()
}

/// Client data before any DSS of the server, without MP_CAPABLE (RFC 8684 §3.1).
pub(super) fn mp_capable_not_repeated(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let is_v1 =
        context.connection.version == Some(Version::V1) && context.connection.fallback.is_none();
    let Some(initial) = context.initial().filter(|_| is_v1) else { return Vec::new() };
    let Some(data) = initial.sides.client.first_data else { return Vec::new() };
    let server_dss = context.options().find(|(event, option)| {
        event.direction.sender() == Role::Server && matches!(option, MptcpOption::Dss(_))
    });
    let is_late = server_dss.is_none_or(|(event, _)| event.seen.packet > data.packet);
    let repeated = capables(context).any(|(event, _)| event.seen.packet == data.packet);
    let fast_open = initial.handshake.syn == Some(data);
    if repeated || !is_late || fast_open || !context.is_whole() {
        return Vec::new();
    }
    let summary = format!(
        "The client's first data ({}) is an ordinary DSS although no DSS of the server was seen.",
        packet(data)
    );
    vec![Finding::new(Code::MpCapableNotRepeated, summary).from(Role::Client).seen([data])]
}

/// All MP_CAPABLE options, in order.
fn capables<'a>(
    context: &ConnectionContext<'a>,
) -> impl Iterator<Item = (&'a Event, &'a MpCapable)> {
    context.options().filter_map(|(event, option)| match option {
        MptcpOption::MpCapable(capable) => Some((event, capable)),
        _ => None,
    })
}

/// The first MP_CAPABLE of a host.
fn first_capable(context: &ConnectionContext<'_>, role: Role) -> Option<PacketStamp> {
    let mut all = capables(context);
    all.find(|(event, _)| event.direction.sender() == role).map(|(event, _)| event.seen)
}

/// MP_CAPABLE of the SYN.
fn offer<'a>(context: &ConnectionContext<'a>) -> Option<(&'a Event, &'a MpCapable)> {
    let syn = context.initial().filter(|initial| initial.handshake.mp_capable_syn)?.handshake.syn?;
    capables(context).find(|(event, _)| event.seen.packet == syn.packet)
}

/// MP_CAPABLE of the SYN/ACK.
fn answer<'a>(context: &ConnectionContext<'a>) -> Option<(&'a Event, &'a MpCapable)> {
    let syn_ack = context.initial()?.handshake.syn_ack?;
    capables(context).find(|(event, _)| event.seen.packet == syn_ack.packet)
}
