//! ADD_ADDR and REMOVE_ADDR (RFC 8684 §3.4, RFC 6824 §3.4).
//!
//! ```text
//! ADD_ADDR v1   0x3|r r r E   address ID   address 4 or 16   [port 2]   [HMAC 8, only if E = 0]
//! ADD_ADDR v0   0x3|IPVer     address ID   address 4 or 16   [port 2]
//! REMOVE_ADDR   0x40          address ID, one or more
//! ```
//!
//! v1 has no field for the family: it follows from the length together with E. A low nibble of 4
//! or 6 is v0's IPVer.

use std::net::IpAddr;

/// 8-bit handle of an address, per host and connection. The initial subflow's addresses have 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressId(pub u8);

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
    /// The three bits beside E, must be 0 (v1).
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

    /// The IDs in the order given.
    pub fn ids(&self) -> impl Iterator<Item = AddressId> + '_ {
        self.ids.iter().take(usize::from(self.len)).map(|id| AddressId(*id))
    }
}
