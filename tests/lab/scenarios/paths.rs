//! Paths that lose, delay, reorder, change their mind or die.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::forwarder::{Impairment, Verdict};
use crate::lab::Lab;

const FIRST: &str = "192.0.2.1 > 192.0.2.2 closed";
const JOIN: &str = "join 198.51.100.1 > 192.0.2.2 closed";

/// A transfer over two paths; both subflows end in order.
fn over(first: Impairment, second: Impairment, bytes: usize) {
    if let Some(lab) = transfer_over(first, second, bytes) {
        lab.check(&["connection closed", FIRST, JOIN]);
    }
}

fn transfer_over(first: Impairment, second: Impairment, bytes: usize) -> Option<Lab> {
    let mut lab = Lab::open()?;
    lab.path_through(1, first);
    lab.path_through(2, second);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(bytes, bytes / 2);
    talk.close();
    Some(lab)
}

/// Every fiftieth segment with payload is lost.
fn loss() -> Impairment {
    let mut count = 0;
    Impairment::drop_if(move |frame| {
        count += u32::from(frame.has_payload());
        frame.has_payload() && count % 50 == 0
    })
}

#[test]
fn loss_of_two_percent() {
    // What comes once more after the application has closed is answered with a RST, now and then.
    if let Some(lab) = transfer_over(loss().delay(2), loss().delay(2), 300_000) {
        lab.check_connections(&["connection closed"]);
    }
}

#[test]
fn asymmetric_paths() {
    let fast = Impairment::none().delay(2).megabits(20);
    let slow = Impairment::none().delay(40).megabits(4);
    over(fast, slow, 500_000);
}

#[test]
fn reordered() {
    let mut count = 0;
    let reorder = Impairment::rule(move |frame| {
        count += u32::from(frame.has_payload());
        let is_held = frame.has_payload() && count % 10 == 0;
        if is_held { Verdict::Hold(Duration::from_millis(3)) } else { Verdict::Pass }
    });
    over(reorder, Impairment::none(), 200_000);
}

#[test]
fn duplicated() {
    let mut count = 0;
    let duplicate = Impairment::rule(move |frame| {
        count += u32::from(frame.has_payload());
        if frame.has_payload() && count % 7 == 0 { Verdict::Duplicate } else { Verdict::Pass }
    });
    over(duplicate, Impairment::none(), 200_000);
}

/// The first path dies in the middle of a transfer: what was in flight comes again on the second.
#[test]
fn dead_path() {
    let Some(mut lab) = Lab::open() else { return };
    let mut count = 0;
    let dies = Impairment::drop_if(move |frame| {
        count += u32::from(frame.from_client && frame.has_payload());
        count > 20
    });
    lab.path_through(1, dies);
    lab.path(2);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(200_000, 500);
    talk.close();
    lab.check_connections(&["connection closed"]);
}

/// A link goes down and comes back.
#[test]
fn link_flap() {
    let Some(mut lab) = Lab::open() else { return };
    let down = Arc::new(AtomicBool::new(false));
    let is_down = Arc::clone(&down);
    lab.path_through(1, Impairment::drop_if(move |_| is_down.load(Ordering::Relaxed)));
    lab.path(2);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    for _ in 0..2 {
        down.store(true, Ordering::Relaxed);
        talk.exchange(20_000, 20_000);
        down.store(false, Ordering::Relaxed);
        talk.exchange(20_000, 20_000);
    }
    talk.close();
    // What is late on the first path meets sockets that are gone: a RST, perhaps.
    lab.check_connections(&["connection closed"]);
}

#[test]
fn interface_down() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    lab.client.ip("link set c2 down");
    talk.exchange(50_000, 500);
    talk.close();
    lab.check_connections(&["connection closed"]);
}
