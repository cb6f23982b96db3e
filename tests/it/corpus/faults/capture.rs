//! What a capture cannot say, and what a host has for a habit.

use super::Told;

/// mptcp.org sets the B bit in the third ACK of a join.
#[test]
#[ignore = "needs the corpus of captures"]
fn habit_of_another_stack() {
    Told::strict("h19-v0-join-ack-with-b-bit/capture.pcap")
        .finds(&["note certain reserved-bits-set c2s sf1 #8"]);
}
