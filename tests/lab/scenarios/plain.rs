//! Connections that work.

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
