//! First copies of bytes: which subflow carried them, and when. They tell a reinjection from new
//! data, time the acknowledgments of the data level, and the waits for what came late.

use std::collections::VecDeque;

use crate::track::range_set::SeqRange;
use crate::wire::frame::Timestamp;

/// Most first copies that are remembered per subflow.
const MAX_COPIES: usize = 2048;

/// Of those, how many the peer has acknowledged already.
const MAX_ACKED: usize = 128;

/// Most subflows of a connection whose copies are remembered.
const MAX_SUBFLOWS: usize = 256;

/// Bytes that a subflow carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transmission {
    /// Their positions in the data sequence space.
    pub range: SeqRange,
    /// Subflow, by its number within the connection.
    pub subflow: u32,
    /// Position on that subflow of the first of them.
    pub subflow_position: i64,
    /// When.
    pub at: Timestamp,
    /// Stands for the bytes themselves; 0 where they are not known.
    pub sample: u32,
}

/// The first copies of one direction, by subflow.
#[derive(Debug, Clone, Default)]
pub struct FirstTransmissions {
    /// Together, since every DATA_ACK looks at all of them. The copies themselves stand elsewhere:
    /// most of them were not touched for long.
    next: Vec<Next>,
    subflows: Vec<Copies>,
}

/// The next copies of one subflow that an event concerns. The highest number stands for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Next {
    /// One past the last position of the first one that is not acknowledged.
    end: i64,
    /// The first position of the first one before which something is missing, when that was asked last.
    start: i64,
}

impl Next {
    const NONE: Self = Self { end: i64::MAX, start: i64::MAX };
}

/// What is kept of [`Transmission`] with its subflow, in as little memory as possible: there are
/// many of them, and each is written once and read once.
#[derive(Debug, Clone, Copy)]
struct First {
    start: i64,
    subflow_position: i64,
    at: Timestamp,
    len: u32,
    sample: u32,
}

const _: () = assert!(size_of::<First>() == 32);

/// First copies that one subflow carried, in the order of positions.
#[derive(Debug, Clone, Default)]
struct Copies {
    /// Whether there ever was one.
    carried: bool,
    list: VecDeque<First>,
    /// How many at the front the peer has acknowledged.
    acked: usize,
    /// How many at the front had everything before them, when that was asked last.
    ready: usize,
}

impl FirstTransmissions {
    /// Remembers bytes that were seen for the first time.
    #[inline]
    pub fn remember(&mut self, copy: Transmission) {
        let index = copy.subflow as usize;
        if index >= MAX_SUBFLOWS {
            return;
        }
        if self.subflows.len() <= index {
            self.subflows.resize_with(index + 1, Copies::default);
            self.next.resize(index + 1, Next::NONE);
        }
        if let (Some(copies), Some(next)) = (self.subflows.get_mut(index), self.next.get_mut(index))
        {
            let Transmission { range, subflow_position, at, sample, .. } = copy;
            // Never more than the payload of a segment.
            let len = u32::try_from(range.len()).unwrap_or(u32::MAX);
            let copy = First { start: range.start, subflow_position, at, len, sample };
            copies.remember(copy, next);
        }
    }

    /// The first copy of the byte at `position`; without one, where the next one after it starts.
    pub fn at(&self, position: i64) -> Result<Transmission, i64> {
        let mut next = i64::MAX;
        for (subflow, copies) in (0..).zip(&self.subflows) {
            let index = copies.list.partition_point(|first| first.end() <= position);
            match copies.list.get(index) {
                Some(first) if first.start <= position => return Ok(first.of(subflow)),
                Some(first) => next = next.min(first.start),
                None => {}
            }
        }
        Err(next)
    }

    /// The one subflow beside `subflow` that carried anything first; `None` if there are several.
    pub fn only_other(&self, subflow: u32) -> Option<u32> {
        let carried = (0..).zip(&self.subflows).filter(|(_, copies)| copies.carried);
        let mut others = carried.map(|(number, _)| number).filter(|number| *number != subflow);
        others.next().filter(|_| others.next().is_none())
    }

    /// Everything before `end` was acknowledged: returns where the last copy that this covers stands
    /// and when it came, and forgets old ones.
    #[inline(always)]
    pub fn acknowledge(&mut self, end: i64) -> Option<(SeqRange, Timestamp)> {
        let mut last: Option<First> = None;
        for (next, copies) in self.next.iter_mut().zip(&mut self.subflows) {
            if next.end <= end
                && let Some(copy) = copies.acknowledge(end, next)
                && last.is_none_or(|last| copy.end() >= last.end())
            {
                last = Some(copy);
            }
        }
        last.map(|copy| (copy.range(), copy.at))
    }

    /// Everything before `ready` has come. Hands each copy before that to `waited`, once.
    pub fn release(&mut self, ready: i64, mut waited: impl FnMut(Transmission)) {
        for ((subflow, next), copies) in (0..).zip(&mut self.next).zip(&mut self.subflows) {
            while next.start < ready
                && let Some(copy) = copies.list.get(copies.ready)
            {
                waited(copy.of(subflow));
                copies.ready += 1;
                next.start = copies.next_start();
            }
        }
    }

    /// Moves all positions.
    pub fn shift(&mut self, by: i64) {
        for (copies, next) in self.subflows.iter_mut().zip(&mut self.next) {
            for copy in &mut copies.list {
                copy.start = copy.start.saturating_add(by);
            }
            *next = copies.next();
        }
    }

    /// Forgets all.
    pub fn close(&mut self) {
        *self = Self::default();
    }
}

impl First {
    const fn end(self) -> i64 {
        self.start.saturating_add(self.len as i64)
    }

    const fn range(self) -> SeqRange {
        SeqRange { start: self.start, end: self.end() }
    }

    const fn of(self, subflow: u32) -> Transmission {
        let Self { subflow_position, at, sample, .. } = self;
        Transmission { range: self.range(), subflow, subflow_position, at, sample }
    }
}

impl Copies {
    #[inline(always)]
    fn remember(&mut self, copy: First, next: &mut Next) {
        self.carried = true;
        if self.list.back().is_some_and(|last| last.start >= copy.start) {
            self.insert(copy);
            *next = self.next();
            return;
        }
        if self.list.len() >= MAX_COPIES {
            self.pop();
            *next = self.next();
        }
        // If no earlier copy is next, this one is.
        next.end = next.end.min(copy.end());
        next.start = next.start.min(copy.start);
        self.list.push_back(copy);
    }

    /// A copy that is not the last one.
    #[inline(never)]
    fn insert(&mut self, copy: First) {
        let index = self.list.partition_point(|known| known.start < copy.start);
        self.list.insert(index, copy);
        self.acked += usize::from(index < self.acked);
        self.ready += usize::from(index < self.ready);
    }

    /// Returns the last copy before `end` if it was not acknowledged before.
    #[inline]
    fn acknowledge(&mut self, end: i64, next: &mut Next) -> Option<First> {
        let before = self.acked;
        next.end = i64::MAX;
        while let Some(copy) = self.list.get(self.acked) {
            if copy.end() > end {
                next.end = copy.end();
                break;
            }
            self.acked += 1;
        }
        let last = if self.acked > before { self.list.get(self.acked - 1).copied() } else { None };
        while self.acked > MAX_ACKED {
            self.pop();
        }
        if self.ready == 0 {
            next.start = self.next_start();
        }
        last
    }

    fn pop(&mut self) {
        self.list.pop_front();
        self.acked = self.acked.saturating_sub(1);
        self.ready = self.ready.saturating_sub(1);
    }

    /// What is waited for.
    fn next(&self) -> Next {
        let end = self.list.get(self.acked).map_or(i64::MAX, |copy| copy.end());
        Next { end, start: self.next_start() }
    }

    fn next_start(&self) -> i64 {
        self.list.get(self.ready).map_or(i64::MAX, |copy| copy.start)
    }
}

/// What stands for the bytes of a segment when another copy of it is compared: a few of them, from its
/// beginning, middle and end. 0 where not all were captured.
#[inline]
pub(crate) fn sample(bytes: &[u8], wanted: u64) -> u32 {
    if bytes.len() as u64 != wanted || bytes.is_empty() {
        return 0;
    }
    let (_, second_half) = bytes.split_at(bytes.len() / 2);
    let words = [bytes.first_chunk(), second_half.first_chunk(), bytes.last_chunk()];
    let mut mixed = wanted;
    for word in words {
        mixed = match word {
            Some(word) => mix(mixed, u64::from_le_bytes(*word)),
            None => bytes.iter().fold(mixed, |mixed, byte| mix(mixed, u64::from(*byte))),
        };
    }
    // The upper half of a product depends on all bits, its lower half on the lower ones alone.
    #[expect(clippy::cast_possible_truncation, reason = "half the bits are enough")]
    ((mixed ^ mixed >> 32) as u32).max(1)
}

#[inline]
const fn mix(mixed: u64, word: u64) -> u64 {
    (mixed ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn copy(subflow: u32, start: i64, len: u32, at: i64) -> Transmission {
        Transmission {
            range: SeqRange::new(start, len),
            subflow,
            subflow_position: 1,
            at: Timestamp(at),
            sample: 0,
        }
    }

    #[test]
    fn a_copy_is_found_by_any_of_its_bytes() {
        let mut copies = FirstTransmissions::default();
        copies.remember(copy(0, 0, 10, 1));
        copies.remember(copy(1, 20, 10, 2));
        assert_eq!(copies.at(9).map(|copy| copy.subflow), Ok(0));
        assert_eq!(copies.at(15), Err(20));
        assert_eq!(copies.at(29).map(|copy| copy.subflow), Ok(1));
        assert_eq!(copies.at(30), Err(i64::MAX));
    }

    #[test]
    fn each_copy_is_released_once() {
        let mut copies = FirstTransmissions::default();
        copies.remember(copy(0, 10, 10, 1));
        copies.remember(copy(1, 20, 10, 2));
        let mut waited = Vec::new();
        copies.release(20, |copy| waited.push(copy.range.start));
        copies.release(30, |copy| waited.push(copy.range.start));
        copies.release(30, |copy| waited.push(copy.range.start));
        assert_eq!(waited, [10, 20]);
    }

    #[test]
    fn the_last_copy_that_is_covered_is_timed() {
        let mut copies = FirstTransmissions::default();
        copies.remember(copy(0, 0, 10, 1));
        copies.remember(copy(1, 10, 10, 2));
        assert_eq!(copies.acknowledge(5), None);
        assert_eq!(copies.acknowledge(20).map(|(_, at)| at), Some(Timestamp(2)));
    }

    #[test]
    fn a_sample_tells_bytes_apart() {
        let bytes: Vec<u8> = (0..100).collect();
        let mut others = bytes.clone();
        for at in [0, 7, 50, 57, 92, 99] {
            others[at] ^= 0x80;
            assert_ne!(sample(&bytes, 100), sample(&others, 100), "byte {at}");
            others[at] ^= 0x80;
        }
        assert_eq!(sample(&bytes, 101), 0, "not all of it is there");
        assert_eq!(sample(&[], 0), 0);
    }

    proptest! {
        #[test]
        fn what_is_waited_for_is_always_known(
            steps in prop::collection::vec((0u32..2, 0u8..4, 0i64..8000), 1..4000),
            are_released in any::<bool>(),
        ) {
            let mut copies = FirstTransmissions::default();
            for (subflow, step, position) in steps {
                match step {
                    0 => copies.acknowledge(position / 2).map_or((), |_| ()),
                    1 if are_released => copies.release(position, |_| {}),
                    _ => copies.remember(copy(subflow, position, 1, position)),
                }
                let known: Vec<_> = copies.subflows.iter().map(Copies::next).collect();
                prop_assert_eq!(&copies.next, &known);
            }
        }
    }
}
