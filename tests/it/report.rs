//! The report on real captures: as JSON it fits its schema, as text it fits a terminal, and both
//! are what they were.
//!
//! `UPDATE=1 cargo test --test it report::` writes `docs/report.schema.json` anew.

use std::path::{Path, PathBuf};

use mptcpscope::internals::analyze::finding::{Selection, Severity};
use mptcpscope::internals::capture::{Capture, InputPath, InputStatus};
use mptcpscope::internals::report::model::{Connection, Finding, Input, Subflow};
use mptcpscope::internals::report::text::{TextOptions, TimeStyle};
use mptcpscope::internals::report::{InputStats, PacketRef, Report, json, text};
use mptcpscope::internals::track::stream::StreamUse;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::segment::decode;
use serde_json::Value;

use crate::support::{files, fuzz_targets, testdata};

#[test]
fn the_schema_is_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report.schema.json");
    let generated = serde_json::to_string_pretty(&json::schema()).unwrap() + "\n";
    let checked_in = testdata::checked_in(&path, generated.as_bytes());
    assert_eq!(
        String::from_utf8(checked_in).unwrap(),
        generated,
        "UPDATE=1 cargo test --test it report:: writes it anew"
    );
}

#[test]
fn every_report_fits_the_schema() {
    let schema = serde_json::to_value(json::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (path, report) in reports() {
        let report = serde_json::to_value(&report).unwrap();
        let errors: Vec<_> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}

/// Readers differ in how they read a number with a point: there are ratios per mille instead.
#[test]
fn every_number_is_an_integer() {
    fn find_float(value: &Value, path: &str) -> Option<String> {
        match value {
            Value::Number(number) => number.is_f64().then(|| format!("{path}: {number}")),
            Value::Array(values) => values.iter().find_map(|value| find_float(value, path)),
            Value::Object(fields) => {
                fields.iter().find_map(|(name, value)| find_float(value, &format!("{path}.{name}")))
            }
            Value::Null | Value::Bool(_) | Value::String(_) => None,
        }
    }
    let strict = Selection { strict: true, ..Selection::default() };
    let mut series = 0;
    for path in files::sorted(&captures()) {
        let mut capture = Capture::open(&[InputPath::File(path.clone())]).unwrap();
        let mut tracker = Tracker::new(Limits::default(), 1);
        tracker.keep_series();
        while let Some(frame) = capture.next_frame() {
            tracker.push(&decode(&frame));
        }
        let facts: Vec<_> = capture.inputs().iter().map(facts).collect();
        let report = Report::build_with_series(&tracker.trace(), &facts, None, &strict);
        series += report.connections.iter().filter(|found| found.c2s.series.is_some()).count();
        let report = serde_json::to_value(&report).unwrap();
        assert_eq!(find_float(&report, ""), None, "{}", path.display());
    }
    assert!(series > 0);
}

#[test]
fn series_fit_the_schema_and_add_up() {
    let schema = serde_json::to_value(json::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for name in ["two-subflows", "reinjected", "read-late", "fallback-first-data-stripped"] {
        let mut capture =
            Capture::open(&[InputPath::File(capture(&format!("{name}.pcap")))]).unwrap();
        let mut tracker = Tracker::new(Limits::default(), 1);
        tracker.keep_series();
        while let Some(frame) = capture.next_frame() {
            tracker.push(&decode(&frame));
        }
        let report = Report::build_with_series(&tracker.trace(), &[], None, &Selection::default());
        let report = serde_json::to_value(&report).unwrap();
        let errors: Vec<_> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        let connection = &report["connections"][0];
        for direction in ["c2s", "s2c"] {
            let data = &connection[direction];
            let series = &data["series"];
            let numbers = |list: &Value| -> Vec<u64> {
                list.as_array().unwrap().iter().filter_map(Value::as_u64).collect()
            };
            assert!(series["payload_bytes"].as_array().unwrap().len() <= 64);
            let new_data: u64 = numbers(&series["new_data_bytes"]).iter().sum();
            assert_eq!(new_data, data["stream_bytes"].as_u64().unwrap(), "{name}");
            let subflows = connection["subflows"].as_array().unwrap().iter();
            let ends = subflows.flat_map(|subflow| match &subflow[direction]["series"] {
                Value::Null => Vec::new(),
                series => numbers(&series["dsn_end"]),
            });
            assert_eq!(ends.max().unwrap(), data["stream_bytes"].as_u64().unwrap(), "{name}");
            if let Some(acked) = series["acked"].as_object() {
                let last = numbers(&acked["acked_bytes"]).pop().unwrap_or(0);
                // With the DATA_FIN.
                let known = data["data_acked_bytes"].as_u64().unwrap_or(0);
                assert!((known..=known + 1).contains(&last), "{name}: {last}, {known}");
            }
        }
    }
}

#[test]
fn text_fits_the_terminal() {
    for (path, report) in reports() {
        for columns in [60, 80, 120, 160] {
            let options = TextOptions { columns, ..TextOptions::default() };
            for line in text_of(&report, &options).lines() {
                assert!(line.chars().count() <= columns, "{} {columns}: {line}", path.display());
                assert_eq!(line.trim_end(), line, "{}", path.display());
            }
        }
    }
}

/// Amounts of the table are those of the JSON, and each row adds up.
#[test]
fn columns_add_up() {
    for (path, report) in reports() {
        for connection in &report.connections {
            for (data, name) in [(&connection.c2s, "c2s"), (&connection.s2c, "s2c")] {
                let of = |subflow: &Subflow| match name {
                    "c2s" => subflow.c2s.clone(),
                    _ => subflow.s2c.clone(),
                };
                let sides: Vec<_> = connection.subflows.iter().map(of).collect();
                for side in &sides {
                    let resent =
                        side.retransmitted_bytes + side.remapped_bytes + side.reinjected_bytes;
                    let sum = side.new_data_bytes + resent + side.unmapped_bytes;
                    assert_eq!(side.payload_bytes, sum, "{}", path.display());
                }
                let new: u64 = sides.iter().map(|side| side.new_data_bytes).sum();
                assert_eq!(new, data.stream_bytes, "{}", path.display());
                let arrived = sides.iter().filter_map(|side| side.delivered_bytes);
                let unclear = sides.iter().filter_map(|side| side.delivered_unclear_bytes);
                assert!(arrived.chain(unclear).sum::<u64>() <= new, "{}", path.display());
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let report = report_on(&[capture("join-refused-limit.pcap")]);
    let plain = text_of(&report, &TextOptions::default());
    let coloured = text_of(&report, &TextOptions { colour: true, ..TextOptions::default() });
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
}

#[test]
fn golden_texts() {
    for name in [
        "two-subflows",
        "add-addr-v6",
        "fallback-first-data-stripped",
        "fallback-syn-stripped",
        "fastclose",
        "join-refused-limit",
        "join-unanswered",
        "mp-capable-blackholed",
        "reinjected",
        "remove-addr-and-mp-prio",
        "reset-subflow",
        "server-opened-join",
    ] {
        let report = report_on(&[capture(&format!("{name}.pcap"))]);
        insta::assert_snapshot!(name, text_of(&report, &TextOptions::default()));
    }
}

#[test]
fn golden_json() {
    let mut report = report_on(&[capture("two-subflows.pcap")]);
    // The end is like the beginning, and the version is not the test's matter.
    report.connections[0].events.truncate(12);
    report.generator.version = "0.0.0";
    insta::assert_json_snapshot!("two-subflows-json", report);
}

#[test]
fn several_inputs_have_packet_references() {
    let captures = [capture("two-subflows.pcap"), capture("two-subflows-at-server.pcap")];
    let report = report_on(&captures);
    assert_eq!(report.inputs.len(), 2);
    let first = report.connections[0].subflows[0].handshake.syn.unwrap();
    assert_eq!(report.packet_refs[&first], PacketRef(0, first));
}

#[test]
fn a_connection_alone_or_none() {
    let report = report_on(&[capture("two-subflows.pcap")]);
    let one = |id| TextOptions { connection: Some(id), ..TextOptions::default() };
    assert!(text_of(&report, &one(0)).contains("\n#0 "));
    assert!(text_of(&report, &one(1)).contains("no connection #1"));
}

/// Twelve connections, of which #3 has an error, #5 a warning, and #7 a note.
fn many() -> Report {
    let mut report = report_on(&[capture("two-subflows.pcap")]);
    let of = |name: &str| report_on(&[capture(name)]);
    let first = report.connections[0].clone();
    report.connections = (0..12).map(|id| Connection { id, ..first.clone() }).collect();
    let mut findings = of("join-refused-limit.pcap").findings;
    findings.extend(of("reinjected.pcap").findings);
    assert_eq!(findings.len(), 2);
    findings.push(Finding { severity: Severity::Error, ..findings[0].clone() });
    for (finding, id) in findings.iter_mut().zip([5, 7, 3]) {
        finding.connection = Some(id);
    }
    report.findings = findings;
    report
}

#[test]
fn of_many_connections_those_in_trouble_are_in_full() {
    let text = text_of(&many(), &TextOptions::default());
    let headings: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
    assert!(headings[0].starts_with("#3  ") && headings[1].starts_with("#5  "), "{headings:#?}");
    assert_eq!(headings.len(), 12);
    assert_eq!(text.matches("SYN, MP_CAPABLE").count(), 2);
    assert_eq!(text.matches("More: mptcpscope explain").count(), 2);
    // The note is not hidden: it stands in the summary and beside its connection.
    assert_eq!(text.matches("reinjection").count(), 2);
    assert!(text.contains("10 more connections without a warning or an error"));
    let summary: Vec<_> = text.lines().skip_while(|line| !line.starts_with("Findings")).collect();
    assert!(summary[1].contains("error") && summary[1].ends_with("#3"), "{summary:#?}");
    assert!(summary[2].contains("warning") && summary[2].ends_with("#5"), "{summary:#?}");
    assert!(summary[3].contains("note") && summary[3].ends_with("#7"), "{summary:#?}");
}

#[test]
fn all_connections_in_full() {
    let text = text_of(&many(), &TextOptions { all: true, ..TextOptions::default() });
    assert_eq!(text.matches("SYN, MP_CAPABLE").count(), 12);
    assert!(!text.contains("more connections"));
}

#[test]
fn healthy_connections_take_a_line_each() {
    let report = report_on(&[capture("two-subflows.pcap")]);
    let options = TextOptions { max_connections: 0, ..TextOptions::default() };
    let text = text_of(&report, &options);
    assert!(text.contains("\n1 connection without a warning or an error\nin full: --all"));
    assert!(!text.contains("MP_CAPABLE") && !text.contains("Findings"));
}

#[test]
fn with_several_inputs_each_packet_has_its_file() {
    let mut report = report_on(&[capture("join-refused-limit.pcap")]);
    let first = report.inputs[0].clone();
    report.inputs = ["a/client.pcap", "a/server.pcap"]
        .map(|path| Input { path: path.to_owned(), ..first.clone() })
        .into();
    let origin = |packet: u64| {
        PacketRef(u32::from(packet > 7), if packet > 7 { packet - 7 } else { packet })
    };
    report.packet_refs = (1..=25).map(|packet| (packet, origin(packet))).collect();
    let text = text_of(&report, &TextOptions::default());
    assert!(
        text.contains("server.pcap #2    sf1 ←  RST")
            || text.contains("server.pcap #2   sf1 ←  RST"),
        "{text}"
    );
    assert!(text.contains("client.pcap #6, #7; server.pcap #1, #2"), "{text}");
    assert!(!text.contains("packet 9") && text.contains("(server.pcap #2)"), "{text}");
}

#[test]
fn columns_hold_at_a_million_packets() {
    let mut report = report_on(&[capture("two-subflows.pcap")]);
    let last = report.connections[0].events.len() - 1;
    report.connections[0].events[last].packet = 1_234_567;
    report.connections[0].events[last].t_ns = 86_400_000_000_000;
    let text = text_of(&report, &TextOptions::default());
    let lines: Vec<_> =
        text.lines().filter(|line| line.contains(" #") && line.contains(" sf")).collect();
    let place = |line: &str| line.find(" sf").unwrap();
    assert!(lines.len() > 10 && lines.iter().all(|line| place(line) == place(lines[0])), "{text}");
    assert!(text.contains("86400.000000  #1234567  sf"), "{text}");
}

#[test]
fn times_by_the_clock_and_as_differences() {
    let report = report_on(&[capture("two-subflows.pcap")]);
    let text = |time| text_of(&report, &TextOptions { time, ..TextOptions::default() });
    assert!(text(TimeStyle::Absolute).contains("  13:12:28.480323  #1 "));
    assert!(text(TimeStyle::Delta).contains("  +0.000000  #1 "));
    assert!(text(TimeStyle::Relative).contains("  0.000000  #1 "));
}

#[test]
fn a_path_cannot_write_to_the_terminal() {
    let mut report = report_on(&[capture("two-subflows.pcap")]);
    report.inputs[0].path = "evil\u{1b}[2J\u{7}\n.pcap".to_owned();
    let text = text_of(&report, &TextOptions::default());
    assert!(text.starts_with("evil\\u{1b}[2J\\u{7}\\n.pcap"));
}

#[test]
fn an_empty_trace_has_all_keys() {
    let tracker = Tracker::new(Limits::default(), 1);
    let report = Report::build(&tracker.trace(), &[], None);
    let report: Value = serde_json::to_value(&report).unwrap();
    assert_eq!(report["totals"]["options"]["MP_TCPRST"], 0);
    assert_eq!(report["packet_refs"], Value::Object(serde_json::Map::new()));
}

/// The report on each capture of the project.
fn reports() -> impl Iterator<Item = (PathBuf, Report)> {
    let paths = files::sorted(&captures());
    assert!(!paths.is_empty());
    paths.into_iter().map(|path| {
        let report = report_on(std::slice::from_ref(&path));
        (path, report)
    })
}

fn report_on(paths: &[PathBuf]) -> Report {
    let inputs: Vec<_> = paths.iter().cloned().map(InputPath::File).collect();
    let mut capture = Capture::open(&inputs).unwrap();
    let mut tracker = Tracker::new(Limits::default(), 1);
    tracker.keep_streams(StreamUse::Hash);
    while let Some(frame) = capture.next_frame() {
        tracker.push(&decode(&frame));
    }
    let facts: Vec<_> = capture.inputs().iter().map(facts).collect();
    let several = paths.len() > 1;
    let lookup = |number: mptcpscope::internals::wire::frame::PacketNo| {
        several.then_some(PacketRef(0, number.0))
    };
    Report::build(&tracker.trace(), &facts, Some(&lookup))
}

/// The path without its folders.
fn facts(status: &InputStatus) -> InputStats {
    InputStats { path: files::name(status.path.as_ref()), ..fuzz_targets::facts(status) }
}

fn text_of(report: &Report, options: &TextOptions) -> String {
    let mut out = Vec::new();
    text::write(report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn capture(name: &str) -> PathBuf {
    captures().join(name)
}

fn captures() -> PathBuf {
    testdata::path("captures")
}
