//! Things that refer to each other by number instead of by reference.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// The number of a `T` in its [`Arena`].
pub struct Id<T>(u32, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// 0-based position in the arena.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{}", self.0)
    }
}

/// A list that only grows, so that a number stays good.
#[derive(Debug, Clone)]
pub struct Arena<T> {
    items: Vec<T>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

impl<T> Arena<T> {
    /// Adds `item`. `None` when 2^32 are in it already.
    pub fn push(&mut self, item: T) -> Option<Id<T>> {
        let id = Id(u32::try_from(self.items.len()).ok()?, PhantomData);
        self.items.push(item);
        Some(id)
    }

    /// All items with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        (0..).map(|number| Id(number, PhantomData)).zip(&self.items)
    }

    /// The first item that is as wanted.
    pub fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<Id<T>> {
        self.iter().find(|(_, item)| wanted(item)).map(|(id, _)| id)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items alone, in the order of their numbers.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}

#[expect(clippy::indexing_slicing, reason = "an Id comes from push, and nothing is ever removed")]
impl<T> Index<Id<T>> for Arena<T> {
    type Output = T;

    fn index(&self, id: Id<T>) -> &T {
        &self.items[id.index()]
    }
}

#[expect(clippy::indexing_slicing, reason = "an Id comes from push, and nothing is ever removed")]
impl<T> IndexMut<Id<T>> for Arena<T> {
    fn index_mut(&mut self, id: Id<T>) -> &mut T {
        &mut self.items[id.index()]
    }
}
