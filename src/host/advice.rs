//! What of a snapshot is worth a thought, in plain words.

use super::endpoint::EndpointFlag;
use super::{Endpoint, HostSnapshot};

/// Counters that say that something went wrong, and what.
const TELLING: &[(&str, &str)] = &[
    ("AddAddrTxDrop", "addresses were not announced: no room in the TCP header"),
    ("EchoAddTxDrop", "announced addresses were not echoed: no room in the TCP header"),
    ("RmAddrTxDrop", "withdrawals of addresses were not sent: no room in the TCP header"),
    ("AddAddrDrop", "announced addresses were dropped: too many at once, or a limit"),
    ("RmAddrDrop", "withdrawals of addresses were dropped"),
    ("MPCapableFallbackACK", "connections to this host fell back to TCP with the third ACK"),
    (
        "MPCapableFallbackSYNACK",
        "connections from this host fell back to TCP with the SYN/ACK: servers without MPTCP, or a \
            middlebox that removes the option",
    ),
    ("MPCapableSYNTXDrop", "connections were tried again without MPTCP, as the SYN got no answer"),
    ("MPCapableSYNTXDisabled", "connections began without MPTCP because of a blackhole before"),
    ("MPCapableDataFallback", "connections fell back to TCP with their first data"),
    ("DssFallback", "connections fell back to TCP because a DSS option was missing"),
    ("MPJoinNoTokenFound", "joins named a token that this host does not know"),
    ("MPJoinSynAckHMacFailure", "HMACs of answers to joins were wrong"),
    ("MPJoinAckHMacFailure", "HMACs of joins were wrong"),
    ("MPJoinRejected", "joins were rejected: the limit of subflows, or no listener"),
    ("MPJoinSynTxBindErr", "joins could not be bound to their address or interface"),
    ("MPJoinSynTxConnectErr", "joins could not be sent: no route, perhaps"),
    ("DataCsumErr", "DSS checksums were wrong: something on the way changes data"),
    ("DSSCorruptionFallback", "connections fell back to TCP because of a broken DSS option"),
    ("DSSCorruptionReset", "subflows were reset because of a broken DSS option"),
    ("SubflowStale", "subflows were marked stale because nothing came back on them"),
    ("Blackhole", "MPTCP was switched off for a while, as SYNs with its options vanish on the way"),
];

/// The sentences on a snapshot; none is good news.
pub fn advice(host: &HostSnapshot) -> Vec<String> {
    let mut advice = Vec::new();
    let Some(enabled) = host.sysctl("net.mptcp.enabled") else {
        advice.push("This kernel has no MPTCP, or does not show its settings here.".to_owned());
        return advice;
    };
    if enabled == "0" {
        advice.push("MPTCP is switched off: `sysctl -w net.mptcp.enabled=1`.".to_owned());
    }
    settings(host, &mut advice);
    if host.is_managed_by_program() {
        advice.push(
            "Paths are managed by a program (net.mptcp.pm_type=1, such as mptcpd): \
             the endpoints and limits of the kernel have no effect."
                .to_owned(),
        );
    } else {
        limits(host, &mut advice);
        endpoints(host, &mut advice);
    }
    counters(host, &mut advice);
    advice
}

fn settings(host: &HostSnapshot, advice: &mut Vec<String>) {
    if host.sysctl("net.mptcp.allow_join_initial_addr_port") == Some("0") {
        advice.push(
            "This host asks clients not to join the address they connected to (C bit, \
                net.mptcp.allow_join_initial_addr_port=0): without a signal endpoint they get no \
                second path."
                .to_owned(),
        );
    }
    if host.sysctl("net.mptcp.checksum_enabled") == Some("1") {
        advice.push(
            "DSS checksums are asked for (net.mptcp.checksum_enabled=1): they find middleboxes \
                that change data, and cost CPU."
                .to_owned(),
        );
    }
}

fn limits(host: &HostSnapshot, advice: &mut Vec<String>) {
    let Some(limits) = host.limits else {
        advice.push("The kernel's path manager did not report its limits.".to_owned());
        return;
    };
    if limits.subflows == 0 {
        advice.push(
            "The limit of subflows is 0: no connection gets a second path: `ip mptcp limits set \
             subflows 2`."
                .to_owned(),
        );
    }
    if limits.add_addr_accepted == 0 {
        advice.push(
            "The limit of accepted addresses is 0: what servers announce is not used: `ip mptcp \
             limits set add_addr_accepted 2`."
                .to_owned(),
        );
    }
}

fn endpoints(host: &HostSnapshot, advice: &mut Vec<String>) {
    let Some(endpoints) = &host.endpoints else { return };
    if endpoints.is_empty() {
        advice.push(
            "There is no endpoint: this host opens no further subflow from an address of its own, \
             and announces none: `ip mptcp endpoint add ADDRESS dev DEVICE subflow`."
                .to_owned(),
        );
    }
    let accepts = host.limits.is_some_and(|limits| limits.add_addr_accepted > 0);
    for endpoint in endpoints {
        let address = endpoint.address;
        let uses = |flag| endpoint.has(flag);
        let wide = [EndpointFlag::Fullmesh, EndpointFlag::Laminar];
        if uses(EndpointFlag::Subflow) && accepts && !wide.into_iter().any(uses) {
            advice.push(format!(
                "Endpoint {address} has no fullmesh: it reaches the first address of a server only, \
                 not those that are announced."
            ));
        }
        if has_no_room(host, endpoint) {
            advice.push(format!(
                "Endpoint {address} is announced with a port: 32 bytes, and with the 12 of \
                 timestamps 44 of 40 that fit. Set net.ipv4.tcp_timestamps=0, or leave the port out."
            ));
        }
    }
}

/// RFC 8684 §3.4.1: ADD_ADDR of IPv6 with port takes 30 octets, padded to 32.
fn has_no_room(host: &HostSnapshot, endpoint: &Endpoint) -> bool {
    endpoint.has(EndpointFlag::Signal)
        && endpoint.address.is_ipv6()
        && endpoint.port.is_some()
        && host.sysctl("net.ipv4.tcp_timestamps") != Some("0")
        // Linux 7.2 and later leave timestamps out of that one ACK.
        && host.sysctl("net.mptcp.add_addr_v6_port_drop_ts") != Some("1")
}

fn counters(host: &HostSnapshot, advice: &mut Vec<String>) {
    for (name, what) in TELLING {
        let count = host.counter(name);
        if count > 0 {
            advice.push(format!("MPTcpExt{name} is {count}: {what}."));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::EndpointLimits;
    use super::*;

    fn host() -> HostSnapshot {
        let sysctls = [("net.mptcp.enabled", "1"), ("net.ipv4.tcp_timestamps", "1")];
        let endpoint = Endpoint {
            id: 1,
            address: [10, 0, 0, 1].into(),
            port: None,
            interface_index: None,
            flags: vec![EndpointFlag::Subflow, EndpointFlag::Fullmesh],
        };
        HostSnapshot {
            sysctls: sysctls.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            limits: Some(EndpointLimits { subflows: 2, add_addr_accepted: 2 }),
            endpoints: Some(vec![endpoint]),
            ..HostSnapshot::default()
        }
    }

    fn has(host: &HostSnapshot, words: &str) -> bool {
        advice(host).iter().any(|sentence| sentence.contains(words))
    }

    #[test]
    fn a_host_in_good_order_needs_no_advice() {
        assert_eq!(advice(&host()), [""; 0]);
    }

    #[test]
    fn a_kernel_without_mptcp_is_said_to_be_that() {
        assert_eq!(advice(&HostSnapshot::default()).len(), 1);
    }

    #[test]
    fn what_stands_in_the_way_is_said() {
        let mut host = host();
        host.limits = Some(EndpointLimits { subflows: 0, add_addr_accepted: 0 });
        assert!(has(&host, "limit of subflows is 0"));
        assert!(has(&host, "accepted addresses is 0"));
        host.endpoints = Some(Vec::new());
        assert!(has(&host, "no endpoint"));
        host.counters.insert("AddAddrTxDrop".to_owned(), 3);
        assert!(has(&host, "MPTcpExtAddAddrTxDrop is 3"));
        for (name, value, words) in [
            ("net.mptcp.allow_join_initial_addr_port", "0", "C bit"),
            ("net.mptcp.checksum_enabled", "1", "checksums"),
            ("net.mptcp.enabled", "0", "switched off"),
            ("net.mptcp.pm_type", "1", "mptcpd"),
        ] {
            host.sysctls.insert(name.to_owned(), value.to_owned());
            assert!(has(&host, words), "{name}");
        }
        assert!(!has(&host, "no endpoint"), "a program manages the paths");
    }

    #[test]
    fn ipv6_with_port_has_no_room_beside_timestamps() {
        let mut host = host();
        let endpoint = Endpoint {
            id: 2,
            address: "2001:db8::1".parse().unwrap(),
            port: Some(5001),
            interface_index: None,
            flags: vec![EndpointFlag::Signal],
        };
        host.endpoints.as_mut().unwrap().push(endpoint);
        assert!(has(&host, "44 of 40"));
        for (name, value, is_told) in [
            ("net.mptcp.add_addr_v6_port_drop_ts", "1", false),
            ("net.mptcp.add_addr_v6_port_drop_ts", "0", true),
            ("net.ipv4.tcp_timestamps", "0", false),
        ] {
            host.sysctls.insert(name.to_owned(), value.to_owned());
            assert_eq!(has(&host, "44 of 40"), is_told, "{name}={value}");
        }
    }

    #[test]
    fn a_subflow_endpoint_without_fullmesh_reaches_less() {
        let mut host = host();
        host.endpoints.as_mut().unwrap()[0].flags = vec![EndpointFlag::Subflow];
        assert!(has(&host, "no fullmesh"));
        host.limits = Some(EndpointLimits { subflows: 2, add_addr_accepted: 0 });
        assert!(!has(&host, "no fullmesh"), "nothing announced is used anyway");
    }
}
