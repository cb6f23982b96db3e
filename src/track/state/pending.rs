//! Payload that waits for the place of its mapping.
//!
//! Where the SYN was not seen, it is not known how subflow sequence numbers stand to TCP's. A mapping
//! that begins before the first segment seen of it may begin anywhere before it, until its last
//! segment or the next mapping was seen, too. Until then its bytes count as new data.

use super::mapping::Mapped;
use crate::track::payload::captured_part;
use crate::track::range_set::SeqRange;
use crate::track::role::{PerRole, Role};
use crate::track::segment::Step;
use crate::track::stamp::PacketStamp;
use crate::wire::segment::Segment;
use crate::wire::seq::{Dsn, SeqNum};

/// Most segments that wait; with more, the best guess has to do.
const MOST: usize = 128;

/// What waits on one subflow, of one host.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    held: Vec<PendingPiece>,
    /// Bytes whose mapping the capture does not show: cut off by the snap length, or missing.
    pub hidden: u64,
}

impl Pending {
    /// The mappings of what waits: first data sequence number, and bytes.
    pub fn mappings(&self) -> impl Iterator<Item = (Dsn, u64)> {
        self.held.iter().map(|held| (held.mapped.dsn, held.mapped.positions.len()))
    }

    /// Whether nothing waits.
    pub(crate) const fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Lets go of what waits, which stays where it is.
    pub(crate) fn close(&mut self) {
        for held in &mut self.held {
            held.bytes = Vec::new();
        }
    }
}

#[derive(Debug, Clone)]
struct PendingPiece {
    seen: PacketStamp,
    part: SeqRange,
    seq: SeqNum,
    mapped: Mapped,
    /// Only where they are needed.
    bytes: Vec<u8>,
}

impl Step<'_> {
    /// Keeps bytes of a mapping until its place is known.
    pub(crate) fn hold(&mut self, part: SeqRange, mapped: &Mapped) {
        let (seen, segment) = (self.seen, self.segment);
        let is_wanted =
            mapped.checksum.is_some() || self.connection.streams.of(self.sender()).is_some();
        let end = self.sender_end();
        let offset = part.start - end.sequence.position(segment.seq);
        let bytes = captured_part(segment.payload, offset, part.len());
        let bytes = if is_wanted { bytes.to_vec() } else { Vec::new() };
        #[expect(clippy::cast_possible_truncation, reason = "within a segment")]
        let seq = segment.seq.add(offset.unsigned_abs() as u32);
        end.bytes.new_data += part.len();
        end.pending.held.push(PendingPiece { seen, part, seq, mapped: *mapped, bytes });
        if end.pending.held.len() >= MOST {
            self.place_held_anyway();
        }
    }

    /// Takes what waited of what `sender` sent, if its place is known now.
    pub(crate) fn place_held(&mut self, sender: Role) {
        let end = self.subflow.sides.of_mut(sender);
        if end.pending.held.is_empty() || !end.mappings.are_placed() {
            return;
        }
        for held in std::mem::take(&mut end.pending.held) {
            let end = self.subflow.sides.of_mut(sender);
            let mapped = end.mappings.placed(&held.mapped);
            let part = held.part.intersection(mapped.positions);
            if !part.is_empty() {
                end.bytes.new_data -= part.len();
                let segment = Segment { seq: held.seq, payload: &held.bytes, ..*self.segment };
                self.earlier(&segment, held.seen, sender).take_mapped(part, &mapped);
            }
        }
    }

    /// Takes what waited, at the place that is the best guess.
    pub(crate) fn place_held_anyway(&mut self) {
        self.sender_end().mappings.assume_placed();
        self.place_held(self.sender());
    }

    /// This step, for a segment of `sender` that came before.
    fn earlier<'b>(
        &'b mut self,
        segment: &'b Segment<'b>,
        seen: PacketStamp,
        sender: Role,
    ) -> Step<'b> {
        Step {
            direction: sender.sends(),
            seen,
            segment,
            subflow: self.subflow,
            connection: self.connection,
            buffered: self.buffered,
            updates: self.updates.as_deref_mut(),
            new_keys: PerRole::default(),
            ..*self
        }
    }
}
