//! Octets ⇄ values. Stateless: this layer knows frames, segments and options, but no connection.
//!
//! Every parser is total: any octets in, a value out, no panic.

pub mod crypto;
pub mod frame;
pub mod header;
mod ip;
mod link;
pub mod mptcp;
pub mod option_space;
pub mod segment;
pub mod seq;
pub mod tcp_option;
pub mod window;
