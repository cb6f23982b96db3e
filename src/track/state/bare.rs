//! Segments without MPTCP on a subflow that speaks it.

use crate::track::stamp::PacketStamp;

/// Segments of a host without any option of MPTCP, after the handshake of a subflow whose connection did
/// not fall back. A RST is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bare {
    /// The first.
    pub first: PacketStamp,
    /// The last.
    pub last: PacketStamp,
    /// How many.
    pub count: u64,
    /// Of those, how many have NOPs in a row where an option may have been.
    pub with_nops: u64,
}

impl Bare {
    /// Takes one more.
    #[cold]
    pub(crate) fn add(known: &mut Option<Box<Self>>, seen: PacketStamp, has_nops: bool) {
        let new = || Box::new(Self { first: seen, last: seen, count: 0, with_nops: 0 });
        let bare = known.get_or_insert_with(new);
        bare.last = seen;
        bare.count += 1;
        bare.with_nops += u64::from(has_nops);
    }
}
