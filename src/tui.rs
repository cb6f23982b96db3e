//! The terminal timeline.

pub mod snapshot;
