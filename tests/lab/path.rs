//! Paths: what joins the client to a host at the other end, and the addresses on it.
//!
//! | path | client | server | |
//! |---|---|---|---|
//! | 1 | 192.0.2.1 | 192.0.2.2 | 2001:db8:1::1 and ::2 |
//! | 2 | 198.51.100.1 | 198.51.100.2 | 2001:db8:2::1 and ::2 |
//! | 3 | 203.0.113.1 | 203.0.113.2 | 2001:db8:3::1 and ::2 |
//!
//! Path N has the interface cN at the client and sN at the other end.

use super::host::Host;

const NETS: [&str; 3] = ["192.0.2", "198.51.100", "203.0.113"];

/// The IPv4 network of path `number`, without its last byte.
pub(crate) fn net(number: usize) -> &'static str {
    NETS[number - 1]
}

/// Joins two hosts without anything between them. With `offloads` a host may send and show segments
/// that are larger than the wire's.
pub(crate) fn join(client: &Host, server: &Host, number: usize, mtu: u32, offloads: bool) {
    veth(client, &format!("c{number}"), server, &format!("s{number}"), number, mtu);
    up(client, &format!("c{number}"), offloads);
    up(server, &format!("s{number}"), offloads);
    give_addresses(client, server, number);
}

/// Joins each host to `router`, where the interfaces are called `toward_c` and `toward_s`.
pub(crate) fn join_through(client: &Host, router: &Host, server: &Host, number: usize, mtu: u32) {
    router.sysctl("ipv6/conf/default/disable_ipv6", "1");
    veth(client, &format!("c{number}"), router, TOWARD_CLIENT, number, mtu);
    veth(router, TOWARD_SERVER, server, &format!("s{number}"), number, mtu);
    up(router, TOWARD_CLIENT, false);
    up(router, TOWARD_SERVER, false);
    up(client, &format!("c{number}"), false);
    up(server, &format!("s{number}"), false);
    give_addresses(client, server, number);
}

/// Joins each host to a router of its own; frames between these are 8 bytes longer.
pub(crate) fn join_through_trunk(hosts: [&Host; 2], routers: [&Host; 2], number: usize, mtu: u32) {
    let ([client, server], [near, far]) = (hosts, routers);
    for router in routers {
        router.sysctl("ipv6/conf/default/disable_ipv6", "1");
    }
    veth(client, &format!("c{number}"), near, TOWARD_CLIENT, number, mtu);
    veth(near, TOWARD_SERVER, far, TOWARD_CLIENT, number, mtu + 8);
    veth(far, TOWARD_SERVER, server, &format!("s{number}"), number, mtu);
    for router in routers {
        up(router, TOWARD_CLIENT, false);
        up(router, TOWARD_SERVER, false);
    }
    up(client, &format!("c{number}"), false);
    up(server, &format!("s{number}"), false);
    give_addresses(client, server, number);
}

/// The router's interface toward the client.
pub(crate) const TOWARD_CLIENT: &str = "toward_c";
/// The router's interface toward the server.
pub(crate) const TOWARD_SERVER: &str = "toward_s";

fn veth(left: &Host, left_name: &str, right: &Host, right_name: &str, number: usize, mtu: u32) {
    left.ip(&format!(
        "link add {left_name} mtu {mtu} address {} type veth \
         peer name {right_name} mtu {mtu} address {} netns {}",
        mac(left_name, number),
        mac(right_name, number),
        right.netns()
    ));
}

/// The interfaces of the two ends have 01 and 02 as their last byte.
fn mac(name: &str, number: usize) -> String {
    let last = match name.chars().next() {
        Some('c') => 1,
        Some('s') => 2,
        _ if name == TOWARD_CLIENT => 3,
        _ => 4,
    };
    format!("02:00:00:00:{number:02x}:{last:02x}")
}

fn up(host: &Host, interface: &str, offloads: bool) {
    if !offloads {
        host.ip(&format!("link set {interface} gso_max_segs 1"));
    }
    host.ip(&format!("link set {interface} up"));
}

/// What the client sends from an address stays on the path of that address, wherever it goes; the
/// server answers where the client's address is.
fn give_addresses(client: &Host, server: &Host, number: usize) {
    let (net, net6) = (net(number), format!("2001:db8:{number}:"));
    for (host, last, interface) in [(client, 1, 'c'), (server, 2, 's')] {
        host.ip(&format!("address add {net}.{last}/24 dev {interface}{number}"));
        host.ip(&format!("address add {net6}:{last}/64 dev {interface}{number} nodad"));
    }
    let table = 100 + number;
    client.ip(&format!("rule add from {net}.1 table {table}"));
    client.ip(&format!("route add default via {net}.2 dev c{number} table {table}"));
    client.ip(&format!("-6 rule add from {net6}:1 table {table}"));
    client.ip(&format!("-6 route add default via {net6}:2 dev c{number} table {table}"));
}
