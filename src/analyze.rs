//! Facts: pure functions over a [`crate::track::Trace`].

pub mod option_space;
pub mod state;
pub mod verdict;
