//! From a frame to the TCP segment in it, through any number of headers: the general path of
//! [`decode`](super::segment::decode).
//!
//! Link layer, tunnels and IP each take their own headers and say what comes next; here they are put one
//! behind the other. What is only a guess is tried, and taken back if it leads to no TCP header.

use super::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes};
use super::icmp_message;
use super::ip::{self, IpHeader, TcpInIp};
use super::ip_protocol::{ICMP, ICMPV6, TCP, UDP};
use super::link;
use super::link_type::LinkType;
use super::opaque;
use super::skipped::{Skipped, UdpDatagram};
use super::trail::TunnelKind;
use super::tunnel::{self, DecodeAs, UdpTunnel};

/// Frames of 802.11 in one, at most.
const MOST_SUBFRAMES: usize = 64;

type Outcome<'a> = Result<TcpInIp<'a>, NotTcp<'a>>;

/// Goes on from what comes next to the TCP segment in it.
///
/// It calls itself once for each tunnel that is only a guess, of which so many can stand in each other as
/// [`Trail::enter`](super::trail::Trail::enter) allows; and all attempts together take no more steps than
/// [`Trail::step`](super::trail::Trail::step) allows.
pub(super) fn walk_to_tcp<'a>(
    mut next: Next,
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    decode_as: &DecodeAs,
) -> Outcome<'a> {
    loop {
        walk.trail.step()?;
        next = match next {
            Next::Link(link_type) => link::header(link_type, walk)?,
            Next::EtherType(number) => link::ether_type(number, walk)?,
            Next::Llc => link::llc(walk)?,
            Next::Aggregate => return aggregate(walk, decode_as),
            Next::Ppp => link::ppp(walk)?,
            Next::Mpls => return mpls(walk, decode_as),
            Next::Ip => Next::IpPayload(ip::header(walk)?),
            Next::IpPayload(mut ip) => {
                ip::pass_extensions(walk, &mut ip)?;
                match ip.protocol {
                    TCP => return Ok(TcpInIp::at_end_of(&ip, walk)),
                    UDP => return udp(&ip, walk, decode_as),
                    ICMP | ICMPV6 => return Err(icmp_message::message(&ip, walk)),
                    _ => tunnel::in_ip(&ip, walk)?,
                }
            }
        };
    }
}

/// A UDP datagram (RFC 768). Its payload is a tunnel if there is a TCP header in it, behind headers that
/// fit into the datagram; else it stays UDP.
fn udp<'a>(
    ip: &IpHeader,
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    decode_as: &DecodeAs,
) -> Outcome<'a> {
    let header = walk.header::<8>(HeaderKind::Udp)?;
    let field = |at: usize| {
        let octets = header.get(at..).and_then(|rest| rest.first_chunk());
        octets.map_or(0, |octets| u16::from_be_bytes(*octets))
    };
    let (source, destination, len) = (field(0), field(2), u32::from(field(4)));
    // A length of 0 is a datagram of more than 64 KiB (RFC 2675 §4).
    if let Some(payload_len) = len.checked_sub(8).filter(|len| *len < walk.len) {
        walk.end_after(payload_len);
    }
    let mark = walk.mark();
    let is_cut = walk.is_cut();
    let mut is_unclear = false;
    for tunnel in tunnels([destination, source], decode_as).into_iter().flatten() {
        walk.trail.must_fit = true;
        match in_tunnel(tunnel, walk, decode_as) {
            Ok(tcp) if tcp.is_sound() => return Ok(tcp),
            Err(found @ (NotTcp::Fragment(_) | NotTcp::Icmp(_))) => return Err(found),
            // The headers went on past what was captured.
            Ok(_) | Err(NotTcp::Undecoded) => is_unclear |= is_cut && walk.rest.len() < 40,
            Err(_) => {}
        }
        walk.go_back(&mark);
    }
    if is_unclear {
        return Err(NotTcp::Undecoded);
    }
    let content = opaque::in_udp([source, destination], walk.rest, walk.len);
    let (one, other) = ((ip.source, source), (ip.destination, destination));
    let flow = [one.min(other), one.max(other)];
    Err(NotTcp::Udp(UdpDatagram { flow, content }))
}

/// What a datagram between two ports may be: the receiver's port counts first.
fn tunnels(ports: [u16; 2], decode_as: &DecodeAs) -> [Option<UdpTunnel>; 2] {
    let [one, other] = ports.map(|port| decode_as.tunnel(port));
    [one, other.filter(|_| other != one)]
}

fn in_tunnel<'a>(
    tunnel: UdpTunnel,
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    decode_as: &DecodeAs,
) -> Outcome<'a> {
    let next = tunnel.header(walk)?;
    walk_to_tcp(next, walk, decode_as)
}

/// What stands below a stack of labels is not said. IP begins with its version (RFC 4928 §3); Ethernet
/// may have a control word before it, whose first four bits are 0 (RFC 4385 §3), or none.
fn mpls<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>, decode_as: &DecodeAs) -> Outcome<'a> {
    tunnel::mpls_labels(walk)?;
    let mark = walk.mark();
    let mut first_outcome = None;
    let guesses = match walk.rest.first().map(|octet| octet >> 4) {
        Some(4 | 6) => [Some(Below::Ip), Some(Below::Ethernet)],
        Some(0) => [Some(Below::ControlWord), Some(Below::Ethernet)],
        Some(1) => return Err(NotTcp::Other(Skipped::Named("MPLS control channel"))),
        _ => [Some(Below::Ethernet), None],
    };
    for guess in guesses.into_iter().flatten() {
        match below(guess, walk, decode_as) {
            Ok(tcp) => return Ok(tcp),
            Err(found @ (NotTcp::Fragment(_) | NotTcp::Icmp(_))) => return Err(found),
            Err(outcome) => {
                first_outcome.get_or_insert(outcome);
                walk.go_back(&mark);
            }
        }
    }
    Err(first_outcome.unwrap_or(NotTcp::Undecoded))
}

/// What may stand below labels.
#[derive(Clone, Copy)]
enum Below {
    Ip,
    ControlWord,
    Ethernet,
}

fn below<'a>(
    guess: Below,
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    decode_as: &DecodeAs,
) -> Outcome<'a> {
    if matches!(guess, Below::Ip) {
        return walk_to_tcp(Next::Ip, walk, decode_as);
    }
    if matches!(guess, Below::ControlWord) {
        walk.header::<4>(HeaderKind::Named("pseudowire control word"))?;
    }
    walk.trail.enter(TunnelKind::Pseudowire, None)?;
    walk_to_tcp(Next::Link(LinkType::ETHERNET), walk, decode_as)
}

/// Frames of 802.11 in one (A-MSDU, IEEE 802.11 §9.3.2.2): destination, source, length, content, padding
/// to a multiple of four. The first one with a TCP segment counts.
fn aggregate<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>, decode_as: &DecodeAs) -> Outcome<'a> {
    let mut outcome = Err(NotTcp::Undecoded);
    for _ in 0..MOST_SUBFRAMES {
        if walk.rest.is_empty() {
            break;
        }
        let header = walk.header::<14>(HeaderKind::Named("A-MSDU subframe"))?;
        let len = u16::from_be_bytes([header[12], header[13]]);
        let mark = walk.mark();
        walk.end_after(len.into());
        outcome = walk_to_tcp(Next::Llc, walk, decode_as);
        if matches!(outcome, Ok(_) | Err(NotTcp::Fragment(_) | NotTcp::Icmp(_))) {
            return outcome;
        }
        walk.go_back(&mark);
        // The header of a subframe has 14 octets: with them it ends at a multiple of four.
        let padded = (usize::from(len) + 14).next_multiple_of(4) - 14;
        let padded = padded.min(walk.rest.len());
        walk.header_of(HeaderKind::Named("A-MSDU subframe content"), padded)?;
    }
    outcome
}
