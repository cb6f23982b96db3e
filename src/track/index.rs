//! Where the packets of all subflows stand, so that a screen can show any of them: 24 bytes each.

use super::append_log::AppendLog;
use super::ids::{Id, SubflowId};
use super::packet_class::{LastPacket, PacketClass};
use super::role::Direction;
use crate::wire::frame::{PacketNo, Place, Timestamp};

/// One packet of a subflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Nanoseconds since the origin, 56 bits; upper bits of the packet number, 3; direction, 1;
    /// kind, 4.
    time_and_class: u64,
    /// Offset, 44 bits; payload, 20.
    offset_and_len: u64,
    /// Subflow, 24 bits; source, 8; lower bits of the packet number, 32.
    owner_and_number: u64,
}

const _: () = assert!(size_of::<Entry>() == 24);

const NO_PLACE: u8 = u8::MAX;
const MOST_LEN: u32 = (1 << 20) - 1;
const MOST_SUBFLOW: u64 = (1 << 24) - 1;
const MOST_NUMBER: u64 = (1 << 35) - 1;
const MOST_TIME: i64 = (1 << 55) - 1;

impl Entry {
    /// `None` where a number does not fit.
    fn new(
        number: PacketNo,
        since_origin: i64,
        packet: &LastPacket,
        place: Option<Place>,
    ) -> Option<Self> {
        let subflow = packet.subflow.index() as u64;
        if number.0 > MOST_NUMBER || subflow > MOST_SUBFLOW {
            return None;
        }
        let time = since_origin.clamp(-MOST_TIME, MOST_TIME).cast_unsigned();
        let from_server = u64::from(packet.direction == Direction::ServerToClient);
        let class = number.0 >> 32 << 5 | from_server << 4 | packet.kind as u64;
        let source = place.map_or(NO_PLACE, |place| place.source);
        let offset = place.map_or(0, |place| place.offset);
        Some(Self {
            time_and_class: time << 8 | class,
            offset_and_len: offset << 20 | u64::from(packet.payload_len.min(MOST_LEN)),
            owner_and_number: subflow << 40 | u64::from(source) << 32 | number.0 & 0xffff_ffff,
        })
    }

    /// Its number.
    pub const fn number(&self) -> PacketNo {
        PacketNo((self.time_and_class >> 5 & 0b111) << 32 | self.owner_and_number & 0xffff_ffff)
    }

    /// When it was captured; `origin` is [`PacketIndex::origin`].
    pub const fn at(&self, origin: Timestamp) -> Timestamp {
        Timestamp(origin.0.saturating_add(self.since_origin()))
    }

    /// The time from the origin of the index to it, in nanoseconds.
    pub const fn since_origin(&self) -> i64 {
        self.time_and_class.cast_signed() >> 8
    }

    /// The subflow. The number may have been another one's before that subflow began.
    pub fn subflow(&self) -> SubflowId {
        Id::at(u32::try_from(self.owner_and_number >> 40).unwrap_or(u32::MAX))
    }

    /// Who sent it.
    pub const fn direction(&self) -> Direction {
        if self.time_and_class & 1 << 4 == 0 {
            Direction::ClientToServer
        } else {
            Direction::ServerToClient
        }
    }

    /// What it is.
    pub fn kind(&self) -> PacketClass {
        let number = usize::try_from(self.time_and_class & 0xf).unwrap_or_default();
        PacketClass::ALL.get(number).copied().unwrap_or(PacketClass::Other)
    }

    /// Bytes of payload on the wire; a number past 1,048,575 is not told from that.
    pub fn payload_len(&self) -> u32 {
        u32::try_from(self.offset_and_len & u64::from(MOST_LEN)).unwrap_or_default()
    }

    /// Where its bytes can be read again; `None` if nowhere.
    pub fn place(&self) -> Option<Place> {
        let source = u8::try_from(self.owner_and_number >> 32 & 0xff).ok()?;
        (source != NO_PLACE).then_some(Place { source, offset: self.offset_and_len >> 20 })
    }

    const fn swap_roles(&mut self) {
        self.time_and_class ^= 1 << 4;
    }
}

/// The packets of all subflows that are followed, in the order in which they came.
///
/// A copy shares what stands in it: it takes memory for the last few packets only.
#[derive(Debug, Clone, Default)]
pub struct PacketIndex {
    entries: AppendLog<Entry>,
    origin: Option<Timestamp>,
    left_out: u64,
    revision: u64,
}

impl PacketIndex {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty index of about `most` packets: of more, the oldest go.
    pub fn bounded(most: usize) -> Self {
        Self { entries: AppendLog::bounded(most), ..Self::default() }
    }

    /// Adds a packet, whose number must be greater than those before.
    pub fn push(
        &mut self,
        number: PacketNo,
        at: Timestamp,
        packet: &LastPacket,
        place: Option<Place>,
    ) {
        let origin = *self.origin.get_or_insert(at);
        match Entry::new(number, at.since(origin), packet, place) {
            Some(entry) => self.entries.push(entry),
            None => self.left_out += 1,
        }
    }

    /// Exchanges the directions of all packets of a subflow.
    pub fn swap_roles(&mut self, subflow: SubflowId) {
        self.revision += 1;
        self.entries.change(|entry| entry.subflow() == subflow, Entry::swap_roles);
    }

    /// The time of the first packet ever.
    pub const fn origin(&self) -> Option<Timestamp> {
        self.origin
    }

    /// How often packets were changed that were in it already.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// How many packets there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many went to save memory: the position of the first one that is left.
    pub const fn dropped(&self) -> u64 {
        self.entries.dropped()
    }

    /// How many had a number that does not fit (past 2^35 packets, or 2^24 subflows).
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// One past the position of the last packet.
    pub fn end(&self) -> u64 {
        self.entries.end()
    }

    /// The packet at `position`. Positions count from 0, those that went included.
    pub fn get(&self, position: u64) -> Option<Entry> {
        self.entries.get(position).copied()
    }

    /// The packets from `position` on, each with its position.
    pub fn iter_from(&self, position: u64) -> impl Iterator<Item = (u64, Entry)> {
        self.entries.iter_from(position).map(|(position, entry)| (position, *entry))
    }

    /// The position of the first packet from this number on.
    pub fn first_from(&self, number: PacketNo) -> u64 {
        self.entries.partition_point(|entry| entry.number() < number)
    }

    /// The position of a packet by its number.
    pub fn find(&self, number: PacketNo) -> Option<u64> {
        let position = self.first_from(number);
        self.get(position).filter(|entry| entry.number() == number).map(|_| position)
    }
}

/// A subflow, as the index knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub id: SubflowId,
    /// Its first packet. Packets before it are of another subflow that had its number.
    pub first: PacketNo,
}

/// Subflows of one connection, to find their packets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    all: Vec<Member>,
    /// Of the subflow number `lowest`, of the next one, and so on: its index in `all`.
    lanes: Vec<u32>,
    lowest: usize,
}

/// No member.
const NOBODY: u32 = u32::MAX;

impl Members {
    /// These subflows, in this order.
    pub fn new(members: impl IntoIterator<Item = Member>) -> Self {
        let members: Vec<_> = members.into_iter().collect();
        let numbers = || members.iter().map(|member| member.id.index());
        let lowest = numbers().min().unwrap_or(0);
        let span = numbers().max().map_or(0, |highest| highest - lowest + 1);
        let mut lanes = vec![NOBODY; span];
        for (lane, member) in (0..).zip(&members) {
            if let Some(slot) = lanes.get_mut(member.id.index() - lowest) {
                *slot = lane;
            }
        }
        Self { all: members, lanes, lowest }
    }

    /// All of them, in the order given.
    pub fn all(&self) -> &[Member] {
        &self.all
    }

    /// Which of them a packet is of: its index in the order given.
    pub fn lane(&self, entry: &Entry) -> Option<usize> {
        let lane = self.lanes.get(entry.subflow().index().checked_sub(self.lowest)?)?;
        let member = self.all.get(*lane as usize)?;
        (entry.number() >= member.first).then_some(*lane as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::subflow::ByteCounts;

    fn packet(subflow: u32, kind: PacketClass) -> LastPacket {
        let direction = Direction::ServerToClient;
        let bytes = ByteCounts::default();
        LastPacket { subflow: Id::at(subflow), direction, kind, payload_len: 1_420, bytes }
    }

    #[test]
    fn an_entry_keeps_what_it_is_made_of() {
        let place = Place { source: 3, offset: Place::MOST_OFFSET };
        for kind in PacketClass::ALL {
            let packet = packet((1 << 24) - 1, kind);
            let (number, time) = (PacketNo(MOST_NUMBER - 1), -1_234_567_890_123);
            let entry = Entry::new(number, time, &packet, Some(place)).unwrap();
            assert_eq!(entry.number(), number);
            assert_eq!(entry.since_origin(), time);
            assert_eq!(entry.at(Timestamp(2_000_000_000_123)), Timestamp(765_432_110_000));
            assert_eq!((entry.subflow(), entry.kind()), (packet.subflow, kind));
            assert_eq!((entry.direction(), entry.payload_len()), (packet.direction, 1_420));
            assert_eq!(entry.place(), Some(place));
        }
        assert!(PacketClass::ALL.iter().enumerate().all(|(number, kind)| number == *kind as usize));
    }

    #[test]
    fn what_does_not_fit_is_bounded_or_counted() {
        let huge = LastPacket { payload_len: u32::MAX, ..packet(0, PacketClass::Data) };
        let entry = Entry::new(PacketNo(1), i64::MAX, &huge, None).unwrap();
        assert_eq!((entry.payload_len(), entry.since_origin()), (MOST_LEN, MOST_TIME));
        assert_eq!(entry.place(), None);
        assert_eq!(
            Entry::new(PacketNo(1), i64::MIN, &huge, None).unwrap().since_origin(),
            -MOST_TIME
        );
        let mut index = PacketIndex::new();
        index.push(PacketNo(MOST_NUMBER + 1), Timestamp(0), &huge, None);
        index.push(PacketNo(1), Timestamp(0), &packet(1 << 24, PacketClass::Data), None);
        assert_eq!((index.len(), index.left_out()), (0, 2));
        assert_eq!(Place::in_input(254, 0), None);
        assert_eq!(Place::in_input(0, 1 << 44), None);
        assert_eq!(Place::in_input(253, 24), Some(Place { source: 253, offset: 24 }));
    }

    #[test]
    fn packets_are_found_by_number_and_by_subflow() {
        let mut index = PacketIndex::new();
        for number in 1..=100u32 {
            let at = Timestamp(1_000 + i64::from(number));
            index.push(
                PacketNo(u64::from(number) * 2),
                at,
                &packet(number % 3, PacketClass::Ack),
                None,
            );
        }
        assert_eq!(index.origin(), Some(Timestamp(1_001)));
        assert_eq!((index.find(PacketNo(20)), index.find(PacketNo(21))), (Some(9), None));
        let member = |id, first| Member { id: Id::at(id), first: PacketNo(first) };
        let members = Members::new([member(2, 0), member(1, 50)]);
        let lanes =
            |number| members.lane(&index.get(index.find(PacketNo(number)).unwrap()).unwrap());
        assert_eq!((lanes(4), lanes(6), lanes(8)), (Some(0), None, None), "subflow 1 began at 50");
        assert_eq!((lanes(56), lanes(58)), (Some(1), Some(0)));
        index.swap_roles(Id::at(1));
        let direction = |position| index.get(position).unwrap().direction();
        assert_eq!(direction(0), Direction::ClientToServer);
        assert_eq!(direction(1), Direction::ServerToClient);
    }
}
