//! Which capture raises which findings (`testdata/findings.toml`): the captures of testdata, and
//! those of the corpus where it is there.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/corpus.rs"]
mod corpus;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use corpus::{name, sorted, text};

#[derive(Deserialize)]
struct Table {
    /// What raises no warning and no error: section and beginning of the name.
    healthy: Vec<String>,
    /// By section: capture → `severity code`.
    #[serde(flatten)]
    sections: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

fn table() -> Table {
    toml::from_str(&std::fs::read_to_string(testdata().join("findings.toml")).unwrap()).unwrap()
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

#[test]
fn captures_of_testdata_raise_what_the_table_says() {
    check("testdata", &testdata().join("captures"));
}

#[test]
fn captures_of_the_lab_raise_what_the_table_says() {
    let Some(corpus) = corpus::corpus() else { return };
    check("lab", &corpus.join("lab"));
}

#[test]
fn reference_captures_raise_what_the_table_says() {
    let Some(corpus) = corpus::corpus() else { return };
    check("reference", &corpus.join("reference"));
}

#[test]
fn captures_of_others_raise_what_the_table_says() {
    let Some(corpus) = corpus::corpus() else { return };
    check("third-party", &corpus.join("third-party"));
}

#[test]
fn healthy_captures_raise_no_warning_and_no_error() {
    let table = table();
    for healthy in &table.healthy {
        let (section, prefix) = healthy.split_once('/').unwrap();
        let rows = table.sections[section].iter().filter(|(name, _)| name.starts_with(prefix));
        let rows: Vec<_> = rows.collect();
        assert!(!rows.is_empty(), "{healthy} is not in the table");
        for (name, raised) in rows {
            assert!(raised.iter().all(|finding| is_note(finding)), "{section}/{name}: {raised:?}");
        }
    }
}

/// tshark takes every display filter that a finding gives, and it shows the packets in question.
#[test]
fn display_filters_are_those_of_wireshark() {
    let captures = captures_below(&testdata().join("captures"));
    let mut filters = BTreeSet::new();
    let mut shown = None;
    for capture in &captures {
        let report = corpus::report(std::slice::from_ref(capture));
        for finding in corpus::array(&report["findings"]) {
            let Some(filter) = finding["wireshark_filter"].as_str() else { continue };
            filters.insert(format!("({filter})"));
            let packet = finding["packets"].get(0).and_then(serde_json::Value::as_u64);
            shown = shown.or(packet.map(|packet| (capture, filter.to_owned(), packet)));
        }
    }
    let (capture, filter, packet) = shown.unwrap();
    let all = filters.into_iter().collect::<Vec<_>>().join(" || ");
    let (Some(found), Some(_)) = (tshark(capture, &filter), tshark(capture, &all)) else {
        eprintln!("skipped: tshark is not installed");
        return;
    };
    assert!(found.contains(&packet), "{filter} does not show packet {packet}: {found:?}");
}

/// The packets that a filter shows.
fn tshark(capture: &Path, filter: &str) -> Option<Vec<u64>> {
    let mut tshark = std::process::Command::new("tshark");
    tshark.arg("-r").arg(capture).args(["-Y", filter, "-T", "fields", "-e", "frame.number"]);
    let output = tshark.output().ok()?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{filter}: {complaint}");
    let numbers = String::from_utf8(output.stdout).unwrap();
    Some(numbers.lines().map(|line| line.parse().unwrap()).collect())
}

/// Every capture below `folder` has its row, raises all of it, and no other warning or error.
fn check(section: &str, folder: &Path) {
    let table = table();
    let rows = &table.sections[section];
    let mut differences = Vec::new();
    let mut seen = BTreeSet::new();
    for capture in captures_below(folder) {
        let path = capture.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        let raised = raised_by(&capture);
        let Some(wanted) = rows.get(&path) else {
            differences.push(format!("{path} has no row; it raises {raised:?}"));
            continue;
        };
        for lacking in wanted.difference(&raised) {
            differences.push(format!("{path}: does not raise {lacking}"));
        }
        for surplus in raised.difference(wanted).filter(|finding| !is_note(finding)) {
            differences.push(format!("{path}: raises {surplus}"));
        }
        seen.insert(path);
    }
    let missing = rows.keys().filter(|path| !seen.contains(*path));
    differences.extend(missing.map(|path| format!("{path} is not there")));
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

fn raised_by(capture: &Path) -> BTreeSet<String> {
    let report = corpus::report(&[capture.to_owned()]);
    let findings = corpus::array(&report["findings"]).iter();
    let named =
        findings.map(|found| format!("{} {}", text(&found["severity"]), text(&found["code"])));
    named.collect()
}

fn is_note(finding: &str) -> bool {
    finding.starts_with("note ")
}

fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in sorted(folder) {
        if name(&path) == "tcpdump-expected" {
            // Copies of captures beside what tcpdump says of them.
        } else if path.is_dir() {
            found.extend(captures_below(&path));
        } else if is_capture(&path) {
            found.push(path);
        }
    }
    found
}

fn is_capture(path: &Path) -> bool {
    let name = name(path);
    [".pcap", ".pcapng", ".pcap.gz"].iter().any(|end| name.ends_with(end))
}
