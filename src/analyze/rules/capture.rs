//! What the capture itself lacks, or has too much of; and options that are odd.

use super::words::{host, packet};
use super::{ConnectionContext, WholeCapture};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::track::event::Event;
use crate::track::range_set::SeqRange;
use crate::track::role::Role;
use crate::track::subflow::{Subflow, SubflowState};
use crate::track::totals::Anomaly;
use crate::units;
use crate::wire::mptcp::{FastClose, MptcpOption, Version};

/// Packets that were dropped while capturing.
pub(super) fn drops(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let dropped: u64 = capture.inputs.iter().map(|input| input.dropped).sum();
    if dropped == 0 {
        return Vec::new();
    }
    let summary = format!(
        "{} were dropped while capturing: what is said to be missing may have been there.",
        units::counted(dropped, "packet")
    );
    vec![
        Finding::new(Code::CaptureDrops, summary)
            .times(dropped)
            .with("packets", dropped)
            .advice(DROPS),
    ]
}

const DROPS: &str = "Capture with a larger buffer (`tcpdump -B 16384`), a snap length (-s 256) or \
    a filter (tcp).";

/// Octets that TCP acknowledged on a subflow and that the capture does not have.
pub(super) fn tcp_gaps(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let holes: Vec<_> = context.subflows.iter().filter_map(|subflow| tcp_hole(subflow)).collect();
    let octets: u64 = holes.iter().map(|(_, octets)| octets).sum();
    let Some((first, _)) = holes.first() else { return Vec::new() };
    let summary = format!(
        "{} were acknowledged on their subflow and are not in the capture: packets are missing.",
        units::bytes(octets)
    );
    let finding = Finding::new(Code::CaptureDrops, summary).with("bytes", octets).advice(DROPS);
    vec![if holes.len() == 1 { finding.on(first) } else { finding }]
}

/// What a subflow of which both hosts were seen lacks of what its hosts acknowledged.
pub(super) fn tcp_hole(subflow: &Subflow) -> Option<(&Subflow, u64)> {
    let lacking = |role: &Role| -> u64 {
        let end = subflow.sides.of(*role);
        let acked = end.acked;
        let holes = end.sequence.range_set().holes();
        holes.filter(|hole| hole.end <= acked).map(SeqRange::len).sum()
    };
    let octets: u64 = Role::BOTH.iter().map(lacking).sum();
    let both = Role::BOTH.iter().all(|role| subflow.sides.of(*role).segments > 0);
    (both && octets > 0).then_some((subflow, octets))
}

/// The handshake of the connection is not in the capture.
pub(super) fn midstream(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let first = context.subflows.first();
    let is_cut = first.is_some_and(|first| first.is_midstream())
        || (context.connection.known_by.is_some() && !context.connection.has_keys());
    if !is_cut {
        return Vec::new();
    }
    let keys = if context.connection.has_keys() {
        "The keys are known all the same"
    } else {
        "Without the keys no HMAC can be checked"
    };
    let summary = format!("The capture begins after the handshake of this connection. {keys}.");
    vec![Finding::new(Code::CaptureMidstream, summary).seen([context.connection.first]).advice(
        "Start the capture before the connection, on all interfaces (`tcpdump -i \
                any`).",
    )]
}

/// Only what one host sent is in the capture.
pub(super) fn one_sided(context: &ConnectionContext<'_>) -> Vec<Finding> {
    /// Fewer segments than this say nothing.
    const FEW: u64 = 4;
    let sent = |role: Role| -> u64 {
        context.subflows.iter().map(|subflow| subflow.sides.of(role).segments).sum()
    };
    let [client, server] = Role::BOTH.map(sent);
    let role = match (client, server) {
        (0, FEW..) => Role::Server,
        (FEW.., 0) => Role::Client,
        _ => return Vec::new(),
    };
    if context.subflows.iter().all(|subflow| subflow.state() == SubflowState::SynTimeout) {
        return Vec::new();
    }
    let summary = format!(
        "Only what {} sent is in the capture: what depends on answers is not told.",
        host(role)
    );
    vec![
        Finding::new(Code::CaptureOneSided, summary)
            .from(role)
            .seen([context.connection.first])
            .advice(
                "Capture where both directions pass: routes may differ, and so may interfaces.",
            ),
    ]
}

/// Data was acknowledged, or lies between what was seen, that no subflow in the capture carried.
pub(super) fn missing_path(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let has_gaps = context.subflows.iter().any(|subflow| tcp_hole(subflow).is_some());
    if has_gaps || context.connection.fallback.is_some() || !context.is_two_sided() {
        return Vec::new();
    }
    let lacking = |role: Role| missing(context, role).map(|octets| (role, octets));
    let found = Role::BOTH.into_iter().filter_map(lacking);
    found
        .map(|(role, octets)| {
            let summary = format!(
                "{} of {} are not in the capture although every subflow in it is complete: another \
                 path of the connection was not captured.",
                units::bytes(octets),
                host(role)
            );
            Finding::new(Code::CaptureMissingPath, summary)
                .from(role)
                .confidence(Confidence::Likely)
                .with("bytes", octets)
                .advice("Capture on all interfaces (`tcpdump -i any`), or give all files at once.")
        })
        .collect()
}

/// Octets that the peer acknowledged at the data level and that were not seen.
fn missing(context: &ConnectionContext<'_>, role: Role) -> Option<u64> {
    let end = context.acked_end(role)?;
    let acked = SeqRange { start: i64::MIN, end };
    let holes = context.holes(role).iter();
    let octets: u64 = holes.map(|hole| hole.intersection(acked).len()).sum();
    // An octet or two: a DATA_FIN that was not seen, or a fast-open SYN.
    (octets > 2 && context.is_whole()).then_some(octets)
}

/// The snap length cut options off.
pub(super) fn options_cut(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let cut = capture.trace.totals().options_cut;
    let summary = format!(
        "The options of {} were cut off by the snap length: what they said is not known.",
        units::counted(cut.count, "segment")
    );
    let advice = "Capture with a snap length of at least 160 octets (`tcpdump -s 160`).";
    odd(Code::CaptureOptionsCut, cut, summary).map(|f| f.advice(advice)).into_iter().collect()
}

/// Times that go back.
pub(super) fn time_backwards(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let backwards = capture.trace.totals().backwards;
    let summary = format!(
        "{} older than the one before: durations may be wrong; waits and waste of a connection \
         in such order are not told.",
        match backwards.count {
            1 => "1 packet is".to_owned(),
            count => format!("{} packets are", units::count(count)),
        }
    );
    let advice = "Put the packets in order: `reordercap IN OUT` (from Wireshark).";
    odd(Code::CaptureTimeBackwards, backwards, summary)
        .map(|f| f.advice(advice))
        .into_iter()
        .collect()
}

/// NOPs where an option may have been.
pub(super) fn nop_run(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let runs = capture.trace.totals().nop_runs;
    let summary = format!(
        "{} with four or more NOPs in a row: a middlebox may have overwritten an option.",
        units::counted(runs.count, "segment")
    );
    let advice = "Look for a firewall that clears unknown TCP options; compare with a capture on the \
        other side of it.";
    odd(Code::NopRun, runs, summary)
        .map(|f| f.confidence(Confidence::Likely).advice(advice))
        .into_iter()
        .collect()
}

fn odd(code: Code, oddity: Anomaly, summary: String) -> Option<Finding> {
    let first = oddity.first?;
    Some(Finding::new(code, summary).seen([first]).times(oddity.count))
}

/// Frames that were captured more than once.
pub(super) fn duplicate_frames(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let copies: u64 = capture.trace.totals().copies.iter().sum();
    if copies == 0 {
        return Vec::new();
    }
    let summary = format!(
        "{} captured more than once (on several interfaces or at both ends, or a link repeated \
         it); each counts once.",
        match copies {
            1 => "1 segment was".to_owned(),
            _ => format!("{} segments were", units::count(copies)),
        }
    );
    vec![Finding::new(Code::CaptureDuplicateFrames, summary).times(copies)]
}

/// Segments above the maximum segment size: captured before segmentation, or after reassembly.
pub(super) fn offload(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let mut largest = 0;
    let mut subflows = Vec::new();
    for subflow in &context.subflows {
        for role in Role::BOTH {
            let mss = subflow.sides.of(role.peer()).syn_options.and_then(|options| options.mss);
            let size = subflow.sides.of(role).largest_payload;
            if mss.is_some_and(|mss| size > u32::from(mss)) {
                largest = size.max(largest);
                subflows.push(subflow);
            }
        }
    }
    let Some(first) = subflows.first() else { return Vec::new() };
    let summary = format!(
        "Segments of up to {} are larger than their path allows: they were captured before \
         segmentation or after reassembly by the network card.",
        units::bytes(u64::from(largest))
    );
    let seen = Role::BOTH.map(|role| first.sides.of(role).first_data);
    vec![
        Finding::new(Code::CaptureOffload, summary)
            .seen(seen.into_iter().flatten())
            .with("largest_bytes", largest)
            .advice(
                "No fault. For the packets as they are on the wire: `ethtool -K IFACE tso off gso \
                 off gro off` while capturing.",
            ),
    ]
}

/// MPTCP options with an illegal length.
pub(super) fn option_malformed(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let wanted = |option: &MptcpOption| matches!(option, MptcpOption::Malformed(_));
    odd_options(context, Code::OptionMalformed, wanted, "with an illegal length or combination")
}

/// MPTCP options of unassigned subtypes; version 0 has no MP_TCPRST.
pub(super) fn option_unknown(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let wanted = |option: &MptcpOption| {
        matches!(option, MptcpOption::Unknown(_) | MptcpOption::Experimental(_))
    };
    odd_options(context, Code::OptionUnknown, wanted, "of an unassigned or private subtype")
}

/// Options where they do not belong: MP_TCPRST or MP_FAIL's like without RST, MP_JOIN on data…
pub(super) fn option_combination_odd(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let is_v0 = context.connection.version == Some(Version::V0);
    let resets: Vec<_> = context
        .connection
        .events
        .iter()
        .filter(|event| matches!(event.kind, crate::track::event::EventKind::Rst { .. }))
        .map(|event| event.seen.packet)
        .collect();
    let on_reset = |event: &Event| resets.contains(&event.seen.packet);
    let odd = |(event, option): &(&Event, &MptcpOption)| match option {
        // RFC 8684 §3.6: only on a RST.
        MptcpOption::TcpReset(_) => !on_reset(event) || is_v0,
        // RFC 6824 §3.5: only on an ACK.
        MptcpOption::FastClose(FastClose { .. }) => is_v0 && on_reset(event),
        MptcpOption::Capable(_) | MptcpOption::Join(_) | MptcpOption::AddAddr(_) => on_reset(event),
        _ => false,
    };
    // Where events were dropped, a RST may be among them.
    if context.connection.events.dropped() > 0 {
        return Vec::new();
    }
    let all: Vec<_> = context.options().filter(odd).map(|(event, _)| event).collect();
    told(Code::OptionCombinationOdd, &all, "where it does not belong")
}

fn odd_options(
    context: &ConnectionContext<'_>,
    code: Code,
    wanted: fn(&MptcpOption) -> bool,
    what: &str,
) -> Vec<Finding> {
    let all = context.options().filter(|(_, option)| wanted(option));
    let all: Vec<_> = all.map(|(event, _)| event).collect();
    told(code, &all, what)
}

/// How often, and the first packets.
fn told(code: Code, all: &[&Event], what: &str) -> Vec<Finding> {
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
