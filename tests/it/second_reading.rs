//! The second reading of the inputs: it hands out the frames of the first one, with the ids that the
//! report has; from files, pipes and compressed files alike.

mod rows;
mod twice;

use std::collections::{BTreeMap, BTreeSet};

use mptcpscope::internals::track::final_subflows::{FinalSubflows, SegmentIds};
use mptcpscope::internals::track::packet_class::PacketClass;
use mptcpscope::internals::track::role::Direction;
use mptcpscope::internals::track::subflow::ByteCounts;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::frame::PacketNo;
use mptcpscope::internals::wire::segment::{Decoded, Endpoint, decode};

use crate::support::corpus::corpus;
use crate::support::files;
use crate::support::subject::{Subject, subjects};
use crate::support::testdata;

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
    bytes: ByteCounts,
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
        found.push(Found { number, subflow: last.subflow, source, is_copy, bytes: last.bytes });
    }
    Reading { found, subflows: FinalSubflows::new(&tracker.trace()) }
}

/// Compares the ids of both readings, and counts segments by them as the report does.
fn compare(subject: &Subject) -> u64 {
    let (first, second) = (read(subject, 1), read(subject, 0xfedc));
    let mut counts: BTreeMap<(u64, u32, bool), [u64; 6]> = BTreeMap::new();
    for segment in &second.found {
        let ids = |reading: &Reading| {
            reading.subflows.ids(segment.subflow, segment.number, segment.source)
        };
        let SegmentIds { connection, subflow, direction } = ids(&first).unwrap();
        assert_eq!(ids(&first), ids(&second), "{}, packet {}", subject.name, segment.number);
        if let Some(connection) = connection.filter(|_| !segment.is_copy) {
            let from_client = direction == Direction::ClientToServer;
            let mut bytes = segment.bytes;
            first.subflows.recount(segment.number, &mut bytes);
            let counted = counts.entry((connection, subflow, from_client)).or_default();
            for (sum, count) in counted.iter_mut().zip(numbers(1, bytes)) {
                *sum += count;
            }
        }
    }
    let report = subject.report();
    for connection in &report.connections {
        for subflow in &connection.subflows {
            for (from_client, side) in [(true, &subflow.c2s), (false, &subflow.s2c)] {
                let counted = counts.remove(&(connection.id, subflow.id, from_client));
                let name = &subject.name;
                let bytes = ByteCounts {
                    payload: side.payload_bytes,
                    new_data: side.new_data_bytes,
                    retransmitted: side.retransmitted_bytes,
                    remapped: side.remapped_bytes,
                    reinjected: side.reinjected_bytes,
                    unmapped: side.unmapped_bytes,
                };
                let told = numbers(side.segments, bytes);
                assert_eq!(counted.unwrap_or_default(), told, "{name}, subflow {}", subflow.id);
            }
        }
    }
    assert!(counts.is_empty(), "{}: {counts:?} are not in the report", subject.name);
    second.found.len() as u64
}

/// Segments and the five kinds of bytes.
const fn numbers(segments: u64, bytes: ByteCounts) -> [u64; 6] {
    let ByteCounts { retransmitted, remapped, reinjected, new_data, unmapped, .. } = bytes;
    [segments, retransmitted, remapped, reinjected, new_data, unmapped]
}

/// Bytes count as new data while it is not known where their mapping begins. In the end they may be what
/// another subflow carried before, and so does their packet.
#[test]
fn bytes_have_the_class_of_the_end() {
    let moved = subjects().filter(|subject| {
        let reading = read(subject, 3);
        reading.found.iter().any(|segment| {
            let mut bytes = segment.bytes;
            reading.subflows.recount(segment.number, &mut bytes);
            bytes != segment.bytes
        })
    });
    let names: Vec<_> = moved.map(|subject| subject.name).collect();
    let is_there = |wanted: &str| names.iter().any(|name| name.contains(wanted));
    assert!(is_there("midstream-reinjected-late"), "{names:?}");
}

/// A segment without MPTCP options belongs to the connection that its flow turns out to be part of; one
/// of the flow that had the same 4-tuple before does not.
#[test]
fn what_comes_before_the_first_option_of_a_flow_belongs_to_it() {
    let path = testdata::path("captures/two-subflows.pcap");
    let whole = Subject::read(&path).unwrap();
    let mut plain = whole.clone();
    // The handshake as plain TCP: what an older flow leaves, and what a middlebox does.
    for frame in &mut plain.frames[..3] {
        without_mptcp(&mut frame.recorded.bytes);
    }
    let reading = read(&plain, 1);
    let ids = plain_ids(&plain, &reading);
    assert_eq!(ids[..3].iter().flatten().count(), 3, "{ids:?}");
    let directions: Vec<_> = ids[..3].iter().flatten().map(|ids| ids.direction).collect();
    let (there, back) = (Direction::ClientToServer, Direction::ServerToClient);
    assert_eq!(directions, [there, back, there]);
    assert!(ids[..3].iter().flatten().all(|ids| ids.connection == Some(0)));

    // Another SYN begins another flow.
    let mut reused = plain.clone();
    let syn = reused.frames[0].clone();
    reused.frames.insert(0, syn);
    reused.frames[0].recorded.bytes[41] ^= 1;
    let reading = read(&reused, 1);
    let ids = plain_ids(&reused, &reading);
    assert_eq!((ids[0], ids[1].is_some()), (None, true), "{ids:?}");
}

/// What is known in the end of segments that were plain TCP when they came.
fn plain_ids(subject: &Subject, reading: &Reading) -> Vec<Option<SegmentIds>> {
    let mut tracker = Tracker::new(Limits::default(), 9);
    tracker.keep_last_packet();
    let mut all = Vec::new();
    for (frame, number) in subject.frames.iter().zip(1..) {
        let frame = frame.frame(number);
        let Decoded::Tcp(segment) = decode(&frame) else { continue };
        tracker.push(&Decoded::Tcp(segment));
        let stream = tracker.plain_stream(&segment);
        all.push(stream.and_then(|stream| reading.subflows.ids_of_plain(stream, segment.source)));
    }
    all
}

/// Overwrites the MPTCP options of a TCP segment in IPv4 and Ethernet.
fn without_mptcp(frame: &mut [u8]) {
    const OPTIONS: usize = 14 + 20 + 20;
    let end = 14 + 20 + usize::from(frame[OPTIONS - 8] >> 4) * 4;
    let mut at = OPTIONS;
    while at < end && frame[at] != 0 {
        let len = if frame[at] == 1 { 1 } else { usize::from(frame[at + 1]) };
        if frame[at] == 30 {
            frame[at..at + len].fill(1);
        }
        at += len;
    }
}
