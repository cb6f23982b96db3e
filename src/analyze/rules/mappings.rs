//! Mappings and data sequence numbers that are missing, contradictory or wrong.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::occurrences::{Occurrence, occurrences, per_sender, place};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{capitalised, host, packet};
use crate::track::role::Role;
use crate::track::violations::Violation;
use crate::units;

/// Payload outside any mapping on a subflow that must have one (RFC 8684 §3.3.1).
pub(super) fn mapping_missing(context: &ConnectionContext<'_>) -> Vec<Finding> {
    // Cut options hide mappings.
    if context.options_may_be_cut() {
        return Vec::new();
    }
    // Midstream, the mapping may have come before the capture.
    let sides = context.sides().filter(|(subflow, _)| !subflow.is_midstream());
    let found = sides.filter_map(|(subflow, role)| {
        let side = subflow.sides.of(role);
        let first = side.first_unmapped?;
        let bytes = side.bytes.unmapped;
        let summary = format!(
            "{} of {} on subflow {} have no mapping, from {} on.",
            units::bytes(bytes),
            host(role),
            subflow.number,
            packet(first)
        );
        let reset = subflow.reset.map(|reset| reset.seen);
        Some(
            Finding::new(Code::MappingMissing, summary)
                .on(subflow)
                .from(role)
                .seen([first].into_iter().chain(reset))
                .with("bytes", bytes)
                .why(
                    "A middlebox on this path removes TCP options from data, or splits and joins \
                     segments.",
                )
                .advice("Look for proxies and DPI on this path."),
        )
    });
    found.collect()
}

/// A mapping that covers nothing of the segment that carries it (RFC 8684 §3.3.1: must not be).
pub(super) fn mapping_outside_segment(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, times): Occurrence<'_>| {
        let (cover, it) = if times.count == 1 { ("covers", "it") } else { ("cover", "them") };
        format!(
            "{} of {} on subflow {} ({}) {cover} nothing of the segment that carries {it}: options \
             and data were separated on the way.",
            capitalised(&units::counted(times.count, "mapping")),
            host(role),
            subflow.number,
            place(&times),
        )
    };
    let found = per_sender(context, Code::MappingOutsideSegment, Violation::MappingOutside, say)
        .into_iter();
    let why = "A middlebox splits or joins segments and keeps the options of one of them.";
    let advice = "Look for proxies and WAN optimisers, and for GRO on a router (`ethtool -K IFACE gro \
        off`).";
    found.map(|finding| finding.why(why).advice(advice)).collect()
}

/// Mappings that contradict each other (RFC 8684 §3.3.1: a mapping must not change).
pub(super) fn mapping_conflict(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let sides = context.sides().filter(|(subflow, _)| !subflow.is_midstream());
    let found = sides.filter_map(|(subflow, role)| {
        let side = subflow.sides.of(role);
        let count = Some(side.mappings.conflicts()).filter(|count| *count > 0)?;
        let summary = format!(
            "{} of {} on subflow {} {} bytes that were mapped before to other data sequence \
             numbers.",
            units::counted(count, "mapping"),
            host(role),
            subflow.number,
            if count == 1 { "covers" } else { "cover" },
        );
        Some(
            Finding::new(Code::MappingConflict, summary)
                .on(subflow)
                .from(role)
                .seen(side.first_conflict)
                .times(count)
                .why("The sender's stack is broken, or a middlebox rewrites DSS options.")
                .advice("Capture at both ends and compare the DSS options."),
        )
    });
    found.collect()
}

/// A DATA_ACK past the DATA_FIN, where no data can be (RFC 8684 §3.3.2).
pub(super) fn data_ack_beyond_sent(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let beyond = |sender: Role| {
        let data = context.connection.data.of(sender);
        let excess = data.acked_end()? - (data.fin()?.position + 1);
        let excess = u64::try_from(excess).ok().filter(|excess| *excess > 0)?;
        let summary = format!(
            "{} acknowledged {} beyond the DATA_FIN of {}.",
            capitalised(host(sender.peer())),
            units::bytes(excess),
            host(sender)
        );
        Some(
            Finding::new(Code::DataAckBeyondSent, summary)
                .from(sender.peer())
                .seen([data.fin()?.seen])
                .with("bytes", excess)
                .why("A stack is broken, or a middlebox rewrites DSS options.")
                .advice("Capture at both ends and compare the DSS options."),
        )
    };
    Role::BOTH.into_iter().filter_map(beyond).collect()
}

/// DATA_ACKs of 4 octets for data with DSNs of 8 (RFC 8684 §3.3.2: must not; Linux does for a lone
/// DATA_FIN), and DSNs of 4 octets at a rate at which they wrap too soon (§3.3.1).
pub(super) fn dsn_width(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let mut found = narrow_data_acks(context);
    found.extend(narrow_dsns(context));
    found
}

/// One finding for all subflows: they share the sequence numbers of the connection.
fn narrow_dsns(context: &ConnectionContext<'_>) -> Option<Finding> {
    let (subflow, role, times) =
        occurrences(context, Violation::NarrowDsn).max_by_key(|(_, _, times)| times.bytes)?;
    let summary = format!(
        "{} sends data sequence numbers of 4 bytes at {} per second ({}): they wrap in {} s, and a \
         segment may live for 120 s.",
        capitalised(host(role)),
        units::bytes(times.bytes),
        place(&times),
        (1 << 32) / times.bytes.max(1),
    );
    let finding = Finding::new(Code::DsnWidth, summary).on(subflow).from(role);
    Some(
        finding
            .seen([times.first])
            .times(times.count)
            .confidence(Confidence::Likely)
            .with("bytes_per_second", times.bytes),
    )
}

fn narrow_data_acks(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, times): Occurrence<'_>| {
        format!(
            "{} of {} on subflow {} ({}) {} 4 bytes wide although the data came with 8.",
            capitalised(&units::counted(times.count, "DATA_ACK")),
            host(role),
            subflow.number,
            place(&times),
            if times.count == 1 { "is" } else { "are" },
        )
    };
    per_sender(context, Code::DsnWidth, Violation::NarrowDataAck, say)
}

/// Urgent data within a mapping (RFC 8684 §3.3.1: must not be).
pub(super) fn urgent_in_mapping(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let say = |(subflow, role, times): Occurrence<'_>| {
        format!(
            "{} of {} on subflow {} ({}) {} the urgent flag within a mapping.",
            capitalised(&units::counted(times.count, "segment")),
            host(role),
            subflow.number,
            place(&times),
            if times.count == 1 { "has" } else { "have" },
        )
    };
    per_sender(context, Code::UrgentInMapping, Violation::Urgent, say)
}
