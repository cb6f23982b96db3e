//! Captures of which it is easy to say something wrong, and what is true of each: `truth.md` stands beside them.
//!
//! ```ignore
//! Told::of("c03_ecmp_closed_port/client.pcap")
//!     .finds(&["warning likely join-misrouted c2s sf1 #26 #27 address=10.1.1.2 port=5001"])
//!     .never(&["join-port-closed"])
//!     .says("another server");
//! ```
//!
//! A line names severity, confidence and code of a finding and, in any order, what else is expected of it:
//! `c2s` `s2c` its direction · `sf1` its subflow · `x2` its count · `<single-path` what it is an effect of ·
//! `#26 #27` all of its packets · `name=value` one of its `params` (`_` is a blank there). `finds` fails as
//! well if there is a warning or an error that no line is about; notes are looked for only if a line asks.

mod capture;
mod closing;
mod handshake;
mod joins;
mod paths;
mod roads;
mod stalls;

use serde_json::Value;

use crate::support::corpus::corpus;
use crate::support::reports::{Beside, array, report_beside};

/// What the report tells of a capture.
pub(super) struct Told {
    file: String,
    report: Value,
}

impl Told {
    /// Of a capture below `faults`.
    pub(super) fn of(file: &str) -> Self {
        Self::beside(file, &Beside::default())
    }

    /// … and of what the client says of itself, with `--host`.
    pub(super) fn with_host(file: &str) -> Self {
        let capture = corpus().join("faults").join(file);
        let host = Some(capture.with_file_name("host-c.json"));
        Self::beside(file, &Beside { host, ..Beside::default() })
    }

    /// … with `--strict`.
    pub(super) fn strict(file: &str) -> Self {
        Self::beside(file, &Beside { strict: true, ..Beside::default() })
    }

    fn beside(file: &str, beside: &Beside) -> Self {
        let capture = corpus().join("faults").join(file);
        Self { file: file.to_owned(), report: report_beside(&[capture], beside) }
    }

    /// The report as JSON, for all that is no finding.
    pub(super) const fn report(&self) -> &Value {
        &self.report
    }

    /// There are these findings, and no other warnings and errors.
    pub(super) fn finds(self, lines: &[&str]) -> Self {
        let findings = array(&self.report["findings"]);
        let mut unclaimed: Vec<&Value> = findings.iter().collect();
        let mut lacking = Vec::new();
        for line in lines {
            match unclaimed.iter().position(|finding| is_like(finding, line)) {
                Some(index) => drop(unclaimed.remove(index)),
                None => lacking.push(*line),
            }
        }
        unclaimed.retain(|finding| finding["severity"] != "note");
        assert!(
            lacking.is_empty() && unclaimed.is_empty(),
            "{}: lacks {lacking:#?}, and has {:#?} too many; found were {:#?}",
            self.file,
            shown(unclaimed),
            shown(findings)
        );
        self
    }

    /// There is no finding of these codes, whatever its severity.
    pub(super) fn never(self, codes: &[&str]) -> Self {
        let findings = array(&self.report["findings"]).iter();
        let wrong = findings.filter(|found| codes.iter().any(|code| found["code"] == *code));
        let wrong = shown(wrong);
        assert!(wrong.is_empty(), "{}: {wrong:#?}", self.file);
        self
    }

    /// These words are in a summary, an advice or a verdict.
    pub(super) fn says(self, words: &str) -> Self {
        let sentences = self.sentences();
        let said = sentences.iter().any(|sentence| sentence.contains(words));
        assert!(said, "{}: '{words}' is not said in {sentences:#?}", self.file);
        self
    }

    /// These words are in none of them.
    pub(super) fn never_says(self, words: &str) -> Self {
        let sentences = self.sentences();
        let said: Vec<_> = sentences.iter().filter(|sentence| sentence.contains(words)).collect();
        assert!(said.is_empty(), "{}: '{words}' is said: {said:#?}", self.file);
        self
    }

    fn sentences(&self) -> Vec<&str> {
        let findings = array(&self.report["findings"]).iter();
        let said =
            findings.flat_map(|finding| [&finding["summary"], &finding["why"], &finding["advice"]]);
        let verdicts = array(&self.report["connections"]).iter();
        said.chain(verdicts.map(|connection| &connection["verdict"]))
            .filter_map(Value::as_str)
            .collect()
    }
}

/// Whether a finding is what a line expects.
fn is_like(finding: &Value, line: &str) -> bool {
    let own = words(finding);
    let wanted: Vec<_> = line.split(' ').collect();
    let packets = |words: &[&str]| -> Vec<String> {
        let packets = words.iter().filter(|word| word.starts_with('#'));
        packets.map(|word| (*word).to_owned()).collect()
    };
    let own: Vec<_> = own.iter().map(String::as_str).collect();
    let asked = packets(&wanted);
    wanted.iter().all(|word| own.contains(word)) && (asked.is_empty() || asked == packets(&own))
}

/// All that a line can say of a finding.
fn words(finding: &Value) -> Vec<String> {
    let name = |field: &str| finding[field].as_str().map(str::to_owned);
    let mut words: Vec<_> =
        ["severity", "confidence", "code", "direction"].into_iter().filter_map(name).collect();
    words.extend(finding["subflow"].as_u64().map(|number| format!("sf{number}")));
    words.push(format!("x{}", finding["count"]));
    words.extend(name("because").map(|code| format!("<{code}")));
    words.extend(array(&finding["packets"]).iter().map(|packet| format!("#{packet}")));
    for (name, value) in finding["params"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        words.push(format!("{name}={}", value.replace(' ', "_")));
    }
    words
}

/// Findings as lines that would expect them, with their summaries.
fn shown<'a>(findings: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let line = |finding: &Value| format!("{} -- {}", words(finding).join(" "), finding["summary"]);
    findings.into_iter().map(line).collect()
}
