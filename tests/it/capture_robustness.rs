//! Captures that are cut, broken, slow, or no captures at all.

use std::io::{self, Cursor, Read};

use mptcpscope::internals::capture::{Capture, Compression, InputPath, OpenError};
use proptest::prelude::{any, proptest};

use crate::support::capture_bytes::*;
use crate::support::testdata::OwnedFrame;

#[test]
fn cut_at_every_octet_frames_are_a_prefix() {
    let plain = [small_pcap(Order::Little, NANO), small_pcap(Order::Big, MICRO)]
        .into_iter()
        .chain([small_pcapng(Order::Little), small_pcapng(Order::Big)]);
    for plain in plain {
        let (whole, _) = read(plain.clone());
        check_cuts(&plain, &whole);
        for compression in COMPRESSIONS {
            check_cuts(&compress(compression, &plain), &whole);
        }
    }
}

fn check_cuts(bytes: &[u8], whole: &[OwnedFrame]) {
    for end in 0..bytes.len() {
        let cut = bytes[..end].to_vec();
        let Ok(mut capture) = Capture::from_reader("cut", Cursor::new(cut)) else {
            continue;
        };
        let frames = drain(&mut capture);
        let status = &capture.inputs()[0];
        assert_eq!(frames, whole[..frames.len()]);
        assert_eq!(status.packets, frames.len() as u64);
        assert_eq!(status.cut_short, status.note.is_some());
        // A plain capture may be cut between two records, where nobody can tell.
        if status.compression.is_some() {
            assert!(status.cut_short, "{:?} cut at {end} of {}", status, bytes.len());
        }
    }
}

#[test]
fn a_cut_is_told_with_its_place() {
    let bytes = small_pcap(Order::Little, MICRO);
    let (frames, status) = read(bytes[..60].to_vec());
    assert_eq!(frames.len(), 1);
    let note = "reading stopped after packet 1, at byte 47: the next record is cut off";
    assert_eq!(status.note.as_deref(), Some(note));

    // More than a header's worth must come out of a stream that was cut.
    let mut long = pcap_header(Order::Little, MICRO, 0, 1);
    for n in 0..20_000 {
        let noise = (n * 7_919_u32).to_le_bytes();
        long.extend(pcap_record(Order::Little, n, 0, 4, &noise));
    }
    for compression in COMPRESSIONS {
        let stream = compress(compression, &long);
        let (frames, status) = read(stream[..stream.len() - 3].to_vec());
        assert!(frames.len() > 1_000 || compression == Compression::Xz, "{compression}");
        let note = status.note.unwrap();
        assert!(note.contains("stream is cut off or broken"), "{note}");
    }
}

#[test]
fn flipped_octets_never_panic() {
    for bytes in [small_pcap(Order::Little, MICRO), small_pcapng(Order::Big)]
        .into_iter()
        .chain(COMPRESSIONS.map(|compression| compress(compression, &small_pcapng(Order::Little))))
    {
        for at in 0..bytes.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut broken = bytes.clone();
                broken[at] ^= mask;
                if let Ok(mut capture) = Capture::from_reader("broken", Cursor::new(broken)) {
                    drain(&mut capture);
                }
            }
        }
    }
}

#[test]
fn broken_records_end_the_input_with_a_note() {
    let order = Order::Little;
    let note = |bytes: Vec<u8>| {
        let (frames, status) = read(bytes);
        assert_eq!(frames.len(), 1);
        assert!(status.cut_short);
        status.note.unwrap()
    };

    let mut pcap = pcap_header(order, MICRO, 65_535, 1);
    pcap.extend(pcap_record(order, 1, 1, 3, b"abc"));
    pcap.extend(vec![0xee; 600_000]);
    assert!(note(pcap).contains("claims 4008636142 bytes, more than the limit of 262144"));

    let mut good = section(order);
    good.extend(interface(order, 1, 0, &[]));
    good.extend(enhanced(order, 0, 1, 3, b"abc"));
    let broken = |tail: &[u8]| note([good.clone(), tail.to_vec()].concat());
    let mut twice = enhanced(order, 0, 2, 3, b"abc");
    let len = twice.len();
    twice[len - 4] ^= 1;
    assert!(broken(&twice).contains("two different lengths"));
    let mut inside = enhanced(order, 0, 2, 3, b"abc");
    inside[20] = 5;
    assert!(broken(&inside).contains("does not fit into its block"));
    assert!(broken(&simple(order, 900, b"abc")).contains("does not fit into its block"));
    assert!(broken(&enhanced(order, 1, 2, 3, b"abc")).contains("names interface 1"));
    assert!(broken(&[7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]).contains("shorter than its own frame"));
    assert!(broken(&[0xff; 64]).contains("claims 4294967295 bytes"));
    assert!(broken(&block(order, 0x0a0d_0d0a, &[0; 16])).contains("unknown byte order"));
    assert!(broken(&block(order, 1, &[0; 4])).contains("cannot be read"));
    assert!(broken(&[6, 0, 0]).contains("is cut off"));
}

/// Hands out `step` bytes at a time and an interruption before each; then an error, if wanted.
struct Dribble {
    bytes: Cursor<Vec<u8>>,
    step: usize,
    interrupted: bool,
    error: bool,
}

impl Read for Dribble {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let step = self.step.min(space.len());
        match self.bytes.read(&mut space[..step])? {
            0 if self.error => Err(io::Error::other("the disk is gone")),
            bytes => Ok(bytes),
        }
    }
}

fn dribble(bytes: Vec<u8>, step: usize, error: bool) -> Capture {
    let reader = Dribble { bytes: Cursor::new(bytes), step, interrupted: false, error };
    Capture::from_reader("-", reader).unwrap()
}

#[test]
fn one_octet_at_a_time() {
    for bytes in [small_pcap(Order::Big, NANO), small_pcapng(Order::Little)]
        .into_iter()
        .chain(COMPRESSIONS.map(|compression| compress(compression, &small_pcapng(Order::Big))))
    {
        let (expected, _) = read(bytes.clone());
        let mut capture = dribble(bytes, 1, false);
        assert_eq!(drain(&mut capture), expected);
        assert!(!capture.inputs()[0].cut_short);
    }
}

#[test]
fn a_read_error_ends_the_input() {
    let mut capture = dribble(small_pcap(Order::Little, MICRO), 16, true);
    assert_eq!(drain(&mut capture).len(), 5);
    let status = &capture.inputs()[0];
    assert!(status.cut_short);
    let note = "reading stopped after packet 5, at byte 149: the disk is gone";
    assert_eq!(status.note.as_deref(), Some(note));
}

#[test]
fn a_header_without_packets_is_a_capture() {
    for bytes in [pcap_header(Order::Big, NANO, 0, 1), section(Order::Little)] {
        let (frames, status) = read(bytes);
        assert!(frames.is_empty() && !status.cut_short);
        assert_eq!(status.first, None);
    }
}

#[test]
fn what_cannot_be_opened_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path| Capture::open(&[InputPath::File(path)]).unwrap_err();
    assert!(matches!(open(folder.path().join("nowhere")), OpenError::Missing { .. }));
    assert!(matches!(open(folder.path().to_path_buf()), OpenError::Directory { .. }));
    assert!(matches!(Capture::open(&[]), Err(OpenError::NoInput)));
    let twice = [InputPath::Stdin, InputPath::Stdin];
    assert!(matches!(Capture::open(&twice), Err(OpenError::StdinTwice)));

    let says = |bytes: &[u8], words: &str| {
        let message = refusal(bytes).to_string();
        assert!(message.starts_with("test is "), "{message}");
        assert!(message.contains(words), "{message}");
    };
    says(b"", "empty");
    says(&compress(Compression::Zst, b""), "empty");
    says(b"<!DOCTYPE html><html></html>", "an HTML page");
    says(b"  1 0.000 10.0.1.2 TCP\n", "the text \"1 0.000 10.0.1.2 TCP\"");
    says(b"PK\x03\x04rest", "a zip archive");
    says(b"snoop\0\0\0rest", "a snoop capture");
    says(&[0, 1, 2], "the bytes 00 01 02");
    says(&small_pcap(Order::Little, MICRO)[..20], "cut off inside its file header");
    says(&small_pcapng(Order::Big)[..11], "cut off inside its file header");
    says(&[0x1f, 0x8b, 8, 0], "a broken gz stream");
    says(&compress(Compression::Gz, b"{\"a\": 1}"), "the text");
}

proptest! {
    #[test]
    fn any_octets_behind_a_header(tail: Vec<u8>, big in any::<bool>(), at in 0_usize..200) {
        let order = if big { Order::Big } else { Order::Little };
        for mut bytes in [small_pcap(order, MICRO), small_pcapng(order)] {
            bytes.truncate(at.max(40));
            bytes.extend(&tail);
            if let Ok(mut capture) = Capture::from_reader("any", Cursor::new(bytes)) {
                drain(&mut capture);
            }
        }
    }
}
