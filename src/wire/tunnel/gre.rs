//! GRE (RFC 2784, RFC 2890), and what is built on it: NVGRE (RFC 7637), ERSPAN, and the version of PPTP
//! (RFC 2637).

use crate::wire::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use crate::wire::link_type::LinkType;
use crate::wire::skipped::Skipped;
use crate::wire::trail::{Tenant, TunnelKind};

/// Bits of the first word.
const HAS_CHECKSUM: u16 = 0x8000;
const HAS_ROUTING: u16 = 0x4000;
const HAS_KEY: u16 = 0x2000;
const HAS_SEQUENCE: u16 = 0x1000;
const HAS_ACKNOWLEDGMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Ethernet types of what may come next.
const ETHERNET: u16 = 0x6558;
const ERSPAN_II: u16 = 0x88be;
const ERSPAN_III: u16 = 0x22eb;
const PPP: u16 = 0x880b;

/// Takes the header, and that of ERSPAN behind it.
pub(super) fn header<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let Some(start) = walk.rest.first_chunk::<4>() else {
        walk.note(HeaderKind::Named("GRE"), 4);
        return Err(NotTcp::Undecoded);
    };
    let flags = u16::from_be_bytes([start[0], start[1]]);
    let protocol = u16::from_be_bytes([start[2], start[3]]);
    match flags & VERSION {
        0 => {}
        1 if protocol == PPP => return pptp(walk, flags),
        _ => return Err(NotTcp::Other(Skipped::Tunnel("GRE"))),
    }
    if flags & HAS_ROUTING != 0 {
        return Err(NotTcp::Other(Skipped::Tunnel("GRE")));
    }
    let words = [HAS_CHECKSUM, HAS_KEY, HAS_SEQUENCE].map(|bit| usize::from(flags & bit != 0));
    let len = 4 + words.iter().sum::<usize>() * 4;
    let octets = walk.header_of(HeaderKind::Named("GRE"), len)?;
    let key_at = if flags & HAS_CHECKSUM == 0 { 4 } else { 8 };
    let key = octets.get(key_at..).and_then(|rest| rest.first_chunk());
    let key = key.map(|key| u32::from_be_bytes(*key)).filter(|_| flags & HAS_KEY != 0);
    match protocol {
        ERSPAN_II if flags & HAS_SEQUENCE == 0 => {
            // Type I has no header of its own.
            walk.trail.enter(TunnelKind::Erspan, None)?;
            Ok(Next::Link(LinkType::ETHERNET))
        }
        ERSPAN_II => erspan(walk, 8),
        ERSPAN_III => erspan(walk, 12),
        _ => {
            enter(walk, flags, protocol, key)?;
            Ok(Next::EtherType(protocol))
        }
    }
}

fn enter<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    flags: u16,
    protocol: u16,
    key: Option<u32>,
) -> Result<(), NotTcp<'a>> {
    // RFC 7637 §3.2: no checksum, no sequence number, and a virtual subnet identifier in the upper 24
    // bits, of which those below 0x1000 are reserved; a flow in the others.
    let is_nvgre = flags == HAS_KEY && protocol == ETHERNET;
    let subnet = key.map(|key| key >> 8).filter(|subnet| is_nvgre && *subnet >= 0x1000);
    if let Some(subnet) = subnet {
        walk.trail.enter(TunnelKind::Nvgre, Some(subnet))?;
        walk.trail.tenants.push(Tenant::Nvgre(subnet));
        return Ok(());
    }
    walk.trail.enter(TunnelKind::Gre, key)?;
    walk.trail.tenants.extend(key.map(Tenant::GreKey));
    Ok(())
}

/// draft-foschiano-erspan §4: version, VLAN, and the session in the lower 10 bits of the second word.
/// Type III has 12 octets, and 8 more if the last bit says so.
fn erspan<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>, len: usize) -> Step<'a> {
    let has_more = len == 12 && walk.rest.get(11).is_some_and(|octet| octet & 1 == 1);
    let len = if has_more { len + 8 } else { len };
    let octets = walk.header_of(HeaderKind::Named("ERSPAN"), len)?;
    let session = octets.get(2..4).and_then(<[u8]>::first_chunk);
    let session = session.map(|octets| u32::from(u16::from_be_bytes(*octets) & 0x03ff));
    walk.trail.enter(TunnelKind::Erspan, session)?;
    // Bits 14 to 10 of the last half word of type III: 0 is Ethernet, 2 is IP.
    let is_ip = len >= 12 && octets.get(10).is_some_and(|octet| octet >> 2 & 0x1f == 2);
    Ok(if is_ip { Next::Ip } else { Next::Link(LinkType::ETHERNET) })
}

/// RFC 2637 §4.1: length and call in place of the key, then numbers that are there if bits say so.
fn pptp<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>, flags: u16) -> Step<'a> {
    let words = [HAS_SEQUENCE, HAS_ACKNOWLEDGMENT].map(|bit| usize::from(flags & bit != 0));
    let len = 8 + words.iter().sum::<usize>() * 4;
    let octets = walk.header_of(HeaderKind::Named("GRE of PPTP"), len)?;
    let call = octets.get(6..8).and_then(<[u8]>::first_chunk);
    let call = call.map(|call| u32::from(u16::from_be_bytes(*call)));
    if flags & HAS_SEQUENCE == 0 {
        // An acknowledgment alone.
        return Err(NotTcp::Other(Skipped::Named("PPTP acknowledgment")));
    }
    walk.trail.enter(TunnelKind::Gre, call)?;
    Ok(Next::Ppp)
}
