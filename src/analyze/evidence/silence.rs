//! When a host was not heard on a subflow.

use crate::track::role::Role;
use crate::track::subflow::Subflow;
use crate::wire::frame::Timestamp;

/// What is on its way may arrive this long after, if round trips are not longer.
const ON_THE_WAY_NS: i64 = 200_000_000;

/// How a host was silent on a subflow for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It was heard in that time.
    Heard,
    /// It was not, and there was nothing to answer.
    Idle,
    /// It did not answer for most of that time, and later it did.
    Interrupted,
    /// It did not answer any more, or a RST had ended the subflow.
    Ended,
}

/// Whether the peer of `sender` answered on a subflow from `from` to `until`.
pub(crate) fn silence(
    subflow: &Subflow,
    sender: Role,
    from: Timestamp,
    until: Timestamp,
) -> Silence {
    let slack = ON_THE_WAY_NS.max(subflow.handshake.rtt_ns().unwrap_or(0));
    let reset = subflow.reset.map(|reset| reset.seen.at);
    if reset.is_some_and(|at| at < until && at.since(from) <= slack) {
        return Silence::Ended;
    }
    let stats = &subflow.sides.of(sender.peer()).sender_stats;
    let is_early = |at: Timestamp| at.since(from) <= slack;
    let silent = if stats.last().is_none_or(|last| is_early(last.at)) {
        Silence::Ended
    } else {
        let was_silent = stats.longest_idle.is_some_and(|(before, ns)| {
            let after = Timestamp(before.at.0.saturating_add(ns));
            is_early(before.at) && after.since(from) > until.since(from) / 2
        });
        if !was_silent {
            return Silence::Heard;
        }
        Silence::Interrupted
    };
    if was_asked(subflow, sender) { silent } else { Silence::Idle }
}

/// Whether `sender` sent what has to be answered, and had no answer for long.
fn was_asked(subflow: &Subflow, sender: Role) -> bool {
    let side = subflow.sides.of(sender);
    side.unacknowledged(None) > 0 || side.repeats.is_some()
}
