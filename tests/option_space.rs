//! The ledger of option octets against every segment of testdata.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/testdata.rs"]
mod testdata;

use std::path::{Path, PathBuf};

use mptcpscope::wire::option_space::{Content, Ledger};
use mptcpscope::wire::segment::Segment;

#[test]
fn every_octet_of_every_header_is_accounted_for() {
    let mut segments = 0;
    for (name, frames) in testdata::captures() {
        for frame in &frames {
            let Some(segment) = frame.segment() else { continue };
            check(&name, &segment);
            segments += 1;
        }
    }
    assert!(segments > 3000, "{segments} segments");
}

#[test]
fn every_octet_of_the_corpus_is_accounted_for() {
    let Some(corpus) = corpus::corpus() else { return };
    let mut segments = 0;
    for path in captures_below(&corpus) {
        for frame in testdata::frames(std::fs::read(&path).unwrap()) {
            let Some(segment) = frame.segment() else { continue };
            check(&path.display().to_string(), &segment);
            segments += 1;
        }
    }
    assert!(segments > 50_000, "{segments} segments");
}

fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in corpus::sorted(folder) {
        if path.is_dir() {
            found.extend(captures_below(&path));
        } else if corpus::name(&path).contains(".pcap") {
            found.push(path);
        }
    }
    found
}

/// The entries of the ledger lie end to end, sum up to what the data offset says, and each option has
/// the length that its form has.
fn check(name: &str, segment: &Segment<'_>) {
    let at = format!("{name}, packet {}", segment.number.0);
    let ledger = Ledger::of(segment.options);
    assert_eq!(ledger.octets(), segment.options.declared_len, "{at}");
    let mut end = 0;
    for entry in &ledger.entries {
        assert_eq!(entry.offset, end, "{at}");
        end += entry.octets;
        if let Content::Block(block) = entry.content {
            assert_eq!(block.octets(), entry.octets, "{at}: {block:?}");
        }
    }
    let octets: u8 = ledger.blocks().iter().map(|block| block.octets()).sum();
    let is_whole = ledger.entries.iter().all(|entry| entry.content != Content::Unreadable);
    assert!(!is_whole || octets + ledger.padding() == ledger.octets(), "{at}");
}
