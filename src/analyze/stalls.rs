//! Times in which the data of one direction stood still: sent, not acknowledged, and nothing moved (RFC 8684
//! §3.3.6 says what a sender does then).

use super::context::ConnectionContext;
use super::state::ConnectionState;
use crate::track::data_level_stats;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::wire::frame::Timestamp;

/// Shorter stalls are TCP's own timeouts.
const LONG_NS: i64 = 1_000_000_000;

/// A stall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// The last progress before it.
    pub start: Timestamp,
    /// How long it lasted in nanoseconds.
    pub duration_ns: i64,
    /// What ended it.
    pub ended_by: EndedBy,
    /// The packet that ended it, where one did.
    pub end: Option<PacketStamp>,
    /// Bytes that were not acknowledged.
    pub outstanding: u64,
    /// How often the oldest of them came again.
    pub repeats: u64,
    /// Whether the receiver offered no room in the meantime.
    pub window_closed: bool,
}

/// What ended a stall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// New data, or an acknowledgment.
    Progress,
    /// FINs on all subflows.
    Close,
    /// MP_FASTCLOSE.
    FastClose,
    /// The RST of the last subflow.
    Reset,
    /// The capture ended first.
    CaptureEnd,
    /// Nothing: packets are still captured.
    Now,
}

impl EndedBy {
    /// Its name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Progress => "progress",
            Self::Close => "close",
            Self::FastClose => "fast_close",
            Self::Reset => "reset",
            Self::CaptureEnd => "capture_end",
            Self::Now => "now",
        }
    }
}

impl Stall {
    /// When it was over.
    pub fn until(&self) -> Timestamp {
        Timestamp(self.start.0.saturating_add(self.duration_ns))
    }
}

/// The stalls of what `sender` sends, in the order of time. None where that order is not known.
pub fn of(context: &ConnectionContext<'_>, sender: Role) -> Vec<Stall> {
    if context.connection.out_of_order {
        return Vec::new();
    }
    let stats = context.connection.data.of(sender).level_stats();
    let ended = stats.stalls.iter().map(|stall| Stall::new(stall, EndedBy::Progress, None));
    ended.chain(last(context, sender)).collect()
}

/// From how long on a stall is worth a word.
pub(super) fn limit_ns(context: &ConnectionContext<'_>) -> i64 {
    LONG_NS.max(4 * context.longest_rtt_ns().unwrap_or(0))
}

/// The stall that no progress ended.
fn last(context: &ConnectionContext<'_>, sender: Role) -> Option<Stall> {
    // After a fallback nothing acknowledges data but TCP.
    if context.connection.fallback.is_some() {
        return None;
    }
    let data = context.connection.data.of(sender);
    if let Some((ended_by, end)) = end_of_connection(context) {
        let stall = data.open_stall(end.at)?;
        return Some(Stall::new(&stall, ended_by, Some(end)));
    }
    let end = context.captured_until();
    let stall = data.open_stall(end)?;
    let ended_by = if context.is_going_on { EndedBy::Now } else { EndedBy::CaptureEnd };
    // A capture that is stopped in mid-transfer shows no stall: its last packets are on their way.
    let is_long = stall.duration_ns > limit_ns(context);
    (is_long && has_waited(context, sender, &stall, end))
        .then(|| Stall::new(&stall, ended_by, None))
}

impl Stall {
    fn new(stall: &data_level_stats::Stall, ended_by: EndedBy, end: Option<PacketStamp>) -> Self {
        Self {
            start: stall.start,
            duration_ns: stall.duration_ns,
            ended_by,
            end,
            outstanding: stall.outstanding,
            repeats: stall.repeats,
            window_closed: stall.window_closed,
        }
    }
}

/// Whether the sender repeated what was not acknowledged and got no answer, or should have.
fn has_waited(
    context: &ConnectionContext<'_>,
    sender: Role,
    stall: &data_level_stats::Stall,
    end: Timestamp,
) -> bool {
    let repeats = context.connection.data.of(sender).level_stats().repeats.as_deref();
    let first = repeats.filter(|_| stall.repeats > 0).map(|repeats| repeats.first.at);
    let rtt = context.longest_rtt_ns().unwrap_or(0);
    let is_unanswered = first.is_some_and(|first| end.since(first) > rtt);
    // Where TCP lacks an acknowledgment as well, its timeout has passed: the repeats do not come this
    // far, or the sender is gone.
    let timed_out = || {
        context.subflows.iter().any(|subflow| {
            let side = subflow.sides.of(sender);
            let is_open = subflow.is_confirmed() && !subflow.is_over();
            let last = subflow.last.at;
            is_open && side.unacknowledged(None) > 0 && end.since(last) > limit_ns(context)
        })
    };
    is_unanswered || timed_out()
}

/// How the connection ended, if it did, and the packet that ended it.
fn end_of_connection(context: &ConnectionContext<'_>) -> Option<(EndedBy, PacketStamp)> {
    if context.state == ConnectionState::FastClosed {
        let close = context.connection.fast_close?;
        return Some((EndedBy::FastClose, close.seen));
    }
    let mut used = context.confirmed().peekable();
    used.peek()?;
    let ends: Option<Vec<_>> = used.map(end_of).collect();
    let (is_reset, end) = ends?.into_iter().max_by_key(|(_, end)| end.packet)?;
    Some((if is_reset { EndedBy::Reset } else { EndedBy::Close }, end))
}

/// What ended a subflow, and whether that is a RST.
fn end_of(subflow: &Subflow) -> Option<(bool, PacketStamp)> {
    let fins = [subflow.sides.client.fin, subflow.sides.server.fin];
    match (subflow.reset, fins) {
        (_, [Some(client), Some(server)]) => {
            Some((false, if client.packet > server.packet { client } else { server }))
        }
        (Some(reset), _) => Some((true, reset.seen)),
        _ => None,
    }
}
