//! How a connection became plain TCP (RFC 8684 §3.7).

use super::offers::{is_ruled_out, mirrored};
use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::host_settings;
use crate::analyze::evidence::occurrences::occurrences;
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{capitalised, host, packet};
use crate::track::fallback::{Fallback, FallbackCause};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::SubflowSide;
use crate::track::violations::Violation;
use crate::units;
use crate::wire::mptcp::MptcpOption;
use crate::wire::seq::Dsn;

/// The SYN/ACK came without MP_CAPABLE.
pub(super) fn mp_capable_unanswered(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(fallback) = by(context, &[FallbackCause::SynAckWithoutMpCapable]) else {
        return Vec::new();
    };
    if mirrored(context).is_some() || is_ruled_out(context) {
        return Vec::new();
    }
    let is_overwritten = context.initial().is_some_and(|initial| initial.handshake.overwritten);
    let declined = host_settings::declined(context);
    let why = match &declined {
        Some((why, _)) => why.as_str(),
        None if is_overwritten => "NOPs are in its place, so a middlebox overwrote it",
        None => "the server does not speak MPTCP, or a middlebox removed the option",
    };
    let at = packet(fallback.seen);
    let summary = format!("The SYN offered MPTCP, the SYN/ACK ({at}) came without it: {why}.");
    let advice = "Capture at the server. If its SYN has MP_CAPABLE, the server declines (`sysctl \
        net.mptcp.enabled`; does it open MPTCP sockets? `mptcpize run PROGRAM`). If not, a \
        middlebox removes the option.";
    let advice = declined.map_or(advice, |(_, advice)| advice);
    vec![by_fallback(context, Code::MpCapableUnanswered, fallback, summary).advice(advice)]
}

/// SYNs with MP_CAPABLE were lost, one without was answered.
pub(super) fn mp_capable_syn_blackholed(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(fallback) = by(context, &[FallbackCause::SynWithMpCapableUnanswered]) else {
        return Vec::new();
    };
    let Some(initial) = context.initial() else { return Vec::new() };
    let handshake = &initial.handshake;
    // A RST to the first SYN is mp-capable-refused.
    if initial.reset.is_some_and(|reset| reset.seen.packet < fallback.seen.packet) {
        return Vec::new();
    }
    let syns = u64::from((handshake.syn_retransmissions + 1).saturating_sub(handshake.plain_syns));
    let cost = handshake.syn.map_or(0, |first| fallback.seen.at.since(first.at));
    let (client, server) = (initial.sides.client.endpoint.address, initial.sides.server.endpoint);
    let later = context.trace.totals().failed_offers.get(client, server);
    let later = later.and_then(|plain| Some((plain.opened, plain.first?)));
    let avoided = match later {
        Some((1, first)) => {
            format!(" A later connection of the client ({}) did not offer it.", packet(first))
        }
        Some((count, first)) => format!(
            " {} later connections of the client (first in {}) did not offer it.",
            units::count(count),
            packet(first)
        ),
        None => String::new(),
    };
    let is_lossy = syns < 2
        || handshake.plain_syns > 1
        || Role::BOTH.iter().any(|role| initial.sides.of(*role).bytes.retransmitted > 0);
    let why = if is_lossy {
        "a middlebox drops them, or the path loses packets"
    } else {
        "a middlebox drops them"
    };
    let summary = format!(
        "{} with MP_CAPABLE got no answer, one without did ({}): {why}. That cost {}.{avoided}",
        units::counted(syns, "SYN"),
        packet(fallback.seen),
        units::duration(cost)
    );
    let advice = "Find the firewall that drops unknown TCP options. A client with Linux 6.12 or \
        later stops trying MPTCP for an hour (`sysctl net.mptcp.blackhole_timeout`).";
    let finding = by_fallback(context, Code::MpCapableSynBlackholed, fallback, summary);
    let finding = if is_lossy { finding.confidence(Confidence::Likely) } else { finding };
    vec![
        finding
            .advice(advice)
            .seen(later.map(|(_, first)| first))
            .with("syns", syns)
            .with("later_connections", later.map_or(0, |(count, _)| count))
            .with("cost_ns", cost.unsigned_abs()),
    ]
}

/// The third ACK came without MP_CAPABLE.
pub(super) fn mp_capable_ack_lost(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(fallback) = by(context, &[FallbackCause::AckWithoutMpCapable]) else {
        return Vec::new();
    };
    let summary = format!(
        "The third ACK ({}) came without MP_CAPABLE although the SYN/ACK had it: a middlebox \
            removed the option in one direction.",
        packet(fallback.seen)
    );
    let advice = "Capture at the client. If its third ACK has MP_CAPABLE, a middlebox removes it \
        on the way to the server. If its SYN/ACK has none, on the way to the client.";
    vec![by_fallback(context, Code::MpCapableAckLost, fallback, summary).advice(advice)]
}

/// Data without a mapping, or answered without a DSS.
pub(super) fn dss_missing_fallback(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let causes = [
        FallbackCause::DataWithoutMapping,
        FallbackCause::AnswerWithoutDss,
        FallbackCause::ChecksumFailed,
    ];
    let Some(fallback) = by(context, &causes) else { return Vec::new() };
    // The hosts agreed on it.
    if mp_fails(context).next().is_some() {
        return Vec::new();
    }
    let at = packet(fallback.seen);
    let summary = match fallback.cause {
        FallbackCause::AnswerWithoutDss => {
            format!(
                "Data was answered without a DSS ({at}): the connection fell back to plain \
                TCP."
            )
        }
        FallbackCause::ChecksumFailed => format!(
            "After a wrong DSS checksum the connection went on as plain TCP ({at}), without MP_FAIL."
        ),
        _ => format!("Data came without a mapping ({at}): the connection fell back to plain TCP."),
    };
    let advice = "A middlebox removes DSS options from segments, or rewrites data. Capture at both \
        ends to see in which direction, and look for proxies and DPI there.";
    vec![by_fallback(context, Code::DssMissingFallback, fallback, summary).advice(advice)]
}

/// An infinite mapping, by which MPTCP is ended in order.
pub(super) fn infinite_mapping(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(fallback) = by(context, &[FallbackCause::InfiniteMapping]) else { return Vec::new() };
    let fails: Vec<_> = mp_fails(context).collect();
    let before = match fails.first() {
        Some((seen, role, _)) => format!(" after MP_FAIL from {} ({})", host(*role), packet(*seen)),
        None => String::new(),
    };
    let summary = format!(
        "An infinite mapping ({}){before} turned the connection into plain TCP. No further \
            subflows are possible.",
        packet(fallback.seen)
    );
    let evidence = fails.iter().map(|(seen, ..)| *seen).chain([fallback.seen]);
    vec![
        Finding::new(Code::InfiniteMapping, summary)
            .seen(evidence)
            .advice("Find the device that changes data: a proxy, a NAT helper or DPI."),
    ]
}

/// MP_FAIL: who sent it, for which DSN.
pub(super) fn mp_fail(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let all: Vec<_> = mp_fails(context).collect();
    let Some((first, reporter, _)) = all.first() else { return Vec::new() };
    let wrong = context.subflows.iter().map(|s| s.sides.of(reporter.peer()).checksums.mismatches());
    let seen_here = if wrong.sum::<u64>() > 0 {
        "; the checksum is wrong in this capture too"
    } else {
        "; in this capture the data is still right, so it was changed after it"
    };
    let follows = match context.connection.fallback {
        Some(_) => "the connection goes on as plain TCP",
        None if context.connection.joined > 0 => "the subflow is reset, the others go on",
        None => "no fallback was seen yet",
    };
    let summary = format!(
        "{} reports data with a wrong checksum (MP_FAIL, {}){}: {follows}.",
        capitalised(host(*reporter)),
        packet(*first),
        if context.connection.checksum == Some(true) { seen_here } else { "" },
    );
    vec![
        Finding::new(Code::MpFail, summary)
            .from(*reporter)
            .seen(all.iter().map(|(seen, ..)| *seen))
            .times(all.len() as u64)
            .advice("Find the device that changes data: a proxy, a NAT helper or DPI."),
    ]
}

/// Data that failed its checksum was delivered (Linux does that, against RFC 8684 §3.7).
pub(super) fn failed_data_acked(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if context.connection.joined > 0 {
        return Vec::new();
    }
    let damaged = |role: Role| {
        let side = context.initial()?.sides.of(role);
        let (evidence, how, dsn) = failed(context, role, side)?;
        let data = context.connection.data.of(role);
        let position = dsn.distance_from(data.base()?);
        let was_sent_again = side.checksums_again.verified() + side.bytes.remapped > 0;
        let is_acked = data.acked_end().is_some_and(|acked| acked > position);
        (is_acked && !was_sent_again).then_some((role, evidence, how))
    };
    let finding = |(role, evidence, how): (Role, Vec<PacketStamp>, String)| {
        let summary = format!(
            "Data of {} failed its checksum ({how}) and was still acknowledged at the data level: \
                the application got damaged bytes.",
            host(role),
        );
        Finding::new(Code::FailedDataAcked, summary).from(role).seen(evidence).advice(DELIVERED)
    };
    Role::BOTH.into_iter().filter_map(damaged).map(finding).collect()
}

const DELIVERED: &str = "Do not trust what was received from there on. Find the device that \
    changes data. With a second subflow, the damaged one is reset and the data is sent again.";

/// The packets that show that data of `role` failed its checksum, these packets in words, and where the
/// data begins. Either the checksum is wrong in this capture and the peer acted on it, or the peer was
/// the first to send MP_FAIL.
fn failed(
    context: &ConnectionContext<'_>,
    role: Role,
    side: &SubflowSide,
) -> Option<(Vec<PacketStamp>, String, Dsn)> {
    let report = mp_fails(context).next().filter(|(_, reporter, _)| *reporter == role.peer());
    let report = report.map(|(seen, _, dsn)| (seen, dsn));
    let reported = report.map(|(seen, _)| seen);
    match (side.checksums.listed().first(), report) {
        (Some((seen, dsn)), _) if reported.is_some() || context.connection.fallback.is_some() => {
            Some(([*seen].into_iter().chain(reported).collect(), packet(*seen), *dsn))
        }
        (_, Some((seen, dsn))) => {
            Some((vec![seen], format!("says {}, {}", host(role.peer()), packet(seen)), dsn))
        }
        _ => None,
    }
}

/// MPTCP after the end of MPTCP (RFC 8684 §3.7: a connection that fell back must not return).
pub(super) fn mptcp_after_fallback(context: &ConnectionContext<'_>) -> Vec<Finding> {
    /// Within this time the other host may not know of the fallback.
    const ON_THE_WAY_NS: i64 = 1_000_000_000;
    let is_clear = !context.options_may_be_cut()
        && !context.trace.totals().is_out_of_order()
        && !context.lacks_packets();
    let Some(fallback) = context.connection.fallback.filter(|f| f.certain && is_clear) else {
        return Vec::new();
    };
    let of = |violation| {
        occurrences(context, violation).map(|(_, role, times)| (times.first, role, times.count))
    };
    let options = of(Violation::AfterFallback);
    let elsewhere = of(Violation::ElsewhereAfterFallback);
    let joins = context.joins().filter_map(|join| Some((join.handshake.syn?, join.opener, 1)));
    let late = joins.filter(|(syn, ..)| syn.at.since(fallback.seen.at) > ON_THE_WAY_NS);
    let found = options.map(|it| (it, "sent data without any MPTCP option and then options again"));
    let found = found.chain(elsewhere.map(|it| (it, "sent new data on another subflow")));
    let found = found.chain(late.map(|it| (it, "joined")));
    let found = found.map(|((seen, role, count), what)| {
        let summary = format!(
            "{} {what} ({}) although the connection had fallen back to plain TCP ({}).",
            capitalised(host(role)),
            packet(seen),
            packet(fallback.seen),
        );
        Finding::new(Code::MptcpAfterFallback, summary)
            .from(role)
            .seen([fallback.seen, seen])
            .times(count)
            .confidence(Confidence::Likely)
            .why(
                "A stack that returns to MPTCP corrupts the stream. A middlebox that removes \
                 the options from only some segments looks the same.",
            )
            .advice("Capture at that host.")
    });
    found.collect()
}

/// Who sent MP_FAIL when, for which data.
fn mp_fails<'a>(
    context: &ConnectionContext<'a>,
) -> impl Iterator<Item = (PacketStamp, Role, Dsn)> + use<'a> {
    context.options().filter_map(|(event, option)| match option {
        MptcpOption::MpFail(fail) => Some((event.seen, event.direction.sender(), fail.dsn)),
        _ => None,
    })
}

/// The fallback, if one of these was its cause.
fn by(context: &ConnectionContext<'_>, causes: &[FallbackCause]) -> Option<Fallback> {
    context.connection.fallback.filter(|fallback| causes.contains(&fallback.cause))
}

/// A finding with the packets of the handshake up to the one that shows the fallback.
fn by_fallback(
    context: &ConnectionContext<'_>,
    code: Code,
    fallback: Fallback,
    summary: String,
) -> Finding {
    let handshake = context.initial().map(|initial| initial.handshake);
    let before = handshake.map(|handshake| [handshake.syn, handshake.syn_ack]);
    let before = before.into_iter().flatten().flatten();
    let is_out_of_order = context.trace.totals().is_out_of_order();
    let lowered = !fallback.certain || context.options_may_be_cut() || is_out_of_order;
    let confidence = if lowered { Confidence::Likely } else { Confidence::Certain };
    Finding::new(code, summary)
        .seen(before.filter(|seen| seen.packet <= fallback.seen.packet).chain([fallback.seen]))
        .confidence(confidence)
}
