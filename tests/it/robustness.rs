//! Captures of testdata, ill-treated: cut, with flipped bits, shuffled, doubled. The tracker never
//! panics, what it counts agrees with itself, and it never counts more than there is.

use std::collections::BTreeMap;

use mptcpscope::internals::report::{Report, json};
use mptcpscope::internals::track::{Limits, OptionCounts, Totals, Tracker};
use mptcpscope::internals::wire::frame::{Frame, PacketNo};
use mptcpscope::internals::wire::segment::{Decoded, Endpoint, decode};

use crate::support::fuzz_targets;
use crate::support::random::Random;
use crate::support::testdata::{self, OwnedFrame};

const LONGEST_SNAPLEN: usize = 120;

/// Headers that are always within this: two VLAN tags, IPv6, TCP.
const HEADERS: usize = 14 + 8 + 40 + 20;

#[test]
fn a_shorter_snap_length_never_shows_more() {
    let mut payload = 0;
    for (name, frames) in testdata::captures() {
        let whole = Counts::of(frames.iter().map(OwnedFrame::whole));
        payload += whole.payload.values().sum::<u64>();
        let mut longer = whole.clone();
        for snaplen in (0..=LONGEST_SNAPLEN).rev() {
            let cut = Counts::of(frames.iter().map(|frame| frame.cut(snaplen)));
            let place = format!("{name} at {snaplen} octets");
            assert_eq!(cut.totals.packets, whole.totals.packets, "{place}");
            cut.assert_within_longer(&longer, &place);
            longer = cut;
        }
        assert_eq!(longer.totals.undecoded, whole.totals.packets, "{name}: nothing is left at 0");
    }
    assert!(payload > 100_000, "there was something to count: {payload}");
}

/// Options say nothing of how long a segment is, and one segment cannot open two subflows.
#[test]
fn flipped_option_octets_change_one_segment_alone() {
    for (name, mut frames) in testdata::captures() {
        let whole = Counts::of(frames.iter().map(OwnedFrame::whole));
        let payload = payload_of_all_segments(frames.iter().map(OwnedFrame::whole));
        for (number, bytes) in options(&frames) {
            for at in bytes {
                // Neighbours get different bits: a length is a little more, a subtype another.
                let mask = [0x01, 0x10, 0x80, 0xff][at % 4];
                frames[number].data[at] ^= mask;
                let flipped = Counts::of(frames.iter().map(OwnedFrame::whole));
                frames[number].data[at] ^= mask;
                let place = format!("{name}, frame {number}, octet {at} ^ {mask:#x}");
                let (found, expected) = (&flipped.totals, &whole.totals);
                assert_eq!(found.tcp_segments, expected.tcp_segments, "{place}");
                assert!(found.mptcp_segments.abs_diff(expected.mptcp_segments) <= 1, "{place}");
                assert!(flipped.subflows <= whole.subflows + 1, "{place}");
                assert_payload_within(&flipped.payload, &payload, &place);
            }
        }
    }
}

/// Bytes of any header, several at a time: what then is a segment is decided by the decoder, and
/// the tracker counts no more than that.
#[test]
fn flipped_header_octets_never_panic() {
    let mut random = Random::new(0x6d70_7463_7073_636f);
    for (name, frames) in testdata::captures() {
        for round in 0..64 {
            let mut flipped = frames.clone();
            for frame in &mut flipped {
                let len = frame.data.len().min(HEADERS);
                if len > 0 && random.below(4) == 0 {
                    frame.data[random.below(len)] ^= random.octet();
                }
            }
            let place = format!("{name}, round {round}");
            let counts = Counts::of(flipped.iter().map(OwnedFrame::whole));
            assert_eq!(counts.totals.packets, frames.len() as u64, "{place}");
            let payload = payload_of_all_segments(flipped.iter().map(OwnedFrame::whole));
            assert_payload_within(&counts.payload, &payload, &place);
        }
    }
}

/// In any order the same options are counted; what they mean may be something else.
#[test]
fn shuffled_frames_are_the_same_frames() {
    let mut random = Random::new(0x7368_7566_666c_6564);
    for (name, frames) in testdata::captures() {
        let whole = Counts::of(frames.iter().map(OwnedFrame::whole));
        let payload = payload_of_all_segments(frames.iter().map(OwnedFrame::whole));
        for round in 0..16 {
            let mut shuffled = frames.clone();
            if round % 2 == 0 {
                random.shuffle(&mut shuffled);
            } else {
                // Mild: neighbours change places.
                shuffled.chunks_mut(3).for_each(|chunk| random.shuffle(chunk));
            }
            number_anew(&mut shuffled);
            let counts = Counts::of(shuffled.iter().map(OwnedFrame::whole));
            let place = format!("{name}, round {round}");
            assert_sums_equal(&counts.totals, &whole.totals, 1, &place);
            assert_payload_within(&counts.payload, &payload, &place);
        }
    }
}

/// A frame that comes twice is two records, but no new data.
#[test]
fn doubled_frames_bring_nothing_new() {
    for (name, frames) in testdata::captures() {
        let whole = Counts::of(frames.iter().map(OwnedFrame::whole));
        let side_by_side: Vec<_> =
            frames.iter().flat_map(|frame| [frame.clone(), frame.clone()]).collect();
        let one_after_the_other = [frames.clone(), frames.clone()].concat();
        for (order, mut doubled) in
            [("side by side", side_by_side), ("one after the other", one_after_the_other)]
        {
            number_anew(&mut doubled);
            let counts = Counts::of(doubled.iter().map(OwnedFrame::whole));
            let place = format!("{name}, {order}");
            assert_sums_equal(&counts.totals, &whole.totals, 2, &place);
            assert_eq!(counts.subflows, whole.subflows, "{place}");
            assert_eq!(counts.new_data, whole.new_data, "{place}");
            // Told apart from a retransmission by IPv4's identification, or by timestamps.
            if order == "side by side" && !name.contains("no-timestamps") {
                assert_eq!(counts.payload, whole.payload, "{place}: a copy is no payload");
            }
            let payload = payload_of_all_segments(doubled.iter().map(OwnedFrame::whole));
            assert_payload_within(&counts.payload, &payload, &place);
        }
    }
}

/// Live is offline: a look at the trace changes nothing (it borrows the tracker, so it cannot), and
/// neither does the seed of the hash tables. There is no other way in than one frame at a time.
#[test]
fn looking_changes_nothing() {
    for (name, frames) in testdata::captures() {
        let mut quiet = Tracker::new(Limits::default(), 0);
        let mut watched = Tracker::new(Limits::default(), u64::MAX);
        for frame in &frames {
            quiet.push(&decode(&frame.whole()));
            watched.push(&decode(&frame.whole()));
            fuzz_targets::check(watched.trace());
        }
        assert_eq!(everything(&quiet), everything(&watched), "{name}");
    }
}

/// Times are told from the first packet on: another clock changes no byte of the report.
#[test]
fn another_clock_changes_nothing() {
    for (name, frames) in testdata::captures() {
        let mut shifted = frames.clone();
        for frame in &mut shifted {
            frame.timestamp.0 -= 86_400_000_000_001;
        }
        assert!(report(&frames) == report(&shifted), "{name}");
    }
}

/// What is compared of a tracked capture.
#[derive(Clone)]
struct Counts {
    totals: Totals,
    subflows: usize,
    /// Bytes of payload on subflows, by sender and receiver: roles may be guessed differently.
    payload: Payload,
    new_data: u64,
}

type Payload = BTreeMap<[String; 2], u64>;

impl Counts {
    /// Tracks `frames`; checks what must hold of any capture.
    fn of<'a>(frames: impl Iterator<Item = Frame<'a>>) -> Self {
        let mut tracker = Tracker::new(Limits::default(), 0);
        frames.for_each(|frame| tracker.push(&decode(&frame)));
        let trace = tracker.trace();
        fuzz_targets::check(trace);

        let of_connections = trace.connections().into_iter().flat_map(|c| trace.subflows(c));
        let subflows: Vec<_> = of_connections.chain(trace.orphans()).collect();
        let mut payload = Payload::new();
        let mut new_data = 0;
        for subflow in &subflows {
            let (client, server) = (&subflow.sides.client, &subflow.sides.server);
            for (sender, receiver) in [(client, server), (server, client)] {
                *payload.entry(key(sender.endpoint, receiver.endpoint)).or_default() +=
                    sender.bytes.payload;
                new_data += sender.bytes.new_data;
            }
        }
        Self { totals: trace.totals().clone(), subflows: subflows.len(), payload, new_data }
    }

    /// A shorter snap length takes bytes away from the end of a frame. So a frame is decoded as
    /// before or not at all, its options are a beginning of what they were, and its payload has the
    /// length of the IP header. Flows become subflows later, or not at all.
    ///
    /// Not so: there may be *more* plain flows (subflows whose options are cut), and more
    /// connections (joins whose token or keys are cut).
    fn assert_within_longer(&self, longer: &Self, place: &str) {
        let (found, most) = (&self.totals, &longer.totals);
        assert!(found.undecoded >= most.undecoded, "{place}");
        assert!(found.tcp_segments <= most.tcp_segments, "{place}");
        assert!(found.mptcp_segments <= most.mptcp_segments, "{place}");
        for (found, most) in each_option(&found.options).into_iter().zip(each_option(&most.options))
        {
            assert!(found <= most, "{place}: {:?} / {:?}", self.totals, longer.totals);
        }
        assert!(self.subflows <= longer.subflows, "{place}");
        assert!(self.new_data <= longer.payload.values().sum(), "{place}");
        assert_payload_within(&self.payload, &longer.payload, place);
    }
}

fn each_option(counts: &OptionCounts) -> Vec<u64> {
    counts.named().map(|(_, count)| count).collect()
}

/// Whatever is summed up over frames alone is the same in any order, and so many times as much.
fn assert_sums_equal(found: &Totals, once: &Totals, times: u64, place: &str) {
    let sums = |totals: &Totals| {
        [totals.packets, totals.undecoded, totals.fragments, totals.tcp_segments]
            .into_iter()
            .chain([totals.mptcp_segments])
            .chain(each_option(&totals.options))
            .collect::<Vec<_>>()
    };
    let expected: Vec<_> = sums(once).into_iter().map(|sum| sum * times).collect();
    assert_eq!(sums(found), expected, "{place}");
}

fn assert_payload_within(found: &Payload, most: &Payload, place: &str) {
    for (ends, bytes) in found {
        let most = most.get(ends).copied().unwrap_or_default();
        assert!(*bytes <= most, "{place}, {ends:?}: {bytes} octets of {most}");
    }
}

/// All payload by sender and receiver, without the tracker.
fn payload_of_all_segments<'a>(frames: impl Iterator<Item = Frame<'a>>) -> Payload {
    let mut payload = Payload::new();
    for frame in frames {
        if let Decoded::Tcp(segment) = decode(&frame) {
            *payload.entry(key(segment.source, segment.destination)).or_default() +=
                u64::from(segment.payload_len);
        }
    }
    payload
}

fn key(sender: Endpoint, receiver: Endpoint) -> [String; 2] {
    [sender.to_string(), receiver.to_string()]
}

/// Where the option octets of each frame stand in it.
fn options(frames: &[OwnedFrame]) -> Vec<(usize, std::ops::Range<usize>)> {
    let of_frame = |frame: &OwnedFrame| {
        let segment = frame.segment()?;
        let start = segment.options.octets.as_ptr().addr() - frame.data.as_ptr().addr();
        Some(start..start + segment.options.octets.len())
    };
    (0..).zip(frames).filter_map(|(number, frame)| Some((number, of_frame(frame)?))).collect()
}

/// Packet numbers in the order of the frames, as a capture gives them.
fn number_anew(frames: &mut [OwnedFrame]) {
    (1..).zip(frames).for_each(|(number, frame)| frame.number = PacketNo(number));
}

/// The report as JSON.
fn report(frames: &[OwnedFrame]) -> String {
    let mut tracker = Tracker::new(Limits::default(), 0);
    for frame in frames {
        tracker.push(&decode(&frame.whole()));
    }
    let mut bytes = Vec::new();
    json::write(&Report::build(&tracker.trace(), &[], None), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// All that a tracker knows, as text.
fn everything(tracker: &Tracker) -> String {
    let trace = tracker.trace();
    let connections = trace.connections();
    let subflows: Vec<_> = connections.iter().flat_map(|c| trace.subflows(c)).collect();
    format!("{:?} {connections:?} {subflows:?} {:?}", trace.totals(), trace.orphans())
}
