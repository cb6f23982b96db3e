//! The fast path through the tracker leads to the same as the general path, whatever is in a capture:
//! the same report with all findings and series, the same updates, and the same word on every segment.

use std::path::PathBuf;

use mptcpscope::internals::analyze::finding::Selection;
use mptcpscope::internals::report::Report;
use mptcpscope::internals::track::packet_class::LastPacket;
use mptcpscope::internals::track::subflow::Subflow;
use mptcpscope::internals::track::updates::Update;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::segment::decode;
use proptest::prelude::*;
use serde_json::Value;

use crate::support::corpus::corpus;
use crate::support::files;
use crate::support::subject::{Linked, Subject, subjects};
use crate::support::testdata;

#[test]
fn both_paths_agree_on_every_capture_and_scenario() {
    let (mut frames, mut on_fast_path) = (0, 0);
    for subject in subjects() {
        frames += subject.frames.len();
        on_fast_path += compare(&subject);
    }
    assert!(
        on_fast_path > frames / 4,
        "after {on_fast_path} of {frames} segments the next one may take the fast path"
    );
}

#[test]
#[ignore = "needs the corpus of captures"]
fn both_paths_agree_on_the_corpus() {
    let folder = corpus();
    for scenario in files::sorted(&folder.join("lab")) {
        for end in ["client.pcap", "server.pcap"] {
            if let Some(subject) = Subject::read(&scenario.join(end)) {
                compare(&subject);
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
        compare(&Subject { frames, ..subject });
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

/// Compares both paths; says after how many segments the next one may take the fast path.
#[track_caller]
fn compare(subject: &Subject) -> usize {
    let [fast, general] = [true, false].map(|may_be_fast| Observed::of(subject, may_be_fast));
    assert_eq!(general.on_fast_path, 0);
    assert_eq!(fast.pushed, general.pushed, "{}", subject.name);
    assert_eq!(fast.updates, general.updates, "{}", subject.name);
    assert!(
        fast.report == general.report,
        "{}: {:#}\n{:#}",
        subject.name,
        fast.report,
        general.report
    );
    fast.on_fast_path
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
    fn of(subject: &Subject, may_be_fast: bool) -> Self {
        let mut tracker = Tracker::new(Limits::default(), 1);
        tracker.keep_series();
        tracker.keep_updates();
        tracker.keep_last_packet();
        if !may_be_fast {
            tracker.disable_fast_path();
        }
        let (mut pushed, mut updates, mut on_fast_path) = (Vec::new(), Vec::new(), 0);
        for (frame, number) in subject.frames.iter().zip(1..) {
            tracker.push(&decode(&frame.frame(number)));
            let last = tracker.last_packet();
            let subflow = last.map(|last| tracker.trace().subflow(last.subflow));
            on_fast_path += usize::from(subflow.is_some_and(Subflow::may_take_fast_path));
            pushed.push(last);
            tracker.take_updates(&mut updates);
        }
        let wanted = Selection { strict: true, ..Selection::default() };
        let facts = subject.facts();
        let report = Report::build_with_series(&tracker.trace(), &facts, None, &wanted);
        Self { report: serde_json::to_value(report).unwrap(), pushed, updates, on_fast_path }
    }
}

fn capture_paths() -> Vec<PathBuf> {
    files::sorted(&testdata::path("captures"))
}
