//! Transfers that hang: how long, how they ended, and what is not to blame.

use serde_json::json;

use super::Told;

/// The kernel hangs: TCP takes the same 2 bytes again and again, and no DATA_ACK comes.
#[test]
#[ignore = "needs the corpus of captures"]
fn until_the_connection_is_broken_off() {
    let told = Told::of("hang-60s/capture.pcapng.xz")
        .finds(&[
            "warning likely join-port-closed c2s sf1 #72 #73",
            "warning certain data-stall s2c #237694 #238254 #238256 ended_by=fast_close repeats=281",
            "warning certain fast-close s2c",
            "note certain remapping s2c sf0 x285 <data-stall",
        ])
        .says("stayed unacknowledged for 1 min 0 s, until the server ended the connection with MP_FASTCLOSE")
        .never_says("when a join is refused")
        .never_says("died");
    let stalls = told.report()["connections"][0]["s2c"]["stalls"].as_array().unwrap();
    assert_eq!(stalls.last().unwrap()["ended_by"], "fast_close");
    assert_eq!(stalls.last().unwrap()["outstanding_bytes"], 11_386);
}

/// Large frames do not pass the only path: nothing but the handshake gets through.
#[test]
#[ignore = "needs the corpus of captures"]
fn of_full_segments_that_do_not_pass() {
    for (side, direction, packets) in [("client", "c2s", "#20 #25"), ("server", "s2c", "#23 #28")] {
        let told = Told::of(&format!("e07_pmtu_single/{side}.pcap"))
            .finds(&[&format!(
                "warning certain data-stall {direction} {packets} ended_by=capture_end \
                 outstanding_bytes=15664 repeats=4"
            )])
            .never(&["path-died"])
            .never_says("Not in the capture")
            .never_says("worked");
        assert_eq!(told.report()["connections"][0]["details"], json!([]), "{side}");
    }
}

/// The client closes while its only path is dead: its capture ends before that shows.
#[test]
#[ignore = "needs the corpus of captures"]
fn of_the_end_of_data() {
    Told::of("o10_close_while_dead/client.pcap").finds(&[]);
    Told::of("o10_close_while_dead/server.pcap")
        .finds(&["warning certain data-fin-unacked s2c #56 #60 repeats=4"])
        .never(&["data-stall"]);
}

/// Both paths are dead for 5 s, and come back.
#[test]
#[ignore = "needs the corpus of captures"]
fn of_both_paths_at_once() {
    Told::of("b07_tunnel_5s/client.pcap")
        .finds(&["warning certain data-stall c2s ended_by=progress"])
        .says("While subflows 0 and 1 were silent")
        .never_says("died");
}
