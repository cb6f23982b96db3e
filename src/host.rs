//! What the kernel of this host says of MPTCP: settings, endpoints, limits and counters (Linux).
//!
//! [`HostReader`] opens everything at once, so that it can be read again later by a program that may
//! not open anything any more. A [`HostSnapshot`] is plain data.

mod advice;
mod endpoint;
#[cfg(target_os = "linux")]
mod netlink;
mod procfs;

use std::collections::BTreeMap;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use advice::advice;
pub use endpoint::{Endpoint, EndpointFlag, EndpointLimits};

#[cfg(target_os = "linux")]
use netlink::PathManager;
use procfs::{Addresses, Counters, Sysctls};

/// The state of MPTCP on a host at one moment.
///
/// ```json
/// {"kernel": "6.12.0", "addresses": ["10.0.1.2", "10.0.2.2"], "sysctls": {"net.mptcp.enabled": "1"},
///  "limits": {"subflows": 2, "add_addr_accepted": 2},
///  "endpoints": [{"id": 1, "address": "10.0.2.2", "port": null, "device": "eth1",
///    "flags": ["subflow"]}],
///  "counters": {"MPCapableSYNTX": 3}, "advice": []}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HostSnapshot {
    /// Release of the kernel.
    pub kernel: Option<String>,
    /// Its addresses, those of the loopback interface left out.
    pub addresses: Vec<IpAddr>,
    /// Settings that matter for MPTCP, by name.
    pub sysctls: BTreeMap<String, String>,
    /// Limits of the kernel's path manager; null where it did not tell.
    pub limits: Option<EndpointLimits>,
    /// Endpoints of the kernel's path manager; null where it did not tell.
    pub endpoints: Option<Vec<Endpoint>>,
    /// The `MPTcpExt` counters since the host started, by name.
    pub counters: BTreeMap<String, u64>,
    /// Those counters that moved since a capture began, and by how much; left out where there is no
    /// capture to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<BTreeMap<String, u64>>,
    /// What of this is worth a thought, in sentences.
    pub advice: Vec<String>,
}

impl HostSnapshot {
    /// The value of a setting.
    pub fn sysctl(&self, name: &str) -> Option<&str> {
        self.sysctls.get(name).map(String::as_str)
    }

    /// Whether a program manages the paths, not the kernel.
    pub fn is_managed_by_program(&self) -> bool {
        match self.sysctl("net.mptcp.path_manager") {
            Some(manager) => manager == "userspace",
            None => self.sysctl("net.mptcp.pm_type") == Some("1"),
        }
    }

    /// The value of a counter; 0 where the kernel does not know it.
    pub fn counter(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or(0)
    }

    /// By how much a counter moved since the capture began; `None` where that is not known.
    pub fn moved(&self, name: &str) -> Option<u64> {
        self.moved.as_ref().map(|moved| moved.get(name).copied().unwrap_or(0))
    }

    /// Notes which counters moved since `start`.
    #[must_use]
    pub fn since(mut self, start: &Self) -> Self {
        let delta = |(name, count): (&String, &u64)| {
            let by = count.saturating_sub(start.counter(name));
            (by > 0).then(|| (name.clone(), by))
        };
        self.moved = Some(self.counters.iter().filter_map(delta).collect());
        self
    }
}

/// Everything that a snapshot is read from, open.
pub struct HostReader {
    kernel: Option<String>,
    addresses: Addresses,
    sysctls: Sysctls,
    counters: Counters,
    #[cfg(target_os = "linux")]
    path_manager: Option<PathManager>,
}

impl HostReader {
    /// Opens what there is. A host without MPTCP, or one that is no Linux, has little of it.
    pub fn open() -> Self {
        Self {
            kernel: procfs::kernel(),
            addresses: Addresses::open(),
            sysctls: Sysctls::open(),
            counters: Counters::open(),
            #[cfg(target_os = "linux")]
            path_manager: PathManager::open().ok(),
        }
    }

    /// What everything says now.
    pub fn read(&mut self) -> HostSnapshot {
        let mut snapshot = HostSnapshot {
            kernel: self.kernel.clone(),
            addresses: self.addresses.read(),
            sysctls: self.sysctls.read(),
            counters: self.counters.read(),
            ..HostSnapshot::default()
        };
        #[cfg(target_os = "linux")]
        if let Some(path_manager) = &mut self.path_manager {
            snapshot.limits = path_manager.limits().ok();
            snapshot.endpoints = path_manager.endpoints().ok();
        }
        snapshot.advice = advice(&snapshot);
        snapshot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(counters: &[(&str, u64)]) -> HostSnapshot {
        let counters = counters.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        HostSnapshot { counters, ..HostSnapshot::default() }
    }

    #[test]
    fn counters_that_moved() {
        let start = host(&[("AddAddr", 3), ("AddAddrTxDrop", 1)]);
        let now = host(&[("AddAddr", 3), ("AddAddrTxDrop", 2), ("RmAddr", 1)]).since(&start);
        assert_eq!(now.moved("AddAddrTxDrop"), Some(1));
        assert_eq!(now.moved("AddAddr"), Some(0));
        assert_eq!(now.moved.as_ref().unwrap().len(), 2);
        assert_eq!(start.moved("AddAddr"), None, "there is nothing to compare with");
    }
}
