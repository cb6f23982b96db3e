//! What a host says of itself, for the connections that it takes part in.

use std::net::IpAddr;

use crate::host::{EndpointFlag, HostSnapshot};
use crate::track::role::Role;
use crate::track::subflow::Subflow;

/// The snapshot of one of the two hosts of a connection.
#[derive(Debug, Clone, Copy)]
pub struct KnownHost<'a> {
    /// Which host.
    pub role: Role,
    /// Its snapshot.
    pub says: &'a HostSnapshot,
}

impl<'a> KnownHost<'a> {
    /// Which host of `subflows` the snapshot `says` is of, by its addresses; `None` if neither or both match.
    pub fn among(says: &'a HostSnapshot, subflows: &[&Subflow]) -> Option<Self> {
        let is_there = |role: &Role| {
            subflows
                .iter()
                .any(|subflow| has_address(says, subflow.sides.of(*role).endpoint.address))
        };
        match Role::BOTH.map(|role| is_there(&role)) {
            [true, false] => Some(Self { role: Role::Client, says }),
            [false, true] => Some(Self { role: Role::Server, says }),
            // A connection of the host with itself, or between two other hosts.
            _ => None,
        }
    }

    /// The value of a counter since the capture began, or, where that is not known, since the host
    /// started; `None` where the kernel does not know it.
    pub fn counter(&self, name: &str) -> Option<u64> {
        let count = self.says.counters.get(name).copied()?;
        Some(self.says.moved(name).unwrap_or(count))
    }

    /// Whether a setting has a value.
    pub fn is_set(&self, name: &str, value: &str) -> bool {
        self.says.sysctl(name) == Some(value)
    }

    /// Whether a program manages its paths instead of the kernel. Limits and endpoints of the kernel do
    /// not count then.
    pub fn is_managed_by_program(&self) -> bool {
        self.says.is_managed_by_program()
    }

    /// The limit of additional subflows; `None` where it is unknown or does not count.
    pub fn subflow_limit(&self) -> Option<u32> {
        let limits = self.says.limits.filter(|_| !self.is_managed_by_program());
        limits.map(|limits| limits.subflows)
    }

    /// The limit of announced addresses that the host joins; `None` where it is unknown or does not count.
    pub fn accepted_limit(&self) -> Option<u32> {
        let limits = self.says.limits.filter(|_| !self.is_managed_by_program());
        limits.map(|limits| limits.add_addr_accepted)
    }

    /// The addresses of its endpoints with one of `flags`; `None` where they are unknown or do not count.
    pub fn endpoints_with(&self, flags: &[EndpointFlag]) -> Option<Vec<IpAddr>> {
        let endpoints = self.says.endpoints.as_ref().filter(|_| !self.is_managed_by_program())?;
        let wanted = endpoints.iter().filter(|known| flags.iter().any(|flag| known.has(*flag)));
        Some(wanted.map(|endpoint| endpoint.address).collect())
    }
}

/// Whether `says` is of a host with this address. Snapshots of earlier versions have no addresses but
/// those of endpoints.
fn has_address(says: &HostSnapshot, address: IpAddr) -> bool {
    let mut endpoints = says.endpoints.iter().flatten().map(|endpoint| endpoint.address);
    says.addresses.contains(&address) || endpoints.any(|known| known == address)
}
