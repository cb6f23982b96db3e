//! IEEE 802.11: data frames, as a card in monitor mode shows them.

use crate::wire::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use crate::wire::skipped::{Encrypted, Skipped};

/// Addresses, sequence control and so on of a frame with three addresses; the fourth has 6 octets.
const SHORT_HEADER: usize = 24;

/// Bits of the second octet of frame control (IEEE 802.11 §9.2.4.1).
const TO_AND_FROM_DS: u8 = 0x03;
const MORE_FRAGMENTS: u8 = 0x04;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;

/// Takes the header of a frame.
pub(super) fn header<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    header_before(walk, false)
}

/// Takes the header of a frame, and the octets that the card put behind it so that the payload begins
/// at a multiple of four, if it did so.
pub(super) fn header_before<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    is_padded: bool,
) -> Step<'a> {
    let [control, flags, ..] = *walk.rest else { return Err(NotTcp::Undecoded) };
    let (kind, subtype) = (control >> 2 & 3, control >> 4);
    match kind {
        0 => return Err(NotTcp::Other(Skipped::Named("802.11 management"))),
        1 => return Err(NotTcp::Other(Skipped::Named("802.11 control"))),
        2 => {}
        _ => return Err(NotTcp::Other(Skipped::Named("802.11 extension"))),
    }
    let has_qos = subtype & 8 != 0;
    let mut len = SHORT_HEADER;
    if flags & TO_AND_FROM_DS == TO_AND_FROM_DS {
        len += 6;
    }
    let qos_at = len;
    if has_qos {
        // The order bit of these announces four octets of HT control (§9.2.4.1.10).
        len += if flags & ORDER == 0 { 2 } else { 6 };
    }
    if is_padded {
        len = len.next_multiple_of(4);
    }
    let header = walk.header_of(HeaderKind::Named("802.11"), len)?;
    if subtype & 4 != 0 {
        return Err(NotTcp::Other(Skipped::Named("802.11 without data")));
    }
    if flags & PROTECTED != 0 {
        return Err(NotTcp::Other(Skipped::Encrypted(Encrypted::Ieee80211)));
    }
    // §9.2.4.4: the fragment number is the lower four bits of sequence control.
    if flags & MORE_FRAGMENTS != 0 || header.get(22).is_some_and(|octet| octet & 0x0f != 0) {
        return Err(NotTcp::Other(Skipped::Named("802.11 fragments")));
    }
    let is_aggregate = has_qos && header.get(qos_at).is_some_and(|octet| octet & 0x80 != 0);
    Ok(if is_aggregate { Next::Aggregate } else { Next::Llc })
}
