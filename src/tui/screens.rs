//! One file per screen: its state, what commands change in it, and how it is drawn.

pub mod connections;
pub mod findings;
pub mod graphs;
pub mod ladder;
pub mod packet;
pub mod timeline;
