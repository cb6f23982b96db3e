//! The terminal timeline: keys in, screens out.

use mptcpscope::internals::tui::Action;
use mptcpscope::internals::tui::Screen;
use mptcpscope::internals::tui::action::Effect;
use proptest::prelude::*;
use ratatui::layout::Size;

use crate::support::screens::Screens;

#[test]
fn a_file_name_is_shown_without_what_cannot_be_seen() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("a\u{1b}[2Jb\nc\u{202e}d");
    std::fs::copy("testdata/captures/two-subflows.pcap", &path).unwrap();
    let mut screens = Screens::of(path.to_str().unwrap(), 160, 24);
    let title = screens.screen().lines().next().unwrap().to_owned();
    assert!(title.contains(r"a\u{1b}[2Jb\nc\u{202e}d"), "{title}");
}

#[test]
fn connections() {
    insta::assert_snapshot!("connections_80", Screens::of("two-subflows.pcap", 80, 24).screen());
    insta::assert_snapshot!(
        "connections_ascii",
        Screens::ascii("two-subflows.pcap", 80, 24).screen()
    );
    insta::assert_snapshot!(
        "connections_120",
        Screens::of("add-addr-v6-port.pcap", 120, 30).screen()
    );
    insta::assert_snapshot!("connections_v6", Screens::of("add-addr-v6.pcap", 80, 24).screen());
    insta::assert_snapshot!(
        "connections_160",
        Screens::of("join-refused-limit.pcap", 160, 50).screen()
    );
    insta::assert_snapshot!("connections_60", Screens::of("reinjected.pcap", 60, 15).screen());
}

#[test]
fn findings() {
    let mut screens = Screens::of("add-addr-v6-port.pcap", 80, 24);
    insta::assert_snapshot!("findings_80", screens.press("5").screen());
    let mut screens = Screens::ascii("join-stripped.pcap", 80, 24);
    insta::assert_snapshot!("findings_ascii", screens.press("5<tab><pgdn>").screen());
    let mut screens = Screens::of("fastclose.pcap", 120, 30);
    insta::assert_snapshot!("findings_120", screens.press("5").screen());
    let mut screens = Screens::of("join-refused-limit.pcap", 160, 50);
    insta::assert_snapshot!("findings_160", screens.press("5").screen());
}

#[test]
fn what_is_no_capture_screen() {
    insta::assert_snapshot!("too_small", Screens::of("two-subflows.pcap", 59, 14).screen());
    insta::assert_snapshot!("loading", Screens::empty(80, 24).screen());
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    insta::assert_snapshot!("help", screens.press("?").screen());
    insta::assert_snapshot!("export", screens.press("<esc>e<down>").screen());
    insta::assert_snapshot!("filter", screens.press("<esc>/443 nothing").screen());
    insta::assert_snapshot!(
        "filter_error",
        screens.press("<esc>/tcp.port==5001 and foo==1<enter>").screen()
    );
    insta::assert_snapshot!("filter_unknown", screens.press("<esc>/paths>1<enter>").screen());
}

#[test]
fn a_filter_that_means_nothing_takes_nothing_away() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    let before = screens.screen();
    let rows = |screen: &str| screen.lines().skip(2).take(8).map(str::to_owned).collect::<Vec<_>>();
    let during = screens.press("/nothing").screen();
    assert_ne!(rows(&before), rows(&during));
    let wrong = screens.press(" foo==").screen();
    assert_eq!(rows(&before), rows(&wrong));
    assert!(
        wrong.contains("^ there is no field foo") || wrong.contains("foo: there are"),
        "{wrong}"
    );
    // Enter does not take it; Escape drops it, and the screen is as it was.
    screens.press("<enter><esc>");
    assert_eq!(screens.screen(), before);
    // A long one, on every size: the message is there, and nothing falls over.
    for width in [60, 79, 80, 120, 200] {
        let mut screens = Screens::of("two-subflows.pcap", width, 15);
        let wrong = screens.press("/10.0.0.1 and tcp.port in {80, 443} and bytes>1MX").screen();
        assert!(wrong.contains("MX is no unit"), "{wrong}");
    }
}

#[test]
fn q_leads_back_and_out() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    screens.press("<enter>");
    assert_eq!(screens.app.screen, Screen::Timeline);
    screens.press("35");
    assert_eq!(screens.app.screen, Screen::Findings);
    screens.press("q");
    assert_eq!(screens.app.screen, Screen::Connections);
    assert_eq!(screens.effect(), None);
    screens.press("<esc>");
    assert_eq!(screens.effect(), None);
    screens.press("q");
    assert_eq!(screens.effect(), Some(Effect::Quit));
}

#[test]
fn letters_are_text_in_a_line_of_input_and_ctrl_c_still_quits() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    screens.press("/q?5<erase>");
    assert_eq!(screens.app.shared.filter.text(), "q?");
    assert_eq!(screens.effect(), None);
    screens.press("<esc>");
    assert!(screens.app.shared.filter.is_empty());
    screens.press("/<ctrl-c>");
    assert_eq!(screens.effect(), Some(Effect::Quit));
}

#[test]
fn an_export_is_an_effect() {
    let mut screens = Screens::of("two-subflows.pcap", 80, 24);
    screens.press("e<down><enter>");
    let wanted = mptcpscope::internals::tui::action::Export::Json;
    assert_eq!(screens.effect(), Some(Effect::Export(wanted)));
}

#[test]
fn a_finding_is_reached_in_three_keys() {
    let mut screens = Screens::of("add-addr-v6-port.pcap", 80, 24);
    screens.press("n");
    assert_eq!(screens.app.screen, Screen::Findings);
    screens.press("<enter>");
    assert_eq!(screens.app.screen, Screen::Ladder);
    assert!(screens.app.shared.focus.packet.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any keys on any capture, on terminals of any size.
    #[test]
    fn no_keys_and_no_size_are_too_much(
        capture in prop::sample::select(vec![
            "two-subflows.pcap", "add-addr-v6-port.pcap", "reinjected.pcap", "sll2.pcap",
            "two-interfaces.pcapng", "gzip.pcap.gz", "snaplen-68.pcap", "v0-two-subflows.pcap",
        ]),
        keys in prop::collection::vec(prop::sample::select(KEYS.to_vec()), 1..40),
        sizes in prop::collection::vec((0..200u16, 0..60u16), 40),
    ) {
        let mut screens = Screens::of(capture, 80, 24);
        for (key, (width, height)) in keys.into_iter().zip(sizes) {
            screens.press(key).screen();
            screens.act(Action::Resize(Size { width, height }));
            screens.screen();
        }
    }
}

/// Every key that does something, and some words to type.
const KEYS: &[&str] = &[
    "1",
    "2",
    "3",
    "4",
    "5",
    "j",
    "k",
    "h",
    "l",
    "g",
    "G",
    "n",
    "N",
    "+",
    "-",
    "0",
    "s",
    "c",
    "d",
    "x",
    "m",
    "f",
    " ",
    "e",
    "z",
    "?",
    "q",
    "<enter>",
    "<esc>",
    "<tab>",
    "<backtab>",
    "<pgup>",
    "<pgdn>",
    "/12<enter>",
    "/join<enter>",
    "/10.0.1<enter>",
    "/subflows>1<enter>",
    "<erase>",
];
