//! MP_JOIN: a further subflow (RFC 8684 §3.2; v0 has the same layout).
//!
//! ```text
//! 12  SYN       0x1|r r r B   address ID   token of the receiver   nonce
//! 16  SYN/ACK   0x1|r r r B   address ID   HMAC, leftmost 64 bits  nonce
//! 24  ACK       0x10          0            HMAC, leftmost 160 bits
//! ```

use nom::number::complete::{be_u8, be_u32, be_u64};

use super::address::AddressId;
use super::keys::{Nonce, Token};
use super::parsing::{Parsed, illegal};
use super::subtype::Subtype;

/// MP_JOIN, one variant a form. Reserved bits are kept as `reserved`: the three of octet 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MpJoin {
    /// 12 octets: opens the subflow.
    Syn {
        /// B: the joiner wants this subflow as backup.
        backup: bool,
        /// ID of the joiner's source address.
        address_id: AddressId,
        /// Names the connection: token of the joinee's key.
        token: Token,
        /// The joiner's random number.
        nonce: Nonce,
        /// The three reserved bits, must be 0.
        reserved: u8,
    },
    /// 16 octets: the joinee's answer.
    SynAck {
        /// B: the joinee wants this subflow as backup.
        backup: bool,
        /// ID of the joinee's address.
        address_id: AddressId,
        /// Leftmost 64 bits of the joinee's HMAC.
        hmac: u64,
        /// The joinee's random number.
        nonce: Nonce,
        /// The three reserved bits, must be 0.
        reserved: u8,
    },
    /// 24 octets: the joiner proves that it has the keys.
    Ack {
        /// Leftmost 160 bits of the joiner's HMAC.
        hmac: [u8; 20],
        /// The twelve reserved bits (low nibble of octet 2, then octet 3), must be 0.
        reserved: u16,
    },
}

impl MpJoin {
    /// Reads the option from octet 2 on; the length says which form it is.
    pub(super) fn parse(body: &[u8]) -> Parsed<'_, Self> {
        let (rest, low) = be_u8(body)?;
        let (rest, third) = be_u8(rest)?;
        let (backup, reserved) = (low & 0x01 != 0, low >> 1 & 0x07);
        let address_id = AddressId(third);
        match rest.len() {
            8 => {
                let (rest, token) = be_u32(rest)?;
                let (rest, nonce) = be_u32(rest)?;
                let (token, nonce) = (Token(token), Nonce(nonce));
                Ok((rest, Self::Syn { backup, address_id, token, nonce, reserved }))
            }
            12 => {
                let (rest, hmac) = be_u64(rest)?;
                let (rest, nonce) = be_u32(rest)?;
                let nonce = Nonce(nonce);
                Ok((rest, Self::SynAck { backup, address_id, hmac, nonce, reserved }))
            }
            20 => {
                let Some((hmac, rest)) = rest.split_first_chunk() else {
                    return illegal();
                };
                let reserved = u16::from_be_bytes([low & 0x0f, third]);
                Ok((rest, Self::Ack { hmac: *hmac, reserved }))
            }
            _ => illegal(),
        }
    }

    /// Octets on the wire, kind and length octets included.
    pub const fn wire_len(&self) -> u8 {
        match self {
            Self::Syn { .. } => 12,
            Self::SynAck { .. } => 16,
            Self::Ack { .. } => 24,
        }
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Syn { backup, address_id, token, nonce, reserved } => {
                out.extend([Self::first_octet(backup, reserved), address_id.0]);
                out.extend(token.0.to_be_bytes());
                out.extend(nonce.0.to_be_bytes());
            }
            Self::SynAck { backup, address_id, hmac, nonce, reserved } => {
                out.extend([Self::first_octet(backup, reserved), address_id.0]);
                out.extend(hmac.to_be_bytes());
                out.extend(nonce.0.to_be_bytes());
            }
            Self::Ack { hmac, reserved } => {
                let [low, third] = reserved.to_be_bytes();
                out.extend([Subtype::MP_JOIN.octet(low), third]);
                out.extend(hmac);
            }
        }
    }

    fn first_octet(backup: bool, reserved: u8) -> u8 {
        Subtype::MP_JOIN.octet(reserved << 1 | u8::from(backup))
    }
}

#[cfg(test)]
mod tests {
    use super::super::MptcpOption;
    use super::super::testing::{legal_lengths, malformed, octets, parse};
    use super::*;

    #[test]
    fn syn() {
        let expected = |backup, reserved| {
            MptcpOption::MpJoin(MpJoin::Syn {
                backup,
                address_id: AddressId(3),
                token: Token(0x1409_976a),
                nonce: Nonce(0x34d7_d75c),
                reserved,
            })
        };
        assert_eq!(parse("1e0c 1103 1409976a 34d7d75c"), expected(true, 0));
        assert_eq!(parse("1e0c 1003 1409976a 34d7d75c"), expected(false, 0));
        assert_eq!(parse("1e0c 1d03 1409976a 34d7d75c"), expected(true, 6));
    }

    #[test]
    fn syn_ack() {
        let expected = |backup, address_id, reserved| {
            MptcpOption::MpJoin(MpJoin::SynAck {
                backup,
                address_id: AddressId(address_id),
                hmac: 0xcf4d_c32e_23e2_2bbd,
                nonce: Nonce(0x6a06_d6c1),
                reserved,
            })
        };
        assert_eq!(parse("1e10 1101 cf4dc32e23e22bbd 6a06d6c1"), expected(true, 1, 0));
        assert_eq!(parse("1e10 10ff cf4dc32e23e22bbd 6a06d6c1"), expected(false, 255, 0));
        assert_eq!(parse("1e10 1201 cf4dc32e23e22bbd 6a06d6c1"), expected(false, 1, 1));
    }

    #[test]
    fn ack() {
        let hmac = octets("1cb8a113d9d0e6c58f24392b3641464ddcd6cffd").try_into().unwrap();
        let expected = |reserved| MptcpOption::MpJoin(MpJoin::Ack { hmac, reserved });
        let hex = "1e18 1000 1cb8a113d9d0e6c58f24392b3641464ddcd6cffd";
        assert_eq!(parse(hex), expected(0));
        assert_eq!(parse(&hex.replace("1000", "1fab")), expected(0xfab));
    }

    #[test]
    fn other_lengths_are_malformed() {
        let longest = format!("1e28 1000 {}", "07".repeat(36));
        assert_eq!(legal_lengths(&longest), [12, 16, 24]);
        assert!(malformed(&longest));
    }
}
