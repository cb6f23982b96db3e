//! What a capture cannot say, and what a host has for a habit.

use super::Told;

/// Only what the client sent: nothing can be said of answers.
#[test]
#[ignore = "needs the corpus of captures"]
fn one_direction() {
    let told = Told::of("n01_one_sided_up/client.pcap")
        .finds(&["note certain capture-one-sided c2s #1"])
        .never(&["handshake-unanswered", "join-no-answer"])
        .never_says("No answer")
        .says("MPTCP was in use: both keys are in the capture");
    let connection = &told.report()["connections"][0];
    assert_eq!(connection["state"], "unknown");
    assert!(!connection["details"].to_string().contains("not answered"), "{connection}");
}

/// Cut at 54 octets: all options are gone.
#[test]
#[ignore = "needs the corpus of captures"]
fn options_cut_by_the_snap_length() {
    let told = Told::of("h18-snap-54/capture.pcap")
        .finds(&["note certain capture-options-cut #1 x58"])
        .says("whether 2 TCP connections used MPTCP cannot be told")
        .says("Capture at least 128 bytes");
    let totals = &told.report()["totals"];
    assert_eq!(
        (&totals["plain_tcp_connections"], &totals["undecided_tcp_connections"]),
        (&0.into(), &2.into())
    );
}

/// A kernel wrote its memory behind ADD_ADDR.
#[test]
#[ignore = "needs the corpus of captures"]
fn octets_that_are_no_option() {
    let told = Told::of("h09-memory-after-add-addr/capture.pcap").finds(&[
        "note certain option-area-malformed c2s sf0 #4 octets=0x61722e6c6f636174696f6e000700000000000000",
    ]);
    assert_eq!(told.report()["totals"]["malformed_option_areas"], 1);
}

/// mptcp.org sets the B bit in the third ACK of a join.
#[test]
#[ignore = "needs the corpus of captures"]
fn habit_of_another_stack() {
    let file = "h19-v0-join-ack-with-b-bit/capture.pcap";
    Told::of(file).finds(&[]).never(&["reserved-bits-set"]);
    Told::strict(file).finds(&["note certain reserved-bits-set c2s sf1 #8"]);
}

/// Two records are 1 µs older than the one before.
#[test]
#[ignore = "needs the corpus of captures"]
fn a_step_back_that_changes_nothing() {
    Told::of("hang-60s/capture.pcapng.xz").says("too little to change what is reported");
}
