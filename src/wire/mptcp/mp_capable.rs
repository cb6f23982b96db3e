//! MP_CAPABLE: negotiation of a connection (RFC 8684 §3.1, RFC 6824 §3.1).
//!
//! ```text
//! octet 2   0x0 | version        octet 3   flags A B C D E F G H
//! v1   4    SYN
//!     12    SYN/ACK         + key of the sender
//!     20    ACK             + key of the sender + key of the receiver
//!     22    ACK and data    … + data-level length
//!     24    ACK and data    … + data-level length + checksum
//! v0  12    SYN and SYN/ACK + key of the sender
//!     20    ACK             + key of the sender + key of the receiver
//! ```

use std::fmt;

use nom::Parser;
use nom::combinator::{map, opt};
use nom::number::complete::{be_u8, be_u16, be_u64};

use super::keys::Key;
use super::parsing::{Parsed, illegal};
use super::subtype::Subtype;

/// The four-bit MPTCP version. Any value is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub u8);

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Version {
    /// RFC 6824.
    pub const V0: Self = Self(0);
    /// RFC 8684.
    pub const V1: Self = Self(1);
}

/// The flag octet, A (0x80) to H (0x01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CapableFlags(pub u8);

impl CapableFlags {
    /// A: the sender wants DSS checksums.
    pub const fn checksum_required(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// B: must be 0; kept for an extension of the option.
    pub const fn extensibility(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// C: no subflows to the source address and port of this packet, please. v1 only; in v0 the
    /// bit belongs to the algorithms.
    pub const fn deny_join_initial(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// D to G: algorithms that are not assigned, as the upper four of the five low bits.
    pub const fn unassigned_algorithms(self) -> u8 {
        (self.0 >> 1) & 0x0f
    }

    /// H: HMAC-SHA256 in v1, HMAC-SHA1 in v0.
    pub const fn hmac_sha(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// The letters of the bits that are set, in order: `"AH"`.
    pub fn letters(self) -> String {
        ('A'..='H')
            .zip(0u8..)
            .filter(|(_, bit)| self.0 & (0x80 >> bit) != 0)
            .map(|(name, _)| name)
            .collect()
    }
}

/// What follows the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapableForm {
    /// 4 octets: a v1 SYN.
    Bare,
    /// 12 octets: a SYN/ACK, or a v0 SYN.
    SenderKey {
        /// Key of the host that sends this segment.
        sender: Key,
    },
    /// 20 octets: the third ACK.
    BothKeys {
        /// Key of the host that sends this segment.
        sender: Key,
        /// Key of its peer.
        receiver: Key,
    },
    /// 22 or 24 octets: the first data (v1). It is a mapping of `data_len` octets at IDSN + 1 and
    /// subflow sequence number 1.
    BothKeysAndData {
        /// Key of the host that sends this segment.
        sender: Key,
        /// Key of its peer.
        receiver: Key,
        /// Data-level length of the mapping in octets.
        data_len: u16,
        /// DSS checksum, when checksums are in use.
        checksum: Option<u16>,
    },
}

/// MP_CAPABLE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MpCapable {
    /// Version asked for (SYN), or chosen (SYN/ACK and later).
    pub version: Version,
    /// The flag octet.
    pub flags: CapableFlags,
    /// Keys and data parameters, by length.
    pub form: CapableForm,
}

impl MpCapable {
    /// Reads the option from octet 2 on. The B bit does not stop it: RFC 8684 §3.1 lets B = 1
    /// change the meaning, but the octets are still shown best in the known form.
    pub(super) fn parse(body: &[u8]) -> Parsed<'_, Self> {
        let (rest, first) = be_u8(body)?;
        let (rest, flags) = be_u8(rest)?;
        let version = Version(first & 0x0f);
        let (rest, form) = CapableForm::parse(version, rest)?;
        Ok((rest, Self { version, flags: CapableFlags(flags), form }))
    }

    /// Octets on the wire, kind and length octets included.
    pub const fn wire_len(&self) -> u8 {
        match self.form {
            CapableForm::Bare => 4,
            CapableForm::SenderKey { .. } => 12,
            CapableForm::BothKeys { .. } => 20,
            CapableForm::BothKeysAndData { checksum: None, .. } => 22,
            CapableForm::BothKeysAndData { checksum: Some(_), .. } => 24,
        }
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([Subtype::MP_CAPABLE.octet(self.version.0), self.flags.0]);
        for Key(key) in [self.sender_key(), self.receiver_key()].into_iter().flatten() {
            out.extend(key.to_be_bytes());
        }
        if let CapableForm::BothKeysAndData { data_len, checksum, .. } = self.form {
            out.extend(data_len.to_be_bytes());
            out.extend(checksum.map(u16::to_be_bytes).into_iter().flatten());
        }
    }

    /// Key of the sender, where this form carries it.
    pub const fn sender_key(&self) -> Option<Key> {
        match self.form {
            CapableForm::Bare => None,
            CapableForm::SenderKey { sender }
            | CapableForm::BothKeys { sender, .. }
            | CapableForm::BothKeysAndData { sender, .. } => Some(sender),
        }
    }

    /// Key of the receiver, where this form repeats it.
    pub const fn receiver_key(&self) -> Option<Key> {
        match self.form {
            CapableForm::Bare | CapableForm::SenderKey { .. } => None,
            CapableForm::BothKeys { receiver, .. }
            | CapableForm::BothKeysAndData { receiver, .. } => Some(receiver),
        }
    }

    /// The C bit of v1; `None` in v0, which has no such bit.
    pub fn deny_join_initial(&self) -> Option<bool> {
        (self.version >= Version::V1).then(|| self.flags.deny_join_initial())
    }
}

impl CapableForm {
    /// Reads what follows the flags; its length, with the version, says which form it is. A version
    /// above 1 is read like v1.
    fn parse(version: Version, body: &[u8]) -> Parsed<'_, Self> {
        match (body.len(), version) {
            // RFC 6824 §3.1: v0 has the key in the SYN already, and no form with data.
            (0 | 18 | 20, Version::V0) => illegal(),
            (0, _) => Ok((body, Self::Bare)),
            (8, _) => {
                let (rest, sender) = key(body)?;
                Ok((rest, Self::SenderKey { sender }))
            }
            (16, _) => {
                let (rest, sender) = key(body)?;
                let (rest, receiver) = key(rest)?;
                Ok((rest, Self::BothKeys { sender, receiver }))
            }
            (18 | 20, _) => Self::parse_with_data(body),
            _ => illegal(),
        }
    }

    fn parse_with_data(body: &[u8]) -> Parsed<'_, Self> {
        let (rest, sender) = key(body)?;
        let (rest, receiver) = key(rest)?;
        let (rest, data_len) = be_u16(rest)?;
        let (rest, checksum) = opt(be_u16).parse(rest)?;
        Ok((rest, Self::BothKeysAndData { sender, receiver, data_len, checksum }))
    }
}

fn key(input: &[u8]) -> Parsed<'_, Key> {
    map(be_u64, Key).parse(input)
}

#[cfg(test)]
mod tests {
    use super::super::MptcpOption;
    use super::super::testing::{legal_lengths, malformed, parse};
    use super::*;

    const A: Key = Key(0xa344_5090_592b_ec44);
    const B: Key = Key(0xff78_8da9_53a7_459a);

    #[track_caller]
    fn check(hex: &str, version: Version, flags: u8, form: CapableForm) {
        let expected = MpCapable { version, flags: CapableFlags(flags), form };
        assert_eq!(parse(hex), MptcpOption::MpCapable(expected));
    }

    #[test]
    fn v1_forms() {
        check("1e04 0101", Version::V1, 0x01, CapableForm::Bare);
        check(
            "1e0c 0101 ff788da953a7459a",
            Version::V1,
            0x01,
            CapableForm::SenderKey { sender: B },
        );
        check(
            "1e14 0101 a3445090592bec44 ff788da953a7459a",
            Version::V1,
            0x01,
            CapableForm::BothKeys { sender: A, receiver: B },
        );
        let first_data = |data_len, checksum| CapableForm::BothKeysAndData {
            sender: A,
            receiver: B,
            data_len,
            checksum,
        };
        check(
            "1e16 0101 a3445090592bec44 ff788da953a7459a 4000",
            Version::V1,
            0x01,
            first_data(0x4000, None),
        );
        check(
            "1e18 0181 a3445090592bec44 ff788da953a7459a 4000 1d1b",
            Version::V1,
            0x81,
            first_data(0x4000, Some(0x1d1b)),
        );
    }

    #[test]
    fn v0_forms() {
        check(
            "1e0c 0081 63e5b1000a37a318",
            Version::V0,
            0x81,
            CapableForm::SenderKey { sender: Key(0x63e5_b100_0a37_a318) },
        );
        check(
            "1e14 0081 63e5b1000a37a318 6b1f0c5ff961a3a6",
            Version::V0,
            0x81,
            CapableForm::BothKeys {
                sender: Key(0x63e5_b100_0a37_a318),
                receiver: Key(0x6b1f_0c5f_f961_a3a6),
            },
        );
    }

    #[test]
    fn lengths_belong_to_the_version() {
        let v1 = "1e20 0101 a3445090592bec44 ff788da953a7459a 4000 1d1b 0000000000000000";
        assert_eq!(legal_lengths(v1), [4, 12, 20, 22, 24]);
        let later = v1.replace("0101", "0701");
        assert_eq!(legal_lengths(&later), [4, 12, 20, 22, 24]);
        let v0 = v1.replace("0101", "0001");
        assert_eq!(legal_lengths(&v0), [12, 20]);
        assert!(malformed("1e04 0001"));
    }

    #[test]
    fn every_flag_octet_is_kept() {
        for flags in 0..=u8::MAX {
            check(&format!("1e0401{flags:02x}"), Version::V1, flags, CapableForm::Bare);
        }
    }

    #[test]
    fn flags_have_letters() {
        assert_eq!(CapableFlags(0xff).letters(), "ABCDEFGH");
        assert_eq!(CapableFlags(0x01).letters(), "H");
        assert_eq!(CapableFlags(0xa1).letters(), "ACH");
        assert_eq!(CapableFlags(0).letters(), "");
    }

    #[test]
    fn flags_have_meanings() {
        assert!(CapableFlags(0x80).checksum_required());
        assert!(CapableFlags(0x40).extensibility());
        assert!(CapableFlags(0x20).deny_join_initial());
        assert!(CapableFlags(0x01).hmac_sha());
        assert_eq!(CapableFlags(0x1e).unassigned_algorithms(), 0x0f);
        assert_eq!(CapableFlags(0xe1).unassigned_algorithms(), 0);
    }

    #[test]
    fn the_c_bit_is_of_v1() {
        let capable = |version, flags| MpCapable {
            version,
            flags: CapableFlags(flags),
            form: CapableForm::SenderKey { sender: A },
        };
        assert_eq!(capable(Version::V1, 0x21).deny_join_initial(), Some(true));
        assert_eq!(capable(Version::V1, 0x01).deny_join_initial(), Some(false));
        assert_eq!(capable(Version::V0, 0x21).deny_join_initial(), None);
    }
}
