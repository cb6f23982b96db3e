//! Version 0 of mptcp.org between two hosts over four paths, captured at both ends: against tshark,
//! run once with `-o mptcp.analyze_mappings:TRUE -o mptcp.intersubflows_retransmission:TRUE`.
//!
//! Frames are missing in both captures, and only the first segment of a mapping carries it. mptcptrace
//! is not at hand, so it is not asked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::corpus::corpus;
use crate::support::reports::{array, number, report};

/// A connection's subflows by their TCP streams.
type Streams = &'static [u64];

/// Bytes of a TCP stream.
type Bytes = &'static [(u64, u64)];

struct Expected {
    file: &'static str,
    /// The TCP streams of each MPTCP stream.
    connections: &'static [Streams],
    /// From the client, whose subflow sequence numbers are new and that tshark calls a reinjection.
    /// (tshark's 45 and 42 frames include repetitions of a reinjection on its own subflow, which are
    /// TCP's.)
    reinjected: Bytes,
    /// Whose mapping tshark does not find either: the segment that carried it is not in the capture.
    unmapped: Bytes,
}

const AT_CLIENT: Expected = Expected {
    file: "pymptcpanalyzer__client_2.pcap",
    connections: &[&[0, 1, 2, 6], &[3, 4, 5, 7], &[8, 9, 10, 11], &[12, 13, 14, 15]],
    reinjected: &[(3, 1428), (4, 72_828), (5, 1428), (9, 4), (11, 1), (12, 7140), (15, 8568)],
    // Frames 606; 1582, 1585; 2747; 2158, 2160, 2231, 2564, 2566, 2569.
    unmapped: &[(3, 1124), (5, 5712), (13, 1428), (15, 14_280)],
};

const AT_SERVER: Expected = Expected {
    file: "pymptcpanalyzer__server_2.pcap",
    // Frames 22 to 37 are acknowledgments on a 4-tuple before its SYN, in frame 77: reset by the
    // server, so they are a connection of their own, of which nothing is known.
    connections: &[&[0, 1, 5, 7], &[2], &[3, 4, 6], &[8, 9, 10, 11], &[12, 13, 14, 15]],
    reinjected: &[
        (3, 1428),
        (4, 72_828),
        (6, 1428),
        (10, 4),
        (11, 1),
        (12, 5712),
        (14, 2856),
        (15, 9996),
    ],
    // Frames 618; 22 from 1096 on; 1616, 1620; 2256, 2323, 2784; 2193, 2261, 2599, 2601, 2605. The
    // 1428 bytes of frame 2858 are mapped by frame 2856, which tshark does not see.
    unmapped: &[(3, 1124), (4, 61_404), (6, 5712), (14, 7140), (15, 11_424)],
};

#[test]
#[ignore = "needs the corpus of captures"]
fn version_0_as_tshark_reads_it() {
    let corpus = corpus();
    for expected in [AT_CLIENT, AT_SERVER] {
        let path = corpus.join("third-party").join(expected.file);
        compare(&expected, &report(&[path]));
    }
}

/// Tokens and HMACs of version 0 are SHA-1's.
#[test]
#[ignore = "needs the corpus of captures"]
fn every_join_of_version_0_is_proved() {
    let corpus = corpus();
    let mut proved = 0;
    for file in [AT_CLIENT.file, AT_SERVER.file] {
        let path: PathBuf = corpus.join("third-party").join(file);
        for subflow in subflows(&report(&[path])).filter(|subflow| subflow["hmac"].is_object()) {
            let (first, second) = (&subflow["hmac"]["syn_ack"], &subflow["hmac"]["ack"]);
            let handshake = &subflow["handshake"];
            assert_eq!(first == "verified", !handshake["syn_ack"].is_null(), "{subflow}");
            assert_eq!(second == "verified", !handshake["ack"].is_null(), "{subflow}");
            proved += usize::from(second == "verified");
        }
    }
    assert_eq!(proved, 20);
}

fn compare(expected: &Expected, found: &Value) {
    let file = expected.file;
    let stream = |subflow: &Value| number(&subflow["tcp_stream"]);
    let connections: Vec<Vec<u64>> = array(&found["connections"])
        .iter()
        .map(|connection| array(&connection["subflows"]).iter().map(stream).collect())
        .collect();
    assert_eq!(connections, expected.connections, "{file}");
    let bytes = |kind: &str| -> BTreeMap<u64, u64> {
        let counts =
            subflows(found).map(|subflow| (stream(subflow), number(&subflow["c2s"][kind])));
        counts.filter(|(_, bytes)| *bytes > 0).collect()
    };
    assert_eq!(
        bytes("reinjected_bytes"),
        BTreeMap::from_iter(expected.reinjected.to_vec()),
        "{file}"
    );
    assert_eq!(bytes("unmapped_bytes"), BTreeMap::from_iter(expected.unmapped.to_vec()), "{file}");
}

fn subflows(report: &Value) -> impl Iterator<Item = &Value> {
    array(&report["connections"]).iter().flat_map(|connection| array(&connection["subflows"]))
}
