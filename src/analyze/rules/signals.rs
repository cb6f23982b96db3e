//! Signals of MPTCP that a host acted on although it must not, or mistook for something else.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::occurrences::{Occurrence, per_sender, place};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{capitalised, host, packet};
use crate::track::event::Event;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::violations::Violation;
use crate::wire::frame::PacketNo;
use crate::wire::mptcp::{AddAddr, AddressId, MptcpOption, Subtype};

/// What comes later than this is not an answer.
const ANSWER_NS: i64 = 1_000_000_000;

/// A signal on a segment outside the window of the receiver, who acted on it. (RFC 8684 §3: sequence and
/// acknowledgment number have to be checked first.)
pub(super) fn signal_out_of_window(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if context.lacks_packets() || !context.is_two_sided() || context.connection.out_of_order {
        return Vec::new();
    }
    let outside = outside(context);
    let is_outside = |event: &Event| outside.contains(&event.seen.packet);
    let signals = context.options().filter(|(event, _)| is_outside(event));
    let found = signals.filter_map(|(event, option)| {
        let (answer, how) = answer(context, event, option)?;
        // The same signal inside the window, before or after this one, may be what was answered.
        let is_right = |(other, same): &(&Event, &MptcpOption)| {
            *same == option
                && other.direction == event.direction
                && other.seen.packet < answer.packet
                && !is_outside(other)
        };
        (!context.options().any(|other| is_right(&other)))
            .then(|| finding(event, option, answer, how))
    });
    found.collect()
}

/// The packets with a signal outside the window.
fn outside(context: &ConnectionContext<'_>) -> Vec<PacketNo> {
    let sides = context.sides().map(|(subflow, role)| subflow.sides.of(role));
    sides.flat_map(|side| side.violations.outside().iter().map(|seen| seen.packet)).collect()
}

fn finding(event: &Event, option: &MptcpOption, answer: PacketStamp, how: &str) -> Finding {
    let receiver = event.direction.sender().peer();
    let name = option.subtype().and_then(Subtype::name).unwrap_or("a signal");
    let summary = format!(
        "{} acted on {name} ({}) although the segment that carries it lies outside its receive \
         window: {how} ({}).",
        capitalised(host(receiver)),
        packet(event.seen),
        packet(answer),
    );
    Finding::new(Code::SignalOutOfWindow, summary)
        .from(receiver)
        .seen([event.seen, answer])
        .confidence(Confidence::Likely)
        .with("option", name)
        .why(
            "Anybody who can send such a segment can control the connection. A firewall that \
             rewrites sequence numbers behind the capture point looks the same.",
        )
        .advice("Capture at that host.")
}

/// How the receiver of a signal reacted, and that in words.
fn answer(
    context: &ConnectionContext<'_>,
    event: &Event,
    signal: &MptcpOption,
) -> Option<(PacketStamp, &'static str)> {
    let sender = event.direction.sender();
    let since = event.seen;
    match signal {
        MptcpOption::AddAddr(add) if !add.is_echo() => echo(context, sender, since, add)
            .map(|seen| (seen, "it echoed the address"))
            .or_else(|| Some((join(context, sender, since, add)?, "it joined the address"))),
        MptcpOption::RemoveAddr(remove) => {
            let ids: Vec<_> = remove.ids().collect();
            Some((close_of(context, sender, since, &ids)?, "it ended a subflow of the address"))
        }
        MptcpOption::MpFail(_) => {
            let is_answer = |option: &MptcpOption| matches!(option, MptcpOption::MpFail(_));
            Some((option_of(context, sender.peer(), since, is_answer)?, "it sent MP_FAIL too"))
        }
        MptcpOption::MpFastClose(_) => Some((reset(context, sender, since)?, "it sent a RST")),
        _ => None,
    }
}

/// The echo of an announcement.
fn echo(
    context: &ConnectionContext<'_>,
    sender: Role,
    since: PacketStamp,
    announced: &AddAddr,
) -> Option<PacketStamp> {
    option_of(context, sender.peer(), since, |option| match option {
        MptcpOption::AddAddr(echo) => {
            echo.is_echo()
                && echo.address_id == announced.address_id
                && echo.address == announced.address
        }
        _ => false,
    })
}

/// A join to an announced address, the first one there.
fn join(
    context: &ConnectionContext<'_>,
    sender: Role,
    since: PacketStamp,
    announced: &AddAddr,
) -> Option<PacketStamp> {
    let mut there = context
        .subflows
        .iter()
        .filter(|subflow| subflow.sides.of(sender).endpoint.address == announced.address);
    let first = there.next().filter(|subflow| !subflow.initial && subflow.opener != sender)?;
    first.handshake.syn.filter(|syn| is_answer(since, *syn))
}

/// Where the receiver of a REMOVE_ADDR ended a subflow of the address, before its owner did.
fn close_of(
    context: &ConnectionContext<'_>,
    sender: Role,
    since: PacketStamp,
    ids: &[AddressId],
) -> Option<PacketStamp> {
    let named = context
        .subflows
        .iter()
        .filter(|subflow| subflow.sides.of(sender).address_id.is_some_and(|id| ids.contains(&id)));
    let ended = named.filter_map(|subflow| {
        let reset =
            |role: Role| subflow.reset.filter(|reset| reset.from == role).map(|reset| reset.seen);
        let first = |role: Role| {
            let both = [subflow.sides.of(role).fin, reset(role)];
            both.into_iter().flatten().min_by_key(|seen| seen.packet)
        };
        let close = first(sender.peer())?;
        let owner = first(sender);
        owner.is_none_or(|owner| owner.packet > close.packet).then_some(close)
    });
    ended.filter(|close| is_answer(since, *close)).min_by_key(|seen| seen.packet)
}

/// A RST of the receiver.
fn reset(context: &ConnectionContext<'_>, sender: Role, since: PacketStamp) -> Option<PacketStamp> {
    let resets = context.subflows.iter().filter_map(|subflow| subflow.reset);
    let own = resets.filter(|reset| reset.from == sender.peer()).map(|reset| reset.seen);
    own.filter(|seen| is_answer(since, *seen)).min_by_key(|seen| seen.packet)
}

/// The first option of a host after `since` that is one of these.
fn option_of(
    context: &ConnectionContext<'_>,
    by: Role,
    since: PacketStamp,
    is_one: impl Fn(&MptcpOption) -> bool,
) -> Option<PacketStamp> {
    let of_host = context.options().filter(|(event, _)| event.direction.sender() == by);
    let mut later = of_host.filter(|(event, _)| is_answer(since, event.seen));
    later.find(|(_, option)| is_one(option)).map(|(event, _)| event.seen)
}

fn is_answer(since: PacketStamp, seen: PacketStamp) -> bool {
    seen.packet > since.packet && seen.at.since(since.at) <= ANSWER_NS
}

/// More than two duplicate ACKs in a row for signals (RFC 8684 §3.4.1: should not; Linux does).
pub(super) fn dup_ack_signals(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, times): Occurrence<'_>| {
        format!(
            "{} sent three or more duplicate ACKs in a row with signals of MPTCP on subflow {} ({}).",
            capitalised(host(role)),
            subflow.number,
            place(&times),
        )
    };
    per_sender(context, Code::DupAckSignals, Violation::SignalsInARow, say)
}

/// Duplicate ACKs with signals, taken for a sign of loss (RFC 8684 §3: must not).
pub(super) fn dup_ack_misread(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, times): Occurrence<'_>| {
        format!(
            "{} sent a segment again on subflow {} ({}) right after three duplicate ACKs that carry \
             MPTCP signals: it mistook them for a loss.",
            capitalised(host(role)),
            subflow.number,
            place(&times),
        )
    };
    let found =
        per_sender(context, Code::DupAckMisread, Violation::SignalsMisread, say).into_iter();
    let why = "The stack of that host counts them although it must not. Each time costs a needless \
        retransmission and half of the congestion window. A real loss at that moment looks the same.";
    found.map(|finding| finding.confidence(Confidence::Likely).why(why)).collect()
}
