//! States and verdicts of connections that no capture of the project shows: cut off, refused, never
//! answered, begun before the capture.

use etherparse::PacketBuilder;
use mptcpscope::internals::analyze::state::ConnectionState;
use mptcpscope::internals::report::Report;
use mptcpscope::internals::report::model::Connection;
use mptcpscope::internals::track::proof::Verdict;
use mptcpscope::internals::track::subflow::SubflowState;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::frame::{CapturePoint, Frame, LinkType, PacketNo, Timestamp};
use mptcpscope::internals::wire::segment::decode;

use crate::support::files;
use crate::support::reports;
use crate::support::testdata;

/// MP_CAPABLE of a SYN, and of a SYN/ACK.
const CAPABLE: &str = "1e040101";
const CAPABLE_KEY: &str = "1e0c01018d184fe95524ca7a";
/// MP_CAPABLE of a third ACK.
const CAPABLE_KEYS: &str = "1e14010170ef7f5c8a4be6578d184fe95524ca7a";
/// MP_JOIN of a SYN, for a token that nobody has.
const JOIN: &str = "1e0c10010000000100000002";
/// A DSS with DATA_ACK and a mapping of 10 bytes at subflow sequence number 1001.
const DSS: &str = "1e1420050000000100000001000003e9000affff";

#[test]
fn refused() {
    let report = report(|link| {
        link.client("S", 0, CAPABLE, b"");
        link.server("RA", 0, "", b"");
    });
    let connection = only(&report);
    assert_eq!(connection.state, ConnectionState::Refused);
    assert_eq!(connection.subflows[0].state, SubflowState::Refused);
    assert_eq!(
        connection.verdict,
        "The connection was not set up: the server sent a RST (packet 2)."
    );
    assert!(connection.close.is_none());
}

#[test]
fn never_answered() {
    let report = report(|link| {
        for _ in 0..3 {
            link.client("S", 0, CAPABLE, b"");
        }
    });
    let connection = only(&report);
    assert_eq!(connection.state, ConnectionState::Handshaking);
    assert_eq!(
        connection.verdict,
        "No answer is in the capture: 3 SYNs with MP_CAPABLE, no SYN/ACK."
    );
    assert_eq!(connection.subflows[0].handshake.rtt_ns, None);
    assert_eq!(connection.option_space.add_addr[0].fits, None);
}

#[test]
fn cut_off_in_the_handshake() {
    let report = report(|link| {
        link.client("S", 0, CAPABLE, b"");
        link.server("SA", 0, CAPABLE_KEY, b"");
    });
    let connection = only(&report);
    assert_eq!(connection.state, ConnectionState::Handshaking);
    assert!(connection.verdict.contains("no third ACK"));
    assert_eq!(connection.option_space.timestamps, Some(false));
    assert_eq!(connection.option_space.add_addr[5].bytes, Some(32));
}

#[test]
fn open_at_the_end() {
    let report = report(|link| {
        link.client("S", 0, CAPABLE, b"");
        link.server("SA", 0, CAPABLE_KEY, b"");
        link.client("A", 1, CAPABLE_KEYS, b"");
    });
    let connection = only(&report);
    assert_eq!(connection.state, ConnectionState::Established);
    assert_eq!(connection.c2s.stream_bytes, 0);
    assert_eq!(connection.c2s.data_acked_bytes, None);
    assert_eq!(connection.subflows[0].handshake.rtt_ns, Some(2_000_000));
}

#[test]
fn reset_before_any_data_fin() {
    let report = report(|link| {
        link.client("S", 0, CAPABLE, b"");
        link.server("SA", 0, CAPABLE_KEY, b"");
        link.client("A", 1, CAPABLE_KEYS, b"");
        link.server("RA", 1, "1e048102", b"");
    });
    let connection = only(&report);
    assert_eq!(connection.state, ConnectionState::Reset);
    let reset = connection.subflows[0].reset.as_ref().unwrap();
    assert_eq!((reset.packet, reset.reason_name), (4, Some("lack_of_resources")));
    assert!(connection.details[0].starts_with("A RST from the server on the last subflow"));
}

#[test]
fn begun_before_the_capture() {
    let report = report(|link| {
        link.client("A", 1001, DSS, b"0123456789");
    });
    let connection = only(&report);
    assert!(connection.midstream && !connection.roles_certain);
    assert_eq!(connection.client.key, None);
    assert_eq!(connection.version, None);
    assert_eq!(connection.checksum, None);
    assert_eq!(connection.verdict, "MPTCP was in use; the capture shows one subflow of it.");
}

#[test]
fn an_orphan_join() {
    let report = report(|link| {
        link.client("S", 0, JOIN, b"");
        link.server("RA", 0, "1e048001", b"");
    });
    assert!(report.connections.is_empty());
    let [orphan] = report.orphan_subflows.as_slice() else { panic!("one orphan") };
    assert_eq!(orphan.token.unwrap().to_string(), "0x00000001");
    assert_eq!(orphan.subflow.state, SubflowState::Refused);
    assert_eq!(orphan.subflow.hmac.as_ref().unwrap().ack, Verdict::Absent);
}

#[test]
fn nothing_but_a_reset() {
    let report = report(|link| {
        link.client("R", 1, "1e048001", b"");
    });
    let connection = only(&report);
    assert_eq!(connection.verdict, "The capture shows only a RST from the client (packet 1).");
    assert!(connection.midstream);
}

/// What is said of each capture of testdata: to be read one by one, as somebody who reads nothing else.
#[test]
fn sentences() {
    let mut lines = Vec::new();
    for capture in files::sorted(&testdata::path("captures")) {
        let report = reports::report(std::slice::from_ref(&capture));
        let connections = reports::array(&report["connections"]);
        lines.extend(connections.iter().map(|connection| {
            format!("{}\n    {}", files::name(&capture), reports::text(&connection["verdict"]))
        }));
    }
    insta::assert_snapshot!("sentences", lines.join("\n"));
}

/// A wire between a client and a server, with a tracker on it.
struct Link {
    tracker: Tracker,
    packets: u64,
}

impl Link {
    fn client(&mut self, flags: &str, seq: u32, options: &str, payload: &[u8]) {
        self.send(true, flags, seq, options, payload);
    }

    fn server(&mut self, flags: &str, seq: u32, options: &str, payload: &[u8]) {
        self.send(false, flags, seq, options, payload);
    }

    /// Everything is acknowledged up to the SYN; a millisecond passes from packet to packet.
    fn send(&mut self, from_client: bool, flags: &str, seq: u32, options: &str, payload: &[u8]) {
        let (client, server) = ([192, 0, 2, 1], [192, 0, 2, 2]);
        let packet = if from_client {
            PacketBuilder::ipv4(client, server, 64).tcp(40_000, 5001, seq, 1000)
        } else {
            PacketBuilder::ipv4(server, client, 64).tcp(5001, 40_000, seq, 1000)
        };
        let packet = flags.chars().fold(packet, |packet, flag| match flag {
            'S' => packet.syn(),
            'A' => packet.ack(1),
            'R' => packet.rst(),
            _ => panic!("no flag {flag}"),
        });
        let packet = packet.options_raw(&bytes(options)).unwrap();
        let mut data = Vec::new();
        packet.write(&mut data, payload).unwrap();
        self.packets += 1;
        let frame = Frame {
            number: PacketNo(self.packets),
            timestamp: Timestamp(i64::try_from(self.packets).unwrap() * 1_000_000),
            point: CapturePoint::default(),
            link_type: LinkType::RAW,
            wire_len: u32::try_from(data.len()).unwrap(),
            offset: None,
            data: &data,
        };
        self.tracker.push(&decode(&frame));
    }
}

fn report(talk: impl FnOnce(&mut Link)) -> Report {
    let mut link = Link { tracker: Tracker::new(Limits::default(), 1), packets: 0 };
    talk(&mut link);
    Report::build(&link.tracker.trace(), &[], None)
}

fn only(report: &Report) -> &Connection {
    let [connection] = report.connections.as_slice() else {
        panic!("{} connections", report.connections.len())
    };
    connection
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
