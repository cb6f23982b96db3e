//! Words out: the report as JSON and as text, from what `track` put together.
//!
//! [`model`] holds the JSON contract as types, [`event`] what happened on a connection, and [`option`]
//! what an MPTCP option says.
//! [`json`] writes a [`Report`] whole, [`text`] what a person wants of it.
//! Nothing here reads a file or a clock: what is to be written goes to a [`std::io::Write`].

pub mod event;
pub mod fields;
pub mod hex;
pub mod json;
pub mod list;
pub mod live;
pub mod model;
pub mod option;
pub mod packets;
pub mod rows;
pub mod space;
pub mod text;

pub use model::{Lookup, PacketRef, Report};

pub use crate::analyze::InputStats;
