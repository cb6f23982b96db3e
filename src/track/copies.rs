//! First copies of octets: which subflow carried them, and when. They tell a reinjection from new
//! data, time the acknowledgments of the data level, and the waits for what came late.

use std::collections::VecDeque;

use smallvec::SmallVec;

use super::coverage::Range;
use crate::wire::frame::Timestamp;

/// Most first copies that are remembered per subflow.
const MAX_COPIES: usize = 2048;

/// Of those, how many the peer has acknowledged already.
const MAX_ACKED: usize = 128;

/// Most subflows of a connection whose copies are remembered.
const MAX_SUBFLOWS: usize = 256;

/// Octets that a subflow carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Their positions in the data sequence space.
    pub range: Range,
    /// Subflow, by its number within the connection.
    pub subflow: u32,
    /// Position on that subflow of the first of them.
    pub subflow_position: i64,
    /// When.
    pub at: Timestamp,
    /// Stands for the octets themselves; 0 where they are not known.
    pub sample: u64,
}

/// The first copies of one direction, by subflow.
#[derive(Debug, Clone, Default)]
pub struct FirstCopies {
    subflows: SmallVec<[Copies; 2]>,
}

/// First copies that one subflow carried, in the order of positions.
#[derive(Debug, Clone, Default)]
struct Copies {
    /// Whether there ever was one.
    carried: bool,
    list: VecDeque<Carried>,
    /// How many at the front the peer has acknowledged.
    acked: usize,
    /// How many at the front had everything before them, when that was asked last.
    ready: usize,
}

impl FirstCopies {
    /// Remembers octets that were seen for the first time.
    pub fn remember(&mut self, copy: Carried) {
        let index = copy.subflow as usize;
        if index >= MAX_SUBFLOWS {
            return;
        }
        if self.subflows.len() <= index {
            self.subflows.resize_with(index + 1, Copies::default);
        }
        if let Some(copies) = self.subflows.get_mut(index) {
            copies.remember(copy);
        }
    }

    /// The first copy of the octet at `position`; without one, where the next one after it starts.
    pub fn at(&self, position: i64) -> Result<Carried, i64> {
        let mut next = i64::MAX;
        for copies in &self.subflows {
            let index = copies.list.partition_point(|first| first.range.end <= position);
            match copies.list.get(index) {
                Some(first) if first.range.start <= position => return Ok(*first),
                Some(first) => next = next.min(first.range.start),
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

    /// Everything before `end` was acknowledged: returns the last copy that this covers, and forgets
    /// old ones.
    pub fn acknowledge(&mut self, end: i64) -> Option<Carried> {
        let last = self.subflows.iter_mut().filter_map(|copies| copies.acknowledge(end));
        last.max_by_key(|copy| copy.range.end)
    }

    /// Everything before `ready` is there: hands those copies to `waited` that this was not known of
    /// before.
    pub fn release(&mut self, ready: i64, mut waited: impl FnMut(Carried)) {
        for copies in &mut self.subflows {
            while let Some(copy) = copies.list.get(copies.ready).filter(|c| c.range.start < ready) {
                waited(*copy);
                copies.ready += 1;
            }
        }
    }

    /// Moves all positions.
    pub fn shift(&mut self, by: i64) {
        for copy in self.subflows.iter_mut().flat_map(|copies| &mut copies.list) {
            copy.range = copy.range.shifted(by);
        }
    }

    /// Forgets all.
    pub fn close(&mut self) {
        self.subflows = SmallVec::new();
    }
}

impl Copies {
    fn remember(&mut self, copy: Carried) {
        self.carried = true;
        if self.list.back().is_none_or(|last| last.range.start < copy.range.start) {
            if self.list.len() >= MAX_COPIES {
                self.pop();
            }
            self.list.push_back(copy);
            return;
        }
        let index = self.list.partition_point(|known| known.range.start < copy.range.start);
        self.list.insert(index, copy);
        self.acked += usize::from(index < self.acked);
        self.ready += usize::from(index < self.ready);
    }

    fn acknowledge(&mut self, end: i64) -> Option<Carried> {
        while self.list.get(self.acked).is_some_and(|copy| copy.range.end <= end) {
            self.acked += 1;
        }
        let last = self.list.get(self.acked.checked_sub(1)?).copied();
        while self.acked > MAX_ACKED {
            self.pop();
        }
        last
    }

    fn pop(&mut self) {
        self.list.pop_front();
        self.acked = self.acked.saturating_sub(1);
        self.ready = self.ready.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(subflow: u32, start: i64, len: u32, at: i64) -> Carried {
        Carried {
            range: Range::new(start, len),
            subflow,
            subflow_position: 1,
            at: Timestamp(at),
            sample: 0,
        }
    }

    #[test]
    fn a_copy_is_found_by_any_of_its_octets() {
        let mut copies = FirstCopies::default();
        copies.remember(copy(0, 0, 10, 1));
        copies.remember(copy(1, 20, 10, 2));
        assert_eq!(copies.at(9).map(|copy| copy.subflow), Ok(0));
        assert_eq!(copies.at(15), Err(20));
        assert_eq!(copies.at(29).map(|copy| copy.subflow), Ok(1));
        assert_eq!(copies.at(30), Err(i64::MAX));
    }

    #[test]
    fn each_copy_is_released_once() {
        let mut copies = FirstCopies::default();
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
        let mut copies = FirstCopies::default();
        copies.remember(copy(0, 0, 10, 1));
        copies.remember(copy(1, 10, 10, 2));
        assert_eq!(copies.acknowledge(5), None);
        assert_eq!(copies.acknowledge(20).map(|copy| copy.at), Some(Timestamp(2)));
    }
}
