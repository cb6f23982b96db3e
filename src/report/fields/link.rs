//! The fields of link-layer headers.

use super::walk::{Walk, hex, number};
use crate::wire::header::{Header, HeaderKind};

/// A field of a header: how many octets it has, its name, and how its value is shown.
type HeaderField = (usize, &'static str, fn(&[u8]) -> String);

const ETHERNET: &[HeaderField] =
    &[(6, "destination", mac), (6, "source", mac), (2, "type", ethertype)];

const LINUX_COOKED: &[HeaderField] = &[
    (2, "packet type", packet_type),
    (2, "ARPHRD type", decimal),
    (2, "address length", decimal),
    (8, "address", hex),
    (2, "type", ethertype),
];

const LINUX_COOKED_V2: &[HeaderField] = &[
    (2, "type", ethertype),
    (2, "reserved", hex),
    (4, "interface index", decimal),
    (2, "ARPHRD type", decimal),
    (1, "packet type", packet_type),
    (1, "address length", decimal),
    (8, "address", hex),
];

const VLAN_TAG: &[HeaderField] =
    &[(2, "priority, identifier", priority_and_vlan), (2, "type", ethertype)];

const PPPOE: &[HeaderField] = &[
    (1, "version and type", hex),
    (1, "code", decimal),
    (2, "session", decimal),
    (2, "length", decimal),
];

const UDP: &[HeaderField] = &[
    (2, "source port", decimal),
    (2, "destination port", decimal),
    (2, "length", decimal),
    (2, "checksum", hex),
];

/// The fields of a header that is no IP and no TCP.
pub(super) fn header(walk: &mut Walk<'_>, header: &Header) {
    match header.kind {
        HeaderKind::Ethernet => table(walk, "Ethernet", ETHERNET, |octets| type_at(octets, 12)),
        HeaderKind::LinuxCooked => {
            table(walk, "Linux cooked", LINUX_COOKED, |octets| type_at(octets, 14));
        }
        HeaderKind::LinuxCookedV2 => {
            table(walk, "Linux cooked v2", LINUX_COOKED_V2, |octets| type_at(octets, 0));
        }
        HeaderKind::VlanTag => table(walk, "VLAN tag", VLAN_TAG, |octets| {
            format!("VLAN {}", octets.first_chunk::<2>().map_or(0, |tag| number(tag) & 0x0fff))
        }),
        HeaderKind::Pppoe => table(walk, "PPPoE", PPPOE, |_| String::new()),
        HeaderKind::Ppp => ppp(walk, header.len),
        HeaderKind::PppDirection => walk.number(1, "direction"),
        HeaderKind::Loopback => walk.hex(4, "address family"),
        HeaderKind::Udp => table(walk, "UDP", UDP, |_| String::new()),
        HeaderKind::Named(name) => {
            walk.octets(header.len, name, |octets| format!("{} octets", octets.len()));
        }
        HeaderKind::Ipv4 { .. }
        | HeaderKind::Ipv6 { .. }
        | HeaderKind::Extension(_)
        | HeaderKind::Tcp { .. } => {}
    }
}

/// A header with the fields of a table. `summary` makes the header's own value from its octets.
fn table(
    walk: &mut Walk<'_>,
    name: &'static str,
    fields: &[HeaderField],
    summary: fn(&[u8]) -> String,
) {
    let value = summary(walk.peek(walk.left()));
    let header = walk.open(name);
    for (len, name, show) in fields {
        walk.octets(*len, *name, show);
    }
    walk.close(&header, value);
}

/// RFC 1661 §2 and RFC 1662 §3.1: address and control may be left out. What remains is the protocol.
fn ppp(walk: &mut Walk<'_>, len: usize) {
    let header = walk.open("PPP");
    let has_prefix = walk.peek(2) == [0xff, 0x03];
    if has_prefix {
        walk.hex(2, "address and control");
    }
    let protocol_len = if has_prefix { len.saturating_sub(2) } else { len };
    walk.octets(protocol_len, "protocol", |octets| match number(octets) {
        0x21 => format!("IPv4 ({})", hex(octets)),
        0x57 => format!("IPv6 ({})", hex(octets)),
        _ => hex(octets),
    });
    walk.close(&header, String::new());
}

/// The name of the Ethernet type at this place; empty if it was not captured.
fn type_at(octets: &[u8], at: usize) -> String {
    octets.get(at..at + 2).map_or(String::new(), ethertype)
}

fn ethertype(octets: &[u8]) -> String {
    let ethertype = number(octets);
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

/// IEEE 802.1Q: three bits of priority, one that drops may prefer, twelve of the identifier.
fn priority_and_vlan(octets: &[u8]) -> String {
    let tag = number(octets);
    format!("{}, {}", tag >> 13, tag & 0x0fff)
}

fn mac(octets: &[u8]) -> String {
    let digits: Vec<_> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    digits.join(":")
}

fn decimal(octets: &[u8]) -> String {
    number(octets).to_string()
}
