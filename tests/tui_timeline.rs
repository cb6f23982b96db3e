//! The timeline and the graphs: keys in, screens out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![cfg(feature = "tui")]

#[path = "support/screens.rs"]
mod screens;

use mptcpscope::tui::state::Screen;
use screens::Screens;

/// One snapshot of what keys lead to on a capture.
fn check(name: &str, capture: &str, (width, height): (u16, u16), keys: &str) {
    let mut screens = Screens::of(&format!("{capture}.pcap"), width, height);
    insta::assert_snapshot!(name, screens.press(keys).screen());
}

fn check_ascii(name: &str, capture: &str, (width, height): (u16, u16), keys: &str) {
    let mut screens = Screens::ascii(&format!("{capture}.pcap"), width, height);
    let screen = screens.press(keys).screen();
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!(name, screen);
}

const SMALL: (u16, u16) = (80, 24);
const MIDDLE: (u16, u16) = (120, 30);
const LARGE: (u16, u16) = (160, 50);

#[test]
fn timelines() {
    check("timeline_80_two_subflows", "two-subflows", SMALL, "2");
    check("timeline_80_address", "add-addr-v4", SMALL, "2");
    check("timeline_80_reinjected", "reinjected", SMALL, "2");
    check("timeline_80_fallback", "checksum-failed", SMALL, "2");
    check("timeline_80_reset", "reset-subflow", SMALL, "2");
    check("timeline_80_fastclose", "fastclose", SMALL, "2G");
    check("timeline_120_priority", "remove-addr-and-mp-prio", MIDDLE, "2");
    check("timeline_120_two_subflows", "two-subflows", MIDDLE, "2");
    check("timeline_160_two_subflows", "two-subflows", LARGE, "2z");
    check("timeline_160_dashboard", "reinjected", LARGE, "2");
    check("timeline_60", "two-subflows", (60, 15), "2");
    check_ascii("timeline_ascii", "reinjected", SMALL, "2");
    check_ascii("timeline_ascii_160", "two-subflows", LARGE, "2z");
}

#[test]
fn the_cursor_of_the_timeline() {
    check("timeline_zoomed", "reinjected", SMALL, "2n++++");
    check("timeline_zoomed_in_far", "two-subflows", SMALL, "2+++++++++++");
    check("timeline_marks", "two-subflows", SMALL, "2<right>mG<left>m");
    check("timeline_silence", "two-subflows", SMALL, "2<right><right><right>");
    check("timeline_other_lane", "reinjected", SMALL, "2<down>n");
}

#[test]
fn graphs() {
    check("graph_80_dsn", "two-subflows", SMALL, "4");
    check("graph_80_throughput", "two-subflows", SMALL, "4l");
    check("graph_80_in_flight", "two-subflows", SMALL, "4ll");
    check("graph_80_rtt", "two-subflows", SMALL, "4lll");
    check("graph_80_shares", "two-subflows", SMALL, "4llll");
    check("graph_80_reinjected", "reinjected", SMALL, "4");
    check("graph_80_raw", "reinjected", SMALL, "4d");
    check("graph_80_other_direction", "read-late", SMALL, "4");
    check("graph_80_window", "read-late", SMALL, "4ll");
    check("graph_80_zoomed", "two-subflows", SMALL, "4G---<pgup><pgup>++");
    check("graph_60", "two-subflows", (60, 15), "4");
    check("graph_120_shares", "two-subflows", MIDDLE, "4h");
    check("graph_160_dsn", "two-subflows", LARGE, "4");
    check_ascii("graph_ascii_dsn", "two-subflows", SMALL, "4");
    check_ascii("graph_ascii_throughput", "two-subflows", MIDDLE, "4l");
    check_ascii("graph_ascii_160", "reinjected", LARGE, "4");
}

#[test]
fn nothing_to_draw() {
    let mut screens = Screens::empty(80, 24);
    insta::assert_snapshot!("timeline_loading", screens.press("2").screen());
    insta::assert_snapshot!("graph_loading", screens.press("4").screen());
    check("graph_nothing_sent", "mp-capable-blackholed", SMALL, "4lll");
}

#[test]
fn enter_opens_the_ladder_at_the_packet_under_the_cursor() {
    let mut screens = Screens::of("reinjected.pcap", 80, 24);
    screens.press("2n<enter>");
    assert_eq!(screens.app.screen, Screen::Ladder);
    assert_eq!(screens.app.focus.packet, Some(23));
    screens.press("q<left>");
    assert_eq!(screens.app.screen, Screen::Timeline);
    screens.press("<enter>");
    assert!(screens.app.focus.packet.is_some());
}
