//! MP_FASTCLOSE: abrupt end of the connection (RFC 8684 §3.5).
//!
//! ```text
//! 12   0x70   reserved   key of the receiver 8
//! ```

use super::Key;

/// MP_FASTCLOSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastClose {
    /// Key of the peer: proves that the sender saw the handshake.
    pub receiver_key: Key,
    /// Low nibble of octet 2 and octet 3, must be 0.
    pub reserved: u16,
}
