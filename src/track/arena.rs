//! Things that refer to each other by number instead of by reference.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use super::ids::Id;

/// Items of a chunk.
const CHUNK: usize = 64;

/// A list in which a number stays good until what it stands for is removed. It grows by chunks, so that
/// nothing in it ever moves.
#[derive(Debug, Clone)]
pub struct Arena<T, M = T> {
    /// All chunks but the last are full.
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    numbers: PhantomData<fn() -> M>,
}

impl<T, M> Default for Arena<T, M> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new(), numbers: PhantomData }
    }
}

impl<T, M> Arena<T, M> {
    /// Adds `item`. `None` when 2^32 are in it already.
    pub fn push(&mut self, item: T) -> Option<Id<M>> {
        if let Some(number) = self.free.pop() {
            let id = Id::at(number);
            if let Some(slot) = self.slot_mut(id) {
                *slot = Some(item);
                return Some(id);
            }
        }
        let id = Id::at(u32::try_from(self.slots()).ok()?);
        if self.chunks.last().is_none_or(|last| last.len() >= CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        self.chunks.last_mut()?.push(Some(item));
        Some(id)
    }

    /// Takes an item out. Its number may be given to another one: nobody may use it any more.
    pub fn remove(&mut self, id: Id<M>) -> Option<T> {
        let item = self.slot_mut(id)?.take()?;
        self.free.push(id.number());
        Some(item)
    }

    /// The item of this number, if there is one.
    #[inline]
    fn item(&self, id: Id<M>) -> Option<&T> {
        self.chunks.get(id.index() / CHUNK)?.get(id.index() % CHUNK)?.as_ref()
    }

    /// Whether there is an item of this number.
    pub fn contains(&self, id: Id<M>) -> bool {
        self.item(id).is_some()
    }

    /// All items with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Id<M>, &T)> {
        let numbered = (0..).map(|number| Id::at(number)).zip(self.chunks.iter().flatten());
        numbered.filter_map(|(id, slot)| Some((id, slot.as_ref()?)))
    }

    /// All items, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten().flatten()
    }

    /// The first item that is as wanted.
    pub fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<Id<M>> {
        self.iter().find(|(_, item)| wanted(item)).map(|(id, _)| id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots() - self.free.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Places, free ones included.
    fn slots(&self) -> usize {
        let last = self.chunks.last().map_or(CHUNK, Vec::len);
        self.chunks.len() * CHUNK + last - CHUNK
    }

    #[inline]
    fn slot_mut(&mut self, id: Id<M>) -> Option<&mut Option<T>> {
        self.chunks.get_mut(id.index() / CHUNK)?.get_mut(id.index() % CHUNK)
    }
}

#[expect(
    clippy::expect_used,
    reason = "an Id comes from push, and what refers to an item goes before it is removed"
)]
impl<T, M> Index<Id<M>> for Arena<T, M> {
    type Output = T;

    #[inline]
    fn index(&self, id: Id<M>) -> &T {
        self.item(id).expect("the item is there")
    }
}

#[expect(
    clippy::expect_used,
    reason = "an Id comes from push, and what refers to an item goes before it is removed"
)]
impl<T, M> IndexMut<Id<M>> for Arena<T, M> {
    #[inline]
    fn index_mut(&mut self, id: Id<M>) -> &mut T {
        self.slot_mut(id).and_then(Option::as_mut).expect("the item is there")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_used_again_once_it_is_free() {
        let mut arena: Arena<&str> = Arena::default();
        let ids: Vec<_> = ["a", "b", "c"].map(|item| arena.push(item).unwrap()).into();
        assert_eq!(arena.remove(ids[1]), Some("b"));
        assert_eq!(arena.remove(ids[1]), None);
        assert!(!arena.contains(ids[1]));
        assert_eq!((arena.len(), arena[ids[2]]), (2, "c"));
        assert_eq!(arena.push("d"), Some(ids[1]));
        assert_eq!(arena.iter().map(|(_, item)| *item).collect::<String>(), "adc");
    }
}
