//! Paths that carried no data, and paths that are worse than the others.

use super::single_path::{LARGE, LONG_NS};
use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::dead_path::death;
use crate::analyze::evidence::{end_of_data, ended, is_backup, payload, stream_bytes};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::stalls;
use crate::analyze::words::{host, list};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::units;
use crate::wire::mptcp::MptcpOption;

/// A path that stopped answering.
pub(super) fn path_died(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if context.lacks_packets() {
        return Vec::new();
    }
    let found = context.subflows.iter().filter_map(|subflow| {
        let death = death(context, subflow)?;
        let asked = death.silent.peer();
        let (here, there) =
            (subflow.sides.of(asked).endpoint.address, subflow.sides.of(death.silent).endpoint.address);
        let summary = format!(
            "The path from {here} to {there} (subflow {}) died after packet {}: {} sent there {} again until \
             packet {} and got no answer.{}",
            subflow.number,
            death.last_heard.packet,
            host(asked),
            units::counted(death.repeats, "time"),
            death.last.packet,
            match death.too_large {
                Some(bytes) => format!(" Or it lets no packets of {} pass.", units::bytes(bytes)),
                None if delivered(subflow) => String::new(),
                None => " It never carried data before.".to_owned(),
            },
        );
        let is_smooth = delivered(subflow) && !has_long_stall(context);
        Some(
            Finding::new(Code::PathDied, summary)
                .severity(if is_smooth { Severity::Note } else { Severity::Warning })
                .confidence(if death.is_certain { Confidence::Certain } else { Confidence::Likely })
                .on(subflow)
                .from(asked)
                .seen([death.last_heard, death.first, death.last])
                .with("repeats", death.repeats)
                .with("delivered", u64::from(delivered(subflow)))
                .advice(
                    "See whether the link, the route or a NAT on this path is gone: `ping -I ADDRESS` from its \
                     address to the other host. A path that dies without a word costs timeouts: remove its \
                     address at once (`ip mptcp endpoint delete id N`; NetworkManager does).",
                ),
        )
    });
    found.collect()
}

/// Whether data got through on a subflow in any direction.
fn delivered(subflow: &Subflow) -> bool {
    Role::BOTH.iter().any(|role| {
        let side = subflow.sides.of(*role);
        side.acked > 1 && side.bytes.payload > 0
    })
}

/// Whether the transfer stalled for so long that a user notices.
fn has_long_stall(context: &ConnectionContext<'_>) -> bool {
    let limit = stalls::limit_ns(context);
    let stalls = Role::BOTH.into_iter().flat_map(|role| stalls::of(context, role));
    stalls.into_iter().any(|stall| stall.duration_ns > limit && !stall.window_closed)
}

/// An established subflow that never carried data, beside others that did.
pub(super) fn path_unused(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let idle = |subflow: &&Subflow| {
        let after_join = end_of_data(context).since(subflow.first.at);
        payload(subflow) == 0 && !is_backup(subflow) && after_join > LONG_NS / 2
    };
    let all: Vec<_> = context.confirmed().filter(idle).collect();
    let is_plain = context.connection.fallback.is_some();
    if all.is_empty() || is_plain || stream_bytes(context) < LARGE || !context.is_two_sided() {
        return Vec::new();
    }
    let numbers: Vec<_> = all.iter().map(|subflow| subflow.number.to_string()).collect();
    let summary = format!(
        "{} {} {} established and carried nothing of the {}.",
        if all.len() == 1 { "Subflow" } else { "Subflows" },
        list(&numbers),
        if all.len() == 1 { "was" } else { "were" },
        units::bytes(stream_bytes(context))
    );
    vec![
        Finding::new(Code::PathUnused, summary)
            .on_only(&all)
            .seen(all.iter().filter_map(|subflow| subflow.handshake.ack))
            .times(all.len() as u64)
            .why("Normal where the first path has enough capacity: the scheduler prefers it."),
    ]
}

/// Data on a backup subflow.
pub(super) fn backup_used(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let has_prio = context.options().any(|(_, option)| matches!(option, MptcpOption::MpPrio(_)));
    // MP_PRIO changes what is a backup, and when it did so is not kept.
    if has_prio || context.connection.fallback.is_some() {
        return Vec::new();
    }
    let used = context.subflows.iter().filter(|s| is_backup(s) && payload(s) > 0);
    let found = used.map(|subflow| {
        let first = Role::BOTH.map(|role| subflow.sides.of(role).first_data);
        let first = first.into_iter().flatten().min_by_key(|seen| seen.packet);
        let is_regular_open = context.subflows.iter().any(|other| {
            let is_before =
                |seen: PacketStamp| first.is_some_and(|first| seen.packet < first.packet);
            let is_over = ended(other, Role::Client).is_some_and(is_before);
            !is_backup(other) && other.is_confirmed() && is_before(other.first) && !is_over
        });
        let bytes = payload(subflow);
        let dead = context.subflows.iter().find(|other| {
            let is_dead =
                || death(context, other).is_some() || is_repaired_by(context, other, subflow);
            !is_backup(other) && other.is_confirmed() && is_dead()
        });
        let when = if let Some(dead) = dead.filter(|_| is_regular_open) {
            let number = dead.number;
            if death(context, dead).is_some() {
                format!("when the path of subflow {number}, a regular one, died")
            } else {
                format!("while subflow {number}, a regular one, lost data")
            }
        } else if is_regular_open {
            "while a regular one was open".to_owned()
        } else {
            "after the regular ones were gone".to_owned()
        };
        let summary =
            format!("{} used subflow {}, a backup, {when}.", units::bytes(bytes), subflow.number);
        Finding::new(Code::BackupUsed, summary)
            .on(subflow)
            .seen(first)
            .with("bytes", bytes)
            .with("regular_open", u64::from(is_regular_open))
    });
    found.collect()
}

/// Whether data that was lost on a subflow was sent again on the other.
fn is_repaired_by(context: &ConnectionContext<'_>, lossy: &Subflow, other: &Subflow) -> bool {
    Role::BOTH.iter().any(|role| {
        let pairs = &context.connection.data.of(*role).level_stats().reinjections;
        let is_pair = pairs.iter().any(|pair| {
            pair.from == Some(lossy.number) && pair.to == other.number && pair.wasted < pair.bytes
        });
        is_pair && lossy.sides.of(*role).bytes.retransmitted > 0
    })
}

/// A path whose round trips or losses are much worse than those of all others.
pub(super) fn path_degraded(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for role in Role::BOTH {
        // Where times go back, neither round trips nor repetitions mean anything.
        let is_busy = |subflow: &Subflow| {
            !subflow.out_of_order && subflow.sides.of(role).bytes.payload >= LARGE / 2
        };
        let busy: Vec<_> = context.subflows.iter().copied().filter(|s| is_busy(s)).collect();
        found.extend(slow_path(&busy, role));
        found.extend(lossy_path(&busy, role));
    }
    found
}

const DEGRADED: &str = "If that path only delays the others, make it a backup (`ip mptcp endpoint \
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

/// A share of lost bytes more than three times that of every other.
fn lossy_path(busy: &[&Subflow], role: Role) -> Option<Finding> {
    /// One lost byte in fifty does no harm.
    const FEW: u64 = 50;
    /// Fewer lost segments than this are chance.
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

/// Bytes that were lost. Near the sender they are seen twice, near the receiver they come late.
fn lost(subflow: &Subflow, role: Role) -> u64 {
    let side = subflow.sides.of(role);
    let segment = u64::from(side.largest_payload.min(1460));
    side.bytes.retransmitted + side.sender_stats.out_of_order * segment
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
