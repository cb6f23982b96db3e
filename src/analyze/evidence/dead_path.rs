//! Paths that stopped answering: what was sent there again and again, and never answered.

use crate::analyze::context::ConnectionContext;
use crate::analyze::stalls;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;

/// Repeats without an answer. A single lost answer explains one.
const FEW: u64 = 2;

/// A subflow on which a host was not heard any more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Death {
    /// Who was not heard any more.
    pub(crate) silent: Role,
    /// Its last packet there.
    pub(crate) last_heard: PacketStamp,
    /// The first repeat of the other host after it.
    pub(crate) first: PacketStamp,
    /// The last one.
    pub(crate) last: PacketStamp,
    /// How many there were.
    pub(crate) repeats: u64,
    /// How many bytes came again at once, where the path may only be too narrow for them.
    pub(crate) too_large: Option<u64>,
    /// Whether they prove it by themselves.
    pub(crate) is_certain: bool,
}

/// When and how the path of a subflow died, if packets show it.
pub(crate) fn death(context: &ConnectionContext<'_>, subflow: &Subflow) -> Option<Death> {
    let is_known = context.connection.fallback.is_none()
        && context.is_two_sided()
        && !subflow.out_of_order
        && subflow.is_confirmed()
        && !(subflow.sides.client.fin.is_some() && subflow.sides.server.fin.is_some());
    if !is_known {
        return None;
    }
    let find = |silent: Role| {
        unanswered(context, subflow, silent).or_else(|| left_behind(context, subflow, silent))
    };
    Role::BOTH.into_iter().find_map(find)
}

/// The oldest bytes were repeated for long, and the peer was not heard.
///
/// Full segments on a path with a smaller MTU look alike: small ones pass there, and the peer is heard between
/// the repeats, or nothing of that size was ever acknowledged.
fn unanswered(context: &ConnectionContext<'_>, subflow: &Subflow, silent: Role) -> Option<Death> {
    /// So few bytes pass everywhere.
    const SMALL: u64 = 500;
    let side = subflow.sides.of(silent.peer());
    let repeats = side.repeats.as_deref()?;
    let last_heard = subflow.sides.of(silent).sender_stats.last()?;
    // A RST of either host ends what can be waited for.
    let end = subflow.reset.map_or_else(|| context.captured_until(), |reset| reset.seen.at);
    let is_long = repeats.count >= FEW
        && last_heard.packet < repeats.first.packet
        && end.since(repeats.first.at) > stalls::limit_ns(context);
    let has_passed = repeats.bytes <= SMALL || side.acked > 1;
    let is_left = has_closed_elsewhere(context, subflow, silent);
    let may_be_size = (repeats.was_heard && repeats.bytes > SMALL) || !has_passed;
    if !is_long || may_be_size && !is_left && (repeats.was_heard || subflow.initial) {
        return None;
    }
    Some(Death {
        silent,
        last_heard,
        first: repeats.first,
        last: repeats.last,
        repeats: repeats.count,
        too_large: (may_be_size && !is_left).then_some(repeats.bytes),
        is_certain: !may_be_size || is_left,
    })
}

/// A host closed its other subflows and did not end this one, where its peer repeated the FIN in vain.
fn left_behind(context: &ConnectionContext<'_>, subflow: &Subflow, silent: Role) -> Option<Death> {
    let side = subflow.sides.of(silent.peer());
    let repeats = side.repeats.as_deref().filter(|_| !side.fin_acked)?;
    let fin = side.fin?;
    let last_heard = subflow.sides.of(silent).sender_stats.last()?;
    let round_trips = 4 * subflow.handshake.rtt_ns()?;
    let is_silent = last_heard.packet < fin.packet && repeats.last.at.since(fin.at) > round_trips;
    (is_silent && has_closed_elsewhere(context, subflow, silent)).then_some(Death {
        silent,
        last_heard,
        first: repeats.first,
        last: repeats.last,
        repeats: repeats.count,
        too_large: None,
        is_certain: false,
    })
}

/// Whether a host sent FINs on other subflows, long after it was heard on this one, and none here.
fn has_closed_elsewhere(context: &ConnectionContext<'_>, subflow: &Subflow, role: Role) -> bool {
    let side = subflow.sides.of(role);
    let last = side.sender_stats.last();
    let closed = |other: &Subflow| {
        let fin = other.sides.of(role).fin;
        fin.zip(last).is_some_and(|(fin, last)| fin.at.since(last.at) > stalls::limit_ns(context))
    };
    side.fin.is_none()
        && subflow.reset.is_none()
        && context.confirmed().any(|other| other.number != subflow.number && closed(other))
}
