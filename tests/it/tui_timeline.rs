//! The timeline and the graphs: keys in, screens out.

use mptcpscope::internals::track::role::Direction;
use mptcpscope::internals::tui::Action;
use mptcpscope::internals::tui::Screen;
use mptcpscope::internals::tui::screens::graphs::Graph;
use mptcpscope::internals::tui::snapshot::Phase;

use crate::support::screens::{self, Screens};

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
    check("graph_80_reinjected", "reinjected", SMALL, "4n");
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
    assert_eq!(screens.app.shared.focus.packet, Some(23));
    screens.press("q<left>");
    assert_eq!(screens.app.screen, Screen::Timeline);
    screens.press("<enter>");
    assert!(screens.app.shared.focus.packet.is_some());
}

#[test]
fn enter_on_a_graph_opens_the_ladder_at_that_moment() {
    let mut screens = Screens::of("reinjected.pcap", 80, 24);
    screens.press("4n<enter>");
    assert_eq!((screens.app.screen, screens.app.shared.focus.packet), (Screen::Ladder, Some(23)));
    screens.press("4G<enter>");
    assert_eq!(screens.app.shared.focus.packet, Some(49));
}

/// The moment and the width of a column of the timeline.
fn place(screens: &Screens) -> (i64, i64) {
    (screens.app.shared.focus.t_ns, screens.app.screens.timeline.window.column)
}

#[test]
fn the_cursor_goes_from_thing_to_thing() {
    let mut screens = Screens::of("reinjected.pcap", 80, 24);
    screens.press("2");
    assert_eq!(place(&screens), (0, 15_000_000));
    screens.press("G");
    let (last, _) = place(&screens);
    let connection = screens.app.shared.connection().unwrap();
    assert_eq!(last, connection.start_t_ns + connection.duration_ns);
    screens.press("<right>");
    assert_eq!(place(&screens).0, last, "there is nothing after the end");
    screens.press("g<left>");
    assert_eq!(place(&screens).0, 0);
    screens.press("<pgdn>");
    assert_eq!(place(&screens).0, last);
    screens.press("<pgup><right>");
    assert!((15_000_000..30_000_000).contains(&place(&screens).0));
}

#[test]
fn zooming_stays_where_the_cursor_is() {
    let mut screens = Screens::of("reinjected.pcap", 80, 24);
    screens.press("2n");
    let (moment, _) = place(&screens);
    let before = screens.app.screens.timeline.window;
    for _ in 0..30 {
        screens.press("+");
        assert_eq!(place(&screens).0, moment);
        assert!(screens.app.screens.timeline.window.index_of(moment).is_some());
    }
    assert_eq!(place(&screens).1, 100, "no closer");
    assert_eq!(screens.app.shared.message.as_deref(), Some("no closer"));
    screens.press("<right><right>");
    assert_eq!(place(&screens).0, moment + 200);
    screens.press("0");
    assert_eq!(screens.app.screens.timeline.window, before);
    screens.press("+++-----");
    assert_eq!(screens.app.screens.timeline.window, before);
    assert!(!screens.app.screens.timeline.is_zoomed);
}

#[test]
fn lanes_are_chosen_and_scroll() {
    let (mut snapshot, _) = screens::load("testdata/captures/two-subflows.pcap".as_ref());
    let subflows = &mut snapshot.report.connections[0].subflows;
    for id in 2..12 {
        let mut subflow = subflows[1].clone();
        subflow.id = id;
        subflows.push(subflow);
    }
    let mut screens = Screens::empty(80, 24);
    screens.act(Action::Snapshot(snapshot.into()));
    insta::assert_snapshot!(
        "timeline_many",
        screens.press("2<down><down><down><down><down>").screen()
    );
    assert_eq!(screens.app.shared.focus.subflow, 5);
    screens.press("<tab><tab><tab><tab><tab><tab><tab>");
    assert_eq!(screens.app.shared.focus.subflow, 0, "Tab goes around");
    screens.press("<up>");
    assert_eq!(screens.app.shared.focus.subflow, 0, "the arrows do not");
    screens.press("<backtab>");
    assert_eq!(screens.app.shared.focus.subflow, 11);
    insta::assert_snapshot!("timeline_many_last", screens.screen());
}

#[test]
fn live_the_newest_stays_in_sight_until_one_looks_at_something() {
    let (snapshot, _) = screens::load("testdata/captures/reinjected.pcap".as_ref());
    let live = |duration_ns| {
        let mut snapshot = snapshot.clone();
        snapshot.source.phase = Phase::Live { dropped: Some(0) };
        snapshot.report.connections[0].duration_ns = duration_ns;
        Action::Snapshot(snapshot.into())
    };
    let mut screens = Screens::empty(80, 24);
    screens.act(live(100_000_000));
    screens.press("2+++");
    screens.act(live(500_000_000));
    assert_eq!(screens.app.shared.focus.t_ns, 500_000_000);
    let window = screens.app.screens.timeline.window;
    assert_eq!(window.index_of(500_000_000), Some(window.columns - 1), "at the right edge");
    screens.press("<left><left>");
    let (moment, _) = place(&screens);
    screens.act(live(700_000_000));
    assert_eq!(place(&screens).0, moment);
    assert_eq!(screens.app.screens.timeline.window, window);
    screens.press("G");
    screens.act(live(752_000_000));
    assert_eq!(place(&screens).0, 752_000_000);
}

#[test]
fn graphs_are_chosen_with_the_arrows() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    screens.press("4");
    let shown = |screens: &Screens| {
        (screens.app.screens.graphs.graph, screens.app.screens.graphs.direction)
    };
    assert_eq!(shown(&screens), (Graph::Dsn, None));
    screens.press("<left>");
    assert_eq!(shown(&screens).0, Graph::Shares);
    screens.press("<right><right><down>");
    assert_eq!(shown(&screens), (Graph::Throughput, Some(Direction::ServerToClient)));
    screens.press("<up>");
    assert_eq!(shown(&screens).1, Some(Direction::ClientToServer));
    let before = screens.app.screens.graphs.window;
    screens.press("++");
    assert!(screens.app.screens.graphs.window.column < before.column);
    screens.press("0");
    assert_eq!(screens.app.screens.graphs.window, before);
}
