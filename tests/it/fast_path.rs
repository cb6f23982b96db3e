//! The fast path through the tracker leads to the same as the general path, whatever is in a capture:
//! the same report with all findings and series, the same updates, and the same word on every segment.

use std::fs;
use std::path::{Path, PathBuf};

use mptcpscope::internals::analyze::finding::Selection;
use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::report::Report;
use mptcpscope::internals::track::packet_class::LastPacket;
use mptcpscope::internals::track::subflow::Subflow;
use mptcpscope::internals::track::updates::Update;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::frame::{Frame, LinkType};
use mptcpscope::internals::wire::segment::decode;
use proptest::prelude::*;
use serde_json::Value;

use crate::support::corpus;
use crate::support::scenario::{self, Recorded, Scenario};

#[test]
fn both_paths_agree_on_every_capture_and_scenario() {
    let (mut frames, mut on_fast_path) = (0, 0);
    for subject in captures().chain(scenarios()) {
        frames += subject.frames.len();
        on_fast_path += subject.compare(&subject.frames);
    }
    assert!(
        on_fast_path > frames / 4,
        "after {on_fast_path} of {frames} segments the next one may take the fast path"
    );
}

#[test]
#[ignore = "needs the corpus of captures"]
fn both_paths_agree_on_the_corpus() {
    let folder = corpus::corpus();
    for scenario in corpus::sorted(&folder.join("lab")) {
        for end in ["client.pcap", "server.pcap"] {
            if let Some(subject) = Subject::read(&scenario.join(end)) {
                subject.compare(&subject.frames);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Segments lost, swapped, sent or captured again, and options cut off.
    #[test]
    fn both_paths_agree_on_damaged_captures(
        chosen in any::<prop::sample::Index>(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..30),
    ) {
        let names = capture_paths();
        let Some(subject) = Subject::read(chosen.get(names.as_slice()).as_path()) else { return Ok(()) };
        let mut frames = subject.frames.clone();
        for (at, damage) in damages {
            if !frames.is_empty() {
                damage.apply(&mut frames, at);
            }
        }
        subject.compare(&frames);
    }
}

/// What can happen to a frame.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Lost,
    Later(usize),
    Again { after: usize, elsewhere: bool },
    Cut(usize),
    Flipped { byte: usize, bit: u8 },
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::Lost),
        (1..8usize).prop_map(Damage::Later),
        (1..8usize, any::<bool>())
            .prop_map(|(after, elsewhere)| Damage::Again { after, elsewhere }),
        (54..110usize).prop_map(Damage::Cut),
        (34..110usize, 0..8u8).prop_map(|(byte, bit)| Damage::Flipped { byte, bit }),
    ]
}

impl Damage {
    fn apply(self, frames: &mut Vec<Linked>, at: prop::sample::Index) {
        let at = at.index(frames.len());
        match self {
            Self::Lost => {
                frames.remove(at);
            }
            Self::Later(by) => {
                let frame = frames.remove(at);
                frames.insert((at + by).min(frames.len()), frame);
            }
            Self::Again { after, elsewhere } => {
                let mut copy = frames[at].clone();
                let to = (at + after).min(frames.len());
                copy.recorded.at = frames[to - 1].recorded.at;
                copy.recorded.point.interface += u16::from(elsewhere);
                frames.insert(to, copy);
            }
            Self::Cut(len) => frames[at].recorded.bytes.truncate(len),
            Self::Flipped { byte, bit } => {
                if let Some(byte) = frames[at].recorded.bytes.get_mut(byte) {
                    *byte ^= 1 << bit;
                }
            }
        }
    }
}

/// Frames of one capture.
struct Subject {
    name: String,
    frames: Vec<Linked>,
}

/// A frame with its link type.
#[derive(Clone)]
struct Linked {
    recorded: Recorded,
    link_type: LinkType,
}

impl Linked {
    fn frame(&self, number: u64) -> Frame<'_> {
        Frame { link_type: self.link_type, ..self.recorded.frame(number) }
    }
}

impl Subject {
    fn read(path: &Path) -> Option<Self> {
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

    /// Compares both paths; says after how many segments the next one may take the fast path.
    #[track_caller]
    fn compare(&self, frames: &[Linked]) -> usize {
        let [fast, general] = [true, false].map(|may_be_fast| Observed::of(frames, may_be_fast));
        assert_eq!(general.on_fast_path, 0);
        assert_eq!(fast.pushed, general.pushed, "{}", self.name);
        assert_eq!(fast.updates, general.updates, "{}", self.name);
        assert!(
            fast.report == general.report,
            "{}: {:#}\n{:#}",
            self.name,
            fast.report,
            general.report
        );
        fast.on_fast_path
    }
}

/// All that can be seen of a tracker.
struct Observed {
    report: Value,
    pushed: Vec<Option<LastPacket>>,
    updates: Vec<Update>,
    /// Segments after which the next one may take the fast path.
    on_fast_path: usize,
}

impl Observed {
    fn of(frames: &[Linked], may_be_fast: bool) -> Self {
        let mut tracker = Tracker::new(Limits::default(), 1);
        tracker.keep_series();
        tracker.keep_updates();
        tracker.keep_last_packet();
        if !may_be_fast {
            tracker.disable_fast_path();
        }
        let (mut pushed, mut updates, mut on_fast_path) = (Vec::new(), Vec::new(), 0);
        for (frame, number) in frames.iter().zip(1..) {
            tracker.push(&decode(&frame.frame(number)));
            let last = tracker.last_packet();
            let subflow = last.map(|last| tracker.trace().subflow(last.subflow));
            on_fast_path += usize::from(subflow.is_some_and(Subflow::may_take_fast_path));
            pushed.push(last);
            tracker.take_updates(&mut updates);
        }
        let recorded: Vec<_> = frames.iter().map(|frame| frame.recorded.clone()).collect();
        let wanted = Selection { strict: true, ..Selection::default() };
        let facts = scenario::facts(&recorded);
        let report = Report::build_with_series(&tracker.trace(), &facts, None, &wanted);
        Self { report: serde_json::to_value(report).unwrap(), pushed, updates, on_fast_path }
    }
}

fn captures() -> impl Iterator<Item = Subject> {
    capture_paths().into_iter().filter_map(|path| Subject::read(&path))
}

fn capture_paths() -> Vec<PathBuf> {
    corpus::sorted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures"))
}

fn scenarios() -> impl Iterator<Item = Subject> {
    scenario::files().into_iter().map(|file| {
        let scenario = Scenario::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        let frames = scenario.play(0).unwrap().frames.into_iter();
        let frames = frames.map(|recorded| Linked { recorded, link_type: LinkType::RAW });
        Subject { name: file.display().to_string(), frames: frames.collect() }
    })
}
