//! The terminal timeline: connections, swimlanes, ladder, graphs, findings and packets, from a
//! capture or as it happens.
//!
//! ```text
//!  keys, resizes ──────┐
//!  Snapshot (loader) ──┼─▸ Action ─▸ update ─▸ Effect (quit, export, …), for `app`
//!  packets, re-read ───┘               │
//!                                      ├─▸ App ── Shared: what all screens look at
//!                                      │     └─── Screens: the state of each
//!                                      └─▸ draw ─▸ cells
//! ```
//!
//! [`update()`] changes the [`App`] and nothing else, [`draw()`] decides nothing, and whatever reads
//! or writes files is an [`Effect`] that `app` carries out. What there is to show comes as one
//! [`Snapshot`] after the other.
//!
//! A screen is a [`view::View`]. It knows what all screens share ([`shared::Shared`]) and none of the
//! other screens: what it wants of them is a [`view::Request`], which [`App`] carries out.
//! [`screens::Screen`] has the table of all screens.

pub mod action;
pub mod app;
pub mod axis;
pub mod cursor;
pub mod direction;
pub mod draw;
pub mod help;
pub mod keymap;
pub mod label;
pub mod layout;
pub mod letter;
pub mod marks;
pub mod packet_cache;
pub mod packet_context;
pub mod reading;
pub mod screens;
pub mod shared;
pub mod snapshot;
pub mod theme;
pub mod update;
pub mod view;
pub mod widgets;

pub use action::{Action, Effect};
pub use app::App;
pub use draw::draw;
pub use reading::fill;
pub use screens::Screen;
pub use snapshot::Snapshot;
pub use update::update;
