//! The bytes of packets that are on the screen: a few hundred at most.

use std::collections::{HashMap, VecDeque};

use crate::wire::frame::{PacketNo, RawPacket};

/// More are not kept: several screens full.
const MOST: usize = 512;

/// Packets by number.
#[derive(Debug, Default)]
pub struct PacketCache {
    kept: HashMap<PacketNo, Option<RawPacket>>,
    /// In the order in which they came.
    order: VecDeque<PacketNo>,
}

/// What is known of the bytes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes<'a> {
    /// They were not asked for yet.
    Unread,
    /// They cannot be read any more.
    Gone,
    /// Here they are.
    Here(&'a RawPacket),
}

impl PacketCache {
    /// The bytes of a packet.
    pub fn get(&self, number: PacketNo) -> Bytes<'_> {
        match self.kept.get(&number) {
            None => Bytes::Unread,
            Some(None) => Bytes::Gone,
            Some(Some(packet)) => Bytes::Here(packet),
        }
    }

    /// Keeps packets, and drops those that came first where there are too many.
    pub fn keep(&mut self, packets: Vec<(PacketNo, Option<RawPacket>)>) {
        for (number, packet) in packets {
            if self.kept.insert(number, packet).is_none() {
                self.order.push_back(number);
            }
        }
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.kept.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go() {
        let mut packets = PacketCache::default();
        packets.keep((0..=MOST as u64).map(|number| (PacketNo(number), None)).collect());
        assert_eq!(packets.get(PacketNo(0)), Bytes::Unread);
        assert_eq!(packets.get(PacketNo(1)), Bytes::Gone);
        packets.keep(vec![(PacketNo(1), None); 3]);
        assert_eq!((packets.kept.len(), packets.order.len()), (MOST, MOST));
    }
}
