//! The MPTCP option (TCP option kind 30): every suboption of v1 (RFC 8684) and v0 (RFC 6824),
//! as a value, from octets and back.
//!
//! ```text
//! octet 0   kind = 30
//! octet 1   length, kind and length octets included
//! octet 2   high nibble = subtype, low nibble belongs to the subtype
//! ```
//!
//! [`MptcpOption::parse`] takes the octets of one whole option and always yields a value: what
//! breaks the format becomes [`MptcpOption::Malformed`] or [`MptcpOption::Unknown`] with its
//! octets. An option value is `Copy` and owns what it holds, so that it can outlive the frame.
//!
//! Reserved bits are kept: `emit` gives back the octets that `parse` took, whatever they were.

pub mod address;
pub mod dss;
pub mod keys;
pub mod mp_capable;
pub mod mp_fail;
pub mod mp_fastclose;
pub mod mp_join;
pub mod mp_prio;
pub mod mp_tcprst;
mod parsing;
pub mod stream_part;
pub mod subtype;

pub use address::{AddAddr, AddressFlavour, AddressId, RemoveAddr};
pub use dss::{DataLevelLength, Dss, Mapping};
pub use keys::{Key, Nonce, Token};
pub use mp_capable::{CapableFlags, CapableForm, MpCapable, Version};
pub use mp_fail::MpFail;
pub use mp_fastclose::MpFastClose;
pub use mp_join::MpJoin;
pub use mp_prio::MpPrio;
pub use mp_tcprst::{MpTcpRst, ResetReason};
pub use stream_part::StreamPart;
pub use subtype::Subtype;

use parsing::whole;

/// TCP option kind of MPTCP (RFC 8684 §7.1).
pub const KIND: u8 = 30;

/// The longest option that a TCP header can hold, kind and length octets included.
pub const MAX_LEN: usize = 40;

/// One MPTCP option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MptcpOption {
    /// MP_CAPABLE (RFC 8684 §3.1, RFC 6824 §3.1).
    MpCapable(MpCapable),
    /// MP_JOIN (RFC 8684 §3.2).
    MpJoin(MpJoin),
    /// DSS (RFC 8684 §3.3).
    Dss(Dss),
    /// ADD_ADDR and its echo (RFC 8684 §3.4.1, RFC 6824 §3.4.1).
    AddAddr(AddAddr),
    /// REMOVE_ADDR (RFC 8684 §3.4.2).
    RemoveAddr(RemoveAddr),
    /// MP_PRIO (RFC 8684 §3.3.8, RFC 6824 §3.3.8).
    MpPrio(MpPrio),
    /// MP_FAIL (RFC 8684 §3.7).
    MpFail(MpFail),
    /// MP_FASTCLOSE (RFC 8684 §3.5).
    MpFastClose(MpFastClose),
    /// MP_TCPRST (RFC 8684 §3.6).
    MpTcpRst(MpTcpRst),
    /// MP_EXPERIMENTAL (RFC 8684 §7.2): private use; all octets from the subtype octet on.
    Experimental(OptionBody),
    /// A subtype that is not assigned; all octets from the subtype octet on.
    Unknown(OptionBody),
    /// A known subtype whose length or combination of fields is not legal, or an option too short
    /// to have a subtype; all octets after kind and length.
    Malformed(OptionBody),
}

impl MptcpOption {
    /// The subtype, or `None` for an option that is too short to have one.
    pub fn subtype(&self) -> Option<Subtype> {
        Some(match self {
            Self::MpCapable(_) => Subtype::MP_CAPABLE,
            Self::MpJoin(_) => Subtype::MP_JOIN,
            Self::Dss(_) => Subtype::DSS,
            Self::AddAddr(_) => Subtype::ADD_ADDR,
            Self::RemoveAddr(_) => Subtype::REMOVE_ADDR,
            Self::MpPrio(_) => Subtype::MP_PRIO,
            Self::MpFail(_) => Subtype::MP_FAIL,
            Self::MpFastClose(_) => Subtype::MP_FASTCLOSE,
            Self::MpTcpRst(_) => Subtype::MP_TCPRST,
            Self::Experimental(_) => Subtype::MP_EXPERIMENTAL,
            Self::Unknown(body) | Self::Malformed(body) => {
                return body.as_slice().first().map(|octet| Subtype(octet >> 4));
            }
        })
    }

    /// Reads one whole option: `body` is what follows kind and length, up to the end that the
    /// length octet sets. The form is told by length and version alone, not by TCP flags.
    ///
    /// Total: octets that make no legal form become `Malformed` (in it, octets past the 38th, which
    /// no TCP header can hold, are left out).
    #[inline]
    pub fn parse(body: &[u8]) -> Self {
        let Some(first) = body.first().filter(|_| body.len() <= MAX_LEN - 2) else {
            return Self::Malformed(OptionBody::new(body));
        };
        match Subtype(first >> 4) {
            Subtype::DSS if let Some(dss) = Dss::try_fast_parse(body) => Self::Dss(dss),
            subtype => Self::parse_general(subtype, body),
        }
    }

    /// The general path: any suboption, and a DSS of any form.
    #[inline(never)]
    fn parse_general(subtype: Subtype, body: &[u8]) -> Self {
        let parsed = match subtype {
            Subtype::DSS => whole(Dss::parse, body).map(Self::Dss),
            Subtype::MP_CAPABLE => whole(MpCapable::parse, body).map(Self::MpCapable),
            Subtype::MP_JOIN => whole(MpJoin::parse, body).map(Self::MpJoin),
            Subtype::ADD_ADDR => whole(AddAddr::parse, body).map(Self::AddAddr),
            Subtype::REMOVE_ADDR => whole(RemoveAddr::parse, body).map(Self::RemoveAddr),
            Subtype::MP_PRIO => whole(MpPrio::parse, body).map(Self::MpPrio),
            Subtype::MP_FAIL => whole(MpFail::parse, body).map(Self::MpFail),
            Subtype::MP_FASTCLOSE => whole(MpFastClose::parse, body).map(Self::MpFastClose),
            Subtype::MP_TCPRST => whole(MpTcpRst::parse, body).map(Self::MpTcpRst),
            Subtype::MP_EXPERIMENTAL => Some(Self::Experimental(OptionBody::new(body))),
            _ => Some(Self::Unknown(OptionBody::new(body))),
        };
        parsed.unwrap_or_else(|| Self::Malformed(OptionBody::new(body)))
    }

    /// Whether any bit is set that must be 0 (the RFC's "reserved" and "unassigned" ones).
    #[inline]
    pub fn has_reserved_bits(&self) -> bool {
        match self {
            Self::Dss(dss) => dss.has_reserved_bits(),
            Self::MpJoin(MpJoin::Syn { reserved, .. } | MpJoin::SynAck { reserved, .. }) => {
                *reserved != 0
            }
            Self::MpJoin(MpJoin::Ack { reserved, .. }) => *reserved != 0,
            Self::AddAddr(announced) => announced.reserved != 0,
            Self::RemoveAddr(removed) => removed.reserved != 0,
            Self::MpPrio(prio) => prio.reserved != 0,
            Self::MpFail(fail) => fail.reserved != 0,
            Self::MpFastClose(close) => close.reserved != 0,
            Self::MpTcpRst(reset) => reset.reserved != 0,
            Self::MpCapable(_) | Self::Experimental(_) | Self::Unknown(_) | Self::Malformed(_) => {
                false
            }
        }
    }

    /// Octets on the wire, kind and length octets included.
    pub fn wire_len(&self) -> u8 {
        match self {
            Self::MpCapable(capable) => capable.wire_len(),
            Self::MpJoin(join) => join.wire_len(),
            Self::Dss(dss) => dss.wire_len(),
            Self::AddAddr(announced) => announced.wire_len(),
            Self::RemoveAddr(removed) => removed.wire_len(),
            Self::MpPrio(prio) => prio.wire_len(),
            Self::MpFail(_) => MpFail::WIRE_LEN,
            Self::MpFastClose(_) => MpFastClose::WIRE_LEN,
            Self::MpTcpRst(_) => MpTcpRst::WIRE_LEN,
            Self::Experimental(body) | Self::Unknown(body) | Self::Malformed(body) => 2 + body.len,
        }
    }

    /// Appends the option to `out`: kind, length, body.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend([KIND, self.wire_len()]);
        match self {
            Self::MpCapable(capable) => capable.emit(out),
            Self::MpJoin(join) => join.emit(out),
            Self::Dss(dss) => dss.emit(out),
            Self::AddAddr(announced) => announced.emit(out),
            Self::RemoveAddr(removed) => removed.emit(out),
            Self::MpPrio(prio) => prio.emit(out),
            Self::MpFail(fail) => fail.emit(out),
            Self::MpFastClose(close) => close.emit(out),
            Self::MpTcpRst(reset) => reset.emit(out),
            Self::Experimental(body) | Self::Unknown(body) | Self::Malformed(body) => {
                out.extend(body.as_slice());
            }
        }
    }
}

/// The octets of an option after kind and length, held inline: at most 38.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OptionBody {
    len: u8,
    octets: [u8; MAX_LEN - 2],
}

impl OptionBody {
    /// Keeps `octets`; anything past the 38th octet, which no TCP header can hold, is left out.
    pub fn new(octets: &[u8]) -> Self {
        let mut body = Self { len: 0, octets: [0; MAX_LEN - 2] };
        for (kept, octet) in body.octets.iter_mut().zip(octets) {
            *kept = *octet;
            body.len += 1;
        }
        body
    }

    /// The octets.
    pub fn as_slice(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl std::fmt::Debug for OptionBody {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "OptionBody({:02x?})", self.as_slice())
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Octets from pairs of hex digits; spaces are for the eye.
    pub(in crate::layers::wire) fn octets(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
    }

    /// The option in `hex` (kind and length included), after proof that it is emitted the same.
    pub(super) fn parse(hex: &str) -> MptcpOption {
        let wire = octets(hex);
        assert_eq!(wire[..2], [KIND, u8::try_from(wire.len()).unwrap()], "kind and length");
        let option = MptcpOption::parse(&wire[2..]);
        let mut emitted = Vec::new();
        option.emit(&mut emitted);
        assert_eq!(emitted, wire);
        assert_eq!(usize::from(option.wire_len()), wire.len());
        option
    }

    /// Whether the option in `hex` is kept as malformed.
    pub(super) fn malformed(hex: &str) -> bool {
        matches!(parse(hex), MptcpOption::Malformed(_))
    }

    /// At which lengths (kind and length included) a beginning of the option in `hex` is legal.
    pub(super) fn legal_lengths(hex: &str) -> Vec<usize> {
        let wire = octets(hex);
        let legal =
            |len: &usize| !matches!(MptcpOption::parse(&wire[2..*len]), MptcpOption::Malformed(_));
        (2..=wire.len()).filter(legal).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{malformed, octets, parse};
    use super::*;

    #[test]
    fn no_subtype_at_all_is_malformed() {
        assert_eq!(parse("1e02"), MptcpOption::Malformed(OptionBody::new(&[])));
        assert_eq!(parse("1e02").subtype(), None);
    }

    #[test]
    fn an_unassigned_subtype_is_kept() {
        for subtype in 0x9..=0xe {
            let body = [subtype << 4 | 0x3, 1, 2];
            let option = MptcpOption::parse(&body);
            assert_eq!(option, MptcpOption::Unknown(OptionBody::new(&body)));
            assert_eq!(option.subtype(), Some(Subtype(subtype)));
            assert_eq!(Subtype(subtype).name(), None);
        }
    }

    #[test]
    fn reserved_bits_are_seen_in_every_option_that_has_some() {
        // Each with its reserved bits at 0, and with one of them set.
        let pairs = [
            ("1e0c 1003 deadbeef 00000007", "1e0c 1203 deadbeef 00000007"),
            ("1e10 1003 0102030405060708 00000007", "1e10 1203 0102030405060708 00000007"),
            (
                "1e18 1000 0102030405060708090a0b0c0d0e0f1011121314",
                "1e18 1001 0102030405060708090a0b0c0d0e0f1011121314",
            ),
            ("1e08 2001 00000007", "1e08 2021 00000007"),
            ("1e10 3003 0a010202 0102030405060708", "1e10 3203 0a010202 0102030405060708"),
            ("1e04 4002", "1e04 4102"),
            ("1e03 51", "1e03 53"),
            ("1e0c 6000 0000000000000007", "1e0c 6001 0000000000000007"),
            ("1e0c 7000 0102030405060708", "1e0c 7001 0102030405060708"),
            ("1e04 8101", "1e04 8301"),
        ];
        for (clean, odd) in pairs {
            let (clean, odd) = (parse(clean), parse(odd));
            assert!(!matches!(clean, MptcpOption::Malformed(_)), "{clean:?}");
            assert!(!clean.has_reserved_bits(), "{clean:?}");
            assert!(odd.has_reserved_bits(), "{odd:?}");
        }
    }

    #[test]
    fn private_use_is_opaque() {
        let option = parse("1e05 f5cafe");
        assert_eq!(option, MptcpOption::Experimental(OptionBody::new(&octets("f5cafe"))));
        assert_eq!(option.subtype().and_then(Subtype::name), Some("MP_EXPERIMENTAL"));
        assert!(matches!(parse("1e03f0"), MptcpOption::Experimental(_)));
    }

    #[test]
    fn every_assigned_subtype_has_its_name() {
        let names: Vec<_> = (0..=8).filter_map(|value| Subtype(value).name()).collect();
        let expected = [
            "MP_CAPABLE",
            "MP_JOIN",
            "DSS",
            "ADD_ADDR",
            "REMOVE_ADDR",
            "MP_PRIO",
            "MP_FAIL",
            "MP_FASTCLOSE",
            "MP_TCPRST",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn the_subtype_octet_alone_is_legal_for_mp_prio_only() {
        for subtype in 0x0..=0x8 {
            let is_prio = Subtype(subtype) == Subtype::MP_PRIO;
            assert_eq!(malformed(&format!("1e03{subtype}0")), !is_prio, "subtype {subtype}");
        }
    }

    #[test]
    fn more_than_a_tcp_header_can_hold_is_malformed() {
        let removed = [0x40; 39];
        let expected = MptcpOption::Malformed(OptionBody::new(&removed));
        assert_eq!(MptcpOption::parse(&removed), expected);
        assert_eq!(expected.wire_len(), 40);
        assert!(matches!(MptcpOption::parse(&[0xff; 300]), MptcpOption::Malformed(_)));
    }
}
