//! Packets are read a second time, octet for octet, however the capture came in.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
#![cfg(feature = "tui")]

#[path = "support/testdata.rs"]
mod testdata;

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use mptcpscope::capture::reread::PacketReader;
use mptcpscope::capture::spool::Spool;
use mptcpscope::capture::{Capture, InputPath};
use mptcpscope::track::index::PacketIndex;
use mptcpscope::track::{Limits, Tracker};
use mptcpscope::wire::frame::{Place, RawPacket};
use mptcpscope::wire::segment::decode;

/// The packets of all subflows, and what they were the first time.
struct Read {
    index: PacketIndex,
    packets: Vec<RawPacket>,
    reader: PacketReader,
}

fn read(mut capture: Capture, paths: &[InputPath]) -> Read {
    let mut spool = Spool::create(&std::env::temp_dir(), None).unwrap();
    let reader = PacketReader::new(paths, &capture, Some(spool.reader()));
    let mut tracker = Tracker::new(Limits::default(), 0);
    tracker.keep_pushed();
    let (mut index, mut packets) = (PacketIndex::new(), Vec::new());
    while let Some(frame) = capture.next_frame() {
        tracker.push(&decode(&frame));
        let Some(pushed) = tracker.pushed() else { continue };
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
    for (name, octets) in testdata::files("captures") {
        let from_file = read_file(&testdata::path("captures").join(&name));
        from_file.assert_all_found(&name);
        found += from_file.packets.len();

        let piped = Capture::from_reader("-", Cursor::new(octets)).unwrap();
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
        let octets = fs::read(testdata::path("captures").join(name)).unwrap();
        let path = folder.path().join(name);
        fs::write(&path, &octets).unwrap();
        let read = read_file(&path);
        let len = u64::try_from(octets.len()).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(len / 2).unwrap();
        let last = u64::try_from(read.packets.len() - 1).unwrap();
        assert_eq!(read.again(0).as_ref(), Some(&read.packets[0]), "{name}");
        assert_eq!(read.again(last), None, "{name}");

        let mut octet = 1u8;
        let noise = octets.iter().map(|_| {
            octet = octet.wrapping_mul(167).wrapping_add(13);
            octet
        });
        let noise: Vec<u8> = noise.collect();
        (&file).write_all(&noise).unwrap();
        (0..=last).for_each(|position| drop(read.again(position)));
    }
}
