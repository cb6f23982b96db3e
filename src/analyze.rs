//! Facts: pure functions over a [`crate::track::Trace`].

pub mod holes;
pub mod option_space;
pub mod state;
pub mod verdict;
