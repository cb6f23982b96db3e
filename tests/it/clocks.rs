//! Two captures of one transfer whose clocks disagree give the report that they give when they agree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::testdata;

const HOUR_S: u32 = 3600;

#[test]
fn a_clock_that_is_an_hour_ahead_is_noticed_and_corrected() {
    let folder = tempfile::tempdir().unwrap();
    let (client, server) = (capture("two-subflows"), capture("two-subflows-at-server"));
    let late = folder.path().join("late.pcap");
    fs::write(&late, with_later_times(&fs::read(&server).unwrap())).unwrap();
    let agreed = report(&[&client, &server]);
    let corrected = report(&[&client, &late]);
    assert!(without_times(&corrected["connections"]) == without_times(&agreed["connections"]));
    assert_eq!(agreed["inputs"][1]["clock_shift_ns"], Value::Null);
    let shift = corrected["inputs"][1]["clock_shift_ns"].as_i64().unwrap();
    let error = (shift - i64::from(HOUR_S) * 1_000_000_000).abs();
    assert!(error < 1_000_000, "{shift}");
}

/// A correction is right to a few microseconds, so durations differ by that.
fn without_times(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| !key.ends_with("_ns"));
            Value::Object(kept.map(|(key, field)| (key.clone(), without_times(field))).collect())
        }
        Value::Array(items) => items.iter().map(without_times).collect(),
        other => other.clone(),
    }
}

/// The bytes of a little-endian pcap whose frames come an hour later.
fn with_later_times(bytes: &[u8]) -> Vec<u8> {
    let (header, mut rest) = bytes.split_at(24);
    let mut later = header.to_vec();
    while let Some((record, after)) = rest.split_first_chunk::<16>() {
        let word = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        let (frame, after) = after.split_at(word(8) as usize);
        later.extend((word(0) + HOUR_S).to_le_bytes());
        later.extend(&record[4..]);
        later.extend(frame);
        rest = after;
    }
    later
}

fn capture(name: &str) -> PathBuf {
    testdata::path("captures").join(format!("{name}.pcap"))
}

fn report(inputs: &[&Path]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mptcpscope"));
    let output = command.args(["report", "--json", "-"]).args(inputs).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}
