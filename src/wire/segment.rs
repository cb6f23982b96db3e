//! A decoded TCP segment: addresses, numbers, options, and the payload as far as it was captured.
//! [`decode`] makes it from a frame.

use std::fmt;
use std::net::IpAddr;

use super::frame::{CapturePoint, Frame, LinkType, PacketNo, Timestamp};
use super::ip::{self, TcpInIp};
use super::link::{self, NotTcp};
use super::seq::SeqNum;
use super::tcp_option::TcpOptions;

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
    /// Octets of payload on the wire, by the length in the IP header.
    pub payload_len: u32,
    /// The payload as far as it was captured: at most `payload_len` octets.
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

/// What came of a frame.
#[derive(Debug, Clone, Copy)]
pub enum Decoded<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// IP, or another protocol, but not TCP.
    Other,
    /// An IP fragment (first ones too); not put together.
    Fragment,
    /// The headers cannot be read: link type not known, header broken, or cut by the snap length
    /// before the 20 fixed octets of TCP.
    Undecoded,
}

/// The TCP segment in `frame`, or why there is none. Nothing is copied, and no state is kept.
// So that a frame need not go through memory.
#[inline(always)]
pub fn decode<'a>(frame: &Frame<'a>) -> Decoded<'a> {
    // Each version on its own: what addresses both have in common would go through memory.
    if frame.link_type == LinkType::ETHERNET {
        if let Some(tcp) = ip::tcp_in_plain_ipv4(frame.data) {
            return segment(frame, &tcp);
        }
        if let Some(tcp) = ip::tcp_in_plain_ipv6(frame.data) {
            return segment(frame, &tcp);
        }
    }
    decode_in_any_way(*frame)
}

/// What is no plain Ethernet.
#[inline(never)]
fn decode_in_any_way(frame: Frame<'_>) -> Decoded<'_> {
    match tcp_in(&frame) {
        Ok(tcp) => segment(&frame, &tcp),
        Err(NotTcp::Other) => Decoded::Other,
        Err(NotTcp::Fragment) => Decoded::Fragment,
        Err(NotTcp::Undecoded) => Decoded::Undecoded,
    }
}

fn tcp_in<'a>(frame: &Frame<'a>) -> Result<TcpInIp<'a>, NotTcp> {
    let packet = link::ip_packet(frame.link_type, frame.data)?;
    let link_len = u32::try_from(frame.data.len() - packet.len()).unwrap_or(0);
    ip::tcp_in_ip(packet, frame.wire_len.saturating_sub(link_len))
}

/// Reads the TCP header (RFC 9293 §3.1). Its 20 fixed octets must be there; of the options and the
/// payload, what the snap length left.
// So that a frame need not go through memory.
#[inline(always)]
fn segment<'a>(frame: &Frame<'a>, tcp: &TcpInIp<'a>) -> Decoded<'a> {
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
