//! Joins, and how they fail.

use socket2::{Domain, Protocol, Socket, Type};

use crate::forwarder::{Impairment, Verdict};
use crate::frame::MP_JOIN;
use crate::lab::Lab;
use crate::talk::{PORT, Talk};

const FIRST: &str = "192.0.2.1 > 192.0.2.2 closed";

/// A second path on which the client joins.
fn joining(impairment: Impairment) -> Option<(Lab, Talk)> {
    let mut lab = Lab::open()?;
    lab.path(1);
    lab.path_through(2, impairment);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.client.wait_counted("MPJoinSynTx", 1);
    Some((lab, talk))
}

#[test]
fn fullmesh() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("192.0.2.1 subflow fullmesh id 2");
    lab.client.endpoint("198.51.100.1 subflow fullmesh id 1");
    lab.server.endpoint("198.51.100.2 signal id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(3);
    talk.exchange(300_000, 300_000);
    talk.close();
    lab.check_sorted(&[
        "192.0.2.1 > 192.0.2.2 closed",
        "connection closed",
        "join 192.0.2.1 > 198.51.100.2 closed",
        "join 198.51.100.1 > 192.0.2.2 closed",
        "join 198.51.100.1 > 198.51.100.2 closed",
        "server's 1 198.51.100.2 verified",
    ]);
}

/// The address comes when the connection is open already.
#[test]
fn late_join() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(20_000, 500);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    lab.wait_joined(1);
    talk.exchange(20_000, 500);
    talk.close();
    lab.check(&["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 closed"]);
}

/// The same address leaves and comes back: the same ID on another subflow.
#[test]
fn join_again() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    lab.client.ip("mptcp endpoint delete id 1");
    lab.server.wait_counted("RmAddr", 1);
    talk.exchange(500, 500);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    lab.server.wait_counted("MPJoinAckRx", 2);
    talk.exchange(20_000, 500);
    talk.close();
    lab.check(&[
        "connection closed",
        FIRST,
        "join 198.51.100.1 > 192.0.2.2 closed",
        "join 198.51.100.1 > 192.0.2.2 closed",
        "client's 1 removed",
    ]);
}

/// The server's limit: everything looks right until the third ACK.
#[test]
fn limit_of_the_server() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    lab.server.limits(0, 0);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.server.wait_counted("MPJoinRejected", 1);
    lab.client.wait_counted("MPRstTx", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 refused by server: 3"]);
}

/// The client's limit: nothing is sent.
#[test]
fn limit_of_the_client() {
    let Some(mut lab) = Lab::with_paths(3) else { return };
    lab.client.limits(1, 0);
    lab.client.endpoint("198.51.100.1 subflow id 1");
    lab.client.endpoint("203.0.113.1 subflow id 2");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 closed"]);
}

#[test]
fn bad_token() {
    let Some((lab, mut talk)) = joining(Impairment::change(|frame| {
        if let Some(place) = frame.mptcp(MP_JOIN).filter(|_| frame.is_syn()) {
            frame.flip(place.start + 4);
        }
    })) else {
        return;
    };
    lab.server.wait_counted("MPJoinNoTokenFound", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check_each(
        &["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 refused by server: 1"],
        &["connection closed", FIRST, "orphan 198.51.100.1 > 192.0.2.2"],
    );
}

#[test]
fn bad_hmac_of_the_ack() {
    let Some((lab, mut talk)) = joining(Impairment::change(|frame| {
        if let Some(place) = frame.mptcp(MP_JOIN).filter(|_| frame.is_later()) {
            frame.flip(place.end - 1);
        }
    })) else {
        return;
    };
    lab.server.wait_counted("MPJoinAckHMacFailure", 1);
    lab.client.wait_counted("MPRstTx", 1);
    talk.exchange(3000, 200);
    talk.close();
    let refused = "join 198.51.100.1 > 192.0.2.2 refused by server: 1";
    lab.check_each(
        &["connection closed", FIRST, refused],
        &["connection closed", FIRST, &format!("{refused}, HMAC of ACK wrong")],
    );
}

#[test]
fn bad_hmac_of_the_syn_ack() {
    let Some((lab, mut talk)) = joining(Impairment::change(|frame| {
        if let Some(place) = frame.mptcp(MP_JOIN).filter(|_| frame.is_syn_ack()) {
            frame.flip(place.start + 4);
        }
    })) else {
        return;
    };
    lab.client.wait_counted("MPRstTx", 1);
    talk.exchange(3000, 200);
    talk.close();
    let refused = "join 198.51.100.1 > 192.0.2.2 refused by client: 1";
    lab.check_each(
        &["connection closed", FIRST, &format!("{refused}, HMAC of SYN/ACK wrong")],
        &["connection closed", FIRST, refused],
    );
}

#[test]
fn syn_stripped() {
    let Some((lab, mut talk)) = joining(Impairment::change(|frame| {
        if frame.is_syn() {
            frame.strip(&[MP_JOIN]);
        }
    })) else {
        return;
    };
    lab.client.wait_counted("MPRstTx", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check_each(
        &["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 refused by client: 1"],
        &[
            "connection closed",
            FIRST,
            // All that tells of MPTCP here is the reason in the client's RST.
            "connection refused",
            "198.51.100.1 > 192.0.2.2 refused by client: 1",
        ],
    );
}

#[test]
fn syn_ack_stripped() {
    let Some((lab, mut talk)) = joining(Impairment::change(|frame| {
        if frame.is_syn_ack() {
            frame.strip(&[MP_JOIN]);
        }
    })) else {
        return;
    };
    lab.client.wait_counted("MPRstTx", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 refused by client: 1"]);
}

#[test]
fn ack_stripped() {
    let Some((lab, mut talk)) = joining(Impairment::change(|frame| {
        if frame.is_later() && frame.from_client {
            frame.strip(&[MP_JOIN]);
        }
    })) else {
        return;
    };
    lab.client.wait_counted("MPRstTx", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check(&["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 refused by server: 1"]);
}

/// The SYN of the join vanishes.
#[test]
fn black_hole() {
    let hole = Impairment::drop_if(|frame| frame.is_syn() && frame.has(MP_JOIN));
    let Some((lab, mut talk)) = joining(hole) else { return };
    talk.exchange(3000, 200);
    lab.client.wait_counted("TCPSynRetrans", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check_each(
        &["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 syn_timeout"],
        &["connection closed", FIRST],
    );
}

/// A firewall answers the SYN of the join.
#[test]
fn firewall() {
    let Some((lab, mut talk)) =
        joining(Impairment::rule(|frame| match frame.refusal().filter(|_| frame.is_syn()) {
            Some(refusal) => Verdict::Answer(refusal),
            None => Verdict::Pass,
        }))
    else {
        return;
    };
    talk.exchange(3000, 200);
    talk.close();
    lab.check_each(
        &["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 refused by server: bare"],
        &["connection closed", FIRST],
    );
}

/// The server knows the client's second address by another name.
#[test]
fn address_translation() {
    const INSIDE: [u8; 4] = [198, 51, 100, 1];
    const OUTSIDE: [u8; 4] = [198, 51, 100, 99];
    let Some(mut lab) = Lab::open() else { return };
    lab.path(1);
    lab.path_through(
        2,
        Impairment::change(|frame| {
            if frame.from_client {
                frame.translate(INSIDE, OUTSIDE);
            } else {
                frame.translate(OUTSIDE, INSIDE);
            }
        }),
    );
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.wait_joined(1);
    talk.exchange(20_000, 20_000);
    talk.close();
    lab.check_each(
        &["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 closed"],
        &["connection closed", FIRST, "join 198.51.100.99 > 192.0.2.2 closed"],
    );
}

/// Another host has the server's address on the second path, and knows nothing of the connection.
#[test]
fn join_to_another_host() {
    let Some(mut lab) = Lab::open() else { return };
    lab.path(1);
    let other = lab.path_to_another(2, &["orphan 198.51.100.1 > 192.0.2.2"]);
    other.ip("address add 192.0.2.2/32 dev lo");
    let _listener = other.run(|| listener(PORT));
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    other.wait_counted("MPJoinNoTokenFound", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check_each(
        &["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 refused by server: 1"],
        &["connection closed", FIRST],
    );
}

/// The join ends up at a port where somebody else listens.
#[test]
fn join_to_another_port() {
    const OTHER: u16 = 5010;
    let Some(mut lab) = Lab::open() else { return };
    lab.path(1);
    lab.path_through(
        2,
        Impairment::change(|frame| {
            let (old, new) = if frame.from_client { (PORT, OTHER) } else { (OTHER, PORT) };
            frame.translate_port(old, new);
        }),
    );
    let _listener = lab.server.run(|| listener(OTHER));
    lab.client.endpoint("198.51.100.1 subflow id 1");
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    lab.server.wait_counted("MismatchPortSynRx", 1);
    talk.exchange(3000, 200);
    talk.close();
    lab.check_each(
        &["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2 refused by server: 3"],
        &["connection closed", FIRST, "join 198.51.100.1 > 192.0.2.2:5010 refused by server: 3"],
    );
}

fn listener(port: u16) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::MPTCP)).unwrap();
    let any = std::net::SocketAddr::from(([0, 0, 0, 0], port));
    socket.bind(&any.into()).unwrap();
    socket.listen(8).unwrap();
    socket
}

/// The application of the server has closed its direction: no more joins.
#[test]
fn join_after_the_end() {
    let Some(mut lab) = Lab::with_paths(2) else { return };
    let mut talk = lab.connect("192.0.2.2");
    talk.exchange(500, 500);
    talk.server.shut_down();
    talk.client.expect_end();
    lab.client.endpoint("198.51.100.1 subflow id 1");
    talk.up(3000);
    talk.client.shut_down();
    talk.server.expect_end();
    drop(talk);
    lab.check(&["connection closed", FIRST]);
}
