//! What several tests share, and the examples that write files of it: they take this file by its path,
//! which only a `mod.rs` allows.

use std::io::{Write, stderr};

pub(crate) mod capture_bytes;
pub(crate) mod corpus;
pub(crate) mod fuzz_seeds;
pub(crate) mod fuzz_targets;
pub(crate) mod random;
pub(crate) mod scenario;
#[cfg(feature = "tui")]
pub(crate) mod screens;
pub(crate) mod testdata;

/// Says that a part of a test does not run here, past the harness, which shows nothing of a test that
/// passes.
pub(crate) fn skipped(what: &str) {
    stderr().write_all(format!("skipped: {what}\n").as_bytes()).unwrap();
}
