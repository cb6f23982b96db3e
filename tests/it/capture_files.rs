//! Captures in every dress, written by hand and read back.

use std::io::{self, Cursor, Write};

use mptcpscope::internals::capture::{Capture, Compression, Format, InputPath, OpenError, Reader};
use mptcpscope::internals::wire::frame::LinkType;

use crate::support::capture_bytes::*;

#[test]
fn pcap_of_both_orders_and_resolutions() {
    for order in [Order::Little, Order::Big] {
        for (magic, fraction) in [(MICRO, 5_000), (NANO, 5)] {
            let (frames, status) = read(small_pcap(order, magic));
            assert_eq!(status.format, Format::Pcap);
            assert_eq!(status.link_types(), [LinkType::ETHERNET]);
            assert_eq!((status.packets, status.bytes, status.snaplen()), (5, 45, None));
            assert!(!status.cut_short, "{status:?}");
            assert_eq!(frames.len(), 5);
            for (n, frame) in (0..).zip(&frames) {
                assert_eq!(frame.number.0, u64::from(n) + 1);
                assert_eq!(frame.timestamp.0, (1_000 + i64::from(n)) * 1_000_000_000 + fraction);
                assert_eq!((frame.wire_len, &frame.data), (100, &payload(n)));
            }
            assert_eq!(status.first.map(|time| time.0), Some(frames[0].timestamp.0));
            assert_eq!(status.last.map(|time| time.0), Some(frames[4].timestamp.0));
        }
    }
}

#[test]
fn pcap_with_odd_header_fields() {
    // The upper bits of the link type tell of a frame check sequence of 4 bytes.
    let mut bytes = pcap_header(Order::Little, MICRO, 96, 0x2400_0071);
    bytes.extend(pcap_record(Order::Little, u32::MAX, u32::MAX, 3, &[1; 97]));
    let (frames, status) = read(bytes);
    assert_eq!(status.link_types(), [LinkType::LINUX_SLL]);
    assert_eq!(status.snaplen(), Some(96));
    // Longer than the snap length, and than it was on the wire: such writers exist.
    assert_eq!((frames[0].wire_len, frames[0].data.len()), (97, 97));
    assert_eq!(frames[0].timestamp.0, 4_294_967_295_000_000_000 + 4_294_967_295_000);
}

#[test]
fn modified_pcap() {
    let mut bytes = pcap_header(Order::Little, 0xa1b2_cd34, 0, 1);
    for n in 0..2 {
        bytes.extend(pcap_record(Order::Little, n, 0, 100, &[]));
        let len = bytes.len();
        bytes[len - 8] = 3;
        bytes.extend([0xff; 8]);
        bytes.extend([7; 3]);
    }
    let (frames, status) = read(bytes);
    assert!(!status.cut_short);
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[1].data, [7; 3]);

    let error = refusal(&pcap_header(Order::Big, 0xa1b2_cd34, 0, 1));
    assert!(matches!(error, OpenError::Unsupported { .. }));
}

#[test]
fn pcapng_of_both_orders() {
    for order in [Order::Little, Order::Big] {
        let (frames, status) = read(small_pcapng(order));
        assert_eq!(status.format, Format::Pcapng);
        assert_eq!(status.interfaces[0].name.as_deref(), Some("eth0"));
        assert_eq!(status.dropped_by_kernel(), Some(3));
        assert!(!status.cut_short, "{status:?}");
        assert_eq!(frames.len(), 5);
        for (n, frame) in (0..).zip(&frames) {
            assert_eq!(frame.timestamp.0, (1_000 + i64::from(n)) * 1_000_000_000);
            assert_eq!((frame.wire_len, &frame.data), (100, &payload(n)));
        }
    }
}

#[test]
fn pcapng_sections_interfaces_and_clocks() {
    let (little, big) = (Order::Little, Order::Big);
    let mut bytes = section(little);
    bytes.extend(interface(little, 1, 0, &[option(little, 9, &[9])]));
    bytes.extend(interface(
        little,
        276,
        64,
        &[
            option(little, 2, b"any"),
            option(little, 9, &[0x8a]),
            option(little, 14, &little.u64(5)),
        ],
    ));
    bytes.extend(enhanced(little, 1, 1_536, 2, b"ab"));
    bytes.extend(enhanced(little, 0, 7, 2, b"cd"));
    bytes.extend(statistics(little, 0, &[option(little, 5, &little.u64(1))]));
    bytes.extend(statistics(
        little,
        0,
        &[option(little, 5, &little.u64(2)), option(little, 7, &little.u64(10))],
    ));
    bytes.extend(section(big));
    let minus_one = big.u64(u64::MAX);
    bytes.extend(interface(big, 101, 0, &[option(big, 14, &minus_one)]));
    bytes.extend(enhanced(big, 0, 3_000_000, 2, b"ef"));
    bytes.extend(statistics(big, 0, &[option(big, 7, &big.u64(100))]));

    let (frames, status) = read(bytes);
    assert!(!status.cut_short, "{status:?}");
    let seen: Vec<_> = frames
        .iter()
        .map(|frame| {
            (frame.point.interface, frame.link_type, frame.timestamp.0, frame.data.as_slice())
        })
        .collect();
    assert_eq!(
        seen,
        [
            (1, LinkType::LINUX_SLL2, 6_500_000_000, b"ab".as_slice()),
            (0, LinkType::ETHERNET, 7, b"cd"),
            (2, LinkType::RAW, 2_000_000_000, b"ef"),
        ]
    );
    assert_eq!(status.link_types(), [LinkType::ETHERNET, LinkType::LINUX_SLL2, LinkType::RAW]);
    assert_eq!(status.dropped_by_kernel(), Some(112));
    assert_eq!(status.first.map(|time| time.0), Some(7));
    assert_eq!(status.last.map(|time| time.0), Some(6_500_000_000));
}

#[test]
fn simple_and_obsolete_packets() {
    for order in [Order::Little, Order::Big] {
        let mut bytes = section(order);
        bytes.extend(interface(order, 1, 6, &[]));
        bytes.extend(enhanced(order, 0, 2_000_000, 5, b"first"));
        bytes.extend(simple(order, 3, b"abc"));
        bytes.extend(simple(order, 900, b"123456"));
        let interface = [order.u16(0), order.u16(0xffff)].concat().try_into().unwrap();
        bytes.extend(block(order, 2, &packet_body(order, interface, 3_000_000, 9, b"old")));
        let (frames, status) = read(bytes);
        assert!(!status.cut_short, "{status:?}");
        let seen: Vec<_> = frames
            .iter()
            .map(|frame| (frame.timestamp.0, frame.wire_len, frame.data.as_slice()))
            .collect();
        assert_eq!(
            seen,
            [
                (2_000_000_000, 5, b"first".as_slice()),
                (2_000_000_000, 3, b"abc"),
                (2_000_000_000, 900, b"123456"),
                (3_000_000_000, 9, b"old"),
            ]
        );
    }
}

#[test]
fn packets_with_options_and_a_giant_block() {
    let order = Order::Little;
    let mut body = packet_body(order, [0; 4], 1, 5, b"hello");
    body.extend(option(order, 2, &[0; 4]));
    body.extend([0; 4]);
    let giant = vec![0x55; 3 << 20];
    let mut bytes = section(order);
    bytes.extend(interface(order, 1, 0, &[]));
    bytes.extend(block(order, 6, &body));
    bytes.extend(enhanced(order, 0, 2, 1, &giant));
    bytes.extend(block(order, 6, &body));
    let (frames, status) = read(bytes);
    assert!(!status.cut_short, "{status:?}");
    assert_eq!(frames[0].data, b"hello");
    assert_eq!(frames[1].data, giant);
    assert_eq!(frames[2].data, b"hello");
}

#[test]
fn compressed_also_in_several_streams() {
    for compression in COMPRESSIONS {
        for plain in [small_pcap(Order::Little, MICRO), small_pcapng(Order::Big)] {
            let (expected, _) = read(plain.clone());
            let (frames, status) = read(compress(compression, &plain));
            assert_eq!(frames, expected);
            assert_eq!(status.compression, Some(compression));
            assert!(!status.cut_short, "{compression}: {status:?}");

            let (head, tail) = plain.split_at(61);
            let streams = [compress(compression, head), compress(compression, tail)].concat();
            let (frames, status) = read(streams);
            assert_eq!(frames, expected, "{compression}");
            assert!(!status.cut_short, "{compression}: {status:?}");
        }
    }
}

#[test]
fn frames_come_before_the_pipe_has_more() {
    let (reader, mut writer) = io::pipe().unwrap();
    let order = Order::Little;
    writer.write_all(&pcap_header(order, MICRO, 0, 1)).unwrap();
    let mut capture = Capture::from_reader("-", reader).unwrap();
    for n in 0..3 {
        writer.write_all(&pcap_record(order, n, 0, 3, b"abc")).unwrap();
        let frame = capture.next_frame().unwrap();
        assert_eq!((frame.number.0, frame.data), (u64::from(n) + 1, b"abc".as_slice()));
    }
    drop(writer);
    assert!(capture.next_frame().is_none());
}

fn timed(times: &[u32]) -> Reader {
    let mut bytes = pcap_header(Order::Little, MICRO, 0, 1);
    for time in times {
        bytes.extend(pcap_record(Order::Little, *time, 0, 1, b"x"));
    }
    Box::new(Cursor::new(bytes))
}

fn merged(inputs: &[&[u32]]) -> Vec<(u16, i64)> {
    let readers = inputs.iter().enumerate().map(|(n, times)| (n.to_string(), timed(times)));
    let mut capture = Capture::from_readers(readers).unwrap();
    let frames = drain(&mut capture);
    for (number, frame) in (1..).zip(&frames) {
        assert_eq!(frame.number.0, number);
    }
    for (status, times) in capture.inputs().iter().zip(inputs) {
        assert_eq!(status.packets, times.len() as u64);
    }
    frames.iter().map(|frame| (frame.point.input, frame.timestamp.0 / 1_000_000_000)).collect()
}

#[test]
fn inputs_are_merged_by_time() {
    assert_eq!(
        merged(&[&[1, 4, 9], &[2, 4, 5], &[]]),
        [(0, 1), (1, 2), (0, 4), (1, 4), (1, 5), (0, 9)]
    );
    // Times that go back within an input do not change its order.
    assert_eq!(merged(&[&[5, 1, 6], &[2, 7]]), [(1, 2), (0, 5), (0, 1), (0, 6), (1, 7)]);
}

#[test]
fn a_broken_input_does_not_stop_the_others() {
    let good = small_pcap(Order::Little, MICRO);
    let cut = good[..60].to_vec();
    let readers: [(String, Reader); 2] =
        [("cut".into(), Box::new(Cursor::new(cut))), ("good".into(), Box::new(Cursor::new(good)))];
    let mut capture = Capture::from_readers(readers).unwrap();
    assert_eq!(drain(&mut capture).len(), 6);
    let [cut, good] = capture.inputs() else { panic!("two inputs") };
    assert!(cut.cut_short && !good.cut_short);
    assert_eq!((cut.packets, good.packets), (1, 5));
}

#[test]
fn files_have_offsets_and_sizes() {
    let plain = small_pcapng(Order::Little);
    let packed = compress(Compression::Gz, &plain);
    let folder = tempfile::tempdir().unwrap();
    let paths = ["plain.pcap", "packed.bin"].map(|name| folder.path().join(name));
    std::fs::write(&paths[0], &plain).unwrap();
    std::fs::write(&paths[1], &packed).unwrap();
    let inputs = paths.map(InputPath::File);
    let mut capture = Capture::open(&inputs).unwrap();
    let total = (plain.len() + packed.len()) as u64;
    assert_eq!(capture.bytes_total(), Some(total));
    let mut frames = 0;
    while let Some(frame) = capture.next_frame() {
        frames += 1;
        match frame.offset {
            Some(offset) if frame.point.input == 0 => {
                let start = usize::try_from(offset).unwrap();
                assert_eq!(&plain[start..start + frame.data.len()], frame.data);
            }
            offset => assert_eq!((offset, frame.point.input), (None, 1)),
        }
    }
    assert_eq!(frames, 10);
    assert_eq!(capture.bytes_read(), total);
    assert!(capture.inputs()[0].path.ends_with("plain.pcap"));
}

#[test]
fn a_dash_is_standard_input() {
    assert_eq!(InputPath::from(std::ffi::OsString::from("-")), InputPath::Stdin);
    let file = InputPath::from(std::ffi::OsString::from("./-"));
    assert_eq!(file, InputPath::File("./-".into()));
}
