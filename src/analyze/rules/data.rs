//! The data level: mappings, what was sent again, what stood still.

use super::paths::is_backup;
use super::words::{capitalised, host, packet};
use super::{ConnectionContext, addresses};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::state::ConnectionState;
use crate::track::event::{Event, EventKind, Resent};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::track::violations::Violation;
use crate::units;

/// From here on, waste is worth a warning: so many octets…
const MUCH_WASTE: u64 = 1_000_000;
/// … and one in so many of the stream.
const WASTE_SHARE: u64 = 5;

/// Payload outside any mapping on a subflow that must have one (RFC 8684 §3.3.1).
pub(super) fn mapping_missing(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for subflow in &context.subflows {
        for role in Role::BOTH {
            let end = subflow.sides.of(role);
            let octets = end.bytes.unmapped;
            // Midstream, the mapping may have come before the capture; cut options hide it.
            let is_told = !subflow.is_midstream() && !context.options_may_be_cut();
            let Some(first) = end.first_unmapped.filter(|_| is_told) else { continue };
            let summary = format!(
                "{} of {} on subflow {} have no mapping, from {} on: DSS options were taken out on the \
                 way.",
                units::bytes(octets),
                host(role),
                subflow.number,
                packet(first)
            );
            let reset = subflow.reset.map(|reset| reset.seen);
            found.push(
                Finding::new(Code::MappingMissing, summary)
                    .on(subflow)
                    .from(role)
                    .seen([first].into_iter().chain(reset))
                    .with("bytes", octets)
                    .advice(
                        "A middlebox on this path strips TCP options from data, or splits and joins \
                         segments: look for proxies and DPI on it.",
                    ),
            );
        }
    }
    found
}

/// Mappings that contradict each other (RFC 8684 §3.3.1: a mapping must not change).
pub(super) fn mapping_conflict(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for subflow in &context.subflows {
        for role in Role::BOTH {
            let end = subflow.sides.of(role);
            let count = end.mappings.conflicts();
            if count == 0 || subflow.is_midstream() {
                continue;
            }
            let summary = format!(
                "{} of {} on subflow {} {} octets that were mapped before to other data sequence \
                 numbers.",
                units::counted(count, "mapping"),
                host(role),
                subflow.number,
                if count == 1 { "covers" } else { "cover" },
            );
            found.push(
                Finding::new(Code::MappingConflict, summary)
                    .on(subflow)
                    .from(role)
                    .seen(end.first_conflict)
                    .times(count)
                    .advice("The sender's stack is broken, or something on the path rewrites DSS."),
            );
        }
    }
    found
}

/// A DATA_ACK past the DATA_FIN: nothing can be there (RFC 8684 §3.3.2).
pub(super) fn data_ack_beyond_sent(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let beyond = |sender: Role| {
        let data = context.connection.data.of(sender);
        let excess = data.acked_end()? - (data.fin()?.position + 1);
        let excess = u64::try_from(excess).ok().filter(|excess| *excess > 0)?;
        let summary = format!(
            "{} acknowledged {} beyond the DATA_FIN of {}.",
            capitalised(host(sender.peer())),
            units::bytes(excess),
            host(sender)
        );
        Some(
            Finding::new(Code::DataAckBeyondSent, summary)
                .from(sender.peer())
                .seen([data.fin()?.seen])
                .with("bytes", excess)
                .advice("A stack is broken, or something on the path rewrites DSS options."),
        )
    };
    Role::BOTH.into_iter().filter_map(beyond).collect()
}

/// Data that was sent again on another subflow.
pub(super) fn reinjection(context: &ConnectionContext<'_>) -> Vec<Finding> {
    Role::BOTH.into_iter().filter_map(|role| reinjected(context, role)).collect()
}

fn reinjected(context: &ConnectionContext<'_>, sender: Role) -> Option<Finding> {
    let sum =
        |count: fn(&Subflow, Role) -> u64| context.subflows.iter().map(|s| count(s, sender)).sum();
    let octets: u64 = sum(|subflow, role| subflow.sides.of(role).bytes.reinjected);
    let stream: u64 = sum(|subflow, role| subflow.sides.of(role).bytes.new_data);
    if octets == 0 || is_redundant(context, sender) {
        return None;
    }
    let pairs = &context.connection.data.of(sender).level_stats().reinjections;
    // Which came first is not known where the order of packets is not that of their times.
    let in_order = pairs.iter().filter(|_| !context.connection.out_of_order);
    let wasted: u64 = in_order.map(|pair| pair.wasted).sum();
    let share = units::percentage(octets, stream).unwrap_or_default();
    let waste = match wasted {
        0 => String::new(),
        _ => format!("; {} of it had been acknowledged on its first subflow", units::bytes(wasted)),
    };
    let summary = format!(
        "{} sent {} again on another subflow ({share} of the stream{}){waste}.",
        capitalised(host(sender)),
        units::bytes(octets),
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
        .with("bytes", octets)
        .with("wasted_bytes", wasted)
        .with("stream_bytes", stream);
    Some(if is_much {
        finding.advice(
            "The paths differ so much that data is sent twice: make the slow one a backup, or look \
             at its losses and queues.",
        )
    } else {
        finding
    })
}

/// What another subflow carried instead, and a hole on its own (RFC 8684 §3.3.6: it must be filled all
/// the same, or middleboxes see a hole for ever).
pub(super) fn original_not_resent(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let is_over = context.state == ConnectionState::Closed && context.connection.fallback.is_none();
    if !is_over || context.lacks_packets() || !context.is_two_sided() {
        return Vec::new();
    }
    let left = |subflow: &Subflow, role: Role| {
        let pairs = &context.connection.data.of(role).level_stats().reinjections;
        let is_source = pairs.iter().any(|pair| pair.from == Some(subflow.number));
        let end = subflow.sides.of(role);
        let hole = end.sequence.range_set().holes().find(|hole| hole.end > end.acked)?;
        (is_source && subflow.reset.is_none()).then(|| {
            let summary = format!(
                "{} on subflow {} of {} went on another subflow and never came on this one.",
                capitalised(&units::bytes(hole.len())),
                subflow.number,
                host(role),
            );
            Finding::new(Code::OriginalNotResent, summary)
                .on(subflow)
                .from(role)
                .seen(end.sender_stats.last())
                .confidence(Confidence::Possible)
        })
    };
    let pairs = context.subflows.iter().flat_map(|s| Role::BOTH.map(|role| (*s, role)));
    pairs.filter_map(|(subflow, role)| left(subflow, role)).collect()
}

/// Data mapped again on its own subflow: Linux sends everything in flight again after a failed join.
pub(super) fn remapping(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let remapped = |subflow: &Subflow, role: Role| {
        let octets = subflow.sides.of(role).bytes.remapped;
        if octets == 0 {
            return None;
        }
        let mut refused = context.joins().filter(|join| !join.is_confirmed());
        let refused = refused.find_map(|join| join.reset.map(|reset| reset.seen));
        let after = match refused {
            Some(seen) => {
                format!(": Linux does that when a join is refused ({})", packet(seen))
            }
            None => String::new(),
        };
        let summary = format!(
            "{} sent {} again on subflow {} under new subflow sequence numbers{after}.",
            capitalised(host(role)),
            units::bytes(octets),
            subflow.number
        );
        let noted = subflow.sides.of(role).violations.of(Violation::Remapped);
        Some(
            Finding::new(Code::Remapping, summary)
                .on(subflow)
                .from(role)
                .seen(refused.into_iter().chain(noted.map(|noted| noted.first)))
                .times(noted.map_or(1, |noted| noted.count))
                .with("bytes", octets),
        )
    };
    let pairs = context.subflows.iter().flat_map(|s| Role::BOTH.map(|role| (*s, role)));
    pairs.filter_map(|(subflow, role)| remapped(subflow, role)).collect()
}

/// What happened to the subflow that most of it was taken from.
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
    let end = subflow.sides.of(sender);
    if end.bytes.retransmitted > 0 {
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

/// Whether (almost) everything was sent on every subflow.
fn is_redundant(context: &ConnectionContext<'_>, sender: Role) -> bool {
    /// Too little to tell.
    const FEW: u64 = 20_000;
    let through: Vec<_> =
        context.subflows.iter().filter(|subflow| subflow.is_confirmed()).collect();
    let carried = |subflow: &Subflow| {
        let bytes = subflow.sides.of(sender).bytes;
        bytes.new_data + bytes.reinjected
    };
    let stream: u64 = through.iter().map(|s| s.sides.of(sender).bytes.new_data).sum();
    through.len() > 1
        && stream > FEW
        && through.iter().all(|subflow| carried(subflow) * 10 >= stream * 8)
}

/// (Almost) everything on every subflow.
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

/// Unacknowledged data, and nothing moves (RFC 8684 §3.3.6 on what to do then).
pub(super) fn data_stall(context: &ConnectionContext<'_>) -> Vec<Finding> {
    /// Shorter ones are TCP's own timeouts.
    const LONG_NS: i64 = 1_000_000_000;
    let connection = context.connection;
    if connection.fallback.is_some() || connection.out_of_order || context.lacks_packets() {
        return Vec::new();
    }
    let rtts = context.subflows.iter().filter_map(|subflow| subflow.handshake.rtt_ns());
    let limit = LONG_NS.max(4 * rtts.max().unwrap_or(0));
    let mut found = Vec::new();
    for role in Role::BOTH.into_iter().filter(|role| was_sent_again(context, *role)) {
        let delivery = context.connection.data.of(role).level_stats();
        let long = |stall: &&crate::track::data_level_stats::Stall| {
            stall.duration_ns > limit && !stall.window_closed
        };
        let stalls: Vec<_> = delivery.stalls.iter().filter(long).collect();
        let Some(longest) = stalls.iter().max_by_key(|stall| stall.duration_ns) else { continue };
        let end = longest.start.0.saturating_add(longest.duration_ns);
        let ending =
            context.connection.events.iter().find(|event| {
                event.seen.at.0 == end && matches!(event.kind, EventKind::Stall { .. })
            });
        let over = ending.map(|event| context.trace.subflow(event.subflow).number);
        let over = over.filter(|_| context.subflows.len() > 1);
        let over = over.map(|number| format!("; subflow {number} went on")).unwrap_or_default();
        let dead = dead_before(context, end).map(|number| format!(" after subflow {number} died"));
        let summary = format!(
            "Data of {} stood still for {} while it was not acknowledged{}{over}.",
            host(role),
            units::duration(longest.duration_ns),
            dead.unwrap_or_default()
        );
        let mut finding = Finding::new(Code::DataStall, summary)
            .from(role)
            .seen(ending.map(|event| event.seen))
            .times(stalls.len() as u64)
            .with("duration_ns", longest.duration_ns.unsigned_abs())
            .advice(
                "A path died and TCP waited for its timeouts before the data was sent on another: \
                 remove the address of a dead link at once (`ip mptcp endpoint delete id N`; \
                 NetworkManager does), or look for loss on the only path.",
            );
        finding.at = Some(longest.start);
        found.push(finding);
    }
    found
}

/// Whether data of `role` was sent again, or came late: without that it was acknowledged, by a packet
/// that the capture does not have.
fn was_sent_again(context: &ConnectionContext<'_>, role: Role) -> bool {
    let ends = context.subflows.iter().map(|subflow| subflow.sides.of(role));
    let late = context.connection.data.of(role).level_stats().out_of_order;
    late > 0 || ends.map(|end| end.bytes).any(|b| b.retransmitted + b.reinjected + b.remapped > 0)
}

/// A subflow on which nothing came any more before `end`, while others went on.
fn dead_before(context: &ConnectionContext<'_>, end: i64) -> Option<u32> {
    let is_dead = |subflow: &&&Subflow| {
        let outstanding =
            Role::BOTH.iter().any(|role| subflow.sides.of(*role).unacknowledged(None) > 0);
        let ended = subflow.reset.is_some_and(|reset| reset.seen.at.0 <= end);
        subflow.is_confirmed() && (outstanding || ended)
    };
    context.subflows.iter().find(is_dead).map(|subflow| subflow.number)
}

/// Data that waited at the receiver for data of another path.
pub(super) fn head_of_line_blocking(context: &ConnectionContext<'_>) -> Vec<Finding> {
    /// What nobody notices.
    const SHORT_NS: u64 = 20_000_000;
    /// What somebody complains about. (Two healthy paths with full queues make 0.7 s.)
    const LONG_NS: u64 = 1_000_000_000;
    let through = context.subflows.iter().filter(|subflow| subflow.is_confirmed()).count();
    let rtts = context.subflows.iter().filter_map(|subflow| subflow.handshake.rtt_ns());
    let slowest = rtts.max().and_then(|rtt| u64::try_from(rtt).ok());
    let is_told = through > 1 && !context.connection.out_of_order;
    let Some(slowest) = slowest.filter(|_| is_told) else { return Vec::new() };
    let blocked = |role: Role| {
        let waited = &context.connection.data.of(role).level_stats().head_of_line;
        let noticed = SHORT_NS.max(slowest);
        // No percentile is longer than the longest: most connections need none.
        let longest = waited.max()?;
        if longest < noticed || waited.count() < 10 {
            return None;
        }
        let [median, p95] = waited.percentiles([50, 95])?;
        if p95 < noticed || !is_at_receiver(context, role) {
            return None;
        }
        let is_long = p95 > LONG_NS && p95 > 4 * slowest;
        let duration = |ns: u64| units::duration(ns.cast_signed());
        let summary = format!(
            "{} segments of {} waited for data of another path: half of them up to {}, 95 % up to \
             {}, at most {}.",
            units::count(waited.count()),
            host(role),
            duration(median),
            duration(p95),
            duration(longest)
        );
        Some(
            Finding::new(Code::HeadOfLineBlocking, summary)
                .severity(if is_long { Severity::Warning } else { Severity::Note })
                .from(role)
                .seen(context.subflows.iter().filter_map(|s| s.sides.of(role).first_data))
                .times(waited.count())
                .with("p95_ns", p95)
                .advice(
                    "The paths differ much in delay or loss: make the slow one a backup, or give \
                     the receiver more buffer (`sysctl net.ipv4.tcp_rmem`).",
                ),
        )
    };
    Role::BOTH.into_iter().filter_map(blocked).collect()
}

/// Whether the capture was taken near the receiver of what `sender` sent: its answers take no time.
fn is_at_receiver(context: &ConnectionContext<'_>, sender: Role) -> bool {
    context.subflows.iter().all(|subflow| {
        let answer = subflow.sides.of(sender).round_trips.samples().min();
        let rtt = subflow.handshake.rtt_ns().and_then(|rtt| u64::try_from(rtt).ok());
        match (answer, rtt) {
            (Some(answer), Some(rtt)) => answer < rtt / 3,
            _ => true,
        }
    })
}

/// The receiver offered no room for a notable part of the time (RFC 8684 §3.3.4).
pub(super) fn receive_window_limited(context: &ConnectionContext<'_>) -> Vec<Finding> {
    /// One part in so many.
    const SHARE: i64 = 10;
    let lasted = addresses::end_of_data(context).since(context.connection.first.at);
    let limited = |sender: Role| {
        let window = context.connection.data.of(sender).level_stats().window?;
        if window.zero_ns <= lasted / SHARE || lasted <= 0 {
            return None;
        }
        let share = units::percentage(window.zero_ns.unsigned_abs(), lasted.unsigned_abs())?;
        let summary = format!(
            "{} offered no room to receive for {} ({share} of the time): {} had to wait.",
            capitalised(host(sender.peer())),
            units::duration(window.zero_ns),
            host(sender)
        );
        Some(
            Finding::new(Code::ReceiveWindowLimited, summary)
                .from(sender.peer())
                .times(window.zero_count)
                .with("zero_ns", window.zero_ns.unsigned_abs())
                .advice(
                    "The application there reads too slowly, or its buffer is too small: `sysctl \
                     net.ipv4.tcp_rmem`, SO_RCVBUF.",
                ),
        )
    };
    Role::BOTH.into_iter().filter_map(limited).collect()
}
