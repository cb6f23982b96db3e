//! How subflows and connections ended.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::occurrences::{Occurrence, occurrences, per_sender, place};
use crate::analyze::evidence::{closing_done, ended, is_withdrawn};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::stalls;
use crate::analyze::state::{CloseKind, ConnectionState};
use crate::analyze::words::{capitalised, host, list, packet, reason};
use crate::track::data::DataFin;
use crate::track::event::EventKind;
use crate::track::proof::{Verdict, fast_close_verdict};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{Reset, Subflow, SubflowState};
use crate::track::violations::Violation;
use crate::units;
use crate::wire::frame::PacketNo;
use crate::wire::mptcp::{MptcpOption, Version};

/// A host ended the connection at once (RFC 8684 §3.5).
pub(super) fn fast_close(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let verdict = fast_close_verdict(context.connection);
    let Some(close) = context.connection.fast_close.filter(|_| verdict != Verdict::Mismatch) else {
        return Vec::new();
    };
    let lost = outstanding(context);
    let total: u64 = lost.iter().map(|(_, bytes)| bytes).sum();
    let what = lost_in_words(&lost);
    let summary = format!(
        "{} ended the connection at once with MP_FASTCLOSE ({}){what}.",
        capitalised(host(close.from)),
        packet(close.seen)
    );
    let all = context.options().filter(|(_, option)| matches!(option, MptcpOption::MpFastClose(_)));
    vec![
        Finding::new(Code::FastClose, summary)
            .severity(if total > 0 { Severity::Warning } else { Severity::Note })
            .from(close.from)
            .seen(all.map(|(event, _)| event.seen))
            .with("unacknowledged_bytes", total)
            .why(
                "The application closed with unread data, or with SO_LINGER 0. Linux also does \
                 it for a process that is killed with unread data.",
            ),
    ]
}

/// MP_FASTCLOSE that was repeated on ACKs without the RST that answers it (RFC 8684 §3.5).
pub(super) fn fast_close_unanswered(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(close) = context.connection.fast_close else { return Vec::new() };
    let is_reset = |packet: PacketNo| {
        let mut events = context.connection.events.iter();
        events
            .any(|event| event.seen.packet == packet && matches!(event.kind, EventKind::Rst { .. }))
    };
    let copies = context.options().filter(|(event, option)| {
        event.direction.sender() == close.from
            && matches!(option, MptcpOption::MpFastClose(_))
            && !is_reset(event.seen.packet)
    });
    let copies: Vec<_> = copies.map(|(event, _)| event.seen).collect();
    let mut resets = context.subflows.iter().filter_map(|subflow| subflow.reset);
    let is_answered = resets.any(|reset| reset.from != close.from);
    let [first, .., last] = copies.as_slice() else { return Vec::new() };
    if is_answered || !context.is_two_sided() {
        return Vec::new();
    }
    let summary = format!(
        "{} sent MP_FASTCLOSE {} times within {} and got no RST for it: {} may still have the \
         connection.",
        capitalised(host(close.from)),
        units::count(copies.len() as u64),
        units::duration(last.at.since(first.at)),
        host(close.from.peer()),
    );
    vec![
        Finding::new(Code::FastCloseUnanswered, summary)
            .from(close.from)
            .seen(copies.iter().copied())
            .times(copies.len() as u64)
            .why("The path is dead in one direction, or a firewall drops the RSTs.")
            .advice("Capture at the other host."),
    ]
}

/// Bytes of each host that were sent and not acknowledged at the data level.
fn outstanding(context: &ConnectionContext<'_>) -> Vec<(Role, u64)> {
    let of = |role: Role| {
        let data = context.connection.data.of(role);
        let sent = data.range_set().span()?.end;
        // Without any DATA_ACK in the capture nothing can be said.
        let acked = data.acked_end()?;
        u64::try_from(sent - acked).ok().filter(|bytes| *bytes > 0).map(|bytes| (role, bytes))
    };
    Role::BOTH.into_iter().filter_map(of).collect()
}

/// Bytes of each host without a mapping that no subflow acknowledged. The data level does not count them.
fn unmapped_and_lost(context: &ConnectionContext<'_>) -> Vec<(Role, u64)> {
    let of = |role: Role| {
        let sides = context.subflows.iter().map(|subflow| subflow.sides.of(role));
        let bytes: u64 = sides.map(|side| side.bytes.unmapped.min(side.unacknowledged(None))).sum();
        (bytes > 0).then_some((role, bytes))
    };
    Role::BOTH.into_iter().filter_map(of).collect()
}

/// Bytes of each host that TCP sent and that were not acknowledged.
fn unacknowledged_by_tcp(context: &ConnectionContext<'_>) -> Vec<(Role, u64)> {
    let of = |role: Role| {
        let sides = context.subflows.iter().map(|subflow| subflow.sides.of(role));
        let bytes: u64 = sides.map(|side| side.unacknowledged(None)).sum();
        (bytes > 0).then_some((role, bytes))
    };
    Role::BOTH.into_iter().filter_map(of).collect()
}

/// `: 12 kB of the client were not acknowledged`, or nothing.
fn lost_in_words(lost: &[(Role, u64)]) -> String {
    let parts: Vec<_> = lost
        .iter()
        .map(|(role, bytes)| format!("{} of {}", units::bytes(*bytes), host(*role)))
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(": {} had not been acknowledged", list(&parts))
    }
}

/// Whether a RST belongs to a MP_FASTCLOSE: it follows on it, or the host that ends the connection sent it on
/// another subflow right before (RFC 8684 §3.5 lets it send RSTs on all of them).
fn is_of_fast_close(context: &ConnectionContext<'_>, reset: &Reset) -> bool {
    /// Paths differ in delay.
    const APART_NS: i64 = 50_000_000;
    let apart = APART_NS.max(context.longest_rtt_ns().unwrap_or(0));
    context.connection.fast_close.is_some_and(|close| {
        let is_right_before =
            close.from == reset.from && close.seen.at.since(reset.seen.at) <= apart;
        close.seen.packet <= reset.seen.packet || is_right_before
    })
}

/// A subflow that a RST ended (RFC 8684 §3.6).
pub(super) fn subflow_reset(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let done = closing_done(context);
    let early_reset = |subflow: &Subflow| {
        let reset = subflow.reset.filter(|_| subflow.state() == SubflowState::Reset)?;
        // After the connection was closed, hosts only clean up.
        let is_late = done.is_some_and(|done| reset.seen.packet >= done);
        (!is_late && !is_of_fast_close(context, &reset)).then_some(reset)
    };
    if context.connection.fallback.is_some() {
        return Vec::new();
    }
    let all = context.subflows.iter().filter_map(|subflow| Some((*subflow, early_reset(subflow)?)));
    all.map(|(subflow, reset)| reset_finding(context, subflow, &reset)).collect()
}

fn reset_finding(context: &ConnectionContext<'_>, subflow: &Subflow, reset: &Reset) -> Finding {
    let left = Role::BOTH.map(|role| (role, subflow.sides.of(role).unacknowledged(None)));
    let left: Vec<_> = left.into_iter().filter(|(_, bytes)| *bytes > 0).collect();
    let total: u64 = left.iter().map(|(_, bytes)| bytes).sum();
    let soon = stalls::limit_ns(context);
    let others = context.subflows.iter().filter(|other| {
        // One that was reset right after it did not go on.
        let is_gone = other.reset.is_some_and(|other| other.seen.at.since(reset.seen.at) < soon);
        other.number != subflow.number
            && other.is_confirmed()
            && !is_gone
            && other.last.packet > reset.seen.packet
    });
    let goes_on = match others.count() {
        0 => "",
        _ => "; the connection went on",
    };
    let transient = match reset.reason {
        Some(option) if option.transient => ", transient",
        _ => "",
    };
    let summary = format!(
        "{} reset subflow {} {}{transient} ({}){}{goes_on}.",
        capitalised(host(reset.from)),
        subflow.number,
        reason(reset),
        packet(reset.seen),
        lost_in_words(&left),
    );
    Finding::new(Code::SubflowReset, summary)
        .severity(if total > 0 && !is_withdrawn(context, subflow, reset) {
            Severity::Warning
        } else {
            Severity::Note
        })
        .on(subflow)
        .from(reset.from)
        .seen([reset.seen])
        .with("unacknowledged_bytes", total)
        .advice(advice_on(reset))
}

/// What to do about a reason of MP_TCPRST (RFC 8684 §3.6).
fn advice_on(reset: &Reset) -> &'static str {
    match reset.reason.map(|option| option.reason.0) {
        Some(0) => {
            "Often done by hand or by a path manager (`ss -K dst ADDRESS`, a removed address). \
                Look at that host's log and at `ip mptcp monitor`."
        }
        Some(1) => {
            "The host received something that MPTCP forbids. Look at the segments before \
            the RST."
        }
        Some(2) => "That host is out of memory or sockets: `nstat -az | grep -i prune`.",
        Some(3) => "A limit or policy of that host: `ip mptcp limits show`.",
        Some(4 | 5) => "That host gave up the path. Look at its losses and round trips.",
        Some(6) => {
            "A middlebox removes or changes MPTCP options on this path. Look at the segments \
                before the RST."
        }
        Some(_) => "The reason is not assigned. Look at that host's stack.",
        None => {
            "Without a reason, the RST may come from a firewall or NAT that forgot the flow, or \
                from a host that has no such connection."
        }
    }
}

/// The last subflow went before the connection was closed, with data outstanding.
pub(super) fn connection_aborted(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let lost = Some(outstanding(context)).filter(|lost| !lost.is_empty());
    let lost = lost.unwrap_or_else(|| unmapped_and_lost(context));
    let plain = context.connection.fallback;
    let is_reset = context.state == ConnectionState::Reset;
    // After a fallback only TCP acknowledges, on the one subflow that is left.
    let lost = if plain.is_some() { unacknowledged_by_tcp(context) } else { lost };
    let Some(close) = context.close.filter(|close| close.kind == CloseKind::Reset && is_reset)
    else {
        return Vec::new();
    };
    let fin = Role::BOTH.iter().any(|role| context.connection.data.of(*role).fin().is_some());
    if lost.is_empty() || fin {
        return Vec::new();
    }
    let ended = context
        .subflows
        .iter()
        .find(|subflow| subflow.reset.is_some_and(|reset| reset.seen.packet == close.packet));
    let total: u64 = lost.iter().map(|(_, bytes)| bytes).sum();
    let summary = format!(
        "The connection{} ended with the RST of its last subflow (packet {}){}.",
        plain
            .map(|fallback| format!(", plain TCP since {},", packet(fallback.seen)))
            .unwrap_or_default(),
        close.packet,
        lost_in_words(&lost)
    );
    vec![
        Finding::new(Code::ConnectionAborted, summary)
            .seen(ended.and_then(|subflow| subflow.reset).map(|reset| reset.seen))
            .with("unacknowledged_bytes", total)
            .why("A second path would have kept the connection alive.")
            .advice("See the reason of the RST."),
    ]
}

/// A DATA_FIN that nobody acknowledged, although all subflows ended or it was sent again and again.
pub(super) fn data_fin_unacked(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let is_plain = context.connection.fallback.is_some() || context.connection.fast_close.is_some();
    if is_plain || !context.is_two_sided() || context.lacks_packets() {
        return Vec::new();
    }
    let all_over = context.subflows.iter().all(|subflow| subflow.is_over());
    let open = |role: Role| {
        let fin = context.connection.data.of(role).fin().filter(|fin| fin.acked.is_none())?;
        let repeats = repeated_for_long(context, role, &fin);
        if !all_over && repeats.is_none() {
            return None;
        }
        let again = repeats.map(|repeats| {
            format!(", although it or the FIN was sent again {}", units::counted(repeats, "time"))
        });
        let again = again.unwrap_or_default();
        let summary = format!(
            "The DATA_FIN of {} ({}) was never acknowledged{again}: {} may not know that the data is \
             complete.",
            host(role),
            packet(fin.seen),
            host(role.peer())
        );
        let severity = if repeats.is_some() { Severity::Warning } else { Severity::Note };
        let finding = Finding::new(Code::DataFinUnacked, summary)
            .severity(severity)
            .from(role)
            .seen([fin.seen, fin.last])
            .with("repeats", repeats.unwrap_or(fin.repeats));
        Some(finding.why(
            "The path died while the connection was closed, or a middlebox removes DATA_ACKs \
             from ACKs.",
        )
        .advice(
            "Capture at the other host.",
        ))
    };
    Role::BOTH.into_iter().filter_map(open).collect()
}

/// How often a DATA_FIN was repeated, if for so long that this is no chance.
fn repeated_for_long(context: &ConnectionContext<'_>, role: Role, fin: &DataFin) -> Option<u64> {
    /// Copies on several subflows come at once: this many repeats, over more than a timeout, are no chance.
    const FEW: u64 = 3;
    // Linux repeats it together with the FIN, which waits for an acknowledgment as well.
    let fins = context.subflows.iter().filter_map(|subflow| {
        let side = subflow.sides.of(role);
        let repeats = side.repeats.as_deref().filter(|_| side.fin.is_some() && !side.fin_acked)?;
        (repeats.last.packet > fin.seen.packet).then_some(repeats)
    });
    let (mut count, mut last) = (fin.repeats, fin.last);
    for repeats in fins {
        count += repeats.count;
        last = if repeats.last.packet > last.packet { repeats.last } else { last };
    }
    (count >= FEW && last.at.since(fin.seen.at) > stalls::limit_ns(context)).then_some(count)
}

/// A RST of a MPTCP subflow without MP_TCPRST (RFC 8684 §3.6).
pub(super) fn rst_reason_missing(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if context.connection.version == Some(Version::V0) || context.connection.fallback.is_some() {
        return Vec::new();
    }
    let bare = |subflow: &Subflow| {
        let reset = subflow.reset.filter(|reset| reset.reason.is_none())?;
        let has_two = subflow.sides.client.fin.is_some() && subflow.sides.server.fin.is_some();
        (!has_two && !has_fast_close(context, reset.seen)).then_some(reset.seen)
    };
    let all: Vec<_> = context.subflows.iter().filter_map(|subflow| bare(subflow)).collect();
    let [first, ..] = all.as_slice() else { return Vec::new() };
    let count = all.len() as u64;
    let summary = format!(
        "{} of MPTCP subflows without a reason, first in {}.",
        units::counted(count, "RST"),
        packet(*first)
    );
    vec![Finding::new(Code::RstReasonMissing, summary).seen(all).times(count)]
}

/// A subflow without a FIN although its connection was closed, and others got theirs (RFC 8684 §3.3.3).
pub(super) fn subflow_not_closed(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(done) = closing_done(context).filter(|_| context.connection.fallback.is_none()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for role in Role::BOTH {
        let fin = |subflow: &Subflow| subflow.sides.of(role).fin;
        let after = |seen: &PacketStamp| seen.packet >= done;
        let Some(elsewhere) = context.subflows.iter().filter_map(|s| fin(s)).find(after) else {
            continue;
        };
        let is_open = |subflow: &&&Subflow| {
            subflow.is_confirmed() && subflow.reset.is_none() && fin(subflow).is_none()
        };
        let open: Vec<_> = context.subflows.iter().filter(is_open).collect();
        let Some(first) = open.first() else { continue };
        let summary = format!(
            "{} closed the connection and left subflow {} open: no FIN is in the capture.",
            capitalised(host(role)),
            first.number,
        );
        found.push(
            Finding::new(Code::SubflowNotClosed, summary)
                .on(first)
                .from(role)
                .seen([elsewhere])
                .times(open.len() as u64)
                .confidence(Confidence::Possible),
        );
    }
    found
}

fn has_fast_close(context: &ConnectionContext<'_>, seen: PacketStamp) -> bool {
    context
        .options()
        .any(|(event, option)| event.seen == seen && matches!(option, MptcpOption::MpFastClose(_)))
}

/// DATA_FINs that can't be right (RFC 8684 §3.3.3).
pub(super) fn data_fin_invalid(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say_malformed = |(_, role, times): Occurrence<'_>| {
        format!(
            "The DATA_FIN of {} without data ({}) is not one byte at subflow sequence number 0.",
            host(role),
            place(&times),
        )
    };
    let say_moved = |(_, role, times): Occurrence<'_>| {
        format!(
            "The DATA_FIN of {} ({}) stands at another data sequence number than before.",
            host(role),
            place(&times),
        )
    };
    let say_after = |(subflow, role, times): Occurrence<'_>| {
        format!(
            "{} sent {} past its own DATA_FIN on subflow {} ({}).",
            capitalised(host(role)),
            units::bytes(times.bytes),
            subflow.number,
            place(&times),
        )
    };
    let code = Code::DataFinInvalid;
    let mut found = per_sender(context, code, Violation::DataFinMalformed, say_malformed);
    found.extend(per_sender(context, code, Violation::DataFinMoved, say_moved));
    found.extend(per_sender(context, code, Violation::DataAfterFin, say_after));
    let advice = "The sender's stack is broken, or a middlebox rewrites DSS. Capture at both ends \
        and compare the option.";
    found.into_iter().map(|finding| finding.advice(advice)).collect()
}

/// A FIN on the last open subflow while data is unacknowledged. (RFC 8684 §3.3.3: must not, except on the
/// segment with the DATA_FIN itself.)
pub(super) fn fin_with_data_outstanding(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if context.lacks_packets() || !context.is_two_sided() {
        return Vec::new();
    }
    let early = occurrences(context, Violation::FinWithDataOutstanding)
        .filter(|(subflow, role, times)| is_last(context, subflow, *role, times.first));
    let found = early.map(|(subflow, role, times)| {
        let summary = format!(
            "{} sent the FIN of its last subflow ({}) while {} were not acknowledged at the data \
                level. They cannot be sent again.",
            capitalised(host(role)),
            packet(times.first),
            units::bytes(times.bytes),
        );
        Finding::new(Code::FinWithDataOutstanding, summary)
            .on(subflow)
            .from(role)
            .seen([times.first])
            .with("bytes", times.bytes)
            .confidence(Confidence::Likely)
            .why("The sender's stack closes too early, or a middlebox forged the FIN.")
            .advice("Compare with a capture at that host.")
    });
    found.collect()
}

/// Whether no other subflow was open for `role` at that moment.
fn is_last(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    role: Role,
    at: PacketStamp,
) -> bool {
    let mut others = context.subflows.iter().filter(|other| other.number != subflow.number);
    !others.any(|other| {
        other.is_confirmed()
            && other.first.packet < at.packet
            && ended(other, role).is_none_or(|ended| ended.packet > at.packet)
    })
}
