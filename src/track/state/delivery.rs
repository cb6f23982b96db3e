//! On which subflow the bytes of one direction arrived first, as far as acknowledgments show it.
//!
//! Nearly all bytes have one copy: they arrived if their subflow acknowledged them, by ACK or SACK, and
//! nothing needs to be kept of them. Here stand the others. Bytes that were sent again under other subflow
//! sequence numbers, while no copy was acknowledged, are *contested*: the copy that is acknowledged first
//! wins, and if another one is acknowledged within a round trip of it, nobody can tell.

use smallvec::{SmallVec, smallvec};

use super::contested::{Acked, Arrived, Contested, CopyPlace};
use crate::track::range_set::{MAX_HOLES, RangeSet, SeqRange};
use crate::wire::frame::Timestamp;

/// Most runs of contested bytes; with more, it is not known any more what arrived where.
const MAX_CONTESTED: usize = 256;

/// Most copies of the same bytes.
const MAX_COPIES: usize = 8;

/// By then, another copy would have been acknowledged as well, if it was to be within a round trip.
const LONGEST_RTT_NS: i64 = 2_000_000_000;

/// What is kept of one direction of a connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delivery {
    /// By number of the subflow.
    subflows: Vec<Carrier>,
    contested: Vec<Contested>,
    /// Whether too much was to be kept, or the first copy of what was sent again is not remembered.
    is_unknown: bool,
}

/// What one subflow carried.
#[derive(Debug, Clone, Default)]
struct Carrier {
    /// Positions that it carried and that are not among its uncontested new data.
    apart: RangeSet,
    /// Positions that SACK blocks acknowledged.
    sacked: RangeSet,
    /// Its new data that is contested, or was.
    moved: u64,
    /// Contested bytes that arrived by it first.
    won: u64,
    /// Contested bytes that it carried first, and that arrived by it or by another one first.
    unclear: u64,
}

/// Bytes of the stream that arrived on a subflow before they did on any other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// How many.
    pub bytes: u64,
    /// How many more may have, of those that it carried first. They have arrived, and nobody can tell where:
    /// copies on several subflows were acknowledged within a round trip, or only a DATA_ACK covers them.
    pub unclear: u64,
    /// How many it carried first that nothing acknowledges.
    pub missing: u64,
}

impl Delivered {
    /// Of bytes that only a DATA_ACK covers, `rest` in all, takes those that may be among what is missing.
    pub(crate) fn take_data_acked(&mut self, rest: &mut u64) {
        let some = self.missing.min(*rest);
        self.missing -= some;
        self.unclear += some;
        *rest -= some;
    }
}

/// What a subflow carried in one direction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Carried<'a> {
    /// Bytes of the stream, seen there for the first time.
    pub(crate) new_data: u64,
    /// The positions of all its payload.
    pub(crate) positions: &'a RangeSet,
    /// One past the last one that the peer acknowledged.
    pub(crate) acked: i64,
}

/// Bytes that are sent again, and their first copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeat {
    /// Where they stand in the stream.
    pub(crate) range: SeqRange,
    /// Where this copy of them stands.
    pub(crate) copy: CopyPlace,
    /// Where the first one stands, if that is remembered.
    pub(crate) first: Option<CopyPlace>,
    /// Up to where the peer acknowledged the subflows of both.
    pub(crate) acked: i64,
    pub(crate) first_acked: i64,
    /// Up to where it acknowledged the stream.
    pub(crate) data_acked: i64,
}

impl Delivery {
    /// Whether bytes are contested at present.
    #[inline(always)]
    pub(crate) const fn is_contested(&self) -> bool {
        !self.contested.is_empty()
    }

    /// Whether some were, at any time.
    pub(crate) fn was_contested(&self) -> bool {
        self.is_contested() || self.subflows.iter().any(|carrier| carrier.moved > 0)
    }

    /// From now on it is not known what arrived where.
    pub(crate) const fn give_up(&mut self) {
        self.is_unknown = true;
    }

    /// Positions of a subflow that do not count as its new data.
    pub(crate) fn set_apart(&mut self, subflow: u32, positions: SeqRange, acked: i64) {
        let carrier = self.carrier(subflow);
        if is_full(&carrier.apart, acked) {
            self.is_unknown = true;
        } else {
            carrier.apart.insert(positions);
        }
    }

    /// Takes bytes that are sent again under other subflow sequence numbers.
    pub(crate) fn repeat(&mut self, repeat: &Repeat) {
        let Repeat { range, copy, acked, .. } = *repeat;
        let positions = copy.positions(range.len());
        self.set_apart(copy.subflow, positions, acked);
        // Acknowledged before it was seen: it arrived, and the capture does not show when.
        let is_late = positions.start < acked;
        let start = if is_late { range.start } else { range.start.max(repeat.data_acked) };
        let wanted = SeqRange { start, ..range };
        for rest in self.join_contested(wanted, repeat) {
            self.contest(rest, repeat, is_late);
        }
    }

    /// Adds a copy to the contested bytes in `range`. Returns what is not contested yet.
    fn join_contested(&mut self, range: SeqRange, repeat: &Repeat) -> SmallVec<[SeqRange; 2]> {
        let mut rest: SmallVec<[SeqRange; 2]> = smallvec![range];
        rest.retain(|range| !range.is_empty());
        let mut index = 0;
        while let Some(contested) = self.contested.get_mut(index) {
            let both = contested.range.intersection(range);
            let before = (!both.is_empty()).then(|| contested.split(both.start)).flatten();
            if both.is_empty() || before.is_some() {
                // What was split off is the next one.
                self.insert_after(index, before);
                index += 1;
                continue;
            }
            let after = contested.split(both.end);
            if contested.copies() < MAX_COPIES {
                contested.add(repeat.copy.shifted(both.start - repeat.range.start));
            } else {
                self.is_unknown = true;
            }
            self.insert_after(index, after);
            rest = rest.iter().flat_map(|range| range.without(both)).collect();
            index += 1;
        }
        rest
    }

    /// Bytes that have two copies from now on. If the first one was acknowledged already, it arrived before
    /// this one was sent.
    fn contest(&mut self, range: SeqRange, repeat: &Repeat, is_late: bool) {
        let Some(first) = repeat.first else {
            self.is_unknown = true;
            return;
        };
        let offset = range.start - repeat.range.start;
        let (first, copy) = (first.shifted(offset), repeat.copy.shifted(offset));
        let positions = first.positions(range.len());
        if is_late {
            self.move_out(first.subflow, positions, repeat.first_acked);
            self.carrier(first.subflow).unclear += range.len();
            return;
        }
        let open = SeqRange { start: positions.start.max(repeat.first_acked), ..positions };
        for open in self.carrier(first.subflow).sacked.gaps(open) {
            self.move_out(first.subflow, open, repeat.first_acked);
            let offset = open.start - first.position;
            let range = open.shifted(range.start - first.position);
            let contested = Contested::new(range, first.shifted(offset), copy.shifted(offset));
            match self.contested.last_mut() {
                Some(last) if last.goes_on_in(&contested) => last.extend(&contested),
                _ => self.contested.push(contested),
            }
        }
        self.make_room();
    }

    /// New data of a subflow that is contested from now on.
    fn move_out(&mut self, subflow: u32, positions: SeqRange, acked: i64) {
        self.carrier(subflow).moved += positions.len();
        self.set_apart(subflow, positions, acked);
    }

    /// Takes an acknowledgment of these positions of a subflow.
    pub(crate) fn acknowledge(&mut self, subflow: u32, positions: SeqRange, acked: Acked) {
        let mut index = 0;
        while let Some(contested) = self.contested.get_mut(index) {
            let Some((copy, both)) = contested.unacknowledged(subflow, positions) else {
                index += 1;
                continue;
            };
            if let Some(after) = contested.split(both.start) {
                // What was split off is the next one.
                self.contested.insert(index + 1, after);
                index += 1;
                continue;
            }
            let after = contested.split(both.end);
            let arrived = contested.acknowledge(copy, acked);
            let bytes = contested.range.len();
            self.insert_after(index, after);
            self.count(bytes, arrived);
        }
        self.make_room();
    }

    /// Takes a SACK block of the peer on a subflow, which acknowledged everything before `end`.
    pub(crate) fn sack(&mut self, subflow: u32, block: SeqRange, end: i64, acked: Acked) {
        let carrier = self.carrier(subflow);
        if is_full(&carrier.sacked, end) {
            self.is_unknown = true;
            return;
        }
        let pieces = carrier.sacked.insert(block);
        if self.is_contested() {
            for piece in pieces.iter().filter(|piece| !piece.seen) {
                self.acknowledge(subflow, piece.range, acked);
            }
        }
    }

    /// Forgets contested bytes of which nothing can change any more. Everything before `data_acked` has
    /// arrived.
    pub(crate) fn settle(&mut self, data_acked: i64, now: Timestamp) {
        self.contested.retain(|contested| {
            let is_settled = contested.won_at().is_some_and(|won_at| {
                let is_known = contested.is_first_acked() || contested.range.end <= data_acked;
                is_known && now.since(won_at) > LONGEST_RTT_NS
            });
            !(is_settled || contested.is_all_acked())
        });
    }

    /// TCP sends these positions of a subflow again.
    pub(crate) fn mark_resent(&mut self, subflow: u32, positions: SeqRange) {
        for contested in &mut self.contested {
            contested.mark_resent(subflow, positions);
        }
    }

    /// Forgets a subflow, whose number goes to another one.
    pub(crate) fn forget_subflow(&mut self, subflow: u32) {
        *self.carrier(subflow) = Carrier::default();
        self.is_unknown |= self.contested.iter().any(|contested| contested.is_on(subflow));
    }

    /// Moves all positions of the stream.
    pub(crate) fn shift(&mut self, by: i64) {
        for contested in &mut self.contested {
            contested.range = contested.range.shifted(by);
        }
    }

    /// What arrived first on a subflow, by what it carried; `None` if that is not known.
    pub(crate) fn of_subflow(&self, subflow: u32, carried: &Carried<'_>) -> Option<Delivered> {
        if self.is_unknown {
            return None;
        }
        let nothing = Carrier::default();
        let own = self.subflows.get(subflow as usize).unwrap_or(&nothing);
        let missing = |set: &RangeSet| {
            let ranges = set.ranges_from(carried.acked);
            ranges.map(|range| range.len() - own.sacked.seen_in(range)).sum::<u64>()
        };
        let missing = missing(carried.positions).saturating_sub(missing(&own.apart));
        let uncontested = carried.new_data.saturating_sub(own.moved).saturating_sub(missing);
        let undecided =
            self.contested.iter().filter(|contested| contested.is_undecided_of(subflow));
        let missing = missing + undecided.map(|contested| contested.range.len()).sum::<u64>();
        Some(Delivered { bytes: uncontested + own.won, unclear: own.unclear, missing })
    }

    /// Counts what became of contested bytes.
    fn count(&mut self, bytes: u64, arrived: Arrived) {
        if let Some(subflow) = arrived.lost {
            let carrier = self.carrier(subflow);
            carrier.won = carrier.won.saturating_sub(bytes);
        }
        if let Some(subflow) = arrived.won {
            self.carrier(subflow).won += bytes;
        }
        if let Some(subflow) = arrived.unclear {
            self.carrier(subflow).unclear += bytes;
        }
    }

    /// Makes room for more contested bytes: joins runs of the same fate, then forgets the oldest that are
    /// decided.
    fn make_room(&mut self) {
        if self.contested.len() <= MAX_CONTESTED {
            return;
        }
        self.contested.dedup_by(|next, last| {
            let is_one = last.goes_on_in(next);
            if is_one {
                last.extend(next);
            }
            is_one
        });
        while self.contested.len() > MAX_CONTESTED {
            let decided = self.contested.iter().position(Contested::is_first_acked);
            self.is_unknown |= decided.is_none();
            self.contested.remove(decided.unwrap_or(0));
        }
    }

    fn insert_after(&mut self, index: usize, rest: Option<Contested>) {
        if let Some(rest) = rest {
            self.contested.insert(index + 1, rest);
        }
    }

    fn carrier(&mut self, subflow: u32) -> &mut Carrier {
        let index = subflow as usize;
        if self.subflows.len() <= index {
            self.subflows.resize_with(index + 1, Carrier::default);
        }
        #[expect(clippy::indexing_slicing, reason = "it was made long enough")]
        &mut self.subflows[index]
    }
}

/// Whether there is no room for one more hole, or it would close one after `acked`, which still matters.
fn is_full(set: &RangeSet, acked: i64) -> bool {
    let mut holes = set.holes();
    let count = holes.len();
    let is_first_needed = holes.next().is_some_and(|hole| hole.end > acked);
    count >= MAX_HOLES && is_first_needed || count >= 2 * MAX_HOLES
}
