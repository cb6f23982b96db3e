//! The timeline and the graphs: keys in, screens out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![cfg(feature = "tui")]

#[path = "support/screens.rs"]
mod screens;

use screens::Screens;

#[test]
fn timelines() {
    for name in ["two-subflows", "add-addr-v4", "reinjected", "checksum-failed", "reset-subflow"] {
        let mut screens = Screens::of(&format!("{name}.pcap"), 80, 24);
        insta::assert_snapshot!(format!("timeline_80_{name}"), screens.press("2").screen());
    }
}

#[test]
fn graphs() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    insta::assert_snapshot!("graph_80_dsn", screens.press("4").screen());
    insta::assert_snapshot!("graph_80_throughput", screens.press("l").screen());
    insta::assert_snapshot!("graph_80_in_flight", screens.press("l").screen());
    insta::assert_snapshot!("graph_80_rtt", screens.press("l").screen());
    insta::assert_snapshot!("graph_80_shares", screens.press("l").screen());
    insta::assert_snapshot!(
        "graph_80_reinjected",
        Screens::of("reinjected.pcap", 80, 24).press("4").screen()
    );
}
