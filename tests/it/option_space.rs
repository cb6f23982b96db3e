//! The ledger of option octets against every segment there is, and what the findings about option space
//! say of every capture.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mptcpscope::internals::wire::option_space::{Content, Ledger};
use mptcpscope::internals::wire::segment::Segment;

use crate::support::corpus::corpus;
use crate::support::files::{captures_below, sorted};
use crate::support::reports;
use crate::support::testdata;

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
    assert!(segments > 1000, "{segments} segments");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn every_octet_of_the_corpus_is_accounted_for() {
    let corpus = corpus();
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

/// Captures that raise findings about option space, with what is raised and the packets; those that
/// only state what could not be announced (`add-addr-space-static`) are left out.
const RAISED: &[(&str, &str)] = &[
    // At the server, behind a link that loses and repeats segments.
    ("testdata/add-addr-v6-port-bad-link.pcap", "add-addr-no-space possible [4]"),
    ("testdata/add-addr-v6-port-idle.pcap", "add-addr-no-space likely [10]"),
    ("testdata/add-addr-v6-port.pcap", "add-addr-no-space likely [4]"),
];

/// The same in the corpus.
const RAISED_IN_CORPUS: &[(&str, &str)] = &[
    ("lab/add_addr_v6_port/client.pcap", "add-addr-no-space likely [17]"),
    ("lab/add_addr_v6_port/server.pcap", "add-addr-no-space likely [9]"),
    ("reference/addaddr-midflow-v6-port-ts1.pcap", "add-addr-no-space likely [291]"),
    ("reference/addaddr-sack-v4-port-ts1.pcap", "add-addr-evicts-sack certain [16]"),
    ("reference/addaddr-sack-v6-port-ts0.pcap", "add-addr-evicts-sack certain [16]"),
    // The link lost a segment.
    ("reference/addaddr-sack-v6-port-ts1.pcap", "add-addr-no-space possible [16]"),
    ("reference/addaddr-sack-v6-ts1.pcap", "add-addr-evicts-sack certain [16]"),
    ("reference/addaddr-v6-port-then-v6-ts1.pcap", "add-addr-no-space likely [4]"),
    ("reference/addaddr-v6-port-ts1.pcap", "add-addr-no-space likely [4]"),
    (
        "reference/synthetic-addaddr-v6-port-ts-dropped.client.pcap",
        "add-addr-timestamps-dropped certain [4]",
    ),
    ("reference/synthetic-addaddr-v6-port-ts-dropped.pcap", "add-addr-no-space likely [4]"),
];

#[test]
fn only_what_had_no_room_is_found() {
    let folder = testdata::path("captures");
    assert_raised(&folder, &sorted(&folder), "testdata", RAISED);
}

#[test]
#[ignore = "needs the corpus of captures"]
fn only_what_had_no_room_is_found_in_the_corpus() {
    let corpus = corpus();
    let sections = ["lab", "reference", "third-party"];
    let captures = sections.map(|section| captures_below(&corpus.join(section))).concat();
    assert_raised(&corpus, &captures, "", RAISED_IN_CORPUS);
}

fn assert_raised(folder: &Path, captures: &[PathBuf], prefix: &str, expected: &[(&str, &str)]) {
    let mut raised = BTreeMap::new();
    for capture in captures {
        let name = Path::new(prefix).join(capture.strip_prefix(folder).unwrap());
        for finding in raised_by(capture) {
            raised.insert(name.display().to_string(), finding);
        }
    }
    let expected: BTreeMap<_, _> =
        expected.iter().map(|(name, raised)| ((*name).to_owned(), (*raised).to_owned())).collect();
    assert_eq!(raised, expected);
}

/// What is raised about the option space of a capture.
fn raised_by(capture: &Path) -> Vec<String> {
    let report = reports::report(&[capture.to_owned()]);
    let codes = ["add-addr-no-space", "add-addr-timestamps-dropped", "add-addr-evicts-sack"];
    let of_space = |finding: &&serde_json::Value| {
        codes.iter().any(|code| finding["code"].as_str() == Some(code))
    };
    let findings = reports::array(&report["findings"]).iter().filter(of_space);
    let words = findings.map(|finding| {
        let (code, confidence) = (&finding["code"], &finding["confidence"]);
        format!("{} {} {}", reports::text(code), reports::text(confidence), finding["packets"])
    });
    words.collect()
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
