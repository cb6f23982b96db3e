//! The terminal timeline: connections, swimlanes, ladder, graphs, findings and packets, from a
//! capture or as it happens.
//!
//! ```text
//!  keys, resizes ──────┐
//!  Snapshot (loader) ──┼─▸ Action ─▸ update(state) ─▸ Effects (quit, export, …), for `app`
//!  packets, re-read ───┘                 │
//!                                        └─▸ draw(state) ─▸ screen
//! ```
//!
//! [`update::update`] changes the [`state::App`] and nothing else, [`draw::draw`] decides nothing,
//! and whatever reads or writes files is an [`action::Effect`] that `app` carries out. What there is
//! to show comes as one [`snapshot::Snapshot`] after the other.

pub mod action;
pub mod axis;
pub mod cache;
pub mod draw;
pub mod filter;
pub mod keymap;
pub mod label;
pub mod layout;
pub mod marks;
pub mod packet_context;
pub mod screens;
pub mod snapshot;
pub mod state;
pub mod table;
pub mod text;
pub mod theme;
pub mod update;

pub use action::{Action, Effect};
pub use draw::draw;
pub use snapshot::Snapshot;
pub use state::App;
pub use update::update;
