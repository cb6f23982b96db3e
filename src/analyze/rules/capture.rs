//! What the capture itself lacks, or has too much of.

use crate::analyze::context::{ConnectionContext, WholeCapture};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::holes;
use crate::analyze::words::host;
use crate::track::role::Role;
use crate::track::subflow::{Subflow, SubflowState};
use crate::track::totals::Anomaly;
use crate::units;

/// Packets that were dropped while capturing.
pub(super) fn drops(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let dropped: u64 = capture.inputs.iter().filter_map(|input| input.dropped_by_kernel).sum();
    if dropped == 0 {
        return Vec::new();
    }
    let summary = format!(
        "{} were dropped while capturing. What a finding calls missing may have been on the \
            wire.",
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

/// Bytes that TCP acknowledged on a subflow and that the capture does not have.
pub(super) fn tcp_holes(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let lacking = |subflow: &&Subflow| holes::of_subflow(subflow) > 0;
    let subflows: Vec<_> = context.subflows.iter().copied().filter(lacking).collect();
    let bytes: u64 = subflows.iter().map(|subflow| holes::of_subflow(subflow)).sum();
    if subflows.is_empty() {
        return Vec::new();
    }
    let summary = format!(
        "{} were acknowledged on their subflow and are not in the capture. Packets are missing.",
        units::bytes(bytes)
    );
    vec![
        Finding::new(Code::CaptureDrops, summary)
            .on_only(&subflows)
            .with("bytes", bytes)
            .advice(DROPS),
    ]
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
        "The keys were still found, so HMACs were checked"
    } else {
        "Without the keys, HMACs cannot be checked"
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
    // SYNs alone may have got no answer.
    let is_silent = |subflow: &&Subflow| {
        let syns = u64::from(subflow.handshake.syn_retransmissions) + 1;
        let sent = subflow.sides.client.segments + subflow.sides.server.segments;
        subflow.state() == SubflowState::SynTimeout && sent == syns
    };
    if context.subflows.iter().all(is_silent) {
        return Vec::new();
    }
    let summary = format!(
        "Only what {} sent is in the capture: RTT, loss and stalls cannot be computed.",
        host(role)
    );
    vec![
        Finding::new(Code::CaptureOneSided, summary)
            .from(role)
            .seen([context.connection.first])
            .advice(
                "Capture where both directions pass. Routes and interfaces may differ by \
                    direction.",
            ),
    ]
}

/// Data was acknowledged, or lies between what was seen, that no subflow in the capture carried.
pub(super) fn missing_path(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let found = Role::BOTH.into_iter().filter_map(|role| {
        let bytes = context.taken_elsewhere(role)?;
        let summary = format!(
            "{} of {} are not in the capture, although every captured subflow is complete: another \
                path of the connection was not captured.",
            units::bytes(bytes),
            host(role)
        );
        Some(
            Finding::new(Code::CaptureMissingPath, summary)
                .from(role)
                .confidence(Confidence::Likely)
                .with("bytes", bytes)
                .advice("Capture on all interfaces (`tcpdump -i any`), or give all files at once."),
        )
    });
    found.collect()
}

/// The snap length cut options off.
pub(super) fn options_cut(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let totals = capture.trace.totals();
    let cut = totals.options_cut;
    let undecided = match totals.cut_flows {
        0 => "what they said is not known".to_owned(),
        1 => "whether 1 TCP connection used MPTCP cannot be told".to_owned(),
        many => {
            let many = units::counted(many, "TCP connection");
            format!("whether {many} used MPTCP cannot be told")
        }
    };
    let summary = format!(
        "The options of {} were cut off by the snap length: {undecided}.",
        units::counted(cut.count, "segment")
    );
    let advice = "Capture at least 128 bytes of each packet (`tcpdump -s 128`).";
    of_anomaly(Code::CaptureOptionsCut, cut, summary)
        .map(|f| f.with("undecided_connections", totals.cut_flows).advice(advice))
        .into_iter()
        .collect()
}

/// Times that go back.
pub(super) fn time_backwards(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let totals = capture.trace.totals();
    let backwards = totals.backwards;
    let most = totals.backwards_most_ns;
    let packets = match backwards.count {
        1 => "1 packet is".to_owned(),
        count => format!("{} packets are", units::count(count)),
    };
    let by = units::duration(most);
    let summary = if totals.is_out_of_order() {
        format!(
            "{packets} older than the one before, by up to {by}: durations may be wrong; waits and \
             waste are not computed for connections in such order."
        )
    } else {
        format!(
            "{packets} older than the one before, by up to {by}, as happens between queues and \
             interfaces: too little to change what is reported."
        )
    };
    let finding = of_anomaly(Code::CaptureTimeBackwards, backwards, summary);
    let finding = finding.map(|finding| finding.with("most_ns", most.unsigned_abs()));
    let advice = "Sort the packets: `reordercap IN OUT` (from Wireshark).";
    let is_much = totals.is_out_of_order();
    let finding = finding.map(|f| if is_much { f.advice(advice) } else { f });
    finding.into_iter().collect()
}

/// How often an anomaly was seen, with its first packet.
pub(super) fn of_anomaly(code: Code, anomaly: Anomaly, summary: String) -> Option<Finding> {
    let first = anomaly.first?;
    Some(Finding::new(code, summary).seen([first]).times(anomaly.count))
}

/// Frames that were captured more than once.
pub(super) fn duplicate_frames(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let copies: u64 = capture.trace.totals().copies.iter().sum();
    if copies == 0 {
        return Vec::new();
    }
    let summary = format!(
        "{} captured more than once (on several interfaces or at both ends, or a link repeated \
            it). Each counts once.",
        match copies {
            1 => "1 segment was".to_owned(),
            _ => format!("{} segments were", units::count(copies)),
        }
    );
    vec![Finding::new(Code::CaptureDuplicateFrames, summary).times(copies)]
}

/// Segments above the maximum segment size: captured before segmentation, or after reassembly.
pub(super) fn offload(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let too_large = context.sides().filter_map(|(subflow, role)| {
        let mss = subflow.sides.of(role.peer()).syn_options.and_then(|options| options.mss)?;
        let size = subflow.sides.of(role).largest_payload;
        (size > u32::from(mss)).then_some((subflow, size))
    });
    let too_large: Vec<_> = too_large.collect();
    let Some((first, _)) = too_large.first() else { return Vec::new() };
    let largest = too_large.iter().map(|(_, size)| *size).max().unwrap_or(0);
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
            .why("Not a fault: the network card splits or merges segments.")
            .advice(
                "To see the packets as they are on the wire: `ethtool -K IFACE tso off gso off \
                 gro off` while capturing.",
            ),
    ]
}
