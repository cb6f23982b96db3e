//! Data that had to wait for an acknowledgment, for other data, or for room in the window.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::end_of_data;
use crate::analyze::evidence::occurrences::{Occurrence, per_sender, place};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::words::{capitalised, host};
use crate::track::data_level_stats::Stall;
use crate::track::event::EventKind;
use crate::track::role::Role;
use crate::track::subflow::Subflow;
use crate::track::violations::Violation;
use crate::units;

/// Data stayed unacknowledged while nothing moved (RFC 8684 §3.3.6 says what to do then).
pub(super) fn data_stall(context: &ConnectionContext<'_>) -> Vec<Finding> {
    /// Shorter stalls are TCP's own timeouts.
    const LONG_NS: i64 = 1_000_000_000;
    let connection = context.connection;
    if connection.fallback.is_some() || connection.out_of_order || context.lacks_packets() {
        return Vec::new();
    }
    let limit = LONG_NS.max(4 * context.longest_rtt_ns().unwrap_or(0));
    let mut found = Vec::new();
    for role in Role::BOTH.into_iter().filter(|role| was_sent_again(context, *role)) {
        let stats = context.connection.data.of(role).level_stats();
        let long = |stall: &&Stall| stall.duration_ns > limit && !stall.window_closed;
        let stalls: Vec<_> = stats.stalls.iter().filter(long).collect();
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

/// Whether data of `role` was sent again, or came late. Otherwise it was acknowledged all the time, by
/// packets that the capture does not have.
fn was_sent_again(context: &ConnectionContext<'_>, role: Role) -> bool {
    let sides = context.subflows.iter().map(|subflow| subflow.sides.of(role));
    let late = context.connection.data.of(role).level_stats().out_of_order;
    late > 0
        || sides.map(|side| side.bytes).any(|b| b.retransmitted + b.reinjected + b.remapped > 0)
}

/// A subflow that did not outlive `end`: a RST ended it, or its last data was never acknowledged.
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
    /// Shorter waits are not noticed.
    const SHORT_NS: u64 = 20_000_000;
    /// Longer waits are complained about. (Two healthy paths with full queues make 0.7 s.)
    const LONG_NS: u64 = 1_000_000_000;
    let slowest = context.longest_rtt_ns().and_then(|rtt| u64::try_from(rtt).ok());
    let is_known = context.confirmed().count() > 1 && !context.connection.out_of_order;
    let Some(slowest) = slowest.filter(|_| is_known) else { return Vec::new() };
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

/// The receiver's window was closed for a notable part of the time (RFC 8684 §3.3.4).
pub(super) fn receive_window_limited(context: &ConnectionContext<'_>) -> Vec<Finding> {
    /// A tenth of the time is notable.
    const SHARE: i64 = 10;
    let lasted = end_of_data(context).since(context.connection.first.at);
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

/// The right edge of the window moved back (RFC 8684 §3.3.4: must not; middleboxes do it).
pub(super) fn window_shrunk(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, times): Occurrence<'_>| {
        format!(
            "{} took back up to {} of the receive window that it had offered on subflow {} ({}).",
            capitalised(host(role)),
            units::bytes(times.bytes),
            subflow.number,
            place(&times),
        )
    };
    let found = per_sender(context, Code::WindowShrunk, Violation::WindowShrunk, say).into_iter();
    let advice = "Something on the path may rewrite windows (traffic shapers and TCP proxies do): \
        capture at both ends. On that host: `sysctl net.ipv4.tcp_shrink_window=0` \
        (Linux 6.5 and later; it is the default).";
    found.map(|finding| finding.confidence(Confidence::Likely).advice(advice)).collect()
}

/// Data past the receive window of the data level (RFC 8684 §3.3.5).
pub(super) fn data_beyond_window(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if context.lacks_packets() {
        return Vec::new();
    }
    let say = |(subflow, role, times): Occurrence<'_>| {
        format!(
            "{} sent up to {} past the receive window of {} on subflow {} ({}).",
            capitalised(host(role)),
            units::bytes(times.bytes),
            host(role.peer()),
            subflow.number,
            place(&times),
        )
    };
    let found =
        per_sender(context, Code::DataBeyondWindow, Violation::BeyondWindow, say).into_iter();
    let advice = "The receiver may drop it without a word. A window that grew in a packet that is \
        not in the capture looks the same.";
    found.map(|finding| finding.confidence(Confidence::Likely).advice(advice)).collect()
}
