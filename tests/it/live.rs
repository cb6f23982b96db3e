//! Live capture from a pipe, and between two network namespaces.

#[cfg(feature = "live")]
mod namespaces;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn a_pipe_is_read_as_the_file() {
    let file = capture();
    let live = mptcpscope()
        .args(["live", "--json", "-", "-"])
        .stdin(File::open(&file).unwrap())
        .output()
        .unwrap();
    assert_eq!(text(&live.stderr), "");
    let offline = mptcpscope().args(["report", "--json", "-"]).arg(&file).output().unwrap();
    assert_eq!(facts(&live.stdout), facts(&offline.stdout));
}

#[test]
fn json_lines_tell_states_events_and_a_summary() {
    let stdin = File::open(capture()).unwrap();
    let live = mptcpscope().args(["live", "--jsonl", "-"]).stdin(stdin).output().unwrap();
    assert_eq!(text(&live.stderr), "");
    let lines: Vec<Value> =
        text(&live.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["kind"], "CONNECTION");
    assert_eq!(lines[1]["kind"], "SYN");
    assert_eq!(lines.last().unwrap()["kind"], "SUMMARY");
    let states = |kind: &str| -> Vec<String> {
        let of_kind = lines.iter().filter(|line| line["kind"] == kind);
        of_kind.map(|line| line["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states("CONNECTION"), ["handshaking", "established", "closing", "closed"]);
    assert_eq!(states("SUBFLOW").iter().filter(|state| *state == "established").count(), 2);
    // Every event of the report is there, with the same fields.
    let report = mptcpscope().args(["report", "--json", "-"]).arg(capture()).output().unwrap();
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    for event in report["connections"][0]["events"].as_array().unwrap() {
        let mut expected = event.clone();
        expected["connection"] = 0.into();
        assert!(lines.contains(&expected), "{expected}");
    }
}

/// A capture that goes on, but not now: nothing is held back until the next packet.
#[test]
fn a_silent_pipe_is_told_of_in_time() {
    let join = capture().with_file_name("join-unanswered.pcap");
    let mut live = mptcpscope()
        .args(["live", "--summary", "1s", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = live.stdin.take().unwrap();
    pipe.write_all(&std::fs::read(join).unwrap()).unwrap();
    let mut lines = BufReader::new(live.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut summaries = 0;
    let found = lines.find(|line| {
        summaries += usize::from(line.ends_with("1 MPTCP connection, 2 subflows"));
        line.contains("warning join-no-answer")
    });
    assert!(found.unwrap().contains("#0 sf1    warning"));
    assert_eq!(summaries, 1);
    drop(pipe);
    assert!(lines.any(|line| line.contains("join-no-answer")), "the report comes in the end");
    assert!(live.wait().unwrap().success());
}

#[test]
fn whoever_reads_the_lines_may_go_away() {
    let command = format!("'{}' live - <'{}' | head -1", binary(), capture().display());
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert_eq!((text(&output.stderr), text(&output.stdout).lines().count()), (String::new(), 1));
}

#[test]
fn what_cannot_be_is_said() {
    for (arguments, words) in [
        (&["live", "tcp"][..], "name an interface with -i"),
        (&["live", "--jsonl", "--json", "-", "-"], "give --json the name of a file"),
        (&["live", "-i", "eth0", "--rotate", "10MB"], "--write"),
        (&["live", "-i", "eth0", "--duration", "8"], "8s, 10m or 2h"),
    ] {
        let output = mptcpscope().args(arguments).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
}

#[cfg(feature = "live")]
#[test]
fn interfaces_are_listed_for_everybody() {
    let output = mptcpscope().args(["live", "--list-interfaces"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).lines().any(|line| line.starts_with("any ")));
}

fn mptcpscope() -> Command {
    Command::new(binary())
}

fn binary() -> String {
    std::env::var("MPTCPSCOPE").unwrap_or(env!("CARGO_BIN_EXE_mptcpscope").to_owned())
}

#[cfg(feature = "live")]
fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// The JSON report on a file.
#[cfg(feature = "live")]
fn report_on(file: &str) -> Vec<u8> {
    mptcpscope().args(["report", "--json", "-", file]).output().unwrap().stdout
}

/// The only input of a report.
#[cfg(feature = "live")]
fn input(json: &[u8]) -> Value {
    let report: Value = serde_json::from_slice(json).unwrap();
    report["inputs"][0].clone()
}

/// A connection with two subflows.
fn capture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures/two-subflows.pcap")
}

/// A report without what tells its inputs apart.
fn facts(json: &[u8]) -> Value {
    let mut report: Value = serde_json::from_slice(json).unwrap();
    let report_fields = report.as_object_mut().unwrap();
    report_fields.remove("inputs").unwrap();
    report_fields.remove("host").unwrap();
    report
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
