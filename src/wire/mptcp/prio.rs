//! MP_PRIO: change of the backup flag (RFC 8684 §3.3.8, RFC 6824 §3.3.8).
//!
//! ```text
//! 3        0x5|r r r B               this subflow
//! 4 (v0)   0x5|r r r B  address ID   the subflows of that address
//! ```

use super::AddressId;

/// MP_PRIO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prio {
    /// B: use as backup only.
    pub backup: bool,
    /// v0 only: the address that is meant, instead of this subflow.
    pub address_id: Option<AddressId>,
    /// The three reserved bits, must be 0.
    pub reserved: u8,
}
