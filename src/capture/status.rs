//! What is known of an input while it is read, and after.

use std::fmt;

use super::record::{Fault, Record};
use crate::wire::frame::{LinkType, Timestamp};

/// The file format of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The classic format of libpcap.
    Pcap,
    /// Sections of blocks, the format of Wireshark.
    Pcapng,
    /// No file at all: interfaces of this host.
    Live,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::Live => "live",
        })
    }
}

/// How an input is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip (RFC 1952).
    Gz,
    /// Zstandard (RFC 8878).
    Zst,
    /// xz.
    Xz,
    /// LZ4 frames.
    Lz4,
}

impl fmt::Display for Compression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gz => "gz",
            Self::Zst => "zst",
            Self::Xz => "xz",
            Self::Lz4 => "lz4",
        })
    }
}

/// An interface that an input describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name, where the format has names and the writer gave one.
    pub name: Option<String>,
    /// Which header its frames start with.
    pub link_type: LinkType,
    /// Octets kept of each frame at most; `None` if there was no such limit.
    pub snaplen: Option<u32>,
    /// Frames that the kernel or the interface dropped, as the latest statistics of a pcapng say.
    pub dropped_by_kernel: Option<u64>,
}

/// Facts about one input: those of its header at once, the others as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputStatus {
    /// The path as the user gave it; `-` is standard input.
    pub path: String,
    /// Its format.
    pub format: Format,
    /// Its compression, if any.
    pub compression: Option<Compression>,
    /// Its interfaces, as `CapturePoint::interface` counts them: a pcap has one, without a name; a
    /// pcapng counts on through its sections.
    pub interfaces: Vec<Interface>,
    /// Frames handed out.
    pub packets: u64,
    /// Captured octets of these frames.
    pub bytes: u64,
    /// The earliest time of a frame.
    pub first: Option<Timestamp>,
    /// The latest time of a frame.
    pub last: Option<Timestamp>,
    /// Whether the input ended before its time.
    pub cut_short: bool,
    /// One sentence on why, after which packet of this input, and at which byte.
    pub note: Option<String>,
}

impl InputStatus {
    /// An input of which nothing was read yet.
    pub fn new(path: String, format: Format, compression: Option<Compression>) -> Self {
        Self {
            path,
            format,
            compression,
            interfaces: Vec::new(),
            packets: 0,
            bytes: 0,
            first: None,
            last: None,
            cut_short: false,
            note: None,
        }
    }

    /// The link types of all interfaces, each once, in order of appearance.
    pub fn link_types(&self) -> Vec<LinkType> {
        let mut link_types = Vec::new();
        for interface in &self.interfaces {
            if !link_types.contains(&interface.link_type) {
                link_types.push(interface.link_type);
            }
        }
        link_types
    }

    /// Frames dropped on all interfaces; `None` if no interface has statistics.
    pub fn dropped_by_kernel(&self) -> Option<u64> {
        self.interfaces
            .iter()
            .filter_map(|interface| interface.dropped_by_kernel)
            .reduce(u64::saturating_add)
    }

    /// The smallest snap length of an interface; `None` if none has a limit.
    pub fn snaplen(&self) -> Option<u32> {
        self.interfaces.iter().filter_map(|interface| interface.snaplen).min()
    }

    #[inline]
    pub(super) fn count(&mut self, record: &Record) {
        self.count_frame(record.timestamp, record.data_len);
    }

    /// Counts a frame that was captured at `time`, with so many octets of it.
    #[inline]
    pub fn count_frame(&mut self, time: Timestamp, octets: usize) {
        self.packets += 1;
        self.bytes += octets as u64;
        if self.first.is_none_or(|first| time < first) {
            self.first = Some(time);
        }
        if self.last.is_none_or(|last| time > last) {
            self.last = Some(time);
        }
    }

    /// Notes that the input ended at `position` (an octet of the uncompressed capture).
    pub(super) fn cut(&mut self, fault: &Fault, position: u64) {
        let place = match (self.packets, self.compression) {
            (0, None) => format!("before the first packet, at byte {position}"),
            (0, Some(_)) => format!("before the first packet, at byte {position} uncompressed"),
            (packets, None) => format!("after packet {packets}, at byte {position}"),
            (packets, Some(_)) => {
                format!("after packet {packets}, at byte {position} uncompressed")
            }
        };
        let reason = match (fault, self.compression) {
            (Fault::Read(error), Some(compression)) => {
                format!("the {compression} stream is cut off or broken ({error})")
            }
            _ => fault.to_string(),
        };
        self.cut_short = true;
        self.note = Some(format!("reading stopped {place}: {reason}"));
    }
}
