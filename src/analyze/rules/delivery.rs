//! Data that had to wait for an acknowledgment, for other data, or for room in the window.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::occurrences::{Occurrence, per_sender, place};
use crate::analyze::evidence::silence::{Silence, silence};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::stalls::{self, EndedBy, Stall};
use crate::analyze::words::{capitalised, host, list, packet};
use crate::track::event::{Event, EventKind};
use crate::track::role::Role;
use crate::track::subflow::Subflow;
use crate::track::violations::Violation;
use crate::units;

/// Data stayed unacknowledged while nothing moved (RFC 8684 §3.3.6 says what to do then).
pub(super) fn data_stall(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if context.connection.fallback.is_some() || context.lacks_packets() {
        return Vec::new();
    }
    let limit = stalls::limit_ns(context);
    let mut found = Vec::new();
    for role in Role::BOTH {
        let is_shown = |stall: &Stall| match stall.ended_by {
            EndedBy::CaptureEnd | EndedBy::Now => true,
            _ => stall.repeats > 0 || was_sent_again(context, role),
        };
        let mut stalls = stalls::of(context, role);
        stalls.retain(|s| s.duration_ns > limit && !s.window_closed && is_shown(s));
        // One that nothing ended is worse than the longest.
        let worst = stalls
            .iter()
            .max_by_key(|stall| (stall.ended_by != EndedBy::Progress, stall.duration_ns));
        found.extend(worst.map(|stall| stalled(context, role, stall, stalls.len() as u64)));
    }
    found
}

fn stalled(context: &ConnectionContext<'_>, role: Role, stall: &Stall, times: u64) -> Finding {
    let paths = PathsInStall::of(context, role, stall);
    let summary = format!(
        "{} stayed unacknowledged for {}{}{}.{}",
        capitalised(&format!("{}data of {}", paths.before(), host(role))),
        units::duration(stall.duration_ns),
        paths.although(),
        until(context, stall),
        outstanding(stall),
    );
    let ending = stall.end.or_else(|| {
        let is_end = |event: &&Event| {
            event.seen.at == stall.until() && matches!(event.kind, EventKind::Stall { .. })
        };
        context.connection.events.iter().find(is_end).map(|event| event.seen)
    });
    let repeats = context.connection.data.of(role).level_stats().repeats.as_deref();
    let repeats = repeats.filter(|_| stall.repeats > 0 && stall.ended_by != EndedBy::Progress);
    let repeats = repeats.into_iter().flat_map(|repeats| [repeats.first, repeats.last]);
    let mut finding = Finding::new(Code::DataStall, summary)
        .from(role)
        .seen(repeats.chain(ending))
        .times(times)
        .with("duration_ns", stall.duration_ns.unsigned_abs())
        .with("ended_by", stall.ended_by.name())
        .with("outstanding_bytes", stall.outstanding)
        .with("repeats", stall.repeats)
        .advice(paths.advice());
    finding.at = Some(stall.start);
    finding
}

/// How a stall ended, if not by progress.
fn until(context: &ConnectionContext<'_>, stall: &Stall) -> String {
    let seen = stall.end.map(|end| format!(" ({})", packet(end))).unwrap_or_default();
    match stall.ended_by {
        EndedBy::Progress => String::new(),
        EndedBy::Close => format!(", until the connection was closed{seen}"),
        EndedBy::FastClose => {
            let who = context.connection.fast_close.map_or("a host", |close| host(close.from));
            format!(", until {who} ended the connection with MP_FASTCLOSE{seen}")
        }
        EndedBy::Reset => format!(", until the RST of the last subflow{seen}"),
        EndedBy::CaptureEnd => ", until the end of the capture".to_owned(),
        EndedBy::Now => " so far".to_owned(),
    }
}

/// What was outstanding, where nothing came of it.
fn outstanding(stall: &Stall) -> String {
    if stall.ended_by == EndedBy::Progress {
        return String::new();
    }
    let bytes = units::bytes(stall.outstanding);
    match stall.repeats {
        0 => format!(" {bytes} were outstanding."),
        repeats => format!(
            " {bytes} were outstanding; the oldest of them were sent again {}.",
            units::counted(repeats, "time")
        ),
    }
}

/// What the subflows did while data of a host stood still.
struct PathsInStall {
    /// How many there were.
    open: usize,
    /// Those on which the peer was not heard any more.
    dead: Vec<u32>,
    /// Those on which it was heard again later.
    silent: Vec<u32>,
    /// Those on which it was heard.
    alive: Vec<u32>,
    /// The one that was opened meanwhile, and carried on.
    opened: Option<u32>,
}

impl PathsInStall {
    fn of(context: &ConnectionContext<'_>, sender: Role, stall: &Stall) -> Self {
        let until = stall.until();
        let is_open = |subflow: &&Subflow| {
            subflow.first.at <= stall.start
                && subflow.reset.is_none_or(|reset| {
                    // One that was reset long before has nothing to do with it.
                    stall.start.since(reset.seen.at) < stalls::limit_ns(context)
                })
        };
        let mut paths =
            Self { open: 0, dead: Vec::new(), silent: Vec::new(), alive: Vec::new(), opened: None };
        for subflow in context.confirmed().filter(is_open) {
            paths.open += 1;
            let list = match silence(subflow, sender, stall.start, until) {
                Silence::Ended => &mut paths.dead,
                Silence::Interrupted => &mut paths.silent,
                Silence::Heard => &mut paths.alive,
                Silence::Idle => continue,
            };
            list.push(subflow.number);
        }
        let is_new =
            |subflow: &&Subflow| subflow.first.at > stall.start && subflow.first.at < until;
        paths.opened = context.confirmed().find(is_new).map(|subflow| subflow.number);
        paths
    }

    /// What comes before the fact.
    fn before(&self) -> String {
        let is_told = self.open > 1 || self.opened.is_some();
        match (self.dead.as_slice(), self.silent.as_slice()) {
            ([], []) => String::new(),
            ([], silent) if is_told => format!("while {}, ", were(silent, "silent")),
            (dead, _) if is_told => format!("after {} died, ", subflows(dead)),
            _ => String::new(),
        }
    }

    /// What could have carried the data, or did in the end.
    fn although(&self) -> String {
        match (self.alive.as_slice(), self.opened) {
            ([], Some(opened)) => format!(", until subflow {opened} was opened"),
            (alive, _) if !alive.is_empty() && self.dead.len() + self.silent.len() > 0 => {
                format!(" although {}", were(alive, "up"))
            }
            _ => String::new(),
        }
    }

    fn advice(&self) -> &'static str {
        if self.dead.is_empty() && self.silent.is_empty() {
            return "The peer was heard but did not acknowledge this data. Look for loss on the \
                path, and for a middlebox that removes DATA_ACKs from ACKs (capture at both \
                ends).";
        }
        if self.open == 1 && self.opened.is_none() {
            return "The only path died, or drops these packets: `ping` the other host, also with \
                full-size packets (`ping -M do -s 1472 ADDRESS`). A second path would have kept \
                the transfer going.";
        }
        if self.dead.is_empty() && self.alive.is_empty() {
            return "All paths failed at once. Look for what they share: a link, a tunnel or a \
                router.";
        }
        "A path died, and TCP waited for its timeouts before the data was sent on another one. \
            Remove the address of a dead link at once (`ip mptcp endpoint delete id N`; \
            NetworkManager does), or look for loss on the only path."
    }
}

/// `subflow 0`, `subflows 0 and 1`.
fn subflows(numbers: &[u32]) -> String {
    let names: Vec<_> = numbers.iter().map(u32::to_string).collect();
    format!("subflow{} {}", if numbers.len() == 1 { "" } else { "s" }, list(&names))
}

/// `subflow 0 was up`, `subflows 0 and 1 were up`.
fn were(numbers: &[u32], what: &str) -> String {
    let verb = if numbers.len() == 1 { "was" } else { "were" };
    format!("{} {verb} {what}", subflows(numbers))
}

/// Whether data of `role` was sent again, or came late. Otherwise it was acknowledged all the time, by
/// packets that the capture does not have.
fn was_sent_again(context: &ConnectionContext<'_>, role: Role) -> bool {
    let sides = context.subflows.iter().map(|subflow| subflow.sides.of(role));
    let late = context.connection.data.of(role).level_stats().out_of_order;
    late > 0
        || sides.map(|side| side.bytes).any(|b| b.retransmitted + b.reinjected + b.remapped > 0)
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
            "{} segments of {} waited for data from another path. Wait: median {}, p95 {}, max \
                {}.",
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
                .why("The paths differ much in delay or loss.")
                .advice(
                    "Make the slow path a backup, or give the receiver a larger buffer (`sysctl \
                     net.ipv4.tcp_rmem`).",
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
    let connection = context.connection;
    let limited = |sender: Role| {
        let data = connection.data.of(sender);
        let window = data.level_stats().window?;
        // This sender has data until its own DATA_FIN.
        let fin = data.fin().map(|fin| fin.seen.at);
        let close = connection.fast_close.map(|close| close.seen.at);
        let end = fin.into_iter().chain(close).min().unwrap_or(connection.last.at);
        let lasted = end.since(connection.first.at);
        let still = window.zero_since.map_or(0, |since| end.since(since).max(0));
        let zero_ns = (window.zero_ns + still).min(lasted);
        if zero_ns <= lasted / SHARE || lasted <= 0 {
            return None;
        }
        let share = units::percentage(zero_ns.unsigned_abs(), lasted.unsigned_abs())?;
        let summary = format!(
            "{} offered no room to receive for {} ({share} of the time): {} had to wait.",
            capitalised(host(sender.peer())),
            units::duration(zero_ns),
            host(sender)
        );
        Some(
            Finding::new(Code::ReceiveWindowLimited, summary)
                .from(sender.peer())
                .times(window.zero_count)
                .with("zero_ns", zero_ns.unsigned_abs())
                .why("The application there reads too slowly, or its buffer is too small.")
                .advice(
                    "Look at the application; give it a larger buffer (`sysctl \
                     net.ipv4.tcp_rmem`, SO_RCVBUF).",
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
    let advice = "A middlebox may rewrite windows (traffic shapers and TCP proxies do). Capture at \
        both ends. On that host: `sysctl net.ipv4.tcp_shrink_window=0` (Linux 6.5 and later; it is \
        the default).";
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
    let advice = "The receiver may drop it silently. A window that grew in a packet outside the \
        capture looks the same.";
    found.map(|finding| finding.confidence(Confidence::Likely).advice(advice)).collect()
}
