//! One input while it is read: a buffer and the reader of its format.

use std::io;

use super::buffer::Buffer;
use super::pcap::Pcap;
#[cfg(feature = "tui")]
use super::pcap::PcapLayout;
use super::pcapng::Pcapng;
#[cfg(feature = "tui")]
use super::pcapng::Section;
use super::record::{Fault, Record};
use super::status::InputStatus;
use crate::wire::frame::Timestamp;

/// What it takes to read a record of a file again.
#[cfg(feature = "tui")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    Pcap(PcapLayout),
    Pcapng(Vec<Section>),
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

    /// Goes to the next record and returns its time. `None` at the end, however it came about.
    pub(super) fn advance(&mut self, status: &mut InputStatus) -> Option<Timestamp> {
        if self.try_fast_advance() {
            Some(self.current.timestamp)
        } else {
            self.advance_general(status)
        }
    }

    /// Goes to the next record on the fast path, which nearly all can take.
    ///
    /// `false` if the next one cannot, or if there is none. Then [`Source::advance_general`] knows.
    #[expect(clippy::inline_always, reason = "so that a frame need not go through memory")]
    #[inline(always)]
    pub(super) fn try_fast_advance(&mut self) -> bool {
        self.leave_current();
        let Some(record) = self.try_fast_next() else { return false };
        self.current = record;
        true
    }

    /// Takes the current record off the buffer.
    #[inline]
    fn leave_current(&mut self) {
        self.buffer.consume(std::mem::take(&mut self.current.len));
    }

    /// The record at the front of the buffer, if the fast path can read it.
    #[expect(clippy::inline_always, reason = "so that a frame need not go through memory")]
    #[inline(always)]
    fn try_fast_next(&self) -> Option<Record> {
        match &self.records {
            Records::Pcap(pcap) => pcap.try_fast_next(self.buffer.data()),
            Records::Pcapng(pcapng) => pcapng.try_fast_next(self.buffer.data()),
        }
    }

    /// The general path: as [`Source::advance`], for a record of any kind.
    pub(super) fn advance_general(&mut self, status: &mut InputStatus) -> Option<Timestamp> {
        self.leave_current();
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use proptest::prelude::*;

    use super::*;
    use crate::capture::{open, testing};

    /// Reads an input on the general path, and compares every record with what the fast path says of
    /// it. Returns how many records there were, and how many the fast path could read.
    fn compare(source: &mut Source, status: &mut InputStatus) -> (usize, usize) {
        let (mut records, mut by_fast_path) = (0, 0);
        loop {
            source.leave_current();
            let fast = source.try_fast_next();
            let general = source.advance_general(status).map(|_| *source.record());
            if let Some(fast) = fast {
                by_fast_path += 1;
                assert_eq!(Some(fast), general, "record {records}");
            }
            if general.is_none() {
                return (records, by_fast_path);
            }
            records += 1;
        }
    }

    #[test]
    fn the_fast_path_agrees_with_the_general_one_on_every_capture() {
        let (mut records, mut by_fast_path) = (0, 0);
        for input in testing::captures() {
            let count = Arc::new(AtomicU64::new(0));
            let Ok(mut opened) = open::path(&input, 1 << 20, &count) else { continue };
            let (all, fast) = compare(&mut opened.source, &mut opened.status);
            records += all;
            by_fast_path += fast;
        }
        assert!(by_fast_path > records / 10 * 9, "{by_fast_path} of {records} records");
    }

    /// A 32-bit field that is often small.
    fn field() -> impl Strategy<Value = u32> {
        prop_oneof![8 => 0u32..100, 1 => 200_000u32..400_000, 1 => any::<u32>()]
    }

    /// A record of a pcap file, whose header may state any lengths.
    fn pcap_record() -> impl Strategy<Value = Vec<u8>> {
        let data = prop::collection::vec(any::<u8>(), 0..60);
        (any::<[u32; 2]>(), [field(), field()], any::<bool>(), data).prop_map(
            |(time, lengths, is_right, data)| {
                let captured =
                    if is_right { u32::try_from(data.len()).unwrap() } else { lengths[0] };
                let header = [time[0], time[1], captured, lengths[1]];
                let header = header.into_iter().flat_map(u32::to_le_bytes);
                header.chain(data).collect()
            },
        )
    }

    /// A block of a pcapng file, most of them enhanced packets, whose fields may be anything.
    fn pcapng_block() -> impl Strategy<Value = Vec<u8>> {
        let kind = prop_oneof![6 => Just(6u32), 1 => 0u32..8, 1 => any::<u32>()];
        let interface = prop_oneof![6 => Just(0u32), 1 => field()];
        let fields = (kind, interface, any::<[u32; 2]>(), [field(), field()]);
        let data = prop::collection::vec(any::<u8>(), 0..60);
        let length = prop_oneof![8 => Just(None), 1 => field().prop_map(Some)];
        (fields, data, length).prop_map(|((kind, interface, time, lengths), data, length)| {
            let right = u32::try_from(data.len()).unwrap() + 32;
            let (before, after) = (length.unwrap_or(right), right);
            let fields =
                [kind, before, interface, time[0], time[1], lengths[0], lengths[1]].into_iter();
            let fields = fields.flat_map(u32::to_le_bytes);
            fields.chain(data).chain(after.to_le_bytes()).collect()
        })
    }

    /// A section header and the description of one Ethernet interface.
    const PCAPNG_START: [u32; 12] =
        [0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28, 1, 20, 1, 0, 20];

    /// All records of an input of these bytes, compared.
    fn compare_bytes(bytes: Vec<u8>) {
        let count = Arc::new(AtomicU64::new(0));
        let reader = Box::new(Cursor::new(bytes));
        let mut opened = open::reader("bytes", reader, 1 << 20, &count).unwrap();
        compare(&mut opened.source, &mut opened.status);
    }

    #[test]
    fn the_fast_path_leaves_a_record_that_is_too_long_to_the_general_one() {
        let header = [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 96, 1, 0, 0, 300_000, 300_000];
        let bytes = header.into_iter().flat_map(u32::to_le_bytes);
        compare_bytes(bytes.chain(std::iter::repeat_n(7, 300_000)).collect());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn the_fast_path_of_pcap_agrees_with_the_general_one_on_any_bytes(
            magic in prop::sample::select(vec![0xa1b2_c3d4u32, 0xa1b2_3c4d, 0xa1b2_cd34]),
            is_big_endian: bool,
            snaplen in field(),
            records in prop::collection::vec(pcap_record(), 0..6),
        ) {
            // The big-endian form of the "modified" format is not read at all.
            prop_assume!(!(is_big_endian && magic == 0xa1b2_cd34));
            let header = [magic, 0x0004_0002, 0, 0, snaplen, 1];
            let order = if is_big_endian { u32::to_be_bytes } else { u32::to_le_bytes };
            compare_bytes(header.into_iter().flat_map(order).chain(records.concat()).collect());
        }

        #[test]
        fn the_fast_path_of_pcapng_agrees_with_the_general_one_on_any_bytes(
            blocks in prop::collection::vec(pcapng_block(), 0..6),
        ) {
            let start = PCAPNG_START.into_iter().flat_map(u32::to_le_bytes);
            compare_bytes(start.chain(blocks.concat()).collect());
        }
    }
}
