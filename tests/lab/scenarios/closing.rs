//! How connections and subflows end.

use crate::forwarder::Impairment;
use crate::lab::Lab;

const FIRST: &str = "192.0.2.1 > 192.0.2.2 closed";
const JOIN: &str = "join 198.51.100.1 > 192.0.2.2 closed";

/// The client has closed its direction, the server goes on.
#[test]
fn half_closed() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    talk.client.shut_down();
    talk.server.expect_end();
    talk.down(60_000);
    talk.server.shut_down();
    talk.client.expect_end();
    drop(talk);
    lab.check(&["connection closed", FIRST]);
}

/// Not an byte is sent.
#[test]
fn closed_at_once() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    lab.connect("192.0.2.2").close();
    lab.check(&["connection closed", FIRST]);
}

#[test]
fn closed_by_both() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    talk.close_at_once();
    lab.check(&["connection closed", FIRST]);
}

#[test]
fn fast_close() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(3000, 500);
    talk.abort();
    lab.check(&["connection fast_closed", "192.0.2.1 > 192.0.2.2 reset by client: 0"]);
}

#[test]
fn fast_close_on_two_subflows() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(3000, 500);
    talk.abort();
    lab.check(&[
        "connection fast_closed",
        "192.0.2.1 > 192.0.2.2 reset by client: 0",
        "join 198.51.100.1 > 192.0.2.2 reset by client: 0",
    ]);
}

/// The administrator kills a subflow; the connection goes on.
#[test]
fn killed_subflow() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    lab.client.command("ss", "-HtK src 198.51.100.1");
    lab.server.wait_counted("MPRstRx", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 reset by client: 0"]);
}

/// The first subflow is killed; the connection goes on with the second one.
#[test]
fn killed_first_subflow() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    lab.client.command("ss", "-HtK src 192.0.2.1");
    lab.server.wait_counted("MPRstRx", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&["connection closed", "192.0.2.1 > 192.0.2.2 reset by client: 0", JOIN]);
}

/// The client's first DATA_FIN is lost, on its only subflow.
#[test]
fn data_fin_lost() {
    let Some(mut lab) = Lab::open() else { return };
    let mut is_lost = false;
    lab.path_through(
        1,
        Impairment::drop_if(move |frame| {
            let is_first = !is_lost && frame.from_client && frame.has_data_fin();
            is_lost |= is_first;
            is_first
        }),
    );
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    talk.close();
    lab.check(&["connection closed", FIRST]);
}

/// The capture ends before the connection does.
#[test]
fn still_open() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.check(&["connection established", "192.0.2.1 > 192.0.2.2 established"]);
    talk.close();
}
