//! DSS checksums, and what is done about data that was changed on the way.

use crate::forwarder::Impairment;
use crate::lab::Lab;

const FIRST: &str = "192.0.2.1 > 192.0.2.2 closed";

/// Checksums, asked for by one host or both.
fn checked(client: bool, server: bool) {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    checksums(&lab, client, server);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(333, 777);
    lab.wait_joined(1);
    talk.exchange(100_001, 50_003);
    talk.close();
    lab.check(&["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 closed"]);
}

fn checksums(lab: &Lab, client: bool, server: bool) {
    for (host, wanted) in [(&lab.client, client), (&lab.server, server)] {
        host.sysctl("mptcp/checksum_enabled", if wanted { "1" } else { "0" });
    }
}

/// Changes the payload of the client's segment number `number` that has any.
fn corrupt_segment(number: u32) -> Impairment {
    let mut seen = 0;
    Impairment::change(move |frame| {
        if frame.from_client && frame.has_payload() {
            seen += 1;
            if seen == number {
                frame.corrupt();
            }
        }
    })
}

#[test]
fn checksum_of_both() {
    checked(true, true);
}

#[test]
fn checksum_of_the_client() {
    checked(true, false);
}

#[test]
fn checksum_of_the_server() {
    checked(false, true);
}

/// With one subflow: MP_FAIL in both directions, an infinite mapping, plain TCP.
#[test]
fn corrupted_on_one_subflow() {
    let Some(mut lab) = Lab::open() else { return };
    checksums(&lab, true, true);
    lab.path_through(1, corrupt_segment(3));
    lab.streams_break();
    let mut talk = lab.connect("192.0.2.2");
    for _ in 0..5 {
        talk.exchange(500, 500);
    }
    talk.close();
    lab.check(&["connection closed, fallback infinite_mapping", FIRST]);
}

/// The very first mapping: the server falls back without a word.
#[test]
fn corrupted_at_once() {
    let Some(mut lab) = Lab::open() else { return };
    checksums(&lab, true, true);
    lab.path_through(1, corrupt_segment(1));
    lab.streams_break();
    let mut talk = lab.connect("192.0.2.2");
    for _ in 0..3 {
        talk.exchange(500, 500);
    }
    talk.close();
    lab.check_each(
        &["connection closed, fallback answer_without_dss", FIRST],
        &["connection closed, fallback checksum_failed", FIRST],
    );
}

/// With two subflows the bad one is reset, and its bytes come again on the other one.
#[test]
fn corrupted_on_two_subflows() {
    let Some(mut lab) = Lab::open() else { return };
    checksums(&lab, true, true);
    lab.path_through(1, corrupt_segment(2));
    lab.path(2);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(50_000, 500);
    talk.close();
    lab.check(&[
        "connection closed",
        "192.0.2.1 > 192.0.2.2 reset by server: 6",
        "join 198.51.100.1 > 192.0.2.2 closed",
    ]);
}
