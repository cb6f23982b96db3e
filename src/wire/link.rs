//! The way from a frame to the IP packet in it: link-layer headers, their tags and their framings.

mod ieee80211;
mod monitor;
mod packet_filter;
mod pktap;

use super::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use super::link_type::LinkType;
use super::skipped::{Encrypted, Skipped};
use super::trail::{LinkInterface, Tenant, TunnelKind};

/// Takes the header that frames of a link type begin with.
pub(super) fn header<'a>(
    link_type: LinkType,
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
) -> Step<'a> {
    match link_type {
        LinkType::ETHERNET => ethernet(walk),
        LinkType::RAW
        | LinkType::RAW_BSD
        | LinkType::RAW_OPENBSD
        | LinkType::IPV4
        | LinkType::IPV6 => Ok(Next::Ip),
        LinkType::LINUX_SLL => linux_cooked(walk),
        LinkType::LINUX_SLL2 => linux_cooked_v2(walk),
        LinkType::NULL | LinkType::LOOP => loopback(walk),
        LinkType::PPP | LinkType::PPP_HDLC | LinkType::PPP_PPPD => Ok(Next::Ppp),
        LinkType::PPP_WITH_DIR => behind_direction(walk, LinkType::PPP),
        LinkType::PPP_ETHER => pppoe(walk),
        LinkType::C_HDLC => cisco_hdlc(walk),
        LinkType::C_HDLC_WITH_DIR => behind_direction(walk, LinkType::C_HDLC),
        LinkType::FRELAY => frame_relay(walk),
        LinkType::FRELAY_WITH_DIR => behind_direction(walk, LinkType::FRELAY),
        LinkType::ATM_RFC1483 => Ok(Next::Llc),
        LinkType::MPLS => Ok(Next::Mpls),
        LinkType::IEEE802_11 => ieee80211::header(walk),
        LinkType::IEEE802_11_RADIOTAP => monitor::radiotap(walk),
        LinkType::IEEE802_11_PRISM => monitor::prism(walk),
        LinkType::IEEE802_11_AVS => monitor::avs(walk),
        LinkType::PPI => monitor::ppi(walk),
        LinkType::PFLOG => packet_filter::pflog(walk),
        LinkType::NFLOG => packet_filter::nflog(walk),
        LinkType::ENC => packet_filter::enc(walk),
        LinkType::IPNET => packet_filter::ipnet(walk),
        LinkType::PKTAP => pktap::header(walk),
        LinkType::USER2 if pktap::is_plausible(walk.rest) => pktap::header(walk),
        other => Err(NotTcp::Other(Skipped::LinkType(other))),
    }
}

/// A direction octet, and then a frame of another link type.
fn behind_direction<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    link_type: LinkType,
) -> Step<'a> {
    walk.header::<1>(HeaderKind::PppDirection)?;
    Ok(Next::Link(link_type))
}

/// Ethernet II: two addresses and the type.
fn ethernet<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<14>(HeaderKind::Ethernet)?;
    Ok(Next::EtherType(u16::from_be_bytes([header[12], header[13]])))
}

/// Linux cooked capture: what the kernel leaves of any link layer. The protocol stands last.
fn linux_cooked<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<16>(HeaderKind::LinuxCooked)?;
    walk.trail.link.is_outgoing = is_outgoing(header[1]);
    Ok(Next::EtherType(u16::from_be_bytes([header[14], header[15]])))
}

/// Version 2 of it, with the protocol in front. A VLAN tag follows the header as it does in Ethernet.
fn linux_cooked_v2<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<20>(HeaderKind::LinuxCookedV2)?;
    let index = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    walk.trail.link.interface = Some(LinkInterface::Index(index));
    walk.trail.link.is_outgoing = is_outgoing(header[10]);
    Ok(Next::EtherType(u16::from_be_bytes([header[0], header[1]])))
}

/// The packet types of a cooked capture (LINKTYPE_LINUX_SLL): sent to us, or from us. What was sent to
/// others is neither.
const fn is_outgoing(packet_type: u8) -> Option<bool> {
    match packet_type {
        0 => Some(false),
        4 => Some(true),
        _ => None,
    }
}

/// What an Ethernet type announces. A value that is an 802.3 length (up to 1500) is no type: LLC
/// follows.
pub(super) fn ether_type<'a>(number: u16, walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    Err(NotTcp::Other(match number {
        0x0800 | 0x86dd => return Ok(Next::Ip),
        // IEEE 802.1Q, 802.1ad, and what was used before it: tag, then the next type.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => {
            let tag = walk.header::<4>(HeaderKind::VlanTag)?;
            // Identifier 0 is none: the tag has a priority only (IEEE 802.1Q §9.6).
            let vlan = u16::from_be_bytes([tag[0], tag[1]]) & 0x0fff;
            if vlan > 0 {
                walk.trail.tenants.push(Tenant::Vlan(vlan));
            }
            return Ok(Next::EtherType(u16::from_be_bytes([tag[2], tag[3]])));
        }
        0x8847 | 0x8848 => return Ok(Next::Mpls),
        0x8864 => return pppoe(walk),
        0x6558 => return Ok(Next::Link(LinkType::ETHERNET)),
        0x88e7 => return backbone(walk),
        0x0000..=0x05dc => return llc(walk),
        0x88e5 => Skipped::Encrypted(Encrypted::Macsec),
        0x0806 => Skipped::Named("ARP"),
        0x8035 => Skipped::Named("RARP"),
        0x8863 => Skipped::Named("PPPoE discovery"),
        0x8809 => Skipped::Named("slow protocols (LACP)"),
        0x888e => Skipped::Named("EAPOL"),
        0x88cc => Skipped::Named("LLDP"),
        0x88f7 => Skipped::Named("PTP"),
        0x8902 => Skipped::Named("Ethernet OAM"),
        other => Skipped::EtherType(other),
    }))
}

/// IEEE 802.1ah §9.7: priority and flags, the service identifier, then the customer's frame.
fn backbone<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let tag = walk.header::<4>(HeaderKind::Named("802.1ah I-TAG"))?;
    let service = u32::from_be_bytes([0, tag[1], tag[2], tag[3]]);
    walk.trail.enter(TunnelKind::BackboneBridge, Some(service))?;
    Ok(Next::Link(LinkType::ETHERNET))
}

/// IEEE 802.2 with SNAP (RFC 1042): both service access points 0xaa, unnumbered information, an
/// organization, and an Ethernet type if that is none or one that puts Ethernet types there.
pub(super) fn llc<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    match walk.rest {
        [0xaa, 0xaa, 0x03, 0, 0, 0 | 0xf8, ..] => {
            let header = walk.header::<8>(HeaderKind::Named("LLC and SNAP"))?;
            match u16::from_be_bytes([header[6], header[7]]) {
                number @ 0..=0x05dc => Err(NotTcp::Other(Skipped::EtherType(number))),
                number => Ok(Next::EtherType(number)),
            }
        }
        [0xaa] | [0xaa, 0xaa] => Err(NotTcp::Undecoded),
        [0xaa, 0xaa, 0x03, rest @ ..] if rest.len() < 3 => Err(NotTcp::Undecoded),
        _ => Err(NotTcp::Other(Skipped::LLC)),
    }
}

/// BSD loopback: an address family, in the byte order of whoever captured (NULL) or of the network
/// (LOOP).
fn loopback<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let family = *walk.header::<4>(HeaderKind::Loopback)?;
    if is_ip_family(u32::from_le_bytes(family)) || is_ip_family(u32::from_be_bytes(family)) {
        Ok(Next::Ip)
    } else {
        let family = u32::from_le_bytes(family).min(u32::from_be_bytes(family));
        Err(NotTcp::Other(Skipped::Family(family)))
    }
}

/// Whether an address family is that of IP. IPv6 has a number of its own on every system: Linux 10,
/// NetBSD and OpenBSD 24, Solaris 26, FreeBSD 28, macOS 30.
const fn is_ip_family(family: u32) -> bool {
    matches!(family, 2 | 10 | 24 | 26 | 28 | 30)
}

/// PPPoE (RFC 2516 §4): version and type, code (0 in a session), session ID, length; then PPP.
fn pppoe<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<6>(HeaderKind::Pppoe)?;
    if header[0] != 0x11 || header[1] != 0 {
        return Err(NotTcp::Other(Skipped::Named("PPPoE discovery")));
    }
    let session = u16::from_be_bytes([header[2], header[3]]);
    walk.trail.enter(TunnelKind::Pppoe, Some(session.into()))?;
    Ok(Next::Ppp)
}

/// PPP (RFC 1661 §2, RFC 1662 §3.1): address and control, which may be left out, and the protocol.
/// A protocol below 256 may be cut to one octet; the odd octet is always the last one (§6.5).
pub(super) fn ppp<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let octets = walk.rest;
    // pppd writes a direction, 0 or 1, in place of the address.
    let protocol = match octets {
        [0xff | 0 | 1, 0x03, rest @ ..] => rest,
        _ => octets,
    };
    let prefix_len = octets.len() - protocol.len();
    let (protocol_len, outcome) = match protocol {
        [0x00, 0x21 | 0x57, ..] => (2, Ok(Next::Ip)),
        [0x21 | 0x57, ..] => (1, Ok(Next::Ip)),
        [0x02, 0x81 | 0x83, ..] => (2, Ok(Next::Mpls)),
        [] | [0x00 | 0xff] => (2, Err(NotTcp::Undecoded)),
        [0x00, 0xfd, ..] => (2, Err(NotTcp::Other(Skipped::Encrypted(Encrypted::Mppe)))),
        [0x80..=0xff, _, ..] => (2, Err(NotTcp::Other(Skipped::Named("PPP control")))),
        [high, low, ..] => {
            let number = u16::from_be_bytes([*high, *low]);
            (2, Err(NotTcp::Other(Skipped::PppProtocol(number))))
        }
        [number] => (2, Err(NotTcp::Other(Skipped::PppProtocol((*number).into())))),
    };
    walk.note(HeaderKind::Ppp, prefix_len + protocol_len);
    let next = outcome?;
    walk.take_of(prefix_len + protocol_len)?;
    Ok(next)
}

/// Cisco HDLC: address, control, and an Ethernet type.
fn cisco_hdlc<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<4>(HeaderKind::Named("Cisco HDLC"))?;
    match u16::from_be_bytes([header[2], header[3]]) {
        0x8035 | 0x2000 => Err(NotTcp::Other(Skipped::Named("keepalive"))),
        number => Ok(Next::EtherType(number)),
    }
}

/// Frame relay: an address of two to four octets, whose last one is odd, then what RFC 2427 §3 puts
/// there, or an Ethernet type as Cisco does.
fn frame_relay<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let address = walk.rest.iter().take(4).position(|octet| octet & 1 == 1);
    let address_len = match address {
        Some(last) if last > 0 => last + 1,
        None if walk.rest.len() < 4 => return Err(NotTcp::Undecoded),
        _ => return Err(NotTcp::Other(Skipped::Named("frame relay"))),
    };
    walk.header_of(HeaderKind::Named("frame relay address"), address_len)?;
    let (len, next) = match walk.rest {
        [0x03, 0xcc | 0x8e, ..] => (2, Ok(Next::Ip)),
        [0x03, 0x00, 0xcc | 0x8e, ..] => (3, Ok(Next::Ip)),
        [0x03, 0x80, 0, 0, 0, high, low, ..] | [0x03, 0x00, 0x80, 0, 0, 0, high, low, ..] => {
            let len = if walk.rest.get(1) == Some(&0) { 8 } else { 7 };
            (len, Ok(Next::EtherType(u16::from_be_bytes([*high, *low]))))
        }
        [0x03, ..] if walk.rest.len() < 8 => (2, Err(NotTcp::Undecoded)),
        [high, low, ..] if *high >= 0x06 => {
            (2, Ok(Next::EtherType(u16::from_be_bytes([*high, *low]))))
        }
        [] | [_] => (2, Err(NotTcp::Undecoded)),
        _ => (2, Err(NotTcp::Other(Skipped::Named("frame relay")))),
    };
    walk.header_of(HeaderKind::Named("frame relay protocol"), len)?;
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for an IP packet. Nothing here looks into it.
    const IP: &[u8] = &[0x45, 0x00, 0x00, 0x40];

    /// The IP packet in `frame`. The headers before it must have been noted without a gap.
    fn ip_packet(link_type: LinkType, frame: &[u8]) -> Result<&[u8], NotTcp<'_>> {
        let mut headers = Vec::new();
        let len = u32::try_from(frame.len()).unwrap();
        let mut walk = HeaderWalk::new(frame, len, &mut headers);
        let mut next = Next::Link(link_type);
        while !matches!(next, Next::Ip) {
            next = match next {
                Next::Link(link_type) => header(link_type, &mut walk)?,
                Next::EtherType(number) => ether_type(number, &mut walk)?,
                Next::Llc => llc(&mut walk)?,
                Next::Ppp => ppp(&mut walk)?,
                Next::Mpls | Next::Aggregate | Next::Ip | Next::IpPayload(_) => unreachable!(),
            };
        }
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
            let outcome = ip_packet(*link_type, frame);
            assert!(matches!(outcome, Err(NotTcp::Other(_))), "{frame:02x?}");
        }
        let unknown = Skipped::LinkType(LinkType(189));
        assert_eq!(ip_packet(LinkType(189), IP), Err(NotTcp::Other(unknown)));
    }
}
