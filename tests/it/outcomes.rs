//! The outcomes of all segments add up to what the report counts, and to ask for them changes nothing.

use std::collections::HashMap;

use mptcpscope::internals::analyze::finding::Selection;
use mptcpscope::internals::report::Report;
use mptcpscope::internals::track::connection::Connection;
use mptcpscope::internals::track::ids::SubflowId;
use mptcpscope::internals::track::outcome::{ByteClass, PayloadPiece, SegmentOutcome};
use mptcpscope::internals::track::packet_class::PacketClass;
use mptcpscope::internals::track::range_set::SeqRange;
use mptcpscope::internals::track::role::{PerRole, Role};
use mptcpscope::internals::track::subflow::{ByteCounts, Subflow};
use mptcpscope::internals::track::{Limits, Trace, Tracker};
use mptcpscope::internals::wire::frame::PacketNo;
use mptcpscope::internals::wire::segment::decode;
use serde_json::Value;

use crate::support::corpus::corpus;
use crate::support::files;
use crate::support::subject::{Subject, subjects};

#[test]
fn outcomes_add_up_to_the_counts_of_every_capture_and_scenario() {
    let mut all = Checked::default();
    for subject in subjects() {
        all.add(&check(&subject));
    }
    // Each of these is looked at at all.
    assert!(all.first_copies > 100, "{all:?}");
    assert!(all.released > 50, "{all:?}");
    assert!(all.round_trips > 1_000, "{all:?}");
    assert!(all.pending > 0, "{all:?}");
}

#[test]
#[ignore = "needs the corpus of captures"]
fn outcomes_add_up_to_the_counts_of_the_corpus() {
    for capture in files::captures_below(&corpus()) {
        if let Some(subject) = Subject::read(&capture) {
            check(&subject);
        }
    }
}

/// How much of each was looked at.
#[derive(Debug, Default)]
struct Checked {
    first_copies: usize,
    released: u64,
    round_trips: u64,
    pending: u64,
}

impl Checked {
    fn add(&mut self, other: &Self) {
        self.first_copies += other.first_copies;
        self.released += other.released;
        self.round_trips += other.round_trips;
        self.pending += other.pending;
    }
}

/// What one host sent on one subflow, by the outcomes of its segments.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    segments: u64,
    bytes: ByteCounts,
    pending: u64,
    acked: u64,
    round_trips: u64,
    /// Of the stream.
    data_acked: u64,
    /// Whether it is not known of a DATA_ACK what was acknowledged before it.
    is_first_unknown: bool,
    released: u64,
}

/// A subflow: its number may have been another one's before its first packet.
type Key = (usize, PacketNo);

#[track_caller]
fn check(subject: &Subject) -> Checked {
    let mut tracker = new_tracker();
    tracker.keep_outcomes();
    let mut sums: HashMap<Key, PerRole<Sum>> = HashMap::new();
    let mut pieces: HashMap<PacketNo, Vec<PayloadPiece>> = HashMap::new();
    let mut checked = Checked::default();
    for (frame, number) in subject.frames.iter().zip(1..) {
        tracker.push(&decode(&frame.frame(number)));
        let outcome = tracker.last_outcome().cloned();
        assert_eq!(
            outcome.as_ref().map(|one| one.subflow),
            tracker.last_packet().map(|p| p.subflow)
        );
        if let Some(outcome) = outcome {
            assert_eq!(outcome.seen.packet, PacketNo(number));
            check_pieces(&subject.name, &outcome, &pieces, &mut checked);
            let key = key_of(tracker.trace().subflow(outcome.subflow), outcome.subflow);
            let both = sums.entry(key).or_default();
            add(both, &outcome);
            checked.released += outcome.released.len() as u64;
            for piece in outcome.pieces {
                pieces.entry(piece.seen.packet).or_default().push(piece);
            }
        }
        for id in tracker.take_swapped() {
            sums.entry(key_of(tracker.trace().subflow(id), id)).or_default().swap();
        }
    }
    compare(&subject.name, &tracker.trace(), &sums, &mut checked);
    let mut plain = new_tracker();
    for (frame, number) in subject.frames.iter().zip(1..) {
        plain.push(&decode(&frame.frame(number)));
    }
    let [asked, plain] = [&tracker, &plain].map(|tracker| report(subject, tracker));
    assert!(asked == plain, "{}: {asked:#}\n{plain:#}", subject.name);
    checked
}

fn new_tracker() -> Tracker {
    let mut tracker = Tracker::new(Limits::default(), 1);
    tracker.keep_series();
    tracker
}

fn report(subject: &Subject, tracker: &Tracker) -> Value {
    let wanted = Selection { strict: true, ..Selection::default() };
    let report = Report::build_with_series(&tracker.trace(), &subject.facts(), None, &wanted);
    serde_json::to_value(report).unwrap()
}

fn key_of(subflow: &Subflow, id: SubflowId) -> Key {
    (id.index(), subflow.first.packet)
}

/// Each byte of the payload is in one piece, and first copies are where they are said to be.
fn check_pieces(
    name: &str,
    outcome: &SegmentOutcome,
    before: &HashMap<PacketNo, Vec<PayloadPiece>>,
    checked: &mut Checked,
) {
    let number = outcome.seen.packet;
    let own = outcome.pieces.iter().filter(|piece| piece.seen == outcome.seen);
    let placed_at_once = |piece: &&PayloadPiece| {
        piece.class == ByteClass::Pending
            || !outcome.pieces.iter().any(|other| {
                other.class == ByteClass::Pending
                    && other.positions.start <= piece.positions.start
                    && piece.positions.start < other.positions.end
            })
    };
    let bytes: u64 = own.filter(placed_at_once).map(|piece| piece.positions.len()).sum();
    let has_none = matches!(outcome.class, PacketClass::Copy | PacketClass::Reset);
    let wanted = if has_none { 0 } else { u64::from(outcome.payload_len) };
    assert_eq!(bytes, wanted, "{name}: packet {number}: {outcome:#?}");
    for piece in &outcome.pieces {
        if let Some(range) = piece.range {
            assert_eq!(range.len(), piece.positions.len(), "{name}: packet {number}");
        }
        let Some(first) = piece.first_copy else { continue };
        assert!(first.seen.packet < piece.seen.packet, "{name}: packet {number}: {piece:?}");
        let has_first = |range: SeqRange, piece: SeqRange| {
            range.start <= piece.start && piece.start < range.end
        };
        let is_there = before[&first.seen.packet].iter().any(|copy| {
            let in_stream = copy.range.zip(piece.range);
            in_stream.is_some_and(|(copy, range)| has_first(copy, range))
                || has_first(copy.positions, piece.positions)
        });
        assert!(is_there, "{name}: packet {number}: {piece:?}");
        checked.first_copies += 1;
    }
}

fn add(both: &mut PerRole<Sum>, outcome: &SegmentOutcome) {
    let sender = outcome.direction.sender();
    let peer = both.of_mut(sender.peer());
    if let Some(ack) = outcome.ack {
        peer.acked += ack.newly_acked;
        peer.round_trips += u64::from(ack.round_trip.is_some());
    }
    if let Some(ack) = outcome.data_ack {
        peer.data_acked += ack.newly_acked.unwrap_or(0);
        peer.is_first_unknown |= ack.newly_acked.is_none();
    }
    let sum = both.of_mut(sender);
    sum.segments += u64::from(outcome.class != PacketClass::Copy);
    sum.released += outcome.released.len() as u64;
    for piece in &outcome.pieces {
        // A piece that was pending may be of the other direction.
        let len = piece.positions.len();
        let (bytes, is_own) = (&mut sum.bytes, piece.seen == outcome.seen);
        bytes.payload += if is_own { len } else { 0 };
        match piece.class {
            ByteClass::NewData => bytes.new_data += len,
            ByteClass::Retransmitted => bytes.retransmitted += len,
            ByteClass::Remapped => bytes.remapped += len,
            ByteClass::Reinjected => bytes.reinjected += len,
            ByteClass::Unmapped => bytes.unmapped += len,
            ByteClass::Pending => sum.pending += len,
        }
    }
}

fn compare(
    name: &str,
    trace: &Trace<'_>,
    sums: &HashMap<Key, PerRole<Sum>>,
    checked: &mut Checked,
) {
    for connection in trace.connections() {
        for role in Role::BOTH {
            compare_stream(name, trace, connection, role, sums);
        }
        for id in &connection.subflows {
            let subflow = trace.subflow(*id);
            let Some(sum) = sums.get(&key_of(subflow, *id)) else { continue };
            for role in Role::BOTH {
                let (side, sum) = (subflow.sides.of(role), sum.of(role));
                let place = format!("{name}: subflow {} of {:?}: {sum:?}", subflow.number, role);
                assert_eq!(side.segments, sum.segments, "{place}");
                let mut bytes = sum.bytes;
                checked.pending += sum.pending;
                if sum.pending > 0 {
                    // What was pending counts as new data until it is placed, or for good.
                    let others = bytes.remapped + bytes.reinjected;
                    let new_data = side.bytes.new_data;
                    assert!(new_data + others >= bytes.new_data, "{place}: {:?}", side.bytes);
                    assert!(new_data <= bytes.new_data + sum.pending, "{place}: {:?}", side.bytes);
                    bytes = ByteCounts { payload: side.bytes.payload, new_data, ..bytes };
                }
                assert_eq!(side.bytes, bytes, "{place}");
                let samples = side.round_trips.samples().count();
                checked.round_trips += sum.round_trips;
                // An acknowledgment of what was not sent yet ends no round trip later on.
                let end = side.sequence.range_set().span().map_or(0, |span| span.end);
                let is_sane = side.acked <= end + 1;
                assert!(!is_sane || sum.round_trips >= samples, "{place}: {samples} samples");
            }
        }
    }
}

/// What DATA_ACKs acknowledge adds up, and each wait at the receiver is there.
fn compare_stream(
    name: &str,
    trace: &Trace<'_>,
    connection: &Connection,
    role: Role,
    sums: &HashMap<Key, PerRole<Sum>>,
) {
    let keys = connection.subflows.iter().map(|id| key_of(trace.subflow(*id), *id));
    let all: Vec<_> = keys.filter_map(|key| sums.get(&key)).map(|sum| *sum.of(role)).collect();
    let data = connection.data.of(role);
    let place = format!("{name}: {role:?}: {all:?}");
    let waits = data.level_stats().head_of_line.count();
    let released: u64 = all.iter().map(|sum| sum.released).sum();
    assert!(released >= waits, "{place}: {waits} waits");
    if all.iter().any(|sum| sum.is_first_unknown) {
        return;
    }
    let acked: u64 = all.iter().map(|sum| sum.data_acked).sum();
    let fin = data.fin().map(|fin| fin.position);
    let end = data.acked_end().map_or(0, |end| fin.map_or(end, |fin| end.min(fin)));
    assert_eq!(acked, end.max(0).unsigned_abs(), "{place}");
}
