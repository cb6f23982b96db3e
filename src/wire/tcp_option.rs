//! The options of a TCP header: a walk over kind and length that never stops at a strange kind.

use super::mptcp::MptcpOption;
use super::seq::SeqNum;

/// The option octets of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpOptions<'a> {
    /// The octets that were captured.
    pub octets: &'a [u8],
    /// Octets that the data offset promises: 0 to 40.
    pub declared_len: u8,
}

/// One TCP option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpOption<'a> {
    /// Kind 1.
    NoOperation,
    /// Kind 0; ends the walk. How many octets follow it as padding.
    EndOfList {
        /// Octets after it.
        padding: u8,
    },
    /// Kind 2 (RFC 9293 §3.7.1).
    MaximumSegmentSize(u16),
    /// Kind 3 (RFC 7323 §2): shift count.
    WindowScale(u8),
    /// Kind 4 (RFC 2018 §2).
    SackPermitted,
    /// Kind 5 (RFC 2018 §3).
    Sack(SackBlocks<'a>),
    /// Kind 8 (RFC 7323 §3).
    Timestamps {
        /// TSval.
        value: u32,
        /// TSecr.
        echo_reply: u32,
    },
    /// Kind 34 (RFC 7413 §2): the cookie; empty asks for one.
    FastOpen(&'a [u8]),
    /// Kind 19 (RFC 2385): the digest.
    Md5(&'a [u8]),
    /// Kind 29 (RFC 5925): what follows kind and length.
    Authentication(&'a [u8]),
    /// Kind 30.
    Mptcp(MptcpOption),
    /// Any other kind, or a known one with a length that it cannot have; octets after kind and length.
    Unknown {
        /// Kind octet.
        kind: u8,
        /// Octets after kind and length.
        data: &'a [u8],
    },
    /// A length below 2, or past the end of the declared options; ends the walk. The octets from the
    /// kind octet on.
    BadLength(&'a [u8]),
    /// The snap length cuts this option (or the rest of the list); ends the walk. The captured octets
    /// from the kind octet on.
    Cut(&'a [u8]),
}

/// The blocks of a SACK option: up to four `(left edge, right edge)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SackBlocks<'a>(pub &'a [u8]);

impl SackBlocks<'_> {
    /// Left edge and right edge (one past the last octet) of each block.
    pub fn iter(&self) -> impl Iterator<Item = (SeqNum, SeqNum)> + '_ {
        self.0.chunks_exact(8).filter_map(|block| {
            let (left, right) = block.split_first_chunk::<4>()?;
            let right = right.first_chunk::<4>()?;
            Some((SeqNum(u32::from_be_bytes(*left)), SeqNum(u32::from_be_bytes(*right))))
        })
    }
}
