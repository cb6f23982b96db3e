//! Plain state: what is known of a connection, of its subflows and of the data that it carries. Each
//! type keeps its own invariants. Which of them a segment changes, and in which order, is decided in
//! [`step`](super::step).

pub mod ack_watch;
pub mod address;
pub mod arrivals;
pub mod bare;
mod byte_counts;
pub mod checksum;
pub mod connection;
pub(super) mod contested;
pub mod data;
pub mod data_level_stats;
pub mod delivery;
pub mod duplicate;
pub mod event;
pub mod handshake;
pub mod icmp;
pub mod mapping;
pub(super) mod packet_log;
pub mod pending;
pub mod repeats;
pub mod reset;
pub mod rtt;
pub mod sender_stats;
pub mod series;
pub mod stray;
pub mod stream;
pub mod subflow;
pub mod tcp_sequence;
pub mod transmissions;
pub mod violations;
