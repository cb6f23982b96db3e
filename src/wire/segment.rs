//! A decoded TCP segment: addresses, numbers, options, and the payload as far as it was captured.
//! [`decode`] makes it from a frame.

use std::fmt;
use std::net::IpAddr;

use super::frame::{CapturePoint, Frame, LinkType, PacketNo, Timestamp};
use super::header::{Header, HeaderWalk, Next, NotTcp, Notes};
use super::icmp::{IcmpReport, Quote};
use super::ip::{self, TcpInIp};
use super::seq::SeqNum;
use super::skipped::Skipped;
use super::tcp_option::TcpOptions;
use super::tunnel::DecodeAs;
use super::walk::walk_to_tcp;
use super::way::Way;

/// An address and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// IPv4 or IPv6 address.
    pub address: IpAddr,
    /// TCP port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    /// `10.0.1.2:5001` or `[2001:db8::2]:5001`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            IpAddr::V4(address) => write!(formatter, "{address}:{}", self.port),
            IpAddr::V6(address) => write!(formatter, "[{address}]:{}", self.port),
        }
    }
}

/// The flag bits of a TCP header (RFC 9293 §3.1), AE excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Opens a connection.
    pub const SYN: Self = Self(0x02);
    /// Ends a connection at once.
    pub const RST: Self = Self(0x04);
    /// Asks the receiver to hand the data on.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field counts.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer counts.
    pub const URG: Self = Self(0x20);

    /// Whether any bit of `bits` is set.
    pub const fn has(self, bits: Self) -> bool {
        self.0 & bits.0 != 0
    }

    /// SYN without ACK: the first segment of a connection.
    pub const fn is_syn(self) -> bool {
        self.0 & 0x12 == 0x02
    }

    /// SYN and ACK: the answer to it.
    pub const fn is_syn_ack(self) -> bool {
        self.0 & 0x12 == 0x12
    }
}

impl fmt::Display for TcpFlags {
    /// tcpdump's letters: `S`, `S.`, `.`, `P.`, `F.`, `R`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [
            (0x01, 'F'),
            (0x02, 'S'),
            (0x04, 'R'),
            (0x08, 'P'),
            (0x10, '.'),
            (0x20, 'U'),
            (0x40, 'E'),
            (0x80, 'W'),
        ];
        let mut none = true;
        for (_, letter) in letters.iter().filter(|(bit, _)| self.0 & bit != 0) {
            none = false;
            write!(formatter, "{letter}")?;
        }
        if none { formatter.write_str("none") } else { Ok(()) }
    }
}

/// One TCP segment.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// The frame it came in.
    pub number: PacketNo,
    /// When that was captured.
    pub timestamp: Timestamp,
    /// Where that was captured.
    pub point: CapturePoint,
    /// Which way it came: through which tunnels and interface, as far as its frame says so.
    pub way: Way,
    /// Sender.
    pub source: Endpoint,
    /// Receiver.
    pub destination: Endpoint,
    /// IPv4 TTL or IPv6 hop limit.
    pub hop_limit: u8,
    /// IPv4 identification; 0 for IPv6.
    pub ip_id: u16,
    /// Sequence number.
    pub seq: SeqNum,
    /// Acknowledgment number; counts only with ACK.
    pub ack: SeqNum,
    /// Flag bits.
    pub flags: TcpFlags,
    /// The window field as it stood there, unscaled.
    pub window: u16,
    /// The options, as far as they were captured.
    pub options: TcpOptions<'a>,
    /// Bytes of payload on the wire, by the length in the IP header.
    pub payload_len: u32,
    /// The payload as far as it was captured: at most `payload_len` bytes.
    pub payload: &'a [u8],
}

impl Segment<'_> {
    /// Sequence space this segment takes: its payload, and one each for SYN and FIN.
    pub const fn sequence_len(&self) -> u32 {
        self.payload_len
            + self.flags.has(TcpFlags::SYN) as u32
            + self.flags.has(TcpFlags::FIN) as u32
    }
}

/// An error about a TCP segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpError {
    /// The frame it came in.
    pub number: PacketNo,
    /// When that was captured.
    pub timestamp: Timestamp,
    /// Which way it came.
    pub way: Way,
    /// Who reports it.
    pub from: IpAddr,
    /// What it says.
    pub report: IcmpReport,
    /// Sender of the segment, as the quote has it.
    pub source: Endpoint,
    /// Its receiver.
    pub destination: Endpoint,
    /// Its sequence number.
    pub seq: SeqNum,
}

impl IcmpError {
    /// What a message quotes, as an error that came in a frame.
    pub(super) const fn new(frame: &Frame<'_>, quote: &Quote, way: Way) -> Self {
        let (source, destination) = (quote.source, quote.destination);
        Self {
            number: frame.number,
            timestamp: frame.timestamp,
            way,
            from: quote.from,
            report: quote.report,
            source: Endpoint { address: source.0, port: source.1 },
            destination: Endpoint { address: destination.0, port: destination.1 },
            seq: quote.seq,
        }
    }
}

/// What came of a frame.
#[derive(Debug, Clone, Copy)]
pub enum Decoded<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// An ICMP error about a TCP segment.
    Icmp(IcmpError),
    /// Something else, by name.
    Other(Skipped),
    /// An IP fragment (first ones too).
    Fragment,
    /// The headers cannot be read: one is broken, or cut by the snap length before the 20 fixed octets
    /// of TCP.
    Undecoded,
}

/// The TCP segment in `frame`, or why there is none. Nothing is copied, and no state is kept: a `Decoder`
/// knows more of a frame from those before it.
// So that a frame need not go through memory.
#[inline(always)]
pub fn decode<'a>(frame: &Frame<'a>) -> Decoded<'a> {
    decode_or(frame, decode_general)
}

/// The segment in plain Ethernet, which has a fast path, or what `general` says of the frame.
// So that a frame need not go through memory.
#[inline(always)]
pub(super) fn decode_or<'a>(
    frame: &Frame<'a>,
    general: impl FnOnce(Frame<'a>) -> Decoded<'a>,
) -> Decoded<'a> {
    // Each IP version calls `segment` on its own: an address that may be either would go through
    // memory.
    if frame.link_type == LinkType::ETHERNET {
        if let Some(tcp) = ip::try_fast_ipv4(frame.data) {
            return segment(frame, &tcp, Way::PLAIN);
        }
        if let Some(tcp) = ip::try_fast_ipv6(frame.data) {
            return segment(frame, &tcp, Way::PLAIN);
        }
    }
    general(*frame)
}

/// The general path: any link type, tags, tunnels, options and extension headers.
#[inline(never)]
fn decode_general(frame: Frame<'_>) -> Decoded<'_> {
    match tcp_in(&frame, &mut ()) {
        Ok(tcp) => segment(&frame, &tcp, Way::PLAIN),
        Err(NotTcp::Other(skipped)) => Decoded::Other(skipped),
        Err(NotTcp::Udp(datagram)) => Decoded::Other(datagram.content.unwrap_or(Skipped::UDP)),
        Err(NotTcp::Icmp(quote)) => Decoded::Icmp(IcmpError::new(&frame, &quote, Way::PLAIN)),
        Err(NotTcp::Fragment(_)) => Decoded::Fragment,
        Err(NotTcp::Undecoded) => Decoded::Undecoded,
    }
}

/// The headers of `frame` in their order, up to TCP.
///
/// The list ends earlier where there is no way to TCP: at a header that was cut, that is broken, or
/// that leads to something else. That header is the last one of the list.
pub fn headers(frame: &Frame<'_>) -> Vec<Header> {
    let mut headers = Vec::new();
    // If there is no segment, the last header shows why.
    let _ = tcp_in(frame, &mut headers);
    headers
}

/// The TCP segment in `frame`. All headers on the way there go to `notes`.
fn tcp_in<'a>(frame: &Frame<'a>, notes: &mut impl Notes) -> Result<TcpInIp<'a>, NotTcp<'a>> {
    let mut walk = HeaderWalk::new(frame.data, frame.wire_len, notes);
    walk_to_tcp(Next::Link(frame.link_type), &mut walk, &DecodeAs::default())
}

/// Reads the TCP header (RFC 9293 §3.1). Its 20 fixed octets must be there; of the options and the
/// payload, what the snap length left.
// So that a frame need not go through memory.
#[inline(always)]
pub(super) fn segment<'a>(frame: &Frame<'a>, tcp: &TcpInIp<'a>, way: Way) -> Decoded<'a> {
    let Some((header, rest)) = tcp.octets.split_first_chunk::<20>() else {
        return Decoded::Undecoded;
    };
    let header_len = (header[12] >> 4) * 4;
    let (Some(options_len), Some(payload_len)) =
        (header_len.checked_sub(20), tcp.len.checked_sub(u32::from(header_len)))
    else {
        return Decoded::Undecoded;
    };
    let (options, payload) = rest.split_at_checked(usize::from(options_len)).unwrap_or((rest, &[]));
    let port = |high, low| u16::from_be_bytes([high, low]);
    Decoded::Tcp(Segment {
        number: frame.number,
        timestamp: frame.timestamp,
        point: frame.point,
        way,
        source: Endpoint { address: tcp.source, port: port(header[0], header[1]) },
        destination: Endpoint { address: tcp.destination, port: port(header[2], header[3]) },
        hop_limit: tcp.hop_limit,
        ip_id: tcp.ip_id,
        seq: SeqNum(u32::from_be_bytes([header[4], header[5], header[6], header[7]])),
        ack: SeqNum(u32::from_be_bytes([header[8], header[9], header[10], header[11]])),
        flags: TcpFlags(header[13]),
        window: u16::from_be_bytes([header[14], header[15]]),
        options: TcpOptions { octets: options, declared_len: options_len },
        payload_len,
        payload,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::capture::{Capture, testing};

    #[test]
    fn flags_are_told_apart() {
        let (syn, ack, fin) = (TcpFlags::SYN, TcpFlags::ACK, TcpFlags::FIN);
        let syn_ack = TcpFlags(syn.0 | ack.0);
        assert!(syn.has(syn) && syn_ack.has(syn) && !ack.has(syn) && !TcpFlags(0).has(ack));
        assert!(syn.is_syn() && !syn_ack.is_syn() && !ack.is_syn() && !fin.is_syn());
        assert!(syn_ack.is_syn_ack() && !syn.is_syn_ack() && !ack.is_syn_ack());
        // ECN's bits beside it change nothing.
        assert!(TcpFlags(syn.0 | 0xc0).is_syn() && TcpFlags(syn_ack.0 | 0x40).is_syn_ack());
        let texts =
            [(0x02, "S"), (0x12, "S."), (0x18, "P."), (0x11, "F."), (0x04, "R"), (0, "none")];
        for (flags, text) in texts {
            assert_eq!(TcpFlags(flags).to_string(), text);
        }
    }

    /// Compares each fast path of IP with the general one. Says whether one of them answers.
    fn compare(frame: &Frame<'_>) -> bool {
        let general = tcp_in(frame, &mut ());
        let fast = [ip::try_fast_ipv4(frame.data), ip::try_fast_ipv6(frame.data)];
        for tcp in fast.into_iter().flatten() {
            assert_eq!(Ok(tcp), general, "{frame:02x?}");
        }
        fast.iter().any(Option::is_some)
    }

    #[test]
    fn the_fast_paths_of_ip_agree_with_the_general_one_on_every_capture() {
        let (mut frames, mut fast) = (0, 0);
        for path in testing::captures() {
            let Ok(mut capture) = Capture::open(&[path]) else { continue };
            while let Some(frame) = capture.next_frame() {
                if frame.link_type == LinkType::ETHERNET {
                    frames += 1;
                    fast += u64::from(compare(&frame));
                }
            }
        }
        assert!(fast > frames / 10 * 9, "{fast} of {frames} frames took a fast path");
    }

    /// An Ethernet frame of any bytes. The octets that a fast path looks at are often those that it
    /// asks for.
    fn frame_bytes() -> impl Strategy<Value = Vec<u8>> {
        let ethertype = prop_oneof![Just([0x08, 0x00]), Just([0x86, 0xdd]), any::<[u8; 2]>()];
        let version = prop_oneof![Just(0x45), Just(0x46), Just(0x60), any::<u8>()];
        let protocol = prop_oneof![3 => Just(6), 1 => any::<u8>()];
        let octet = || prop_oneof![2 => Just(0), 2 => any::<u8>()];
        let length = [octet(), prop_oneof![1 => Just(0), 4 => any::<u8>()]];
        let fields = (ethertype, version, protocol, length, octet());
        (fields, prop::collection::vec(any::<u8>(), 0..120)).prop_map(|(fields, mut bytes)| {
            let (ethertype, version, protocol, length, fragment) = fields;
            let is_ipv6 = ethertype == [0x86, 0xdd];
            let (length_at, protocol_at) = if is_ipv6 { (18, 20) } else { (16, 23) };
            let set = [
                (12, ethertype[0]),
                (13, ethertype[1]),
                (14, version),
                (20, fragment),
                (length_at, length[0]),
                (length_at + 1, length[1]),
                (protocol_at, protocol),
            ];
            for (at, octet) in set {
                if let Some(place) = bytes.get_mut(at) {
                    *place = octet;
                }
            }
            bytes
        })
    }

    fn ethernet(data: &[u8], wire_len: u32) -> Frame<'_> {
        Frame {
            number: PacketNo(1),
            timestamp: Timestamp(0),
            point: CapturePoint::default(),
            link_type: LinkType::ETHERNET,
            wire_len,
            offset: None,
            data,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_fast_paths_of_ip_agree_with_the_general_one_on_any_bytes(
            bytes in frame_bytes(),
            missing in 0u32..2000,
        ) {
            let frame = ethernet(&bytes, u32::try_from(bytes.len()).unwrap() + missing);
            compare(&frame);
            let (decoded, by_general_path) = (decode(&frame), decode_general(frame));
            prop_assert_eq!(format!("{decoded:?}"), format!("{by_general_path:?}"));
        }
    }
}
