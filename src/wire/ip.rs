//! From an IP packet to what it carries: IPv4 with options, IPv6 with extension headers.
//!
//! Lengths come from the IP header: what was captured may be less (snap length) or more (padding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice,
};

use super::header::{HeaderKind, HeaderWalk, NotTcp, Notes, Piece};
use super::ip_protocol::{self as protocol, AUTHENTICATION, FRAGMENT, ROUTING, TCP};

/// Octets of an Ethernet header without a tag.
const ETHERNET_HEADER: usize = 14;
/// Octets of an IPv4 header without options.
const IPV4_HEADER: usize = 20;
/// Octets of an IPv6 header.
const IPV6_HEADER: usize = 40;
/// Far more extension headers than any packet has.
const MAX_EXTENSIONS: usize = 16;
/// The routing type of segment routing (RFC 8754 §2).
const SEGMENT_ROUTING: u8 = 4;

/// What the IP header says of a TCP segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TcpInIp<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// IPv4 TTL or IPv6 hop limit.
    pub(super) hop_limit: u8,
    /// IPv4 identification; 0 for IPv6.
    pub(super) ip_id: u16,
    /// Bytes of the segment on the wire, TCP header included.
    pub(super) len: u32,
    /// The segment as far as it was captured: at most `len` bytes.
    pub(super) octets: &'a [u8],
}

/// What the headers of an IP packet say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IpHeader {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    /// IPv4 TTL or IPv6 hop limit.
    pub(super) hop_limit: u8,
    /// IPv4 identification; 0 for IPv6.
    pub(super) ip_id: u16,
    /// Protocol number of what comes next.
    pub(super) protocol: u8,
    /// Whether a header of segment routing was met.
    pub(super) has_segments: bool,
}

impl<'a> TcpInIp<'a> {
    /// From the fixed part of an IPv4 header (RFC 791 §3.1). The segment is `len` bytes long, and
    /// `octets` were captured of it.
    #[inline]
    fn of_ipv4(header: &[u8; IPV4_HEADER], len: u32, octets: &'a [u8]) -> Self {
        let source = Ipv4Addr::new(header[12], header[13], header[14], header[15]);
        let destination = Ipv4Addr::new(header[16], header[17], header[18], header[19]);
        Self {
            source: IpAddr::V4(source),
            destination: IpAddr::V4(destination),
            hop_limit: header[8],
            ip_id: u16::from_be_bytes([header[4], header[5]]),
            len,
            octets,
        }
    }

    /// The segment that a walk has come to.
    pub(super) fn at_end_of(ip: &IpHeader, walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Self {
        let (len, octets) = (walk.len, walk.rest);
        let kind = HeaderKind::Tcp { segment_len: len };
        walk.notes.header(kind, tcp_header_len(octets), octets.len());
        let IpHeader { source, destination, hop_limit, ip_id, .. } = *ip;
        Self { source, destination, hop_limit, ip_id, len, octets }
    }

    /// Whether the fixed TCP header was captured and agrees with the length of the packet.
    pub(super) fn is_sound(&self) -> bool {
        let header_len = self.octets.get(12).map_or(0, |octet| u32::from(octet >> 4) * 4);
        self.octets.len() >= 20 && (20..=self.len).contains(&header_len)
    }
}

/// Of `payload`, what belongs to a segment of `len` bytes: all that was captured of it, and nothing
/// that trails the packet.
#[inline]
fn captured(payload: &[u8], len: u32) -> &[u8] {
    let whole = usize::try_from(len).ok().and_then(|len| payload.get(..len));
    whole.unwrap_or(payload)
}

/// The fast path of nearly every frame: untagged Ethernet, and IPv4 without options that carries TCP
/// and is no fragment.
///
/// `None` if `frame` is anything else. Then the general path knows what is in it.
#[inline]
pub(super) fn try_fast_ipv4(frame: &[u8]) -> Option<TcpInIp<'_>> {
    let (start, payload) = frame.split_first_chunk::<{ ETHERNET_HEADER + IPV4_HEADER }>()?;
    let header = start.last_chunk::<IPV4_HEADER>()?;
    let is_plain = start[12..15] == [0x08, 0x00, 0x45] && header[9] == TCP;
    if !is_plain || fragment_word(header) & 0x3fff != 0 {
        return None;
    }
    let len = u32::from(u16::from_be_bytes([header[2], header[3]])).checked_sub(20)?;
    Some(TcpInIp::of_ipv4(header, len, captured(payload, len)))
}

/// The fast path of IPv6: untagged Ethernet, no extension header, and a length that is not 0.
///
/// `None` if `frame` is anything else. Then the general path knows what is in it.
#[inline]
pub(super) fn try_fast_ipv6(frame: &[u8]) -> Option<TcpInIp<'_>> {
    let (start, payload) = frame.split_first_chunk::<{ ETHERNET_HEADER + IPV6_HEADER }>()?;
    let header = start.last_chunk::<IPV6_HEADER>()?;
    let is_plain = start[12..14] == [0x86, 0xdd] && header[0] >> 4 == 6 && header[6] == TCP;
    let len = u32::from(u16::from_be_bytes([header[4], header[5]]));
    if !is_plain || len == 0 {
        return None;
    }
    let (source, rest) = header[8..].split_first_chunk::<16>()?;
    let destination = rest.first_chunk::<16>()?;
    Some(TcpInIp {
        source: IpAddr::V6(Ipv6Addr::from(*source)),
        destination: IpAddr::V6(Ipv6Addr::from(*destination)),
        hop_limit: header[7],
        ip_id: 0,
        len,
        octets: captured(payload, len),
    })
}

/// RFC 791 §3.1: flags, and the offset in units of 8 octets.
#[inline]
fn fragment_word(header: &[u8; IPV4_HEADER]) -> u16 {
    u16::from_be_bytes([header[6], header[7]])
}

/// Takes the header of the packet that the walk has come to, which ends with that packet from here on.
pub(super) fn header<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
) -> Result<IpHeader, NotTcp<'a>> {
    let header = match walk.rest.first().map(|octet| octet >> 4) {
        Some(4) => ipv4(walk),
        Some(6) => ipv6(walk),
        _ => Err(NotTcp::Undecoded),
    }?;
    walk.trail.addresses = Some((header.source, header.destination));
    Ok(header)
}

/// RFC 791 §3.1.
fn ipv4<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Result<IpHeader, NotTcp<'a>> {
    let packet_len = match field(walk.rest, 2) {
        // Linux shows a packet of more than 64 KiB, on its way through offload, like this.
        0 => walk.len,
        len => u32::from(len),
    };
    let header_len = walk.rest.first().map_or(0, |octet| usize::from(octet & 0x0f) * 4);
    let kind = HeaderKind::Ipv4 { packet_len };
    walk.note(kind, IPV4_HEADER.max(header_len));
    let header = Ipv4HeaderSlice::from_slice(walk.rest).map_err(|_| NotTcp::Undecoded)?;
    enter(walk, packet_len, header_len)?;

    let ip = IpHeader {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        hop_limit: header.ttl(),
        ip_id: header.identification(),
        protocol: header.protocol().0,
        has_segments: false,
    };
    if !header.is_fragmenting_payload() {
        return Ok(ip);
    }
    let offset = u32::from(header.fragments_offset().byte_offset());
    Err(piece(walk, ip, u32::from(ip.ip_id), offset, header.more_fragments()))
}

/// RFC 8200 §3.
fn ipv6<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Result<IpHeader, NotTcp<'a>> {
    let packet_len = match field(walk.rest, 4) {
        // A jumbogram (RFC 2675 §3; its length stands in a hop-by-hop option too), or a packet of
        // more than 64 KiB on its way through offload.
        0 => walk.len,
        len => u32::from(len) + 40,
    };
    walk.note(HeaderKind::Ipv6 { packet_len }, IPV6_HEADER);
    let header = Ipv6HeaderSlice::from_slice(walk.rest).map_err(|_| NotTcp::Undecoded)?;
    // A packet of length 0 that ends before its header does is one without a payload.
    enter(walk, packet_len.max(40), IPV6_HEADER)?;
    Ok(IpHeader {
        source: header.source_addr().into(),
        destination: header.destination_addr().into(),
        hop_limit: header.hop_limit(),
        ip_id: 0,
        protocol: header.next_header().0,
        has_segments: false,
    })
}

/// Goes on behind a header of `header_len` octets, to the end of a packet of `packet_len` bytes.
fn enter<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    packet_len: u32,
    header_len: usize,
) -> Result<(), NotTcp<'a>> {
    let fits = !walk.trail.must_fit || packet_len <= walk.len;
    if !fits || (packet_len as usize) < header_len {
        return Err(NotTcp::Undecoded);
    }
    walk.end_after(packet_len);
    walk.take_of(header_len).map(|_| ())
}

/// What comes of a fragment whose payload begins here. Only what TCP may be in is worth to be put
/// together.
fn piece<'a>(
    walk: &HeaderWalk<'a, '_, impl Notes>,
    ip: IpHeader,
    id: u32,
    offset: u32,
    has_more: bool,
) -> NotTcp<'a> {
    if !protocol::may_hold_tcp(ip.protocol) {
        return NotTcp::Other(protocol::skipped(ip.protocol));
    }
    let (len, octets, trail) = (walk.len, walk.rest, walk.trail.clone());
    NotTcp::Fragment(Box::new(Piece { ip, id, offset, has_more, len, octets, trail }))
}

/// The 16-bit number at `at`; 0 if it was not captured.
fn field(packet: &[u8], at: usize) -> u16 {
    let octets = packet.get(at..).and_then(|rest| rest.first_chunk());
    octets.map_or(0, |octets| u16::from_be_bytes(*octets))
}

/// Goes on to what is no extension header. IPv4 has only the one of authentication.
pub(super) fn pass_extensions<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    ip: &mut IpHeader,
) -> Result<(), NotTcp<'a>> {
    for _ in 0..MAX_EXTENSIONS {
        let is_extension = match ip.source {
            IpAddr::V4(_) => ip.protocol == AUTHENTICATION,
            IpAddr::V6(_) => protocol::is_extension(ip.protocol),
        };
        match ip.protocol {
            _ if !is_extension => return Ok(()),
            FRAGMENT => pass_atomic_fragment(walk, ip)?,
            _ => pass_extension(walk, ip)?,
        }
    }
    Err(NotTcp::Undecoded)
}

/// A fragment header (RFC 8200 §4.5) without an offset and without more to come makes no
/// fragment (RFC 6946): it is passed. Any other one ends the way.
fn pass_atomic_fragment<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    ip: &mut IpHeader,
) -> Result<(), NotTcp<'a>> {
    walk.note(HeaderKind::Extension(FRAGMENT), 8);
    let header = Ipv6FragmentHeaderSlice::from_slice(walk.rest).map_err(|_| NotTcp::Undecoded)?;
    ip.protocol = header.next_header().0;
    pass(walk, 8)?;
    if !header.is_fragmenting_payload() {
        return Ok(());
    }
    let offset = u32::from(header.fragment_offset().byte_offset());
    Err(piece(walk, *ip, header.identification(), offset, header.more_fragments()))
}

/// Next header, length, and then what concerns only the parties.
fn pass_extension<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    ip: &mut IpHeader,
) -> Result<(), NotTcp<'a>> {
    let len_field = walk.rest.get(1).map_or(0, |len| usize::from(*len));
    let len = match ip.protocol {
        AUTHENTICATION => (len_field + 2) * 4, // RFC 4302 §2.2
        _ => (len_field + 1) * 8,
    };
    walk.note(HeaderKind::Extension(ip.protocol), len);
    let next = if ip.protocol == AUTHENTICATION {
        let header = IpAuthHeaderSlice::from_slice(walk.rest).map_err(|_| NotTcp::Undecoded)?;
        header.next_header()
    } else {
        let header = Ipv6RawExtHeaderSlice::from_slice(walk.rest).map_err(|_| NotTcp::Undecoded)?;
        header.next_header()
    };
    let octets = pass(walk, len)?;
    if ip.protocol == ROUTING {
        follow_segments(octets, ip);
    }
    ip.protocol = next.0;
    Ok(())
}

/// RFC 8754 §2: while segments are left, the last one is where the packet goes in the end, and what
/// the checksum of TCP counts (RFC 8200 §8.1). It stands first in the list.
fn follow_segments(header: &[u8], ip: &mut IpHeader) {
    let (Some([_, _, SEGMENT_ROUTING, left]), Some(list)) = (header.first_chunk(), header.get(8..))
    else {
        return;
    };
    ip.has_segments = true;
    if let (Some(last), true) = (list.first_chunk::<16>(), *left > 0) {
        ip.destination = IpAddr::V6(Ipv6Addr::from(*last));
    }
}

/// Takes a header of `len` octets inside the packet.
fn pass<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>, len: usize) -> Result<&'a [u8], NotTcp<'a>> {
    if len > walk.len as usize {
        return Err(NotTcp::Undecoded);
    }
    walk.take_of(len)
}

/// RFC 9293 §3.1: the data offset counts words of four octets. The fixed part is there in any case.
fn tcp_header_len(segment: &[u8]) -> usize {
    segment.get(12).map_or(0, |octet| usize::from(octet >> 4) * 4).max(20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::skipped::Skipped;

    fn tcp_in_ip(packet: &[u8], wire_len: u32) -> Result<TcpInIp<'_>, NotTcp<'_>> {
        let mut notes = ();
        let walk = &mut HeaderWalk::new(packet, wire_len, &mut notes);
        let mut ip = header(walk)?;
        pass_extensions(walk, &mut ip)?;
        match ip.protocol {
            TCP => Ok(TcpInIp::at_end_of(&ip, walk)),
            other => Err(NotTcp::Other(protocol::skipped(other))),
        }
    }

    /// Stands for a TCP segment. Nothing here looks into it.
    const SEGMENT: &[u8] = b"twenty octets of TCP";

    #[test]
    fn ipv4_options_are_passed() {
        let plain = v4(TCP, 0, &[], SEGMENT);
        let with_options = v4(TCP, 0, &[0x94, 0x04, 0, 0, 1, 1, 1, 0], SEGMENT);
        for packet in [plain, with_options] {
            let tcp = tcp_in_ip(&packet, wire_len(&packet)).unwrap();
            assert_eq!((tcp.len, tcp.octets), (20, SEGMENT));
            assert_eq!((tcp.hop_limit, tcp.ip_id), (64, 0xbeef));
            assert_eq!(tcp.source.to_string(), "10.0.1.2");
            assert_eq!(tcp.destination.to_string(), "10.1.1.2");
        }
    }

    #[test]
    fn an_authentication_header_is_passed_in_both_versions() {
        let header = [TCP, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9];
        let payload = [&header, SEGMENT].concat();
        for packet in [v4(AUTHENTICATION, 0, &[], &payload), v6(AUTHENTICATION, &payload)] {
            let tcp = tcp_in_ip(&packet, wire_len(&packet)).unwrap();
            assert_eq!((tcp.len, tcp.octets), (20, SEGMENT));
        }
    }

    #[test]
    fn ipv6_extension_headers_are_passed() {
        let chains: [&[u8]; 6] = [
            &[0, TCP, 0, 1, 4, 0, 0, 0, 0],                           // hop-by-hop
            &[43, TCP, 0, 4, 0, 0, 0, 0, 0],                          // routing
            &[135, TCP, 0, 0, 0, 0, 0, 0, 0],                         // mobility
            &[44, TCP, 0xff, 0, 0x06, 0xde, 0xad, 0, 1], // atomic fragment, reserved bits set
            &[60, TCP, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // destination options, 16
            &[0, 60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, TCP, 0, 4, 0, 0, 0, 0, 0],
        ];
        for chain in chains {
            let packet = v6(chain[0], &[&chain[1..], SEGMENT].concat());
            let tcp = tcp_in_ip(&packet, wire_len(&packet)).unwrap();
            assert_eq!((tcp.len, tcp.octets, tcp.hop_limit), (20, SEGMENT, 63), "{chain:?}");
            assert_eq!(tcp.source.to_string(), "2001:db8::1");
            assert_eq!(tcp.destination.to_string(), "2001:db8::2");
            for cut in 0..packet.len() - SEGMENT.len() {
                let outcome = tcp_in_ip(&packet[..cut], wire_len(&packet));
                assert_eq!(outcome, Err(NotTcp::Undecoded), "{chain:?} at {cut}");
            }
        }
    }

    #[test]
    fn a_chain_of_extension_headers_without_end_is_given_up() {
        let packet = v6(60, &[60, 0, 1, 4, 0, 0, 0, 0].repeat(100));
        assert_eq!(tcp_in_ip(&packet, wire_len(&packet)), Err(NotTcp::Undecoded));
    }

    #[test]
    fn fragments_of_tcp_are_fragments() {
        let fragments = [
            v4(TCP, 0x2000, &[], SEGMENT),             // the first
            v4(TCP, 0x20b9, &[], SEGMENT),             // one between
            v4(TCP, 0x00b9, &[], SEGMENT),             // the last
            v6(44, &[TCP, 0, 0, 0x01, 0, 0, 0, 1]),    // the first
            v6(44, &[TCP, 0, 0x05, 0xc8, 0, 0, 0, 1]), // the last
            v6(44, &[60, 0, 0x05, 0xc9, 0, 0, 0, 1]),  // between; what it is stands in the first
        ];
        for packet in fragments {
            let outcome = tcp_in_ip(&packet, wire_len(&packet));
            assert!(matches!(outcome, Err(NotTcp::Fragment(_))), "{packet:x?}");
        }
        // A tunnel may be in UDP, but nothing is in OSPF.
        for packet in [v4(17, 0x2000, &[], SEGMENT), v6(44, &[17, 0, 0, 0x01, 0, 0, 0, 1])] {
            let outcome = tcp_in_ip(&packet, wire_len(&packet));
            assert!(matches!(outcome, Err(NotTcp::Fragment(_))), "UDP");
        }
        for packet in [v4(89, 0x2000, &[], SEGMENT), v6(44, &[89, 0, 0, 0x01, 0, 0, 0, 1])] {
            let outcome = tcp_in_ip(&packet, wire_len(&packet));
            assert_eq!(outcome, Err(NotTcp::Other(Skipped::Named("OSPF"))));
        }
        let do_not_fragment = v4(TCP, 0x4000, &[], SEGMENT);
        assert!(tcp_in_ip(&do_not_fragment, wire_len(&do_not_fragment)).is_ok());
    }

    #[test]
    fn other_protocols_are_other() {
        for protocol in [1, 4, 17, 41, 47, 50, 58, 59, 132] {
            for packet in [v4(protocol, 0, &[], SEGMENT), v6(protocol, SEGMENT)] {
                let outcome = tcp_in_ip(&packet, wire_len(&packet));
                assert!(matches!(outcome, Err(NotTcp::Other(_))), "{protocol}");
            }
        }
    }

    #[test]
    fn lengths_are_those_of_the_ip_header() {
        for packet in [v4(TCP, 0, &[], SEGMENT), v6(TCP, SEGMENT)] {
            let padded = [&packet, &[0; 6][..]].concat();
            let tcp = tcp_in_ip(&padded, wire_len(&padded)).unwrap();
            assert_eq!((tcp.len, tcp.octets), (20, SEGMENT), "padding is no part of it");

            let cut = &packet[..packet.len() - 5];
            let tcp = tcp_in_ip(cut, wire_len(&packet)).unwrap();
            assert_eq!((tcp.len, tcp.octets), (20, &SEGMENT[..15]));
        }
    }

    #[test]
    fn a_length_of_zero_means_all_of_the_frame() {
        let mut big_v4 = v4(TCP, 0, &[], SEGMENT);
        big_v4[2..4].fill(0);
        assert_eq!(tcp_in_ip(&big_v4, 100_020).map(|tcp| tcp.len), Ok(100_000));

        let mut big_v6 = v6(TCP, SEGMENT);
        big_v6[4..6].fill(0);
        assert_eq!(tcp_in_ip(&big_v6, 100_040).map(|tcp| tcp.len), Ok(100_000));

        // Jumbo payload option: 100 008 octets, the hop-by-hop header included.
        let header = [TCP, 0, 0xc2, 4, 0x00, 0x01, 0x86, 0xa8];
        let mut jumbogram = v6(0, &[&header, SEGMENT].concat());
        jumbogram[4..6].fill(0);
        assert_eq!(tcp_in_ip(&jumbogram, 100_048).map(|tcp| tcp.len), Ok(100_000));
    }

    #[test]
    fn broken_headers_are_not_decoded() {
        let good = v4(TCP, 0, &[], SEGMENT);
        let with_octet = |at: usize, octet| {
            let mut packet = good.clone();
            packet[at] = octet;
            packet
        };
        let broken = [
            vec![],
            with_octet(0, 0x54), // version 5
            with_octet(0, 0x44), // header of 16 octets
            with_octet(3, 19),   // total length below the header's
            with_octet(0, 0x4f), // options past the total length
            good[..19].to_vec(), // cut
            v6(TCP, SEGMENT)[..39].to_vec(),
            v4(TCP, 0, &[1; 8], &[])[..24].to_vec(),
            v6(60, &[TCP, 9, 0, 0, 0, 0, 0, 0]), // extension past the payload length
        ];
        for packet in broken {
            assert_eq!(tcp_in_ip(&packet, 100), Err(NotTcp::Undecoded), "{packet:x?}");
        }
    }

    fn v4(protocol: u8, fragment: u16, options: &[u8], payload: &[u8]) -> Vec<u8> {
        let header_len = 20 + options.len();
        let total_len = u16::try_from(header_len + payload.len()).unwrap().to_be_bytes();
        let fragment = fragment.to_be_bytes();
        let version_and_len = 0x40 | u8::try_from(header_len / 4).unwrap();
        #[rustfmt::skip]
        let header = [
            version_and_len, 0, total_len[0], total_len[1], 0xbe, 0xef, fragment[0], fragment[1],
            64, protocol, 0, 0, 10, 0, 1, 2, 10, 1, 1, 2,
        ];
        [&header, options, payload].concat()
    }

    fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
        let len = u16::try_from(payload.len()).unwrap().to_be_bytes();
        let header = [0x60, 0, 0, 0, len[0], len[1], next, 63];
        let [source, destination] =
            [1, 2].map(|host| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host).octets());
        [&header, &source[..], &destination, payload].concat()
    }

    fn wire_len(packet: &[u8]) -> u32 {
        u32::try_from(packet.len()).unwrap()
    }
}
