//! The same addresses in several networks, and the same packets on several ways.

use mptcpscope::internals::report::Report;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::decoder::Decoder;
use mptcpscope::internals::wire::frame::{LinkType, PacketNo};
use serde_json::Value;

use super::wrap;
use crate::support::reports::{array, number};
use crate::support::roads::Cargo;
use crate::support::testdata::{self, OwnedFrame};

fn capture() -> Vec<(OwnedFrame, Cargo)> {
    let bytes = std::fs::read(testdata::path("captures/one-subflow-v4.pcap")).unwrap();
    let frames = testdata::frames(bytes).into_iter();
    frames.filter_map(|frame| Cargo::of(&frame).map(|cargo| (frame, cargo))).collect()
}

/// The same segment of a connection with other initial sequence numbers.
fn shifted(cargo: &Cargo, client: [u8; 4]) -> Cargo {
    let mut shifted = cargo.clone();
    let from_client = cargo.data[26..30] == client;
    let (seq, ack) = if from_client { (1_000, 2_000) } else { (2_000, 1_000) };
    for (at, by) in [(38, seq), (42, ack)] {
        let octets = shifted.data[at..at + 4].try_into().unwrap();
        let number = u32::from_be_bytes(octets).wrapping_add(by);
        shifted.data[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
    shifted
}

/// In a VXLAN of this number.
fn in_network(cargo: &Cargo, network: u8) -> Cargo {
    let mut wrapped = wrap("vxlan", cargo);
    assert_eq!(wrapped.data[48], 42);
    wrapped.data[48] = network;
    wrapped
}

fn report(frames: &[(OwnedFrame, Cargo)]) -> Value {
    let (mut decoder, mut tracker) = (Decoder::default(), Tracker::new(Limits::default(), 1));
    for ((frame, cargo), index) in frames.iter().zip(1..) {
        let mut frame = cargo.frame(frame, LinkType::ETHERNET);
        frame.number = PacketNo(index);
        tracker.push(&decoder.decode(&frame.whole()));
    }
    serde_json::to_value(Report::build(&tracker.trace(), &[], None)).unwrap()
}

fn bytes(report: &Value) -> Vec<u64> {
    let connections = array(&report["connections"]).iter();
    connections.map(|connection| number(&connection["s2c"]["stream_bytes"])).collect()
}

#[test]
fn one_4_tuple_in_two_networks_is_two_connections() {
    let frames = capture();
    let client: [u8; 4] = frames[0].1.data[26..30].try_into().unwrap();
    let alone = bytes(&report(&frames));
    let both: Vec<_> = frames
        .iter()
        .flat_map(|(frame, cargo)| {
            let other = shifted(cargo, client);
            [(frame.clone(), in_network(cargo, 1)), (frame.clone(), in_network(&other, 2))]
        })
        .collect();
    assert_eq!(bytes(&report(&both)), [alone[0], alone[0]]);
}

#[test]
fn the_directions_of_a_connection_may_be_in_two_networks() {
    let frames = capture();
    let client: [u8; 4] = frames[0].1.data[26..30].try_into().unwrap();
    let alone = bytes(&report(&frames));
    let apart: Vec<_> = frames
        .iter()
        .map(|(frame, cargo)| {
            let from_client = cargo.data[26..30] == client;
            (frame.clone(), in_network(cargo, if from_client { 1 } else { 2 }))
        })
        .collect();
    assert_eq!(bytes(&report(&apart)), alone);
}

#[test]
fn a_packet_inside_and_outside_a_tunnel_is_one() {
    let frames = capture();
    let alone = report(&frames);
    let twice: Vec<_> = frames
        .iter()
        .flat_map(|(frame, cargo)| {
            [(frame.clone(), wrap("vxlan", cargo)), (frame.clone(), cargo.clone())]
        })
        .collect();
    let twice = report(&twice);
    for direction in ["c2s", "s2c"] {
        for fact in ["payload_bytes", "segments", "retransmitted_bytes", "new_data_bytes"] {
            let of =
                |report: &Value| report["connections"][0]["subflows"][0][direction][fact].clone();
            assert_eq!(of(&twice), of(&alone), "{direction} {fact}");
        }
    }
}
