//! What was read.

use std::io::{self, Write};

use super::page::{Page, join_parts, wrap};
use crate::printable::printable;
use crate::report::model::{Forgotten, Input, Report, SkippedPackets, Tunnel};
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
    let is_without_tcp = report.totals.tcp_segments == 0;
    let mut notes = Vec::new();
    for input in &report.inputs {
        let of = if several { format!("{}: ", printable(&input.path)) } else { String::new() };
        notes.extend(notes_on(input, is_without_tcp).into_iter().map(|note| format!("{of}{note}")));
    }
    if report.totals.untracked_flows > 0 {
        let flows = units::counted(report.totals.untracked_flows, "MPTCP flow");
        notes.push(format!("{flows} beyond the limit were not followed"));
    }
    notes.extend(report.totals.forgotten.map(forgotten));
    notes.extend(tunnels(&report.tunnels));
    notes
}

/// Tunnels that are named one by one; of more, there is their kind alone.
const MOST_TUNNELS: usize = 2;

/// In which tunnels segments were found.
fn tunnels(tunnels: &[Tunnel]) -> Option<String> {
    let named: Vec<_> = tunnels.iter().map(tunnel_in_words).collect();
    let mut kinds: Vec<_> = tunnels.iter().map(|tunnel| tunnel.title.to_owned()).collect();
    kinds.sort();
    kinds.dedup();
    let words = if named.len() > MOST_TUNNELS { kinds } else { named };
    (!words.is_empty()).then(|| format!("looked into tunnels: {}", words.join(", ")))
}

/// `VXLAN between 10.0.0.1 and 10.0.0.2`.
fn tunnel_in_words(tunnel: &Tunnel) -> String {
    match (&tunnel.a, &tunnel.b) {
        (Some(a), Some(b)) => format!("{} between {a} and {b}", tunnel.title),
        _ => tunnel.title.to_owned(),
    }
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

/// Frames of link types that are not known.
fn of_link_types(input: &Input) -> u64 {
    let skipped = input.skipped.iter().filter(|skipped| skipped.what == "link_type");
    skipped.map(|skipped| skipped.packets).sum()
}

/// Names that are written out, most packets first; the JSON has all.
const MOST_NAMES: usize = 5;

/// What is in the input and was not looked into. What networks need to run is left out where TCP is
/// there to be looked at.
fn not_looked_into(input: &Input, is_without_tcp: bool) -> Vec<String> {
    let (links, others): (Vec<_>, Vec<_>) =
        input.skipped.iter().partition(|skipped| skipped.what == "link_type");
    let mut notes: Vec<_> = links
        .into_iter()
        .map(|SkippedPackets { name, packets, .. }| {
            let packets = units::counted(*packets, "packet");
            format!(
                "{packets} of link type {name} not looked into: no way to IP is known in it; \
                 capture on the network interface itself"
            )
        })
        .collect();
    let others = others.into_iter().filter(|skipped| is_without_tcp || !skipped.is_housekeeping);
    let others: Vec<_> = others.map(in_words).collect();
    if let Some((shown, rest)) =
        others.split_at_checked(MOST_NAMES).filter(|(_, rest)| !rest.is_empty())
    {
        let rest = units::counted(rest.len() as u64, "other protocol");
        notes.push(format!("not looked into: {}, and {rest}", shown.join(", ")));
    } else if !others.is_empty() {
        notes.push(format!("not looked into: {}", others.join(", ")));
    }
    notes
}

/// `58 packets in WireGuard`, `3 packets of ARP`.
fn in_words(skipped: &SkippedPackets) -> String {
    let packets = units::counted(skipped.packets, "packet");
    let of = if matches!(skipped.what, "encrypted" | "tunnel") { "in" } else { "of" };
    format!("{packets} {of} {}", skipped.name)
}

fn notes_on(input: &Input, is_without_tcp: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if input.cut_short {
        let note = input.note.as_deref();
        notes.push(printable(note.unwrap_or("the input is cut short")));
    }
    notes.extend(not_looked_into(input, is_without_tcp));
    let undecoded = input.undecoded_packets.map(|all| all.saturating_sub(of_link_types(input)));
    let counts = [
        (undecoded, "packet", "could not be decoded"),
        (
            input.incomplete_fragments,
            "IP fragment",
            "skipped: the others of its packet are missing",
        ),
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
