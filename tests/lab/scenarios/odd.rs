//! What is rare, but allowed.

use socket2::Protocol;

use crate::forwarder::Impairment;
use crate::lab::Lab;
use crate::talk::{PORT, at_port, pattern};

const FIRST: &str = "192.0.2.1 > 192.0.2.2 closed";
const CLOSED: &str = "connection closed";
const JOIN: &str = "join 198.51.100.1 > 192.0.2.2 closed";

/// The server does not read for a while.
#[test]
fn zero_window() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    talk.server.receive_buffer(4096);
    talk.up_unread(400_000, 700);
    talk.exchange(500, 500);
    talk.close();
    lab.check(&[CLOSED, FIRST]);
}

/// Two connections: the first one gets the cookie, the second one has data in its SYN.
#[test]
fn fast_open() {
    const CLIENT: &str = "1";
    const SERVER_WITHOUT_SOCKET_OPTION: &str = "1026";
    const MSG_FASTOPEN: i32 = 0x2000_0000;
    let Some(mut lab) = Lab::with_paths(1) else { return };
    lab.client.sysctl("ipv4/tcp_fastopen", CLIENT);
    lab.server.sysctl("ipv4/tcp_fastopen", SERVER_WITHOUT_SOCKET_OPTION);
    for in_syn in [0, 300] {
        let socket = lab.client_socket("192.0.2.2", Protocol::MPTCP);
        let bytes = pattern(7, 0, 300);
        let sent = socket.send_to_with_flags(&bytes, &at_port("192.0.2.2").into(), MSG_FASTOPEN);
        assert_eq!(sent.unwrap(), bytes.len());
        let mut talk = lab.talk(socket);
        talk.sent_at_once(&bytes, in_syn);
        talk.down(700);
        talk.exchange(3000, 200);
        talk.close();
    }
    lab.check(&[CLOSED, FIRST, CLOSED, FIRST]);
}

/// Three connections with the same addresses and ports.
#[test]
fn same_ports_again() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    for _ in 0..3 {
        let socket = lab.client_socket("192.0.2.2", Protocol::MPTCP);
        socket.set_reuse_address(true).unwrap();
        let own = std::net::SocketAddr::new("192.0.2.1".parse().unwrap(), 40_000);
        socket.bind(&own.into()).unwrap();
        socket.connect(&at_port("192.0.2.2").into()).unwrap();
        let mut talk = lab.talk(socket);
        talk.exchange(3000, 2000);
        talk.close_by_server();
        lab.client.wait_closed();
    }
    lab.check(&[CLOSED, FIRST, CLOSED, FIRST, CLOSED, FIRST]);
}

#[test]
fn many_short_connections() {
    const COUNT: usize = 30;
    let Some(mut lab) = Lab::with_paths(1) else { return };
    for number in 0..COUNT {
        let mut talk = lab.connect("192.0.2.2");
        talk.exchange(100 + number, 200);
        talk.close();
    }
    lab.check(&[CLOSED, FIRST].repeat(COUNT));
}

/// Each connection ends while its join is on the way.
#[test]
fn many_short_connections_with_joins() {
    const COUNT: usize = 20;
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    for _ in 0..COUNT {
        let mut talk = lab.connect("192.0.2.2");
        talk.exchange(100, 200);
        talk.close();
    }
    lab.check_connections(&[CLOSED; COUNT]);
}

/// Ten connections at a time.
#[test]
fn connections_side_by_side() {
    const COUNT: usize = 10;
    let Some(mut lab) = Lab::with_paths(1) else { return };
    let mut talks: Vec<_> = (0..COUNT).map(|_| lab.connect("192.0.2.2")).collect();
    for size in [500, 5000] {
        for talk in &mut talks {
            talk.exchange(size, size);
        }
    }
    for talk in talks {
        talk.close();
    }
    lab.check(&[CLOSED, FIRST].repeat(COUNT));
}

/// The server keeps nothing between SYN and third ACK.
#[test]
fn syn_cookies() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.server.sysctl("ipv4/tcp_syncookies", "2");
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(20_000, 20_000);
    talk.close();
    lab.check(&[CLOSED, FIRST, JOIN]);
}

/// The limit of the server when it uses cookies: it drops the SYN, and each copy counts.
#[test]
fn syn_cookies_and_limit() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.server.sysctl("ipv4/tcp_syncookies", "2");
    lab.server.limits(0, 0);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.server.wait_counted("MPJoinRejected", 1);
    talk.exchange(3000, 200);
    talk.close();
    let why = "with SYN cookies the host drops the SYN without an answer, and remembers nothing";
    lab.differs("server", "MPJoinRejected", why);
    lab.differs("server", "MPJoinSynRx", why);
    lab.check_connections(&[CLOSED]);
}

/// A port that is there for joins alone.
#[test]
fn connection_to_a_port_for_joins() {
    let Some(mut lab) = Lab::with_paths(1) else { return };
    lab.server.endpoint("192.0.2.2 signal port 5009");
    let socket = lab.client_socket("192.0.2.2", Protocol::MPTCP);
    let mut address = at_port("192.0.2.2");
    assert_eq!(address.port(), PORT);
    address.set_port(5009);
    socket.connect(&address.into()).unwrap_err();
    drop(socket);
    lab.check(&["connection refused", "192.0.2.1 > 192.0.2.2:5009 refused by server: 3"]);
}

#[test]
fn jumbo_frames() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_with(1, 9000, false);
    lab.path_with(2, 9000, false);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(400_000, 200_000);
    talk.close();
    lab.check(&[CLOSED, FIRST, JOIN]);
}

/// Segments larger than the wire's, as a host sees them before its hardware does the rest.
#[test]
fn offloads() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_with(1, 1500, true);
    lab.path_with(2, 1500, true);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(2_000_000, 1_000_000);
    talk.close();
    lab.check(&[CLOSED, FIRST, JOIN]);
}

const VLAN_7: [u8; 4] = [0x81, 0x00, 0x00, 0x07];
const SERVICE_VLAN_9: [u8; 4] = [0x88, 0xa8, 0x00, 0x09];

fn tagged(tags: &'static [[u8; 4]]) {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_through_trunk(1, tags);
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    talk.exchange(20_000, 20_000);
    talk.close();
    lab.check(&[CLOSED, FIRST]);
}

#[test]
fn vlan() {
    tagged(&[VLAN_7]);
}

#[test]
fn vlan_in_vlan() {
    tagged(&[SERVICE_VLAN_9, VLAN_7]);
}

/// Each packet gets a destination options header on its way.
#[test]
fn ipv6_extension_headers() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path_through(
        1,
        Impairment::change(|frame| {
            frame.repair_checksum();
            frame.insert_destination_options();
        }),
    );
    let mut talk = lab.connect("2001:db8:1::2");
    for _ in 0..10 {
        // No segment is so long that the header would not fit any more.
        talk.exchange(1200, 1100);
    }
    talk.close();
    lab.check(&[CLOSED, "2001:db8:1::1 > 2001:db8:1::2 closed"]);
}
