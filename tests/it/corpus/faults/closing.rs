//! How connections ended, and who ended them.

use super::Told;

/// A plain RST right before MP_FASTCLOSE on another subflow is one abort.
#[test]
#[ignore = "needs the corpus of captures"]
fn at_once() {
    Told::of("h05-v0-fast-close/capture.pcap")
        .finds(&["warning certain fast-close s2c #71 #72"])
        .never(&["subflow-reset", "reset-forged", "connection-aborted"])
        .never_says("firewall");
}

/// A middlebox forges RSTs to both hosts on both paths.
#[test]
#[ignore = "needs the corpus of captures"]
fn by_forged_rsts() {
    for (side, direction) in [("client", "s2c"), ("server", "c2s")] {
        Told::of(&format!("m05_rst_both/{side}.pcap"))
            .finds(&[
                &format!("warning {direction} reset-forged sf0"),
                &format!("warning {direction} reset-forged sf1"),
                &format!("warning {direction} subflow-reset sf0 <reset-forged"),
                &format!("warning {direction} subflow-reset sf1 <reset-forged"),
                "warning certain connection-aborted <reset-forged",
            ])
            .says("A middlebox killed the connection with forged RSTs.")
            .never_says("went on");
    }
}

/// A NAT helper makes a request longer: MP_FAIL is there, both ways.
#[test]
#[ignore = "needs the corpus of captures"]
fn as_plain_tcp_after_mp_fail() {
    for side in ["client", "server"] {
        Told::of(&format!("d07_alg_longer_csum/{side}.pcap"))
            .never(&["dss-missing-fallback"])
            .never_says("no MP_FAIL");
    }
}
