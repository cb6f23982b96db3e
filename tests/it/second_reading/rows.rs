//! The rows of `packets` add up to the report: by connection, subflow and direction, from a file, a pipe
//! and a compressed file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use mptcpscope::internals::capture::Compression;
use serde_json::{Value, json};

use super::twice::from_pipe;
use crate::support::capture_bytes::compress;
use crate::support::corpus::corpus;
use crate::support::files;
use crate::support::testdata;

#[test]
fn rows_add_up_to_the_report_on_every_capture() {
    for path in files::sorted(&testdata::path("captures")) {
        compare(&path);
    }
}

#[test]
#[ignore = "needs the corpus of captures"]
fn rows_add_up_to_the_report_on_the_corpus() {
    for path in files::captures_below(&corpus()) {
        compare(&path);
    }
}

/// Both ends of a connection: rows of copies stand beside the rows of what they are copies of.
#[test]
fn rows_add_up_to_the_report_of_several_inputs() {
    let names = ["two-subflows.pcap", "two-subflows-at-server.pcap"];
    let paths = names.map(|name| testdata::path("captures").join(name));
    let paths = paths.each_ref().map(|path| path.to_str().unwrap());
    let rows = json_rows(&run(&[&["packets", "--jsonl", "--all-segments"][..], &paths].concat()));
    let report = run(&[&["report", "--json", "-"][..], &paths].concat());
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(sums(&rows), expected(&report));
    let copies = rows.iter().filter(|row| row["class"] == "copy").count() as u64;
    assert!(copies > 50);
    let told = report["inputs"].as_array().unwrap().iter();
    let told: u64 = told.map(|input| input["duplicate_packets"].as_u64().unwrap()).sum();
    assert_eq!(copies, told);
    for (input, path) in paths.iter().enumerate() {
        let own: Vec<_> = rows.iter().filter(|row| row["input"] == json!(input)).collect();
        assert!(own.iter().all(|row| row["file"] == *path));
        assert!(own.windows(2).all(|pair| pair[0]["frame"].as_u64() < pair[1]["frame"].as_u64()));
    }
}

#[test]
fn relative_numbers_count_from_the_syn_and_the_idsn() {
    for name in
        ["two-subflows.pcap", "v0-two-subflows.pcap", "checksum.pcap", "one-subflow-v6.pcap"]
    {
        let path = testdata::path("captures").join(name);
        let path = path.to_str().unwrap();
        let rows = json_rows(&run(&["packets", "--jsonl", "--all-segments", "--relative", path]));
        let (mut dsns, mut acks) = ([0, 0], [0, 0]);
        for row in &rows {
            let number = |field: &str| row["relative"][field].as_i64();
            let side = usize::from(row["direction"] == "s2c");
            match row["flags"].as_str().unwrap() {
                "S" => assert_eq!((number("seq"), number("ack")), (Some(0), None), "{name}"),
                "S." => assert_eq!((number("seq"), number("ack")), (Some(0), Some(1)), "{name}"),
                _ => assert!(number("seq") >= Some(1), "{name}"),
            }
            let is_first = |numbers: &[i64; 2]| numbers[side] == 0;
            if let Some(dsn) = number("dsn").filter(|dsn| is_first(&dsns) || *dsn > dsns[side]) {
                assert!(dsn <= 65_536 || !is_first(&dsns), "{name}: {dsn}");
                dsns[side] = dsn;
            }
            acks[side] = acks[side].max(number("data_ack").unwrap_or(0));
        }
        let report: Value = serde_json::from_str(&run(&["report", "--json", "-", path])).unwrap();
        let connection = &report["connections"][0];
        for (side, direction) in ["s2c", "c2s"].into_iter().enumerate() {
            // The DATA_FIN takes a number as well.
            let fin = i64::from(!connection[direction]["data_fin_acked"].is_null());
            let acked = connection[direction]["data_acked_bytes"].as_i64().unwrap();
            assert_eq!(acks[side], acked + fin + 1, "{name}, {direction}");
        }
    }
}

#[test]
fn relative_lines_and_values_have_the_numbers_of_the_json() {
    let path = testdata::path("captures").join("two-subflows.pcap");
    let path = path.to_str().unwrap();
    let json = json_rows(&run(&["packets", "--jsonl", "--relative", path]));
    let csv = csv_rows(&run(&["packets", "--csv", "--relative", path]));
    let text = run(&["packets", "--relative", path]);
    assert_eq!(json.len(), csv.len());
    for ((json, csv), line) in json.iter().zip(&csv).zip(text.lines()) {
        for field in ["seq", "ack", "dsn", "data_ack"] {
            assert_eq!(json["relative"][field], csv[&format!("relative_{field}")], "{line}");
        }
        assert!(line.contains(&format!("  seq {} ", json["relative"]["seq"])), "{line}");
        let Some((_, dss)) = line.split_once(" DSS ") else { continue };
        for (name, field) in [("ack", "data_ack"), ("dsn", "dsn")] {
            if let Some(number) = json["relative"][field].as_i64() {
                assert!(format!("{dss} ").contains(&format!("{name} {number} ")), "{line}");
            }
        }
    }
}

fn compare(path: &Path) {
    let shown = path.to_str().unwrap();
    let report: Value = serde_json::from_str(&run(&["report", "--json", "-", shown])).unwrap();
    let expected = expected(&report);
    let rows = json_rows(&run(&["packets", "--jsonl", "--all-segments", shown]));
    assert_eq!(sums(&rows), expected, "{shown}");

    let piped = from_pipe(&["packets", "--csv", "--all-segments", "-"], shown);
    let piped = csv_rows(&String::from_utf8(piped.stdout).unwrap());
    assert_eq!(sums(&piped), expected, "{shown}, from a pipe");

    let folder = tempfile::tempdir().unwrap();
    let packed = folder.path().join("packed");
    fs::write(&packed, compress(Compression::Gz, &fs::read(path).unwrap())).unwrap();
    if !shown.ends_with('z') {
        let rows = run(&["packets", "--csv", "--all-segments", packed.to_str().unwrap()]);
        assert_eq!(sums(&csv_rows(&rows)), expected, "{shown}, compressed");
    }
}

/// Counts by connection, subflow and direction.
type Sums = BTreeMap<(u64, u64, String), BTreeMap<&'static str, u64>>;

const COUNTS: [&str; 6] = [
    "segments",
    "new_data_bytes",
    "retransmitted_bytes",
    "remapped_bytes",
    "reinjected_bytes",
    "unmapped_bytes",
];

/// What the report counts.
fn expected(report: &Value) -> Sums {
    let mut sums = Sums::new();
    for connection in report["connections"].as_array().unwrap() {
        for subflow in connection["subflows"].as_array().unwrap() {
            for direction in ["c2s", "s2c"] {
                let id = |value: &Value| value["id"].as_u64().unwrap();
                let counts: BTreeMap<_, _> = COUNTS
                    .iter()
                    .map(|count| (*count, subflow[direction][*count].as_u64().unwrap()))
                    .collect();
                if counts["segments"] > 0 {
                    sums.insert((id(connection), id(subflow), direction.to_owned()), counts);
                }
            }
        }
    }
    sums
}

/// What the rows say.
fn sums(rows: &[Value]) -> Sums {
    let mut sums = Sums::new();
    for row in rows {
        let Some(connection) = row["connection"].as_u64() else { continue };
        if row["class"].is_null() || row["class"] == "copy" {
            continue;
        }
        let direction = row["direction"].as_str().unwrap().to_owned();
        let counts =
            sums.entry((connection, row["subflow"].as_u64().unwrap(), direction)).or_default();
        for count in COUNTS {
            let value = if count == "segments" { 1 } else { row[count].as_u64().unwrap() };
            *counts.entry(count).or_default() += value;
        }
    }
    sums
}

fn json_rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Rows of CSV as objects; a cell that is a number is one, and an empty one is null.
fn csv_rows(text: &str) -> Vec<Value> {
    let mut lines = text.lines();
    let names: Vec<_> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = cells(line);
        assert_eq!(cells.len(), names.len(), "{line}");
        let pairs = names.iter().zip(cells).map(|(name, cell)| {
            let number = cell.parse::<u64>().map(Value::from);
            let text = if cell.is_empty() { Value::Null } else { cell.into() };
            ((*name).to_owned(), number.unwrap_or(text))
        });
        Value::Object(pairs.collect())
    };
    lines.map(row).collect()
}

fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(letter),
        }
    }
    cells
}

fn run(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mptcpscope"));
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
