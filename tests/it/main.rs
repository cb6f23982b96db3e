//! The tests of the library and of the program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

mod advice;
#[cfg(feature = "tui")]
mod as_of;
mod capture_files;
mod capture_robustness;
mod cli;
mod clocks;
mod corpus;
mod decode;
mod fast_path;
mod fields;
mod filter;
mod findings;
mod flood;
mod fuzz_seeds;
mod kernel_counters;
#[cfg(feature = "tui")]
mod ladder_rows;
mod layering;
mod list;
#[cfg(target_os = "linux")]
mod live;
mod option_space;
mod oracle;
mod outcomes;
mod packets;
mod partial;
#[cfg(all(feature = "live", target_os = "linux"))]
mod privilege;
mod properties;
mod random_data;
mod readme;
mod report;
#[cfg(feature = "tui")]
mod reread;
mod roads;
mod robustness;
mod roundtrip;
mod scenarios;
#[cfg(target_os = "linux")]
mod second_reading;
mod space;
mod support;
#[cfg(feature = "tui")]
mod tui;
#[cfg(feature = "tui")]
mod tui_ladder;
#[cfg(feature = "tui")]
mod tui_timeline;
mod v0_captures;
mod verdict;
mod witness;
