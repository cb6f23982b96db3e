//! What a step works on: a segment, and all that it may change.

use crate::track::ids::SubflowId;
use crate::track::options::SegmentOptions;
use crate::track::outcome::SegmentOutcome;
use crate::track::range_set::SeqRange;
use crate::track::role::{Direction, PerRole, Role};
use crate::track::stamp::PacketStamp;
use crate::track::state::connection::Connection;
use crate::track::state::event::{Event, EventKind};
use crate::track::state::stream::{Stream, StreamBreak};
use crate::track::state::subflow::{Subflow, SubflowSide};
use crate::track::updates::Update;
use crate::wire::mptcp::MpPrio;
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::seq::Dsn;

/// A segment, and what it may change.
pub(crate) struct Step<'a> {
    pub(crate) id: SubflowId,
    pub(crate) direction: Direction,
    pub(crate) seen: PacketStamp,
    pub(crate) segment: &'a Segment<'a>,
    pub(crate) options: &'a SegmentOptions,
    pub(crate) subflow: &'a mut Subflow,
    pub(crate) connection: &'a mut Connection,
    pub(crate) most_events: usize,
    /// Bytes that the streams of this connection may hold.
    pub(crate) stream_room: usize,
    /// Whether somebody asks for the class of the segment.
    pub(crate) is_class_wanted: bool,
    /// Where updates go, if somebody keeps them.
    pub(crate) updates: Option<&'a mut Vec<Update>>,
    /// Where its outcome is noted, if somebody asks for that.
    pub(crate) outcome: Option<&'a mut SegmentOutcome>,
    pub(crate) follow_up: FollowUp,
}

/// What a segment leaves to do beyond its own subflow and connection.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing to do")]
pub(crate) struct FollowUp {
    /// It is a copy: the copies of its input are counted.
    pub(crate) count_copy: bool,
    /// Hosts whose key was learnt. From now on a join can name the connection by the token of that key.
    pub(crate) new_keys: PerRole<bool>,
    /// The connection may be a part of another one. Its data sequence numbers say which.
    pub(crate) match_by_dsn: bool,
    /// It may be the answer to a join. Its HMAC says which of several connections with the same token
    /// was meant.
    pub(crate) settle_token: bool,
    /// MPTCP was offered in vain, between these hosts.
    pub(crate) failed_offer: bool,
    /// A MP_PRIO that changes all subflows of an address (RFC 6824 §3.3.8).
    pub(crate) prio_of_address: Option<MpPrio>,
}

impl<'a> Step<'a> {
    pub(super) fn sender(&self) -> Role {
        self.direction.sender()
    }

    pub(super) fn side(&mut self) -> &mut SubflowSide {
        self.subflow.sides.of_mut(self.direction.sender())
    }

    pub(super) fn event(&mut self, kind: EventKind) {
        let event = Event { seen: self.seen, subflow: self.id, direction: self.direction, kind };
        self.connection.events.push(event, self.most_events);
        self.update(Update::Event(event));
    }

    /// Adds an update, if somebody keeps them.
    pub(super) fn update(&mut self, update: Update) {
        if let Some(updates) = &mut self.updates {
            updates.push(update);
        }
    }

    /// Takes the place and the time of the segment.
    pub(super) fn see(&mut self) {
        self.subflow.see(self.seen);
        self.connection.see(self.seen);
        let seen = self.seen;
        let side = self.side();
        side.segments += 1;
        side.sender_stats.see(seen);
    }

    /// Where the payload stands on the subflow; empty for a RST, whose text is no payload
    /// (RFC 9293 §3.10.7.4).
    pub(super) fn payload_range(&mut self) -> SeqRange {
        let segment = self.segment;
        if segment.flags.has(TcpFlags::RST) {
            return SeqRange { start: 0, end: 0 };
        }
        let syn = i64::from(segment.flags.has(TcpFlags::SYN));
        let start = self.side().sequence.position(segment.seq) + syn;
        SeqRange::new(start, segment.payload_len)
    }

    /// The DSN of the first byte that `role` sends after the handshake, if its key is known.
    pub(super) fn first_dsn(&self, role: Role) -> Option<Dsn> {
        self.connection.hosts.of(role).idsn.map(|idsn| idsn.add(1))
    }

    /// Changes the stream of `sender`, if streams are wanted. Past the memory that all streams
    /// share, it is given up.
    pub(super) fn on_stream(&mut self, sender: Role, act: impl FnOnce(&mut Stream)) {
        let Some(stream) = self.connection.streams.of_mut(sender) else { return };
        act(stream);
        if self.connection.buffered() > self.stream_room
            && let Some(stream) = self.connection.streams.of_mut(sender)
        {
            stream.give_up(StreamBreak::Memory);
        }
    }

    /// The bytes at `part` of the subflow, as far as the segment has them and they were captured.
    pub(super) fn captured(&self, part: SeqRange) -> &'a [u8] {
        let sequence = &self.subflow.sides.of(self.sender()).sequence;
        let start = sequence.position_of(self.segment.seq).unwrap_or(part.start);
        let offset = usize::try_from(part.start - start).unwrap_or(usize::MAX);
        let rest = self.segment.payload.get(offset..).unwrap_or_default();
        let len = usize::try_from(part.len()).unwrap_or(usize::MAX).min(rest.len());
        rest.get(..len).unwrap_or_default()
    }
}
