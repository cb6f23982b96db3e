//! MP_FAIL: a checksum failed, or the sender falls back (RFC 8684 §3.7).
//!
//! ```text
//! 12   0x60   reserved   DSN 8
//! ```

use nom::Parser;
use nom::combinator::map;
use nom::number::complete::{be_u16, be_u64};

use super::parsing::Parsed;
use super::subtype::Subtype;
use crate::wire::seq::Dsn;

/// MP_FAIL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MpFail {
    /// Start of the mapping that failed.
    pub dsn: Dsn,
    /// Low nibble of octet 2 and octet 3, must be 0.
    pub reserved: u16,
}

impl MpFail {
    /// Octets on the wire, kind and length octets included.
    pub const WIRE_LEN: u8 = 12;

    /// Reads the option from octet 2 on.
    pub(super) fn parse(body: &[u8]) -> Parsed<'_, Self> {
        let (rest, head) = be_u16(body)?;
        let (rest, dsn) = map(be_u64, Dsn).parse(rest)?;
        Ok((rest, Self { dsn, reserved: head & 0x0fff }))
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        let [low, third] = self.reserved.to_be_bytes();
        out.extend([Subtype::MP_FAIL.octet(low), third]);
        out.extend(self.dsn.0.to_be_bytes());
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
            let dsn = Dsn(0xd797_845e_9131_52e4);
            MptcpOption::MpFail(MpFail { dsn, reserved })
        };
        assert_eq!(parse("1e0c 6000 d797845e913152e4"), expected(0));
        assert_eq!(parse("1e0c 6abc d797845e913152e4"), expected(0xabc));
    }

    #[test]
    fn other_lengths_are_malformed() {
        assert_eq!(legal_lengths("1e10 6000 d797845e913152e4 00000000"), [12]);
    }
}
