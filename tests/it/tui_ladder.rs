//! The ladder and the packet of the terminal timeline: keys in, screens out.

use std::sync::Arc;

use mptcpscope::internals::tui::Action;
use mptcpscope::internals::tui::Screen;
use mptcpscope::internals::tui::snapshot::Phase;

use crate::support::screens::{self, Screens};

/// Screens after these keys, each a snapshot of its own.
macro_rules! snapshots {
    ($($name:literal: $form:ident($capture:literal, $width:literal x $height:literal) $keys:literal;)*) => {
        $(
            let mut screens = Screens::$form(concat!($capture, ".pcap"), $width, $height);
            insta::assert_snapshot!($name, screens.press($keys).screen());
        )*
    };
}

#[test]
fn ladder_at_80() {
    snapshots! {
        "ladder_80": of("two-subflows", 80 x 24) "3";
        "ladder_80_folded": of("two-subflows", 80 x 24) "3<pgdn><down><down>";
        "ladder_80_unfolded": of("two-subflows", 80 x 24) "3<pgdn><down><down><enter>";
        "ladder_80_raw": of("two-subflows", 80 x 24) "3d<pgdn>";
        "ladder_80_compressed": of("reinjected", 80 x 24) "3c<right><pgdn><pgdn>";
        "ladder_80_reset": of("reset-subflow", 80 x 24) "3/reset<enter>";
        "ladder_80_refused": of("join-refused-hmac", 80 x 24) "3n";
        "ladder_80_fallback": of("fallback-syn-stripped", 80 x 24) "3";
        "ladder_80_mp_fail": of("checksum-failed-two-subflows", 80 x 24) "3/fail<enter>";
        "ladder_80_v6": of("add-addr-v6-port", 80 x 24) "3n";
        "ladder_80_no_hit": of("two-subflows", 80 x 24) "3/nothing<enter>";
        "ladder_80_marks": of("two-subflows", 80 x 24) "3/#6<enter>m/#105<enter>m";
        "ladder_80_nothing": of("snaplen-68", 80 x 24) "3";
        "ladder_60": of("two-subflows", 60 x 15) "3";
    }
}

#[test]
fn ladder_in_ascii() {
    snapshots! {
        "ladder_ascii": ascii("remove-addr-and-mp-prio", 80 x 24) "3/prio<enter>";
        "ladder_ascii_reinjected": ascii("reinjected", 80 x 24) "3/reinjection<enter>";
        "ladder_ascii_120": ascii("server-opened-join", 120 x 30) "3";
    }
}

#[test]
fn ladder_on_wide_terminals() {
    snapshots! {
        "ladder_120": of("add-addr-v4", 120 x 30) "3";
        "ladder_120_limit": of("join-refused-limit", 120 x 30) "3n";
        "ladder_160": of("two-subflows", 160 x 50) "3<down><down>";
        "ladder_160_full": of("reinjected", 160 x 50) "3z";
    }
}

#[test]
fn packet() {
    snapshots! {
        "packet_80": of("two-subflows", 80 x 24) "3<enter>";
        "packet_80_dss": of("two-subflows", 80 x 24) "3/#6<enter><enter><pgdn>";
        "packet_80_join": of("two-subflows", 80 x 24) "3/join<enter>nn<enter><down><down>";
        "packet_80_hex": of("two-subflows", 80 x 24) "3/#6<enter>xx";
        "packet_60": of("two-subflows", 60 x 15) "3<enter>";
        "packet_60_hex": of("two-subflows", 60 x 15) "3<enter>x";
        "packet_ascii": ascii("reset-subflow", 80 x 24) "3/tcprst<enter><enter>";
        "packet_120": of("add-addr-v4-port", 120 x 30) "3/add_addr<enter><enter>";
        "packet_120_v6": of("add-addr-v6", 120 x 30) "3/echo<enter><enter>";
        "packet_160": of("fastclose", 160 x 50) "3/fastclose<enter><enter>";
        "packet_80_nothing": of("snaplen-68", 80 x 24) "3x";
    }
}

#[test]
fn a_run_unfolds_and_folds_again_around_the_cursor() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    screens.press("3/#60<enter>");
    let folded = screens.screen();
    let row = screens.app.screens.ladder.cursor.row;
    screens.press("<enter>");
    assert_eq!(screens.app.shared.focus.packet, Some(60), "still the same packet");
    assert!(screens.app.screens.ladder.cursor.row > row);
    assert_eq!(screens.app.screen, Screen::Ladder);
    screens.press("-");
    assert_eq!(screens.app.screens.ladder.cursor.row, row);
    screens.press("n").press("<esc>");
    assert_eq!(folded.matches("DSS ×").count(), screens.screen().matches("DSS ×").count());
}

#[test]
fn packet_and_ladder_move_together() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    screens.press("3/#8<enter><enter>");
    assert_eq!((screens.app.screen, screens.app.shared.focus.packet), (Screen::Packet, Some(8)));
    assert_eq!((screens.app.shared.focus.subflow, screens.app.screens.ladder.lane), (1, 1));
    screens.press("<right><right>");
    assert_eq!(screens.app.shared.focus.packet, Some(10));
    screens.press("<left>q");
    assert_eq!(screens.app.screen, Screen::Ladder);
    assert_eq!(
        (screens.app.screens.ladder.cursor.row, screens.app.shared.focus.t_ns),
        (8, 2_758_000)
    );
    screens.press("g<enter><left>");
    assert_eq!(screens.app.shared.focus.packet, Some(1), "there is none before the first one");
}

#[test]
fn the_same_field_stays_in_focus_from_packet_to_packet() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    screens.press("3/#5<enter><enter>");
    for _ in 0..20 {
        screens.press("<down>");
        if screens.screen().contains("▸    DATA_ACK") {
            break;
        }
    }
    assert!(screens.screen().contains("▸    DATA_ACK"), "{}", screens.screen());
    screens.press("<right>");
    assert!(screens.screen().contains("▸    DATA_ACK"), "{}", screens.screen());
}

#[test]
fn hits_come_one_after_the_other_and_around() {
    let mut screens = Screens::of("reinjected.pcap", 80, 24);
    let mut packets = Vec::new();
    screens.press("3/join<enter>");
    for _ in 0..4 {
        packets.push(screens.app.shared.focus.packet.unwrap());
        screens.press("n");
    }
    assert_eq!(packets, [6, 7, 8, 6]);
    screens.press("N");
    assert_eq!(screens.app.shared.focus.packet, Some(6));
    screens.press("N");
    assert_eq!(screens.app.shared.focus.packet, Some(8), "around from the first one");
    screens.press("<esc>");
    assert!(screens.app.screens.ladder.search.is_none());
    assert_eq!(screens.app.screen, Screen::Ladder, "Esc only ends the search");
}

#[test]
fn searches_find_what_tshark_finds() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    let mut first = |text: &str| {
        screens.press("3g/").press(text).press("<enter>");
        assert!(!screens.app.shared.message.clone().unwrap().starts_with("no hit"), "{text}");
        screens.app.shared.focus.packet.unwrap()
    };
    // As `tshark -Y` counts them.
    assert_eq!(first("frame.number==17"), 17);
    assert_eq!(first("tcp.stream==1"), 8);
    assert_eq!(first("198.51.100.1"), 8);
    assert_eq!(first("mptcp.subtype==1"), 8);
    assert_eq!(first("tcp.flags.fin==1"), 113);
    // It numbers bytes of the stream otherwise.
    assert_eq!(first("mptcp.dsn==1"), 4);
    assert_eq!(first("dsn 101"), 12);
    assert_eq!(first("data_fin"), 107);
    assert_eq!(first("syn/ack"), 2);
    let mut screens = Screens::of("add-addr-v4.pcap", 80, 24);
    screens.press("3/198.51.100.2<enter>");
    assert_eq!(
        screens.app.shared.focus.packet,
        Some(4),
        "its announcement comes before the subflow"
    );
}

#[test]
fn marks_tell_what_is_between_them() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    screens.press("3/#6<enter>m/#105<enter>m");
    let between = screens.app.shared.message.clone().unwrap();
    assert_eq!(between, "A→B 175 ms, DSN +100, 99 packets");
    screens.press("<esc><esc>");
    assert_eq!(screens.app.shared.marks, [None; 2]);
}

#[test]
fn no_key_on_any_screen_of_any_capture_breaks_anything() {
    let keys = "3<down><down><enter><down><right><tab>x<enter>x<right><right><left><pgdn>xx<pgup>Gg\
                <tab><backtab>mqG<enter>nN<right>c<left>d/rst<enter>nNm<esc>/7<enter><enter>jk<esc>+-\
                zG<pgup><up><enter>q1<down>3";
    for (capture, width, height) in [
        ("two-subflows", 60, 15),
        ("v0-mp-fail", 80, 24),
        ("snaplen-96", 100, 30),
        ("qinq", 139, 39),
        ("join-unanswered", 160, 50),
        ("snaplen-68", 80, 24),
        ("sll2", 200, 60),
        ("half-closed", 61, 16),
    ] {
        let mut screens = Screens::of(&format!("{capture}.pcap"), width, height);
        screens.press(keys);
        let screen = screens.screen();
        assert!(screen.lines().count() == usize::from(height), "{screen}");
        screens.app.shared.size.width = 59;
        screens.press("3jk");
        screens.screen();
    }
}

#[test]
fn the_newest_stays_in_sight_until_someone_looks_back() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    let (mut snapshot, _) = screens::load("testdata/captures/two-subflows.pcap".as_ref());
    snapshot.source.phase = Phase::Live { dropped: None };
    let snapshot = Arc::new(snapshot);
    screens.press("3").act(Action::Snapshot(snapshot.clone()));
    screens.press("G");
    screens.act(Action::Snapshot(snapshot.clone()));
    assert_eq!(screens.app.shared.focus.packet, Some(120));
    assert!(screens.app.shared.is_following);
    screens.press("k");
    assert!(!screens.app.shared.is_following);
    let looked_at = screens.app.shared.focus.packet;
    screens.act(Action::Snapshot(snapshot.clone()));
    assert_eq!(screens.app.shared.focus.packet, looked_at);
    screens.press("f");
    screens.act(Action::Snapshot(snapshot));
    assert_eq!(screens.app.shared.focus.packet, looked_at.map(|packet| packet + 1));
}

#[test]
fn what_is_no_longer_kept() {
    let mut screens = Screens::of("reset-subflow.pcap", 80, 24);
    screens.forget();
    insta::assert_snapshot!("ladder_80_forgotten", screens.press("3/reset<enter>").screen());
    insta::assert_snapshot!("packet_80_forgotten", screens.press("<enter>").screen());
    let mut screens = Screens::empty(80, 24);
    insta::assert_snapshot!("ladder_80_loading", screens.press("3").screen());
}
