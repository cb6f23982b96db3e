//! Link layers: their headers, tags and framings.

use super::{Known, Walk, hex, ip, number};
use crate::wire::frame::{Frame, LinkType};

/// Everything, from the first octet on.
pub(super) fn link(walk: &mut Walk<'_>, frame: &Frame<'_>, known: &Known<'_>) {
    let is_ip = match frame.link_type {
        LinkType::ETHERNET => ethernet(walk),
        LinkType::LINUX_SLL => cooked(walk),
        LinkType::LINUX_SLL2 => cooked_v2(walk),
        LinkType::NULL | LinkType::LOOP => loopback(walk),
        LinkType::PPP | LinkType::PPP_HDLC => ppp(walk),
        LinkType::PPP_WITH_DIR => {
            walk.number(1, "direction");
            ppp(walk)
        }
        LinkType::PPP_ETHER => pppoe(walk),
        LinkType::RAW
        | LinkType::RAW_BSD
        | LinkType::RAW_OPENBSD
        | LinkType::IPV4
        | LinkType::IPV6 => true,
        _ => false,
    };
    if is_ip {
        let link_len = walk.at;
        ip::packet(walk, (frame.wire_len as usize).saturating_sub(link_len), known);
    }
}

fn ethernet(walk: &mut Walk<'_>) -> bool {
    let header = walk.open("Ethernet");
    walk.octets(6, "destination", mac);
    walk.octets(6, "source", mac);
    let found = ethertype(walk);
    let value = found.map_or(String::new(), ethertype_name);
    walk.close(&header, value);
    tagged(walk, found)
}

/// Linux cooked capture: what the kernel leaves of any link layer.
fn cooked(walk: &mut Walk<'_>) -> bool {
    let header = walk.open("Linux cooked");
    walk.octets(2, "packet type", packet_type);
    walk.number(2, "ARPHRD type");
    walk.number(2, "address length");
    walk.hex(8, "address");
    let found = ethertype(walk);
    walk.close(&header, found.map_or(String::new(), ethertype_name));
    tagged(walk, found)
}

fn cooked_v2(walk: &mut Walk<'_>) -> bool {
    let header = walk.open("Linux cooked v2");
    let found = ethertype(walk);
    walk.hex(2, "reserved");
    walk.number(4, "interface index");
    walk.number(2, "ARPHRD type");
    walk.octets(1, "packet type", packet_type);
    walk.number(1, "address length");
    walk.hex(8, "address");
    walk.close(&header, found.map_or(String::new(), ethertype_name));
    tagged(walk, found)
}

/// Any number of VLAN tags, and what they carry.
fn tagged(walk: &mut Walk<'_>, ethertype: Option<u16>) -> bool {
    let mut ethertype = ethertype;
    loop {
        match ethertype {
            Some(0x0800 | 0x86dd) => return true,
            Some(0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300) => ethertype = tag(walk),
            Some(0x8864) => return pppoe(walk),
            _ => return false,
        }
    }
}

/// IEEE 802.1Q: priority and identifier, then the next type.
fn tag(walk: &mut Walk<'_>) -> Option<u16> {
    let header = walk.open("VLAN tag");
    let id = walk.peek_u16(0).map_or(0, |tag| tag & 0x0fff);
    walk.octets(2, "priority, identifier", |octets| {
        let tag = number(octets);
        format!("{}, {}", tag >> 13, tag & 0x0fff)
    });
    let found = self::ethertype(walk);
    walk.close(&header, format!("VLAN {id}"));
    found
}

fn ethertype(walk: &mut Walk<'_>) -> Option<u16> {
    let found = walk.peek_u16(0);
    let value = found.map_or(String::new(), ethertype_name);
    walk.octets(2, "type", |_| value);
    found
}

fn ethertype_name(ethertype: u16) -> String {
    let name = match ethertype {
        0x0800 => "IPv4",
        0x86dd => "IPv6",
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => "VLAN",
        0x8864 => "PPPoE",
        _ => return format!("0x{ethertype:04x}"),
    };
    format!("{name} (0x{ethertype:04x})")
}

fn packet_type(octets: &[u8]) -> String {
    let name = match number(octets) {
        0 => "to us",
        1 => "broadcast",
        2 => "multicast",
        3 => "to someone else",
        4 => "from us",
        other => return other.to_string(),
    };
    name.to_owned()
}

fn loopback(walk: &mut Walk<'_>) -> bool {
    let is_ip = <[u8; 4]>::try_from(walk.peek(4)).is_ok_and(|family| {
        let is_ip = |family| matches!(family, 2 | 10 | 24 | 28 | 30);
        is_ip(u32::from_le_bytes(family)) || is_ip(u32::from_be_bytes(family))
    });
    walk.hex(4, "address family");
    is_ip
}

/// RFC 2516 §4.
fn pppoe(walk: &mut Walk<'_>) -> bool {
    let header = walk.open("PPPoE");
    let is_session = walk.peek(2) == [0x11, 0];
    walk.hex(1, "version and type");
    walk.number(1, "code");
    walk.number(2, "session");
    walk.number(2, "length");
    walk.close(&header, String::new());
    is_session && ppp(walk)
}

/// RFC 1661 §2 and RFC 1662 §3.1; address and control may be left out, and the protocol may be one
/// octet (§6.5).
fn ppp(walk: &mut Walk<'_>) -> bool {
    let header = walk.open("PPP");
    if walk.peek(2) == [0xff, 0x03] {
        walk.hex(2, "address and control");
    }
    let protocol = match *walk.peek(2) {
        [0x00, 0x21 | 0x57] => 2,
        [0x21 | 0x57, ..] => 1,
        _ => 0,
    };
    walk.octets(if protocol == 0 { 2 } else { protocol }, "protocol", |octets| {
        let name = match number(octets) {
            0x21 => "IPv4",
            0x57 => "IPv6",
            _ => return hex(octets),
        };
        format!("{name} ({})", hex(octets))
    });
    walk.close(&header, String::new());
    protocol > 0
}

fn mac(octets: &[u8]) -> String {
    let digits: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    digits.join(":")
}
