//! What several tests share.

pub(crate) mod capture_bytes;
pub(crate) mod corpus;
pub(crate) mod fuzz_targets;
pub(crate) mod random;
pub(crate) mod scenario;
#[cfg(feature = "tui")]
pub(crate) mod screens;
pub(crate) mod testdata;
