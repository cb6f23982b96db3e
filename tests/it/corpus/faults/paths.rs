//! Second paths that are broken, and numbers that blame the wrong thing.

use super::Told;

/// Bare ACKs on the second path: all that it carries is sent again on the first.
#[test]
#[ignore = "needs the corpus of captures"]
fn options_lost_on_acks() {
    Told::of("h02-bare-acks-on-second-path/capture.pcap")
        .finds(&[
            "warning likely subflow-without-mptcp s2c sf1 #31 #141 resent_bytes=16000 delivered=0",
        ])
        .never(&["redundant-scheduler", "path-died"])
        .says("delivered nothing: its MPTCP options are lost on the way")
        .never_says("took the second");
}

/// The fourth ACK comes with NOPs, and the client resets the join.
#[test]
#[ignore = "needs the corpus of captures"]
fn options_lost_on_the_fourth_ack() {
    Told::of("h20-fourth-ack-stripped-on-second-path/capture.pcap")
        .finds(&[
            "warning certain subflow-without-mptcp s2c sf1 #49 #50 delivered=0",
            "note certain subflow-reset c2s sf1 <subflow-without-mptcp",
            "warning certain single-path <subflow-without-mptcp link=established-without-mptcp",
        ])
        .never_says("never chose another");
}

/// Options of pure ACKs are overwritten on the only path: no DATA_ACK reaches the server.
#[test]
#[ignore = "needs the corpus of captures"]
fn options_lost_on_pure_acks() {
    Told::of("d23_strip_pure_acks/server.pcap").finds(&[
        "warning certain subflow-without-mptcp c2s sf0",
        "warning certain data-stall s2c <subflow-without-mptcp ended_by=capture_end",
        "note certain remapping s2c sf0 <subflow-without-mptcp",
    ]);
    Told::of("d23_strip_pure_acks/client.pcap")
        .finds(&[
            "warning likely subflow-without-mptcp c2s sf0",
            "warning certain data-fin-unacked c2s <subflow-without-mptcp",
        ])
        .never(&["data-stall"]);
}

/// The second path dies before it carried anything.
#[test]
#[ignore = "needs the corpus of captures"]
fn died_without_a_word() {
    Told::of("d20_nat_timeout_drop/server.pcap")
        .finds(&["warning certain path-died s2c sf1 #11 #104 #808 repeats=4 delivered=0"])
        .says("delivered nothing: it died")
        .never_says("took the second");
    Told::of("d20_nat_timeout_drop/client.pcap")
        .finds(&[
            "warning likely path-died c2s sf1 #23 #788 delivered=0",
            "warning likely single-path <path-died",
        ])
        .never_says("never chose another");
}

/// The link of the client is gone: the server has nothing to withdraw.
#[test]
#[ignore = "needs the corpus of captures"]
fn address_of_the_client_is_gone() {
    for side in ["client", "server"] {
        let told = Told::of(&format!("b06_break_link_then_make/{side}.pcap"));
        told.never_says("The address of the server there");
    }
    Told::of("b06_break_link_then_make/client.pcap").finds(&[
        "warning certain path-died c2s sf0",
        "warning certain data-stall c2s <path-died ended_by=progress",
        "note possible remove-addr-missing c2s sf0 <path-died",
    ]);
}

/// A backup takes over from a regular path that fades and dies: as it should.
#[test]
#[ignore = "needs the corpus of captures"]
fn backup_of_a_dying_path() {
    Told::of("b09_fading_backup/client.pcap")
        .finds(&["note certain backup-used sf1", "note certain path-died c2s sf0"])
        .never_says("while a regular one was open");
}

/// The window is closed for most of the time: no more than all of it.
#[test]
#[ignore = "needs the corpus of captures"]
fn window_closed() {
    for side in ["client", "server"] {
        Told::of(&format!("j05_never_reads/{side}.pcap"))
            .finds(&["note certain receive-window-limited s2c x5"])
            .says("5.9 s (9");
    }
}

/// A NAT loses its table: stray segments are neither paths nor data.
#[test]
#[ignore = "needs the corpus of captures"]
fn forgotten_by_a_nat() {
    let told = Told::of("o02_nat_reboot_two/server.pcap")
        .finds(&[
            "warning certain nat-rebinding c2s sf0 address=10.1.1.1 ports=12",
            "warning certain subflow-reset c2s sf0 <nat-rebinding",
        ])
        .never(&["reset-forged"]);
    let connection = &told.report()["connections"][0];
    assert_eq!(connection["subflows"].as_array().unwrap().len(), 2);
    assert_eq!(connection["c2s"]["stream_bytes"], 260_000);
    Told::of("o02_nat_reboot_two/client.pcap")
        .finds(&["warning certain subflow-reset s2c sf0 #206"])
        .never(&["reset-forged"]);
}
