//! MPTCP options that are odd.

use super::capture::of_anomaly;
use crate::analyze::context::{ConnectionContext, WholeCapture};
use crate::analyze::evidence::occurrences::{Occurrence, per_sender, place};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{capitalised, host, packet};
use crate::track::event::{Event, EventKind};
use crate::track::violations::Violation;
use crate::units;
use crate::wire::mptcp::{MpFastClose, MptcpOption, Version};

/// MPTCP options with an illegal length.
pub(super) fn option_malformed(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let wanted = |option: &MptcpOption| matches!(option, MptcpOption::Malformed(_));
    odd_options(context, Code::OptionMalformed, wanted, "with an illegal length or combination")
}

/// Octets among the TCP options that are no option (RFC 9293 §3.1).
pub(super) fn option_area_malformed(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(area) = &context.connection.malformed_area else { return Vec::new() };
    let digits = area.octets.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    let octets: String =
        digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect();
    let summary = format!(
        "{} of {} on subflow {} {} bytes among the TCP options that are no option ({}: 0x{octets}).",
        units::counted(area.count, "segment"),
        host(area.from),
        area.subflow,
        if area.count == 1 { "has" } else { "have" },
        packet(area.seen),
    );
    let mut finding = Finding::new(Code::OptionAreaMalformed, summary)
        .from(area.from)
        .seen([area.seen])
        .times(area.count)
        .with("octets", format!("0x{octets}"))
        .advice(
            "A stack that writes memory of its own into the header (update it), or a device on the \
             path that shifts options.",
        );
    finding.subflow = Some(area.subflow);
    vec![finding]
}

/// MPTCP options of unassigned and of private subtypes.
pub(super) fn option_unknown(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let wanted = |option: &MptcpOption| {
        matches!(option, MptcpOption::Unknown(_) | MptcpOption::Experimental(_))
    };
    odd_options(context, Code::OptionUnknown, wanted, "of an unassigned or private subtype")
}

fn odd_options(
    context: &ConnectionContext<'_>,
    code: Code,
    wanted: fn(&MptcpOption) -> bool,
    what: &str,
) -> Vec<Finding> {
    let all = context.options().filter(|(_, option)| wanted(option));
    let all: Vec<_> = all.map(|(event, _)| event).collect();
    counted(code, &all, what)
}

/// How many options there were, and the first packets.
fn counted(code: Code, all: &[&Event], what: &str) -> Vec<Finding> {
    let Some(first) = all.first() else { return Vec::new() };
    let count = all.len() as u64;
    let summary = format!(
        "{} {what}, first in {}.",
        units::counted(count, "MPTCP option"),
        packet(first.seen)
    );
    vec![
        Finding::new(code, summary)
            .from(first.direction.sender())
            .seen(all.iter().map(|event| event.seen))
            .times(count),
    ]
}

/// Options where they do not belong: MP_TCPRST on a segment that is no RST, a handshake's option on one
/// that is.
pub(super) fn option_combination_odd(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let is_v0 = context.connection.version == Some(Version::V0);
    let resets: Vec<_> = context
        .connection
        .events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::Rst { .. }))
        .map(|event| event.seen.packet)
        .collect();
    let on_reset = |event: &Event| resets.contains(&event.seen.packet);
    let odd = |(event, option): &(&Event, &MptcpOption)| match option {
        // RFC 8684 §3.6: only on a RST.
        MptcpOption::MpTcpRst(_) => !on_reset(event) || is_v0,
        // RFC 6824 §3.5: only on an ACK.
        MptcpOption::MpFastClose(MpFastClose { .. }) => is_v0 && on_reset(event),
        MptcpOption::MpCapable(_) | MptcpOption::MpJoin(_) | MptcpOption::AddAddr(_) => {
            on_reset(event)
        }
        _ => false,
    };
    // Where events were dropped, a RST may be among them.
    if context.connection.events.dropped() > 0 {
        return Vec::new();
    }
    let all: Vec<_> = context.options().filter(odd).map(|(event, _)| event).collect();
    counted(Code::OptionCombinationOdd, &all, "where it does not belong")
}

/// Bits that must be 0 (RFC 8684 §3).
pub(super) fn reserved_bits_set(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, times): Occurrence<'_>| {
        format!(
            "{} of {} on subflow {} {} reserved bits ({}).",
            capitalised(&units::counted(times.count, "MPTCP option")),
            host(role),
            subflow.number,
            if times.count == 1 { "has" } else { "have" },
            place(&times),
        )
    };
    let of = |violation| per_sender(context, Code::ReservedBitsSet, violation, say).into_iter();
    // mptcp.org leaves the B bit set in third ACKs of joins.
    let habit = of(Violation::BackupBitOfThirdAck).map(Finding::habit);
    let found = of(Violation::ReservedBits).chain(habit);
    let why = "The stack is newer or experimental, or a middlebox writes into options.";
    let advice = "`mptcpscope packets` shows the bytes of the options.";
    found.map(|finding| finding.why(why).advice(advice)).collect()
}

/// NOPs where an option may have been.
pub(super) fn nop_run(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let runs = capture.trace.totals().nop_runs;
    let summary = format!(
        "{} with four or more NOPs in a row: a middlebox may have overwritten an option.",
        units::counted(runs.count, "segment")
    );
    let advice = "Look for a firewall that clears unknown TCP options. Compare with a capture on the \
        other side of it.";
    of_anomaly(Code::NopRun, runs, summary)
        .map(|f| f.confidence(Confidence::Likely).advice(advice))
        .into_iter()
        .collect()
}
