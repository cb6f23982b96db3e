//! Captures in every dress, written by hand octet by octet, and read back.

use std::io::{self, Cursor, Read, Write};

use mptcpscope::capture::{
    Capture, Compression, Format, InputPath, InputStatus, OpenError, Reader,
};
use mptcpscope::wire::frame::{CapturePoint, LinkType};

/// A frame without its borrow.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owned {
    number: u64,
    ns: i64,
    point: CapturePoint,
    link_type: LinkType,
    wire_len: u32,
    data: Vec<u8>,
}

fn drain(capture: &mut Capture) -> Vec<Owned> {
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame() {
        assert!(frame.wire_len as usize >= frame.data.len());
        frames.push(Owned {
            number: frame.number.0,
            ns: frame.timestamp.0,
            point: frame.point,
            link_type: frame.link_type,
            wire_len: frame.wire_len,
            data: frame.data.to_vec(),
        });
    }
    assert!(capture.next_frame().is_none(), "an ended capture stays ended");
    frames
}

fn read(octets: Vec<u8>) -> (Vec<Owned>, InputStatus) {
    let mut capture = Capture::from_reader("test", Cursor::new(octets)).unwrap();
    let frames = drain(&mut capture);
    (frames, capture.inputs()[0].clone())
}

fn refusal(octets: &[u8]) -> OpenError {
    Capture::from_reader("test", Cursor::new(octets.to_vec())).unwrap_err()
}

/// Writes integers in one byte order.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }
}

const MICRO: u32 = 0xa1b2_c3d4;
const NANO: u32 = 0xa1b2_3c4d;

fn pcap_header(order: Order, magic: u32, snaplen: u32, link_type: u32) -> Vec<u8> {
    let mut octets = order.u32(magic).to_vec();
    octets.extend(order.u16(2));
    octets.extend(order.u16(4));
    for field in [0, 0, snaplen, link_type] {
        octets.extend(order.u32(field));
    }
    octets
}

fn pcap_record(order: Order, seconds: u32, fraction: u32, wire_len: u32, data: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    for field in [seconds, fraction, u32::try_from(data.len()).unwrap(), wire_len] {
        octets.extend(order.u32(field));
    }
    octets.extend(data);
    octets
}

/// Frame `n` of the captures below: 7, 8, 9… octets of `n`.
fn payload(n: u32) -> Vec<u8> {
    vec![u8::try_from(n).unwrap(); 7 + n as usize]
}

fn small_pcap(order: Order, magic: u32) -> Vec<u8> {
    let mut octets = pcap_header(order, magic, 0, 1);
    for n in 0..5 {
        octets.extend(pcap_record(order, 1_000 + n, 5, 100, &payload(n)));
    }
    octets
}

fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let len = order.u32(u32::try_from(padded + 12).unwrap());
    let mut octets = order.u32(kind).to_vec();
    octets.extend(len);
    octets.extend(body);
    octets.resize(8 + padded, 0);
    octets.extend(len);
    octets
}

fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let mut octets = order.u16(code).to_vec();
    octets.extend(order.u16(u16::try_from(value.len()).unwrap()));
    octets.extend(value);
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

fn section(order: Order) -> Vec<u8> {
    let mut body = order.u32(0x1a2b_3c4d).to_vec();
    body.extend(order.u16(1));
    body.extend(order.u16(0));
    body.extend(order.u64(u64::MAX));
    body.extend(option(order, 4, b"by hand"));
    body.extend([0; 4]);
    block(order, 0x0a0d_0d0a, &body)
}

fn interface(order: Order, link_type: u16, snaplen: u32, options: &[Vec<u8>]) -> Vec<u8> {
    let mut body = order.u16(link_type).to_vec();
    body.extend([0; 2]);
    body.extend(order.u32(snaplen));
    body.extend(options.concat());
    if !options.is_empty() {
        body.extend([0; 4]);
    }
    block(order, 1, &body)
}

fn enhanced(order: Order, interface: u32, units: u64, wire_len: u32, data: &[u8]) -> Vec<u8> {
    block(order, 6, &packet_body(order, order.u32(interface), units, wire_len, data))
}

fn packet_body(
    order: Order,
    interface: [u8; 4],
    units: u64,
    wire_len: u32,
    data: &[u8],
) -> Vec<u8> {
    let (high, low) = (u32::try_from(units >> 32).unwrap(), units as u32);
    let mut body = interface.to_vec();
    for field in [high, low, u32::try_from(data.len()).unwrap(), wire_len] {
        body.extend(order.u32(field));
    }
    body.extend(data);
    body.resize(body.len().next_multiple_of(4), 0);
    body
}

fn simple(order: Order, wire_len: u32, data: &[u8]) -> Vec<u8> {
    let mut body = order.u32(wire_len).to_vec();
    body.extend(data);
    block(order, 3, &body)
}

fn statistics(order: Order, interface: u32, options: &[Vec<u8>]) -> Vec<u8> {
    let mut body = order.u32(interface).to_vec();
    body.extend([0; 8]);
    body.extend(options.concat());
    body.extend([0; 4]);
    block(order, 5, &body)
}

fn small_pcapng(order: Order) -> Vec<u8> {
    let mut octets = section(order);
    octets.extend(interface(order, 1, 0, &[option(order, 2, b"eth0")]));
    octets.extend(block(order, 0x0bad_cafe, b"a vendor's own"));
    for n in 0..5 {
        octets.extend(enhanced(order, 0, u64::from(1_000 + n) * 1_000_000, 100, &payload(n)));
    }
    octets.extend(statistics(order, 0, &[option(order, 5, &order.u64(3))]));
    octets
}

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
                assert_eq!(frame.number, u64::from(n) + 1);
                assert_eq!(frame.ns, (1_000 + i64::from(n)) * 1_000_000_000 + fraction);
                assert_eq!((frame.wire_len, &frame.data), (100, &payload(n)));
            }
            assert_eq!(status.first.map(|time| time.0), Some(frames[0].ns));
            assert_eq!(status.last.map(|time| time.0), Some(frames[4].ns));
        }
    }
}

#[test]
fn pcap_with_odd_header_fields() {
    // The upper bits of the link type tell of a frame check sequence of 4 octets.
    let mut octets = pcap_header(Order::Little, MICRO, 96, 0x2400_0000 | 113);
    octets.extend(pcap_record(Order::Little, u32::MAX, u32::MAX, 3, &[1; 97]));
    let (frames, status) = read(octets);
    assert_eq!(status.link_types(), [LinkType::LINUX_SLL]);
    assert_eq!(status.snaplen(), Some(96));
    // Longer than the snap length, and than it was on the wire: such writers exist.
    assert_eq!((frames[0].wire_len, frames[0].data.len()), (97, 97));
    assert_eq!(frames[0].ns, 4_294_967_295_000_000_000 + 4_294_967_295_000);
}

#[test]
fn modified_pcap() {
    let mut octets = pcap_header(Order::Little, 0xa1b2_cd34, 0, 1);
    for n in 0..2 {
        octets.extend(pcap_record(Order::Little, n, 0, 100, &[]));
        let len = octets.len();
        octets[len - 8] = 3;
        octets.extend([0xff; 8]);
        octets.extend([7; 3]);
    }
    let (frames, status) = read(octets);
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
            assert_eq!(frame.ns, (1_000 + i64::from(n)) * 1_000_000_000);
            assert_eq!((frame.wire_len, &frame.data), (100, &payload(n)));
        }
    }
}

#[test]
fn pcapng_sections_interfaces_and_clocks() {
    let (little, big) = (Order::Little, Order::Big);
    let mut octets = section(little);
    octets.extend(interface(little, 1, 0, &[option(little, 9, &[9])]));
    octets.extend(interface(
        little,
        276,
        64,
        &[
            option(little, 2, b"any"),
            option(little, 9, &[0x8a]),
            option(little, 14, &little.u64(5)),
        ],
    ));
    octets.extend(enhanced(little, 1, 1_536, 2, b"ab"));
    octets.extend(enhanced(little, 0, 7, 2, b"cd"));
    octets.extend(statistics(little, 0, &[option(little, 5, &little.u64(1))]));
    octets.extend(statistics(
        little,
        0,
        &[option(little, 5, &little.u64(2)), option(little, 7, &little.u64(10))],
    ));
    octets.extend(section(big));
    let minus_one = big.u64(u64::MAX);
    octets.extend(interface(big, 101, 0, &[option(big, 14, &minus_one)]));
    octets.extend(enhanced(big, 0, 3_000_000, 2, b"ef"));
    octets.extend(statistics(big, 0, &[option(big, 7, &big.u64(100))]));

    let (frames, status) = read(octets);
    assert!(!status.cut_short, "{status:?}");
    let seen: Vec<_> = frames
        .iter()
        .map(|frame| (frame.point.interface, frame.link_type, frame.ns, frame.data.as_slice()))
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
        let mut octets = section(order);
        octets.extend(interface(order, 1, 6, &[]));
        octets.extend(enhanced(order, 0, 2_000_000, 5, b"first"));
        octets.extend(simple(order, 3, b"abc"));
        octets.extend(simple(order, 900, b"123456"));
        let interface = [order.u16(0), order.u16(0xffff)].concat().try_into().unwrap();
        octets.extend(block(order, 2, &packet_body(order, interface, 3_000_000, 9, b"old")));
        let (frames, status) = read(octets);
        assert!(!status.cut_short, "{status:?}");
        let seen: Vec<_> =
            frames.iter().map(|frame| (frame.ns, frame.wire_len, frame.data.as_slice())).collect();
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
    let mut octets = section(order);
    octets.extend(interface(order, 1, 0, &[]));
    octets.extend(block(order, 6, &body));
    octets.extend(enhanced(order, 0, 2, 1, &giant));
    octets.extend(block(order, 6, &body));
    let (frames, status) = read(octets);
    assert!(!status.cut_short, "{status:?}");
    assert_eq!(frames[0].data, b"hello");
    assert_eq!(frames[1].data, giant);
    assert_eq!(frames[2].data, b"hello");
}

fn compress(compression: Compression, octets: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gz => {
            let level = flate2::Compression::default();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(octets).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zst => zstd::encode_all(octets, 3).unwrap(),
        Compression::Xz => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
            encoder.write_all(octets).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(octets).unwrap();
            encoder.finish().unwrap()
        }
    }
}

const COMPRESSIONS: [Compression; 4] =
    [Compression::Gz, Compression::Zst, Compression::Xz, Compression::Lz4];

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

fn check_cuts(octets: &[u8], whole: &[Owned]) {
    for end in 0..octets.len() {
        let cut = octets[..end].to_vec();
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
            assert!(status.cut_short, "{:?} cut at {end} of {}", status, octets.len());
        }
    }
}

#[test]
fn a_cut_is_told_with_its_place() {
    let octets = small_pcap(Order::Little, MICRO);
    let (frames, status) = read(octets[..60].to_vec());
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
    for octets in [small_pcap(Order::Little, MICRO), small_pcapng(Order::Big)]
        .into_iter()
        .chain(COMPRESSIONS.map(|compression| compress(compression, &small_pcapng(Order::Little))))
    {
        for at in 0..octets.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut broken = octets.clone();
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
    let note = |octets: Vec<u8>| {
        let (frames, status) = read(octets);
        assert_eq!(frames.len(), 1);
        assert!(status.cut_short);
        status.note.unwrap()
    };

    let mut pcap = pcap_header(order, MICRO, 65_535, 1);
    pcap.extend(pcap_record(order, 1, 1, 3, b"abc"));
    pcap.extend(vec![0xee; 600_000]);
    assert!(note(pcap).contains("claims 4008636142 octets, more than the 262144"));

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
    assert!(broken(&[0xff; 64]).contains("claims 4294967295 octets"));
    assert!(broken(&block(order, 0x0a0d_0d0a, &[0; 16])).contains("unknown byte order"));
    assert!(broken(&block(order, 1, &[0; 4])).contains("cannot be read"));
    assert!(broken(&[6, 0, 0]).contains("is cut off"));
}

/// Hands out `step` octets at a time and an interruption before each; then an error, if wanted.
struct Dribble {
    octets: Cursor<Vec<u8>>,
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
        match self.octets.read(&mut space[..step])? {
            0 if self.error => Err(io::Error::other("the disk is gone")),
            octets => Ok(octets),
        }
    }
}

fn dribble(octets: Vec<u8>, step: usize, error: bool) -> Capture {
    let reader = Dribble { octets: Cursor::new(octets), step, interrupted: false, error };
    Capture::from_reader("-", reader).unwrap()
}

#[test]
fn one_octet_at_a_time() {
    for octets in [small_pcap(Order::Big, NANO), small_pcapng(Order::Little)]
        .into_iter()
        .chain(COMPRESSIONS.map(|compression| compress(compression, &small_pcapng(Order::Big))))
    {
        let (expected, _) = read(octets.clone());
        let mut capture = dribble(octets, 1, false);
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
    let mut octets = pcap_header(Order::Little, MICRO, 0, 1);
    for time in times {
        octets.extend(pcap_record(Order::Little, *time, 0, 1, b"x"));
    }
    Box::new(Cursor::new(octets))
}

fn merged(inputs: &[&[u32]]) -> Vec<(u16, i64)> {
    let readers = inputs.iter().enumerate().map(|(n, times)| (n.to_string(), timed(times)));
    let mut capture = Capture::from_readers(readers).unwrap();
    let frames = drain(&mut capture);
    for (number, frame) in (1..).zip(&frames) {
        assert_eq!(frame.number, number);
    }
    for (status, times) in capture.inputs().iter().zip(inputs) {
        assert_eq!(status.packets, times.len() as u64);
    }
    frames.iter().map(|frame| (frame.point.input, frame.ns / 1_000_000_000)).collect()
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
fn a_header_without_packets_is_a_capture() {
    for octets in [pcap_header(Order::Big, NANO, 0, 1), section(Order::Little)] {
        let (frames, status) = read(octets);
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

    let says = |octets: &[u8], words: &str| {
        let message = refusal(octets).to_string();
        assert!(message.starts_with("test is "), "{message}");
        assert!(message.contains(words), "{message}");
    };
    says(b"", "empty");
    says(&compress(Compression::Zst, b""), "empty");
    says(b"<!DOCTYPE html><html></html>", "an HTML page");
    says(b"  1 0.000 10.0.1.2 TCP\n", "the text \"1 0.000 10.0.1.2 TCP\"");
    says(b"PK\x03\x04rest", "a zip archive");
    says(b"snoop\0\0\0rest", "a snoop capture");
    says(&[0, 1, 2], "the octets 00 01 02");
    says(&small_pcap(Order::Little, MICRO)[..20], "cut off inside its file header");
    says(&small_pcapng(Order::Big)[..11], "cut off inside its file header");
    says(&[0x1f, 0x8b, 8, 0], "a broken gz stream");
    says(&compress(Compression::Gz, b"{\"a\": 1}"), "the text");
}

#[test]
fn a_dash_is_standard_input() {
    assert_eq!(InputPath::from(std::ffi::OsString::from("-")), InputPath::Stdin);
    let file = InputPath::from(std::ffi::OsString::from("./-"));
    assert_eq!(file, InputPath::File("./-".into()));
}
