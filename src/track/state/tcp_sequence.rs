//! TCP sequence numbers of one host on one subflow, unwrapped to positions.
//!
//! Position 0 is the SYN, so that the first byte of payload is position 1, as a mapping counts
//! (RFC 8684 §3.3.1). Where the SYN was not seen, position 1 is the first byte seen.

use crate::track::range_set::{Pieces, RangeSet, SeqRange};
use crate::wire::seq::SeqNum;

/// Positions of a host's sequence numbers, and which of them carried payload that was seen.
#[derive(Debug, Clone, Default)]
pub struct TcpSequence {
    /// Sequence number at position 0.
    base: Option<SeqNum>,
    /// Whether `base` is the SYN's number, not a guess.
    base_is_isn: bool,
    /// Highest position met: the reference for unwrapping.
    highest: i64,
    /// Payload seen.
    range_set: RangeSet,
}

impl TcpSequence {
    /// The initial sequence number, if the SYN was seen.
    pub fn isn(&self) -> Option<SeqNum> {
        self.base.filter(|_| self.base_is_isn)
    }

    /// The sequence number at `position`, once any number is known.
    pub fn number_at(&self, position: i64) -> Option<SeqNum> {
        #[expect(clippy::cast_possible_truncation, reason = "sequence numbers are the lower half")]
        let bytes = position.cast_unsigned() as u32;
        self.base.map(|base| base.add(bytes))
    }

    /// Payload seen so far.
    pub const fn range_set(&self) -> &RangeSet {
        &self.range_set
    }

    /// Takes the number of a SYN. Returns false when it contradicts what was seen before: another
    /// incarnation of the flow.
    pub fn see_syn(&mut self, isn: SeqNum) -> bool {
        match self.base {
            None => {
                self.base = Some(isn);
                self.base_is_isn = true;
                self.range_set.begin_at(1);
                true
            }
            Some(base) if self.base_is_isn => base == isn,
            // Frames out of order: data came before its SYN. The guess was the first byte seen.
            Some(base) => {
                let agrees = base == isn;
                self.base_is_isn = agrees;
                agrees
            }
        }
    }

    /// Position of `seq`, where the payload begins by what the handshake says without its SYN.
    pub fn see_first(&mut self, seq: SeqNum) -> i64 {
        let position = self.position(seq);
        self.range_set.begin_at(position);
        position
    }

    /// Position of `seq`; the first number seen without a SYN becomes position 1.
    pub fn position(&mut self, seq: SeqNum) -> i64 {
        let base = *self.base.get_or_insert(SeqNum(seq.0.wrapping_sub(1)));
        let position = unwrap(base, self.highest, seq);
        self.highest = self.highest.max(position);
        position
    }

    /// Position of a number that the *peer* acknowledges; `None` while no number of this host is
    /// known.
    pub fn position_of(&self, ack: SeqNum) -> Option<i64> {
        self.base.map(|base| unwrap(base, self.highest, ack))
    }

    /// Whether `seq` is of what was sent and is not acknowledged, which ends before position `acked`
    /// (RFC 5927 §4.1); false while no number of this host is known.
    pub fn is_in_flight(&self, seq: SeqNum, acked: i64) -> bool {
        self.position_of(seq).is_some_and(|position| (acked..=self.highest).contains(&position))
    }

    /// Gives back memory that is not needed any more.
    pub fn close(&mut self) {
        self.range_set.shrink();
    }

    /// Adds payload that comes after all that was seen; false where it does not.
    #[inline]
    pub fn insert_past_end(&mut self, range: SeqRange) -> bool {
        let inserted = self.range_set.insert_past_end(range);
        if inserted {
            self.highest = self.highest.max(range.end);
        }
        inserted
    }

    /// Adds payload; says which bytes of it were seen before.
    pub fn insert(&mut self, range: SeqRange) -> Pieces {
        self.highest = self.highest.max(range.end);
        self.range_set.insert(range)
    }
}

/// The position nearest to `reference` whose sequence number is `seq`.
fn unwrap(base: SeqNum, reference: i64, seq: SeqNum) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "sequence numbers wrap at 2^32")]
    let at_reference = base.add(reference.cast_unsigned() as u32);
    reference + i64::from(seq.distance_from(at_reference))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_after_the_syn_is_position_one() {
        let mut sequence = TcpSequence::default();
        assert!(sequence.see_syn(SeqNum(u32::MAX)));
        assert_eq!(sequence.position(SeqNum(0)), 1);
        assert_eq!(sequence.isn(), Some(SeqNum(u32::MAX)));
    }

    #[test]
    fn positions_go_on_past_four_gigabytes() {
        let mut sequence = TcpSequence::default();
        sequence.see_syn(SeqNum(0));
        for step in 0..10u32 {
            let seq = SeqNum(step.wrapping_mul(0x4000_0000));
            assert_eq!(sequence.position(seq), i64::from(step) * 0x4000_0000);
        }
    }

    #[test]
    fn another_syn_is_another_incarnation() {
        let mut sequence = TcpSequence::default();
        assert!(sequence.see_syn(SeqNum(7)));
        assert!(sequence.see_syn(SeqNum(7)));
        assert!(!sequence.see_syn(SeqNum(8)));
    }
}
