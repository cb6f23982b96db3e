//! What was read.

use std::io::{self, Write};

use super::page::{Page, join_parts, wrap};
use crate::printable::printable;
use crate::report::model::{Forgotten, Input, Report};
use crate::units;
use crate::wire::frame::{LinkType, Timestamp};

/// `client.pcap · pcap, Ethernet · 756 packets in 1.14 s · 2026-01-01 00:00:00 UTC`.
pub(super) fn write(input: &Input, page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut format = vec![input.format.clone()];
    format.extend(input.compression.clone());
    format.extend(input.link_types.iter().copied().map(link_type));
    let packets = units::counted(input.packets, "packet");
    let packets = match input.duration_ns {
        Some(ns) if input.packets > 1 => format!("{packets} in {}", units::duration(ns)),
        _ => packets,
    };
    let mut parts = vec![printable(&input.path), printable(&format.join(", ")), packets];
    parts.extend(input.start.map(start));
    for line in join_parts(&parts, page.columns) {
        writeln!(out, "{}", page.paint.dim(&line))?;
    }
    Ok(())
}

/// `2026-01-01 00:00:00 UTC`.
fn start(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_nanosecond(at.0.into()).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The name of a link type as people write it.
fn link_type(link_type: LinkType) -> String {
    match link_type {
        LinkType::ETHERNET => "Ethernet".to_owned(),
        LinkType::LINUX_SLL => "Linux cooked v1".to_owned(),
        LinkType::LINUX_SLL2 => "Linux cooked v2".to_owned(),
        LinkType::RAW
        | LinkType::RAW_BSD
        | LinkType::RAW_OPENBSD
        | LinkType::IPV4
        | LinkType::IPV6 => "raw IP".to_owned(),
        LinkType::NULL | LinkType::LOOP => "loopback".to_owned(),
        other => other.to_string(),
    }
}

/// What of the inputs could not be used.
pub(super) fn write_notes(report: &Report, page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    for note in notes(report) {
        for (index, line) in wrap(&note, page.columns.saturating_sub(6)).iter().enumerate() {
            let margin = if index == 0 { "note: " } else { "      " };
            writeln!(out, "{}{line}", page.paint.notable(margin))?;
        }
    }
    Ok(())
}

fn notes(report: &Report) -> Vec<String> {
    let several = report.inputs.len() > 1;
    let mut notes = Vec::new();
    for input in &report.inputs {
        let of = if several { format!("{}: ", printable(&input.path)) } else { String::new() };
        notes.extend(notes_on(input).into_iter().map(|note| format!("{of}{note}")));
    }
    if report.totals.untracked_flows > 0 {
        let flows = units::counted(report.totals.untracked_flows, "MPTCP flow");
        notes.push(format!("{flows} beyond the limit were not followed"));
    }
    notes.extend(report.totals.forgotten.map(forgotten));
    notes
}

/// What a long capture could not remember to its end.
fn forgotten(forgotten: Forgotten) -> String {
    let counts = [
        (forgotten.closed_connections, "closed connection"),
        (forgotten.idle_connections, "silent connection"),
        (forgotten.half_open_connections, "half-open connection"),
        (forgotten.orphan_joins, "orphan join"),
        (forgotten.subflows, "subflow"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, thing)| units::counted(count, thing)).collect();
    format!("forgotten while capturing, and not shown: {}", counts.join(", "))
}

fn notes_on(input: &Input) -> Vec<String> {
    let mut notes = Vec::new();
    if input.cut_short {
        let note = input.note.as_deref();
        notes.push(printable(note.unwrap_or("the input is cut short")));
    }
    let counts = [
        (input.undecoded_packets, "packet", "could not be decoded"),
        (input.ip_fragments, "IP fragment", "skipped: fragments are not reassembled"),
        (input.truncated_packets, "packet", "cut by the snap length"),
        (input.duplicate_packets, "packet", "captured twice and counted once"),
        (input.dropped_by_kernel, "packet", "dropped by the kernel while capturing"),
    ];
    for (count, thing, what) in counts {
        if let Some(count) = count.filter(|count| *count > 0) {
            notes.push(format!("{} {what}", units::counted(count, thing)));
        }
    }
    if let Some(shift) = input.clock_shift_ns {
        let by = units::duration(shift.abs());
        let way = if shift > 0 { "ahead of" } else { "behind" };
        notes.push(format!("its clock is {by} {way} the first input's; times are corrected"));
    }
    notes
}
