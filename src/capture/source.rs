//! One input while it is read: a buffer and the reader of its format.

use std::io;

use super::buffer::Buffer;
use super::pcap::Pcap;
use super::pcapng::Pcapng;
#[cfg(feature = "tui")]
use super::reread::Layout;
use super::status::InputStatus;
use crate::wire::frame::{LinkType, Timestamp};

/// A frame as it stands at the front of the buffer.
///
/// `repr(C)`: two fields side by side, as they are in [`Frame`](crate::wire::frame::Frame), would be
/// copied by one read, which waits until both writes before it are done.
#[derive(Debug, Clone, Copy)]
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
    const NONE: Self = Self {
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
    #[error("the next record claims {claimed} octets, more than the {limit} that can be right")]
    TooLong { claimed: u64, limit: usize },
    #[error("{0}")]
    Broken(&'static str),
    #[error("the next packet names interface {0}, which was not described before")]
    UnknownInterface(u32),
    #[error("{0}")]
    Read(#[from] io::Error),
}

/// The reader of a format.
pub(super) enum Records {
    Pcap(Pcap),
    Pcapng(Box<Pcapng>),
}

/// One input. It holds one record at a time, the current one.
pub(super) struct Source {
    buffer: Buffer,
    records: Records,
    current: Record,
    /// Whether positions in the buffer are positions in a file that can be opened again.
    seekable: bool,
    ended: bool,
    /// Whether there is no record only because its reader would have to wait.
    waits: bool,
}

impl Source {
    pub(super) fn new(buffer: Buffer, records: Records, seekable: bool) -> Self {
        Self { buffer, records, current: Record::NONE, seekable, ended: false, waits: false }
    }

    /// Goes to the next record the short way, if there is one, as there is nearly always. False says
    /// nothing: then [`Source::advance`] knows.
    #[expect(clippy::inline_always, reason = "so that a frame need not go through memory")]
    #[inline(always)]
    pub(super) fn advance_as_usual(&mut self) -> bool {
        self.buffer.consume(std::mem::take(&mut self.current.len));
        let next = match &self.records {
            Records::Pcap(pcap) => pcap.next_usual(self.buffer.data()),
            Records::Pcapng(pcapng) => pcapng.next_usual(self.buffer.data()),
        };
        let Some(record) = next else { return false };
        self.current = record;
        true
    }

    /// Goes to the next record and returns its time; `None` at the end, however it came about.
    pub(super) fn advance(&mut self, status: &mut InputStatus) -> Option<Timestamp> {
        if self.advance_as_usual() {
            return Some(self.current.timestamp);
        }
        if self.ended {
            return None;
        }
        let next = match &mut self.records {
            Records::Pcap(pcap) => pcap.next(&mut self.buffer),
            Records::Pcapng(pcapng) => {
                pcapng.next(&mut self.buffer, status, self.current.timestamp)
            }
        };
        match next {
            Ok(Some(record)) => {
                self.current = record;
                Some(record.timestamp)
            }
            Ok(None) => self.end(None, status),
            Err(Fault::Read(error)) if error.kind() == io::ErrorKind::WouldBlock => self.wait(),
            Err(fault) => self.end(Some(&fault), status),
        }
    }

    #[cold]
    fn end(&mut self, fault: Option<&Fault>, status: &mut InputStatus) -> Option<Timestamp> {
        if let Some(fault) = fault {
            status.cut(fault, self.buffer.position());
        }
        self.ended = true;
        self.waits = false;
        self.current = Record::NONE;
        self.buffer.close();
        None
    }

    /// What was read of the next record stays in the buffer.
    #[cold]
    fn wait(&mut self) -> Option<Timestamp> {
        self.waits = true;
        self.current = Record { timestamp: self.current.timestamp, ..Record::NONE };
        None
    }

    /// Whether there was no record, but there may be one later.
    pub(super) const fn waits(&self) -> bool {
        self.waits
    }

    /// What it takes to read its records again, if that is possible.
    #[cfg(feature = "tui")]
    pub(super) fn layout(&self) -> Option<Layout> {
        self.seekable.then(|| match &self.records {
            Records::Pcap(pcap) => Layout::Pcap(pcap.layout()),
            Records::Pcapng(pcapng) => Layout::Pcapng(pcapng.sections().to_vec()),
        })
    }

    /// The current record.
    #[inline]
    pub(super) const fn record(&self) -> &Record {
        &self.current
    }

    /// The captured octets of the current record.
    #[inline]
    pub(super) fn data(&self) -> &[u8] {
        self.buffer.piece(self.current.data_start, self.current.data_len)
    }

    /// Where these octets stand in the file.
    #[inline]
    pub(super) fn offset(&self) -> Option<u64> {
        self.seekable.then(|| self.buffer.position() + self.current.data_start as u64)
    }
}
