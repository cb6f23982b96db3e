//! Tests against the MPTCP of the running kernel, see `README.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod analysis;
mod capture;
mod counters;
mod events;
mod forwarder;
mod frame;
mod host;
mod lab;
mod live;
mod path;
mod scenarios;
mod socket;
mod talk;
mod view;
mod wait;
mod watch;
