//! RSTs that came in the name of a host and that it did not send.
//!
//! A RST of Linux for a segment without a socket has IP ID 0, window 0 and no options: none of that is a sign.

use crate::analyze::context::ConnectionContext;
use crate::analyze::finding::Confidence;
use crate::track::reset::Reset;
use crate::track::role::Role;
use crate::track::subflow::{Subflow, SubflowState};

/// What shows that a host did not send a RST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The capture on its side does not have it.
    NeverSent,
    /// It went on: so many segments came later.
    WentOn(u64),
    /// It came too soon after the segment that it answers, and the shortest round trip, in nanoseconds.
    TooSoon(i64, i64),
    /// Its hop limit, and that of the other segments of the host.
    HopLimit(u8, u8),
    /// So many bytes ahead of all that the host sent.
    Sequence(i64),
}

/// What shows that the RST of a subflow is forged, and how sure that is.
pub(crate) fn forged(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
) -> Option<(Reset, Vec<Sign>, Confidence)> {
    let (reset, mut signs) = signs(context, subflow)?;
    let confidence = match signs.as_slice() {
        [] => {
            let hop = all_a_hop_off(context, subflow, &reset)?;
            signs.push(hop);
            Confidence::Likely
        }
        [Sign::NeverSent | Sign::WentOn(_)] | [_, _, ..] => Confidence::Certain,
        _ => Confidence::Likely,
    };
    Some((reset, signs, confidence))
}

/// The RST of an established subflow, and the signs that count alone.
fn signs(context: &ConnectionContext<'_>, subflow: &Subflow) -> Option<(Reset, Vec<Sign>)> {
    let reset = subflow.reset.filter(|_| subflow.state() == SubflowState::Reset)?;
    // A middlebox does not know MP_TCPRST, and a closed connection is only cleaned up.
    let is_told = reset.reason.is_some() || context.connection.strays.is_some();
    let through = match &subflow.join {
        Some(join) => join.fourth_ack,
        None => subflow.handshake.ack,
    };
    let is_open = through.is_some_and(|through| through.packet < reset.seen.packet);
    if is_told || subflow.is_midstream() || subflow.out_of_order || !is_open {
        return None;
    }
    let all = [
        never_sent(context, subflow, &reset),
        went_on(subflow, &reset),
        too_soon(subflow, &reset),
        hop_limit(context, subflow, &reset),
        sequence(subflow, &reset),
    ];
    Some((reset, all.into_iter().flatten().collect()))
}

fn never_sent(context: &ConnectionContext<'_>, subflow: &Subflow, reset: &Reset) -> Option<Sign> {
    let usual = reset.look.usual_point.filter(|usual| usual.input != reset.look.point.input)?;
    let input = context.inputs.get(usize::from(usual.input))?;
    let is_running = input.last.is_some_and(|last| last > reset.seen.at);
    (subflow.several_points && !reset.look.is_copied && is_running).then_some(Sign::NeverSent)
}

fn went_on(subflow: &Subflow, reset: &Reset) -> Option<Sign> {
    /// What was on its way is there by now.
    const LATE_NS: i64 = 200_000_000;
    let late = LATE_NS.max(subflow.handshake.rtt_ns().unwrap_or(0));
    let (count, last) = reset.look.went_on?;
    (count > 1 && last.at.since(reset.seen.at) > late).then_some(Sign::WentOn(count))
}

/// A RST without ACK answers a segment (RFC 9293 §3.10.7.1). The host can't have got that so soon, and the one
/// before came long ago.
fn too_soon(subflow: &Subflow, reset: &Reset) -> Option<Sign> {
    const SHORT_NS: i64 = 1_000_000;
    let (since, silence) = reset.look.answered.filter(|_| !reset.look.has_ack)?;
    let round_trip = round_trip_to(subflow, reset.from)?;
    let is_soon = round_trip > SHORT_NS && (0..round_trip / 2).contains(&since);
    (is_soon && silence > 4 * round_trip).then_some(Sign::TooSoon(since, round_trip))
}

/// The shortest time in which a host answered at the capture point.
fn round_trip_to(subflow: &Subflow, role: Role) -> Option<i64> {
    let samples = subflow.sides.of(role.peer()).round_trips.samples().min();
    let of_data = samples.and_then(|ns| i64::try_from(ns).ok());
    let handshake = &subflow.handshake;
    let once = handshake.rtt_ns().is_some();
    let of_handshake = if role == subflow.opener {
        handshake.ack.zip(handshake.syn_ack).map(|(ack, syn_ack)| ack.at.since(syn_ack.at))
    } else {
        handshake.syn_ack.zip(handshake.syn).map(|(syn_ack, syn)| syn_ack.at.since(syn.at))
    };
    let of_handshake = of_handshake.filter(|_| once);
    [of_data, of_handshake].into_iter().flatten().min()
}

/// Two hops or more off: a route may change by one.
fn hop_limit(context: &ConnectionContext<'_>, subflow: &Subflow, reset: &Reset) -> Option<Sign> {
    let usual = usual_hop_limit(reset)?;
    let own = reset.hop_limit;
    let is_habit = is_habit(context, subflow, reset);
    (own.abs_diff(usual) >= 2 && !is_habit).then_some(Sign::HopLimit(own, usual))
}

/// The hop limit of the host's segments, if that did not change.
fn usual_hop_limit(reset: &Reset) -> Option<u8> {
    let (first, last) = reset.look.usual_hop_limits?;
    (first == last).then_some(first)
}

/// Whether a RST that the host sent for certain has this hop limit as well.
fn is_habit(context: &ConnectionContext<'_>, subflow: &Subflow, reset: &Reset) -> bool {
    let others = context.subflows.iter().filter(|other| other.number != subflow.number);
    let mut own = others.filter_map(|other| other.reset.filter(|other| other.from == reset.from));
    own.any(|other| other.reason.is_some() && other.hop_limit == reset.hop_limit)
}

fn sequence(subflow: &Subflow, reset: &Reset) -> Option<Sign> {
    /// No window is as large.
    const FAR: i64 = 1 << 28;
    let ahead = reset.look.ahead;
    // Near the host nothing of it is missing. Its FIN counts as one.
    let is_ahead = subflow.is_captured_near(reset.from) && ahead > 1;
    (is_ahead || ahead.abs() > FAR).then_some(Sign::Sequence(ahead))
}

/// RSTs without ACK on all subflows at once, each of another hop limit than all other segments of the host.
fn all_a_hop_off(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    reset: &Reset,
) -> Option<Sign> {
    const AT_ONCE_NS: i64 = 1_000_000_000;
    let is_off = |other: &Reset| {
        let apart = other.seen.at.since(reset.seen.at).abs();
        let usual = usual_hop_limit(other);
        other.from == reset.from
            && apart < AT_ONCE_NS
            && !other.look.has_ack
            && other.reason.is_none()
            && usual.is_some_and(|usual| usual != other.hop_limit)
    };
    let mut all = context.confirmed();
    let usual = usual_hop_limit(reset)?;
    let is_all = context.confirmed().count() > 1
        && !is_habit(context, subflow, reset)
        && all.all(|other| other.reset.as_ref().is_some_and(is_off));
    is_all.then_some(Sign::HopLimit(reset.hop_limit, usual))
}
