//! Octets ⇄ values. Stateless: this layer knows frames, segments and options, but no connection.
//!
//! Every parser is total: any octets in, a value out, no panic.

pub mod crypto;
pub mod decoder;
mod fragment;
pub mod frame;
pub mod header;
pub mod icmp;
mod icmp_message;
mod ip;
mod ip_protocol;
mod link;
mod link_type;
pub mod mptcp;
mod opaque;
pub mod option_space;
pub mod segment;
pub mod seq;
pub mod skipped;
pub mod tcp_option;
mod trail;
pub mod tunnel;
mod walk;
pub mod way;
pub mod window;
