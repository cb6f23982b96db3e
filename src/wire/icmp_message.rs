//! Messages of ICMP: errors quote the packet that they are about.

use super::header::{HeaderWalk, NotTcp, Notes};
use super::icmp::{IcmpReport, Quote};
use super::ip::{self, IpHeader};
use super::ip_protocol::{TCP, skipped};
use super::seq::SeqNum;

/// What an ICMP message is: an error about a TCP segment, or nothing that is looked into.
pub(super) fn message<'a>(ip: &IpHeader, walk: &HeaderWalk<'a, '_, impl Notes>) -> NotTcp<'a> {
    match quote(ip, walk) {
        Some(quote) => NotTcp::Icmp(quote),
        None => NotTcp::Other(skipped(ip.protocol)),
    }
}

fn quote(ip: &IpHeader, walk: &HeaderWalk<'_, '_, impl Notes>) -> Option<Quote> {
    let (header, octets) = walk.rest.split_first_chunk::<8>()?;
    let report = report(ip.source.is_ipv6(), *header)?;
    let mut notes = ();
    let mut quoted = HeaderWalk::new(octets, walk.len.saturating_sub(8), &mut notes);
    let (quoted, segment) = quoted_segment(&mut quoted)?;
    // RFC 792 asks for no more than 8 octets of it: ports and sequence number.
    let segment = segment.first_chunk::<8>()?;
    let port = |high, low| u16::from_be_bytes([high, low]);
    Some(Quote {
        from: ip.source,
        report,
        source: (quoted.source, port(segment[0], segment[1])),
        destination: (quoted.destination, port(segment[2], segment[3])),
        seq: SeqNum(u32::from_be_bytes([segment[4], segment[5], segment[6], segment[7]])),
    })
}

/// RFC 792: type, code, checksum, and four octets that depend on these; RFC 1191 §4 puts the size into
/// the last two of them. RFC 4443 §3.2 has it in all four.
fn report(is_v6: bool, header: [u8; 8]) -> Option<IcmpReport> {
    let [kind, code, _, _, size @ ..] = header;
    let is_error = if is_v6 { matches!(kind, 1..=4) } else { matches!(kind, 3 | 4 | 11 | 12) };
    let size = u32::from_be_bytes(size);
    let mtu = match (is_v6, kind, code) {
        (false, 3, 4) => Some(size & 0xffff),
        (true, 2, _) => Some(size),
        _ => None,
    };
    // Routers before RFC 1191 say 0.
    let mtu = mtu.filter(|mtu| *mtu > 0);
    is_error.then_some(IcmpReport { is_v6, kind, code, mtu })
}

/// The TCP segment in a quoted packet, as far as it is there. It may be the first fragment of a packet.
fn quoted_segment<'a>(quoted: &mut HeaderWalk<'a, '_, ()>) -> Option<(IpHeader, &'a [u8])> {
    let outcome = ip::header(quoted).and_then(|mut ip| {
        ip::pass_extensions(quoted, &mut ip)?;
        Ok(ip)
    });
    match outcome {
        Ok(ip) if ip.protocol == TCP => Some((ip, quoted.rest)),
        Err(NotTcp::Fragment(piece)) if piece.offset == 0 && piece.ip.protocol == TCP => {
            Some((piece.ip, piece.octets))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_of_eight_octets_is_enough() {
        let mut octets = vec![3, 4, 0, 0, 0, 0, 0x05, 0x14];
        octets.extend([0x45, 0, 5, 220, 0, 1, 0x40, 0, 63, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        octets.extend([0x13, 0x88, 0xc0, 1, 0, 0, 0, 9]);
        let ip = IpHeader {
            source: [192, 0, 2, 1].into(),
            destination: [10, 0, 0, 1].into(),
            hop_limit: 60,
            ip_id: 0,
            protocol: 1,
            has_segments: false,
        };
        let mut notes = ();
        for len in 0..=octets.len() {
            let walk = HeaderWalk::new(&octets[..len], 36, &mut notes);
            let NotTcp::Icmp(quote) = message(&ip, &walk) else {
                assert!(len < octets.len());
                continue;
            };
            assert_eq!(len, octets.len());
            assert_eq!(
                (quote.report.name(), quote.report.mtu),
                ("fragmentation_needed", Some(1300))
            );
            assert_eq!(quote.source, ([10, 0, 0, 1].into(), 5000));
            assert_eq!((quote.destination.1, quote.seq), (49153, SeqNum(9)));
        }
        let mut echo = octets.clone();
        echo[0] = 8;
        let walk = HeaderWalk::new(&echo, 36, &mut notes);
        assert!(matches!(message(&ip, &walk), NotTcp::Other(_)), "no error");
    }
}
