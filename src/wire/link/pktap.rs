//! Apple's packet tap: which interface, which process, and then a frame of any link type.

use crate::wire::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use crate::wire::link_type::LinkType;
use crate::wire::trail::{LinkInterface, Name};

/// Octets of the header as all systems write it.
const HEADER: usize = 108;

/// Whether this is such a header. What macOS writes has a link type that is free for users, so that
/// anything may stand there.
pub(super) fn is_plausible(octets: &[u8]) -> bool {
    let (Some(len), Some(1)) = (word(octets, 0), word(octets, 4)) else { return false };
    let name = octets.get(12..36).and_then(Name::new);
    (108..=256).contains(&len) && name.is_some_and(|name| name.is_plain())
}

/// Length, record type, link type, interface (24 octets), flags, protocol family, lengths of what
/// stands before and behind the frame, process and its name (20), service class, interface type and
/// unit, effective process and its name (20). All little-endian.
pub(super) fn header<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let len = word(walk.rest, 0).ok_or(NotTcp::Undecoded)? as usize;
    if !(HEADER..=4096).contains(&len) {
        return Err(NotTcp::Undecoded);
    }
    let header = walk.header_of(HeaderKind::Named("PKTAP"), len)?;
    let field = |at| word(header, at).unwrap_or(0);
    let link = &mut walk.trail.link;
    link.interface = header.get(12..36).and_then(Name::new).map(LinkInterface::Name);
    link.is_outgoing = match field(36) & 3 {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    };
    let process = header.get(56..76).and_then(Name::new);
    link.process = process.map(|name| (field(52), name));
    link.service_class = Some(field(76));
    Ok(Next::Link(LinkType(field(8))))
}

fn word(octets: &[u8], at: usize) -> Option<u32> {
    let octets = octets.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_anything_is_looked_at_first() {
        let mut header = [0; HEADER];
        header[0] = 108;
        header[4] = 1;
        header[12..15].copy_from_slice(b"en0");
        assert!(is_plausible(&header));
        for (at, octet) in [(0, 100), (4, 2), (12, 0), (13, 0x1b)] {
            let mut other = header;
            other[at] = octet;
            assert!(!is_plausible(&other), "octet {at}");
        }
        assert!(!is_plausible(&header[..20]));
    }
}
