//! Why only one path carried data: the chain of what has to happen for a second one.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::host_settings;
use crate::analyze::evidence::join_failure::{Failure, failure};
use crate::analyze::evidence::{announced, is_backup, payload, stream_bytes};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::state::ConnectionState;
use crate::analyze::words::{host, packet};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Reset;
use crate::units;

/// A connection that is shorter than this, and smaller than [`LARGE`], needs no second path.
pub(super) const LONG_NS: i64 = 1_000_000_000;

/// So many bytes are worth a second path.
pub(super) const LARGE: u64 = 100_000;

/// Why only one path carried data: the first link of the chain that broke. `found` is what the other
/// rules say of the connection.
pub(super) fn single_path(context: &ConnectionContext<'_>, found: &[Finding]) -> Vec<Finding> {
    // Data that the capture lacks took another path.
    let is_partly_seen = found.iter().any(|finding| finding.code == Code::CaptureMissingPath);
    if is_partly_seen || !is_worth_it(context) {
        return Vec::new();
    }
    let carriers = context.confirmed().filter(|subflow| payload(subflow) > 0).count();
    if carriers != 1 {
        return Vec::new();
    }
    let paths = context.confirmed().count();
    let Some(link) = broken_link(context, found, paths) else { return Vec::new() };
    let sent = stream_bytes(context);
    let lasted = context.connection.last.at.since(context.connection.first.at);
    let summary = format!(
        "All {} in {} used one path: {}.",
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
pub(crate) fn why_single(context: &ConnectionContext<'_>, found: &[Finding]) -> Option<String> {
    let is_known = context.is_whole() && context.is_two_sided();
    Some(broken_link(context, found, 1).filter(|_| is_known)?.why)
}

/// Whether a second path would have been of use.
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
        && Role::BOTH.iter().all(|role| context.taken_elsewhere(*role).is_none())
        && (lasted >= LONG_NS || stream_bytes(context) >= LARGE)
        && stream_bytes(context) > 0
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

/// The first of: an established path that was not used · a join that failed · an announcement that could
/// not be sent, was not proved, not echoed, or not used · no offer of a path at all.
fn broken_link(context: &ConnectionContext<'_>, found: &[Finding], paths: usize) -> Option<Link> {
    if paths > 1 {
        let of_idle = |code, name, why| {
            let is_idle = |finding: &&Finding| {
                let mut all = context.subflows.iter();
                all.any(|subflow| Some(subflow.number) == finding.subflow && payload(subflow) == 0)
            };
            let known: Vec<_> = found.iter().filter(is_idle).cloned().collect();
            link_of(&known, code, name, why)
        };
        return of_idle(Code::SubflowWithoutMptcp, "established-without-mptcp", STRIPPED)
            .or_else(|| of_idle(Code::PathDied, "established-died", DIED))
            .or_else(|| Some(unused(context)));
    }
    failed_join(context, found)
        .or_else(|| own_address(found))
        .or_else(|| no_space(found))
        .or_else(|| {
            link_of(found, Code::AddAddrHmacMismatch, "announcement-not-proved", NOT_PROVED)
        })
        .or_else(|| link_of(found, Code::AddAddrNotEchoed, "announcement-not-echoed", NOT_ECHOED))
        .or_else(|| not_joined(found))
        .or_else(|| nothing_offered(context))
}

const STRIPPED: &str = "the MPTCP options of another are lost on the way";

const DIED: &str = "another one died";

const NO_SPACE: &str = "an address could not be announced because the option did not fit";

const NOT_PROVED: &str = "the announcement of an address has a wrong HMAC";

const NOT_ECHOED: &str = "an address was announced and not echoed";

const OWN_ADDRESS: &str = "the announced address is one of its receiver's own";

const NOTHING: &str = "no host offered or tried a second path";

const NOT_USED: &str = "an address was announced and echoed but never joined";

/// The link that another finding reports.
fn link_of(found: &[Finding], code: Code, name: &'static str, why: &str) -> Option<Link> {
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

/// An announced address that its receiver has as well.
fn own_address(found: &[Finding]) -> Option<Link> {
    let link = link_of(found, Code::AddAddrOwnAddress, "announcement-own-address", OWN_ADDRESS)?;
    Some(Link { severity: Severity::Warning, ..link })
}

/// An announcement that did not fit, with how sure that is.
fn no_space(found: &[Finding]) -> Option<Link> {
    let link = link_of(found, Code::AddAddrNoSpace, "announcement-no-space", NO_SPACE)?;
    let why = match link.confidence {
        Confidence::Certain => NO_SPACE.to_owned(),
        Confidence::Likely => format!("probably {NO_SPACE}"),
        Confidence::Possible => format!("perhaps {NO_SPACE}"),
    };
    Some(Link { why, ..link })
}

/// An announcement that nobody joined, with the reason that the finding on it gives.
fn not_joined(found: &[Finding]) -> Option<Link> {
    let link = link_of(found, Code::AddAddrNotUsed, "announcement-not-used", NOT_USED)?;
    let mut of_code = found.iter().filter(|finding| finding.code == Code::AddAddrNotUsed);
    let why = of_code.find_map(|finding| finding.text("why"))?;
    Some(Link { why: format!("{}: {why}", link.why), ..link })
}

fn unused(context: &ConnectionContext<'_>) -> Link {
    let idle: Vec<_> = context.confirmed().filter(|subflow| payload(subflow) == 0).collect();
    let backup = idle.iter().all(|subflow| is_backup(subflow));
    let kind = if backup { "backup " } else { "" };
    let evidence = idle.iter().filter_map(|subflow| subflow.handshake.syn);
    let evidence = evidence.collect();
    let (name, advice) = if backup {
        (
            "established-as-backup",
            "As requested: a backup path carries data only when all others \
            fail.",
        )
    } else {
        (
            "established-unused",
            "Normal for short transfers: the Linux scheduler fills the path with the lowest delay \
                first.",
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

/// Joins that all failed, with the first failure that a finding reports.
fn failed_join(context: &ConnectionContext<'_>, found: &[Finding]) -> Option<Link> {
    const CODES: [Code; 11] = [
        Code::JoinHmacMismatch,
        Code::JoinMisrouted,
        Code::JoinPortClosed,
        Code::JoinBlocked,
        Code::JoinUnknownToken,
        Code::JoinRejected,
        Code::JoinNoAnswer,
        Code::JoinUnreachable,
        Code::JoinAnsweredByPlainTcp,
        Code::JoinAckStripped,
        Code::JoinAckUnconfirmed,
    ];
    let count = context.joins().filter(|subflow| !subflow.is_confirmed()).count();
    let of_joins = found.iter().filter(|finding| CODES.contains(&finding.code));
    let first = of_joins.min_by_key(|finding| finding.packets.first().copied())?;
    let seen = context.joins().filter_map(|subflow| subflow.handshake.syn);
    let how = context.joins().find_map(|subflow| failure(context, subflow)).map(in_words);
    let how = match first.code {
        Code::JoinHmacMismatch => "its HMAC is wrong".to_owned(),
        _ => how.unwrap_or_else(|| "it did not get through".to_owned()),
    };
    let why = first.text("why").map(|why| format!(": {why}")).unwrap_or_default();
    let is_of_server = context.joins().all(|join| join.opener == Role::Server);
    let by = if is_of_server { " by the server" } else { "" };
    let why = match count {
        0 | 1 => format!("the join of a second one{by} failed, {how}{why}"),
        _ => {
            let count = units::count(count as u64);
            format!("all {count} joins{by} failed; of the first, {how}{why}")
        }
    };
    Some(Link {
        name: "join-failed",
        why,
        // Nothing is lost by a join that was refused because the connection was about to end.
        severity: first.severity.min(Severity::Warning),
        confidence: first.confidence,
        evidence: seen.collect(),
        advice: first.advice.clone().unwrap_or_default(),
    })
}

/// A failure as the end of a sentence.
fn in_words(failure: Failure) -> String {
    match failure {
        Failure::RefusedAtSyn(reset) => {
            format!("a RST refused it at once{}", with_reason(&reset))
        }
        Failure::Unreachable(error) => {
            let (what, from) = (error.report.title(), error.from);
            format!("{from} reported {what} ({})", packet(error.seen))
        }
        Failure::NoAnswer => "it got no answer".to_owned(),
        Failure::PlainAnswer(seen) => {
            format!("its SYN/ACK ({}) was that of plain TCP, or not accepted", packet(seen))
        }
        Failure::RefusedAtAck(reset) => {
            format!("a RST refused it after its handshake{}", with_reason(&reset))
        }
        Failure::GivenUp(reset) => {
            format!("its opener gave up{}", with_reason(&reset))
        }
        Failure::Unconfirmed => "its third ACK was never confirmed".to_owned(),
        Failure::NoAck => "it got no answers SYN/ACK".to_owned(),
    }
}

fn with_reason(reset: &Reset) -> String {
    let reason = reset.reason.map(|option| format!(": {}", option.reason));
    format!(" ({}){}", packet(reset.seen), reason.unwrap_or_default())
}

/// Nobody offered or tried a second path.
fn nothing_offered(context: &ConnectionContext<'_>) -> Option<Link> {
    if context.joins().next().is_some() {
        return None;
    }
    if announced(context).next().is_some() {
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
    let Some(reason) = host_settings::nothing_offered(context) else {
        let why = if name == "nothing-offered" {
            format!("{NOTHING}, as far as the capture shows")
        } else {
            link.why
        };
        return Some(Link { why, ..link });
    };
    let joint = if name == "nothing-offered" { ": " } else { ", " };
    Some(Link {
        why: format!("{}{joint}{}", link.why, reason.why),
        // A host that is configured for a second path is meant to get one.
        severity: if reason.is_configured { Severity::Warning } else { Severity::Note },
        advice: reason.advice,
        ..link
    })
}
