//! MP_PRIO: change of the backup flag (RFC 8684 §3.3.8, RFC 6824 §3.3.8).
//!
//! ```text
//! 3        0x5|r r r B               this subflow
//! 4 (v0)   0x5|r r r B  address ID   the subflows of that address
//! ```

use nom::Parser;
use nom::combinator::{map, opt};
use nom::number::complete::be_u8;

use super::address::AddressId;
use super::parsing::Parsed;
use super::subtype::Subtype;

/// MP_PRIO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MpPrio {
    /// B: use as backup only.
    pub backup: bool,
    /// v0 only: the address that is meant, instead of this subflow.
    pub address_id: Option<AddressId>,
    /// The three reserved bits, must be 0.
    pub reserved: u8,
}

impl MpPrio {
    /// Reads the option from octet 2 on.
    pub(super) fn parse(body: &[u8]) -> Parsed<'_, Self> {
        let (rest, first) = be_u8(body)?;
        let (rest, address_id) = opt(map(be_u8, AddressId)).parse(rest)?;
        let (backup, reserved) = (first & 0x01 != 0, first >> 1 & 0x07);
        Ok((rest, Self { backup, address_id, reserved }))
    }

    /// Octets on the wire, kind and length octets included.
    pub const fn wire_len(self) -> u8 {
        if self.address_id.is_some() { 4 } else { 3 }
    }

    pub(super) fn emit(self, out: &mut Vec<u8>) {
        out.push(Subtype::MP_PRIO.octet(self.reserved << 1 | u8::from(self.backup)));
        out.extend(self.address_id.map(|id| id.0));
    }
}

#[cfg(test)]
mod tests {
    use super::super::MptcpOption;
    use super::super::testing::{legal_lengths, parse};
    use super::*;

    fn prio(backup: bool, address_id: Option<u8>, reserved: u8) -> MptcpOption {
        MptcpOption::MpPrio(MpPrio { backup, address_id: address_id.map(AddressId), reserved })
    }

    #[test]
    fn this_subflow() {
        assert_eq!(parse("1e03 50"), prio(false, None, 0));
        assert_eq!(parse("1e03 51"), prio(true, None, 0));
        assert_eq!(parse("1e03 5e"), prio(false, None, 7));
    }

    #[test]
    fn the_subflows_of_an_address() {
        assert_eq!(parse("1e04 5104"), prio(true, Some(4), 0));
        assert_eq!(parse("1e04 5200"), prio(false, Some(0), 1));
    }

    #[test]
    fn other_lengths_are_malformed() {
        assert_eq!(legal_lengths("1e08 510405060708"), [3, 4]);
    }
}
