//! MP_FASTCLOSE: abrupt end of the connection (RFC 8684 §3.5).
//!
//! ```text
//! 12   0x70   reserved   key of the receiver 8
//! ```

use nom::Parser;
use nom::combinator::map;
use nom::number::complete::{be_u16, be_u64};

use super::keys::Key;
use super::parsing::Parsed;
use super::subtype::Subtype;

/// MP_FASTCLOSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MpFastClose {
    /// Key of the peer: proves that the sender saw the handshake.
    pub receiver_key: Key,
    /// Low nibble of octet 2 and octet 3, must be 0.
    pub reserved: u16,
}

impl MpFastClose {
    /// Octets on the wire, kind and length octets included.
    pub const WIRE_LEN: u8 = 12;

    /// Reads the option from octet 2 on.
    pub(super) fn parse(body: &[u8]) -> Parsed<'_, Self> {
        let (rest, head) = be_u16(body)?;
        let (rest, receiver_key) = map(be_u64, Key).parse(rest)?;
        Ok((rest, Self { receiver_key, reserved: head & 0x0fff }))
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        let [low, third] = self.reserved.to_be_bytes();
        out.extend([Subtype::MP_FASTCLOSE.octet(low), third]);
        out.extend(self.receiver_key.0.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::MptcpOption;
    use super::super::testing::{legal_lengths, parse};
    use super::*;

    #[test]
    fn octets_and_value() {
        let expected = |reserved| {
            let receiver_key = Key(0x8d18_4fe9_5524_ca7a);
            MptcpOption::MpFastClose(MpFastClose { receiver_key, reserved })
        };
        assert_eq!(parse("1e0c 7000 8d184fe95524ca7a"), expected(0));
        assert_eq!(parse("1e0c 7abc 8d184fe95524ca7a"), expected(0xabc));
    }

    #[test]
    fn other_lengths_are_malformed() {
        assert_eq!(legal_lengths("1e10 7000 8d184fe95524ca7a 00000000"), [12]);
    }
}
