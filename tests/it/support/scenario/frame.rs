//! A segment as bytes: IP header, TCP header, options, payload.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, ensure};
use mptcpscope::internals::wire::segment::TcpFlags;

/// The fields of a segment.
pub(crate) struct Header {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) ip_id: u16,
    pub(crate) hop_limit: u8,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: TcpFlags,
    pub(crate) window: u16,
}

/// The bytes of an IP packet. No checksum of IP or TCP is filled in: nobody looks at them.
pub(crate) fn packet(header: &Header, options: &[u8], payload: &[u8]) -> Result<Vec<u8>> {
    let mut options = options.to_vec();
    options.resize(options.len().next_multiple_of(4), 1);
    ensure!(options.len() <= 40, "{} octets of options do not fit", options.len());
    let tcp_len = 20 + options.len() + payload.len();
    let mut bytes = ip_header(header, tcp_len)?;
    bytes.extend(header.source.port().to_be_bytes());
    bytes.extend(header.destination.port().to_be_bytes());
    bytes.extend(header.seq.to_be_bytes());
    bytes.extend(header.ack.to_be_bytes());
    bytes.extend([u8::try_from(5 + options.len() / 4)? << 4, header.flags.0]);
    bytes.extend(header.window.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(options);
    bytes.extend(payload);
    Ok(bytes)
}

/// The bytes of an ICMP error about a packet, from a router at 192.0.2.99. The quote has 8 octets of TCP; if
/// it is `stale`, its sequence number is not that of the packet.
pub(crate) fn icmp_error(about: &[u8], [kind, code]: [u8; 2], stale: bool) -> Result<Vec<u8>> {
    ensure!(about[0] == 0x45, "only of IPv4");
    let mut quote = about[..28].to_vec();
    if stale {
        quote[27] ^= 0x80;
    }
    let mut bytes = vec![0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 99];
    bytes.extend(&about[12..16]);
    bytes.extend([kind, code, 0, 0, 0, 0, 0, 0]);
    bytes.extend(quote);
    Ok(bytes)
}

fn ip_header(header: &Header, tcp_len: usize) -> Result<Vec<u8>> {
    let mut bytes;
    match (header.source.ip(), header.destination.ip()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            bytes = vec![0x45, 0];
            bytes.extend(u16::try_from(20 + tcp_len)?.to_be_bytes());
            bytes.extend(header.ip_id.to_be_bytes());
            bytes.extend([0x40, 0, header.hop_limit, 6, 0, 0]);
            bytes.extend(source.octets());
            bytes.extend(destination.octets());
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            bytes = vec![0x60, 0, 0, 0];
            bytes.extend(u16::try_from(tcp_len)?.to_be_bytes());
            bytes.extend([6, header.hop_limit]);
            bytes.extend(source.octets());
            bytes.extend(destination.octets());
        }
        _ => anyhow::bail!("one end is IPv4, the other IPv6"),
    }
    Ok(bytes)
}
