//! What a segment may change, seen along its direction, and the changes that the fast path and the
//! general path have in common.

use super::context::Step;
use super::violations;
use crate::track::range_set::{SeqRange, Slot};
use crate::track::role::Direction;
use crate::track::stamp::PacketStamp;
use crate::track::state::connection::Connection;
use crate::track::state::contested::Acked;
use crate::track::state::data::DataSpace;
use crate::track::state::subflow::{Subflow, SubflowSide};
use crate::track::state::transmissions::Transmission;
use crate::track::state::violations::Violation;
use crate::wire::frame::Timestamp;
use crate::wire::segment::Segment;
use crate::wire::seq::{SeqNum, WireDsn};

/// Both sides of the subflow, and both streams of the connection.
pub(super) struct Directed<'a> {
    /// The subflow at the sender of the segment.
    pub(super) here: &'a mut SubflowSide,
    /// The subflow at its receiver.
    pub(super) there: &'a mut SubflowSide,
    /// The stream that its sender sends.
    pub(super) sent: &'a mut DataSpace,
    /// The stream that its sender receives.
    pub(super) received: &'a mut DataSpace,
}

impl<'a> Directed<'a> {
    /// What a segment in `direction` may change.
    #[inline(always)]
    pub(super) const fn new(
        subflow: &'a mut Subflow,
        connection: &'a mut Connection,
        direction: Direction,
    ) -> Self {
        let (here, there) = subflow.sides.along_mut(direction);
        let (sent, received) = connection.data.along_mut(direction);
        Self { here, there, sent, received }
    }

    /// What the segment of a step may change.
    pub(super) const fn of(step: &'a mut Step<'_>) -> Self {
        Self::new(step.subflow, step.connection, step.direction)
    }

    /// The place and the time of the segment.
    #[inline(always)]
    pub(super) fn commit_seen(&mut self, seen: PacketStamp) {
        self.here.segments += 1;
        self.here.sender_stats.see(seen);
    }

    /// A DATA_ACK, and the window that counts from it. `is_plain` says that the connection fell back.
    #[inline(always)]
    pub(super) fn commit_data_ack(
        &mut self,
        ack: WireDsn,
        segment: &Segment<'_>,
        seen: PacketStamp,
        is_plain: bool,
    ) {
        let end = self.received.acknowledge(ack, seen);
        let window = self.here.window_of(segment);
        let edge = self.received.offer(end, window, seen.at);
        if !ack.is_long() && self.received.is_wide(end) {
            self.here.violations.note(Violation::NarrowDataAck, seen, 0);
        }
        if let Some(edge) = edge {
            violations::check_window_edge(self.here, seen, segment.ack, edge, is_plain);
        }
    }

    /// An acknowledgment on the subflow with this number: the position that it is for, if one is known.
    #[inline(always)]
    pub(super) fn commit_ack(&mut self, ack: SeqNum, subflow: u32, at: Timestamp) -> Option<i64> {
        let acked = self.there.sequence.position_of(ack)?;
        if self.there.take_acked(acked, at) {
            self.received.acknowledge_subflow(subflow, acked);
            if self.received.is_contested() {
                self.decide_contested(subflow, acked, at);
            }
        }
        Some(acked)
    }

    #[inline(never)]
    fn decide_contested(&mut self, subflow: u32, acked: i64, at: Timestamp) {
        let by = self.acked_at(at);
        self.received.decide_contested(subflow, acked, by);
    }

    /// What an acknowledgment on the subflow says of when bytes arrived.
    pub(super) fn acked_at(&self, at: Timestamp) -> Acked {
        Acked { at, rtt_ns: self.there.round_trips.latest(), is_near: self.here.is_near }
    }

    /// An acknowledgment that is no duplicate ACK.
    #[inline(always)]
    pub(super) fn commit_highest_ack(&mut self, ack: SeqNum) {
        let highest = self.here.highest_ack.get_or_insert(ack);
        if ack.distance_from(*highest) > 0 {
            *highest = ack;
        }
        self.here.violations.end_signals();
    }

    /// Payload of this length, whatever becomes of it.
    #[inline(always)]
    pub(super) fn commit_payload(&mut self, len: u32) {
        self.here.bytes.payload += u64::from(len);
        self.here.largest_payload = self.here.largest_payload.max(len);
    }

    /// Payload at `positions` of the subflow, if it follows on all that the subflow carried; false, and
    /// nothing changed, if not.
    #[inline(always)]
    pub(super) fn commit_in_order(&mut self, positions: SeqRange, at: Timestamp) -> bool {
        let is_in_order = self.here.sequence.insert_past_end(positions);
        if is_in_order {
            self.here.round_trips.sent(positions, at);
        }
        is_in_order
    }

    /// Bytes of the stream that belong at `slot`, since none of them was seen before. `is_plain` says
    /// that the connection fell back.
    #[inline(always)]
    pub(super) fn commit_new_data(
        &mut self,
        slot: Slot,
        carried: Transmission,
        seen: PacketStamp,
        is_plain: bool,
    ) {
        let range = carried.range;
        self.sent.insert_new(slot, carried);
        self.here.bytes.new_data += range.len();
        self.here.sender_stats.carried(seen.at, range, true);
        if !is_plain {
            violations::check_new_data(&mut self.here.violations, self.sent, range, seen);
        }
    }

    /// The end of a segment with payload, of which `new_data` bytes are the stream's for the first
    /// time.
    #[inline(always)]
    pub(super) fn commit_sent(&mut self, at: Timestamp, payload: u64, new_data: u64) {
        let in_flight = self.here.unacknowledged(None);
        self.here.sender_stats.sent(at, payload, new_data, in_flight);
        self.sent.sent(at, payload, new_data);
    }
}
