//! The rows of the ladder on real captures: runs of data folded, silence squeezed.

use std::collections::BTreeSet;
use std::fmt::Write;

use mptcpscope::internals::analyze::ladder::{Ladder, Row};
use mptcpscope::internals::app::tui::load_all;
use mptcpscope::internals::capture::InputPath;

use crate::support::testdata;

/// The rows of the first connection of a capture, a line each.
fn rows(capture: &str) -> String {
    let path = testdata::path("captures").join(capture);
    let (snapshot, _) = load_all(vec![InputPath::File(path)]).unwrap();
    let (index, members) = (&snapshot.packets, snapshot.subflows.members(0));
    let ladder = Ladder::build(index, members.clone(), BTreeSet::new(), BTreeSet::new());
    let mut text = String::new();
    for row in 0..ladder.len() {
        let line = match ladder.row(row).unwrap() {
            Row::Packet(position) => {
                let entry = index.get(position).unwrap();
                let (number, lane) = (entry.number(), members.lane(&entry).unwrap());
                format!("{number} on {lane} {:?} {:?}", entry.direction(), entry.kind())
            }
            other => format!("{other:?}"),
        };
        writeln!(text, "{line}").unwrap();
    }
    text
}

#[test]
fn rows_of_captures() {
    for capture in ["two-subflows.pcap", "reset-subflow.pcap", "reinjected.pcap"] {
        insta::assert_snapshot!(capture.trim_end_matches(".pcap"), rows(capture));
    }
}
