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

use super::Key;

/// The four-bit MPTCP version. Any value is a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(pub u8);

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
pub struct Capable {
    /// Version asked for (SYN), or chosen (SYN/ACK and later).
    pub version: Version,
    /// The flag octet.
    pub flags: CapableFlags,
    /// Keys and data parameters, by length.
    pub form: CapableForm,
}

impl Capable {
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
