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

    /// The same, with counters that begin where `earlier` left them.
    #[must_use]
    pub fn since(mut self, earlier: &Self) -> Self {
        for (name, count) in &mut self.counters {
            *count = count.saturating_sub(earlier.counter(name));
        }
        self
    }

    /// The value of a counter; 0 where the kernel does not know it.
    pub fn counter(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or(0)
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
