//! What a host says of itself, for the connections that it is an end of.

use std::net::IpAddr;

use crate::host::{EndpointFlag, HostSnapshot};
use crate::track::role::Role;
use crate::track::subflow::Subflow;

/// A snapshot, and which host of a connection it is of.
#[derive(Debug, Clone, Copy)]
pub struct KnownHost<'a> {
    /// Which host.
    pub role: Role,
    /// What it said.
    pub says: &'a HostSnapshot,
}

impl<'a> KnownHost<'a> {
    /// The host of `subflows` that `says` is of: the one whose addresses it has, if that is one.
    pub fn among(says: &'a HostSnapshot, subflows: &[&Subflow]) -> Option<Self> {
        let is_there = |role: &Role| {
            subflows
                .iter()
                .any(|subflow| has_address(says, subflow.sides.of(*role).endpoint.address))
        };
        match Role::BOTH.map(|role| is_there(&role)) {
            [true, false] => Some(Self { role: Role::Client, says }),
            [false, true] => Some(Self { role: Role::Server, says }),
            // A connection of the host with itself, or of two others.
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

    /// Whether a program manages its paths instead of the kernel: then limits and endpoints of the
    /// kernel mean nothing.
    pub fn is_managed_by_program(&self) -> bool {
        self.says.is_managed_by_program()
    }

    /// The limit of subflows beside the first one, where it counts.
    pub fn subflow_limit(&self) -> Option<u32> {
        let limits = self.says.limits.filter(|_| !self.is_managed_by_program());
        limits.map(|limits| limits.subflows)
    }

    /// The limit of announced addresses that are joined, where it counts.
    pub fn accepted_limit(&self) -> Option<u32> {
        let limits = self.says.limits.filter(|_| !self.is_managed_by_program());
        limits.map(|limits| limits.add_addr_accepted)
    }

    /// The addresses of its endpoints with one of `flags`; `None` where it did not tell.
    pub fn endpoints_with(&self, flags: &[EndpointFlag]) -> Option<Vec<IpAddr>> {
        let endpoints = self.says.endpoints.as_ref().filter(|_| !self.is_managed_by_program())?;
        let wanted = endpoints.iter().filter(|known| flags.iter().any(|flag| known.has(*flag)));
        Some(wanted.map(|endpoint| endpoint.address).collect())
    }
}

/// Whether `says` is of a host with this address. Snapshots of earlier versions do not tell addresses:
/// then its endpoints have to do.
fn has_address(says: &HostSnapshot, address: IpAddr) -> bool {
    let mut endpoints = says.endpoints.iter().flatten().map(|endpoint| endpoint.address);
    says.addresses.contains(&address) || endpoints.any(|known| known == address)
}
