//! What a capture hands out: one recorded frame, borrowed for as long as it is looked at.

use std::fmt;

pub use super::link_type::LinkType;

/// Nanoseconds since the Unix epoch, as the capture recorded them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time from `earlier` to `self` in nanoseconds; negative when `self` came first.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// 1-based position of a frame in the merged order of all inputs. With one input it equals
/// Wireshark's frame number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PacketNo(pub u64);

impl fmt::Display for PacketNo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// Where a frame was recorded: the input (0-based, in the order given) and the interface within
/// it (0-based; 0 where the format knows no interfaces).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct CapturePoint {
    /// Index of the input.
    pub input: u16,
    /// Index of the interface within the input.
    pub interface: u16,
}

/// One captured frame. The octets are borrowed from the reader's buffer.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Position in the merged order, 1-based.
    pub number: PacketNo,
    /// When it was captured.
    pub timestamp: Timestamp,
    /// Where it was captured.
    pub point: CapturePoint,
    /// Which header the octets start with.
    pub link_type: LinkType,
    /// Octets that were on the wire; at least `data.len()`.
    pub wire_len: u32,
    /// Where the octets stand in the input file, if that can be told.
    pub offset: Option<u64>,
    /// The captured octets.
    pub data: &'a [u8],
}

/// Where the octets of a frame can be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Index of the input, or [`Place::SPOOL`].
    pub source: u8,
    /// Position there.
    pub offset: u64,
}

impl Place {
    /// What stands for the temporary file that keeps what cannot be read twice.
    pub const SPOOL: u8 = u8::MAX - 1;

    /// The highest position that there can be: 16 TiB.
    pub const MOST_OFFSET: u64 = (1 << 44) - 1;

    /// Where a frame of the input with index `input` stands in its file. `None` for an input past
    /// those that can be told apart, and past [`Place::MOST_OFFSET`].
    pub fn in_input(input: u16, offset: u64) -> Option<Self> {
        let source = u8::try_from(input).ok().filter(|source| *source < Self::SPOOL)?;
        (offset <= Self::MOST_OFFSET).then_some(Self { source, offset })
    }
}

/// A frame that was read again, on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPacket {
    /// Which header the octets start with.
    pub link_type: LinkType,
    /// Octets that were on the wire; at least `data.len()`.
    pub wire_len: u32,
    /// The captured octets.
    pub data: Vec<u8>,
}

impl RawPacket {
    /// It as a frame of the capture, whose place is known from elsewhere.
    pub fn frame(&self, number: PacketNo, timestamp: Timestamp) -> Frame<'_> {
        Frame {
            number,
            timestamp,
            point: CapturePoint::default(),
            link_type: self.link_type,
            wire_len: self.wire_len,
            offset: None,
            data: &self.data,
        }
    }
}

impl Frame<'_> {
    /// Whether the snap length cut this frame.
    #[inline]
    pub fn is_cut(&self) -> bool {
        self.data.len() < self.wire_len as usize
    }
}
