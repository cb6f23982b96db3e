//! Endpoints and limits, as `ip mptcp` shows them.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much the kernel's path manager may do for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointLimits {
    /// Subflows beside the first one.
    pub subflows: u32,
    /// Announced addresses of the peer that are used.
    pub add_addr_accepted: u32,
}

/// An address that the kernel's path manager may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// ID of the address.
    pub id: u8,
    /// The address.
    pub address: IpAddr,
    /// TCP port, if one is set.
    pub port: Option<u16>,
    /// Index of the interface that it is bound to, if any.
    pub interface_index: Option<i32>,
    /// What it is for.
    pub flags: Vec<EndpointFlag>,
}

impl Endpoint {
    /// Whether it has a flag.
    pub fn has(&self, flag: EndpointFlag) -> bool {
        self.flags.contains(&flag)
    }
}

/// What an endpoint is for (ip-mptcp(8)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointFlag {
    /// Announced to the peer with ADD_ADDR.
    Signal,
    /// A subflow is opened from it.
    Subflow,
    /// Its subflows are for backup.
    Backup,
    /// A subflow is opened from it to every address of the peer.
    Fullmesh,
    /// Made by the kernel for an address in use.
    Implicit,
    /// A subflow is opened from it to an announced address.
    Laminar,
}

impl EndpointFlag {
    /// The flags in the order of their bits (`MPTCP_PM_ADDR_FLAG_*` of linux/mptcp.h).
    const BY_BIT: [Self; 6] =
        [Self::Signal, Self::Subflow, Self::Backup, Self::Fullmesh, Self::Implicit, Self::Laminar];

    /// The flags that are set in `bits`; those without a name here are left out.
    pub(super) fn of(bits: u32) -> Vec<Self> {
        let flags = Self::BY_BIT.into_iter().enumerate();
        flags.filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, flag)| flag).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_by_their_bits() {
        assert_eq!(EndpointFlag::of(0), []);
        assert_eq!(EndpointFlag::of(0b1010), [EndpointFlag::Subflow, EndpointFlag::Fullmesh]);
        assert_eq!(EndpointFlag::of(1 << 31), []);
    }
}
