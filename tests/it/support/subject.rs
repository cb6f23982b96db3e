//! The frames of a capture or of a scenario.

use std::fs;
use std::path::Path;

use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::report::{InputStats, Report};
use mptcpscope::internals::wire::frame::{Frame, LinkType};
use mptcpscope::internals::wire::segment::decode;

use super::scenario::{self, Recorded, Scenario};
use super::{files, testdata};

/// Frames to be reported on.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) frames: Vec<Linked>,
}

/// A frame with its link type.
#[derive(Clone)]
pub(crate) struct Linked {
    pub(crate) recorded: Recorded,
    link_type: LinkType,
}

impl Linked {
    pub(crate) fn frame(&self, number: u64) -> Frame<'_> {
        Frame { link_type: self.link_type, ..self.recorded.frame(number) }
    }
}

impl Subject {
    /// A capture, if there is one.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let mut capture = Capture::open(&[InputPath::File(path.to_owned())]).ok()?;
        let mut frames = Vec::new();
        while let Some(frame) = capture.next_frame() {
            let recorded = Recorded {
                at: frame.timestamp,
                point: frame.point,
                wire_len: frame.wire_len,
                bytes: frame.data.to_vec(),
            };
            frames.push(Linked { recorded, link_type: frame.link_type });
        }
        Some(Self { name: path.display().to_string(), frames })
    }

    /// The report on them, as one capture.
    pub(crate) fn report(&self) -> Report {
        let mut tracker = scenario::tracker();
        for (frame, number) in self.frames.iter().zip(1..) {
            tracker.push(&decode(&frame.frame(number)));
        }
        Report::build(&tracker.trace(), &self.facts(), None)
    }

    /// What is known of the inputs that they came from.
    pub(crate) fn facts(&self) -> Vec<InputStats> {
        let recorded: Vec<_> = self.frames.iter().map(|frame| frame.recorded.clone()).collect();
        scenario::facts(&recorded)
    }

    fn play(file: &Path) -> Self {
        let scenario = Scenario::parse(&fs::read_to_string(file).unwrap()).unwrap();
        let frames = scenario.play(0).unwrap().frames.into_iter();
        let frames = frames.map(|recorded| Linked { recorded, link_type: LinkType::RAW });
        Self { name: file.display().to_string(), frames: frames.collect() }
    }
}

/// All captures of testdata and all scenarios.
pub(crate) fn subjects() -> impl Iterator<Item = Subject> {
    let captures = files::sorted(&testdata::path("captures")).into_iter();
    let captures = captures.map(|path| Subject::read(&path).unwrap());
    captures.chain(scenario::files().into_iter().map(|file| Subject::play(&file)))
}
