//! The fields of IPv4 (RFC 791 §3.1), IPv6 (RFC 8200 §3) and its extension headers.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::walk::{Walk, hex, number};

/// The header of a packet of `packet_len` bytes.
pub(super) fn ipv4(walk: &mut Walk<'_>, packet_len: u32) {
    let header = walk.open("IPv4");
    let words = walk.peek_u8(0).map_or(0, |octet| octet & 0x0f);
    let options = (usize::from(words) * 4).saturating_sub(20);
    walk.octets(1, "version, header", |_| format!("4, {} octets", u16::from(words) * 4));
    walk.octets(1, "DSCP, ECN", traffic_class);
    walk.octets(2, "total length", |octets| match number(octets) {
        0 => format!("0 (offload: {packet_len})"),
        total => total.to_string(),
    });
    walk.hex(2, "identification");
    walk.octets(2, "flags, offset", fragment_words);
    walk.number(1, "TTL");
    walk.octets(1, "protocol", |octets| protocol_name(octets.first().copied().unwrap_or(0)));
    walk.hex(2, "checksum");
    walk.octets(4, "source", ipv4_address);
    walk.octets(4, "destination", ipv4_address);
    walk.hex(options, "options");
    walk.close(&header, format!("{packet_len} octets"));
}

/// The header of a packet of `packet_len` bytes.
pub(super) fn ipv6(walk: &mut Walk<'_>, packet_len: u32) {
    let header = walk.open("IPv6");
    walk.octets(4, "version, class, flow", |octets| {
        let word = number(octets);
        format!("6, 0x{:02x}, 0x{:05x}", word >> 20 & 0xff, word & 0xf_ffff)
    });
    walk.octets(2, "payload length", |octets| match number(octets) {
        0 => format!("0 (whole frame: {})", packet_len.saturating_sub(40)),
        payload => payload.to_string(),
    });
    walk.octets(1, "next header", |octets| protocol_name(octets.first().copied().unwrap_or(0)));
    walk.number(1, "hop limit");
    walk.octets(16, "source", ipv6_address);
    walk.octets(16, "destination", ipv6_address);
    walk.close(&header, format!("{packet_len} octets"));
}

/// An extension header of `len` octets. What is in it concerns only the hosts: it is one field.
pub(super) fn extension(walk: &mut Walk<'_>, protocol: u8, len: usize) {
    walk.octets(len, protocol_name(protocol), |octets| format!("{} octets", octets.len()));
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

fn fragment_words(octets: &[u8]) -> String {
    let word = number(octets);
    let mut words = Vec::new();
    if word & 0x4000 != 0 {
        words.push("DF".to_owned());
    }
    if word & 0x2000 != 0 {
        words.push("MF".to_owned());
    }
    if word & 0x1fff != 0 {
        words.push(format!("at {}", (word & 0x1fff) * 8));
    }
    if words.is_empty() { "none".to_owned() } else { words.join(" ") }
}

fn protocol_name(protocol: u8) -> String {
    let name = match protocol {
        0 => "hop-by-hop options",
        6 => "TCP",
        17 => "UDP",
        43 => "routing header",
        44 => "fragment header",
        51 => "authentication header",
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
