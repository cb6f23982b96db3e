//! Numbers of connections, subflows and whatever else stands in an arena. A number can be kept
//! without knowing the type of what it stands for.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// The number of a connection in the tracker.
pub type ConnectionId = Id<OfConnection>;

/// The number of a subflow in the tracker.
pub type SubflowId = Id<OfSubflow>;

/// Marks the number of a connection.
#[derive(Debug)]
pub enum OfConnection {}

/// Marks the number of a subflow.
#[derive(Debug)]
pub enum OfSubflow {}

/// The number of a thing in its [`Arena`](super::arena::Arena).
pub struct Id<T>(u32, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// The number of the item at this position, whether there is one or not.
    pub(crate) const fn at(position: u32) -> Self {
        Self(position, PhantomData)
    }

    /// Its position as it is stored.
    pub(super) const fn number(self) -> u32 {
        self.0
    }

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
