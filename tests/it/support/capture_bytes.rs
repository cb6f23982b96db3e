//! Captures written byte by byte, and what comes out of them.

use std::io::{Cursor, Write};

use mptcpscope::internals::capture::{Capture, Compression, InputStatus, OpenError};

use super::testdata::OwnedFrame;

pub(crate) fn drain(capture: &mut Capture) -> Vec<OwnedFrame> {
    let mut frames = Vec::new();
    while let Some(frame) = capture.next_frame() {
        assert!(frame.wire_len as usize >= frame.data.len());
        frames.push(OwnedFrame::of(&frame));
    }
    assert!(capture.next_frame().is_none(), "an ended capture stays ended");
    frames
}

pub(crate) fn read(bytes: Vec<u8>) -> (Vec<OwnedFrame>, InputStatus) {
    let mut capture = Capture::from_reader("test", Cursor::new(bytes)).unwrap();
    let frames = drain(&mut capture);
    (frames, capture.inputs()[0].clone())
}

pub(crate) fn refusal(bytes: &[u8]) -> OpenError {
    Capture::from_reader("test", Cursor::new(bytes.to_vec())).unwrap_err()
}

/// Writes integers in one byte order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    pub(crate) fn u16(self, value: u16) -> [u8; 2] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub(crate) fn u32(self, value: u32) -> [u8; 4] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub(crate) fn u64(self, value: u64) -> [u8; 8] {
        if self == Self::Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }
}

pub(crate) const MICRO: u32 = 0xa1b2_c3d4;
pub(crate) const NANO: u32 = 0xa1b2_3c4d;

pub(crate) fn pcap_header(order: Order, magic: u32, snaplen: u32, link_type: u32) -> Vec<u8> {
    let mut bytes = order.u32(magic).to_vec();
    bytes.extend(order.u16(2));
    bytes.extend(order.u16(4));
    for field in [0, 0, snaplen, link_type] {
        bytes.extend(order.u32(field));
    }
    bytes
}

pub(crate) fn pcap_record(
    order: Order,
    seconds: u32,
    fraction: u32,
    wire_len: u32,
    data: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in [seconds, fraction, u32::try_from(data.len()).unwrap(), wire_len] {
        bytes.extend(order.u32(field));
    }
    bytes.extend(data);
    bytes
}

/// Frame `n` of the captures below: 7, 8, 9… bytes of `n`.
pub(crate) fn payload(n: u32) -> Vec<u8> {
    vec![u8::try_from(n).unwrap(); 7 + n as usize]
}

pub(crate) fn small_pcap(order: Order, magic: u32) -> Vec<u8> {
    let mut bytes = pcap_header(order, magic, 0, 1);
    for n in 0..5 {
        bytes.extend(pcap_record(order, 1_000 + n, 5, 100, &payload(n)));
    }
    bytes
}

pub(crate) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let len = order.u32(u32::try_from(padded + 12).unwrap());
    let mut bytes = order.u32(kind).to_vec();
    bytes.extend(len);
    bytes.extend(body);
    bytes.resize(8 + padded, 0);
    bytes.extend(len);
    bytes
}

pub(crate) fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = order.u16(code).to_vec();
    bytes.extend(order.u16(u16::try_from(value.len()).unwrap()));
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

pub(crate) fn section(order: Order) -> Vec<u8> {
    let mut body = order.u32(0x1a2b_3c4d).to_vec();
    body.extend(order.u16(1));
    body.extend(order.u16(0));
    body.extend(order.u64(u64::MAX));
    body.extend(option(order, 4, b"by hand"));
    body.extend([0; 4]);
    block(order, 0x0a0d_0d0a, &body)
}

pub(crate) fn interface(
    order: Order,
    link_type: u16,
    snaplen: u32,
    options: &[Vec<u8>],
) -> Vec<u8> {
    let mut body = order.u16(link_type).to_vec();
    body.extend([0; 2]);
    body.extend(order.u32(snaplen));
    body.extend(options.concat());
    if !options.is_empty() {
        body.extend([0; 4]);
    }
    block(order, 1, &body)
}

pub(crate) fn enhanced(
    order: Order,
    interface: u32,
    units: u64,
    wire_len: u32,
    data: &[u8],
) -> Vec<u8> {
    block(order, 6, &packet_body(order, order.u32(interface), units, wire_len, data))
}

pub(crate) fn packet_body(
    order: Order,
    interface: [u8; 4],
    units: u64,
    wire_len: u32,
    data: &[u8],
) -> Vec<u8> {
    let (high, low) =
        (u32::try_from(units >> 32).unwrap(), u32::try_from(units & 0xffff_ffff).unwrap());
    let mut body = interface.to_vec();
    for field in [high, low, u32::try_from(data.len()).unwrap(), wire_len] {
        body.extend(order.u32(field));
    }
    body.extend(data);
    body.resize(body.len().next_multiple_of(4), 0);
    body
}

pub(crate) fn simple(order: Order, wire_len: u32, data: &[u8]) -> Vec<u8> {
    let mut body = order.u32(wire_len).to_vec();
    body.extend(data);
    block(order, 3, &body)
}

pub(crate) fn statistics(order: Order, interface: u32, options: &[Vec<u8>]) -> Vec<u8> {
    let mut body = order.u32(interface).to_vec();
    body.extend([0; 8]);
    body.extend(options.concat());
    body.extend([0; 4]);
    block(order, 5, &body)
}

pub(crate) fn small_pcapng(order: Order) -> Vec<u8> {
    let mut bytes = section(order);
    bytes.extend(interface(order, 1, 0, &[option(order, 2, b"eth0")]));
    bytes.extend(block(order, 0x0bad_cafe, b"a vendor's own"));
    for n in 0..5 {
        bytes.extend(enhanced(order, 0, u64::from(1_000 + n) * 1_000_000, 100, &payload(n)));
    }
    bytes.extend(statistics(order, 0, &[option(order, 5, &order.u64(3))]));
    bytes
}

pub(crate) fn compress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gz => {
            let level = flate2::Compression::default();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zst => zstd::encode_all(bytes, 3).unwrap(),
        Compression::Xz => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
    }
}

pub(crate) const COMPRESSIONS: [Compression; 4] =
    [Compression::Gz, Compression::Zst, Compression::Xz, Compression::Lz4];
