//! Connections that work.

use socket2::Protocol;

use crate::forwarder::Impairment;
use crate::lab::Lab;

#[test]
fn plain_v4() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 1500);
    talk.exchange(100_000, 50_000);
    talk.close();
    lab.check(&["connection closed", "192.0.2.1 > 192.0.2.2 closed"]);
}

#[test]
fn plain_v6() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut talk = lab.connect("2001:db8:1::2");
    talk.exchange(500, 1500);
    talk.exchange(100_000, 50_000);
    talk.close();
    lab.check(&["connection closed", "2001:db8:1::1 > 2001:db8:1::2 closed"]);
}

#[test]
fn two_subflows() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(1_000_000, 1_000_000);
    talk.close();
    lab.check(&[
        "connection closed",
        "192.0.2.1 > 192.0.2.2 closed",
        "join 198.51.100.1 > 192.0.2.2 closed",
    ]);
}

/// The SYN/ACK is lost: it comes again, and so does the SYN.
#[test]
fn syn_ack_lost() {
    let Some(mut lab) = Lab::open() else { return };
    let mut is_lost = false;
    lab.path_through(
        1,
        Impairment::drop_if(move |frame| {
            let is_first = !is_lost && frame.is_syn_ack();
            is_lost |= is_first;
            is_first
        }),
    );
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    talk.close();
    lab.check(&["connection closed", "192.0.2.1 > 192.0.2.2 closed"]);
}

/// Connections without MPTCP on the same path do no harm.
#[test]
fn among_other_connections() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut plain = lab.connect_over("192.0.2.2", Protocol::TCP);
    let mut talk = lab.connect("192.0.2.2");
    for _ in 0..5 {
        plain.exchange(700, 300);
        talk.exchange(500, 1500);
    }
    talk.close();
    plain.forget();
    lab.check(&["connection closed", "192.0.2.1 > 192.0.2.2 closed"]);
}
