//! What several tests share, and the examples that write files of it: they take this file by its path,
//! which only a `mod.rs` allows.

pub(crate) mod capture_bytes;
pub(crate) mod corpus;
pub(crate) mod fuzz_seeds;
pub(crate) mod fuzz_targets;
pub(crate) mod random;
pub(crate) mod scenario;
#[cfg(feature = "tui")]
pub(crate) mod screens;
pub(crate) mod testdata;
