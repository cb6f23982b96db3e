//! IPv4 (RFC 791 §3.1) and IPv6 (RFC 8200 §3) with its extension headers.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Known, Walk, hex, number, tcp};

const TCP: u8 = 6;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;

/// The packet from here on; it was `wire_len` octets long, with what trails it.
pub(super) fn packet(walk: &mut Walk<'_>, wire_len: usize, known: &Known<'_>) {
    let start = walk.at;
    let (next, declared) = match walk.peek_u8(0).map(|octet| octet >> 4) {
        Some(4) => ipv4(walk, wire_len),
        Some(6) => ipv6(walk, wire_len),
        _ => return,
    };
    walk.end = walk.data.len().min(start + declared);
    if next == Some(TCP) {
        let headers = walk.at - start;
        tcp::segment(walk, declared.saturating_sub(headers), known);
    }
    trailer(walk);
}

/// What follows the packet, such as the padding of a short Ethernet frame.
fn trailer(walk: &mut Walk<'_>) {
    if walk.at < walk.end {
        return;
    }
    walk.end = walk.data.len();
    let rest = walk.left();
    walk.octets(rest, "trailer", |octets| format!("{} octets", octets.len()));
}

/// The protocol that follows, unless this is a fragment, and the length of the packet.
fn ipv4(walk: &mut Walk<'_>, wire_len: usize) -> (Option<u8>, usize) {
    let header = walk.open("IPv4");
    let words = walk.peek_u8(0).map_or(0, |octet| octet & 0x0f);
    let options = (usize::from(words) * 4).saturating_sub(20);
    let total = walk.peek_u16(2).map_or(0, usize::from);
    let total = if total == 0 { wire_len } else { total };
    let fragment = walk.peek_u16(6).unwrap_or(0);
    let protocol = walk.peek_u8(9);
    walk.octets(1, "version, header", |_| format!("4, {} octets", u16::from(words) * 4));
    walk.octets(1, "DSCP, ECN", traffic_class);
    walk.octets(2, "total length", |octets| match number(octets) {
        0 => format!("0 (offload: {total})"),
        total => total.to_string(),
    });
    walk.hex(2, "identification");
    walk.octets(2, "flags, offset", |_| fragment_words(fragment));
    walk.number(1, "TTL");
    walk.octets(1, "protocol", |octets| protocol_name(octets.first().copied().unwrap_or(0)));
    walk.hex(2, "checksum");
    walk.octets(4, "source", ipv4_address);
    walk.octets(4, "destination", ipv4_address);
    walk.hex(options, "options");
    walk.close(&header, format!("{total} octets"));
    let is_fragment = fragment & 0x3fff != 0;
    let mut next = protocol.filter(|_| !is_fragment && words >= 5);
    if next == Some(AUTHENTICATION) {
        next = extension(walk, AUTHENTICATION);
    }
    (next, total)
}

/// The same, after the extension headers.
fn ipv6(walk: &mut Walk<'_>, wire_len: usize) -> (Option<u8>, usize) {
    let header = walk.open("IPv6");
    let payload = walk.peek_u16(4).map_or(0, usize::from);
    let total = if payload == 0 { wire_len } else { payload + 40 };
    let mut next = walk.peek_u8(6);
    walk.octets(4, "version, class, flow", |octets| {
        let word = number(octets);
        format!("6, 0x{:02x}, 0x{:05x}", word >> 20 & 0xff, word & 0xf_ffff)
    });
    walk.octets(2, "payload length", |octets| match number(octets) {
        0 => format!("0 (whole frame: {})", total.saturating_sub(40)),
        payload => payload.to_string(),
    });
    walk.octets(1, "next header", |octets| protocol_name(octets.first().copied().unwrap_or(0)));
    walk.number(1, "hop limit");
    walk.octets(16, "source", ipv6_address);
    walk.octets(16, "destination", ipv6_address);
    walk.close(&header, format!("{total} octets"));
    while let Some(kind) = next.filter(|kind| is_extension(*kind)) {
        if walk.left() == 0 {
            return (None, total);
        }
        next = extension(walk, kind);
    }
    (next, total)
}

/// One extension header; what follows it.
fn extension(walk: &mut Walk<'_>, kind: u8) -> Option<u8> {
    let next = walk.peek_u8(0);
    let length = walk.peek_u8(1).map_or(0, usize::from);
    let len = match kind {
        FRAGMENT => 8,
        AUTHENTICATION => (length + 2) * 4, // RFC 4302 §2.2
        _ => (length + 1) * 8,
    };
    // RFC 6946: without an offset and without more to come it makes no fragment.
    let is_fragment = kind == FRAGMENT && walk.peek_u16(2).is_none_or(|word| word & 0xfff9 != 0);
    walk.octets(len, protocol_name(kind), |octets| format!("{} octets", octets.len()));
    next.filter(|_| !is_fragment)
}

const fn is_extension(protocol: u8) -> bool {
    matches!(protocol, 0 | 43 | FRAGMENT | AUTHENTICATION | 60 | 135 | 139 | 140)
}

fn traffic_class(octets: &[u8]) -> String {
    let octet = number(octets);
    let ecn = match octet & 3 {
        0 => "no ECT",
        1 => "ECT(1)",
        2 => "ECT(0)",
        _ => "CE",
    };
    format!("{}, {ecn}", octet >> 2)
}

fn fragment_words(word: u16) -> String {
    let mut words = Vec::new();
    if word & 0x4000 != 0 {
        words.push("DF".to_owned());
    }
    if word & 0x2000 != 0 {
        words.push("MF".to_owned());
    }
    if word & 0x1fff != 0 {
        words.push(format!("at {}", u32::from(word & 0x1fff) * 8));
    }
    if words.is_empty() { "none".to_owned() } else { words.join(" ") }
}

fn protocol_name(protocol: u8) -> String {
    let name = match protocol {
        0 => "hop-by-hop options",
        TCP => "TCP",
        17 => "UDP",
        43 => "routing header",
        FRAGMENT => "fragment header",
        AUTHENTICATION => "authentication header",
        60 => "destination options",
        135 => "mobility header",
        139 => "HIP",
        140 => "shim6",
        _ => return protocol.to_string(),
    };
    format!("{name} ({protocol})")
}

fn ipv4_address(octets: &[u8]) -> String {
    <[u8; 4]>::try_from(octets).map_or_else(|_| hex(octets), |ip| Ipv4Addr::from(ip).to_string())
}

fn ipv6_address(octets: &[u8]) -> String {
    <[u8; 16]>::try_from(octets).map_or_else(|_| hex(octets), |ip| Ipv6Addr::from(ip).to_string())
}
