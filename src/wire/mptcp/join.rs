//! MP_JOIN: a further subflow (RFC 8684 §3.2; v0 has the same layout).
//!
//! ```text
//! 12  SYN       0x1|r r r B   address ID   token of the receiver   nonce
//! 16  SYN/ACK   0x1|r r r B   address ID   HMAC, leftmost 64 bits  nonce
//! 24  ACK       0x10          0            HMAC, leftmost 160 bits
//! ```

use super::{AddressId, Nonce, Token};

/// MP_JOIN, one variant a form. Reserved bits are kept as `reserved`: the three of octet 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
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
