//! ADD_ADDR, REMOVE_ADDR, MP_PRIO.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use socket2::Protocol;

use crate::forwarder::Impairment;
use crate::frame::ADD_ADDR;
use crate::lab::Lab;

const V4: [&str; 2] = ["192.0.2.2", "198.51.100.2"];
const V6: [&str; 2] = ["2001:db8:1::2", "2001:db8:2::2"];

const V4_FIRST: &str = "192.0.2.1 > 192.0.2.2 closed";
const V4_SECOND: &str = "join 198.51.100.1 > 198.51.100.2 closed";

/// The server announces its second address (with `port`, perhaps), and the client joins there.
fn announced(addresses: [&str; 2], port: &str, timestamps: bool, lines: &[&str]) {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    if !timestamps {
        without_timestamps(&lab);
    }
    lab.server.endpoint(&format!("{} {port} signal", addresses[1]));
    let mut talk = lab.connect(addresses[0]);
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(20_000, 10_000);
    talk.close();
    lab.check(lines);
}

fn without_timestamps(lab: &Lab) {
    lab.client.sysctl("ipv4/tcp_timestamps", "0");
    lab.server.sysctl("ipv4/tcp_timestamps", "0");
}

const ADDED_V4: [&str; 4] =
    ["connection closed", V4_FIRST, V4_SECOND, "server's 1 198.51.100.2 verified"];

const ADDED_V4_PORT: [&str; 4] = [
    "connection closed",
    V4_FIRST,
    "join 198.51.100.1 > 198.51.100.2:5002 closed",
    "server's 1 198.51.100.2:5002 verified",
];

const ADDED_V6: [&str; 4] = [
    "connection closed",
    "2001:db8:1::1 > 2001:db8:1::2 closed",
    "join 2001:db8:2::1 > 2001:db8:2::2 closed",
    "server's 1 2001:db8:2::2 verified",
];

const ADDED_V6_PORT: [&str; 4] = [
    "connection closed",
    "2001:db8:1::1 > 2001:db8:1::2 closed",
    "join 2001:db8:2::1 > 2001:db8:2::2:5002 closed",
    "server's 1 2001:db8:2::2:5002 verified",
];

#[test]
fn add_addr_v4() {
    announced(V4, "", true, &ADDED_V4);
}

#[test]
fn add_addr_v4_without_timestamps() {
    announced(V4, "", false, &ADDED_V4);
}

#[test]
fn add_addr_v4_port() {
    announced(V4, "port 5002", true, &ADDED_V4_PORT);
}

#[test]
fn add_addr_v4_port_without_timestamps() {
    announced(V4, "port 5002", false, &ADDED_V4_PORT);
}

#[test]
fn add_addr_v6() {
    announced(V6, "", true, &ADDED_V6);
}

#[test]
fn add_addr_v6_without_timestamps() {
    announced(V6, "", false, &ADDED_V6);
}

/// 30 bytes of ADD_ADDR beside 12 of timestamps do not fit: nothing is announced.
#[test]
fn add_addr_v6_port() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.server.endpoint("2001:db8:2::2 port 5002 signal");
    let mut talk = lab.connect("2001:db8:1::2");
    talk.exchange(500, 500);
    if lab.server.counter("AddAddrTx") > 0 {
        lab.skip("this kernel leaves timestamps out to make room");
        return;
    }
    lab.server.wait_counted("AddAddrTxDrop", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&["connection closed", "2001:db8:1::1 > 2001:db8:1::2 closed"]);
}

#[test]
fn add_addr_v6_port_without_timestamps() {
    announced(V6, "port 5002", false, &ADDED_V6_PORT);
}

/// One after the other; the client joins each.
#[test]
fn add_addr_twice() {
    let Some(mut lab) = Lab::with_paths(3) else { return };
    lab.server.endpoint("198.51.100.2 signal id 5");
    lab.server.endpoint("203.0.113.2 signal id 6");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(2);
    talk.exchange(20_000, 10_000);
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        V4_SECOND,
        "join 203.0.113.1 > 203.0.113.2 closed",
        "server's 5 198.51.100.2 verified",
        "server's 6 203.0.113.2 verified",
    ]);
}

/// An address of the other family is echoed.
#[test]
fn add_addr_of_the_other_family() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.server.endpoint("2001:db8:2::2 signal id 1");
    lab.server.endpoint("198.51.100.2 signal id 2");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.server.wait_counted("EchoAdd", 2);
    lab.wait_joined(1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        V4_SECOND,
        "server's 1 2001:db8:2::2 verified",
        "server's 2 198.51.100.2 verified",
    ]);
}

/// The client echoes what it is told not to use.
#[test]
fn add_addr_not_accepted() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.limits(8, 0);
    lab.server.endpoint("198.51.100.2 signal");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.server.wait_counted("EchoAdd", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&["connection closed", V4_FIRST, "server's 1 198.51.100.2 verified"]);
}

/// Every copy is lost: there is no join.
#[test]
fn add_addr_lost() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_through(1, Impairment::drop_if(|frame| !frame.from_client && frame.has(ADD_ADDR)));
    lab.path(2);
    lab.server.endpoint("198.51.100.2 signal");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.server.wait_counted("AddAddrTx", 2);
    talk.exchange(500, 500);
    talk.close();
    lab.check_each(
        &["connection closed", V4_FIRST],
        &["connection closed", V4_FIRST, "server's 1 198.51.100.2 unechoed verified"],
    );
}

/// Every announcement is overwritten: the client hears nothing of it.
#[test]
fn add_addr_stripped() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_through(1, Impairment::change(|frame| frame.strip(&[ADD_ADDR])));
    lab.path(2);
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.server.endpoint("198.51.100.2 signal");
    lab.server.wait_counted("AddAddrTx", 2);
    talk.exchange(500, 500);
    talk.close();
    lab.check_each(
        &["connection closed", V4_FIRST],
        &["connection closed", V4_FIRST, "server's 1 198.51.100.2 unechoed verified"],
    );
}

/// The announcement is the server's first word after the handshake. When it is taken out, the client
/// gets an ACK without any option, and gives MPTCP up.
#[test]
fn add_addr_stripped_at_once() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_through(1, Impairment::change(|frame| frame.strip(&[ADD_ADDR])));
    lab.path(2);
    lab.server.endpoint("198.51.100.2 signal");
    let mut talk = lab.connect("192.0.2.2");
    lab.client.wait_counted("MPCapableDataFallback", 1);
    talk.exchange(500, 500);
    talk.exchange(500, 500);
    talk.close();
    lab.check_each(
        &["connection closed, fallback answer_without_dss", V4_FIRST],
        &[
            "connection closed, fallback data_without_mapping",
            V4_FIRST,
            "server's 1 198.51.100.2 unechoed verified",
        ],
    );
}

/// The first echo is lost: the announcement comes again, the join once.
#[test]
fn echo_lost() {
    let Some(mut lab) = Lab::open() else { return };
    let echoes = Arc::new(AtomicU32::new(0));
    lab.path_through(
        1,
        Impairment::drop_if(move |frame| {
            let is_echo = frame.from_client && frame.has(ADD_ADDR);
            is_echo && echoes.fetch_add(1, Ordering::Relaxed) == 0
        }),
    );
    lab.path(2);
    lab.server.endpoint("198.51.100.2 signal");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    lab.server.wait_counted("EchoAdd", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&ADDED_V4);
}

/// An announcement whose HMAC was changed on the way is not used, and not echoed.
#[test]
fn add_addr_with_a_bad_hmac() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_through(
        1,
        Impairment::change(|frame| {
            if let Some(place) = frame.mptcp(ADD_ADDR).filter(|_| !frame.from_client) {
                frame.flip(place.end - 1);
            }
        }),
    );
    lab.path(2);
    lab.server.endpoint("198.51.100.2 signal");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.server.wait_counted("AddAddrTx", 2);
    talk.exchange(500, 500);
    talk.close();
    lab.check_each(
        &["connection closed", V4_FIRST, "server's 1 198.51.100.2 unechoed mismatch"],
        &["connection closed", V4_FIRST, "server's 1 198.51.100.2 unechoed verified"],
    );
}

/// The server wants no joins to its first address; its second one is announced, and joined.
#[test]
fn c_bit() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.server.sysctl("mptcp/allow_join_initial_addr_port", "0");
    lab.server.endpoint("198.51.100.2 signal");
    lab.client.endpoint("198.51.100.1 subflow id 9");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&ADDED_V4);
}

/// The client announces an address with a port, and the server joins there.
#[test]
fn server_opened_join() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 signal port 5003");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.client.wait_counted("MPJoinAckRx", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        "join 198.51.100.2 > 198.51.100.1:5003 closed",
        "client's 1 198.51.100.1:5003 verified",
    ]);
}

#[test]
fn remove_addr() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(3000, 200);
    lab.client.ip("mptcp endpoint delete id 1");
    lab.server.wait_counted("RmAddr", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        "join 198.51.100.1 > 192.0.2.2 closed",
        "client's 1 removed",
    ]);
}

/// The server withdraws what it announced.
#[test]
fn remove_announced_addr() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.server.endpoint("198.51.100.2 signal id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    lab.server.wait_counted("EchoAdd", 1);
    lab.server.ip("mptcp endpoint delete id 1");
    lab.client.wait_counted("RmAddr", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        V4_SECOND,
        "server's 1 198.51.100.2 verified removed",
    ]);
}

/// The initial subflow's address goes, the connection stays.
#[test]
fn remove_the_initial_addr() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    lab.client.ip("mptcp endpoint delete id 0 192.0.2.1");
    lab.server.wait_counted("RmAddr", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        "join 198.51.100.1 > 192.0.2.2 closed",
        "client's 0 removed",
    ]);
}

#[test]
fn backup() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow backup");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(20_000, 200);
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        "join 198.51.100.1 > 192.0.2.2 closed, backup of client",
    ]);
}

#[test]
fn backup_of_the_server() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.server.endpoint("198.51.100.2 signal backup");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(20_000, 200);
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        "join 198.51.100.1 > 198.51.100.2 closed, backup of server",
        "server's 1 198.51.100.2 verified",
    ]);
}

#[test]
fn mp_prio() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    for (count, flag) in [(1, "backup"), (2, "nobackup"), (3, "backup")] {
        lab.client.ip(&format!("mptcp endpoint change 198.51.100.1 {flag}"));
        lab.server.wait_counted("MPPrioRx", count);
        talk.exchange(3000, 200);
    }
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        "join 198.51.100.1 > 192.0.2.2 closed, backup of client",
    ]);
}

/// The server listens at its first address alone, but announces the second one.
#[test]
fn announced_without_a_listener() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.server.endpoint("198.51.100.2 signal");
    lab.listen("192.0.2.2", Protocol::MPTCP);
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.client.wait_counted("MPJoinSynTx", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&[
        "connection closed",
        V4_FIRST,
        "join 198.51.100.1 > 198.51.100.2 refused by server: bare",
        "server's 1 198.51.100.2 verified",
    ]);
}
