//! What several tests share, and the examples that write files of it: they take this file by its path,
//! which only a `mod.rs` allows.

use std::io::{Write, stderr};

pub(crate) mod capture_bytes;
pub(crate) mod corpus;
pub(crate) mod files;
pub(crate) mod fuzz_seeds;
pub(crate) mod fuzz_targets;
pub(crate) mod random;
pub(crate) mod reports;
pub(crate) mod roads;
pub(crate) mod runs;
pub(crate) mod scenario;
#[cfg(feature = "tui")]
pub(crate) mod screens;
pub(crate) mod subject;
pub(crate) mod testdata;

/// Says that a part of a test does not run here, past the harness, which shows nothing of a test that
/// passes.
pub(crate) fn skipped(what: &str) {
    stderr().write_all(format!("skipped: {what}\n").as_bytes()).unwrap();
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect()
}
