//! How often a host sent its oldest bytes again that nobody had acknowledged.

use crate::track::stamp::PacketStamp;
use crate::wire::frame::PacketNo;

/// The latest repeats of the oldest bytes that are not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeats {
    /// Position of the first of these bytes.
    pub position: i64,
    /// How many came again at once.
    pub bytes: u64,
    /// How often they came again, since the peer was heard last.
    pub count: u64,
    /// The first repeat of these.
    pub first: PacketStamp,
    /// The last one.
    pub last: PacketStamp,
    /// Whether the peer was heard between two repeats, and did not acknowledge these bytes: it is there,
    /// and does not get them.
    pub was_heard: bool,
    /// The last packet of the peer before these.
    heard: Option<PacketNo>,
}

impl Repeats {
    /// Takes one more repeat of so many bytes at a position, before which `heard` was the last packet of the
    /// peer.
    #[cold]
    pub(crate) fn add(
        known: &mut Option<Box<Self>>,
        (position, bytes): (i64, u64),
        seen: PacketStamp,
        heard: Option<PacketNo>,
    ) {
        let before = known.as_deref().filter(|before| before.position == position);
        let was_heard = before.is_some_and(|before| before.was_heard || before.heard != heard);
        let same = before.filter(|before| before.heard == heard);
        let next = Self {
            position,
            bytes,
            count: same.map_or(1, |before| before.count + 1),
            first: same.map_or(seen, |before| before.first),
            last: seen,
            was_heard,
            heard,
        };
        match known {
            Some(known) => **known = next,
            None => *known = Some(Box::new(next)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::Timestamp;

    #[test]
    fn what_the_peer_says_in_between_begins_anew() {
        let mut known = None;
        let mut step = |position: i64, packet: u64, heard: u64| {
            let seen = PacketStamp { packet: PacketNo(packet), at: Timestamp(0) };
            Repeats::add(&mut known, (position, 100), seen, Some(PacketNo(heard)));
            known.as_deref().map(|all| (all.count, all.first.packet.0, all.was_heard)).unwrap()
        };
        assert_eq!(step(7, 10, 5), (1, 10, false));
        assert_eq!(step(7, 11, 5), (2, 10, false));
        assert_eq!(step(7, 13, 12), (1, 13, true), "heard, and not acknowledged");
        assert_eq!(step(7, 14, 12), (2, 13, true));
        assert_eq!(step(9, 15, 12), (1, 15, false), "acknowledged: other bytes");
    }
}
