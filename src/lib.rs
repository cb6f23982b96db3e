//! mptcpscope reads packet captures of Multipath TCP (RFC 8684, RFC 6824), puts connections back
//! together from their subflows, proves what can be proved, and says what happened.
//!
//! ```text
//!  file, stdin ── capture ─▸ Frame ─▸ wire ─▸ Segment ─▸ track ─▸ Trace ─▸ analyze ─▸ report, tui
//! ```
//!
//! | layer | may import of ours |
//! |---|---|
//! | [`wire`] | – |
//! | [`capture`] | `wire::frame` |
//! | [`units`], [`printable`], [`text_layout`], [`host`] | – |
//! | [`track`] | `wire` |
//! | [`analyze`] | `track`, `wire`, `units`, the snapshot of `host` |
//! | [`report`] | `analyze`, `track`, `wire`, `units`, `printable`, `text_layout` |
//! | [`tui`] | `analyze`, `report`, `track`, `wire`, `units`, `printable`, `text_layout` |
//! | [`cli`] | `units` |
//! | [`app`] | all |
//!
//! `tests/it/layering.rs` holds this table. Below `app` there is no clock, no randomness and (but for
//! `capture` and `host`) no I/O: time is the frame's timestamp, and the hash seed is handed in.

pub mod analyze;
pub mod app;
pub mod capture;
pub mod cli;
pub mod host;
pub mod printable;
pub mod report;
pub mod text_layout;
pub mod track;
#[cfg(feature = "tui")]
pub mod tui;
pub mod units;
pub mod wire;
