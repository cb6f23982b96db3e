//! What is known of a frame besides its octets.

use crate::track::proof::Verdict;
use crate::wire::mptcp::MptcpOption;
use crate::wire::seq::{Dsn, WireDsn};

/// What the connection of a frame tells of its fields.
#[derive(Clone, Copy)]
pub struct FieldContext<'a> {
    /// What the proof in an option is worth; `None` where there is none.
    pub proof: &'a dyn Fn(&MptcpOption) -> Option<Verdict>,
    /// Initial data sequence number of the host that sent the frame.
    pub sender_idsn: Option<Dsn>,
    /// That of its peer.
    pub receiver_idsn: Option<Dsn>,
}

impl FieldContext<'_> {
    /// Nothing is known of the connection.
    pub const NOTHING: FieldContext<'static> =
        FieldContext { proof: &|_| None, sender_idsn: None, receiver_idsn: None };
}

/// A data sequence number as octets of the stream are counted: the first one has 1.
pub fn relative(number: WireDsn, idsn: Option<Dsn>) -> Option<i64> {
    let idsn = idsn?;
    // RFC 8684 §3.3.1: a number of 32 bits is the lower half of one of 64. Which one, its place in
    // the stream tells; that far, up to 4 GiB are told apart.
    let expanded = number.expand(idsn.add(u64::from(u32::MAX / 2)));
    Some(expanded.distance_from(idsn))
}
