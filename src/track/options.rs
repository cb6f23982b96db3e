//! The options of one segment, sorted for the tracker.

use smallvec::SmallVec;

use crate::wire::mptcp::{self, Dss, Key, MptcpOption};
use crate::wire::seq::SeqNum;
use crate::wire::tcp_option::{SackBlocks, TcpOption, TcpOptions};

/// NOPs in a row that no host needs for alignment: what is left of an option that a middlebox
/// overwrote.
pub(crate) const LONG_NOP_RUN: u8 = 4;

/// What the tracker wants to know of the options of a segment.
#[derive(Debug, Clone, Default)]
pub(crate) struct SegmentOptions {
    /// The options that a SYN negotiates with.
    pub(crate) syn: SynOptions,
    /// TSval and TSecr.
    pub(crate) timestamps: Option<(u32, u32)>,
    /// SACK blocks.
    pub(crate) sack: Sack,
    /// The longest run of NOPs, where it is longer than alignment asks for.
    pub(crate) nop_run: u8,
    /// Whether there are octets that are no option.
    pub(crate) is_malformed: bool,
    /// Whether NOPs and an end of the list stand where an option was.
    pub(crate) is_overwritten: bool,
    /// The MPTCP options, in order.
    pub(crate) mptcp: SmallVec<[MptcpOption; 2]>,
    /// Whether one of them is no DSS.
    has_signal: bool,
}

impl SegmentOptions {
    /// Walks the options of a segment, once. (In place: this runs for each of them.)
    #[inline]
    pub(crate) fn read(&mut self, options: &TcpOptions<'_>) {
        let rest = self.read_fast(options.octets);
        if options.octets.len() - rest.len() < usize::from(options.declared_len) {
            self.read_general(options, rest);
        }
    }

    /// The general path: reads what the fast path left.
    #[inline(never)]
    fn read_general(&mut self, options: &TcpOptions<'_>, rest: &[u8]) {
        let read = u8::try_from(options.octets.len() - rest.len()).unwrap_or(0);
        let declared_len = options.declared_len.saturating_sub(read);
        self.nop_run = options.nop_run();
        self.is_overwritten = options.is_overwritten();
        self.read_any(TcpOptions { octets: rest, declared_len });
    }

    /// The fast path: the layout that nearly every segment has, which is timestamps, then MPTCP
    /// options, then padding. Takes what is of that layout, and returns the rest.
    #[inline]
    fn read_fast<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut rest = bytes;
        if let Some(([1, 1, 8, 10, a, b, c, d, e, f, g, h], after)) = rest.split_first_chunk() {
            let value = u32::from_be_bytes([*a, *b, *c, *d]);
            let echo_reply = u32::from_be_bytes([*e, *f, *g, *h]);
            self.timestamps = Some((value, echo_reply));
            self.syn.timestamps = true;
            rest = after;
        }
        while let [mptcp::KIND, len, after @ ..] = rest
            && let Some(body_len) = usize::from(*len).checked_sub(2)
            && let Some((body, after)) = after.split_at_checked(body_len)
        {
            match Dss::try_fast_parse(body) {
                Some(dss) => self.mptcp.push(MptcpOption::Dss(dss)),
                None => self.push_other(body),
            }
            rest = after;
        }
        let mut nops = 0u8;
        while let [1, after @ ..] = rest {
            nops = nops.saturating_add(1);
            rest = after;
        }
        self.nop_run = nops;
        rest
    }

    fn read_any(&mut self, options: TcpOptions<'_>) {
        for option in options.iter() {
            match option {
                TcpOption::Mptcp(option) => self.push(option),
                TcpOption::Timestamps { value, echo_reply } => {
                    self.timestamps = Some((value, echo_reply));
                    self.syn.timestamps = true;
                }
                TcpOption::BadLength(_) => self.is_malformed = true,
                TcpOption::MaximumSegmentSize(size) => self.syn.mss = Some(size),
                TcpOption::WindowScale(shift) => self.syn.window_scale = Some(shift),
                TcpOption::SackPermitted => self.syn.sack_permitted = true,
                TcpOption::Sack(blocks) => self.sack = Sack::of(blocks),
                TcpOption::Md5(_) | TcpOption::Authentication(_) => self.syn.signed = true,
                _ => {}
            }
        }
    }

    /// What is no DSS as there nearly always is.
    #[inline(never)]
    fn push_other(&mut self, body: &[u8]) {
        self.push(MptcpOption::parse(body));
    }

    fn push(&mut self, option: MptcpOption) {
        self.has_signal |= !matches!(option, MptcpOption::Dss(_));
        self.mptcp.push(option);
    }

    /// Whether there is an MPTCP option other than DSS, as nearly never after the handshake.
    pub(crate) const fn has_signal(&self) -> bool {
        self.has_signal
    }

    /// The sender's key in MP_CAPABLE.
    #[inline]
    pub(crate) fn sender_key(&self) -> Option<Key> {
        if !self.has_signal {
            return None;
        }
        self.mptcp.iter().find_map(|option| match option {
            MptcpOption::MpCapable(capable) => capable.sender_key(),
            _ => None,
        })
    }

    /// The one MPTCP option, if it is a DSS, as nearly every segment has it.
    #[inline]
    pub(crate) fn only_dss(&self) -> Option<&Dss> {
        match self.mptcp.as_slice() {
            [MptcpOption::Dss(dss)] => Some(dss),
            _ => None,
        }
    }

    /// Whether there is any MPTCP option.
    pub(crate) fn has_mptcp(&self) -> bool {
        !self.mptcp.is_empty()
    }
}

/// The TCP options of a SYN or SYN/ACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SynOptions {
    /// Maximum segment size.
    pub mss: Option<u16>,
    /// Shift count of the window.
    pub window_scale: Option<u8>,
    /// Whether SACK is permitted.
    pub sack_permitted: bool,
    /// Whether timestamps are offered.
    pub timestamps: bool,
    /// Whether the segment is signed: TCP MD5 (RFC 2385) or TCP-AO (RFC 5925).
    pub signed: bool,
}

/// The SACK blocks of a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sack {
    /// How many.
    pub(crate) blocks: u8,
    /// The edges of all blocks, mixed.
    pub(crate) mark: u64,
    /// Left edge of the first one.
    pub(crate) first: SeqNum,
}

impl Sack {
    pub(crate) fn of(blocks: SackBlocks<'_>) -> Self {
        let mut sack = Self::default();
        for (left, right) in blocks.iter() {
            if sack.blocks == 0 {
                sack.first = left;
            }
            sack.blocks += 1;
            let edges = u64::from(left.0) << 32 | u64::from(right.0);
            sack.mark = (sack.mark ^ edges).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29);
        }
        sack
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_fast_path_reads_what_the_walk_reads(
            timed in any::<bool>(),
            bytes in prop::collection::vec(prop_oneof![Just(1u8), Just(30), Just(8), any::<u8>()], 0..40),
            cut in 0usize..40,
        ) {
            let mut all = if timed { vec![1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2] } else { Vec::new() };
            all.extend(bytes);
            all.truncate(40);
            let declared_len = u8::try_from(all.len()).unwrap();
            all.truncate(cut.max(1));
            let options = TcpOptions { octets: &all, declared_len };
            let (mut short, mut walk) = (SegmentOptions::default(), SegmentOptions::default());
            short.read(&options);
            walk.read_any(options);
            prop_assert_eq!(short.mptcp, walk.mptcp);
            prop_assert_eq!(short.sack, walk.sack);
            prop_assert_eq!((short.syn, short.timestamps), (walk.syn, walk.timestamps));
        }
    }
}
