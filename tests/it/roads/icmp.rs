//! ICMP errors: they count for the segment that they quote, and only if it was on its way.

use mptcpscope::internals::report::Report;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::decoder::Decoder;
use mptcpscope::internals::wire::frame::{LinkType, PacketNo};
use serde_json::Value;

use super::wrap;
use crate::support::reports::{array, text};
use crate::support::roads::Cargo;
use crate::support::testdata::{self, OwnedFrame};

/// A connection whose join got no answer, up to the first SYN of the join.
fn up_to_the_join() -> Vec<OwnedFrame> {
    let bytes = std::fs::read(testdata::path("captures/join-unanswered.pcap")).unwrap();
    let frames = testdata::frames(bytes);
    let is_join = |frame: &OwnedFrame| {
        let segment = frame.segment().unwrap();
        segment.flags.is_syn()
            && segment.options.octets.windows(2).any(|pair| pair == [30, 12])
            && segment.number.0 > 3
    };
    let join = frames.iter().position(is_join).unwrap();
    frames[..=join].to_vec()
}

/// What a router says of a frame by ICMP, with so many octets of the IP packet.
fn error(about: &OwnedFrame, kind: [u8; 2], quoted: usize) -> Cargo {
    let quote = &about.data[14..14 + quoted];
    let len = u16::try_from(28 + quote.len()).unwrap().to_be_bytes();
    let mut data = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    data.extend([0x45, 0, len[0], len[1], 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 99]);
    data.extend(&about.data[26..30]);
    data.extend([kind[0], kind[1], 0, 0, 0, 0, 0, 0]);
    data.extend(quote);
    Cargo { wire_len: data.len(), data }
}

fn report(frames: &[OwnedFrame], error: &Cargo) -> Value {
    let (mut decoder, mut tracker) = (Decoder::default(), Tracker::new(Limits::default(), 1));
    let last = frames.last().unwrap();
    let mut error = error.frame(last, LinkType::ETHERNET);
    error.number = PacketNo(last.number.0 + 1);
    for frame in frames.iter().chain([&error]) {
        tracker.push(&decoder.decode(&frame.whole()));
    }
    serde_json::to_value(Report::build(&tracker.trace(), &[], None)).unwrap()
}

fn codes(report: &Value) -> Vec<&str> {
    array(&report["findings"]).iter().map(|finding| text(&finding["code"])).collect()
}

#[test]
fn a_join_that_cannot_arrive_names_who_says_so() {
    let frames = up_to_the_join();
    let syn = frames.last().unwrap();
    // All of the packet, and the 8 octets of TCP that RFC 792 asks for.
    for quoted in [syn.data.len() - 14, 28] {
        let plain = error(syn, [3, 1], quoted);
        for error in [plain.clone(), wrap("vxlan", &plain), wrap("gre", &plain)] {
            let report = report(&frames, &error);
            let findings = array(&report["findings"]);
            let found = findings.iter().find(|found| found["code"] == "join-unreachable").unwrap();
            let summary = text(&found["summary"]);
            assert!(
                summary.contains("192.0.2.99 on the way reported host unreachable"),
                "{summary}"
            );
            let icmp = &report["connections"][0]["icmp"][0];
            assert_eq!(icmp["name"], "host_unreachable");
            assert_eq!(icmp["subflow"], 1);
            let events = array(&report["connections"][0]["events"]);
            assert!(events.iter().any(|event| event["kind"] == "ICMP"));
        }
    }
}

#[test]
fn an_error_that_quotes_what_was_not_on_its_way_is_nothing() {
    let frames = up_to_the_join();
    let mut made_up = frames.last().unwrap().clone();
    made_up.data[38] ^= 1; // another sequence number
    let stale = &frames[0]; // the first SYN, which was acknowledged
    for about in [&made_up, stale] {
        let report = report(&frames, &error(about, [3, 1], 28));
        assert!(!codes(&report).contains(&"join-unreachable"));
        assert!(array(&report["connections"][0]["icmp"]).is_empty());
    }
    // One that says that the packet is too long is no answer to a SYN.
    let report = report(&frames, &error(frames.last().unwrap(), [3, 4], 28));
    assert!(!codes(&report).contains(&"join-unreachable"));
}
