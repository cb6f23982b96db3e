//! One record of an input, and why there may be no more of them.

use std::io;

use crate::wire::frame::{LinkType, Timestamp};

/// A frame as it stands at the front of the buffer.
///
/// `repr(C)`: two fields side by side, as they are in [`Frame`](crate::wire::frame::Frame), would be
/// copied by one read, which waits until both writes before it are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Record {
    pub(super) link_type: LinkType,
    pub(super) interface: u16,
    pub(super) timestamp: Timestamp,
    pub(super) wire_len: u32,
    /// Where the captured octets start within the record.
    pub(super) data_start: usize,
    pub(super) data_len: usize,
    /// Octets of the whole record.
    pub(super) len: usize,
}

impl Record {
    pub(super) const NONE: Self = Self {
        timestamp: Timestamp(0),
        interface: 0,
        link_type: LinkType::NULL,
        wire_len: 0,
        data_start: 0,
        data_len: 0,
        len: 0,
    };
}

/// Why an input ended before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the next record is cut off")]
    Cut,
    #[error("the next record claims {claimed} bytes, more than the limit of {limit}")]
    TooLong { claimed: u64, limit: usize },
    #[error("{0}")]
    Broken(&'static str),
    #[error("the next packet names interface {0}, which was not described before")]
    UnknownInterface(u32),
    #[error("{0}")]
    Read(#[from] io::Error),
}
