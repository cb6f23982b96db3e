//! The bytes of packets that are on the screen: read again by `app`, kept here, a few hundred at most.

use std::collections::{HashMap, VecDeque};

use super::action::Action;
use super::layout;
use super::packet_context;
use super::screens::{ladder, packet};
use super::state::App;
use super::update;
use crate::track::index::Entry;
use crate::wire::frame::{PacketNo, RawPacket};

/// More are not kept: several screens full.
const MOST: usize = 512;

/// Packets by number.
#[derive(Debug, Default)]
pub struct Packets {
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

impl Packets {
    /// The bytes of a packet.
    pub fn get(&self, number: PacketNo) -> Bytes<'_> {
        match self.kept.get(&number) {
            None => Bytes::Unread,
            Some(None) => Bytes::Gone,
            Some(Some(packet)) => Bytes::Here(packet),
        }
    }

    /// Keeps packets; of more than there is room for, the first that came go.
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

/// The packets that are about to be drawn and were not read yet.
pub fn wanted(app: &App) -> Vec<Entry> {
    let panes = layout::panes(app);
    let mut wanted = Vec::new();
    if panes.ladder.is_some() {
        wanted.extend(ladder::visible_packets(app));
    }
    if panes.ladder.is_some() || panes.packet.is_some() {
        wanted.extend(packet::entry(app));
        wanted.extend(openings(app));
    }
    wanted.retain(|entry| app.packets.get(entry.number()) == Bytes::Unread);
    wanted
}

/// The packets with which the first subflows of the connection were opened: their numbers count for
/// all that follow.
fn openings(app: &App) -> Vec<Entry> {
    /// More lanes are not shown at once.
    const SUBFLOWS: usize = 64;
    let index = &app.snapshot.packets;
    let subflows = app.connection().map_or(&[][..], |connection| &connection.subflows);
    let numbers = subflows.iter().take(SUBFLOWS).flat_map(packet_context::opening_packets);
    let positions = numbers.filter_map(|(_, number)| index.find(number?));
    positions.filter_map(|position| index.get(position)).collect()
}

/// Reads what is [`wanted`], so that it can be drawn, and finds out where the connection stood after
/// the packet in focus.
pub fn fill(app: &mut App, read: impl Fn(&Entry) -> Option<RawPacket>) {
    let wanted = wanted(app);
    if !wanted.is_empty() {
        let packets = wanted.iter().map(|entry| (entry.number(), read(entry))).collect();
        update(app, Action::Packets(packets));
    }
    if let Some((connection, entry)) = packet::wants_as_of(app) {
        let position = app.snapshot.packets.find(entry.number());
        let as_of = position.and_then(|at| app.snapshot.state_at(connection, at, read));
        update(app, Action::StateAt(entry.number(), as_of));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go() {
        let mut packets = Packets::default();
        packets.keep((0..=MOST as u64).map(|number| (PacketNo(number), None)).collect());
        assert_eq!(packets.get(PacketNo(0)), Bytes::Unread);
        assert_eq!(packets.get(PacketNo(1)), Bytes::Gone);
        packets.keep(vec![(PacketNo(1), None); 3]);
        assert_eq!((packets.kept.len(), packets.order.len()), (MOST, MOST));
    }
}
