//! The blocks of a pcapng file, little-endian: type, length, body, length.

use crate::capture::status::Interface;
use crate::wire::frame::{Frame, Timestamp};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// §4.1: byte-order magic, version 1.0, a section of unknown length, and who wrote it.
pub(super) fn section(out: &mut Vec<u8>) {
    const USER_APPLICATION: u16 = 4;
    block(out, SECTION_HEADER, |out| {
        u32(out, 0x1a2b_3c4d);
        u16(out, 1);
        u16(out, 0);
        u64(out, u64::MAX);
        option(out, USER_APPLICATION, concat!("mptcpscope ", env!("CARGO_PKG_VERSION")).as_bytes());
        end_of_options(out);
    });
}

/// §4.2: link type, snap length, name, and that times are in nanoseconds.
pub(super) fn interface(out: &mut Vec<u8>, interface: &Interface) {
    const NAME: u16 = 2;
    const TIME_RESOLUTION: u16 = 9;
    block(out, INTERFACE_DESCRIPTION, |out| {
        u16(out, u16::try_from(interface.link_type.0).unwrap_or(u16::MAX));
        u16(out, 0);
        u32(out, interface.snaplen.unwrap_or(0));
        if let Some(name) = &interface.name {
            option(out, NAME, name.as_bytes());
        }
        option(out, TIME_RESOLUTION, &[9]);
        end_of_options(out);
    });
}

/// §4.3: interface, time, lengths, and the octets.
pub(super) fn packet(out: &mut Vec<u8>, id: u32, frame: &Frame<'_>) {
    block(out, ENHANCED_PACKET, |out| {
        u32(out, id);
        time(out, frame.timestamp);
        u32(out, u32::try_from(frame.data.len()).unwrap_or(u32::MAX));
        u32(out, frame.wire_len);
        padded(out, frame.data);
    });
}

/// §4.6: packets that an interface delivered, and how many were dropped.
pub(super) fn statistics(
    out: &mut Vec<u8>,
    id: u32,
    last: Timestamp,
    frames: u64,
    interface: &Interface,
) {
    const RECEIVED: u16 = 4;
    const DROPPED_BY_SYSTEM: u16 = 7;
    block(out, INTERFACE_STATISTICS, |out| {
        u32(out, id);
        time(out, last);
        let dropped = interface.dropped_by_kernel;
        option(out, RECEIVED, &(frames + dropped.unwrap_or(0)).to_le_bytes());
        if let Some(dropped) = dropped {
            option(out, DROPPED_BY_SYSTEM, &dropped.to_le_bytes());
        }
        end_of_options(out);
    });
}

fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    u32(out, kind);
    u32(out, 0);
    body(out);
    let len = u32::try_from(out.len() - start + 4).unwrap_or(u32::MAX);
    u32(out, len);
    if let Some(place) = out.get_mut(start + 4..start + 8) {
        place.copy_from_slice(&len.to_le_bytes());
    }
}

fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    u16(out, code);
    u16(out, u16::try_from(value.len()).unwrap_or(0));
    padded(out, value);
}

fn end_of_options(out: &mut Vec<u8>) {
    u32(out, 0);
}

/// Octets, filled up to a multiple of four.
fn padded(out: &mut Vec<u8>, octets: &[u8]) {
    out.extend_from_slice(octets);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// The upper half comes first, whatever the byte order.
fn time(out: &mut Vec<u8>, at: Timestamp) {
    let units = u64::try_from(at.0).unwrap_or(0);
    let [low, high] = [units & u64::from(u32::MAX), units >> 32];
    u32(out, u32::try_from(high).unwrap_or(0));
    u32(out, u32::try_from(low).unwrap_or(0));
}

fn u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}
