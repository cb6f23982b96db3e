//! MP_FAIL: a checksum failed, or the sender falls back (RFC 8684 §3.7).
//!
//! ```text
//! 12   0x60   reserved   DSN 8
//! ```

use crate::wire::seq::Dsn;

/// MP_FAIL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fail {
    /// Start of the mapping that failed.
    pub dsn: Dsn,
    /// Low nibble of octet 2 and octet 3, must be 0.
    pub reserved: u16,
}
