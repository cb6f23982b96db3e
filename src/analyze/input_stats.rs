//! What is known of an input.

use crate::wire::frame::{LinkType, Timestamp};
use crate::wire::skipped::Skipped;

/// What is known of an input beside what its packets say. `None`: not known, or not counted per input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InputStats {
    /// The path as the user gave it; `-` is standard input.
    pub path: String,
    /// `pcap` or `pcapng`.
    pub format: String,
    /// `gz`, `zst`, `xz` or `lz4`.
    pub compression: Option<String>,
    /// The link types, each once.
    pub link_types: Vec<LinkType>,
    /// Its interfaces, by their number; none where none has a name.
    pub interfaces: Vec<InterfaceStats>,
    /// Frames read.
    pub packets: u64,
    /// Captured bytes of them.
    pub bytes: u64,
    /// The earliest time of a frame.
    pub first: Option<Timestamp>,
    /// The latest time of a frame.
    pub last: Option<Timestamp>,
    /// Frames whose headers could not be read.
    pub undecoded_packets: Option<u64>,
    /// Frames cut by the snap length.
    pub truncated_packets: Option<u64>,
    /// IP fragments.
    pub ip_fragments: Option<u64>,
    /// Segments that came in several IP fragments.
    pub reassembled_segments: Option<u64>,
    /// IP fragments whose packet was never complete.
    pub incomplete_fragments: Option<u64>,
    /// What was not looked into, and how many frames of it.
    pub skipped: Vec<(Skipped, u64)>,
    /// Frames that another interface or input had too.
    pub duplicate_packets: Option<u64>,
    /// Whether the input ended before its time.
    pub cut_short: bool,
    /// One sentence on why.
    pub note: Option<String>,
    /// By how much its clock is ahead of the first input's, where that was noticed. Its times are
    /// corrected by that.
    pub clock_shift_ns: Option<i64>,
    /// Frames that the kernel dropped.
    pub dropped_by_kernel: Option<u64>,
}

/// What is known of an interface of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceStats {
    /// Its name.
    pub name: Option<String>,
    /// Which header its frames start with.
    pub link_type: LinkType,
    /// Frames that the kernel dropped.
    pub dropped_by_kernel: Option<u64>,
}
