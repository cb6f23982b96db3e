//! The corpus of captures that is not part of the project, and reports as JSON values.
//!
//! Its folder is `MPTCPSCOPE_CORPUS`, or `../shared/corpus`.

use std::fs;
use std::path::{Path, PathBuf};

use mptcpscope::internals::analyze::finding::Selection;
use mptcpscope::internals::capture::{Capture, InputPath, InputStatus};
use mptcpscope::internals::report::{InputStats, Report};
use mptcpscope::internals::track::stream::StreamUse;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::frame::Timestamp;
use mptcpscope::internals::wire::segment::decode;
use serde_json::Value;

/// The folder. A test that asks for it is `#[ignore]`d, and has `corpus` in its path.
pub(crate) fn corpus() -> PathBuf {
    let folder = std::env::var_os("MPTCPSCOPE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    assert!(folder.is_dir(), "there is no corpus of captures at {}", folder.display());
    folder
}

/// The JSON report on some captures, streams hashed.
pub(crate) fn report(captures: &[PathBuf]) -> Value {
    report_since(None, captures)
}

/// The same, with all times counted from `start`.
pub(crate) fn report_since(start: Option<Timestamp>, captures: &[PathBuf]) -> Value {
    serde_json::to_value(build_report(start, captures, &Selection::default())).unwrap()
}

/// The same, with the findings that are off by default.
pub(crate) fn strict_report(captures: &[PathBuf]) -> Value {
    let strict = Selection { strict: true, ..Selection::default() };
    serde_json::to_value(build_report(None, captures, &strict)).unwrap()
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

fn facts(status: &InputStatus) -> InputStats {
    InputStats {
        path: status.path.clone(),
        format: status.format.to_string(),
        packets: status.packets,
        first: status.first,
        last: status.last,
        cut_short: status.cut_short,
        ..InputStats::default()
    }
}

/// The files and folders in `folder`, in order.
pub(crate) fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// A JSON file.
pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The last part of a path.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
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
