//! Which capture raises which findings (`testdata/findings.toml`), and what the warnings and errors
//! among them rest on (`testdata/findings.tsv`): the captures of testdata, and those of the corpus.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use mptcpscope::internals::analyze::explain;
use mptcpscope::internals::analyze::finding::{Code, Needs};

use crate::support::corpus::corpus;
use crate::support::files::captures_below;
use crate::support::reports::{self, number, text};
use crate::support::testdata::{self, checked_in};

#[derive(Deserialize)]
struct Table {
    /// What raises no warning and no error: section and beginning of the name.
    healthy: Vec<String>,
    /// By code that is off by default: the captures that raise it.
    strict: BTreeMap<String, BTreeSet<String>>,
    /// By the first broken link: the captures in which only one path was used.
    #[serde(rename = "single-path")]
    single_path: BTreeMap<String, BTreeSet<String>>,
    /// By section: capture → `severity code`.
    #[serde(flatten)]
    sections: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

fn table() -> Table {
    toml::from_str(&std::fs::read_to_string(testdata::path("findings.toml")).unwrap()).unwrap()
}

#[test]
fn captures_of_testdata_raise_what_the_table_says() {
    check("testdata", &testdata::path("captures"));
}

#[test]
#[ignore = "needs the corpus of captures"]
fn lab_captures_of_the_corpus_raise_what_the_table_says() {
    let corpus = corpus();
    check("lab", &corpus.join("lab"));
}

#[test]
#[ignore = "needs the corpus of captures"]
fn reference_captures_of_the_corpus_raise_what_the_table_says() {
    let corpus = corpus();
    check("reference", &corpus.join("reference"));
}

#[test]
#[ignore = "needs the corpus of captures"]
fn third_party_captures_of_the_corpus_raise_what_the_table_says() {
    let corpus = corpus();
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

/// A code that is off by default has a row, even if no capture raises it.
#[test]
fn every_code_that_is_off_by_default_has_a_row() {
    let strict = Code::ALL.iter().filter(|code| code.is_strict());
    let strict: BTreeSet<_> = strict.map(|code| code.name().to_owned()).collect();
    assert_eq!(table().strict.into_keys().collect::<BTreeSet<_>>(), strict);
}

/// `docs/findings.md` has a row for every code, as `explain` lists them. `UPDATE=1 cargo test --test it
/// findings::` writes them anew.
#[test]
fn the_table_of_findings_is_that_of_the_code() {
    const HEAD: &str = "|---|---|---|---|---|---|\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, _) = text.split_once(HEAD).unwrap();
    let rows: String = explain::codes().map(|code| row(code) + "\n").collect();
    assert_eq!(rows.lines().count(), Code::ALL.len());
    let made = format!("{before}{HEAD}{rows}");
    let text = String::from_utf8(checked_in(&path, made.as_bytes())).unwrap();
    for (shown, row) in text.lines().zip(made.lines()) {
        assert_eq!(shown, row);
    }
    assert_eq!(text, made);
}

fn row(code: Code) -> String {
    let info = code.info();
    let severity = format!("{:?}", info.severity).to_lowercase();
    let scope = format!("{:?}", info.scope).to_lowercase();
    let strict = if info.strict { ", `--strict`" } else { "" };
    let needs = match info.needs {
        Needs::OneCapture => "one capture",
        Needs::HostCounters => "one capture, better with `--host`",
        Needs::TwoCaptures => "two captures",
    };
    let headline = explain::headline(code).replace('|', "\\|");
    format!(
        "| `{code}` | {severity}{strict} | {scope} | {needs} | {headline} | {} |",
        info.reference
    )
}

/// tshark takes every display filter that a finding gives, and it shows the packets in question.
#[test]
#[ignore = "needs tshark"]
fn tshark_takes_the_display_filters() {
    let captures = captures_below(&testdata::path("captures"));
    let mut filters = BTreeSet::new();
    let mut shown = None;
    for capture in &captures {
        let report = reports::report(std::slice::from_ref(capture));
        for finding in reports::array(&report["findings"]) {
            let Some(filter) = finding["wireshark_filter"].as_str() else { continue };
            filters.insert(format!("({filter})"));
            let packet = finding["packets"].get(0).and_then(serde_json::Value::as_u64);
            shown = shown.or(packet.map(|packet| (capture, filter.to_owned(), packet)));
        }
    }
    let (capture, filter, packet) = shown.unwrap();
    let all = filters.into_iter().collect::<Vec<_>>().join(" || ");
    tshark(capture, &all);
    let found = tshark(capture, &filter);
    assert!(found.contains(&packet), "{filter} does not show packet {packet}: {found:?}");
}

/// The packets that a filter shows.
fn tshark(capture: &Path, filter: &str) -> Vec<u64> {
    let mut tshark = std::process::Command::new("tshark");
    tshark.arg("-r").arg(capture).args(["-Y", filter, "-T", "fields", "-e", "frame.number"]);
    let output = tshark.output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{filter}: {complaint}");
    let numbers = String::from_utf8(output.stdout).unwrap();
    numbers.lines().map(|line| line.parse().unwrap()).collect()
}

/// Every capture below `folder` raises what stands in its row and nothing else, of the notes that are
/// off by default those that name it, and warnings and errors with their evidence.
fn check(section: &str, folder: &Path) {
    let table = table();
    let rows = &table.sections[section];
    let mut differences = Vec::new();
    let mut seen = BTreeSet::new();
    let mut evidence = BTreeSet::new();
    // Copies of captures beside what tcpdump says of them.
    let is_copy = |path: &PathBuf| path.parent().is_some_and(|at| at.ends_with("tcpdump-expected"));
    for capture in captures_below(folder).into_iter().filter(|path| !is_copy(path)) {
        let path = capture.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        let full = format!("{section}/{path}");
        let report = reports::strict_report(std::slice::from_ref(&capture));
        let found = reports::array(&report["findings"]);
        let (strict, raised): (BTreeSet<_>, BTreeSet<_>) =
            found.iter().map(in_short).partition(|finding| is_strict(finding));
        match rows.get(&path) {
            Some(wanted) => compare(&mut differences, &full, wanted, &raised),
            None => differences.push(format!("{full} has no row; it raises {raised:?}")),
        }
        let named = table.strict.iter().filter(|(_, captures)| captures.contains(&full));
        let named = named.map(|(code, _)| format!("note {code}")).collect();
        compare(&mut differences, &full, &named, &strict);
        let link = found.iter().find(|finding| text(&finding["code"]) == "single-path");
        let link = link.map(|finding| text(&finding["params"]["link"]).to_owned());
        let named = table.single_path.iter().filter(|(_, captures)| captures.contains(&full));
        let named = named.map(|(link, _)| link.clone()).collect();
        compare(&mut differences, &full, &named, &link.into_iter().collect());
        let grave = found.iter().filter(|finding| !is_note(&in_short(finding)));
        evidence.extend(grave.map(|finding| in_full(&full, finding)));
        seen.insert(path);
    }
    let missing = rows.keys().filter(|path| !seen.contains(*path));
    differences.extend(missing.map(|path| format!("{path} is not there")));
    let wanted = known_evidence(section);
    differences.extend(wanted.difference(&evidence).map(|line| format!("findings.tsv: -{line}")));
    differences.extend(evidence.difference(&wanted).map(|line| format!("findings.tsv: +{line}")));
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

fn compare(
    differences: &mut Vec<String>,
    path: &str,
    wanted: &BTreeSet<String>,
    raised: &BTreeSet<String>,
) {
    differences.extend(wanted.difference(raised).map(|code| format!("{path}: lacks {code}")));
    differences.extend(raised.difference(wanted).map(|code| format!("{path}: raises {code}")));
}

/// `warning single-path`.
fn in_short(finding: &serde_json::Value) -> String {
    format!("{} {}", text(&finding["severity"]), text(&finding["code"]))
}

fn is_strict(in_short: &str) -> bool {
    let (_, code) = in_short.split_once(' ').unwrap();
    code.parse::<Code>().unwrap().is_strict()
}

/// A line of findings.tsv.
fn in_full(capture: &str, finding: &serde_json::Value) -> String {
    let packets: Vec<_> =
        reports::array(&finding["packets"]).iter().map(ToString::to_string).collect();
    let parts = [
        capture,
        text(&finding["severity"]),
        text(&finding["code"]),
        text(&finding["confidence"]),
        &number(&finding["count"]).to_string(),
        if packets.is_empty() { "-" } else { &packets.join(" ") },
        finding["because"].as_str().unwrap_or("-"),
    ];
    parts.join("\t")
}

fn known_evidence(section: &str) -> BTreeSet<String> {
    let table = std::fs::read_to_string(testdata::path("findings.tsv")).unwrap();
    let section = format!("{section}/");
    table.lines().filter(|line| line.starts_with(&section)).map(str::to_owned).collect()
}

fn is_note(finding: &str) -> bool {
    finding.starts_with("note ")
}
