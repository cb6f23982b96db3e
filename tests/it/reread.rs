//! Packets are read a second time, byte for byte, however the capture came in.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use mptcpscope::internals::capture::reread::PacketReader;
use mptcpscope::internals::capture::spool::{Spool, SpoolSize};
use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::track::index::PacketIndex;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::frame::{Place, RawPacket};
use mptcpscope::internals::wire::segment::decode;

use crate::support::capture_bytes::{
    MICRO, NANO, Order, block, enhanced, interface, packet_body, pcap_header, pcap_record, section,
    simple,
};
use crate::support::testdata;

/// The packets of all subflows, and what they were the first time.
struct Read {
    index: PacketIndex,
    packets: Vec<RawPacket>,
    reader: PacketReader,
}

fn read(mut capture: Capture, paths: &[InputPath]) -> Read {
    let mut spool = Spool::create(&std::env::temp_dir(), SpoolSize::First(u64::MAX)).unwrap();
    let reader = PacketReader::new(paths, &capture, Some(spool.reader()));
    let mut tracker = Tracker::new(Limits::default(), 0);
    tracker.keep_last_packet();
    let (mut index, mut packets) = (PacketIndex::new(), Vec::new());
    while let Some(frame) = capture.next_frame() {
        tracker.push(&decode(&frame));
        let Some(pushed) = tracker.last_packet() else { continue };
        let place = match frame.offset {
            Some(offset) => Place::in_input(frame.point.input, offset),
            None => spool.keep(&frame),
        };
        index.push(frame.number, frame.timestamp, &pushed, place);
        packets.push(RawPacket {
            link_type: frame.link_type,
            wire_len: frame.wire_len,
            data: frame.data.to_vec(),
        });
    }
    spool.flush();
    reader.catch_up(&capture);
    Read { index, packets, reader }
}

/// Reads a capture file.
fn read_file(path: &Path) -> Read {
    let paths = [InputPath::File(path.to_owned())];
    read(Capture::open(&paths).unwrap(), &paths)
}

impl Read {
    fn again(&self, position: u64) -> Option<RawPacket> {
        let entry = self.index.get(position).unwrap();
        self.reader.read(entry.number(), entry.place().unwrap())
    }

    fn assert_all_found(&self, name: &str) {
        assert_eq!(self.index.len(), self.packets.len());
        for (position, packet) in (0..).zip(&self.packets) {
            assert_eq!(self.again(position).as_ref(), Some(packet), "{name}, {position}");
        }
    }
}

#[test]
fn every_packet_of_every_capture_is_found_again() {
    let mut found = 0;
    for (name, bytes) in testdata::files("captures") {
        let from_file = read_file(&testdata::path("captures").join(&name));
        from_file.assert_all_found(&name);
        found += from_file.packets.len();

        let piped = Capture::from_reader("-", Cursor::new(bytes)).unwrap();
        let piped = read(piped, &[InputPath::Stdin]);
        piped.assert_all_found(&name);
        assert_eq!(piped.packets, from_file.packets, "{name}");
    }
    assert!(found > 1_500, "only {found} packets");
}

#[test]
fn several_inputs_are_told_apart() {
    let names = ["two-subflows.pcap", "two-interfaces.pcapng", "gzip.pcap.gz"];
    let paths = names.map(|name| InputPath::File(testdata::path("captures").join(name)));
    let read = read(Capture::open(&paths).unwrap(), &paths);
    read.assert_all_found("three inputs");
    let sources: std::collections::BTreeSet<_> =
        read.index.iter_from(0).filter_map(|(_, entry)| Some(entry.place()?.source)).collect();
    assert_eq!(sources.into_iter().collect::<Vec<_>>(), [0, 1, Place::SPOOL]);
}

#[test]
fn a_file_that_was_cut_or_written_over_yields_nothing_or_something_else() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["two-subflows.pcap", "two-interfaces.pcapng"] {
        let bytes = fs::read(testdata::path("captures").join(name)).unwrap();
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let read = read_file(&path);
        let len = u64::try_from(bytes.len()).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(len / 2).unwrap();
        let last = u64::try_from(read.packets.len() - 1).unwrap();
        assert_eq!(read.again(0).as_ref(), Some(&read.packets[0]), "{name}");
        assert_eq!(read.again(last), None, "{name}");

        let mut byte = 1u8;
        let noise = bytes.iter().map(|_| {
            byte = byte.wrapping_mul(167).wrapping_add(13);
            byte
        });
        let noise: Vec<u8> = noise.collect();
        (&file).write_all(&noise).unwrap();
        (0..=last).for_each(|position| drop(read.again(position)));
    }
}

/// The frames of a capture with Ethernet headers.
fn frames() -> Vec<Vec<u8>> {
    let read = read_file(&testdata::path("captures").join("two-subflows.pcap"));
    read.packets.into_iter().map(|packet| packet.data).collect()
}

fn len(frame: &[u8]) -> u32 {
    u32::try_from(frame.len()).unwrap()
}

/// Every kind of file that few programs write.
fn odd_captures() -> Vec<(&'static str, Vec<u8>)> {
    let frames = frames();
    let records = |order, magic| {
        let record = |frame: &Vec<u8>| pcap_record(order, 7, 0, len(frame) + 9, frame);
        [pcap_header(order, magic, 0, 1), frames.iter().flat_map(record).collect()].concat()
    };
    let modified = frames.iter().flat_map(|frame| {
        let mut record = pcap_record(Order::Little, 7, 0, len(frame), frame);
        record.splice(16..16, [0xff; 8]);
        record
    });
    let modified = pcap_header(Order::Little, 0xa1b2_cd34, 0, 1).into_iter().chain(modified);
    vec![
        ("big-endian pcap", records(Order::Big, MICRO)),
        ("big-endian pcap with nanoseconds", records(Order::Big, NANO)),
        ("modified pcap", modified.collect()),
        ("little-endian pcapng", blocks(Order::Little, &frames)),
        ("big-endian pcapng", blocks(Order::Big, &frames)),
        ("sections", sections(&frames)),
    ]
}

/// All kinds of packet blocks, in turns.
fn blocks(order: Order, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = section(order);
    bytes.extend(interface(order, 1, 90, &[]));
    bytes.extend(interface(order, 1, 0, &[]));
    for (number, frame) in frames.iter().enumerate() {
        let obsolete = [order.u16(1), order.u16(0xffff)].concat().try_into().unwrap();
        bytes.extend(match number % 3 {
            0 => enhanced(order, 1, 5, len(frame), frame),
            // Of a simple packet only the snap length of the interface says how much was captured.
            1 => simple(order, len(frame), &frame[..frame.len().min(90)]),
            _ => block(order, 2, &packet_body(order, obsolete, 5, len(frame) + 1, frame)),
        });
    }
    bytes
}

/// Sections of both orders, whose interfaces have different headers.
fn sections(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (number, frames) in frames.chunks(25).enumerate() {
        let order = if number % 2 == 0 { Order::Big } else { Order::Little };
        bytes.extend(section(order));
        // Some sections are of raw IP, and one of them has another interface first.
        let ethernet = number % 3;
        for interface_number in 0..=ethernet {
            let link_type = if interface_number == ethernet { 1 } else { 101 };
            bytes.extend(interface(order, link_type, 0, &[]));
        }
        for (number, frame) in (number..).zip(frames) {
            let ethernet = u32::try_from(ethernet).unwrap();
            if number % 2 == 0 || ethernet == 0 {
                bytes.extend(enhanced(order, ethernet, 5, len(frame), frame));
            } else {
                bytes.extend(enhanced(order, 0, 5, len(frame), &frame[14..]));
            }
        }
    }
    bytes
}

#[test]
fn odd_formats_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let all = frames().len();
    for (name, bytes) in odd_captures() {
        let path = folder.path().join("odd");
        fs::write(&path, &bytes).unwrap();
        let read = read_file(&path);
        assert_eq!(read.packets.len(), all, "{name}");
        read.assert_all_found(name);
    }
}
