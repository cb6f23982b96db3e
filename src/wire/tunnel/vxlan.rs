//! VXLAN (RFC 7348), its generic protocol extension, and Geneve (RFC 8926).

use crate::wire::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use crate::wire::link_type::LinkType;
use crate::wire::skipped::Skipped;
use crate::wire::trail::{Tenant, TunnelKind};

/// The identifier in the header is valid.
const HAS_IDENTIFIER: u8 = 0x08;
/// The header says which protocol comes next.
const HAS_NEXT_PROTOCOL: u8 = 0x04;

/// RFC 7348 §5: flags, the network identifier, and reserved octets, in which some put a policy.
pub(super) fn vxlan<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<8>(HeaderKind::Named("VXLAN"))?;
    if header[0] & HAS_IDENTIFIER == 0 {
        return Err(NotTcp::Undecoded);
    }
    let network = identifier([header[4], header[5], header[6]]);
    walk.trail.enter(TunnelKind::Vxlan, Some(network))?;
    walk.trail.tenants.push(Tenant::Vxlan(network));
    Ok(Next::Link(LinkType::ETHERNET))
}

/// draft-ietf-nvo3-vxlan-gpe §3: the same, with a next protocol in the last octet before the
/// identifier.
pub(super) fn vxlan_gpe<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let header = walk.header::<8>(HeaderKind::Named("VXLAN-GPE"))?;
    if header[0] & HAS_IDENTIFIER == 0 {
        return Err(NotTcp::Undecoded);
    }
    let network = identifier([header[4], header[5], header[6]]);
    walk.trail.enter(TunnelKind::VxlanGpe, Some(network))?;
    walk.trail.tenants.push(Tenant::Vxlan(network));
    match header[3] {
        _ if header[0] & HAS_NEXT_PROTOCOL == 0 => Ok(Next::Link(LinkType::ETHERNET)),
        1 | 2 => Ok(Next::Ip),
        3 => Ok(Next::Link(LinkType::ETHERNET)),
        5 => Ok(Next::Mpls),
        _ => Err(NotTcp::Other(Skipped::Tunnel("VXLAN-GPE"))),
    }
}

/// RFC 8926 §3.4: version 0, length of the options in words, the type of what comes next, the network
/// identifier, then options.
pub(super) fn geneve<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let len = walk.rest.first().map_or(0, |octet| usize::from(octet & 0x3f) * 4);
    let header = walk.header_of(HeaderKind::Named("Geneve"), 8 + len)?;
    let [version, _, high, low, network @ ..] = header else { return Err(NotTcp::Undecoded) };
    let Some(network) = network.first_chunk() else { return Err(NotTcp::Undecoded) };
    if version >> 6 != 0 {
        return Err(NotTcp::Undecoded);
    }
    let network = identifier(*network);
    walk.trail.enter(TunnelKind::Geneve, Some(network))?;
    walk.trail.tenants.push(Tenant::Geneve(network));
    Ok(Next::EtherType(u16::from_be_bytes([*high, *low])))
}

const fn identifier([high, middle, low]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, high, middle, low])
}
