//! From a frame to the IP packet in it: link-layer headers, their tags and their framings.

use super::frame::LinkType;

/// Why a frame yields no TCP segment; [`Decoded`](super::segment::Decoded) says what each means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTcp {
    Other,
    Fragment,
    Undecoded,
}

/// The IP packet in `frame`, with whatever trails it (padding, checksum). Its first octet says
/// whether it is IPv4 or IPv6; what the link layer says of it is not needed.
pub(super) fn ip_packet(link_type: LinkType, frame: &[u8]) -> Result<&[u8], NotTcp> {
    match link_type {
        LinkType::ETHERNET => ethernet(frame),
        LinkType::RAW
        | LinkType::RAW_BSD
        | LinkType::RAW_OPENBSD
        | LinkType::IPV4
        | LinkType::IPV6 => Ok(frame),
        LinkType::LINUX_SLL => linux_cooked(frame),
        LinkType::LINUX_SLL2 => linux_cooked_v2(frame),
        LinkType::NULL | LinkType::LOOP => loopback(frame),
        LinkType::PPP | LinkType::PPP_HDLC => ppp(frame),
        LinkType::PPP_WITH_DIR => take::<1>(frame).and_then(|(_direction, rest)| ppp(rest)),
        LinkType::PPP_ETHER => pppoe(frame),
        _ => Err(NotTcp::Undecoded),
    }
}

/// The first `N` octets, and the rest; an error if the snap length, or a lie about a length, cut
/// them.
pub(super) fn take<const N: usize>(octets: &[u8]) -> Result<(&[u8; N], &[u8]), NotTcp> {
    octets.split_first_chunk().ok_or(NotTcp::Undecoded)
}

/// Ethernet II: two addresses and the type.
fn ethernet(frame: &[u8]) -> Result<&[u8], NotTcp> {
    let (header, rest) = take::<14>(frame)?;
    by_ethertype([header[12], header[13]], rest)
}

/// Linux cooked capture: what the kernel leaves of any link layer; the protocol stands last.
fn linux_cooked(frame: &[u8]) -> Result<&[u8], NotTcp> {
    let (header, rest) = take::<16>(frame)?;
    by_ethertype([header[14], header[15]], rest)
}

/// Its version 2, with the protocol in front; a VLAN tag follows the header as it does in Ethernet.
fn linux_cooked_v2(frame: &[u8]) -> Result<&[u8], NotTcp> {
    let (header, rest) = take::<20>(frame)?;
    by_ethertype([header[0], header[1]], rest)
}

/// What an Ethernet type announces, behind any number of VLAN tags. A value that is an 802.3 length
/// (up to 1500) is no type, so that LLC frames end here as well.
fn by_ethertype(ethertype: [u8; 2], rest: &[u8]) -> Result<&[u8], NotTcp> {
    let mut ethertype = ethertype;
    let mut rest = rest;
    loop {
        match u16::from_be_bytes(ethertype) {
            0x0800 | 0x86dd => return Ok(rest),
            // IEEE 802.1Q, 802.1ad, and what was used before it: tag, then the next type.
            0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => {
                let (tag, tagged) = take::<4>(rest)?;
                ethertype = [tag[2], tag[3]];
                rest = tagged;
            }
            0x8864 => return pppoe(rest),
            _ => return Err(NotTcp::Other),
        }
    }
}

/// BSD loopback: an address family, in the byte order of whoever captured (NULL) or of the network
/// (LOOP). IPv6 has a number of its own on every system: Linux 10, NetBSD and OpenBSD 24,
/// FreeBSD 28, macOS 30.
fn loopback(frame: &[u8]) -> Result<&[u8], NotTcp> {
    let (family, rest) = take::<4>(frame)?;
    let is_ip = |family| matches!(family, 2 | 10 | 24 | 28 | 30);
    if is_ip(u32::from_le_bytes(*family)) || is_ip(u32::from_be_bytes(*family)) {
        Ok(rest)
    } else {
        Err(NotTcp::Other)
    }
}

/// PPPoE (RFC 2516 §4): version and type, code (0 in a session), session ID, length; then PPP.
fn pppoe(octets: &[u8]) -> Result<&[u8], NotTcp> {
    let (header, rest) = take::<6>(octets)?;
    if header[0] == 0x11 && header[1] == 0 { ppp(rest) } else { Err(NotTcp::Other) }
}

/// PPP (RFC 1661 §2, RFC 1662 §3.1): address and control, which may be left out, and the protocol.
/// A protocol below 256 may be cut to one octet; the odd octet is always the last one (§6.5).
fn ppp(octets: &[u8]) -> Result<&[u8], NotTcp> {
    match octets.strip_prefix(&[0xff, 0x03]).unwrap_or(octets) {
        [0x00, 0x21 | 0x57, rest @ ..] | [0x21 | 0x57, rest @ ..] => Ok(rest),
        [] | [0x00 | 0xff] => Err(NotTcp::Undecoded),
        _ => Err(NotTcp::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for an IP packet; nothing here looks into it.
    const IP: &[u8] = &[0x45, 0x00, 0x00, 0x40];

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
