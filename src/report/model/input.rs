//! What was read, and counts over all of it.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::Finding;
use super::road::Interface;
use crate::analyze::InputStats;
use crate::analyze::finding::Severity;
use crate::track::{self, OptionCounts, totals};
use crate::wire::frame::{LinkType, Timestamp};
use crate::wire::skipped::Skipped;

/// One input.
///
/// ```json
/// {"path": "client.pcap", "format": "pcap", "compression": null, "link_types": ["ETHERNET"], "interfaces": [],
///  "packets": 756, "bytes": 701234, "start": "2026-01-01T00:00:00.000000000Z",
///  "duration_ns": 1137189000, "undecoded_packets": 0, "truncated_packets": null,
///  "ip_fragments": 0, "reassembled_segments": 0, "incomplete_fragments": 0, "skipped": [], "duplicate_packets": null, "cut_short": false, "note": null,
///  "clock_shift_ns": null, "dropped_by_kernel": null}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Input {
    /// The path as the user gave it; `-` is standard input.
    pub path: String,
    /// `pcap` or `pcapng`.
    pub format: String,
    /// `gz`, `zst`, `xz` or `lz4`.
    pub compression: Option<String>,
    /// Names of the link types, each once.
    pub link_types: Vec<LinkType>,
    /// Its interfaces, where it names any.
    pub interfaces: Vec<Interface>,
    /// Frames read.
    pub packets: u64,
    /// Captured bytes of them.
    pub bytes: u64,
    /// Time of the earliest frame (RFC 3339).
    pub start: Option<Timestamp>,
    /// From the earliest frame to the latest.
    pub duration_ns: Option<i64>,
    /// Frames whose headers could not be read.
    pub undecoded_packets: Option<u64>,
    /// Frames cut by the snap length.
    pub truncated_packets: Option<u64>,
    /// IP fragments.
    pub ip_fragments: Option<u64>,
    /// Segments that came in several of them, and were put together.
    pub reassembled_segments: Option<u64>,
    /// IP fragments whose packet was never complete, or contradicted itself.
    pub incomplete_fragments: Option<u64>,
    /// What was not looked into, by name, most frames first.
    pub skipped: Vec<SkippedPackets>,
    /// Frames that another interface or input had too.
    pub duplicate_packets: Option<u64>,
    /// Whether the input ended before its time: cut off, or broken.
    pub cut_short: bool,
    /// One sentence on why.
    pub note: Option<String>,
    /// By how much its clock is ahead of the first input's, where that was noticed. Its times are
    /// corrected by that.
    pub clock_shift_ns: Option<i64>,
    /// Frames that the kernel dropped.
    pub dropped_by_kernel: Option<u64>,
}

impl Input {
    /// All inputs. What was counted over all of them belongs to a single one.
    pub(super) fn build(inputs: &[InputStats], totals: &track::Totals) -> Vec<Self> {
        let mut built: Vec<_> = inputs.iter().map(Self::from).collect();
        if let [only] = built.as_mut_slice() {
            only.undecoded_packets.get_or_insert(totals.undecoded);
            only.ip_fragments.get_or_insert(totals.fragments);
        }
        for (index, input) in built.iter_mut().enumerate() {
            let copies = totals.copies.get(index).copied();
            input.duplicate_packets.get_or_insert(copies.unwrap_or(0));
        }
        built
    }
}

impl From<&InputStats> for Input {
    fn from(stats: &InputStats) -> Self {
        let stats = stats.clone();
        Self {
            start: stats.first,
            duration_ns: stats.last.and_then(|last| Some(last.since(stats.first?))),
            path: stats.path,
            format: stats.format,
            compression: stats.compression,
            link_types: stats.link_types,
            interfaces: stats.interfaces.iter().zip(0..).map(Interface::build).collect(),
            packets: stats.packets,
            bytes: stats.bytes,
            undecoded_packets: stats.undecoded_packets,
            truncated_packets: stats.truncated_packets,
            ip_fragments: stats.ip_fragments,
            reassembled_segments: stats.reassembled_segments,
            incomplete_fragments: stats.incomplete_fragments,
            skipped: SkippedPackets::build(&stats.skipped),
            duplicate_packets: stats.duplicate_packets,
            cut_short: stats.cut_short,
            note: stats.note,
            clock_shift_ns: stats.clock_shift_ns,
            dropped_by_kernel: stats.dropped_by_kernel,
        }
    }
}

/// Frames that were not looked into.
///
/// ```json
/// {"what": "encrypted", "name": "WireGuard", "packets": 58}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SkippedPackets {
    /// `tunnel`, `link_type`, `protocol` or `encrypted`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// How many frames.
    pub packets: u64,
    /// Whether networks need it to run, and it can carry nothing else.
    #[serde(skip)]
    pub is_housekeeping: bool,
}

impl SkippedPackets {
    fn build(skipped: &[(Skipped, u64)]) -> Vec<Self> {
        let mut built: Vec<_> = skipped
            .iter()
            .map(|(skipped, packets)| Self {
                what: skipped.what(),
                name: skipped.to_string(),
                packets: *packets,
                is_housekeeping: skipped.is_housekeeping(),
            })
            .collect();
        built.sort_by_key(|skipped| Reverse(skipped.packets));
        built
    }
}

/// Counts over all inputs.
///
/// ```json
/// {"packets": 756, "tcp_segments": 742, "mptcp_segments": 742, "plain_tcp_connections": 0,
///  "connections": 1, "subflows": 2, "orphan_subflows": 0, "untracked_flows": 0,
///  "options": {"MP_CAPABLE": 5}, "findings": {"error": 0, "warning": 0, "note": 0}}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Totals {
    /// Frames.
    pub packets: u64,
    /// TCP segments.
    pub tcp_segments: u64,
    /// TCP segments with at least one MPTCP option.
    pub mptcp_segments: u64,
    /// TCP connections without any MPTCP option.
    pub plain_tcp_connections: u64,
    /// TCP connections whose options the snap length cut: whether they used MPTCP is not known.
    pub undecided_tcp_connections: u64,
    /// Entries of `connections`.
    pub connections: u64,
    /// Subflows of all of them.
    pub subflows: u64,
    /// Entries of `orphan_subflows`.
    pub orphan_subflows: u64,
    /// Flows with MPTCP that were not followed, because a limit was reached.
    pub untracked_flows: u64,
    /// What a long capture had to forget; left out where that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Forgotten>,
    /// TCP segments with octets among their options that are no option.
    pub malformed_option_areas: u64,
    /// MPTCP options by type.
    pub options: OptionCounts,
    /// Findings by severity.
    pub findings: Severities,
}

impl Totals {
    pub(super) fn build(totals: &track::Totals) -> Self {
        Self {
            packets: totals.packets,
            tcp_segments: totals.tcp_segments,
            mptcp_segments: totals.mptcp_segments,
            plain_tcp_connections: totals.plain_flows,
            undecided_tcp_connections: totals.cut_flows,
            malformed_option_areas: totals.malformed_areas.count,
            connections: 0,
            subflows: 0,
            orphan_subflows: 0,
            untracked_flows: totals.untracked_flows,
            forgotten: Forgotten::build(&totals.forgotten),
            options: totals.options,
            findings: Severities::default(),
        }
    }
}

/// What a long capture forgot, to save memory. None of it stands in `connections`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Forgotten {
    /// Connections that were over.
    pub closed_connections: u64,
    /// Connections that were silent for long.
    pub idle_connections: u64,
    /// Connections that never got through.
    pub half_open_connections: u64,
    /// Joins of unknown connections that were never answered.
    pub orphan_joins: u64,
    /// Subflows of all of these.
    pub subflows: u64,
}

impl Forgotten {
    fn build(forgotten: &totals::Forgotten) -> Option<Self> {
        (!forgotten.is_none()).then_some(Self {
            closed_connections: forgotten.closed,
            idle_connections: forgotten.idle,
            half_open_connections: forgotten.half_open,
            orphan_joins: forgotten.orphan_joins,
            subflows: forgotten.subflows,
        })
    }
}

/// Findings by severity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Severities {
    /// MPTCP does not work, or data is damaged.
    pub error: u64,
    /// It works, but not as its owner wants.
    pub warning: u64,
    /// A fact that explains other things.
    pub note: u64,
}

impl Severities {
    pub(in crate::layers::report) fn count(findings: &[Finding]) -> Self {
        let of = |wanted| findings.iter().filter(|found| found.severity == wanted).count() as u64;
        Self {
            error: of(Severity::Error),
            warning: of(Severity::Warning),
            note: of(Severity::Note),
        }
    }
}
