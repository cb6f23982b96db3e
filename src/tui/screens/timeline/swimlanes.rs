//! What each subflow carried in each column: bytes, packets, and the most important event.

use crate::analyze::finding::Severity;
use crate::report::event::Event;
use crate::report::model::{Connection, Finding};
use crate::track::index::{Entry, Members, PacketIndex};
use crate::track::packet_class::PacketClass;
use crate::track::role;
use crate::track::role::Direction;
use crate::tui::axis::TimeWindow;
use crate::tui::letter::Letter;

/// A letter, and what it stands for there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LetterMark {
    /// What.
    pub(super) letter: Letter,
    /// When.
    pub(super) t_ns: i64,
    /// The packet.
    pub(super) packet: Option<u64>,
}

/// What one host sent on one subflow in one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TimeColumn {
    /// Bytes of payload.
    pub(super) payload: u64,
    /// Packets.
    pub(super) packets: u64,
    /// Of the payload, in packets with bytes that another subflow carried before.
    pub(super) reinjected: u64,
    /// Of the payload, in packets with bytes that this subflow carried before.
    pub(super) retransmitted: u64,
    /// The first packet, and when it came.
    pub(super) first: Option<(u64, i64)>,
    /// The most important thing that a packet was.
    packet: Option<LetterMark>,
    /// The most important event or finding.
    event: Option<LetterMark>,
}

impl TimeColumn {
    fn add(&mut self, entry: &Entry, kind: PacketClass, t_ns: i64) {
        let payload = u64::from(entry.payload_len());
        self.payload += payload;
        self.packets += 1;
        self.first.get_or_insert((entry.number().0, t_ns));
        let letter = match kind {
            PacketClass::Reinjected => {
                self.reinjected += payload;
                Letter::Reinjected
            }
            PacketClass::Retransmitted | PacketClass::Remapped => {
                self.retransmitted += payload;
                Letter::Retransmitted
            }
            _ => return,
        };
        note(&mut self.packet, LetterMark { letter, t_ns, packet: Some(entry.number().0) });
    }

    /// The letter that is drawn, if there is one.
    pub(super) fn mark(&self) -> Option<LetterMark> {
        let letter = |mark: Option<LetterMark>| mark.map(|mark| mark.letter);
        if letter(self.packet) > letter(self.event) { self.packet } else { self.event }
    }
}

/// By column, what the client sent on one subflow, and what the server sent.
pub(super) type Swimlane = [Vec<TimeColumn>; 2];

/// The lanes of a connection on a window of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Swimlanes {
    /// By the place of the subflow in its connection.
    pub(super) lanes: Vec<Swimlane>,
    /// The worst finding of each column.
    pub(super) findings: Vec<Option<Severity>>,
    /// The most bytes of one column.
    pub(super) most: u64,
    window: TimeWindow,
    members: Members,
    /// Position in the index up to which it was looked at, and how often the index had been changed
    /// before.
    seen: u64,
    revision: u64,
}

impl Swimlanes {
    /// Counts again, or only what came since, if `window` and `members` are the same. `origin` is the
    /// moment of the index's own origin.
    pub(super) fn update(
        &mut self,
        index: &PacketIndex,
        members: Members,
        origin: i64,
        window: TimeWindow,
        (connection, findings): (&Connection, &[Finding]),
    ) {
        self.prepare(index, members, window);
        let last_event = connection.events.last().map(|event| event.t_ns);
        let untold = last_event.filter(|_| connection.events_dropped > 0);
        self.count(index, origin, untold);
        self.lanes.iter_mut().flatten().flatten().for_each(|column| column.event = None);
        for event in &connection.events {
            self.note_event(connection, event);
        }
        self.findings = vec![None; window.columns];
        for finding in findings {
            self.note_finding(connection, finding);
        }
    }

    /// Forgets what was counted, unless it is good for what is wanted now.
    fn prepare(&mut self, index: &PacketIndex, members: Members, window: TimeWindow) {
        let is_same = self.window == window
            && self.members == members
            && self.revision == index.revision()
            && self.seen >= index.dropped();
        if !is_same {
            let row = || vec![TimeColumn::default(); window.columns];
            let lanes = members.all().iter().map(|_| [row(), row()]).collect();
            let seen = first_position(index, &members);
            let revision = index.revision();
            *self = Self { lanes, window, members, seen, revision, ..Self::default() };
        }
    }

    /// Adds the packets that were not looked at. After `untold` events are not known.
    fn count(&mut self, index: &PacketIndex, origin: i64, untold: Option<i64>) {
        let window = self.window;
        let (from, to) = (window.start, window.end());
        // Most packets are in the column of the one before: that saves a division.
        index.iter_from(self.seen).fold((0, 0, 0), |last, (_, entry)| {
            let t_ns = entry.since_origin().saturating_add(origin);
            if t_ns < from || t_ns >= to {
                return last;
            }
            let (mut column, mut start, mut end) = last;
            if t_ns < start || t_ns >= end {
                column = window.index_of(t_ns).unwrap_or(0);
                start = window.time_of(column);
                end = start.saturating_add(window.column);
            }
            self.take(&entry, t_ns, column, untold);
            (column, start, end)
        });
        self.seen = index.end();
    }

    fn take(&mut self, entry: &Entry, t_ns: i64, column: usize, untold: Option<i64>) {
        let Some(lane) = self.members.lane(entry) else { return };
        let kind = entry.kind();
        let direction = usize::from(entry.direction() == role::Direction::ServerToClient);
        let column = column_mut(&mut self.lanes, lane, direction, column);
        let Some(column) = column.filter(|_| kind != PacketClass::Copy) else { return };
        column.add(entry, kind, t_ns);
        self.most = self.most.max(column.payload);
        if let Some(letter) = Letter::of_kind(kind)
            && untold.is_some_and(|last| t_ns > last)
        {
            note(&mut column.packet, LetterMark { letter, t_ns, packet: Some(entry.number().0) });
        }
    }

    fn note_event(&mut self, connection: &Connection, event: &Event) {
        let Some(letter) = Letter::of_event(&event.kind) else { return };
        let mark = LetterMark { letter, t_ns: event.t_ns, packet: Some(event.packet) };
        let lane = lane_of(connection, event.subflow);
        if let Some(column) = self.column_mut(lane, event.direction, event.t_ns) {
            note(&mut column.event, mark);
        }
    }

    fn note_finding(&mut self, connection: &Connection, finding: &Finding) {
        let Some(t_ns) = finding.t_ns else { return };
        let worst = self.window.index_of(t_ns).and_then(|column| self.findings.get_mut(column));
        if let Some(worst) = worst {
            *worst = (*worst).max(Some(finding.severity));
        }
        let Some(subflow) = finding.subflow.filter(|_| finding.severity > Severity::Note) else {
            return;
        };
        let packet = finding.packets.first().copied();
        let mark = LetterMark { letter: Letter::Finding(finding.severity), t_ns, packet };
        let direction = finding.direction.unwrap_or(Direction::ClientToServer);
        if let Some(column) = self.column_mut(lane_of(connection, subflow), direction, t_ns) {
            note(&mut column.event, mark);
        }
    }

    fn column_mut(
        &mut self,
        lane: Option<usize>,
        direction: Direction,
        t_ns: i64,
    ) -> Option<&mut TimeColumn> {
        let column = self.window.index_of(t_ns)?;
        column_mut(&mut self.lanes, lane?, usize::from(direction != CLIENT), column)
    }

    /// What a subflow carried in a column, from the client and from the server.
    pub(super) fn at(&self, lane: usize, column: usize) -> [TimeColumn; 2] {
        let rows = self.lanes.get(lane);
        let of = |direction: usize| {
            let row = rows.and_then(|rows| rows.get(direction));
            row.and_then(|row| row.get(column)).copied().unwrap_or_default()
        };
        [of(0), of(1)]
    }

    /// When the next packet comes after a column, as far as that is in the window.
    pub(super) fn next_after(&self, column: usize) -> Option<i64> {
        let rows = self.lanes.iter().flatten();
        let firsts = rows.filter_map(|row| {
            let mut later = row.iter().skip(column + 1);
            later.find_map(|column| column.first.map(|(_, t_ns)| t_ns))
        });
        firsts.min()
    }

    /// What to look at in a column: the most important event on a lane, or else its first packet.
    pub(super) fn thing(&self, lane: usize, column: usize) -> Option<(Option<u64>, i64)> {
        let both = self.at(lane, column);
        let marks = both.iter().filter_map(TimeColumn::mark);
        let mark = marks.max_by_key(|mark| (mark.letter, std::cmp::Reverse(mark.t_ns)));
        if let Some(mark) = mark {
            return Some((mark.packet, mark.t_ns));
        }
        let first = both.iter().filter_map(|column| column.first).min_by_key(|(_, t_ns)| *t_ns);
        first.map(|(packet, t_ns)| (Some(packet), t_ns))
    }
}

/// The more important of two things stays.
fn note(kept: &mut Option<LetterMark>, mark: LetterMark) {
    if kept.is_none_or(|before| mark.letter > before.letter) {
        *kept = Some(mark);
    }
}

const CLIENT: Direction = Direction::ClientToServer;

fn column_mut(
    lanes: &mut [Swimlane],
    lane: usize,
    direction: usize,
    column: usize,
) -> Option<&mut TimeColumn> {
    lanes.get_mut(lane)?.get_mut(direction)?.get_mut(column)
}

/// The place of a subflow in its connection.
pub(super) fn lane_of(connection: &Connection, subflow: u32) -> Option<usize> {
    connection.subflows.iter().position(|found| found.id == subflow)
}

/// No packet of `members` stands before it.
fn first_position(index: &PacketIndex, members: &Members) -> u64 {
    let first = members.all().iter().map(|member| member.first).min();
    first.and_then(|first| index.find(first)).unwrap_or(index.dropped())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::ids::Id;
    use crate::track::index::Member;
    use crate::track::packet_class::LastPacket;
    use crate::track::subflow::ByteCounts;
    use crate::wire::frame::{PacketNo, Timestamp};

    const MS: i64 = 1_000_000;
    const WINDOW: TimeWindow = TimeWindow { start: 0, column: 10 * MS, columns: 10 };

    /// A packet a millisecond: of 100 bytes from the server on subflow 5, a bare ACK of the client,
    /// and one on subflow 6, which is another connection's before packet 30.
    fn index(packets: u64) -> PacketIndex {
        let mut index = PacketIndex::new();
        (1..=packets).for_each(|number| push(&mut index, number, PacketClass::Data));
        index
    }

    fn push(index: &mut PacketIndex, number: u64, data: PacketClass) {
        let (subflow, direction, kind, payload_len) = match number % 3 {
            0 => (5, role::Direction::ServerToClient, data, 100),
            1 => (5, role::Direction::ClientToServer, PacketClass::Ack, 0),
            _ => (6, role::Direction::ServerToClient, PacketClass::Data, 10),
        };
        let pushed = LastPacket {
            subflow: Id::at(subflow),
            direction,
            kind,
            payload_len,
            bytes: ByteCounts::default(),
        };
        let at = Timestamp(1_000 * MS + number.cast_signed() * MS);
        index.push(PacketNo(number), at, &pushed, None);
    }

    fn members() -> Members {
        let member = |id, first| Member { id: Id::at(id), first: PacketNo(first) };
        Members::new([member(5, 1), member(6, 30)])
    }

    /// Counted without events and findings.
    fn counted(lanes: &mut Swimlanes, index: &PacketIndex, window: TimeWindow) {
        lanes.prepare(index, members(), window);
        lanes.count(index, 0, None);
    }

    #[test]
    fn bytes_and_packets_by_column() {
        let mut lanes = Swimlanes::default();
        counted(&mut lanes, &index(99), WINDOW);
        let [up, down] = lanes.at(0, 0);
        assert_eq!((up.packets, up.payload, up.first), (4, 0, Some((1, 0))));
        assert_eq!((down.packets, down.payload, down.first), (3, 300, Some((3, 2 * MS))));
        assert_eq!(lanes.at(1, 0)[1].packets, 0, "another connection's");
        assert_eq!(lanes.at(1, 3)[1].payload, 30);
        assert_eq!(lanes.most, 400);
        assert_eq!(lanes.next_after(9), None);
        assert_eq!(lanes.next_after(1), Some(20 * MS));
    }

    #[test]
    fn what_came_since_is_added_to_what_is_known() {
        let mut lanes = Swimlanes::default();
        for packets in [10, 55, 99] {
            counted(&mut lanes, &index(packets), WINDOW);
        }
        let mut at_once = Swimlanes::default();
        counted(&mut at_once, &index(99), WINDOW);
        assert_eq!(lanes, at_once);
        let closer = TimeWindow { start: 50 * MS, column: MS, columns: 10 };
        counted(&mut lanes, &index(99), closer);
        let mut packets = 0;
        for column in 0..10 {
            packets += lanes.at(0, column).map(|found| found.packets).iter().sum::<u64>();
            packets += lanes.at(1, column).map(|found| found.packets).iter().sum::<u64>();
        }
        assert_eq!(packets, 10, "each is in a column of its own");
    }

    #[test]
    fn roles_that_were_the_other_way_round_are_counted_anew() {
        let mut lanes = Swimlanes::default();
        let mut index = index(99);
        counted(&mut lanes, &index, WINDOW);
        index.swap_roles(Id::at(5));
        counted(&mut lanes, &index, WINDOW);
        assert_eq!(lanes.at(0, 0).map(|found| found.payload), [300, 0]);
    }

    #[test]
    fn the_most_important_thing_of_a_column_is_its_letter() {
        let mut index = index(6);
        push(&mut index, 9, PacketClass::Retransmitted);
        push(&mut index, 12, PacketClass::Reinjected);
        push(&mut index, 15, PacketClass::Retransmitted);
        let mut lanes = Swimlanes::default();
        counted(&mut lanes, &index, WINDOW);
        let letter =
            |lanes: &Swimlanes, column: usize| lanes.at(0, column)[1].mark().unwrap().letter;
        assert_eq!(letter(&lanes, 0), Letter::Retransmitted);
        assert_eq!(letter(&lanes, 1), Letter::Reinjected);
        assert_eq!(lanes.thing(0, 1), Some((Some(12), 11 * MS)));
        assert_eq!(lanes.at(0, 1)[1].retransmitted, 100);
        let column = column_mut(&mut lanes.lanes, 0, 1, 1).unwrap();
        note(
            &mut column.event,
            LetterMark { letter: Letter::Fin, t_ns: 13 * MS, packet: Some(13) },
        );
        assert_eq!(letter(&lanes, 1), Letter::Fin);
        assert_eq!(lanes.thing(0, 1), Some((Some(13), 13 * MS)));
        assert_eq!(lanes.thing(0, 0), Some((Some(9), 8 * MS)), "not the first packet");
        assert_eq!(lanes.thing(1, 0), None);
    }

    #[test]
    #[ignore = "for counting instructions"]
    fn a_million_packets() {
        let index = index(1_000_000);
        let mut lanes = Swimlanes::default();
        for step in 0..10 {
            let window = TimeWindow { start: step, column: 20_000 * MS, columns: 54 };
            counted(&mut lanes, &index, window);
        }
        assert!(lanes.most > 0);
    }
}
