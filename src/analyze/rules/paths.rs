//! Which paths carried the data, and why others did not.

use super::addresses;
use super::host as known_host;
use super::words::{host, list, packet};
use super::{ConnectionContext, capture, joins};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::state::ConnectionState;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{Reset, Subflow};
use crate::units;

/// A connection that is shorter and smaller than this needs no second path.
const LONG_NS: i64 = 1_000_000_000;
const LARGE: u64 = 100_000;

/// Why only one path carried data: the first link of the chain that broke. `found` is what the other
/// rules say of the connection.
pub(super) fn single_path(context: &ConnectionContext<'_>, found: &[Finding]) -> Vec<Finding> {
    // Data that the capture lacks took another path.
    let is_partly_seen = found.iter().any(|finding| finding.code == Code::CaptureMissingPath);
    if is_partly_seen || !is_worth_it(context) {
        return Vec::new();
    }
    let through: Vec<_> =
        context.subflows.iter().filter(|subflow| subflow.is_confirmed()).collect();
    let carriers = through.iter().filter(|subflow| payload(subflow) > 0).count();
    if carriers != 1 {
        return Vec::new();
    }
    let Some(link) = broken_link(context, found, through.len()) else { return Vec::new() };
    let sent = stream_octets(context);
    let lasted = context.connection.last.at.since(context.connection.first.at);
    let summary = format!(
        "All {} in {} took one path: {}.",
        units::bytes(sent),
        units::duration(lasted),
        link.why
    );
    vec![
        Finding::new(Code::SinglePath, summary)
            .severity(link.severity)
            .confidence(link.confidence)
            .seen(link.evidence)
            .with("link", link.name)
            .with("bytes", sent)
            .with("lasted_ns", lasted.unsigned_abs())
            .advice(link.advice),
    ]
}

/// Why a connection whose beginning was seen had one path only: the first link that broke.
pub(in crate::analyze) fn why_single(
    context: &ConnectionContext<'_>,
    found: &[Finding],
) -> Option<String> {
    let is_told = context.is_whole() && context.is_two_sided();
    Some(broken_link(context, found, 1).filter(|_| is_told)?.why)
}

/// Whether there was a connection that a second path would have been of use to.
fn is_worth_it(context: &ConnectionContext<'_>) -> bool {
    let connection = context.connection;
    let lasted = connection.last.at.since(connection.first.at);
    let is_open = !matches!(
        context.state,
        ConnectionState::Refused | ConnectionState::Handshaking | ConnectionState::Unknown
    );
    context.is_whole()
        && connection.fallback.is_none()
        && is_open
        && context.is_two_sided()
        && capture::missing_path(context).is_empty()
        && (lasted >= LONG_NS || stream_octets(context) >= LARGE)
        && stream_octets(context) > 0
}

/// What broke first on the way to a second path.
struct Link {
    name: &'static str,
    why: String,
    severity: Severity,
    confidence: Confidence,
    evidence: Vec<PacketStamp>,
    advice: String,
}

/// The links in their order: an established path that was not used, a join that failed, an
/// announcement that was not used, not heard, or could not be sent; and nothing of all that.
fn broken_link(context: &ConnectionContext<'_>, found: &[Finding], through: usize) -> Option<Link> {
    if through > 1 {
        return Some(unused(context));
    }
    failed_join(context, found)
        .or_else(|| no_space(found))
        .or_else(|| told(found, Code::AddAddrHmacMismatch, "announcement-not-proved", NOT_PROVED))
        .or_else(|| told(found, Code::AddAddrNotEchoed, "announcement-not-echoed", NOT_ECHOED))
        .or_else(|| not_joined(found))
        .or_else(|| nothing_offered(context))
}

const NO_SPACE: &str = "an address could not be announced, as the option did not fit";
const NOT_PROVED: &str = "the announcement of an address has a wrong HMAC";
const NOT_ECHOED: &str = "an address was announced, and the announcement was not echoed";
const NOTHING: &str = "nobody offered or tried a second path";
const NOT_USED: &str = "an address was announced and echoed, and nobody joined it";

/// A link that another finding tells in full.
fn told(found: &[Finding], code: Code, name: &'static str, why: &str) -> Option<Link> {
    let finding = found.iter().find(|finding| finding.code == code)?;
    let evidence =
        finding.at.map(|at| finding.packets.iter().map(move |p| PacketStamp { packet: *p, at }));
    Some(Link {
        name,
        why: why.to_owned(),
        // What is only possible is no reason to warn.
        severity: finding.severity.min(Severity::Warning),
        confidence: finding.confidence,
        evidence: evidence.into_iter().flatten().collect(),
        advice: finding.advice.clone().unwrap_or_default(),
    })
}

/// An announcement that had no room, and how sure that is.
fn no_space(found: &[Finding]) -> Option<Link> {
    let link = told(found, Code::AddAddrNoSpace, "announcement-no-space", NO_SPACE)?;
    let why = match link.confidence {
        Confidence::Certain => NO_SPACE.to_owned(),
        Confidence::Likely => format!("probably {NO_SPACE}"),
        Confidence::Possible => format!("perhaps {NO_SPACE}"),
    };
    Some(Link { why, ..link })
}

/// An announcement that nobody joined, and why, as the finding on it says.
fn not_joined(found: &[Finding]) -> Option<Link> {
    let link = told(found, Code::AddAddrNotUsed, "announcement-not-used", NOT_USED)?;
    let mut of_code = found.iter().filter(|finding| finding.code == Code::AddAddrNotUsed);
    let why = of_code.find_map(|finding| finding.text("why"))?;
    Some(Link { why: format!("{}: {why}", link.why), ..link })
}

fn unused(context: &ConnectionContext<'_>) -> Link {
    let idle: Vec<_> =
        context.subflows.iter().filter(|s| s.is_confirmed() && payload(s) == 0).collect();
    let backup = idle.iter().all(|subflow| is_backup(subflow));
    let kind = if backup { "backup " } else { "" };
    let evidence = idle.iter().filter_map(|subflow| subflow.handshake.syn);
    let evidence = evidence.collect();
    let (name, advice) = if backup {
        ("established-as-backup", "As asked for: a backup path carries data when all others fail.")
    } else {
        (
            "established-unused",
            "Usual for little data: the Linux scheduler fills the path with the lowest delay first.",
        )
    };
    Link {
        name,
        why: format!(
            "{} established and never used",
            units::counted(idle.len() as u64, &format!("{kind}subflow"))
        ),
        severity: Severity::Note,
        confidence: Confidence::Certain,
        evidence,
        advice: advice.to_owned(),
    }
}

/// Joins that all failed; the first failure that a finding tells.
fn failed_join(context: &ConnectionContext<'_>, found: &[Finding]) -> Option<Link> {
    const CODES: [Code; 7] = [
        Code::JoinHmacMismatch,
        Code::JoinUnknownToken,
        Code::JoinRejected,
        Code::JoinNoAnswer,
        Code::JoinAnsweredByPlainTcp,
        Code::JoinAckStripped,
        Code::JoinAckUnconfirmed,
    ];
    let count = context.joins().filter(|subflow| !subflow.is_confirmed()).count();
    let of_joins = found.iter().filter(|finding| CODES.contains(&finding.code));
    let first = of_joins.min_by_key(|finding| finding.packets.first().copied())?;
    let seen = context.joins().filter_map(|subflow| subflow.handshake.syn);
    let how = context.joins().find_map(|subflow| joins::failure(context, subflow)).map(in_words);
    let how = match first.code {
        Code::JoinHmacMismatch => "its HMAC is wrong".to_owned(),
        _ => how.unwrap_or_else(|| "it did not get through".to_owned()),
    };
    let why = match count {
        0 | 1 => format!("the join of a second one failed, {how}"),
        _ => format!("all {} joins failed; of the first, {how}", units::count(count as u64)),
    };
    Some(Link {
        name: "join-failed",
        why,
        // A join that was refused because the connection was about to end is no loss.
        severity: first.severity.min(Severity::Warning),
        confidence: first.confidence,
        evidence: seen.collect(),
        advice: first.advice.clone().unwrap_or_default(),
    })
}

/// A failure as the end of a sentence.
fn in_words(failure: joins::Failure) -> String {
    match failure {
        joins::Failure::RefusedAtSyn(reset) => {
            format!("a RST refused it at once{}", with_reason(&reset))
        }
        joins::Failure::NoAnswer => "nobody answered it".to_owned(),
        joins::Failure::PlainAnswer(seen) => {
            format!("its SYN/ACK ({}) was that of plain TCP, or not accepted", packet(seen))
        }
        joins::Failure::RefusedAtAck(reset) => {
            format!("a RST refused it after its handshake{}", with_reason(&reset))
        }
        joins::Failure::GivenUp(reset) => {
            format!("its opener gave it up{}", with_reason(&reset))
        }
        joins::Failure::Unconfirmed => "its third ACK was never confirmed".to_owned(),
        joins::Failure::NoAck => "nobody answered its SYN/ACK".to_owned(),
    }
}

fn with_reason(reset: &Reset) -> String {
    let reason = reset.reason.map(|option| format!(": {}", option.reason));
    format!(" ({}){}", packet(reset.seen), reason.unwrap_or_default())
}

/// Nobody tried anything.
fn nothing_offered(context: &ConnectionContext<'_>) -> Option<Link> {
    if context.joins().next().is_some() {
        return None;
    }
    let usable = |address: &&crate::track::address::Address| address.announced.count > 0;
    if context.connection.addresses.iter().any(|address| usable(&address)) {
        return None;
    }
    let denies = |role: &Role| context.connection.hosts.of(*role).deny_join_initial == Some(true);
    let denying: Vec<_> = Role::BOTH.into_iter().filter(denies).map(host).collect();
    let (name, why, advice) = if let [who, ..] = denying.as_slice() {
        (
            "c-bit-nothing-announced",
            format!("{who} forbids joins to its initial address (C bit) and announced no other"),
            "On that host: `ip mptcp endpoint add ADDRESS dev IFACE signal`. See c-bit-set.",
        )
    } else {
        (
            "nothing-offered",
            NOTHING.to_owned(),
            "On the client (Linux): `ip mptcp endpoint add ADDRESS dev IFACE subflow`, for its \
             second address; or on the server: … signal. Apple: a multipath service type in the \
             app.",
        )
    };
    let link = Link {
        name,
        why,
        severity: Severity::Note,
        confidence: Confidence::Certain,
        evidence: context.initial().and_then(|initial| initial.handshake.syn).into_iter().collect(),
        advice: advice.to_owned(),
    };
    let Some(reason) = known_host::nothing_offered(context) else {
        let why = if name == "nothing-offered" {
            format!("{NOTHING}, as far as the capture shows")
        } else {
            link.why
        };
        return Some(Link { why, ..link });
    };
    Some(Link {
        why: format!("{}: {}", link.why, reason.why),
        // Who set a host up for a second path wants one.
        severity: if reason.is_configured { Severity::Warning } else { Severity::Note },
        advice: reason.advice,
        ..link
    })
}

/// An established subflow that never carried data, beside others that did.
pub(super) fn path_unused(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let idle = |subflow: &&&Subflow| {
        let after_join = addresses::end_of_data(context).since(subflow.first.at);
        subflow.is_confirmed()
            && payload(subflow) == 0
            && !is_backup(subflow)
            && after_join > LONG_NS / 2
    };
    let all: Vec<_> = context.subflows.iter().filter(idle).collect();
    let [first, ..] = all.as_slice() else { return Vec::new() };
    if stream_octets(context) < LARGE
        || context.connection.fallback.is_some()
        || !context.is_two_sided()
    {
        return Vec::new();
    }
    let numbers: Vec<_> = all.iter().map(|subflow| subflow.number.to_string()).collect();
    let summary = format!(
        "{} {} got through and never carried data of the {}.",
        if all.len() == 1 { "Subflow" } else { "Subflows" },
        list(&numbers),
        units::bytes(stream_octets(context))
    );
    let finding = Finding::new(Code::PathUnused, summary)
        .seen(all.iter().filter_map(|subflow| subflow.handshake.ack))
        .times(all.len() as u64)
        .advice("Usual where the first path has room enough: the scheduler prefers it.");
    vec![if all.len() == 1 { finding.on(first) } else { finding }]
}

/// Data on a backup subflow.
pub(super) fn backup_used(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let prio = context
        .options()
        .any(|(_, option)| matches!(option, crate::wire::mptcp::MptcpOption::Prio(_)));
    // With MP_PRIO it depends on the time, which is not kept.
    if prio || context.connection.fallback.is_some() {
        return Vec::new();
    }
    let used = context.subflows.iter().filter(|s| is_backup(s) && payload(s) > 0);
    let found = used.map(|subflow| {
        let first = Role::BOTH.map(|role| subflow.sides.of(role).first_data);
        let first = first.into_iter().flatten().min_by_key(|seen| seen.packet);
        let is_regular_open = context.subflows.iter().any(|other| {
            let begun = first.is_some_and(|first| other.first.packet < first.packet);
            let ended = other.reset.map(|reset| reset.seen).or(other.sides.client.fin);
            let ended_before = first.zip(ended).is_some_and(|(first, e)| e.packet < first.packet);
            !is_backup(other) && other.is_confirmed() && begun && !ended_before
        });
        let octets = payload(subflow);
        let when = if is_regular_open {
            "while a regular one was open"
        } else {
            "after the regular ones were gone"
        };
        let summary =
            format!("{} took subflow {}, a backup, {when}.", units::bytes(octets), subflow.number);
        Finding::new(Code::BackupUsed, summary)
            .on(subflow)
            .seen(first)
            .with("bytes", octets)
            .with("regular_open", u64::from(is_regular_open))
    });
    found.collect()
}

/// A path whose round trips or losses are much worse than those of all others.
pub(super) fn path_degraded(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for role in Role::BOTH {
        // Where times go back, neither round trips nor repetitions mean anything.
        let end = |subflow: &Subflow| {
            !subflow.out_of_order && subflow.sides.of(role).bytes.payload >= LARGE / 2
        };
        let busy: Vec<_> = context.subflows.iter().copied().filter(|s| end(s)).collect();
        found.extend(slow_path(&busy, role));
        found.extend(lossy_path(&busy, role));
    }
    found
}

const DEGRADED: &str = "If that path only delays the others: make it a backup (`ip mptcp endpoint \
    change id N backup`).";

/// A median round trip more than three times that of every other.
fn slow_path(busy: &[&Subflow], role: Role) -> Option<Finding> {
    /// Fewer round trips than this say nothing.
    const FEW: u64 = 10;
    let rtts = busy.iter().filter_map(|subflow| {
        let samples = subflow.sides.of(role).round_trips.samples();
        Some((*subflow, samples.percentile(50).filter(|_| samples.count() >= FEW)?))
    });
    let (worst, slow, others) = worst(rtts)?;
    // Below a millisecond the capture is at the receiver, or the network is a wire.
    if others.iter().any(|rtt| *rtt <= 1_000_000) {
        return None;
    }
    let others = others.into_iter().max().filter(|others| slow > 3 * others)?;
    let summary = format!(
        "Subflow {} has a median round trip of {} for data of {}, the others at most {}.",
        worst.number,
        units::duration(slow.cast_signed()),
        host(role),
        units::duration(others.cast_signed())
    );
    Some(
        Finding::new(Code::PathDegraded, summary)
            .on(worst)
            .from(role)
            .seen(worst.sides.of(role).first_data)
            .with("rtt_ns", slow)
            .with("others_rtt_ns", others)
            .advice(DEGRADED),
    )
}

/// A share of lost octets more than three times that of every other.
fn lossy_path(busy: &[&Subflow], role: Role) -> Option<Finding> {
    /// One octet in so many is no trouble.
    const FEW: u64 = 50;
    /// Fewer segments than this are chance.
    const CHANCE: u64 = 3;
    let per_million = |subflow: &Subflow| {
        let payload = subflow.sides.of(role).bytes.payload;
        lost(subflow, role).saturating_mul(1_000_000).checked_div(payload)
    };
    let shares = busy.iter().filter_map(|subflow| Some((*subflow, per_million(subflow)?)));
    let (worst, share, others) = worst(shares)?;
    let others = others.into_iter().max().filter(|others| share > 3 * others)?;
    let chance = CHANCE * u64::from(worst.sides.of(role).largest_payload.min(1460));
    if share < 1_000_000 / FEW || lost(worst, role) < chance {
        return None;
    }
    let percentage = |share: u64| units::percentage(share, 1_000_000).unwrap_or_default();
    let summary = format!(
        "About {} of what {} sent on subflow {} was lost or came late, {} on the others.",
        percentage(share),
        host(role),
        worst.number,
        if others == 0 { "nothing".to_owned() } else { format!("at most {}", percentage(others)) },
    );
    Some(
        Finding::new(Code::PathDegraded, summary)
            .on(worst)
            .from(role)
            .seen(worst.sides.of(role).first_data)
            .with("lost_bytes", lost(worst, role))
            .with("lost_per_million", share)
            .confidence(Confidence::Likely)
            .advice(DEGRADED),
    )
}

/// Octets that were lost: near the sender they are seen twice, near the receiver they come late.
fn lost(subflow: &Subflow, role: Role) -> u64 {
    let end = subflow.sides.of(role);
    let segment = u64::from(end.largest_payload.min(1460));
    end.bytes.retransmitted + end.sender_stats.out_of_order * segment
}

/// The subflow with the largest figure, that figure, and those of the others; `None` without others.
fn worst<'a>(
    figures: impl Iterator<Item = (&'a Subflow, u64)>,
) -> Option<(&'a Subflow, u64, Vec<u64>)> {
    let figures: Vec<_> = figures.collect();
    let (worst, figure) = *figures.iter().max_by_key(|(_, figure)| *figure)?;
    let others = figures.iter().filter(|(subflow, _)| subflow.number != worst.number);
    let others: Vec<_> = others.map(|(_, figure)| *figure).collect();
    (!others.is_empty()).then_some((worst, figure, others))
}

/// Whether either host asked for it to be a backup: Linux then treats it as one in both directions.
pub(in crate::analyze) fn is_backup(subflow: &Subflow) -> bool {
    Role::BOTH.iter().any(|role| subflow.sides.of(*role).backup == Some(true))
}

/// Payload that both hosts sent on a subflow.
pub(in crate::analyze) fn payload(subflow: &Subflow) -> u64 {
    Role::BOTH.iter().map(|role| subflow.sides.of(*role).bytes.payload).sum()
}

/// Octets of both streams.
pub(in crate::analyze) fn stream_octets(context: &ConnectionContext<'_>) -> u64 {
    let of = |subflow: &Subflow| {
        Role::BOTH.iter().map(|role| subflow.sides.of(*role).bytes.new_data).sum::<u64>()
    };
    context.subflows.iter().map(|subflow| of(subflow)).sum()
}
