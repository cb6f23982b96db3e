//! Words out: the report as JSON and as text, from what `track` put together.
//!
//! [`model`] holds the JSON contract as types, [`event`] one struct per option and per TCP event.
//! Nothing here reads a file or a clock: what is to be written goes to a [`std::io::Write`].

pub mod event;
pub mod hex;
pub mod packets;
