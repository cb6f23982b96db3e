//! Captures that lack something: what is left of a whole one.

use mptcpscope::internals::track::role::Role;

use super::whole::Whole;
use crate::support::random::Random;
use crate::support::testdata::OwnedFrame;

/// A part of a capture, and what was left out.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) frames: Vec<OwnedFrame>,
}

/// All the parts that are looked at.
pub(crate) fn parts(frames: &[OwnedFrame], whole: &Whole) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |name: String, keep: &mut dyn FnMut(usize, &OwnedFrame) -> bool| {
        let kept = frames.iter().enumerate().filter(|(index, frame)| keep(*index, frame));
        let frames: Vec<_> = kept.map(|(_, frame)| frame.clone()).collect();
        parts.push(Part { name, frames });
    };
    for percent in [10, 30, 50] {
        let first = frames.len() * percent / 100;
        add(format!("without the first {percent} %"), &mut |index, _| index >= first);
    }
    for seed in 1..=3 {
        let mut random = Random::new(seed);
        add(format!("without 10 % (seed {seed})"), &mut |_, _| random.below(10) > 0);
    }
    for role in Role::BOTH {
        let sends = |frame: &OwnedFrame| whole.carrier(frame.number).map(|by| by.sender);
        add(format!("{role:?} only"), &mut |_, frame| sends(frame) == Some(role));
    }
    for owner in 0..whole.subflows().len().min(8) {
        let carries = |frame: &OwnedFrame| whole.carrier(frame.number).map(|by| by.owner);
        add(format!("subflow {owner} only"), &mut |_, frame| carries(frame) == Some(owner));
    }
    let snapped = frames.iter().cloned().map(|mut frame| {
        frame.data.truncate(96);
        frame
    });
    parts.push(Part { name: "96 octets of each".to_owned(), frames: snapped.collect() });
    parts
}
