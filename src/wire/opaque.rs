//! UDP whose content is encrypted: by which protocol, as far as its first octets say so.

use super::skipped::{Encrypted, Skipped};

/// Ports of IKE (RFC 7296 §2), and of IPsec in UDP (RFC 3948 §2.1).
const IKE: u16 = 500;
const IPSEC: u16 = 4500;

/// Octets of an IKE header, and where its version and length stand (RFC 7296 §3.1).
const IKE_HEADER: u32 = 28;

/// Versions of QUIC that were deployed: 1, 2, and the drafts from 29 on (RFC 9000 §15, RFC 9369 §3.1).
const QUIC_V1: u32 = 1;
const QUIC_V2: u32 = 0x6b33_43cf;
const QUIC_DRAFTS: std::ops::RangeInclusive<u32> = 0xff00_001d..=0xff00_0022;
/// RFC 9000 §17.2: the longest connection identifier.
const LONGEST_IDENTIFIER: usize = 20;

/// What a datagram between these ports is, with `len` bytes of payload of which `octets` were captured.
pub(super) fn in_udp(ports: [u16; 2], octets: &[u8], len: u32) -> Option<Skipped> {
    let is_encrypted = if ports.contains(&IPSEC) {
        in_ipsec(octets, len)
    } else if ports.contains(&IKE) && is_ike(octets, len) {
        Some(Encrypted::Ike)
    } else if is_wireguard(octets, len) {
        Some(Encrypted::WireGuard)
    } else if is_quic(octets) {
        Some(Encrypted::Quic)
    } else {
        None
    };
    is_encrypted.map(Skipped::Encrypted)
}

/// RFC 3948 §2: zeros in place of the security parameter index mark IKE, one octet keeps a NAT open, and
/// all else is ESP.
fn in_ipsec(octets: &[u8], len: u32) -> Option<Encrypted> {
    match octets {
        [0, 0, 0, 0, ike @ ..] => is_ike(ike, len.checked_sub(4)?).then_some(Encrypted::Ike),
        [0xff] if len == 1 => Some(Encrypted::EspInUdp),
        [_, _, _, _, ..] if len >= 8 => Some(Encrypted::EspInUdp),
        _ => None,
    }
}

/// RFC 7296 §3.1: two security parameter indexes, next payload, version, exchange, flags, message, length.
fn is_ike(octets: &[u8], len: u32) -> bool {
    let version = octets.get(17);
    let stated = octets.get(24..).and_then(|rest| rest.first_chunk());
    let stated = stated.map(|stated| u32::from_be_bytes(*stated));
    len >= IKE_HEADER && matches!(version, Some(0x10 | 0x20)) && stated == Some(len)
}

/// A type, three zeros, and the length of that type: initiation, response, cookie, data in units of 16.
fn is_wireguard(octets: &[u8], len: u32) -> bool {
    let [kind, 0, 0, 0, ..] = octets else { return false };
    match kind {
        1 => len == 148,
        2 => len == 92,
        3 => len == 64,
        4 => len >= 32 && len.is_multiple_of(16),
        _ => false,
    }
}

/// RFC 9000 §17.2: a long header has the first bit, and one that is always set, then a version and two
/// connection identifiers with their lengths.
fn is_quic(octets: &[u8]) -> bool {
    let Some(([first, version @ ..], rest)) = octets.split_first_chunk::<5>() else {
        return false;
    };
    let version = u32::from_be_bytes(*version);
    let is_known = matches!(version, QUIC_V1 | QUIC_V2) || QUIC_DRAFTS.contains(&version);
    first & 0xc0 == 0xc0 && is_known && has_identifiers(rest).is_some()
}

fn has_identifiers(octets: &[u8]) -> Option<()> {
    let mut rest = octets;
    for _ in 0..2 {
        let (len, after) = rest.split_first()?;
        let len = usize::from(*len);
        if len > LONGEST_IDENTIFIER {
            return None;
        }
        rest = after.get(len..)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(ports: [u16; 2], octets: &[u8]) -> Option<Encrypted> {
        match in_udp(ports, octets, u32::try_from(octets.len()).unwrap()) {
            Some(Skipped::Encrypted(encrypted)) => Some(encrypted),
            _ => None,
        }
    }

    /// A header of IKE of version 2 with the rest of a message.
    fn ike() -> Vec<u8> {
        let mut message = vec![7; 40];
        message[17] = 0x20;
        message[24..28].copy_from_slice(&40u32.to_be_bytes());
        message
    }

    #[test]
    fn ipsec_in_udp_is_told_by_its_marker() {
        let marked = [&[0; 4], &ike()[..]].concat();
        assert_eq!(is([4500, 4500], &marked), Some(Encrypted::Ike));
        assert_eq!(is([40_000, 4500], &[0xff]), Some(Encrypted::EspInUdp));
        assert_eq!(is([4500, 40_000], &[1; 60]), Some(Encrypted::EspInUdp));
        assert_eq!(is([500, 500], &ike()), Some(Encrypted::Ike));
        assert_eq!(is([500, 500], &ike()[..39]), None, "another length");
        assert_eq!(is([5000, 5001], &marked), None, "another port");
    }

    #[test]
    fn wireguard_has_a_length_for_each_type() {
        for (kind, len) in [(1, 148), (2, 92), (3, 64), (4, 32), (4, 1456)] {
            let mut message = vec![0; len];
            message[0] = kind;
            assert_eq!(is([1, 2], &message), Some(Encrypted::WireGuard), "{kind} {len}");
            message.push(0);
            assert_eq!(is([1, 2], &message), None, "{kind} {len} and one");
            message.pop();
            message[2] = 1;
            assert_eq!(is([1, 2], &message), None, "{kind} without zeros");
        }
    }

    #[test]
    fn quic_has_a_known_version_and_two_identifiers() {
        let header = |first, version: u32, identifiers: &[u8]| {
            let version = version.to_be_bytes();
            [&[first][..], &version, identifiers].concat()
        };
        let identifiers = [2, 9, 9, 0, 7, 7];
        for version in [1, 0x6b33_43cf, 0xff00_001d] {
            assert_eq!(is([1, 2], &header(0xc3, version, &identifiers)), Some(Encrypted::Quic));
        }
        assert_eq!(is([1, 2], &header(0xc3, 3, &identifiers)), None, "an unknown version");
        assert_eq!(is([1, 2], &header(0x43, 1, &identifiers)), None, "a short header");
        assert_eq!(is([1, 2], &header(0xc3, 1, &[21, 9, 9])), None, "an identifier too long");
    }
}
