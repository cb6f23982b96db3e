//! The options of a TCP header: a walk over kind and length that never stops at a strange kind.

use std::iter::FusedIterator;
use std::ops::Range;

use super::mptcp::{self, MptcpOption};
use super::seq::SeqNum;

/// The option octets of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpOptions<'a> {
    /// The octets that were captured.
    pub octets: &'a [u8],
    /// Octets that the data offset promises: 0 to 40.
    pub declared_len: u8,
}

impl<'a> TcpOptions<'a> {
    /// No options at all.
    pub const EMPTY: Self = Self { octets: &[], declared_len: 0 };

    /// Walks the options in order; the walk says itself where and why it ends early.
    #[inline]
    pub fn iter(self) -> TcpOptionIter<'a> {
        let declared = usize::from(self.declared_len);
        let octets = self.octets.get(..declared).unwrap_or(self.octets);
        TcpOptionIter { rest: octets, not_captured: declared - octets.len() }
    }

    /// The options as in [`TcpOptions::iter`], each with its place among the declared octets. The
    /// places follow one another without gaps, up to the declared length.
    pub fn places(self) -> impl Iterator<Item = (Range<usize>, TcpOption<'a>)> {
        let mut walk = self.iter();
        let declared = usize::from(self.declared_len);
        std::iter::from_fn(move || {
            let start = declared - walk.remaining();
            let option = walk.next()?;
            Some((start..declared - walk.remaining(), option))
        })
    }

    /// Whether the snap length keeps back octets of the options.
    pub const fn is_cut(self) -> bool {
        self.octets.len() < self.declared_len as usize
    }

    /// The longest run of consecutive NOPs. Hosts need at most three in a row for alignment; four
    /// or more are what is left of an option that a middlebox overwrote.
    pub fn nop_run(self) -> u8 {
        let mut longest = 0;
        let mut run = 0;
        for option in self.iter() {
            run = if matches!(option, TcpOption::NoOperation) { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        longest
    }

    /// The octets that are no option: they claim a length that cannot be.
    pub fn malformed(self) -> Option<&'a [u8]> {
        self.iter().find_map(|option| match option {
            TcpOption::BadLength(octets) => Some(octets),
            _ => None,
        })
    }

    /// Whether NOPs stand where an option of four octets or more was: no host pads like that.
    pub fn is_overwritten(self) -> bool {
        let (mut run, mut is_odd) = (0, false);
        for option in self.iter() {
            let is_nop = matches!(option, TcpOption::NoOperation);
            let is_end = matches!(option, TcpOption::EndOfList { .. });
            is_odd |= run >= 3 && (is_nop || is_end);
            run = if is_nop { run + 1 } else { 0 };
        }
        is_odd
    }
}

/// The walk over the options of one segment.
#[derive(Debug, Clone)]
pub struct TcpOptionIter<'a> {
    /// What is still to be read.
    rest: &'a [u8],
    /// Declared octets that should follow `rest`, but were not captured.
    not_captured: usize,
}

impl<'a> Iterator for TcpOptionIter<'a> {
    type Item = TcpOption<'a>;

    #[inline]
    fn next(&mut self) -> Option<TcpOption<'a>> {
        match *self.rest {
            [] if self.not_captured == 0 => None,
            [] => Some(TcpOption::Cut(self.end().0)),
            [kind::NO_OPERATION, ref rest @ ..] => {
                self.rest = rest;
                Some(TcpOption::NoOperation)
            }
            [kind::END_OF_LIST, ..] => {
                let (last, not_captured) = self.end();
                let padding = last.len() - 1 + not_captured;
                Some(TcpOption::EndOfList { padding: u8::try_from(padding).unwrap_or(u8::MAX) })
            }
            [kind, len, ..] => Some(self.long(kind, len)),
            [_] => Some(self.broken(2)),
        }
    }
}

impl FusedIterator for TcpOptionIter<'_> {}

impl<'a> TcpOptionIter<'a> {
    /// Declared octets that were not walked yet, captured or not.
    fn remaining(&self) -> usize {
        self.rest.len() + self.not_captured
    }

    /// Takes an option that has a length octet. (Not inlined: it writes the option where it is wanted,
    /// which costs less than to move one that may be anything.)
    #[inline(never)]
    fn long(&mut self, kind: u8, len: u8) -> TcpOption<'a> {
        let len = usize::from(len);
        let Some((option, rest)) = self.rest.split_at_checked(len) else {
            return self.broken(len);
        };
        let Some(data) = option.get(2..) else {
            return TcpOption::BadLength(self.end().0);
        };
        self.rest = rest;
        TcpOption::parse(kind, data)
    }

    /// Ends the walk at an option of `len` octets, more than were captured: the snap length's
    /// doing if they were declared, a fault of the option if not.
    #[cold]
    fn broken(&mut self, len: usize) -> TcpOption<'a> {
        let (last, not_captured) = self.end();
        if len <= last.len() + not_captured {
            TcpOption::Cut(last)
        } else {
            TcpOption::BadLength(last)
        }
    }

    /// Ends the walk; gives what was left to read, and to capture.
    fn end(&mut self) -> (&'a [u8], usize) {
        (std::mem::take(&mut self.rest), std::mem::take(&mut self.not_captured))
    }
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
    /// Kind 34 (RFC 7413 §4.1.1), or its experimental form: the cookie; empty asks for one.
    FastOpen(&'a [u8]),
    /// Kind 19 (RFC 2385): the digest.
    Md5(&'a [u8]),
    /// Kind 29 (RFC 5925): what follows kind and length.
    Authentication(&'a [u8]),
    /// Kind 30.
    Mptcp(MptcpOption),
    /// Any other kind, or a known one with a length that it cannot have.
    Unknown {
        /// Kind octet.
        kind: u8,
        /// Octets after kind and length.
        data: &'a [u8],
    },
    /// A length below 2, or past the end of the declared options; ends the walk. The octets from
    /// the kind octet on.
    BadLength(&'a [u8]),
    /// The snap length cuts this option, or the rest of the list (then empty); ends the walk. The
    /// captured octets from the kind octet on.
    Cut(&'a [u8]),
}

impl<'a> TcpOption<'a> {
    /// Reads an option that has a length: `data` is what follows kind and length.
    #[inline]
    fn parse(kind: u8, data: &'a [u8]) -> Self {
        match (kind, data) {
            (kind::TIMESTAMPS, data) if let Some((value, echo_reply)) = two_u32(data) => {
                Self::Timestamps { value, echo_reply }
            }
            (mptcp::KIND, body) => Self::Mptcp(MptcpOption::parse(body)),
            _ => Self::parse_other(kind, data),
        }
    }

    /// The same for what is not found on every segment.
    #[inline(never)]
    fn parse_other(kind: u8, data: &'a [u8]) -> Self {
        match (kind, data) {
            (kind::SACK, blocks) if is_sack(blocks) => Self::Sack(SackBlocks(blocks)),
            (kind::MAXIMUM_SEGMENT_SIZE, &[high, low]) => {
                Self::MaximumSegmentSize(u16::from_be_bytes([high, low]))
            }
            (kind::WINDOW_SCALE, &[shift]) => Self::WindowScale(shift),
            (kind::SACK_PERMITTED, []) => Self::SackPermitted,
            (kind::FAST_OPEN, cookie) if is_cookie(cookie) => Self::FastOpen(cookie),
            (kind::EXPERIMENT_1 | kind::EXPERIMENT_2, data) => Self::experiment(kind, data),
            (kind::MD5, digest) if digest.len() == 16 => Self::Md5(digest),
            // RFC 5925 §2.2: at least KeyID and RNextKeyID.
            (kind::AUTHENTICATION, data) if data.len() >= 2 => Self::Authentication(data),
            _ => Self::Unknown { kind, data },
        }
    }

    fn experiment(kind: u8, data: &'a [u8]) -> Self {
        match data.strip_prefix(&FAST_OPEN_EXPERIMENT) {
            Some(cookie) if is_cookie(cookie) => Self::FastOpen(cookie),
            _ => Self::Unknown { kind, data },
        }
    }

    /// Appends the option's octets to `out`. FastOpen is written as kind 34; the padding behind
    /// the end of the list is written as zeros.
    pub fn emit(&self, out: &mut Vec<u8>) {
        match *self {
            Self::NoOperation => out.push(kind::NO_OPERATION),
            Self::EndOfList { padding } => {
                out.push(kind::END_OF_LIST);
                out.extend(std::iter::repeat_n(0, usize::from(padding)));
            }
            Self::MaximumSegmentSize(octets) => {
                emit_long(kind::MAXIMUM_SEGMENT_SIZE, &octets.to_be_bytes(), out);
            }
            Self::WindowScale(shift) => emit_long(kind::WINDOW_SCALE, &[shift], out),
            Self::SackPermitted => emit_long(kind::SACK_PERMITTED, &[], out),
            Self::Sack(blocks) => emit_long(kind::SACK, blocks.0, out),
            Self::Timestamps { value, echo_reply } => {
                let both = u64::from(value) << 32 | u64::from(echo_reply);
                emit_long(kind::TIMESTAMPS, &both.to_be_bytes(), out);
            }
            Self::FastOpen(cookie) => emit_long(kind::FAST_OPEN, cookie, out),
            Self::Md5(digest) => emit_long(kind::MD5, digest, out),
            Self::Authentication(data) => emit_long(kind::AUTHENTICATION, data, out),
            Self::Mptcp(option) => option.emit(out),
            Self::Unknown { kind, data } => emit_long(kind, data, out),
            Self::BadLength(octets) | Self::Cut(octets) => out.extend(octets),
        }
    }
}

fn emit_long(kind: u8, data: &[u8], out: &mut Vec<u8>) {
    out.extend([kind, u8::try_from(data.len() + 2).unwrap_or(u8::MAX)]);
    out.extend(data);
}

/// The two numbers that exactly 8 octets are.
#[inline]
fn two_u32(octets: &[u8]) -> Option<(u32, u32)> {
    let (first, rest) = octets.split_first_chunk()?;
    let second = rest.try_into().ok()?;
    Some((u32::from_be_bytes(*first), u32::from_be_bytes(second)))
}

/// RFC 2018 §3: whole blocks of two 32-bit edges, at least one.
const fn is_sack(blocks: &[u8]) -> bool {
    !blocks.is_empty() && blocks.len().is_multiple_of(8)
}

/// RFC 7413 §4.1.1: nothing, or an even number of octets from 4 to 16.
const fn is_cookie(cookie: &[u8]) -> bool {
    matches!(cookie.len(), 0 | 4 | 6 | 8 | 10 | 12 | 14 | 16)
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

/// Kind octets (IANA, TCP Option Kind Numbers).
mod kind {
    pub(super) const END_OF_LIST: u8 = 0;
    pub(super) const NO_OPERATION: u8 = 1;
    pub(super) const MAXIMUM_SEGMENT_SIZE: u8 = 2;
    pub(super) const WINDOW_SCALE: u8 = 3;
    pub(super) const SACK_PERMITTED: u8 = 4;
    pub(super) const SACK: u8 = 5;
    pub(super) const TIMESTAMPS: u8 = 8;
    pub(super) const MD5: u8 = 19;
    pub(super) const AUTHENTICATION: u8 = 29;
    pub(super) const FAST_OPEN: u8 = 34;
    /// Shared by experiments; the first two octets say which (RFC 6994).
    pub(super) const EXPERIMENT_1: u8 = 253;
    pub(super) const EXPERIMENT_2: u8 = 254;
}

/// Names Fast Open in an experimental option: its form before it had a kind (RFC 7413 §7).
const FAST_OPEN_EXPERIMENT: [u8; 2] = [0xf9, 0x89];

#[cfg(test)]
mod tests {
    use super::super::mptcp::testing::octets;
    use super::super::mptcp::{Dss, OptionBody};
    use super::super::seq::WireDsn;
    use super::*;

    fn whole(octets: &[u8]) -> TcpOptions<'_> {
        TcpOptions { octets, declared_len: u8::try_from(octets.len()).unwrap() }
    }

    /// The options in `octets`, after proof that they are emitted the same.
    fn walk(octets: &[u8]) -> Vec<TcpOption<'_>> {
        let options: Vec<_> = whole(octets).iter().collect();
        let mut emitted = Vec::new();
        for option in &options {
            option.emit(&mut emitted);
        }
        assert_eq!(emitted, octets);
        options
    }

    #[test]
    fn no_options() {
        assert_eq!(TcpOptions::EMPTY.iter().next(), None);
        assert!(!TcpOptions::EMPTY.is_cut());
        assert_eq!(TcpOptions::EMPTY.nop_run(), 0);
    }

    #[test]
    fn syn() {
        let octets = octets("020405b4 0402 080a9ce7e0ee00000000 01030307 2202 0101 1e040101");
        let options = walk(&octets);
        let [mss, permitted, timestamps, _, scale, fast_open, _, _, capable] = options[..] else {
            panic!("{options:?}")
        };
        assert_eq!(mss, TcpOption::MaximumSegmentSize(1460));
        assert_eq!(permitted, TcpOption::SackPermitted);
        assert_eq!(timestamps, TcpOption::Timestamps { value: 0x9ce7_e0ee, echo_reply: 0 });
        assert_eq!(scale, TcpOption::WindowScale(7));
        assert_eq!(fast_open, TcpOption::FastOpen(&[]));
        assert!(matches!(capable, TcpOption::Mptcp(MptcpOption::MpCapable(_))));
    }

    #[test]
    fn acknowledgment_with_sack() {
        let octets =
            octets("0101 080a788256550e26e914 0101 050a6cd220516cd225dd 1e0c2003f633475c1ae94013");
        let options = walk(&octets);
        let [_, _, _, _, _, TcpOption::Sack(blocks), TcpOption::Mptcp(dss)] = options[..] else {
            panic!("{options:?}")
        };
        let edges = [(SeqNum(0x6cd2_2051), SeqNum(0x6cd2_25dd))];
        assert_eq!(blocks.iter().collect::<Vec<_>>(), edges);
        let data_ack = WireDsn::Long(0xf633_475c_1ae9_4013);
        assert_eq!(dss, MptcpOption::Dss(Dss::new(Some(data_ack), None, false)));
    }

    #[test]
    fn other_known_kinds() {
        let md5 = [19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        assert_eq!(walk(&md5), [TcpOption::Md5(&md5[2..])]);
        assert_eq!(walk(&[29, 6, 1, 2, 3, 4]), [TcpOption::Authentication(&[1, 2, 3, 4])]);
        let cookie = [34, 10, 0x5c, 0x29, 0x8a, 0xc2, 0x77, 0x03, 0x7e, 0x2e];
        assert_eq!(walk(&cookie), [TcpOption::FastOpen(&cookie[2..])]);
    }

    #[test]
    fn fast_open_as_an_experiment() {
        for kind in [253, 254] {
            let octets = [kind, 8, 0xf9, 0x89, 1, 2, 3, 4];
            let options: Vec<_> = whole(&octets).iter().collect();
            assert_eq!(options, [TcpOption::FastOpen(&[1, 2, 3, 4])]);
            let other = [kind, 4, 0xca, 0xfe];
            assert_eq!(walk(&other), [TcpOption::Unknown { kind, data: &[0xca, 0xfe] }]);
            assert_eq!(walk(&[kind, 2]), [TcpOption::Unknown { kind, data: &[] }]);
        }
    }

    #[test]
    fn an_unknown_kind_does_not_stop_the_walk() {
        let expected = [TcpOption::Unknown { kind: 77, data: &[9] }, TcpOption::NoOperation];
        assert_eq!(walk(&[77, 3, 9, 1]), expected);
    }

    #[test]
    fn a_known_kind_with_a_wrong_length_is_unknown() {
        let lengths: [(u8, &[u8]); 9] = [
            (2, &[4]),
            (3, &[3]),
            (4, &[2]),
            (5, &[10, 18, 26, 34]),
            (8, &[10]),
            (19, &[18]),
            (34, &[2, 6, 8, 10, 12, 14, 16, 18]),
            (77, &[]),
            (253, &[]),
        ];
        for (kind, legal) in lengths {
            for len in (2..=40).filter(|len| !legal.contains(len)) {
                let mut octets = vec![0; usize::from(len)];
                octets[..2].copy_from_slice(&[kind, len]);
                assert_eq!(walk(&octets), [TcpOption::Unknown { kind, data: &octets[2..] }]);
            }
        }
        assert_eq!(walk(&[29, 3, 1]), [TcpOption::Unknown { kind: 29, data: &[1] }]);
    }

    #[test]
    fn an_mptcp_option_without_a_body_is_malformed() {
        let malformed = MptcpOption::Malformed(OptionBody::new(&[]));
        assert_eq!(walk(&[30, 2, 1]), [TcpOption::Mptcp(malformed), TcpOption::NoOperation]);
    }

    #[test]
    fn the_end_of_the_list_ends_the_walk() {
        assert_eq!(walk(&[1, 0]), [TcpOption::NoOperation, TcpOption::EndOfList { padding: 0 }]);
        let options = [0, 1, 1, 3];
        let expected = [TcpOption::EndOfList { padding: 3 }];
        assert_eq!(whole(&options).iter().collect::<Vec<_>>(), expected, "whatever follows");
        let cut = TcpOptions { octets: &[0, 0], declared_len: 4 };
        assert_eq!(cut.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn bad_lengths_end_the_walk() {
        for octets in [&[8, 0, 1, 1][..], &[8, 1, 1, 1], &[8, 5, 1, 1], &[30, 255, 1, 1], &[8]] {
            assert_eq!(walk(octets), [TcpOption::BadLength(octets)]);
        }
        assert_eq!(walk(&[1, 2]), [TcpOption::NoOperation, TcpOption::BadLength(&[2])]);
    }

    #[test]
    fn a_cut_shows_at_every_place() {
        let octets = [1, 3, 3, 7, 30, 4, 0x81, 1];
        let options = walk(&octets);
        let whole_options = [0, 1, 1, 1, 2, 2, 2, 2];
        for (captured, count) in whole_options.into_iter().enumerate() {
            let cut = TcpOptions { octets: &octets[..captured], declared_len: 8 };
            assert!(cut.is_cut());
            let walked: Vec<_> = cut.iter().collect();
            let (last, before) = walked.split_last().unwrap();
            assert_eq!(before, &options[..count]);
            let start = [0, 1, 4][count];
            assert_eq!(*last, TcpOption::Cut(&octets[start..captured]));
        }
        assert!(!whole(&octets).is_cut());
    }

    #[test]
    fn a_length_past_the_declared_end_is_bad_even_if_cut() {
        let cut = TcpOptions { octets: &[1, 8, 10], declared_len: 8 };
        let expected = [TcpOption::NoOperation, TcpOption::BadLength(&[8, 10])];
        assert_eq!(cut.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn octets_beyond_the_declared_end_are_not_options() {
        let longer = TcpOptions { octets: &[1, 1, 1, 1], declared_len: 2 };
        assert_eq!(longer.iter().count(), 2);
    }

    #[test]
    fn runs_of_no_operation() {
        assert_eq!(whole(&[1, 1, 3, 3, 7, 1, 1, 1, 1, 4, 2, 1]).nop_run(), 4);
        assert_eq!(whole(&[3, 3, 7, 4, 2]).nop_run(), 0);
        assert_eq!(whole(&[1; 40]).nop_run(), 40);
        assert_eq!(whole(&[77, 6, 1, 1, 1, 1, 0, 1, 1]).nop_run(), 0, "data and padding");
    }
}
