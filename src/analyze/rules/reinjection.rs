//! Data that was sent again, on another subflow or on its own under other numbers.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::dead_path::death;
use crate::analyze::evidence::is_backup;
use crate::analyze::evidence::occurrences::{Occurrence, per_sender, place};
use crate::analyze::evidence::stripped::stripped;
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::state::ConnectionState;
use crate::analyze::words::{capitalised, host, packet};
use crate::track::event::{Event, EventKind, Resent};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::track::violations::Violation;
use crate::units;

/// Waste is worth a warning from this many bytes on…
const MUCH_WASTE: u64 = 1_000_000;

/// … if it is at least this part of the stream: one in five.
const WASTE_SHARE: u64 = 5;

/// Data that was sent again on another subflow.
pub(super) fn reinjection(context: &ConnectionContext<'_>) -> Vec<Finding> {
    Role::BOTH.into_iter().filter_map(|role| reinjected(context, role)).collect()
}

fn reinjected(context: &ConnectionContext<'_>, sender: Role) -> Option<Finding> {
    let sum =
        |count: fn(&Subflow, Role) -> u64| context.subflows.iter().map(|s| count(s, sender)).sum();
    let bytes: u64 = sum(|subflow, role| subflow.sides.of(role).bytes.reinjected);
    let stream: u64 = sum(|subflow, role| subflow.sides.of(role).bytes.new_data);
    if bytes == 0 || is_redundant(context, sender) {
        return None;
    }
    let pairs = &context.connection.data.of(sender).level_stats().reinjections;
    // Where packets are not in the order of their times, nobody knows which copy came first.
    let in_order = pairs.iter().filter(|_| !context.connection.out_of_order);
    let wasted: u64 = in_order.map(|pair| pair.wasted).sum();
    let share = units::percentage(bytes, stream).unwrap_or_default();
    let waste = match wasted {
        0 => String::new(),
        _ => format!(
            ". {} of this was wasted: already acknowledged on the first subflow",
            units::bytes(wasted)
        ),
    };
    let summary = format!(
        "{} sent {} again on another subflow ({share} of the stream{}){waste}.",
        capitalised(host(sender)),
        units::bytes(bytes),
        why(context, sender),
    );
    let runs: Vec<_> = resent(context, sender).collect();
    let packets = runs.iter().flat_map(|(event, run)| [event.seen, run.last]);
    let segments: u64 = runs.iter().map(|(_, run)| run.segments).sum();
    let is_much = wasted >= MUCH_WASTE && wasted >= stream / WASTE_SHARE;
    let finding = Finding::new(Code::Reinjection, summary)
        .severity(if is_much { Severity::Warning } else { Severity::Note })
        .from(sender)
        .seen(packets)
        .times(segments.max(1))
        .with("bytes", bytes)
        .with("wasted_bytes", wasted)
        .with("stream_bytes", stream);
    Some(if is_much {
        finding
            .why("The paths differ so much that data is sent twice.")
            .advice("Make the slow path a backup, or look at its losses and queues.")
    } else {
        finding
    })
}

/// What happened to the subflow that had carried most of it before.
fn why(context: &ConnectionContext<'_>, sender: Role) -> String {
    let pairs = &context.connection.data.of(sender).level_stats().reinjections;
    let from = pairs.iter().max_by_key(|pair| pair.bytes).and_then(|pair| pair.from);
    let from = from.and_then(|number| context.subflows.iter().find(|s| s.number == number));
    let Some(subflow) = from else { return String::new() };
    let number = subflow.number;
    let first = resent(context, sender).next().map(|(event, _)| event.seen.packet);
    let before = |seen: PacketStamp| first.is_some_and(|first| seen.packet < first);
    if subflow.reset.is_some_and(|reset| before(reset.seen)) {
        return format!(", after subflow {number} was reset");
    }
    if is_backup(subflow) {
        return format!(", subflow {number} is a backup");
    }
    let side = subflow.sides.of(sender);
    if side.bytes.retransmitted > 0 {
        return format!(", subflow {number} lost segments or timed out");
    }
    format!(", first sent on subflow {number}")
}

/// Runs of segments that another subflow had carried.
fn resent<'a>(
    context: &ConnectionContext<'a>,
    sender: Role,
) -> impl Iterator<Item = (&'a Event, &'a Resent)> {
    context.connection.events.iter().filter_map(move |event| match &event.kind {
        EventKind::Resent(run) if event.direction.sender() == sender => Some((event, run)),
        _ => None,
    })
}

/// The same data sequence numbers with other bytes (RFC 8684 §3.3.1: the first copy is delivered).
pub(super) fn reinjection_differs(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, times): Occurrence<'_>| {
        format!(
            "{} sent again by {} on subflow {} ({}) {} different from what another subflow carried \
                under the same data sequence numbers. One path changes data.",
            capitalised(&units::counted(times.count, "segment")),
            host(role),
            subflow.number,
            place(&times),
            if times.count == 1 { "is" } else { "are" },
        )
    };
    let advice = "Find the device that changes payload on one of the paths: a proxy, a NAT helper \
        or DPI. DSS checksums (`sysctl net.mptcp.checksum_enabled=1`) reject such data.";
    let found = per_sender(context, Code::ReinjectionDiffers, Violation::ReinjectionDiffers, say);
    let judged = found.into_iter().map(|finding| match finding.count {
        // A single one may have been damaged on a link: TCP's own checksum drops it.
        1 => finding.severity(Severity::Note).confidence(Confidence::Possible),
        _ => finding.confidence(Confidence::Likely),
    });
    judged.map(|finding| finding.advice(advice)).collect()
}

/// A hole on a subflow where another subflow carried the data instead. (RFC 8684 §3.3.6: the original
/// has to be sent again as well, or middleboxes see a hole for ever.)
pub(super) fn original_not_resent(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let is_over = context.state == ConnectionState::Closed && context.connection.fallback.is_none();
    if !is_over || context.lacks_packets() || !context.is_two_sided() {
        return Vec::new();
    }
    let left = |subflow: &Subflow, role: Role| {
        let pairs = &context.connection.data.of(role).level_stats().reinjections;
        let is_source = pairs.iter().any(|pair| pair.from == Some(subflow.number));
        let side = subflow.sides.of(role);
        let hole = side.sequence.range_set().holes().find(|hole| hole.end > side.acked)?;
        (is_source && subflow.reset.is_none()).then(|| {
            let summary = format!(
                "{} on subflow {} of {} was reinjected on another subflow and never resent on this \
                    one.",
                capitalised(&units::bytes(hole.len())),
                subflow.number,
                host(role),
            );
            Finding::new(Code::OriginalNotResent, summary)
                .on(subflow)
                .from(role)
                .seen(side.sender_stats.last())
                .confidence(Confidence::Possible)
        })
    };
    context.sides().filter_map(|(subflow, role)| left(subflow, role)).collect()
}

/// Data mapped again on its own subflow: Linux sends everything in flight again after a failed join.
pub(super) fn remapping(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let remapped = |subflow: &Subflow, role: Role| {
        let bytes = subflow.sides.of(role).bytes.remapped;
        if bytes == 0 {
            return None;
        }
        let remapped = subflow.sides.of(role).violations.of(Violation::Remapped);
        let refused = remapped.and_then(|times| {
            let refused = refused_before(context, times.first)?;
            refused_before(context, times.last).map(|_| refused)
        });
        let after = match refused {
            Some(seen) => {
                format!(". Linux does that when a join is refused ({})", packet(seen))
            }
            None => String::new(),
        };
        let summary = format!(
            "{} resent {} on subflow {} as new TCP data (not a TCP retransmission){after}.",
            capitalised(host(role)),
            units::bytes(bytes),
            subflow.number
        );
        let times = remapped.into_iter().flat_map(|times| [times.first, times.last]);
        Some(
            Finding::new(Code::Remapping, summary)
                .on(subflow)
                .from(role)
                .seen(refused.into_iter().chain(times))
                .times(remapped.map_or(1, |times| times.count))
                .with("bytes", bytes),
        )
    };
    context.sides().filter_map(|(subflow, role)| remapped(subflow, role)).collect()
}

/// The RST that refused a join shortly before.
fn refused_before(context: &ConnectionContext<'_>, seen: PacketStamp) -> Option<PacketStamp> {
    /// What is in flight is sent again at once, and takes its time.
    const SOON_NS: i64 = 500_000_000;
    let soon = SOON_NS.max(2 * context.longest_rtt_ns().unwrap_or(0));
    let refused = context.joins().filter(|join| !join.is_confirmed());
    let resets = refused.filter_map(|join| join.reset.map(|reset| reset.seen));
    let mut before =
        resets.filter(|reset| reset.packet < seen.packet && seen.at.since(reset.at) <= soon);
    before.next()
}

/// (Almost) all data on every subflow.
pub(super) fn redundant_scheduler(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let senders = Role::BOTH.into_iter().filter(|role| is_redundant(context, *role));
    let found = senders.map(|role| {
        let summary = format!(
            "{} sent nearly all data on every subflow: consistent with a redundant scheduler.",
            capitalised(host(role))
        );
        let first = context.subflows.iter().filter_map(|s| s.sides.of(role).first_data);
        Finding::new(Code::RedundantScheduler, summary)
            .from(role)
            .seen(first)
            .confidence(Confidence::Likely)
    });
    found.collect()
}

/// Whether (almost) all data was sent on every subflow.
fn is_redundant(context: &ConnectionContext<'_>, sender: Role) -> bool {
    /// Less data than this says nothing of a scheduler.
    const FEW: u64 = 20_000;
    let bytes = context.confirmed().map(|subflow| subflow.sides.of(sender).bytes);
    let stream: u64 = bytes.clone().map(|bytes| bytes.new_data).sum();
    // What was lost on a path is sent again on another, whatever the scheduler.
    let is_lost = |subflow: &Subflow| {
        stripped(context, subflow).is_some() || death(context, subflow).is_some()
    };
    if context.confirmed().any(is_lost) {
        return false;
    }
    let mut carried = bytes.clone().map(|bytes| bytes.new_data + bytes.reinjected);
    bytes.count() > 1 && stream > FEW && carried.all(|carried| carried * 10 >= stream * 8)
}
