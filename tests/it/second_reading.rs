//! The second reading of the inputs: it hands out the frames of the first one, with the ids that the
//! report has; from files, pipes and compressed files alike.

mod rows;
mod twice;

use std::collections::{BTreeMap, BTreeSet};

use mptcpscope::internals::track::final_subflows::{FinalSubflows, SegmentIds};
use mptcpscope::internals::track::packet_class::PacketClass;
use mptcpscope::internals::track::role::Direction;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::frame::PacketNo;
use mptcpscope::internals::wire::segment::{Decoded, Endpoint, decode};

use crate::support::corpus::corpus;
use crate::support::files;
use crate::support::subject::{Subject, subjects};

#[test]
fn both_readings_agree_on_every_capture_and_scenario() {
    let mut segments = 0;
    for subject in subjects() {
        segments += compare(&subject);
    }
    assert!(segments > 3_000, "{segments} segments");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn both_readings_agree_on_the_corpus() {
    let captures = files::captures_below(&corpus());
    let subjects = captures.iter().filter_map(|path| Subject::read(path));
    let segments: u64 = subjects.map(|subject| compare(&subject)).sum();
    assert!(segments > 400_000, "{segments} segments");
}

/// What is certain only at the end: in each of these, a segment seemed to belong to something else when
/// it came.
#[test]
fn ids_that_change_are_those_of_the_end() {
    const CHANGE: [&str; 5] = [
        "join-before-its-connection",
        "join-midstream",
        "midstream-join-ack",
        "server-opened-before-its-connection",
        "token-collision",
    ];
    let mut changed = BTreeSet::new();
    for subject in subjects() {
        let name = subject.name.rsplit('/').next().unwrap();
        let name = name.strip_suffix(".toml").unwrap_or(name).to_owned();
        if CHANGE.contains(&&*name) && changes(&subject) {
            changed.insert(name);
        }
    }
    let unchanged: Vec<_> = CHANGE.iter().filter(|name| !changed.contains(**name)).collect();
    assert_eq!(unchanged, [&""; 0], "nothing changes in them");
}

/// Whether a segment has other ids at the end than when it came.
fn changes(subject: &Subject) -> bool {
    let all = read(subject, 7);
    let mut tracker = Tracker::new(Limits::default(), 0);
    tracker.keep_last_packet();
    for (frame, number) in subject.frames.iter().zip(1..) {
        let frame = frame.frame(number);
        let Decoded::Tcp(segment) = decode(&frame) else { continue };
        tracker.push(&Decoded::Tcp(segment));
        let Some(last) = tracker.last_packet() else { continue };
        let by_now = FinalSubflows::new(&tracker.trace());
        let ids = |known: &FinalSubflows| known.ids(last.subflow, segment.number, segment.source);
        if ids(&by_now) != ids(&all.subflows) {
            return true;
        }
    }
    false
}

/// A segment as a reading finds it.
struct Found {
    number: PacketNo,
    subflow: mptcpscope::internals::track::ids::SubflowId,
    source: Endpoint,
    is_copy: bool,
}

struct Reading {
    found: Vec<Found>,
    subflows: FinalSubflows,
}

fn read(subject: &Subject, seed: u64) -> Reading {
    let mut tracker = Tracker::new(Limits::default(), seed);
    tracker.keep_last_packet();
    let mut found = Vec::new();
    for (frame, number) in subject.frames.iter().zip(1..) {
        let frame = frame.frame(number);
        let decoded = decode(&frame);
        tracker.push(&decoded);
        let (Decoded::Tcp(segment), Some(last)) = (decoded, tracker.last_packet()) else {
            continue;
        };
        let is_copy = last.kind == PacketClass::Copy;
        let (number, source) = (segment.number, segment.source);
        found.push(Found { number, subflow: last.subflow, source, is_copy });
    }
    Reading { found, subflows: FinalSubflows::new(&tracker.trace()) }
}

/// Compares the ids of both readings, and counts segments by them as the report does.
fn compare(subject: &Subject) -> u64 {
    let (first, second) = (read(subject, 1), read(subject, 0xfedc));
    let mut counts: BTreeMap<(u64, u32, bool), u64> = BTreeMap::new();
    for segment in &second.found {
        let ids = |reading: &Reading| {
            reading.subflows.ids(segment.subflow, segment.number, segment.source)
        };
        let SegmentIds { connection, subflow, direction } = ids(&first).unwrap();
        assert_eq!(ids(&first), ids(&second), "{}, packet {}", subject.name, segment.number);
        if let Some(connection) = connection.filter(|_| !segment.is_copy) {
            let from_client = direction == Direction::ClientToServer;
            *counts.entry((connection, subflow, from_client)).or_default() += 1;
        }
    }
    let report = subject.report();
    for connection in &report.connections {
        for subflow in &connection.subflows {
            for (from_client, side) in [(true, &subflow.c2s), (false, &subflow.s2c)] {
                let counted = counts.remove(&(connection.id, subflow.id, from_client));
                let name = &subject.name;
                assert_eq!(counted.unwrap_or(0), side.segments, "{name}, subflow {}", subflow.id);
            }
        }
    }
    assert!(counts.is_empty(), "{}: {counts:?} are not in the report", subject.name);
    second.found.len() as u64
}
