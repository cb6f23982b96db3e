//! DSS: data sequence signal (RFC 8684 §3.3, RFC 6824 §3.3).
//!
//! ```text
//! octet 2   0x20 (low nibble reserved)
//! octet 3   r r r F m M a A
//! then      DATA_ACK 4 or 8 (A) · DSN 4 or 8, subflow sequence number 4, data-level length 2 (M)
//!           · checksum 2 (M, if the length says so: nothing in the flags does)
//! ```

use crate::wire::seq::{Dsn, WireDsn};

/// Data-level length of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataLevelLength {
    /// This many octets of the data sequence space, DATA_FIN included.
    Octets(u16),
    /// Wire value 0: the rest of the connection is this subflow (RFC 8684 §3.7).
    Infinite,
}

/// DSN, subflow sequence number and length of one DSS. Here as on the wire; `track` resolves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// First data sequence number, 4 or 8 octets wide.
    pub dsn: WireDsn,
    /// First subflow sequence number, relative to the subflow's ISN; 0 for a lone DATA_FIN.
    pub ssn: u32,
    /// Octets mapped.
    pub length: DataLevelLength,
    /// DSS checksum, if the option has room for one.
    pub checksum: Option<u16>,
}

/// DSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dss {
    /// Cumulative acknowledgment of the data level, 4 or 8 octets wide.
    pub data_ack: Option<WireDsn>,
    /// What of the data sequence space the payload is.
    pub mapping: Option<Mapping>,
    /// F: the sender has no more data; the last octet of the mapping stands for it.
    pub data_fin: bool,
    /// The flag octet as it stood there, reserved and meaningless bits included.
    pub flags: u8,
    /// Low nibble of octet 2, must be 0.
    pub reserved: u8,
}

impl Dss {
    /// A DSS whose flag octet follows from its fields.
    pub fn new(data_ack: Option<WireDsn>, mapping: Option<Mapping>, data_fin: bool) -> Self {
        let ack_bits = data_ack.map_or(0, |ack| if ack.is_long() { 0x03 } else { 0x01 });
        let map_bits = mapping.map_or(0, |map| if map.dsn.is_long() { 0x0c } else { 0x04 });
        let fin_bit = if data_fin { 0x10 } else { 0 };
        Self { data_ack, mapping, data_fin, flags: ack_bits | map_bits | fin_bit, reserved: 0 }
    }
}

/// The DSN that a DATA_FIN stands on: last octet of a mapping at `dsn` over `length` octets.
pub fn data_fin_position(dsn: Dsn, length: u16) -> Dsn {
    dsn.add(u64::from(length).wrapping_sub(1))
}
