//! Teredo (RFC 4380): IPv6 over UDP, behind what its servers put before it.

use crate::wire::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use crate::wire::trail::TunnelKind;

/// §5.1.1: an authentication header (client identifier, value, nonce, confirmation) and an origin
/// indication (port and address, hidden) may come first.
pub(super) fn header<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    if let [0, 1, ..] = walk.rest {
        let len = |at: usize| walk.rest.get(at).map_or(0, |len| usize::from(*len));
        let len = 4 + len(2) + len(3) + 9;
        walk.header_of(HeaderKind::Named("Teredo authentication"), len)?;
    }
    if let [0, 0, ..] = walk.rest {
        walk.header_of(HeaderKind::Named("Teredo origin"), 8)?;
    }
    if walk.rest.first().is_none_or(|octet| octet >> 4 != 6) {
        return Err(NotTcp::Undecoded);
    }
    walk.trail.enter(TunnelKind::Teredo, None)?;
    Ok(Next::Ip)
}
