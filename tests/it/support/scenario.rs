//! Scenarios: connections in words (`testdata/scenarios/*.toml`), their frames, and what the report
//! on them must say. `testdata/scenarios/README.md` has the language.

mod expect;
mod frame;
mod option;
mod script;
mod state;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use mptcpscope::internals::analyze::finding::Selection;
use mptcpscope::internals::host::HostSnapshot;
use mptcpscope::internals::report::{InputStats, Report};
use mptcpscope::internals::track::role::Role;
use mptcpscope::internals::track::stream::StreamUse;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::segment::decode;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) use script::Recorded;
use script::Script;
use state::{Connection, ConnectionSettings, SubflowSettings};

/// A scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// What it shows, in words.
    #[expect(dead_code, reason = "for whoever reads the file")]
    name: String,
    /// Why it is not expected to pass yet.
    pub(crate) ignore: Option<String>,
    /// By connection: `A`.
    #[serde(default)]
    connection: BTreeMap<String, ConnectionSettings>,
    /// By subflow: `A0`.
    #[serde(default)]
    subflow: BTreeMap<String, SubflowSettings>,
    /// What one of the hosts says of itself.
    host: Option<HostSnapshot>,
    /// The segments, one a line.
    pub(crate) segments: String,
    pub(crate) expect: Expectations,
}

/// What is expected of the report.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectations {
    /// Parts of the JSON report by their paths.
    #[serde(default)]
    report: BTreeMap<String, toml::Value>,
    /// Streams, by path, that are whole and hash like so many bytes sent.
    #[serde(default)]
    stream: BTreeMap<String, u64>,
    /// How many events there are of a kind, over all connections.
    #[serde(default)]
    events: BTreeMap<String, usize>,
    /// Findings that there must be, in any order, with what is given of them.
    #[serde(default)]
    pub(crate) finding: Vec<BTreeMap<String, toml::Value>>,
    /// Codes that must not be among the findings.
    #[serde(default)]
    pub(crate) silent: Vec<String>,
    /// With the notes that are off by default.
    #[serde(default)]
    strict: bool,
}

/// What became of the segments of a scenario.
pub(crate) struct Played {
    pub(crate) frames: Vec<Recorded>,
    connections: BTreeMap<char, Connection>,
}

impl Scenario {
    /// Reads a scenario.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// Makes the frames. Another `seed` makes other keys.
    pub(crate) fn play(&self, seed: u64) -> Result<Played> {
        let mut script = Script::new(self.connection.clone(), self.subflow.clone(), seed);
        script.run(&self.segments)?;
        Ok(Played { frames: script.frames, connections: script.connections })
    }

    /// Whether another seed changes nothing but numbers: no key and no number is given.
    pub(crate) fn is_free(&self) -> bool {
        let fixed = self.connection.values().any(|settings| {
            settings.client_key.is_some()
                || settings.server_key.is_some()
                || settings.client_idsn.is_some()
                || settings.server_idsn.is_some()
        });
        !(fixed || self.segments.contains("0x"))
    }

    /// Plays the scenario and compares the report with what is expected: every difference.
    pub(crate) fn check(&self) -> Result<Vec<String>> {
        let played = self.play(0)?;
        let report =
            serde_json::to_value(report_as(&played.frames, self.expect.strict, self.host.clone()))?;
        let mut differences = Vec::new();
        let mut note = |outcome: Result<()>| {
            differences.extend(outcome.err().map(|error| error.to_string()));
        };
        ensure!(
            !(self.expect.report.is_empty()
                && self.expect.stream.is_empty()
                && self.expect.finding.is_empty()
                && self.expect.silent.is_empty()),
            "nothing is expected"
        );
        for (path, wanted) in &self.expect.report {
            note(expect::compare(&report, path, wanted));
        }
        for (path, bytes) in &self.expect.stream {
            note(played.compare_stream(&report, path, *bytes));
        }
        for (kind, wanted) in &self.expect.events {
            expect::check_kind(kind)?;
            let found = expect::count_events(&report, kind);
            note(if found == *wanted {
                Ok(())
            } else {
                Err(anyhow::anyhow!("{found} events of kind {kind}, and should be {wanted}"))
            });
        }
        for wanted in &self.expect.finding {
            note(expect::find_finding(&report, wanted));
        }
        for code in &self.expect.silent {
            note(expect::check_silent(&report, code));
        }
        note(expect::check_scopes(&report));
        Ok(differences)
    }
}

impl Played {
    /// Whether the stream at `path`, `connections[0].c2s` or like it, is the first `bytes` of what
    /// its host sent.
    fn compare_stream(&self, report: &Value, path: &str, bytes: u64) -> Result<()> {
        let index = path.strip_prefix("connections[").and_then(|rest| rest.split_once("]."));
        let (index, direction) = index.context("a stream is connections[N].c2s or .s2c")?;
        let letter = self.connections.keys().nth(index.parse()?).context("no such connection")?;
        let role = match direction {
            "c2s" => Role::Client,
            "s2c" => Role::Server,
            _ => anyhow::bail!("'{direction}' is no direction"),
        };
        let sent = self.connections[letter].hosts.of(role).stream(0, bytes);
        let digits = super::hex(&Sha256::digest(&sent));
        let stream = expect::at(report, path)?;
        ensure!(
            stream["stream_bytes"] == bytes,
            "{path}.stream_bytes: is {}, and should be {bytes}",
            stream["stream_bytes"]
        );
        ensure!(
            stream["sha256"] == Value::String(digits),
            "{path}.sha256: is {}, and is not that of the {bytes} octets sent",
            stream["sha256"]
        );
        Ok(())
    }
}

/// The files of all scenarios.
pub(crate) fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    files
}

/// The report on frames, as one capture.
pub(crate) fn report(frames: &[Recorded]) -> Report {
    report_as(frames, false, None)
}

fn report_as(frames: &[Recorded], strict: bool, host: Option<HostSnapshot>) -> Report {
    let mut tracker = tracker();
    for (recorded, number) in frames.iter().zip(1..) {
        tracker.push(&decode(&recorded.frame(number)));
    }
    let wanted = Selection { strict, host, ..Selection::default() };
    Report::build_with(&tracker.trace(), &facts(frames), None, &wanted)
}

/// An empty tracker that hashes streams.
pub(crate) fn tracker() -> Tracker {
    let mut tracker = Tracker::new(Limits::default(), 1);
    tracker.keep_streams(StreamUse::Hash);
    tracker
}

/// What is known of the inputs that frames came from.
pub(crate) fn facts(frames: &[Recorded]) -> Vec<InputStats> {
    let inputs = frames.iter().map(|recorded| recorded.point.input).max().unwrap_or(0);
    let facts = |input| {
        let own = || frames.iter().filter(move |recorded| recorded.point.input == input);
        InputStats {
            path: format!("{input}"),
            packets: own().count() as u64,
            first: own().map(|recorded| recorded.at).min(),
            last: own().map(|recorded| recorded.at).max(),
            ..InputStats::default()
        }
    };
    (0..=inputs).map(facts).collect()
}
