//! `list`: one line per connection.

use std::path::{Path, PathBuf};

use mptcpscope::internals::report::Report;
use mptcpscope::internals::report::list::{self, Column, SortKey};
use mptcpscope::internals::report::text::{ListOptions, write_list};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::support::{reports, testdata};

/// Several captures of one run after the other: many connections in one report.
fn many() -> Report {
    let names =
        ["fast-open.pcap", "reinjected.pcap", "join-refused-limit.pcap", "add-addr-v6.pcap"];
    reports::built_report(&names.map(|name| testdata::path("captures").join(name)))
}

fn text(report: &Report, columns: &[Column], width: Option<usize>) -> String {
    let rows = list::rows(report, &[]);
    let options = ListOptions { columns: columns.to_vec(), colour: false, width };
    let mut out = Vec::new();
    write_list(&rows, &options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn key(column: Column) -> SortKey {
    SortKey { column, is_reversed: false }
}

#[test]
fn lines() {
    insta::assert_snapshot!("list", text(&many(), Column::USUAL, None));
    insta::assert_snapshot!("list_80", text(&many(), Column::usual(Some(80)), Some(80)));
    insta::assert_snapshot!("list_all_columns", text(&many(), Column::ALL, None));
}

#[test]
fn lines_keep_to_the_terminal() {
    let report = many();
    for width in [1, 7, 20, 40, 60, 79, 80, 100, 120, 200, 1000] {
        for columns in [Column::USUAL, Column::ALL, &[Column::Verdict]] {
            let text = text(&report, columns, Some(width));
            assert_eq!(text.lines().count(), report.connections.len() + 1);
            for line in text.lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }
    assert_eq!(text(&report, Column::USUAL, Some(1000)), text(&report, Column::USUAL, None));
}

#[test]
fn order() {
    let report = many();
    let ids =
        |keys: &[SortKey]| list::rows(&report, keys).iter().map(|row| row.id).collect::<Vec<_>>();
    let all: Vec<_> = (0..report.connections.len() as u64).collect();
    assert_eq!(ids(&[]), all);
    assert_eq!(ids(&[key(Column::Id)]), all);
    let mut backwards = all.clone();
    backwards.reverse();
    assert_eq!(ids(&[SortKey { column: Column::Id, is_reversed: true }]), backwards);
    let rows = list::rows(&report, &[key(Column::Bytes)]);
    assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse(row.c2s_bytes + row.s2c_bytes)));
    let rows = list::rows(&report, &[key(Column::Severity), key(Column::Id)]);
    assert!(rows[0].severity.is_some());
    // Those without a finding stand last, either way.
    for is_reversed in [false, true] {
        let rows = list::rows(&report, &[SortKey { column: Column::Findings, is_reversed }]);
        assert!(rows.iter().any(|row| row.severity.is_none()));
        assert!(rows.iter().map(|row| row.severity.is_none()).is_sorted());
    }
    for column in Column::ALL {
        let mut sorted = ids(&[key(*column)]);
        sorted.sort_unstable();
        assert_eq!(sorted, all);
    }
}

#[test]
fn the_json_has_all_columns() {
    let report = many();
    let rows = list::rows(&report, &[key(Column::Bytes)]);
    let mut out = Vec::new();
    list::write_json(&report, &rows, &mut out).unwrap();
    let written: Value = serde_json::from_slice(&out).unwrap();
    let whole = serde_json::to_value(&report).unwrap();
    assert_eq!(written["schema_version"], 1);
    let listed = written["connections"].as_array().unwrap();
    assert_eq!(listed.len(), report.connections.len());
    for row in listed {
        let id = usize::try_from(row["id"].as_u64().unwrap()).unwrap();
        let connection = &whole["connections"][id];
        for field in ["id", "version", "state", "start_t_ns", "duration_ns", "verdict"] {
            assert_eq!(row[field], connection[field], "{field}");
        }
        assert_eq!(row["c2s_bytes"], connection["c2s"]["stream_bytes"]);
        assert_eq!(row["client"]["address"], connection["client"]["address"]);
        assert_eq!(row["rtt_ns"], connection["subflows"][0]["handshake"]["rtt_ns"]);
        let of_it = |found: &&Value| found["connection"] == connection["id"];
        let findings = whole["findings"].as_array().unwrap().iter().filter(of_it).count();
        assert_eq!(row["findings"], findings);
    }
}

#[test]
fn every_capture_is_listed() {
    let folder = testdata::path("captures");
    let captures: Vec<PathBuf> = crate::support::files::sorted(Path::new(&folder));
    for capture in captures {
        let report = reports::built_report(&[capture]);
        let text = text(&report, Column::ALL, None);
        assert_eq!(text.lines().count(), report.connections.len() + 1);
    }
}
