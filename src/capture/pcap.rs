//! The pcap format (draft-ietf-opsawg-pcap): a header of 24 octets, then records.

use pcap_parser::nom::{Err, IResult, Needed};
use pcap_parser::{
    LegacyPcapBlock, PcapError, PcapHeader, parse_pcap_frame, parse_pcap_frame_be,
    parse_pcap_frame_modified,
};

use super::buffer::{Buffer, LONGEST_RECORD};
use super::record::{Fault, Record};
use super::status::Interface;
use crate::wire::frame::{LinkType, Timestamp};

/// Octets of the file header.
pub(super) const HEADER: usize = 24;

/// Octets of a record header, and of the longer one of the "modified" format.
const RECORD_HEADER: usize = 16;
const MODIFIED_RECORD_HEADER: usize = 24;

/// What writers take to be "no limit" (libpcap: MAXIMUM_SNAPLEN). Records up to this size are
/// believed even if the header states a smaller snap length: some writers get it wrong.
const NO_LIMIT: usize = 262_144;

const NS_PER_SECOND: i64 = 1_000_000_000;

type ParseRecord = fn(&[u8]) -> IResult<&[u8], LegacyPcapBlock<'_>, PcapError<&[u8]>>;

/// Reads the records of a pcap file.
pub(super) struct Pcap {
    parse: ParseRecord,
    /// Whether the fast path can read it: little-endian, and not the "modified" format.
    may_be_fast: bool,
    #[cfg(feature = "tui")]
    is_big_endian: bool,
    link_type: LinkType,
    /// Nanoseconds in one unit of the fraction.
    fraction: i64,
    record_header: usize,
    limit: usize,
}

/// What it takes to read a record again.
#[cfg(feature = "tui")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PcapLayout {
    /// Octets from the captured length, which the original one follows, to the data.
    pub(super) lengths_before: u64,
    pub(super) is_big_endian: bool,
    pub(super) link_type: LinkType,
    /// The longest record that is believed.
    pub(super) limit: usize,
}

impl Pcap {
    pub(super) fn new(header: &PcapHeader) -> Self {
        let modified = header.is_modified_format();
        let parse = match (modified, header.is_bigendian()) {
            (true, _) => parse_pcap_frame_modified as ParseRecord,
            (false, true) => parse_pcap_frame_be,
            (false, false) => parse_pcap_frame,
        };
        let snaplen = usize::try_from(header.snaplen).unwrap_or(LONGEST_RECORD);
        Self {
            parse,
            may_be_fast: !modified && !header.is_bigendian(),
            #[cfg(feature = "tui")]
            is_big_endian: header.is_bigendian(),
            link_type: link_type(header),
            fraction: if header.is_nanosecond_precision() { 1 } else { 1_000 },
            record_header: if modified { MODIFIED_RECORD_HEADER } else { RECORD_HEADER },
            limit: snaplen.clamp(NO_LIMIT, LONGEST_RECORD - MODIFIED_RECORD_HEADER),
        }
    }

    /// Where records state their lengths, seen from their data, and in which byte order; and the link
    /// type of all of them.
    #[cfg(feature = "tui")]
    pub(super) fn layout(&self) -> PcapLayout {
        // Captured and original length are the last fields of the usual header; the longer one has 8
        // octets more behind them.
        let lengths_before = (self.record_header - RECORD_HEADER + 8) as u64;
        PcapLayout {
            lengths_before,
            is_big_endian: self.is_big_endian,
            link_type: self.link_type,
            limit: self.limit,
        }
    }

    /// The next record, which then stands at the front of the buffer; `None` at the end.
    pub(super) fn next(&self, buffer: &mut Buffer) -> Result<Option<Record>, Fault> {
        loop {
            let data = buffer.data();
            let available = data.len();
            match (self.parse)(data) {
                Ok((_, block)) => {
                    let data_len = block.data.len();
                    self.check(data_len)?;
                    let fields = [block.ts_sec, block.ts_usec, block.caplen, block.origlen];
                    return Ok(Some(self.record(self.record_header, fields, data_len)));
                }
                Err(Err::Incomplete(needed)) => {
                    let missing = match needed {
                        Needed::Size(octets) => octets.get(),
                        Needed::Unknown => 1,
                    };
                    let wanted = available.saturating_add(missing);
                    self.check(wanted.saturating_sub(self.record_header))?;
                    if !buffer.fill(wanted)? {
                        let whole = buffer.data().is_empty();
                        return if whole { Ok(None) } else { Err(Fault::Cut) };
                    }
                }
                Err(_) => return Err(Fault::Broken("the next record cannot be read")),
            }
        }
    }

    /// The fast path of nearly every record: little-endian, not of the "modified" format, and whole in
    /// the buffer, of which `data` is what stands there.
    ///
    /// `None` if it is anything else. Then [`Pcap::next`] knows what it is.
    #[expect(clippy::inline_always, reason = "so that a frame need not go through memory")]
    #[inline(always)]
    pub(super) fn try_fast_next(&self, data: &[u8]) -> Option<Record> {
        let (header, rest) = data.split_first_chunk::<RECORD_HEADER>()?;
        let word = |at: usize| {
            let octets = header.get(at..at + 4).and_then(<[u8]>::first_chunk);
            octets.map_or(0, |octets| u32::from_le_bytes(*octets))
        };
        let data_len = usize::try_from(word(8)).ok()?;
        if !self.may_be_fast || data_len > rest.len() || data_len > self.limit {
            return None;
        }
        let fields = [word(0), word(4), word(8), word(12)];
        Some(self.record(RECORD_HEADER, fields, data_len))
    }

    /// The record with these four fields in its header: seconds, their fraction, captured and original
    /// length. Of its data, `data_len` bytes stand there.
    #[inline]
    fn record(&self, header_len: usize, fields: [u32; 4], data_len: usize) -> Record {
        let [seconds, fraction, captured, original] = fields;
        let fraction = i64::from(fraction) * self.fraction;
        Record {
            timestamp: Timestamp(i64::from(seconds) * NS_PER_SECOND + fraction),
            interface: 0,
            link_type: self.link_type,
            wire_len: original.max(captured),
            data_start: header_len,
            data_len,
            len: header_len + data_len,
        }
    }

    #[inline]
    fn check(&self, claimed: usize) -> Result<(), Fault> {
        if claimed > self.limit {
            return Err(Fault::TooLong { claimed: claimed as u64, limit: self.limit });
        }
        Ok(())
    }
}

/// The one interface of a pcap file.
pub(super) fn interface(header: &PcapHeader) -> Interface {
    Interface {
        name: None,
        link_type: link_type(header),
        snaplen: Some(header.snaplen).filter(|snaplen| *snaplen != 0),
        dropped_by_kernel: None,
    }
}

/// draft-ietf-opsawg-pcap §4: the upper bits tell the length of the frame check sequence.
fn link_type(header: &PcapHeader) -> LinkType {
    LinkType(header.network.0.cast_unsigned() & 0x03ff_ffff)
}
