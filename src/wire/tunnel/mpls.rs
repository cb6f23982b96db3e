//! MPLS (RFC 3032): a stack of labels. What stands below it, only the routers know.

use crate::wire::header::{HeaderKind, HeaderWalk, NotTcp, Notes};
use crate::wire::trail::TunnelKind;

/// Far more labels than any packet has.
const MOST_LABELS: usize = 16;

/// Takes the labels: of each 20 bits, then traffic class, whether it is the last one, and a time to
/// live (§2.1).
pub(in crate::layers::wire) fn labels<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
) -> Result<(), NotTcp<'a>> {
    for _ in 0..MOST_LABELS {
        let octets = walk.header::<4>(HeaderKind::Named("MPLS label"))?;
        let entry = u32::from_be_bytes(*octets);
        if entry & 0x100 != 0 {
            return walk.trail.enter(TunnelKind::Mpls, Some(entry >> 12));
        }
    }
    Err(NotTcp::Undecoded)
}
