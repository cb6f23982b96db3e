//! Back to plain TCP.

use socket2::Protocol;

use crate::forwarder::Impairment;
use crate::frame::{DSS, MP_CAPABLE};
use crate::lab::Lab;

const FIRST: &str = "192.0.2.1 > 192.0.2.2 closed";

/// A connection on a path that changes frames: at the end of it, these fallbacks are reported.
fn falls_back(impairment: Impairment, at_client: &[&str], at_server: &[&str]) {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_through(1, impairment);
    let mut talk = lab.connect("192.0.2.2");
    for _ in 0..4 {
        talk.exchange(500, 500);
    }
    talk.close();
    lab.check_each(at_client, at_server);
}

#[test]
fn syn_stripped() {
    falls_back(
        Impairment::change(|frame| {
            if frame.is_syn() {
                frame.strip(&[MP_CAPABLE]);
            }
        }),
        &["connection closed, fallback syn_ack_without_mp_capable", FIRST],
        &[],
    );
}

#[test]
fn syn_ack_stripped() {
    falls_back(
        Impairment::change(|frame| {
            if frame.is_syn_ack() {
                frame.strip(&[MP_CAPABLE]);
            }
        }),
        &["connection closed, fallback syn_ack_without_mp_capable", FIRST],
        &["connection closed, fallback ack_without_mp_capable", FIRST],
    );
}

#[test]
fn third_ack_stripped() {
    falls_back(
        Impairment::change(|frame| {
            if frame.is_later() && !frame.has_payload() {
                frame.strip(&[MP_CAPABLE]);
            }
        }),
        &["connection closed, fallback answer_without_dss", FIRST],
        &["connection closed, fallback ack_without_mp_capable", FIRST],
    );
}

#[test]
fn client_stripped_after_the_syn() {
    falls_back(
        Impairment::change(|frame| {
            if frame.is_later() && frame.from_client {
                frame.strip(&[MP_CAPABLE, DSS]);
            }
        }),
        &["connection closed, fallback answer_without_dss", FIRST],
        &["connection closed, fallback ack_without_mp_capable", FIRST],
    );
}

#[test]
fn first_data_stripped() {
    falls_back(
        strip_data(1),
        &["connection closed, fallback answer_without_dss", FIRST],
        &["connection closed, fallback data_without_mapping", FIRST],
    );
}

#[test]
fn later_data_stripped() {
    falls_back(
        strip_data(3),
        &["connection closed, fallback data_without_mapping", FIRST],
        &["connection closed, fallback data_without_mapping", FIRST],
    );
}

#[test]
fn server_stripped_after_the_syn_ack() {
    falls_back(
        Impairment::change(|frame| {
            if frame.is_later() && !frame.from_client {
                frame.strip(&[MP_CAPABLE, DSS]);
            }
        }),
        &["connection closed, fallback answer_without_dss", FIRST],
        &["connection closed, fallback answer_without_dss", FIRST],
    );
}

/// Takes the mapping out of the client's segment number `number` with payload.
fn strip_data(number: u32) -> Impairment {
    let mut seen = 0;
    Impairment::change(move |frame| {
        if frame.from_client && frame.has_payload() {
            seen += 1;
            if seen == number {
                frame.strip(&[MP_CAPABLE, DSS]);
            }
        }
    })
}

/// With two subflows there is no way back: the one that is hit is reset.
#[test]
fn data_stripped_on_one_of_two_subflows() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_through(1, strip_data(2));
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

#[test]
fn plain_listener() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    lab.listen("0.0.0.0", Protocol::TCP);
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 1500);
    talk.close();
    let lines = ["connection closed, fallback syn_ack_without_mp_capable", FIRST];
    lab.check(&lines);
}

#[test]
fn plain_client() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut talk = lab.connect_over("192.0.2.2", Protocol::TCP);
    talk.exchange(500, 1500);
    talk.close();
    lab.streams_break();
    lab.check(&[]);
}

/// SYNs with the option are lost: at last one goes without. The next connection does not even try.
#[test]
fn black_hole() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_through(1, Impairment::drop_if(|frame| frame.is_syn() && frame.has(MP_CAPABLE)));
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 1500);
    talk.close();
    let mut plain = lab.connect("192.0.2.2");
    plain.exchange(500, 1500);
    plain.forget();
    assert_eq!(lab.client.counter("MPCapableSYNTXDisabled"), 1);
    lab.check_each(&["connection closed, fallback syn_with_mp_capable_unanswered", FIRST], &[]);
}
