//! What the fuzz targets do with their octets. `fuzz/fuzz_targets/` and `tests/fuzz_seeds.rs` share
//! it, so that the replay of the seeds is the fuzzing itself.

#![allow(dead_code, reason = "every target takes what it needs")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed check is a finding")]

#[path = "fuzz_segments.rs"]
mod fuzz_segments;

use std::fmt::{self, Write};
use std::io::Cursor;

use mptcpscope::internals::capture::{Capture, InputStatus};
use mptcpscope::internals::report::PacketRef;
use mptcpscope::internals::report::packets::json::Packet;
use mptcpscope::internals::report::packets::{PacketLine, PacketRow, csv, has_mptcp};
use mptcpscope::internals::report::text::{self, TextOptions};
use mptcpscope::internals::report::{InputStats, Report, json};
use mptcpscope::internals::track::connection::Connection;
use mptcpscope::internals::track::role::Role;
use mptcpscope::internals::track::subflow::{Subflow, SubflowSide};
use mptcpscope::internals::track::{Limits, Trace, Tracker, proof};
use mptcpscope::internals::wire::frame::{CapturePoint, Frame, LinkType, PacketNo, Timestamp};
use mptcpscope::internals::wire::mptcp::MptcpOption;
use mptcpscope::internals::wire::segment::{Decoded, decode};
use mptcpscope::internals::wire::tcp_option::{TcpOption, TcpOptions};

/// The declared length, then the captured octets of the options: the walk ends, and no octet of an
/// option is lost.
pub(crate) fn options(octets: &[u8]) {
    let [declared_len, octets @ ..] = octets else { return };
    walk(TcpOptions { octets, declared_len: *declared_len });
}

/// A link type (see [`LINK_TYPES`]), how many octets the snap length took, then the frame.
pub(crate) fn segment(octets: &[u8]) {
    let [link_type, cut, data @ ..] = octets else { return };
    let link_type = LINK_TYPES[usize::from(*link_type) % LINK_TYPES.len()];
    let frame = Frame {
        number: PacketNo(1),
        timestamp: Timestamp(0),
        point: CapturePoint::default(),
        link_type,
        wire_len: u32::try_from(data.len()).unwrap_or(u32::MAX).saturating_add(u32::from(*cut)),
        offset: None,
        data,
    };
    if let Decoded::Tcp(segment) = decode(&frame) {
        assert!(
            segment.payload.len() <= segment.payload_len as usize,
            "more payload than there is"
        );
        assert!(segment.options.octets.len() <= usize::from(segment.options.declared_len));
        assert!(segment.options.declared_len <= 40);
        walk(segment.options);
    }
    let mut tracker = Tracker::new(Limits::default(), 0);
    tracker.push(&decode(&frame));
    check(tracker.trace());
}

/// A file: all frames come out, and every fact that the tracker makes of them can be asked for.
pub(crate) fn capture_file(octets: &[u8]) {
    // Small limits, so that they are reached.
    let limits = Limits {
        plain_flows: 8,
        connections: 8,
        subflows: 16,
        events_per_connection: 32,
        ..Limits::default()
    };
    if let Some((_, tracker)) = tracked(octets, limits, |_| ()) {
        check(tracker.trace());
    }
}

/// Segments of a few connections in any order (see [`fuzz_segments`]), to the report: the same on the
/// fast path and on the general path.
pub(crate) fn track(octets: &[u8]) {
    let limits = Limits { stream_bytes: 1 << 16, ..Limits::default() };
    let reports = [true, false].map(|may_be_fast| {
        let mut tracker = Tracker::new(limits, 0);
        if !may_be_fast {
            tracker.disable_fast_path();
        }
        fuzz_segments::each(octets, |decoded| tracker.push(decoded));
        check(tracker.trace());
        // The JSON is left to `report`: to write and to read it takes longer than all the rest.
        check_text(&Report::build(&tracker.trace(), &[], None))
    });
    let [fast, general] = reports;
    assert_eq!(fast, general);
}

/// A file, to the end: every packet as a line and as JSON, the report as JSON and as text.
pub(crate) fn report(octets: &[u8]) {
    let Some((capture, tracker)) = tracked(octets, Limits::default(), look_at_packet) else {
        return;
    };
    let facts: Vec<_> = capture.inputs().iter().map(facts).collect();
    let report = Report::build(&tracker.trace(), &facts, None);
    check_json(&report);
    check_text(&report);
}

fn check_json(report: &Report) {
    let mut written = Vec::new();
    json::write(report, &mut written).unwrap();
    serde_json::from_slice::<serde_json::Value>(&written).unwrap();
}

fn check_text(report: &Report) -> String {
    let mut written = Vec::new();
    text::write(report, &TextOptions::default(), &mut written).unwrap();
    let text = String::from_utf8(written).unwrap();
    // Nothing in a capture may reach the terminal but as text.
    let control = text.chars().find(|letter| letter.is_control() && *letter != '\n');
    assert_eq!(control, None, "{text}");
    text
}

fn look_at_packet(decoded: &Decoded<'_>) {
    if let Decoded::Tcp(segment) = decoded
        && has_mptcp(segment)
    {
        let row = PacketRow {
            segment,
            start: Timestamp(0),
            proof: &|_| None,
            file: "",
            place: PacketRef(0, 1),
            standing: None,
        };
        let line = PacketLine { row: &row, since: Some(Timestamp(0)), input: None }.to_string();
        assert!(!line.contains(char::is_control), "{line:?}");
        serde_json::to_string(&Packet::new(&row)).unwrap();
        csv::write_row(&row, true, &mut Vec::new()).unwrap();
    }
}

/// What the report says of an input.
pub(crate) fn facts(input: &InputStatus) -> InputStats {
    InputStats {
        path: input.path.clone(),
        format: input.format.to_string(),
        compression: input.compression.map(|compression| compression.to_string()),
        link_types: input.link_types(),
        packets: input.packets,
        bytes: input.bytes,
        first: input.first,
        last: input.last,
        cut_short: input.cut_short,
        note: input.note.clone(),
        dropped_by_kernel: input.dropped_by_kernel(),
        ..InputStats::default()
    }
}

/// All link types that are read, and one that is not. Only to be added to at the end: the seeds
/// have the position.
pub(crate) const LINK_TYPES: [LinkType; 14] = [
    LinkType::ETHERNET,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::RAW,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::NULL,
    LinkType::LOOP,
    LinkType::PPP,
    LinkType::PPP_HDLC,
    LinkType::PPP_ETHER,
    LinkType::PPP_WITH_DIR,
    LinkType::RAW_BSD,
    LinkType(147),
];

fn tracked(octets: &[u8], limits: Limits, look: fn(&Decoded<'_>)) -> Option<(Capture, Tracker)> {
    let mut capture = Capture::from_reader("fuzz", Cursor::new(octets.to_vec())).ok()?;
    let mut tracker = Tracker::new(limits, 0);
    while let Some(frame) = capture.next_frame() {
        let decoded = decode(&frame);
        look(&decoded);
        tracker.push(&decoded);
    }
    Some((capture, tracker))
}

fn walk(options: TcpOptions<'_>) {
    let mut walk = options.iter();
    let mut emitted = Vec::new();
    let mut exact = options.octets.len().min(usize::from(options.declared_len));
    for option in walk.by_ref().take(usize::from(options.declared_len) + 1) {
        if is_emitted_differently(&option) {
            exact = exact.min(emitted.len());
        }
        option.emit(&mut emitted);
        if let TcpOption::Mptcp(option) = option {
            round_trip(&option);
        }
    }
    assert!(walk.next().is_none(), "the walk goes on for ever");
    assert_eq!(emitted[..exact], options.octets[..exact], "octets were lost");
    assert!(options.nop_run() <= options.declared_len);
}

/// Fast Open has one form, padding is zeros, and an option past 40 octets is not kept whole.
fn is_emitted_differently(option: &TcpOption<'_>) -> bool {
    match option {
        TcpOption::EndOfList { .. } | TcpOption::FastOpen(_) => true,
        TcpOption::Mptcp(MptcpOption::Malformed(body)) => body.as_slice().len() >= 38,
        _ => false,
    }
}

fn round_trip(option: &MptcpOption) {
    let mut octets = Vec::new();
    option.emit(&mut octets);
    assert_eq!(octets.len(), usize::from(option.wire_len()));
    let again = MptcpOption::parse(&octets[2..]);
    // Of an option past 40 octets 38 are kept, and those can be read as a list of addresses.
    let is_cut = matches!(option, MptcpOption::Malformed(body) if body.as_slice().len() >= 38);
    assert!(again == *option || is_cut, "{option:?} comes back as {again:?}");
}

/// Asks for every fact, and holds those together that must agree.
pub(crate) fn check(trace: Trace<'_>) {
    let totals = trace.totals();
    assert!(totals.tcp_segments + totals.fragments + totals.undecoded <= totals.packets);
    assert!(totals.mptcp_segments <= totals.tcp_segments);
    let mut segments = 0;
    for connection in trace.connections() {
        check_connection(connection);
        for subflow in trace.subflows(connection) {
            check_subflow(connection, subflow);
            segments += subflow.sides.client.segments + subflow.sides.server.segments;
        }
    }
    for orphan in trace.orphans() {
        segments += orphan.sides.client.segments + orphan.sides.server.segments;
        orphan.state();
    }
    assert!(segments <= totals.tcp_segments, "a segment was counted twice");
}

fn check_connection(connection: &Connection) {
    assert!(connection.first.packet <= connection.last.packet);
    assert!(!connection.subflows.is_empty(), "a connection without a subflow");
    proof::fast_close_verdict(connection);
    for address in connection.addresses.iter() {
        proof::address_verdict(connection, address);
    }
    write!(Nowhere, "{connection:?}").unwrap_or_default();
}

fn check_subflow(connection: &Connection, subflow: &Subflow) {
    assert!(subflow.first.packet <= subflow.last.packet);
    subflow.state();
    subflow.handshake.rtt_ns();
    proof::join_verdicts(connection, subflow);
    for role in Role::BOTH {
        check_end(subflow.sides.of(role));
    }
    write!(Nowhere, "{subflow:?}").unwrap_or_default();
}

fn check_end(end: &SubflowSide) {
    let bytes = end.bytes;
    let parts =
        [bytes.retransmitted, bytes.remapped, bytes.reinjected, bytes.new_data, bytes.unmapped];
    assert_eq!(bytes.payload, parts.iter().sum::<u64>(), "every octet is one thing: {bytes:?}");
    end.checksums.unverifiable();
}

/// Takes text, and keeps none of it.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }
}
