//! What the 40 bytes of TCP options kept from being said: traces of it in the segments of a host.
//!
//! An ADD_ADDR that does not fit is not sent. But Linux sends every announcement on an ACK of its own,
//! and that ACK leaves all the same, with a DSS alone: a *gratuitous ACK*, which says nothing that was
//! not said before, and that nothing asked for.

use crate::track::options::SegmentOptions;
use crate::track::options::{Sack, SynOptions};
use crate::track::segment::Step;
use crate::track::stamp::PacketStamp;
use crate::wire::frame::{CapturePoint, Timestamp};
use crate::wire::mptcp::{AddressId, Dss, MptcpOption};
use crate::wire::option_space::MAX_OPTIONS;
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::seq::{SeqNum, WireDsn};

/// Most packets that are listed of a kind; the rest is counted.
const MAX_LISTED: usize = 8;

/// An answer to a segment comes before this, on any path.
const ANSWER_NS: i64 = 3_000_000_000;

/// A copy that the network makes comes before this.
const COPY_NS: i64 = 200_000_000;

/// What the network delays comes before so many round trips.
const LATE_RTTS: i64 = 8;

/// What one host showed of it on one subflow.
#[derive(Debug, Clone, Default)]
pub struct AckWatch {
    evidence: Option<Box<Evidence>>,
    last: Option<Last>,
    /// An ACK that is gratuitous unless a FIN follows it.
    pending: Option<PacketStamp>,
    /// When the peer last sent what makes a host repeat its last ACK.
    asked: Option<Timestamp>,
    /// Whether this host told of bytes that came twice.
    got_twice: bool,
}

/// What was noticed, if anything.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// ACKs that nothing asked for, on a subflow with timestamps.
    pub gratuitous: Listed<PacketStamp>,
    /// Announcements without timestamps on a subflow that has them.
    pub untimed: Listed<(PacketStamp, AddressId)>,
    /// Announcements of IPv6 with a port beside timestamps: room for both is there without padding
    /// alone.
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
    fn add(&mut self, item: T) {
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

    /// An ACK that looks gratuitous, and that nothing of this host follows.
    pub const fn pending(&self) -> Option<PacketStamp> {
        self.pending
    }

    /// Whether this host told of bytes that came twice (RFC 2883).
    pub const fn got_twice(&self) -> bool {
        self.got_twice
    }

    /// Whether a copy at `point` of what this host sent was made by the network, as far as can be
    /// seen: it was captured where the host's segments are captured first.
    pub(crate) fn is_doubled(&self, point: CapturePoint) -> bool {
        self.last.is_some_and(|last| last.point == point)
    }

    /// The peer sent what makes this host repeat its last ACK.
    pub(crate) const fn ask(&mut self, at: Timestamp) {
        self.asked = Some(at);
    }

    /// Whether a segment with ACK and perhaps PSH, and without SACK blocks, follows on the last one,
    /// and says something new: then there is nothing to compare, and nothing that asks for an answer.
    #[inline(always)]
    pub(crate) fn goes_on(&self, segment: &Segment<'_>, options: &SegmentOptions) -> bool {
        let Some(last) = &self.last else { return false };
        let is_outdated = match (last.timestamp, options.timestamps) {
            (Some(before), Some((now, _))) => SeqNum(now).distance_from(before) < 0,
            _ => false,
        };
        let is_bare = segment.payload_len == 0 && segment.flags == TcpFlags::ACK;
        self.pending.is_none()
            && segment.seq == last.end
            && !is_outdated
            && !(is_bare && segment.ack == last.ack)
    }

    /// Takes a segment of which [`AckWatch::goes_on`] is true.
    #[inline(always)]
    pub(crate) fn go_on(
        &mut self,
        segment: &Segment<'_>,
        options: &SegmentOptions,
        data_ack: WireDsn,
    ) {
        let Some(last) = &mut self.last else { return };
        last.is_syn = false;
        last.end = segment.seq.add(segment.payload_len);
        last.ack = segment.ack;
        last.window = segment.window;
        last.at = segment.timestamp;
        last.is_bare = segment.payload_len == 0 && segment.flags == TcpFlags::ACK;
        last.point = segment.point;
        last.stamps = options.timestamps;
        last.sack = Sack::default();
        last.data_ack = Some(lower_half(data_ack));
        if let Some((value, _)) = options.timestamps {
            last.timestamp = Some(SeqNum(value));
        }
    }

    /// Whether data ends past the window that this host offered last: it is dropped and answered (RFC
    /// 9293 §3.10.7.4).
    #[inline]
    pub(crate) fn is_outside_window(&self, segment: &Segment<'_>, scale: Option<u8>) -> bool {
        let (Some(said), Some(scale)) = (&self.last, scale) else { return false };
        let room = i64::from(said.window) << scale.min(14);
        let end = segment.seq.add(segment.payload_len).distance_from(said.ack);
        segment.payload_len > 0 && !said.is_syn && i64::from(end) > room
    }

    fn evidence_mut(&mut self) -> &mut Evidence {
        self.evidence.get_or_insert_default()
    }

    /// Remembers what was said last.
    #[inline]
    fn note(&mut self, now: &Last) {
        self.got_twice |= now.is_duplicate();
        match &mut self.last {
            Some(last) => last.go_on_to(now),
            None => self.last = Some(*now),
        }
    }

    /// Linux sends an ACK right before a FIN after REMOVE_ADDR: that one is not counted.
    #[inline]
    fn settle(&mut self, flags: TcpFlags) {
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
struct Last {
    is_syn: bool,
    /// One past the highest sequence number sent.
    end: SeqNum,
    ack: SeqNum,
    window: u16,
    at: Timestamp,
    /// An ACK without payload; an IPv4 identification tells it from a copy.
    is_bare: bool,
    point: CapturePoint,
    stamps: Option<(u32, u32)>,
    sack: Sack,
    /// The lower half of the last DATA_ACK.
    data_ack: Option<u32>,
    /// Highest TSval.
    timestamp: Option<SeqNum>,
}

impl Step<'_> {
    /// Compares a segment with the one before it of the same host.
    pub(crate) fn watch_option_space(&mut self) {
        let now = self.said();
        let (here, there) = self.subflow.sides.along_mut(self.direction);
        let space = &mut here.option_space;
        space.settle(self.segment.flags);
        if let Some(before) = &space.last {
            let is_outside = there.option_space.is_outside_window(self.segment, there.window_scale);
            if is_outside || asks_for_an_ack(self.segment, self.options, before, &now) {
                there.option_space.ask(self.seen.at);
            }
            let says_new = now.end != before.end || now.ack != before.ack;
            if now.is_bare && (!says_new || self.options.has_signal()) {
                let (before, now) = (*before, now);
                self.compare(&before, &now);
            }
        }
        self.sender_end().option_space.note(&now);
    }

    #[inline]
    fn said(&self) -> Last {
        let segment = self.segment;
        let data_ack = self.options.mptcp.iter().find_map(|option| match option {
            MptcpOption::Dss(dss) => dss.data_ack,
            _ => None,
        });
        Last {
            is_syn: segment.flags.has(TcpFlags::SYN),
            end: segment.seq.add(segment.sequence_len()),
            ack: segment.ack,
            window: segment.window,
            at: segment.timestamp,
            is_bare: segment.flags == TcpFlags::ACK && segment.payload_len == 0,
            point: segment.point,
            stamps: self.options.timestamps,
            sack: self.options.sack,
            data_ack: data_ack.map(lower_half),
            timestamp: self.options.timestamps.map(|(value, _)| SeqNum(value)),
        }
    }

    /// Compares an ACK without payload.
    fn compare(&mut self, before: &Last, now: &Last) {
        let seen = self.seen;
        match *self.options.mptcp.as_slice() {
            [MptcpOption::Dss(dss)] if self.is_gratuitous(&dss, before, now) => {
                self.sender_end().option_space.pending = Some(seen);
            }
            [MptcpOption::AddAddr(add), ..] => {
                let is_timed = self.subflow.timestamps() == Some(true);
                if is_timed && now.timestamp.is_none() && !add.is_echo() {
                    let evidence = self.sender_end().option_space.evidence_mut();
                    evidence.untimed.add((seen, add.address_id));
                }
                let is_large = add.address.is_ipv6() && add.port.is_some() && add.hmac().is_some();
                if is_large && now.timestamp.is_some() {
                    let evidence = self.sender_end().option_space.evidence_mut();
                    evidence.unpadded.add((seen, add.address_id));
                }
                if let Some(left) = self.evicted(before, now) {
                    let eviction = EvictedSack { seen, before: before.open_blocks(), left };
                    let evidence = self.sender_end().option_space.evidence_mut();
                    evidence.evicted.add(eviction);
                }
            }
            _ => {}
        }
    }

    /// Whether an ACK with a DSS alone says nothing new, and nothing asked for it.
    fn is_gratuitous(&self, dss: &Dss, before: &Last, now: &Last) -> bool {
        let (sender, peer) = (self.sender(), self.sender().peer());
        let same_numbers = now.end == before.end && now.ack == before.ack;
        if !same_numbers || dss.mapping.is_some() || dss.flags & DATA_FIN != 0 {
            return false;
        }
        let (here, there) = (self.subflow.sides.of(sender), self.subflow.sides.of(peer));
        let asked = here.option_space.asked;
        let is_asked = asked.is_some_and(|asked| self.seen.at.since(asked) < ANSWER_NS);
        let is_first = before.is_syn && sender == self.subflow.acceptor();
        // The window of a SYN/ACK has another scale. A fourth ACK is owed (RFC 8684 §3.2).
        let same_window =
            now.window == before.window || is_first && self.subflow.handshake.ack.is_some();
        let is_over =
            here.fin.is_some() || there.fin.is_some() || self.connection.fallback.is_some();
        let is_ending = self.connection.data.of(sender).fin().is_some()
            || self.connection.data.of(peer).fin().is_some();
        let is_sacked = self.is_sack_permitted();
        same_window
            && !(is_first && self.subflow.join.is_some())
            && (!before.is_syn || is_first)
            && now.window > 0
            && now.sack == before.sack
            && now.timestamp.is_some()
            && there.segments > 0
            && is_sacked
            && !is_asked
            && !is_over
            && !is_ending
            && !self.is_copy_on_the_way(before, now)
            && self.is_data_ack_old(before, now)
            && !self.may_answer_an_old_segment(now)
    }

    /// Whether a segment that the network doubled or let be overtaken may have asked for it, unseen: the
    /// capture was not taken near its sender, and the peer, of which something was acknowledged before,
    /// sent not long ago.
    fn may_answer_an_old_segment(&self, now: &Last) -> bool {
        let there = self.subflow.sides.of(self.sender().peer());
        let last = there.option_space.last.map(|last| last.at);
        let rtt = self.subflow.handshake.rtt_ns().unwrap_or(COPY_NS);
        let soon = COPY_NS.min(LATE_RTTS.saturating_mul(rtt));
        there.acked > 1
            && last.is_some_and(|last| now.at.since(last) < soon)
            && !self.subflow.is_captured_near(self.sender())
    }

    /// Whether the network may have doubled the segment before: an IPv6 segment, the same in all,
    /// and not captured where it was sent.
    fn is_copy_on_the_way(&self, before: &Last, now: &Last) -> bool {
        let is_same = before.is_bare && before.stamps == now.stamps && self.segment.ip_id == 0;
        is_same
            && now.at.since(before.at) < COPY_NS
            && !self.subflow.is_captured_near(self.sender())
    }

    /// Data that came out of order shows in the SACK blocks, where there are any.
    fn is_sack_permitted(&self) -> bool {
        let permitted =
            |options: Option<SynOptions>| options.is_none_or(|options| options.sack_permitted);
        let ends = &self.subflow.sides;
        permitted(ends.client.syn_options) && permitted(ends.server.syn_options)
    }

    fn is_data_ack_old(&self, before: &Last, now: &Last) -> bool {
        let Some(data_ack) = now.data_ack else { return false };
        let known = before.data_ack.or_else(|| {
            let start = self.first_dsn(self.sender().peer());
            start.map(|dsn| lower_half(WireDsn::Long(dsn.0)))
        });
        known == Some(data_ack)
    }

    /// How many SACK blocks are left, if some of those before are gone that had no room any more.
    fn evicted(&self, before: &Last, now: &Last) -> Option<u8> {
        let (open, left) = (before.open_blocks(), now.sack.blocks);
        let none_left = if left == 0 { 4 } else { 0 };
        let one_more = self.segment.options.declared_len + 8 + none_left;
        (now.ack == before.ack && left < open && one_more > MAX_OPTIONS).then_some(left)
    }
}

/// Whether the receiver of a segment answers it although it brings nothing new: repeated or out of
/// order, a keep-alive, a window probe, the end of the subflow, a handshake.
#[inline]
fn asks_for_an_ack(
    segment: &Segment<'_>,
    options: &SegmentOptions,
    before: &Last,
    now: &Last,
) -> bool {
    let ends = TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0);
    let ahead = segment.seq.distance_from(before.end);
    let is_old = ahead < 0 || (ahead != 0 && segment.payload_len == 0);
    // RFC 7323 §5.3: a segment with an old timestamp is answered and dropped.
    let is_outdated = match (before.timestamp, now.timestamp) {
        (Some(before), Some(now)) => now.distance_from(before) < 0,
        _ => false,
    };
    let is_join = |option: &MptcpOption| matches!(option, MptcpOption::Join(_));
    is_old
        || is_outdated
        || segment.flags.has(ends)
        || options.has_signal() && options.mptcp.iter().any(is_join)
}

#[expect(clippy::cast_possible_truncation, reason = "that is what is wanted")]
const fn lower_half(dsn: WireDsn) -> u32 {
    dsn.raw() as u32
}

/// F of a DSS.
const DATA_FIN: u8 = 0x10;

impl Last {
    /// Becomes what was said `now`, but for what holds of everything up to it.
    #[inline]
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

    /// SACK blocks that the next ACK repeats: not one that tells of bytes that came twice
    /// (RFC 2883 §4).
    fn open_blocks(&self) -> u8 {
        self.sack.blocks - u8::from(self.is_duplicate())
    }

    fn is_duplicate(&self) -> bool {
        self.sack.blocks > 0 && self.sack.first.distance_from(self.ack) < 0
    }
}
