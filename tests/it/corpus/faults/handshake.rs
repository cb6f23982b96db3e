//! Handshakes that came to nothing.

use super::Told;

#[test]
#[ignore = "needs the corpus of captures"]
fn no_answer_with_or_without_the_option() {
    Told::of("h04-no-answer-with-or-without-option/capture.pcap")
        .finds(&[
            "warning certain handshake-unanswered c2s #1 #4 #6 syns=3 plain_syns=3 address=198.51.100.1",
        ])
        .says("MPTCP is not to blame")
        .says("3 SYNs with MP_CAPABLE and 3 without");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn the_option_of_the_syn_sent_back() {
    Told::of("h12-synack-mirrors-option-v1/capture.pcap")
        .finds(&["warning certain mp-capable-mirrored s2c #1 #2"])
        .never(&["mp-capable-ack-lost", "mp-capable-unanswered"]);
}
