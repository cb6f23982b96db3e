//! The way from a frame to the IP packet in it: link-layer headers, their tags and their framings.

use super::frame::LinkType;
use super::header::{HeaderKind, HeaderWalk, NotTcp, Notes};

/// Walks to the IP packet in a frame. Its first octet says whether it is IPv4 or IPv6: what the link
/// layer says of that is not needed.
pub(super) fn walk_to_ip(
    link_type: LinkType,
    walk: &mut HeaderWalk<'_, '_, impl Notes>,
) -> Result<(), NotTcp> {
    match link_type {
        LinkType::ETHERNET => ethernet(walk),
        LinkType::RAW
        | LinkType::RAW_BSD
        | LinkType::RAW_OPENBSD
        | LinkType::IPV4
        | LinkType::IPV6 => Ok(()),
        LinkType::LINUX_SLL => linux_cooked(walk),
        LinkType::LINUX_SLL2 => linux_cooked_v2(walk),
        LinkType::NULL | LinkType::LOOP => loopback(walk),
        LinkType::PPP | LinkType::PPP_HDLC => ppp(walk),
        LinkType::PPP_WITH_DIR => {
            walk.header::<1>(HeaderKind::PppDirection)?;
            ppp(walk)
        }
        LinkType::PPP_ETHER => pppoe(walk),
        _ => Err(NotTcp::Undecoded),
    }
}

/// Ethernet II: two addresses and the type.
fn ethernet(walk: &mut HeaderWalk<'_, '_, impl Notes>) -> Result<(), NotTcp> {
    let header = walk.header::<14>(HeaderKind::Ethernet)?;
    by_ethertype([header[12], header[13]], walk)
}

/// Linux cooked capture: what the kernel leaves of any link layer. The protocol stands last.
fn linux_cooked(walk: &mut HeaderWalk<'_, '_, impl Notes>) -> Result<(), NotTcp> {
    let header = walk.header::<16>(HeaderKind::LinuxCooked)?;
    by_ethertype([header[14], header[15]], walk)
}

/// Version 2 of it, with the protocol in front. A VLAN tag follows the header as it does in Ethernet.
fn linux_cooked_v2(walk: &mut HeaderWalk<'_, '_, impl Notes>) -> Result<(), NotTcp> {
    let header = walk.header::<20>(HeaderKind::LinuxCookedV2)?;
    by_ethertype([header[0], header[1]], walk)
}

/// What an Ethernet type announces, behind any number of VLAN tags. A value that is an 802.3 length
/// (up to 1500) is no type, so that LLC frames end here as well.
fn by_ethertype(
    mut ethertype: [u8; 2],
    walk: &mut HeaderWalk<'_, '_, impl Notes>,
) -> Result<(), NotTcp> {
    loop {
        match u16::from_be_bytes(ethertype) {
            0x0800 | 0x86dd => return Ok(()),
            // IEEE 802.1Q, 802.1ad, and what was used before it: tag, then the next type.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => {
                let tag = walk.header::<4>(HeaderKind::VlanTag)?;
                ethertype = [tag[2], tag[3]];
            }
            0x8864 => return pppoe(walk),
            _ => return Err(NotTcp::Other),
        }
    }
}

/// BSD loopback: an address family, in the byte order of whoever captured (NULL) or of the network
/// (LOOP). IPv6 has a number of its own on every system: Linux 10, NetBSD and OpenBSD 24,
/// FreeBSD 28, macOS 30.
fn loopback(walk: &mut HeaderWalk<'_, '_, impl Notes>) -> Result<(), NotTcp> {
    let family = walk.header::<4>(HeaderKind::Loopback)?;
    let is_ip = |family| matches!(family, 2 | 10 | 24 | 28 | 30);
    if is_ip(u32::from_le_bytes(*family)) || is_ip(u32::from_be_bytes(*family)) {
        Ok(())
    } else {
        Err(NotTcp::Other)
    }
}

/// PPPoE (RFC 2516 §4): version and type, code (0 in a session), session ID, length; then PPP.
fn pppoe(walk: &mut HeaderWalk<'_, '_, impl Notes>) -> Result<(), NotTcp> {
    let header = walk.header::<6>(HeaderKind::Pppoe)?;
    if header[0] == 0x11 && header[1] == 0 { ppp(walk) } else { Err(NotTcp::Other) }
}

/// PPP (RFC 1661 §2, RFC 1662 §3.1): address and control, which may be left out, and the protocol.
/// A protocol below 256 may be cut to one octet; the odd octet is always the last one (§6.5).
fn ppp(walk: &mut HeaderWalk<'_, '_, impl Notes>) -> Result<(), NotTcp> {
    let octets = walk.rest;
    let protocol = octets.strip_prefix(&[0xff, 0x03]).unwrap_or(octets);
    let prefix_len = octets.len() - protocol.len();
    let (protocol_len, outcome) = match protocol {
        [0x00, 0x21 | 0x57, rest @ ..] => (2, Ok(rest)),
        [0x21 | 0x57, rest @ ..] => (1, Ok(rest)),
        [] | [0x00 | 0xff] => (2, Err(NotTcp::Undecoded)),
        _ => (2, Err(NotTcp::Other)),
    };
    walk.note(HeaderKind::Ppp, prefix_len + protocol_len);
    walk.rest = outcome?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for an IP packet. Nothing here looks into it.
    const IP: &[u8] = &[0x45, 0x00, 0x00, 0x40];

    /// The IP packet in `frame`. The headers before it must have been noted without a gap.
    fn ip_packet(link_type: LinkType, frame: &[u8]) -> Result<&[u8], NotTcp> {
        let mut headers = Vec::new();
        let mut walk = HeaderWalk { rest: frame, notes: &mut headers };
        walk_to_ip(link_type, &mut walk)?;
        let packet = walk.rest;
        let noted: usize = headers.iter().map(|header| header.octets.len()).sum();
        assert_eq!(noted, frame.len() - packet.len(), "{headers:?}");
        Ok(packet)
    }

    #[test]
    fn every_link_header_is_taken_off() {
        let headers: &[(LinkType, &[u8])] = &[
            // A real SYN on a veth pair, and what `tcpdump -i any` makes of it in both versions.
            (LinkType::ETHERNET, b"\xd6\x46\x02\x4c\xa9\xba\xaa\xa0\x45\x20\xd0\x8e\x08\x00"),
            (LinkType::LINUX_SLL, b"\0\x04\0\x01\0\x06\xaa\xa0\x45\x20\xd0\x8e\0\0\x08\0"),
            (
                LinkType::LINUX_SLL2,
                b"\x08\0\0\0\0\0\0\x02\0\x01\x04\x06\xaa\xa0\x45\x20\xd0\x8e\0\0",
            ),
            (LinkType::ETHERNET, b"\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\x86\xdd"),
            (LinkType::LINUX_SLL2, b"\x86\xdd\0\0\0\0\0\x02\0\x01\0\x06\0\0\0\0\0\0\0\0"),
            // One tag, two tags, three old tags; tags in cooked captures.
            (LinkType::ETHERNET, b"\0\0\0\0\0\0\0\0\0\0\0\0\x81\0\0\x64\x08\0"),
            (LinkType::ETHERNET, b"\0\0\0\0\0\0\0\0\0\0\0\0\x88\xa8\0\x05\x81\0\0\x64\x86\xdd"),
            (
                LinkType::ETHERNET,
                b"\0\0\0\0\0\0\0\0\0\0\0\0\x91\0\0\x01\x92\0\0\x02\x93\0\0\x03\x08\0",
            ),
            (LinkType::LINUX_SLL, b"\0\0\0\x01\0\x06\0\0\0\0\0\0\0\0\x81\0\0\x64\x08\0"),
            (LinkType::LINUX_SLL2, b"\x81\0\0\0\0\0\0\x02\0\x01\0\x06\0\0\0\0\0\0\0\0\0\x64\x08\0"),
            // PPPoE, plain, behind a tag, and as a link type of its own.
            (LinkType::ETHERNET, b"\0\0\0\0\0\0\0\0\0\0\0\0\x88\x64\x11\0\0\x01\0\x42\0\x21"),
            (
                LinkType::ETHERNET,
                b"\0\0\0\0\0\0\0\0\0\0\0\0\x81\0\0\x07\x88\x64\x11\0\0\x01\0\x42\0\x57",
            ),
            (LinkType::PPP_ETHER, b"\x11\0\0\x01\0\x42\0\x21"),
            (LinkType::PPP, b"\xff\x03\0\x21"),
            (LinkType::PPP, b"\xff\x03\x21"),
            (LinkType::PPP, b"\0\x57"),
            (LinkType::PPP, b"\x57"),
            (LinkType::PPP_HDLC, b"\xff\x03\0\x57"),
            (LinkType::PPP_WITH_DIR, b"\x01\xff\x03\0\x21"),
            (LinkType::PPP_WITH_DIR, b"\0\x21"),
            (LinkType::NULL, b"\x02\0\0\0"),
            (LinkType::NULL, b"\0\0\0\x02"),
            (LinkType::NULL, b"\x0a\0\0\0"),
            (LinkType::NULL, b"\x18\0\0\0"),
            (LinkType::NULL, b"\x1c\0\0\0"),
            (LinkType::NULL, b"\0\0\0\x1e"),
            (LinkType::LOOP, b"\0\0\0\x02"),
            (LinkType::LOOP, b"\0\0\0\x18"),
            (LinkType::RAW, b""),
            (LinkType::RAW_BSD, b""),
            (LinkType::RAW_OPENBSD, b""),
            (LinkType::IPV4, b""),
            (LinkType::IPV6, b""),
        ];
        for (link_type, header) in headers {
            let frame = [header, IP].concat();
            assert_eq!(ip_packet(*link_type, &frame), Ok(IP), "{link_type} {header:02x?}");
            for cut in 0..header.len() {
                let outcome = ip_packet(*link_type, &frame[..cut]);
                assert_eq!(outcome, Err(NotTcp::Undecoded), "{link_type} {header:02x?} at {cut}");
            }
        }
    }

    #[test]
    fn other_protocols_are_other() {
        let others: &[(LinkType, &[u8])] = &[
            (LinkType::ETHERNET, b"\0\0\0\0\0\0\0\0\0\0\0\0\x08\x06"), // ARP
            (LinkType::ETHERNET, b"\0\0\0\0\0\0\0\0\0\0\0\0\0\x26\x42\x42\x03"), // 802.3, LLC
            (LinkType::ETHERNET, b"\0\0\0\0\0\0\0\0\0\0\0\0\x81\0\0\x01\x08\x06"),
            (LinkType::ETHERNET, b"\0\0\0\0\0\0\0\0\0\0\0\0\x88\x63\x11\x09\0\0\0\0"), // discovery
            (LinkType::LINUX_SLL, b"\0\0\0\x01\0\x06\0\0\0\0\0\0\0\0\0\x04"),
            (LinkType::PPP, b"\xff\x03\xc0\x21\x01"), // LCP
            (LinkType::PPP_ETHER, b"\x11\x09\0\0\0\0"),
            (LinkType::NULL, b"\x07\0\0\0"),
        ];
        for (link_type, frame) in others {
            assert_eq!(ip_packet(*link_type, frame), Err(NotTcp::Other), "{frame:02x?}");
        }
        assert_eq!(ip_packet(LinkType(105), IP), Err(NotTcp::Undecoded), "not a link type we know");
    }
}
