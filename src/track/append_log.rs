//! A list that only grows at its end, and of which a copy costs next to nothing.

use std::collections::VecDeque;
use std::sync::Arc;

/// Items of a chunk. All chunks but the last are full.
const CHUNK: usize = 4096;

/// Items in chunks, which copies of the list share. The oldest may go: an item is known by its
/// position, which counts those that are gone.
#[derive(Debug)]
pub struct AppendLog<T> {
    chunks: VecDeque<Arc<Vec<T>>>,
    dropped: u64,
    most_chunks: usize,
}

impl<T> Clone for AppendLog<T> {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks.clone(), ..*self }
    }
}

impl<T> Default for AppendLog<T> {
    fn default() -> Self {
        Self { chunks: VecDeque::new(), dropped: 0, most_chunks: usize::MAX }
    }
}

impl<T: Copy> AppendLog<T> {
    /// An empty list of about `most` items, of which the oldest go before there are more.
    pub fn bounded(most: usize) -> Self {
        Self { most_chunks: most.div_ceil(CHUNK).max(1), ..Self::default() }
    }

    /// Adds an item.
    pub fn push(&mut self, item: T) {
        match self.chunks.back_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(item),
            _ => {
                if self.chunks.len() >= self.most_chunks && self.chunks.pop_front().is_some() {
                    self.dropped += CHUNK as u64;
                }
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(item);
                self.chunks.push_back(Arc::new(chunk));
            }
        }
    }

    /// Items that are gone: the position of the first one that is left.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// One past the position of the last item.
    pub fn end(&self) -> u64 {
        let last = self.chunks.back().map_or(CHUNK, |chunk| chunk.len());
        self.dropped + (self.chunks.len() * CHUNK + last - CHUNK) as u64
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        usize::try_from(self.end() - self.dropped).unwrap_or(usize::MAX)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The item at `position`; `None` if it is gone, or not there yet.
    pub fn get(&self, position: u64) -> Option<&T> {
        let index = usize::try_from(position.checked_sub(self.dropped)?).ok()?;
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// The items from `position` on, or from the first one that is left, each with its position.
    pub fn iter_from(&self, position: u64) -> impl Iterator<Item = (u64, &T)> {
        let start = position.max(self.dropped);
        let skipped = usize::try_from(start - self.dropped).unwrap_or(usize::MAX);
        let (chunks, within) = (skipped / CHUNK, skipped % CHUNK);
        let mut pieces = self.chunks.range(chunks.min(self.chunks.len())..);
        let first = pieces.next().map_or(&[][..], |chunk| chunk.get(within..).unwrap_or_default());
        (start..).zip(first.iter().chain(pieces.flat_map(|chunk| chunk.iter())))
    }

    /// Changes the items that are `wanted`. Chunks without any stay shared.
    pub fn change(&mut self, wanted: impl Fn(&T) -> bool, change: impl Fn(&mut T)) {
        for chunk in &mut self.chunks {
            if chunk.iter().any(&wanted) {
                let items = Arc::make_mut(chunk).iter_mut();
                items.filter(|item| wanted(item)).for_each(&change);
            }
        }
    }

    /// The position of the first item that is not before what is sought, in a list in order.
    pub fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> u64 {
        let chunk = self.chunks.partition_point(|chunk| chunk.last().is_some_and(&is_before));
        let within = self.chunks.get(chunk).map_or(0, |chunk| chunk.partition_point(&is_before));
        (self.dropped + (chunk * CHUNK + within) as u64).min(self.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_by_position() {
        let mut list = AppendLog::default();
        assert_eq!((list.len(), list.end(), list.is_empty()), (0, 0, true));
        for number in 0..10_000u64 {
            list.push(number);
        }
        assert_eq!((list.len(), list.end(), list.dropped()), (10_000, 10_000, 0));
        assert_eq!(
            (list.get(0), list.get(9_999), list.get(10_000)),
            (Some(&0), Some(&9_999), None)
        );
        for start in [0, 1, 4_095, 4_096, 8_192, 9_999, 10_000, 20_000] {
            let rest: Vec<_> = list.iter_from(start).map(|(at, item)| (at, *item)).collect();
            let expected: Vec<_> = (start..10_000).map(|number| (number, number)).collect();
            assert_eq!(rest, expected);
            assert_eq!(list.partition_point(|item| *item < start), start.min(10_000));
        }
    }

    #[test]
    fn the_oldest_go() {
        let mut list = AppendLog::bounded(8_192);
        (0..10_000u64).for_each(|number| list.push(number));
        assert_eq!((list.dropped(), list.len(), list.end()), (4_096, 5_904, 10_000));
        assert_eq!((list.get(4_095), list.get(4_096)), (None, Some(&4_096)));
        assert_eq!(list.iter_from(0).next(), Some((4_096, &4_096)));
        assert_eq!(list.partition_point(|item| *item < 5_000), 5_000);
    }

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut list = AppendLog::default();
        (0..5_000).for_each(|number| list.push(number));
        let copy = list.clone();
        list.push(1);
        list.change(|item| *item < 10, |item| *item += 1);
        assert_eq!((copy.len(), copy.get(0), copy.get(4_999)), (5_000, Some(&0), Some(&4_999)));
        assert_eq!((list.len(), list.get(0)), (5_001, Some(&1)));
    }
}
