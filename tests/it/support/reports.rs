//! Reports as JSON values.

use std::fs;
use std::path::{Path, PathBuf};

use mptcpscope::internals::analyze::finding::Selection;
use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::report::Report;
use mptcpscope::internals::track::stream::StreamUse;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::frame::Timestamp;
use mptcpscope::internals::wire::segment::decode;
use serde_json::Value;

use super::fuzz_targets::facts;

/// The JSON report on some captures, streams hashed.
pub(crate) fn report(captures: &[PathBuf]) -> Value {
    report_since(None, captures)
}

/// The report on some captures, as the outputs get it.
pub(crate) fn built_report(captures: &[PathBuf]) -> Report {
    build_report(None, captures, &Selection::default())
}

/// The same, with all times counted from `start`.
pub(crate) fn report_since(start: Option<Timestamp>, captures: &[PathBuf]) -> Value {
    serde_json::to_value(build_report(start, captures, &Selection::default())).unwrap()
}

/// The same, with the findings that are off by default.
pub(crate) fn strict_report(captures: &[PathBuf]) -> Value {
    report_beside(captures, &Beside { strict: true, ..Beside::default() })
}

/// What a report takes into account beside the packets.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// What `mptcpscope host --json` printed.
    pub(crate) host: Option<PathBuf>,
    /// Also the findings that are off by default.
    pub(crate) strict: bool,
}

/// The JSON report on some captures and on what stands beside them.
pub(crate) fn report_beside(captures: &[PathBuf], beside: &Beside) -> Value {
    let host = beside.host.as_ref().map(|path| serde_json::from_value(read_json(path)).unwrap());
    let wanted = Selection { strict: beside.strict, host, ..Selection::default() };
    serde_json::to_value(build_report(None, captures, &wanted)).unwrap()
}

/// When the first packet of a capture was seen.
pub(crate) fn start_of(capture: &Path) -> Timestamp {
    let mut capture = Capture::open(&[InputPath::File(capture.to_owned())]).unwrap();
    capture.next_frame().unwrap().timestamp
}

fn build_report(start: Option<Timestamp>, captures: &[PathBuf], wanted: &Selection) -> Report {
    let inputs: Vec<_> = captures.iter().cloned().map(InputPath::File).collect();
    let mut capture = Capture::open(&inputs).unwrap();
    let mut tracker = Tracker::new(Limits::default(), 1);
    tracker.keep_streams(StreamUse::Hash);
    while let Some(frame) = capture.next_frame() {
        tracker.push(&decode(&frame));
    }
    let mut facts: Vec<_> = capture.inputs().iter().map(facts).collect();
    for input in facts.iter_mut().filter(|_| start.is_some()) {
        input.first = start;
    }
    Report::build_with(&tracker.trace(), &facts, None, wanted)
}

/// A JSON file.
pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A list of the report.
pub(crate) fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}"))
}

/// A string of the report.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}"))
}

/// A number of the report.
pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("not a number: {value}"))
}
