//! What a host did against the RFC at one moment, as `track::violations` noted it.

use super::ConnectionContext;
use super::words::{capitalised, host, packet};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::track::violations::{Violation, ViolationCount};
use crate::units;

/// Who did it where, and how often.
type Told<'a> = (&'a Subflow, Role, ViolationCount);

/// Everything of one kind, subflow by subflow.
pub(super) fn noted<'a>(
    context: &ConnectionContext<'a>,
    misdeed: Violation,
) -> impl Iterator<Item = Told<'a>> + use<'a> {
    let ends: Vec<_> = context
        .subflows
        .iter()
        .flat_map(|subflow| Role::BOTH.map(|role| (*subflow, role)))
        .filter_map(|(subflow, role)| {
            Some((subflow, role, subflow.sides.of(role).violations.of(misdeed)?))
        })
        .collect();
    ends.into_iter()
}

/// One finding per subflow and host, with what `say` makes of it.
fn told(
    context: &ConnectionContext<'_>,
    code: Code,
    misdeed: Violation,
    say: fn(Told<'_>) -> String,
) -> Vec<Finding> {
    let found = noted(context, misdeed).map(|told| {
        let (subflow, role, noted) = told;
        let finding = Finding::new(code, say(told)).on(subflow).from(role);
        finding.seen([noted.first]).times(noted.count)
    });
    found.collect()
}

/// `, first in packet 12`, or `, in packet 12` where it happened once.
fn place(noted: &ViolationCount) -> String {
    let first = if noted.count == 1 { "" } else { "first " };
    format!("{first}in {}", packet(noted.first))
}

/// The same data sequence numbers with other bytes (RFC 8684 §3.3.1: the first copy is delivered).
pub(super) fn reinjection_differs(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, noted): Told<'_>| {
        format!(
            "{} sent again by {} on subflow {} ({}) {} not what another subflow carried under the \
             same data sequence numbers: one path changes data.",
            capitalised(&units::counted(noted.count, "segment")),
            host(role),
            subflow.number,
            place(&noted),
            if noted.count == 1 { "is" } else { "are" },
        )
    };
    let found =
        told(context, Code::ReinjectionDiffers, Violation::ReinjectionDiffers, say).into_iter();
    // A single one may be a segment that was damaged on a link, and dropped by TCP's checksum.
    let found = found.map(|finding| match finding.count {
        1 => finding
            .severity(crate::analyze::finding::Severity::Note)
            .confidence(Confidence::Possible),
        _ => finding.confidence(Confidence::Likely),
    });
    let advice = "Find what changes payload on one of the paths: a proxy, a NAT helper or a DPI \
        device. DSS checksums (`sysctl net.mptcp.checksum_enabled=1`) keep such data out.";
    found.map(|finding| finding.advice(advice)).collect()
}

/// A mapping that covers nothing of the segment that carries it (RFC 8684 §3.3.1: must not be).
pub(super) fn mapping_outside_segment(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, noted): Told<'_>| {
        let (cover, it) = if noted.count == 1 { ("covers", "it") } else { ("cover", "them") };
        format!(
            "{} of {} on subflow {} ({}) {cover} nothing of the segment that carries {it}: options \
             and data were moved apart on the way.",
            capitalised(&units::counted(noted.count, "mapping")),
            host(role),
            subflow.number,
            place(&noted),
        )
    };
    let found =
        told(context, Code::MappingOutsideSegment, Violation::MappingOutside, say).into_iter();
    let advice = "Something on the path splits or joins segments and keeps the options of one of \
        them: look for proxies, WAN optimisers and GRO on a router (`ethtool -K IFACE gro off`).";
    found.map(|finding| finding.advice(advice)).collect()
}

/// DATA_FINs that can't be right (RFC 8684 §3.3.3).
pub(super) fn data_fin_invalid(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say_malformed = |(_, role, noted): Told<'_>| {
        format!(
            "The DATA_FIN of {} without data ({}) is not one octet at subflow sequence number 0.",
            host(role),
            place(&noted),
        )
    };
    let say_moved = |(_, role, noted): Told<'_>| {
        format!(
            "The DATA_FIN of {} ({}) stands at another data sequence number than before.",
            host(role),
            place(&noted),
        )
    };
    let say_after = |(subflow, role, noted): Told<'_>| {
        format!(
            "{} sent {} past its own DATA_FIN on subflow {} ({}).",
            capitalised(host(role)),
            units::bytes(noted.bytes),
            subflow.number,
            place(&noted),
        )
    };
    let code = Code::DataFinInvalid;
    let mut found = told(context, code, Violation::DataFinMalformed, say_malformed);
    found.extend(told(context, code, Violation::DataFinMoved, say_moved));
    found.extend(told(context, code, Violation::DataAfterFin, say_after));
    let advice = "The sender's stack is broken, or something on the path rewrites DSS: capture at \
        both ends and compare the option.";
    found.into_iter().map(|finding| finding.advice(advice)).collect()
}

/// The right edge of the window moved back (RFC 8684 §3.3.4: must not; middleboxes do it).
pub(super) fn window_shrunk(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, noted): Told<'_>| {
        format!(
            "{} took back up to {} of the receive window that it had offered on subflow {} ({}).",
            capitalised(host(role)),
            units::bytes(noted.bytes),
            subflow.number,
            place(&noted),
        )
    };
    let found = told(context, Code::WindowShrunk, Violation::WindowShrunk, say).into_iter();
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
    let say = |(subflow, role, noted): Told<'_>| {
        format!(
            "{} sent up to {} past the receive window of {} on subflow {} ({}).",
            capitalised(host(role)),
            units::bytes(noted.bytes),
            host(role.peer()),
            subflow.number,
            place(&noted),
        )
    };
    let found = told(context, Code::DataBeyondWindow, Violation::BeyondWindow, say).into_iter();
    let advice = "The receiver may drop it without a word. A window that grew in a packet that is \
        not in the capture looks the same.";
    found.map(|finding| finding.confidence(Confidence::Likely).advice(advice)).collect()
}

/// Bits that must be 0 (RFC 8684 §3).
pub(super) fn reserved_bits_set(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, noted): Told<'_>| {
        format!(
            "{} of {} on subflow {} {} reserved bits ({}).",
            capitalised(&units::counted(noted.count, "MPTCP option")),
            host(role),
            subflow.number,
            if noted.count == 1 { "has" } else { "have" },
            place(&noted),
        )
    };
    let found = told(context, Code::ReservedBitsSet, Violation::ReservedBits, say).into_iter();
    let advice = "A newer or experimental stack, or something on the path that writes into \
        options: `mptcpscope packets` shows their octets.";
    found.map(|finding| finding.advice(advice)).collect()
}

/// More than two duplicate ACKs in a row for signals (RFC 8684 §3.4.1: should not; Linux does).
pub(super) fn dup_ack_signals(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, noted): Told<'_>| {
        format!(
            "{} sent three or more duplicate ACKs in a row with signals of MPTCP on subflow {} ({}).",
            capitalised(host(role)),
            subflow.number,
            place(&noted),
        )
    };
    told(context, Code::DupAckSignals, Violation::SignalsInARow, say)
}

/// Such ACKs taken for a sign of loss (RFC 8684 §3: must not).
pub(super) fn dup_ack_misread(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, noted): Told<'_>| {
        format!(
            "{} sent a segment again on subflow {} ({}) right after three duplicate ACKs that carry \
             signals of MPTCP: it took them for loss.",
            capitalised(host(role)),
            subflow.number,
            place(&noted),
        )
    };
    let found = told(context, Code::DupAckMisread, Violation::SignalsMisread, say).into_iter();
    let advice = "The stack of that host counts them although it must not; each time costs a needless \
        retransmission and half of the congestion window. A real loss at that moment looks alike.";
    found.map(|finding| finding.confidence(Confidence::Likely).advice(advice)).collect()
}

/// A DATA_ACK of 4 bytes for data with 8 (RFC 8684 §3.3.2: must not; Linux does for a lone DATA_FIN),
/// and DSNs of 4 bytes at a rate at which they come round too soon (§3.3.1).
pub(super) fn dsn_width(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let mut found = narrow_data_acks(context);
    found.extend(narrow_dsns(context));
    found
}

/// The second of these. One finding per host: what one subflow carries of the numbers moves them all.
fn narrow_dsns(context: &ConnectionContext<'_>) -> Option<Finding> {
    let (subflow, role, noted) =
        noted(context, Violation::NarrowDsn).max_by_key(|(_, _, noted)| noted.bytes)?;
    let summary = format!(
        "{} sends data sequence numbers of 4 octets at {} per second ({}): they come round in {} s, \
         and a segment may live for 120 s.",
        capitalised(host(role)),
        units::bytes(noted.bytes),
        place(&noted),
        (1 << 32) / noted.bytes.max(1),
    );
    let finding = Finding::new(Code::DsnWidth, summary).on(subflow).from(role);
    Some(
        finding
            .seen([noted.first])
            .times(noted.count)
            .confidence(Confidence::Likely)
            .with("bytes_per_second", noted.bytes),
    )
}

fn narrow_data_acks(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, noted): Told<'_>| {
        format!(
            "{} of {} on subflow {} ({}) {} 4 octets wide although the data came with 8.",
            capitalised(&units::counted(noted.count, "DATA_ACK")),
            host(role),
            subflow.number,
            place(&noted),
            if noted.count == 1 { "is" } else { "are" },
        )
    };
    told(context, Code::DsnWidth, Violation::NarrowDataAck, say)
}

/// Urgent data within a mapping (RFC 8684 §3.3.1: must not be).
pub(super) fn urgent_in_mapping(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, noted): Told<'_>| {
        format!(
            "{} of {} on subflow {} ({}) {} the urgent flag within a mapping.",
            capitalised(&units::counted(noted.count, "segment")),
            host(role),
            subflow.number,
            place(&noted),
            if noted.count == 1 { "has" } else { "have" },
        )
    };
    told(context, Code::UrgentInMapping, Violation::Urgent, say)
}

/// A FIN on the last open subflow with data that the peer has not acknowledged (RFC 8684 §3.3.3: must
/// not, but for the segment with the DATA_FIN itself).
pub(super) fn fin_with_data_outstanding(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if context.lacks_packets() || !context.is_two_sided() {
        return Vec::new();
    }
    let early = noted(context, Violation::FinWithDataOutstanding)
        .filter(|(subflow, role, noted)| is_last(context, subflow, *role, noted.first));
    let found = early.map(|(subflow, role, noted)| {
        let summary = format!(
            "{} sent the FIN of its last subflow ({}) while {} were not acknowledged at the data \
             level: they can't be sent again.",
            capitalised(host(role)),
            packet(noted.first),
            units::bytes(noted.bytes),
        );
        Finding::new(Code::FinWithDataOutstanding, summary)
            .on(subflow)
            .from(role)
            .seen([noted.first])
            .with("bytes", noted.bytes)
            .confidence(Confidence::Likely)
            .advice(
                "The sender's stack closes too early, or a middlebox made the FIN: compare with a \
                 capture at that host.",
            )
    });
    found.collect()
}

/// Whether no other subflow was open for `role` at that moment.
fn is_last(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    role: Role,
    at: PacketStamp,
) -> bool {
    let mut others = context.subflows.iter().filter(|other| other.number != subflow.number);
    !others.any(|other| {
        let ended = other.reset.map(|reset| reset.seen).or(other.sides.of(role).fin);
        other.is_confirmed()
            && other.first.packet < at.packet
            && ended.is_none_or(|ended| ended.packet > at.packet)
    })
}
