//! What holds for every capture and every scenario, whatever is in it.

use std::fs;

use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::report::Report;
use mptcpscope::internals::report::model::Subflow;
use mptcpscope::internals::wire::frame::Timestamp;
use mptcpscope::internals::wire::segment::decode;
use serde_json::Value;

use crate::support::scenario::{self, Scenario};
use crate::support::subject::{Subject, subjects};
use crate::support::testdata;

#[test]
fn the_five_kinds_of_bytes_add_up() {
    for subject in subjects() {
        let report = subject.report();
        for connection in &report.connections {
            let mut new_data = [0, 0];
            for subflow in &connection.subflows {
                for (index, direction) in [&subflow.c2s, &subflow.s2c].into_iter().enumerate() {
                    let kinds = direction.new_data_bytes
                        + direction.reinjected_bytes
                        + direction.remapped_bytes
                        + direction.retransmitted_bytes
                        + direction.unmapped_bytes;
                    assert_eq!(kinds, direction.payload_bytes, "{}", subject.name);
                    new_data[index] += direction.new_data_bytes;
                }
            }
            let streams = [connection.c2s.stream_bytes, connection.s2c.stream_bytes];
            assert_eq!(new_data, streams, "{}", subject.name);
        }
    }
}

#[test]
fn a_stream_with_a_hash_has_no_holes() {
    for subject in subjects() {
        for connection in subject.report().connections {
            for direction in [connection.c2s, connection.s2c] {
                let holes: u64 = direction.holes.iter().map(|(start, end)| end - start).sum();
                assert_eq!(holes, direction.missing_bytes, "{}", subject.name);
                if direction.sha256.is_some() {
                    assert_eq!(direction.missing_bytes, 0, "{}", subject.name);
                    let (acked, whole) = (direction.data_acked_bytes, direction.stream_bytes);
                    assert!(acked.is_none_or(|acked| acked <= whole), "{}", subject.name);
                }
            }
        }
    }
}

#[test]
fn when_it_happened_changes_nothing() {
    for subject in subjects() {
        let mut later = subject.clone();
        for frame in &mut later.frames {
            frame.recorded.at = Timestamp(frame.recorded.at.0 + 86_400_123_456_789);
        }
        let (before, after) = (subject.report(), later.report());
        same(&connections(&before), &connections(&after), &subject.name);
    }
}

#[test]
fn pushing_one_by_one_is_the_same_as_the_whole() {
    for subject in subjects() {
        // Thousands of reports on thousands of frames would take too long.
        let every = subject.frames.len() as u64 / 50 + 1;
        let mut tracker = scenario::tracker();
        for (frame, number) in subject.frames.iter().zip(1..) {
            tracker.push(&decode(&frame.frame(number)));
            if number.is_multiple_of(every) {
                Report::build(&tracker.trace(), &[], None);
            }
        }
        let snapshots = Report::build(&tracker.trace(), &subject.facts(), None);
        same(&connections(&subject.report()), &connections(&snapshots), &subject.name);
    }
}

#[test]
fn the_beginning_of_a_capture_holds_no_more_than_all_of_it() {
    for subject in subjects() {
        let step = subject.frames.len() / 20 + 1;
        let mut before = 0;
        for len in (0..=subject.frames.len()).step_by(step) {
            let frames = subject.frames[..len].to_vec();
            let report = Subject { frames, ..subject.clone() }.report();
            let payload: u64 = subflows(&report).map(Subflow::payload_bytes).sum();
            assert!(payload >= before, "{}: {payload} after {before}", subject.name);
            before = payload;
        }
    }
}

#[test]
fn other_keys_change_nothing_but_numbers() {
    let mut free = 0;
    for (name, scenario) in scenarios() {
        if !scenario.is_free() {
            continue;
        }
        free += 1;
        let report = |seed| connections(&scenario::report(&scenario.play(seed).unwrap().frames));
        for seed in 1..4 {
            same(&without_numbers(report(0)), &without_numbers(report(seed)), &name);
        }
    }
    assert!(free > 50, "{free} scenarios leave their keys open");
}

#[test]
fn the_order_of_input_files_changes_nothing() {
    let pair = ["two-subflows.pcap", "two-subflows-at-server.pcap"]
        .map(|name| testdata::path("captures").join(name));
    let [forward, backward] = [[0, 1], [1, 0]].map(|order| {
        let paths = order.map(|index| InputPath::File(pair[index].clone()));
        let mut capture = Capture::open(&paths).unwrap();
        let mut tracker = scenario::tracker();
        while let Some(frame) = capture.next_frame() {
            tracker.push(&decode(&frame));
        }
        connections(&Report::build(&tracker.trace(), &[], None))
    });
    same(&forward, &backward, "two points");
}

#[test]
fn two_captures_of_different_connections_are_the_union() {
    let names = ["fastclose.pcap", "reinjected.pcap"];
    let [one, other] =
        names.map(|name| Subject::read(&testdata::path("captures").join(name)).unwrap());
    let apart = one.report().connections.len() + other.report().connections.len();
    let frames = one.frames.into_iter().chain(other.frames).collect();
    let together = Subject { name: "both".to_owned(), frames }.report();
    assert_eq!(together.connections.len(), apart);
}

fn scenarios() -> impl Iterator<Item = (String, Scenario)> {
    scenario::files().into_iter().map(|file| {
        let scenario = Scenario::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        (file.display().to_string(), scenario)
    })
}

fn subflows(report: &Report) -> impl Iterator<Item = &Subflow> {
    let orphans = report.orphan_subflows.iter().map(|orphan| &orphan.subflow);
    report.connections.iter().flat_map(|connection| &connection.subflows).chain(orphans)
}

fn connections(report: &Report) -> Value {
    serde_json::to_value((&report.connections, &report.orphan_subflows)).unwrap()
}

/// Without keys and what follows from them.
fn without_numbers(value: Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("0x") => Value::Null,
        Value::Array(all) => all.into_iter().map(without_numbers).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, without_numbers(value))).collect()
        }
        other => other,
    }
}

#[track_caller]
fn same(one: &Value, other: &Value, name: &str) {
    if let Some(difference) = difference(one, other, "") {
        panic!("{name}: {difference}");
    }
}

/// The first place where two values differ.
fn difference(one: &Value, other: &Value, path: &str) -> Option<String> {
    match (one, other) {
        (Value::Object(fields), Value::Object(others)) if fields.len() == others.len() => fields
            .iter()
            .find_map(|(key, value)| difference(value, &others[key], &format!("{path}.{key}"))),
        (Value::Array(all), Value::Array(others)) if all.len() == others.len() => {
            let mut pairs = all.iter().zip(others).zip(0..);
            pairs.find_map(|((one, other), at)| difference(one, other, &format!("{path}[{at}]")))
        }
        _ => (one != other).then(|| format!("{path}: {one} and {other}")),
    }
}
