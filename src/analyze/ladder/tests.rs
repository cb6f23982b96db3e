use proptest::prelude::*;

use super::*;
use crate::track::ids::Id;
use crate::track::index::Member;
use crate::track::packet_class::LastPacket;
use crate::track::subflow::ByteCounts;

const MS: i64 = 1_000_000;

fn push(index: &mut PacketIndex, number: u64, at: i64, subflow: u32, letter: char) {
    let (direction, kind, payload_len) = match letter {
        'd' => (Direction::ServerToClient, PacketClass::Data, 1_000),
        'D' => (Direction::ClientToServer, PacketClass::Data, 1_000),
        'a' => (Direction::ClientToServer, PacketClass::Ack, 0),
        'c' => (Direction::ClientToServer, PacketClass::Copy, 0),
        _ => (Direction::ClientToServer, PacketClass::Handshake, 0),
    };
    let pushed = LastPacket {
        subflow: Id::at(subflow),
        direction,
        kind,
        payload_len,
        bytes: ByteCounts::default(),
    };
    index.push(PacketNo(number), Timestamp(at), &pushed, None);
}

/// Packets a millisecond apart: `0d` is data on subflow 0, `~` silence.
fn index(script: &str) -> PacketIndex {
    let mut index = PacketIndex::new();
    let (mut number, mut at) = (0, 0);
    for word in script.split_whitespace() {
        if word == "~" {
            at += 1_000 * MS;
            continue;
        }
        let (subflow, letter) = word.split_at(1);
        number += 1;
        at += MS;
        push(&mut index, number, at, subflow.parse().unwrap(), letter.chars().next().unwrap());
    }
    index
}

fn members(count: u32) -> Members {
    Members::new((0..count).map(|id| Member { id: Id::at(id), first: PacketNo(1) }))
}

fn build(index: &PacketIndex, pinned: &[u64], unfolded: &[u64]) -> Ladder {
    let numbers = |all: &[u64]| all.iter().map(|number| PacketNo(*number)).collect();
    Ladder::build(index, members(2), numbers(pinned), numbers(unfolded))
}

/// The rows, in short: `3` is packet 3, `4..9 ×3 3000 0d` a run, `~` silence.
fn rows(ladder: &Ladder, index: &PacketIndex) -> Vec<String> {
    let number = |position| index.get(position).unwrap().number();
    let text = |row| match ladder.row(row).unwrap() {
        Row::Packet(position) => number(position).to_string(),
        Row::Silence { .. } => "~".to_owned(),
        Row::Run(run) => {
            let letter = if run.kind == PacketClass::Ack { 'a' } else { 'd' };
            let (first, last) = (number(run.first), number(run.last));
            format!("{first}..{last} ×{} {} {}{letter}", run.count, run.payload, run.lane)
        }
    };
    (0..ladder.len()).map(text).collect()
}

#[test]
fn data_and_the_acks_between_fold_into_a_row_each() {
    let index = index("0h 0h 0d 0a 0d 1d 0a 0d 1d 1h 0d 0a 0d ~ 0d 0d 0d 0d");
    let mut ladder = build(&index, &[], &[]);
    assert_eq!(
        rows(&ladder, &index),
        [
            "1",
            "2",
            "3..8 ×3 3000 0d",
            "4..7 ×2 0 0a",
            "6..9 ×2 2000 1d",
            "10",
            "11",
            "12",
            "13",
            "~",
            "14..17 ×4 4000 0d"
        ]
    );
    assert_eq!(ladder.row(11), None);
    assert!(ladder.toggle(&index, 4));
    assert_eq!(
        rows(&ladder, &index)[1..11],
        ["2", "3", "4", "5", "6", "7", "8", "9", "10", "11"].map(str::to_owned)
    );
    assert_eq!(ladder.unfolded().iter().copied().collect::<Vec<_>>(), [PacketNo(3)]);
    assert!(ladder.toggle(&index, 8));
    assert!(!ladder.toggle(&index, 0) && !ladder.toggle(&index, 99));
    assert_eq!(ladder.len(), 11);
}

#[test]
fn what_a_finding_points_at_stands_alone() {
    let index = index("0d 0d 0d 0d 0d 0d 0d 0d 0d");
    let ladder = build(&index, &[5], &[]);
    assert_eq!(rows(&ladder, &index), ["1..4 ×4 4000 0d", "5", "6..9 ×4 4000 0d"]);
    let ladder = build(&index, &[5], &[6]);
    assert_eq!(rows(&ladder, &index), ["1..4 ×4 4000 0d", "5", "6", "7", "8", "9"]);
}

#[test]
fn packets_of_others_and_copies_are_left_out() {
    let index = index("7d 0h 7d 0c 0h");
    let ladder = build(&index, &[], &[]);
    assert_eq!(rows(&ladder, &index), ["2", "5"]);
    assert_eq!(ladder.row_of_packet(&index, PacketNo(3)), None);
    assert_eq!(ladder.row_of_packet(&index, PacketNo(5)), Some(1));
    assert_eq!(ladder.row_of_packet(&index, PacketNo(99)), None);
}

#[test]
fn rows_are_found_by_packet_and_by_time() {
    let index = index("0h ~ 0d 0a 0d 0a 0h");
    let ladder = build(&index, &[], &[]);
    assert_eq!(rows(&ladder, &index), ["1", "~", "2..4 ×2 2000 0d", "3..5 ×2 0 0a", "6"]);
    let found = [1, 2, 3, 4, 5, 6].map(|packet| ladder.row_of_packet(&index, PacketNo(packet)));
    assert_eq!(found, [0, 2, 3, 2, 3, 4].map(Some));
    let at = |ms| ladder.row_at(&index, Timestamp(ms * MS));
    assert_eq!([at(0), at(500), at(1_003), at(9_999)], [0, 2, 3, 4].map(Some));
    assert_eq!(Ladder::default().row_at(&index, Timestamp(0)), None);
    assert_eq!((Ladder::default().len(), Ladder::default().row(0)), (0, None));
}

#[test]
fn a_direction_that_was_wrong_is_put_right() {
    let mut index = index("0d 0d 0d 0d");
    let mut ladder = build(&index, &[], &[]);
    index.swap_roles(Id::at(0));
    ladder.update(&index, members(2), BTreeSet::new());
    let Some(Row::Run(run)) = ladder.row(0) else { panic!("one run") };
    assert_eq!((run.direction, run.count), (Direction::ClientToServer, 4));
}

#[test]
fn what_an_index_has_no_room_for_goes() {
    let mut index = PacketIndex::bounded(8_192);
    let mut ladder = Ladder::default();
    for number in 1..=20_000 {
        push(&mut index, number, 0, 0, if number % 100 == 0 { 'h' } else { 'd' });
        if number % 777 == 0 {
            ladder.update(&index, members(1), BTreeSet::new());
        }
    }
    ladder.update(&index, members(1), BTreeSet::new());
    let fresh = Ladder::build(&index, members(1), BTreeSet::new(), BTreeSet::new());
    assert_eq!(rows(&ladder, &index), rows(&fresh, &index));
    assert_eq!(ladder.row_of_packet(&index, PacketNo(1)), None);
    assert_eq!(ladder.packets() as u64, index.len() as u64);
}

proptest! {
    #[test]
    fn built_at_once_or_bit_by_bit_it_is_the_same(
        packets in prop::collection::vec((0u32..4, "[dDahc]", prop_oneof![4 => 0i64..3, 1 => 0..9_000i64]), 1..200),
        steps in prop::collection::vec(1usize..40, 0..20),
        pins in prop::collection::vec((0u64..200, any::<bool>()), 0..20),
        unfolded in prop::collection::btree_set((0u64..200).prop_map(PacketNo), 0..5),
    ) {
        let mut index = PacketIndex::new();
        let mut ladder = Ladder { unfolded: unfolded.clone(), ..Ladder::default() };
        let mut pinned = BTreeSet::new();
        let (mut steps, mut pins) = (steps.into_iter(), pins.into_iter());
        let mut until = steps.next().unwrap_or(1_000);
        let mut at = 0;
        for (number, (subflow, letter, gap)) in (1..).zip(&packets) {
            at += gap * MS;
            push(&mut index, number, at, *subflow, letter.chars().next().unwrap());
            until -= 1;
            if until == 0 {
                until = steps.next().unwrap_or(1_000);
                if let Some((pin, set)) = pins.next() {
                    if set { pinned.insert(PacketNo(pin)); } else { pinned.pop_first(); }
                }
                ladder.update(&index, members(3), pinned.clone());
            }
        }
        ladder.update(&index, members(3), pinned.clone());
        let fresh = Ladder::build(&index, members(3), pinned, unfolded);
        prop_assert_eq!(rows(&ladder, &index), rows(&fresh, &index));
        // Every packet is in the row that is found for it.
        for (position, entry) in index.iter_from(0) {
            let row = fresh.row_of_packet(&index, entry.number());
            let is_shown = entry.kind() != PacketClass::Copy && entry.subflow().index() < 3;
            prop_assert_eq!(row.is_some(), is_shown);
            match row.and_then(|row| fresh.row(row)) {
                Some(Row::Packet(found)) => prop_assert_eq!(found, position),
                Some(Row::Run(run)) => prop_assert!((run.first..=run.last).contains(&position)),
                other => prop_assert!(other.is_none()),
            }
        }
    }
}
