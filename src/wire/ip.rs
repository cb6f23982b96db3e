//! From an IP packet to the TCP segment in it: IPv4 with options, IPv6 with extension headers.
//!
//! Lengths come from the IP header: what was captured may be less (snap length) or more (padding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::header::{HeaderKind, HeaderWalk, NotTcp, Notes, take};

/// IP protocol number of TCP.
const TCP: u8 = 6;
/// Protocol number of IPv6's fragment header.
const FRAGMENT: u8 = 44;
/// Protocol number of the authentication header, which both versions can have.
const AUTHENTICATION: u8 = 51;
/// Octets of an Ethernet header without a tag.
const ETHERNET_HEADER: usize = 14;
/// Octets of an IPv4 header without options.
const IPV4_HEADER: usize = 20;
/// Far more extension headers than any packet has.
const MAX_EXTENSIONS: usize = 16;

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
/// `None` if `frame` is anything else. Then [`tcp_in_ip`] knows what is in it.
#[inline]
pub(super) fn try_fast_ipv4(frame: &[u8]) -> Option<TcpInIp<'_>> {
    let (start, payload) = frame.split_first_chunk::<{ ETHERNET_HEADER + IPV4_HEADER }>()?;
    let header = start.last_chunk::<IPV4_HEADER>()?;
    let is_plain = start[12..15] == [0x08, 0x00, 0x45] && header[9] == TCP;
    if !is_plain || is_fragment(header) {
        return None;
    }
    let len = u32::from(u16::from_be_bytes([header[2], header[3]])).checked_sub(20)?;
    Some(TcpInIp::of_ipv4(header, len, captured(payload, len)))
}

/// The fast path of IPv6: untagged Ethernet, no extension header, and a length that is not 0.
///
/// `None` if `frame` is anything else. Then [`tcp_in_ip`] knows what is in it.
#[inline]
pub(super) fn try_fast_ipv6(frame: &[u8]) -> Option<TcpInIp<'_>> {
    let (ethernet, packet) = frame.split_first_chunk::<ETHERNET_HEADER>()?;
    let (header, _) = packet.split_first_chunk::<8>()?;
    let is_plain = ethernet[12..] == [0x86, 0xdd] && header[0] >> 4 == 6 && header[6] == TCP;
    let has_length = header[4..6] != [0, 0];
    // With a length in the header, the one of the frame is not asked for.
    let walk = HeaderWalk { rest: packet, notes: &mut () };
    if is_plain && has_length { tcp_in_ipv6(walk, 0).ok() } else { None }
}

/// RFC 791 §3.1: more fragments follow, or this one has an offset.
#[inline]
fn is_fragment(header: &[u8; IPV4_HEADER]) -> bool {
    u16::from_be_bytes([header[6], header[7]]) & 0x3fff != 0
}

/// The TCP segment in the packet that the walk has come to. On the wire it was `wire_len` bytes long,
/// with what trails the packet.
pub(super) fn tcp_in_ip<'a>(
    walk: HeaderWalk<'a, '_, impl Notes>,
    wire_len: u32,
) -> Result<TcpInIp<'a>, NotTcp> {
    match walk.rest.first().map(|octet| octet >> 4) {
        Some(4) => tcp_in_ipv4(walk, wire_len),
        Some(6) => tcp_in_ipv6(walk, wire_len),
        _ => Err(NotTcp::Undecoded),
    }
}

/// RFC 791 §3.1.
fn tcp_in_ipv4<'a>(
    mut walk: HeaderWalk<'a, '_, impl Notes>,
    wire_len: u32,
) -> Result<TcpInIp<'a>, NotTcp> {
    let packet_len = match field(walk.rest, 2) {
        // Linux shows a packet of more than 64 KiB, on its way through offload, like this.
        0 => wire_len,
        len => u32::from(len),
    };
    let header_len = walk.rest.first().map_or(0, |octet| (octet & 0x0f) * 4);
    walk.note(HeaderKind::Ipv4 { packet_len }, IPV4_HEADER.max(header_len.into()));
    let header = walk.take::<IPV4_HEADER>()?;
    let len = packet_len.checked_sub(20).ok_or(NotTcp::Undecoded)?;
    let options_len = header_len.checked_sub(20).ok_or(NotTcp::Undecoded)?;

    let protocol = header[9];
    if protocol != TCP && protocol != AUTHENTICATION {
        return Err(NotTcp::Other);
    } else if is_fragment(header) {
        return Err(NotTcp::Fragment);
    }

    let mut payload = Payload { next: protocol, len, walk };
    payload.skip(u16::from(options_len))?;
    if protocol == AUTHENTICATION {
        payload.skip_extension()?;
    }
    let (len, octets) = payload.tcp()?;
    Ok(TcpInIp::of_ipv4(header, len, octets))
}

/// RFC 8200 §3.
#[inline]
fn tcp_in_ipv6<'a>(
    mut walk: HeaderWalk<'a, '_, impl Notes>,
    wire_len: u32,
) -> Result<TcpInIp<'a>, NotTcp> {
    let packet_len = match field(walk.rest, 4) {
        // A jumbogram (RFC 2675 §3; its length stands in a hop-by-hop option too), or a packet of
        // more than 64 KiB on its way through offload.
        0 => wire_len,
        len => u32::from(len) + 40,
    };
    walk.note(HeaderKind::Ipv6 { packet_len }, 40);
    let header = walk.take::<8>()?;
    let source = walk.take::<16>()?;
    let destination = walk.take::<16>()?;

    let len = packet_len.saturating_sub(40);
    let mut payload = Payload { next: header[6], len, walk };
    if payload.next != TCP {
        payload.skip_extensions()?;
    }
    let (len, octets) = payload.tcp()?;
    Ok(TcpInIp {
        source: IpAddr::V6(Ipv6Addr::from(*source)),
        destination: IpAddr::V6(Ipv6Addr::from(*destination)),
        hop_limit: header[7],
        ip_id: 0,
        len,
        octets,
    })
}

/// The 16-bit number at `at`; 0 if it was not captured.
#[inline]
fn field(packet: &[u8], at: usize) -> u16 {
    let octets = packet.get(at..).and_then(|rest| rest.first_chunk());
    octets.map_or(0, |octets| u16::from_be_bytes(*octets))
}

/// What follows the headers that were read so far.
struct Payload<'a, 'n, N> {
    /// Protocol number of what comes next.
    next: u8,
    /// Bytes of it on the wire.
    len: u32,
    walk: HeaderWalk<'a, 'n, N>,
}

impl<'a, N: Notes> Payload<'a, '_, N> {
    /// The length of the TCP segment on the wire, and the segment as far as it was captured, if TCP is
    /// what comes next.
    fn tcp(self) -> Result<(u32, &'a [u8]), NotTcp> {
        if self.next != TCP {
            return Err(NotTcp::Other);
        }
        let octets = captured(self.walk.rest, self.len);
        let kind = HeaderKind::Tcp { segment_len: self.len };
        self.walk.notes.header(kind, tcp_header_len(octets), octets.len());
        Ok((self.len, octets))
    }

    /// Goes on to what is no extension header of IPv6.
    fn skip_extensions(&mut self) -> Result<(), NotTcp> {
        for _ in 0..MAX_EXTENSIONS {
            match self.next {
                FRAGMENT => self.skip_atomic_fragment()?,
                next if is_extension(next) => self.skip_extension()?,
                _ => return Ok(()),
            }
        }
        Err(NotTcp::Undecoded)
    }

    /// A fragment header (RFC 8200 §4.5) without an offset and without more to come makes no
    /// fragment (RFC 6946): it is passed. Any other one ends the way.
    fn skip_atomic_fragment(&mut self) -> Result<(), NotTcp> {
        self.walk.note(HeaderKind::Extension(self.next), 8);
        let (header, _) = take::<8>(self.walk.rest)?;
        let is_fragment = u16::from_be_bytes([header[2], header[3]]) & 0xfff9 != 0;
        self.next = header[0];
        if !is_fragment {
            self.skip(8)
        } else if self.next == TCP || is_extension(self.next) {
            Err(NotTcp::Fragment)
        } else {
            Err(NotTcp::Other)
        }
    }

    /// Next header, length, and then what concerns only the parties.
    fn skip_extension(&mut self) -> Result<(), NotTcp> {
        let len_field = self.walk.rest.get(1).copied().unwrap_or(0);
        let len = match self.next {
            AUTHENTICATION => (u16::from(len_field) + 2) * 4, // RFC 4302 §2.2
            _ => (u16::from(len_field) + 1) * 8,
        };
        self.walk.note(HeaderKind::Extension(self.next), len.into());
        let (header, _) = take::<2>(self.walk.rest)?;
        self.next = header[0];
        self.skip(len)
    }

    fn skip(&mut self, len: u16) -> Result<(), NotTcp> {
        self.len = self.len.checked_sub(u32::from(len)).ok_or(NotTcp::Undecoded)?;
        self.walk.rest = self.walk.rest.get(usize::from(len)..).ok_or(NotTcp::Undecoded)?;
        Ok(())
    }
}

/// RFC 9293 §3.1: the data offset counts words of four octets. The fixed part is there in any case.
#[inline]
fn tcp_header_len(segment: &[u8]) -> usize {
    segment.get(12).map_or(0, |octet| usize::from(octet >> 4) * 4).max(20)
}

/// Hop-by-hop options, routing, fragment, authentication, destination options (RFC 8200 §4),
/// mobility, HIP, shim6.
fn is_extension(protocol: u8) -> bool {
    matches!(protocol, 0 | 43 | FRAGMENT | AUTHENTICATION | 60 | 135 | 139 | 140)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp_in_ip(packet: &[u8], wire_len: u32) -> Result<TcpInIp<'_>, NotTcp> {
        super::tcp_in_ip(HeaderWalk { rest: packet, notes: &mut () }, wire_len)
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
            assert_eq!(tcp_in_ip(&packet, wire_len(&packet)), Err(NotTcp::Fragment), "{packet:x?}");
        }
        for packet in [v4(17, 0x2000, &[], SEGMENT), v6(44, &[17, 0, 0, 0x01, 0, 0, 0, 1])] {
            assert_eq!(tcp_in_ip(&packet, wire_len(&packet)), Err(NotTcp::Other), "UDP");
        }
        let do_not_fragment = v4(TCP, 0x4000, &[], SEGMENT);
        assert!(tcp_in_ip(&do_not_fragment, wire_len(&do_not_fragment)).is_ok());
    }

    #[test]
    fn other_protocols_are_other() {
        for protocol in [1, 4, 17, 41, 47, 50, 58, 59, 132] {
            for packet in [v4(protocol, 0, &[], SEGMENT), v6(protocol, SEGMENT)] {
                assert_eq!(tcp_in_ip(&packet, wire_len(&packet)), Err(NotTcp::Other));
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
