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
