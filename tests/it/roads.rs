//! The same segments by every road: in each tunnel, in tunnels in each other, in each link type.

mod fragments;
mod icmp;
mod tenants;

use mptcpscope::internals::wire::decoder::Decoder;
use mptcpscope::internals::wire::frame::LinkType;
use mptcpscope::internals::wire::segment::{Decoded, Segment, decode};
use mptcpscope::internals::wire::skipped::{Encrypted, Skipped};
use mptcpscope::internals::wire::tunnel::DecodeAs;
use mptcpscope::internals::wire::way::Way;

use crate::support::roads::{Cargo, FOR_ETHERNET, LINKS, TEREDO, TUNNELS, Wrap};
use crate::support::testdata::{self, OwnedFrame};

/// Of both IP versions, with several subflows, and one whose frames were cut.
const CAPTURES: &[&str] =
    &["two-subflows.pcap", "one-subflow-v6.pcap", "add-addr-v6.pcap", "snaplen-96.pcap"];

/// The frames of these captures, and what is in each. Big frames of offload do not fit into a tunnel.
fn cargo() -> Vec<(OwnedFrame, Cargo)> {
    let captures = testdata::captures();
    let wanted = captures.into_iter().filter(|(name, _)| CAPTURES.contains(&&**name));
    let frames = wanted.flat_map(|(_, frames)| frames);
    let frames: Vec<_> = frames
        .filter(|frame| frame.wire_len < 60_000)
        .filter_map(|frame| Cargo::of(&frame).map(|cargo| (frame, cargo)))
        .collect();
    assert!(frames.len() > 200, "{}", frames.len());
    frames
}

/// In the tunnel of this name.
fn wrap(name: &str, cargo: &Cargo) -> Cargo {
    let (_, wrap) = *TUNNELS.iter().find(|(known, _)| *known == name).unwrap();
    wrap(cargo)
}

/// A segment, all but the way that it came.
fn facts(segment: &Segment<'_>) -> String {
    format!("{:?}", Segment { way: Way::PLAIN, ..*segment })
}

/// Asserts that `frame` has the segment that `original` has.
fn assert_same(decoder: &mut Decoder, original: &OwnedFrame, frame: &OwnedFrame, road: &str) {
    let (original, frame) = (original.whole(), frame.whole());
    let Decoded::Tcp(expected) = decode(&original) else { return };
    match decoder.decode(&frame) {
        Decoded::Tcp(segment) => assert_eq!(facts(&segment), facts(&expected), "{road}"),
        other => panic!("{road}: {other:?} of packet {}: {:02x?}", frame.number, frame.data),
    }
}

#[test]
fn tunnels_change_nothing() {
    for (frame, cargo) in cargo() {
        let mut decoder = Decoder::default();
        let is_ipv6 = cargo.data[12] == 0x86;
        let tunnels = TUNNELS.iter().chain(TEREDO.iter().filter(|_| is_ipv6));
        for (name, wrap) in tunnels {
            let wrapped = wrap(&cargo).frame(&frame, LinkType::ETHERNET);
            assert_same(&mut decoder, &frame, &wrapped, name);
        }
    }
}

#[test]
fn tunnels_in_tunnels_change_nothing() {
    for (frame, cargo) in cargo().into_iter().step_by(29) {
        let mut decoder = Decoder::default();
        for (inner_name, inner) in TUNNELS {
            let inner = inner(&cargo);
            // What is no IP directly needs a tunnel for Ethernet.
            let is_ip = Cargo::of(&inner.frame(&frame, LinkType::ETHERNET)).is_some();
            let outers = TUNNELS.iter().filter(|(name, _)| is_ip || FOR_ETHERNET.contains(name));
            for (outer_name, outer) in outers {
                let wrapped = outer(&inner).frame(&frame, LinkType::ETHERNET);
                let road = format!("{inner_name} in {outer_name}");
                assert_same(&mut decoder, &frame, &wrapped, &road);
            }
        }
    }
}

#[test]
fn eight_tunnels_are_opened_and_nine_are_not() {
    let (frame, cargo) = cargo().swap_remove(0);
    let (_, vxlan) = *TUNNELS.iter().find(|(name, _)| *name == "vxlan").unwrap();
    let times = |count| (0..count).fold(cargo.clone(), |cargo, _| vxlan(&cargo));
    let eight = times(8).frame(&frame, LinkType::ETHERNET);
    assert_same(&mut Decoder::default(), &frame, &eight, "eight times vxlan");
    let nine = times(9).frame(&frame, LinkType::ETHERNET);
    assert!(!matches!(decode(&nine.whole()), Decoded::Tcp(_)));
}

#[test]
fn link_types_change_nothing() {
    for (frame, cargo) in cargo() {
        let mut decoder = Decoder::default();
        for (number, name, dress) in LINKS {
            let dressed = dress(&cargo).frame(&frame, LinkType(*number));
            assert_same(&mut decoder, &frame, &dressed, name);
        }
    }
}

/// What a frame is that holds no segment.
fn skipped(cargo: &Cargo) -> Skipped {
    let (frame, _) = self::cargo().swap_remove(0);
    let frame = cargo.frame(&frame, LinkType::ETHERNET);
    match decode(&frame.whole()) {
        Decoded::Other(skipped) => skipped,
        other => panic!("{other:?}"),
    }
}

fn payload(octets: &[u8]) -> Cargo {
    Cargo { data: octets.to_vec(), wire_len: octets.len() }
}

#[test]
fn what_only_looks_like_a_tunnel_stays_udp() {
    for port in [4789, 8472, 4790, 6081, 2152, 1701, 3544, 6635] {
        assert_eq!(skipped(&payload(b"a question and its answer").in_udp(port)), Skipped::UDP);
        assert_eq!(skipped(&payload(&[0; 200]).in_udp(port)), Skipped::UDP, "{port}");
        assert_eq!(skipped(&payload(&[8; 200]).in_udp(port)), Skipped::UDP, "{port}");
    }
    // An inner packet that is longer than the datagram.
    let (_, cargo) = cargo().into_iter().find(|(_, cargo)| cargo.data[12] == 8).unwrap();
    let mut inner = cargo;
    inner.data[16..18].copy_from_slice(&2000u16.to_be_bytes());
    let (_, vxlan) = *TUNNELS.iter().find(|(name, _)| *name == "vxlan").unwrap();
    assert_eq!(skipped(&vxlan(&inner)), Skipped::UDP);
}

#[test]
fn a_rule_makes_a_port_a_tunnel() {
    let (frame, cargo) = cargo().swap_remove(0);
    let wrap: Wrap = |cargo| {
        let mut inner = cargo.data.clone();
        inner.splice(0..0, [8, 0, 0, 0, 0, 0, 42, 0]);
        Cargo { wire_len: cargo.wire_len + 8, data: inner }.in_udp(5555)
    };
    let wrapped = wrap(&cargo);
    assert_eq!(skipped(&wrapped), Skipped::UDP);
    let rules = DecodeAs::new(vec!["udp.port==5555,vxlan".parse().unwrap()]);
    let wrapped = wrapped.frame(&frame, LinkType::ETHERNET);
    assert_same(&mut Decoder::new(rules), &frame, &wrapped, "vxlan on port 5555");
}

#[test]
fn what_a_flow_was_said_to_be_it_stays() {
    let (frame, _) = cargo().swap_remove(0);
    let mut decoder = Decoder::default();
    let mut name = |cargo: &Cargo| {
        let frame = cargo.in_udp(443).frame(&frame, LinkType::ETHERNET);
        match decoder.decode(&frame.whole()) {
            Decoded::Other(skipped) => skipped,
            other => panic!("{other:?}"),
        }
    };
    let short = payload(&[0x43, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(name(&short), Skipped::UDP);
    let long = payload(&[0xc3, 0, 0, 0, 1, 2, 9, 9, 0, 7, 7]);
    assert_eq!(name(&long), Skipped::Encrypted(Encrypted::Quic));
    assert_eq!(name(&short), Skipped::Encrypted(Encrypted::Quic));
}

#[test]
fn tunnels_are_told_with_their_ends_and_numbers() {
    let mut decoder = Decoder::default();
    let frames = cargo();
    let (frame, cargo) = &frames[0];
    let wrapped = wrap("gre", &wrap("vxlan", cargo)).frame(frame, LinkType::ETHERNET);
    for _ in 0..3 {
        let Decoded::Tcp(segment) = decoder.decode(&wrapped.whole()) else { panic!() };
        let way = segment.way;
        assert_eq!(decoder.ways().route(way).unwrap().tunnels(), [0, 1]);
    }
    let tunnels = decoder.ways().tunnels();
    let told: Vec<_> = tunnels
        .iter()
        .map(|tunnel| (tunnel.parent, tunnel.kind.name(), tunnel.identifier, tunnel.packets))
        .collect();
    assert_eq!(told, [(None, "gre", None, 3), (Some(0), "vxlan", Some(42), 3)]);
    let (a, b) = tunnels[0].ends.unwrap();
    assert_eq!((a.to_string(), b.to_string()), ("192.0.2.10".into(), "192.0.2.20".into()));
}
