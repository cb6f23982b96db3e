//! What cards in monitor mode put before a frame of 802.11: radiotap, PPI, Prism, AVS.

use super::ieee80211;
use crate::wire::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use crate::wire::link_type::LinkType;
use crate::wire::skipped::Skipped;

/// Octets of the frame check sequence.
const CHECK_SEQUENCE: u32 = 4;

/// radiotap.org: version 0, a pad octet, the length, and words that say which fields follow.
pub(super) fn radiotap<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let [version, _, low, high, ..] = *walk.rest else { return Err(NotTcp::Undecoded) };
    let len = usize::from(u16::from_le_bytes([low, high]));
    if version != 0 || len < 8 {
        return Err(NotTcp::Undecoded);
    }
    let header = walk.header_of(HeaderKind::Named("radiotap"), len)?;
    let flags = radiotap_flags(header).unwrap_or(0);
    if flags & 0x40 != 0 {
        return Err(NotTcp::Other(Skipped::Named("802.11 with a bad check sequence")));
    }
    if flags & 0x10 != 0 {
        without_check_sequence(walk);
    }
    ieee80211::header_before(walk, flags & 0x20 != 0)
}

/// The field of flags, if there is one: only the 64 bits of a timestamp, at a multiple of eight octets,
/// may stand before it.
fn radiotap_flags(header: &[u8]) -> Option<u8> {
    let word = |at: usize| {
        let octets = header.get(at..)?.first_chunk()?;
        Some(u32::from_le_bytes(*octets))
    };
    let first = word(4)?;
    let mut at = 4;
    // Bit 31: another such word follows.
    while word(at)? & 1 << 31 != 0 {
        at += 4;
    }
    at += 4;
    if first & 1 != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    if first & 2 != 0 { header.get(at).copied() } else { None }
}

/// The frame ends with a check sequence, which is no part of what it carries.
fn without_check_sequence(walk: &mut HeaderWalk<'_, '_, impl Notes>) {
    walk.end_after(walk.len.saturating_sub(CHECK_SEQUENCE));
}

/// The Per-Packet Information header, version 0: flags, length, link type, then fields.
pub(super) fn ppi<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let [version, _, low, high, dlt @ ..] = walk.rest else { return Err(NotTcp::Undecoded) };
    let Some(dlt) = dlt.first_chunk() else { return Err(NotTcp::Undecoded) };
    let link_type = LinkType(u32::from_le_bytes(*dlt));
    let len = usize::from(u16::from_le_bytes([*low, *high]));
    if *version != 0 || len < 8 {
        return Err(NotTcp::Undecoded);
    }
    let header = walk.header_of(HeaderKind::Named("PPI"), len)?;
    if link_type == LinkType::IEEE802_11 {
        let flags = ppi_flags(header.get(8..).unwrap_or_default()).unwrap_or(0);
        if flags & 1 != 0 {
            without_check_sequence(walk);
        }
    }
    Ok(Next::Link(link_type))
}

/// The flags in the field of 802.11 (type 2), which stand behind 64 bits of a timestamp.
fn ppi_flags(mut fields: &[u8]) -> Option<u16> {
    while let Some(([kind, kind_high, low, high], rest)) = fields.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        if u16::from_le_bytes([*kind, *kind_high]) == 2 {
            let flags = rest.get(8..len.min(rest.len()))?.first_chunk()?;
            return Some(u16::from_le_bytes(*flags));
        }
        fields = rest.get(len..)?;
    }
    None
}

/// Prism cards: a message code, the length of the header, a device name, fields. Some drivers put an
/// AVS header here.
pub(super) fn prism<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let Some((code, rest)) = walk.rest.split_first_chunk() else { return Err(NotTcp::Undecoded) };
    if u32::from_be_bytes(*code) & 0xffff_f000 == 0x8021_1000 {
        return avs(walk);
    }
    let Some(len) = rest.first_chunk() else { return Err(NotTcp::Undecoded) };
    // In the byte order of whoever captured: the smaller one is meant.
    let len = u32::from_le_bytes(*len).min(u32::from_be_bytes(*len));
    after(walk, "Prism", len, 24)
}

/// AVS: a magic number with the version, and the length of the header.
pub(super) fn avs<'a>(walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    let len = walk.rest.get(4..).and_then(|rest| rest.first_chunk());
    let Some(len) = len else { return Err(NotTcp::Undecoded) };
    after(walk, "AVS", u32::from_be_bytes(*len), 8)
}

fn after<'a>(
    walk: &mut HeaderWalk<'a, '_, impl Notes>,
    name: &'static str,
    len: u32,
    least: u32,
) -> Step<'a> {
    if !(least..=4096).contains(&len) {
        return Err(NotTcp::Undecoded);
    }
    walk.header_of(HeaderKind::Named(name), len as usize)?;
    ieee80211::header(walk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_radiotap_are_found_behind_chained_words_and_a_timestamp() {
        let plain = [0, 0, 9, 0, 2, 0, 0, 0, 0x10];
        assert_eq!(radiotap_flags(&plain), Some(0x10));
        let mut timed = vec![0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0];
        timed.extend([0; 4]); // up to a multiple of eight
        timed.extend([9; 8]);
        timed.push(0x50);
        assert_eq!(radiotap_flags(&timed), Some(0x50));
        assert_eq!(radiotap_flags(&[0, 0, 8, 0, 4, 0, 0, 0]), None);
        assert_eq!(radiotap_flags(&[0, 0, 8, 0, 0, 0, 0, 0x80]), None, "a chain without end");
    }
}
