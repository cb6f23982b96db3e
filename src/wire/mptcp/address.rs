//! ADD_ADDR and REMOVE_ADDR (RFC 8684 §3.4, RFC 6824 §3.4).
//!
//! ```text
//! ADD_ADDR v1   0x3|r r r E   address ID   address 4 or 16   [port 2]   [HMAC 8, only if E = 0]
//! ADD_ADDR v0   0x3|IPVer     address ID   address 4 or 16   [port 2]
//! REMOVE_ADDR   0x40          address ID, one or more
//! ```
//!
//! v1 has no field for the family: it follows from the length together with E. A low nibble of 4
//! or 6 is read as v0's IPVer and must then agree with the length; that it could also be a v1
//! announcement with a reserved bit set is not considered, since no sender may set that.

use std::fmt;
use std::net::IpAddr;

use nom::Parser;
use nom::combinator::{cond, map, opt};
use nom::number::complete::{be_u8, be_u16, be_u32, be_u64, be_u128};

use super::parsing::{Parsed, illegal};
use super::subtype::Subtype;

/// 8-bit handle of an address, per host and connection. The initial subflow's addresses have 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressId(pub u8);

impl fmt::Display for AddressId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Which of the forms of ADD_ADDR it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFlavour {
    /// v1, E = 0: an announcement with the rightmost 64 bits of its HMAC.
    Announcement {
        /// Rightmost 64 bits of the HMAC.
        hmac: u64,
    },
    /// v1, E = 1: the receiver's echo.
    Echo,
    /// v0: an announcement without proof.
    V0,
    /// The form that mptcp.org kernels used before v1 was final: IPVer nibble *and* HMAC.
    PreFinalV1 {
        /// The HMAC field.
        hmac: u64,
    },
}

/// ADD_ADDR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddAddr {
    /// ID that the sender gives to this address.
    pub address_id: AddressId,
    /// The address.
    pub address: IpAddr,
    /// The port, if it is not the one of the initial subflow.
    pub port: Option<u16>,
    /// Announcement or echo, v1 or v0.
    pub flavour: AddressFlavour,
    /// The three bits beside E, must be 0 (v1; always 0 in the forms with IPVer).
    pub reserved: u8,
}

impl AddAddr {
    /// Whether this is the receiver's echo (E = 1).
    pub fn is_echo(&self) -> bool {
        self.flavour == AddressFlavour::Echo
    }

    /// The HMAC field, in the forms that have one.
    pub fn hmac(&self) -> Option<u64> {
        match self.flavour {
            AddressFlavour::Announcement { hmac } | AddressFlavour::PreFinalV1 { hmac } => {
                Some(hmac)
            }
            AddressFlavour::Echo | AddressFlavour::V0 => None,
        }
    }

    /// Reads the option from octet 2 on.
    pub(super) fn parse(body: &[u8]) -> Parsed<'_, Self> {
        let (rest, first) = be_u8(body)?;
        let (rest, id) = be_u8(rest)?;
        let (rest, address) = match rest.len() {
            4 | 6 | 12 | 14 => map(be_u32, |octets| IpAddr::V4(octets.into())).parse(rest)?,
            16 | 18 | 24 | 26 => map(be_u128, |octets| IpAddr::V6(octets.into())).parse(rest)?,
            _ => return illegal(),
        };
        let (rest, port) = cond(matches!(rest.len(), 2 | 10), be_u16).parse(rest)?;
        let (rest, hmac) = opt(be_u64).parse(rest)?;
        let Some((flavour, reserved)) = flavour(first & 0x0f, &address, hmac) else {
            return illegal();
        };
        Ok((rest, Self { address_id: AddressId(id), address, port, flavour, reserved }))
    }

    /// Octets on the wire, kind and length octets included.
    pub fn wire_len(&self) -> u8 {
        let address = if self.address.is_ipv4() { 4 } else { 16 };
        let port = if self.port.is_some() { 2 } else { 0 };
        let hmac = if self.hmac().is_some() { 8 } else { 0 };
        4 + address + port + hmac
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([Subtype::ADD_ADDR.octet(self.low_nibble()), self.address_id.0]);
        match self.address {
            IpAddr::V4(address) => out.extend(address.octets()),
            IpAddr::V6(address) => out.extend(address.octets()),
        }
        out.extend(self.port.map(u16::to_be_bytes).into_iter().flatten());
        out.extend(self.hmac().map(u64::to_be_bytes).into_iter().flatten());
    }

    fn low_nibble(&self) -> u8 {
        match self.flavour {
            AddressFlavour::Announcement { .. } => self.reserved << 1,
            AddressFlavour::Echo => self.reserved << 1 | 0x1,
            AddressFlavour::V0 | AddressFlavour::PreFinalV1 { .. } => ip_version(&self.address),
        }
    }
}

/// The form that the low nibble, the family and the HMAC's presence make, with its reserved bits;
/// `None` if they do not fit together.
fn flavour(low: u8, address: &IpAddr, hmac: Option<u64>) -> Option<(AddressFlavour, u8)> {
    let (is_echo, reserved) = (low & 0x1 != 0, low >> 1);
    match (low, hmac) {
        // RFC 6824 §3.4.1: IPVer, which the length has to bear out.
        (4 | 6, _) if low != ip_version(address) => None,
        (4 | 6, None) => Some((AddressFlavour::V0, 0)),
        (4 | 6, Some(hmac)) => Some((AddressFlavour::PreFinalV1 { hmac }, 0)),
        // RFC 8684 §3.4.1: the HMAC is there if, and only if, this is not an echo.
        (_, Some(hmac)) if !is_echo => Some((AddressFlavour::Announcement { hmac }, reserved)),
        (_, None) if is_echo => Some((AddressFlavour::Echo, reserved)),
        _ => None,
    }
}

const fn ip_version(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 4 } else { 6 }
}

/// Most address IDs that fit into one option.
pub const MAX_REMOVED: usize = 37;

/// REMOVE_ADDR: a list of one or more address IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoveAddr {
    len: u8,
    ids: [u8; MAX_REMOVED],
    /// Low nibble of octet 2, must be 0.
    pub reserved: u8,
}

impl RemoveAddr {
    /// A list of `ids`; what is past the 37th, which no TCP header can hold, is left out.
    pub fn new(ids: &[u8], reserved: u8) -> Self {
        let mut removed = Self { len: 0, ids: [0; MAX_REMOVED], reserved };
        for (kept, id) in removed.ids.iter_mut().zip(ids) {
            *kept = *id;
            removed.len += 1;
        }
        removed
    }

    /// Reads the option from octet 2 on. RFC 8684 §3.4.2: at least one ID.
    pub(super) fn parse(body: &[u8]) -> Parsed<'_, Self> {
        let (ids, first) = be_u8(body)?;
        if ids.is_empty() {
            return illegal();
        }
        Ok((&[], Self::new(ids, first & 0x0f)))
    }

    /// Octets on the wire, kind and length octets included.
    pub const fn wire_len(&self) -> u8 {
        3 + self.len
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.push(Subtype::REMOVE_ADDR.octet(self.reserved));
        out.extend(self.ids().map(|id| id.0));
    }

    /// The IDs in the order given.
    pub fn ids(&self) -> impl Iterator<Item = AddressId> + '_ {
        self.ids.iter().take(usize::from(self.len)).map(|id| AddressId(*id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::MptcpOption;
    use super::super::testing::{legal_lengths, malformed, octets, parse};
    use super::*;

    #[track_caller]
    fn check(hex: &str, id: u8, address: &str, port: Option<u16>, flavour: AddressFlavour) {
        let (address_id, address) = (AddressId(id), address.parse().unwrap());
        let expected = AddAddr { address_id, address, port, flavour, reserved: 0 };
        assert_eq!(parse(hex), MptcpOption::AddAddr(expected));
    }

    #[test]
    fn announcements() {
        let with = |hmac| AddressFlavour::Announcement { hmac };
        check(
            "1e10 3001 0a010202 42faee9bf1c0ee9d",
            1,
            "10.1.2.2",
            None,
            with(0x42fa_ee9b_f1c0_ee9d),
        );
        check(
            "1e12 3001 0a000202 27d8 ff7b7426032d4c91",
            1,
            "10.0.2.2",
            Some(10200),
            with(0xff7b_7426_032d_4c91),
        );
        check(
            "1e1c 3001 20010db800a200000000000000000002 e3b8bcfbceae8ed9",
            1,
            "2001:db8:a2::2",
            None,
            with(0xe3b8_bcfb_ceae_8ed9),
        );
        check(
            "1e1e 3001 fd000002000000000000000000000002 138a ec44bbad3fd82b46",
            1,
            "fd00:2::2",
            Some(5002),
            with(0xec44_bbad_3fd8_2b46),
        );
    }

    #[test]
    fn echoes() {
        let echo = AddressFlavour::Echo;
        check("1e08 3101 0a010202", 1, "10.1.2.2", None, echo);
        check("1e0a 3101 0a000202 27d8", 1, "10.0.2.2", Some(10200), echo);
        let v6 = "20010db800a200000000000000000002";
        check(&format!("1e14 3101 {v6}"), 1, "2001:db8:a2::2", None, echo);
        check(&format!("1e16 3101 {v6} 138a"), 1, "2001:db8:a2::2", Some(5002), echo);
    }

    #[test]
    fn v0() {
        let flavour = AddressFlavour::V0;
        check("1e08 3402 c0a80139", 2, "192.168.1.57", None, flavour);
        check("1e0a 3402 c0a80139 1f90", 2, "192.168.1.57", Some(8080), flavour);
        let v6 = "20010db800a200000000000000000002";
        check(&format!("1e14 3602 {v6}"), 2, "2001:db8:a2::2", None, flavour);
        check(&format!("1e16 3602 {v6} 1f90"), 2, "2001:db8:a2::2", Some(8080), flavour);
    }

    #[test]
    fn before_v1_was_final() {
        let flavour = AddressFlavour::PreFinalV1 { hmac: 0x0102_0304_0506_0708 };
        let hmac = "0102030405060708";
        check(&format!("1e10 3402 c0a80139 {hmac}"), 2, "192.168.1.57", None, flavour);
        check(&format!("1e12 3402 c0a80139 1f90 {hmac}"), 2, "192.168.1.57", Some(8080), flavour);
        let v6 = "20010db800a200000000000000000002";
        check(&format!("1e1c 3602 {v6} {hmac}"), 2, "2001:db8:a2::2", None, flavour);
        check(&format!("1e1e 3602 {v6} 1f90 {hmac}"), 2, "2001:db8:a2::2", Some(8080), flavour);
    }

    #[test]
    fn lengths_belong_to_the_low_nibble() {
        for low in 0x0..=0xf_u8 {
            let longest = format!("1e283{low:x}{}", "07".repeat(37));
            let expected: &[usize] = match low {
                4 => &[8, 10, 16, 18],
                6 => &[20, 22, 28, 30],
                low if low % 2 == 0 => &[16, 18, 28, 30],
                _ => &[8, 10, 20, 22],
            };
            assert_eq!(legal_lengths(&longest), expected, "low nibble {low}");
        }
    }

    #[test]
    fn reserved_bits_are_kept() {
        let MptcpOption::AddAddr(echo) = parse("1e08 3f01 0a010202") else { panic!() };
        assert!(echo.is_echo());
        assert_eq!(echo.reserved, 7);
        assert_eq!(echo.hmac(), None);
        let announced = parse("1e10 3201 0a010202 42faee9bf1c0ee9d");
        let MptcpOption::AddAddr(announced) = announced else { panic!() };
        assert_eq!(announced.reserved, 1);
        assert_eq!(announced.hmac(), Some(0x42fa_ee9b_f1c0_ee9d));
    }

    #[test]
    fn withdrawals() {
        let expected =
            |ids: &[u8], reserved| MptcpOption::RemoveAddr(RemoveAddr::new(ids, reserved));
        assert_eq!(parse("1e04 4002"), expected(&[2], 0));
        assert_eq!(parse("1e05 400102"), expected(&[1, 2], 0));
        assert_eq!(parse("1e06 490003ff"), expected(&[0, 3, 255], 9));
        assert!(malformed("1e03 40"));
    }

    #[test]
    fn withdrawal_of_as_many_as_fit() {
        let MptcpOption::RemoveAddr(removed) = parse(&format!("1e2840{}", "07".repeat(37))) else {
            panic!()
        };
        assert_eq!(removed.ids().count(), MAX_REMOVED);
        let too_many = octets(&"07".repeat(38));
        assert_eq!(RemoveAddr::new(&too_many, 0), removed);
    }
}
