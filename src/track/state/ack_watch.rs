//! Traces of options that had no room, in the segments of a host.
//!
//! An ADD_ADDR that does not fit into the 40 bytes of TCP options is not sent. But Linux sends
//! every announcement on an ACK of its own, and that ACK leaves with a DSS alone. This is a
//! *gratuitous ACK*: it says nothing new, and is no answer to anything.

use crate::track::options::{Sack, SegmentOptions};
use crate::track::stamp::PacketStamp;
use crate::wire::frame::{CapturePoint, Timestamp};
use crate::wire::mptcp::AddressId;
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::seq::{SeqNum, WireDsn};
use crate::wire::window::MAX_SHIFT;

/// Most packets that are listed of a kind; the rest is counted.
const MAX_LISTED: usize = 8;

/// What one host showed on one subflow.
#[derive(Debug, Clone, Default)]
pub struct AckWatch {
    evidence: Option<Box<Evidence>>,
    last: Option<Said>,
    /// An ACK that is gratuitous unless a FIN follows it.
    pending: Option<PacketStamp>,
    /// When the peer last sent what makes a host repeat its last ACK.
    asked: Option<Timestamp>,
    /// Whether this host reported bytes that came twice.
    got_twice: bool,
}

/// What was noticed, if anything.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Gratuitous ACKs, on a subflow with timestamps.
    pub gratuitous: Listed<PacketStamp>,
    /// Announcements without timestamps on a subflow that has them.
    pub untimed: Listed<(PacketStamp, AddressId)>,
    /// Announcements of an IPv6 address with a port, with timestamps. Both fit only without padding.
    pub unpadded: Listed<(PacketStamp, AddressId)>,
    /// ADD_ADDR in the place of SACK blocks.
    pub evicted: Listed<EvictedSack>,
}

/// The first few of many.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The first.
    pub first: Vec<T>,
    /// How many.
    pub count: u64,
}

/// SACK blocks that an ADD_ADDR left no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvictedSack {
    /// The ACK with the ADD_ADDR.
    pub seen: PacketStamp,
    /// SACK blocks on the ACK before it.
    pub before: u8,
    /// SACK blocks that were left.
    pub left: u8,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { first: Vec::new(), count: 0 }
    }
}

impl<T> Listed<T> {
    pub(crate) fn add(&mut self, item: T) {
        if self.first.len() < MAX_LISTED {
            self.first.push(item);
        }
        self.count += 1;
    }
}

impl AckWatch {
    /// What was noticed so far.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_deref()
    }

    /// An ACK that looks gratuitous, and is the last segment of this host so far.
    pub const fn pending(&self) -> Option<PacketStamp> {
        self.pending
    }

    /// Whether this host reported bytes that came twice (RFC 2883).
    pub const fn got_twice(&self) -> bool {
        self.got_twice
    }

    /// Whether a copy that was captured at `point` was made by the network: it was captured where
    /// the first copy was.
    pub(crate) fn is_doubled(&self, point: CapturePoint) -> bool {
        self.last.is_some_and(|last| last.point == point)
    }

    /// What this host said last.
    pub(crate) const fn last(&self) -> Option<&Said> {
        self.last.as_ref()
    }

    /// When the peer last sent what makes this host repeat its last ACK.
    pub(crate) const fn asked(&self) -> Option<Timestamp> {
        self.asked
    }

    /// An ACK that is gratuitous, unless a FIN follows it.
    pub(crate) const fn suspect(&mut self, seen: PacketStamp) {
        self.pending = Some(seen);
    }

    /// The peer sent what makes this host repeat its last ACK.
    pub(crate) const fn ask(&mut self, at: Timestamp) {
        self.asked = Some(at);
    }

    /// What a segment says that has ACK, perhaps PSH, and no SACK blocks. It must follow on the
    /// last one and say something new: then there is nothing to compare, and it asks for no answer.
    /// `None`, if it is another segment. Nothing is changed.
    #[inline(always)]
    pub(crate) fn try_fast_watch(
        &self,
        segment: &Segment<'_>,
        options: &SegmentOptions,
        data_ack: WireDsn,
    ) -> Option<Said> {
        let last = self.last.as_ref()?;
        let timestamp = options.timestamps.map(|(value, _)| SeqNum(value));
        let is_outdated = match (last.timestamp, timestamp) {
            (Some(before), Some(now)) => now.distance_from(before) < 0,
            _ => false,
        };
        let is_bare = segment.payload_len == 0 && segment.flags == TcpFlags::ACK;
        let says_new = !is_bare || segment.ack != last.ack;
        let is_next = segment.seq == last.end && !is_outdated && says_new;
        (is_next && self.pending.is_none()).then(|| Said {
            is_syn: false,
            end: segment.seq.add(segment.payload_len),
            ack: segment.ack,
            window: segment.window,
            at: segment.timestamp,
            is_bare,
            point: segment.point,
            hop_limit: segment.hop_limit,
            stamps: options.timestamps,
            sack: Sack::default(),
            data_ack: Some(lower_half(data_ack)),
            timestamp,
        })
    }

    /// Whether data ends past the window that this host offered last: it is dropped and answered (RFC
    /// 9293 §3.10.7.4).
    #[inline]
    pub(crate) fn is_outside_window(&self, segment: &Segment<'_>, scale: Option<u8>) -> bool {
        let (Some(said), Some(scale)) = (&self.last, scale) else { return false };
        let room = i64::from(said.window) << scale.min(MAX_SHIFT);
        let end = segment.seq.add(segment.payload_len).distance_from(said.ack);
        segment.payload_len > 0 && !said.is_syn && i64::from(end) > room
    }

    pub(crate) fn evidence_mut(&mut self) -> &mut Evidence {
        self.evidence.get_or_insert_default()
    }

    /// Takes what was said last.
    #[inline(always)]
    pub(crate) fn commit(&mut self, now: &Said) {
        self.got_twice |= now.is_duplicate();
        match &mut self.last {
            Some(last) => last.go_on_to(now),
            None => self.last = Some(*now),
        }
    }

    /// Linux sends an ACK right before a FIN after REMOVE_ADDR: that one is not counted.
    #[inline]
    pub(crate) fn settle(&mut self, flags: TcpFlags) {
        if let Some(seen) = self.pending {
            self.pending = None;
            if !flags.has(TcpFlags::FIN) && !flags.has(TcpFlags::RST) {
                self.evidence_mut().gratuitous.add(seen);
            }
        }
    }
}

/// What a host said last on a subflow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) is_syn: bool,
    /// One past the highest sequence number sent.
    pub(crate) end: SeqNum,
    pub(crate) ack: SeqNum,
    pub(crate) window: u16,
    pub(crate) at: Timestamp,
    /// An ACK without payload; an IPv4 identification tells it from a copy.
    pub(crate) is_bare: bool,
    pub(crate) point: CapturePoint,
    pub(crate) hop_limit: u8,
    pub(crate) stamps: Option<(u32, u32)>,
    pub(crate) sack: Sack,
    /// The lower half of the last DATA_ACK.
    pub(crate) data_ack: Option<u32>,
    /// Highest TSval.
    pub(crate) timestamp: Option<SeqNum>,
}

#[expect(clippy::cast_possible_truncation, reason = "that is what is wanted")]
pub(crate) const fn lower_half(dsn: WireDsn) -> u32 {
    dsn.raw() as u32
}

impl Said {
    /// Becomes what was said `now`. The highest numbers so far stay.
    #[inline(always)]
    fn go_on_to(&mut self, now: &Self) {
        let Self { end, data_ack, timestamp, .. } = *self;
        *self = Self {
            end: if now.end.distance_from(end) < 0 { end } else { now.end },
            data_ack: now.data_ack.or(data_ack),
            timestamp: match (now.timestamp, timestamp) {
                (Some(now), Some(before)) if now.distance_from(before) < 0 => Some(before),
                (now, before) => now.or(before),
            },
            ..*now
        };
    }

    /// SACK blocks that the next ACK repeats. A block for bytes that came twice is not repeated
    /// (RFC 2883 §4).
    pub(crate) fn open_blocks(&self) -> u8 {
        self.sack.blocks - u8::from(self.is_duplicate())
    }

    pub(crate) fn is_duplicate(&self) -> bool {
        self.sack.blocks > 0 && self.sack.first.distance_from(self.ack) < 0
    }
}
