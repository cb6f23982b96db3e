//! Captures that lack packets, a direction, a path or octets, against the whole one: nothing is told
//! that is not so.

mod cuts;
mod octets;
mod told;
mod whole;

use std::fs;
use std::path::Path;

use cuts::parts;
use whole::Whole;

use crate::support::corpus::corpus;
use crate::support::files::captures_below;
use crate::support::testdata::{self, OwnedFrame};

#[test]
fn parts_of_captures_of_testdata_tell_nothing_wrong() {
    check(testdata::captures());
}

#[test]
#[ignore = "needs the corpus of captures"]
fn parts_of_captures_of_the_corpus_tell_nothing_wrong() {
    let corpus = corpus();
    let captures =
        ["lab", "reference", "third-party"].map(|folder| captures_below(&corpus.join(folder)));
    let wanted = std::env::var("CAPTURE").unwrap_or_default();
    let paths = captures.into_iter().flatten().filter(|path| is_read(path, &wanted));
    check(
        paths.map(|path| (path.display().to_string(), testdata::frames(fs::read(path).unwrap()))),
    );
}

fn check(captures: impl IntoIterator<Item = (String, Vec<OwnedFrame>)>) {
    let mut wrong = Vec::new();
    for (name, frames) in captures {
        let whole = Whole::new(&frames);
        for part in parts(&frames, &whole) {
            let told = told::wrong(&whole, &part.frames, part.name.contains("subflow"));
            wrong.extend(told.into_iter().map(|what| format!("{name}, {}: {what}", part.name)));
        }
    }
    assert!(wrong.is_empty(), "{} of:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is changed on purpose, so that a part of it tells another story: a key that a middlebox
/// alters, and options taken out of a path whose other one is not there.
const ODD: [&str; 2] = ["mp_key_change", "dss-stripped-midstream-two-subflows"];

/// Not the dresses of one run, of which one is enough, nor the largest ones.
fn is_read(path: &Path, wanted: &str) -> bool {
    const LARGE: u64 = 800_000;
    let is_dress = path.to_string_lossy().contains("formats/");
    let is_small = fs::metadata(path).unwrap().len() < LARGE;
    let is_odd = ODD.iter().any(|odd| path.to_string_lossy().contains(odd));
    is_small && !is_dress && !is_odd && path.to_string_lossy().contains(wanted)
}
