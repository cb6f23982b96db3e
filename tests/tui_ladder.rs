//! The ladder and the packet of the terminal timeline: keys in, screens out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
#![cfg(feature = "tui")]

#[path = "support/screens.rs"]
mod screens;

use mptcpscope::tui::state::Screen;
use screens::Screens;

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
        "ladder_80_marks": of("two-subflows", 80 x 24) "3/#6<enter>m/#110<enter>m";
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
        "packet_80_hex": of("two-subflows", 80 x 24) "3/#6<enter>x";
        "packet_60": of("two-subflows", 60 x 15) "3<enter>";
        "packet_ascii": ascii("reset-subflow", 80 x 24) "3/tcprst<enter><enter>";
        "packet_120": of("add-addr-v4-port", 120 x 30) "3/add_addr<enter><enter>";
        "packet_120_v6": of("add-addr-v6", 120 x 30) "3/echo<enter><enter>";
        "packet_160": of("fastclose", 160 x 50) "3/fastclose<enter><enter>";
        "packet_80_nothing": of("snaplen-68", 80 x 24) "3x";
    }
}
