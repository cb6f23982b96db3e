//! Captures inside a host: logs of packet filters, and taps of IPsec and IP.

use super::is_ip_family;
use crate::wire::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use crate::wire::skipped::Skipped;
use crate::wire::trail::{LinkInterface, Name};

/// What NFLOG calls the packet, and the interfaces that it came in at and goes out at.
const NFULA_IFINDEX_INDEV: u16 = 4;
const NFULA_IFINDEX_OUTDEV: u16 = 5;
const NFULA_PAYLOAD: u16 = 9;

/// OpenBSD's pflog: length, address family, action, reason, interface, rules. Later versions have more
/// behind that; the length says which one it is, without the padding to a multiple of four.
pub(super) fn pflog<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let [len, family, ..] = *walk.rest else { return Err(NotTcp::Undecoded) };
    let len = usize::from(len).next_multiple_of(4);
    if len < 28 {
        return Err(NotTcp::Undecoded);
    }
    let header = walk.header_of(HeaderKind::Named("pflog"), len)?;
    let name = header.get(4..20).and_then(Name::new).filter(Name::is_plain);
    walk.trail.link.interface = name.map(LinkInterface::Name);
    // 1 is in, 2 is out; versions before this field have a shorter header.
    walk.trail.link.is_outgoing = match header.get(60) {
        Some(1) => Some(false),
        Some(2) => Some(true),
        _ => None,
    };
    ip_of(family.into())
}

/// Linux netfilter log: family, version, resource, then fields of length, type and value, each padded
/// to a multiple of four. The packet is one of them.
pub(super) fn nflog<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<4>(HeaderKind::Named("nflog"))?;
    let family = header[0];
    if header[1] != 0 {
        return Err(NotTcp::Undecoded);
    }
    loop {
        walk.trail.step()?;
        let [a, b, c, d, ..] = *walk.rest else { return Err(NotTcp::Undecoded) };
        // In the byte order of whoever captured. No type is above 255.
        let is_little = d == 0;
        let number = |octets| {
            if is_little { u16::from_le_bytes(octets) } else { u16::from_be_bytes(octets) }
        };
        let len = usize::from(number([a, b]));
        let kind = number([c, d]);
        let Some(value_len) = len.checked_sub(4) else { return Err(NotTcp::Undecoded) };
        walk.header_of(HeaderKind::Named("nflog field"), 4)?;
        if kind == NFULA_PAYLOAD {
            walk.end_after(u32::try_from(value_len).unwrap_or(u32::MAX));
            return ip_of(family.into());
        }
        let value =
            walk.header_of(HeaderKind::Named("nflog value"), value_len.next_multiple_of(4))?;
        if let (NFULA_IFINDEX_INDEV | NFULA_IFINDEX_OUTDEV, Some(index)) =
            (kind, value.first_chunk())
        {
            let index = LinkInterface::Index(u32::from_be_bytes(*index));
            walk.trail.link.interface = Some(index);
            walk.trail.link.is_outgoing = Some(kind == NFULA_IFINDEX_OUTDEV);
        }
    }
}

/// OpenBSD's enc: address family, security parameter index, flags. What follows is not encrypted.
pub(super) fn enc<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<12>(HeaderKind::Named("enc"))?;
    let family = [header[0], header[1], header[2], header[3]];
    ip_of(u32::from_le_bytes(family).min(u32::from_be_bytes(family)))
}

/// Solaris: version, address family, hook, length of the packet, interface index, zones.
pub(super) fn ipnet<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<24>(HeaderKind::Named("ipnet"))?;
    let index = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
    walk.trail.link.interface = Some(LinkInterface::Index(index));
    ip_of(header[1].into())
}

fn ip_of<'a>(family: u32) -> Step<'a> {
    if is_ip_family(family) { Ok(Next::Ip) } else { Err(NotTcp::Other(Skipped::Family(family))) }
}
