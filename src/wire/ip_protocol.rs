//! Protocol numbers of IP, which are the next headers of IPv6.

use super::skipped::{Encrypted, Skipped};

/// ICMP.
pub(super) const ICMP: u8 = 1;
/// ICMPv6.
pub(super) const ICMPV6: u8 = 58;
/// TCP.
pub(super) const TCP: u8 = 6;
/// UDP.
pub(super) const UDP: u8 = 17;
/// IPv4 in IP (RFC 2003).
pub(super) const IPV4: u8 = 4;
/// IPv6 in IP (RFC 2473).
pub(super) const IPV6: u8 = 41;
/// GRE (RFC 2784).
pub(super) const GRE: u8 = 47;
/// Ethernet in IP (RFC 3378).
pub(super) const ETHER_IP: u8 = 97;
/// MPLS in IP (RFC 4023).
pub(super) const MPLS: u8 = 137;
/// Ethernet behind a header of segment routing (RFC 8986 §10.1).
pub(super) const ETHERNET: u8 = 143;
/// IPv6's routing header.
pub(super) const ROUTING: u8 = 43;
/// IPv6's fragment header.
pub(super) const FRAGMENT: u8 = 44;
/// The authentication header, which both versions can have.
pub(super) const AUTHENTICATION: u8 = 51;

/// Hop-by-hop options, routing, fragment, authentication, destination options (RFC 8200 §4),
/// mobility, HIP, shim6.
pub(super) const fn is_extension(protocol: u8) -> bool {
    matches!(protocol, 0 | ROUTING | FRAGMENT | AUTHENTICATION | 60 | 135 | 139 | 140)
}

/// Whether there may be a TCP segment in it.
pub(super) const fn may_hold_tcp(protocol: u8) -> bool {
    is_extension(protocol)
        || matches!(protocol, TCP | UDP | IPV4 | IPV6 | GRE | ETHER_IP | MPLS | ETHERNET)
}

/// What is not looked into, by its protocol number.
pub(super) const fn skipped(protocol: u8) -> Skipped {
    Skipped::Named(match protocol {
        ICMP => "ICMP",
        2 => "IGMP",
        UDP => return Skipped::UDP,
        33 => "DCCP",
        46 => "RSVP",
        50 => return Skipped::Encrypted(Encrypted::Esp),
        ICMPV6 => "ICMPv6",
        59 => "IPv6 without payload",
        88 => "EIGRP",
        89 => "OSPF",
        103 => "PIM",
        108 => "IPComp",
        112 => "VRRP",
        115 => return Skipped::Tunnel("L2TPv3"),
        132 => "SCTP",
        136 => "UDP-Lite",
        number => return Skipped::IpProtocol(number),
    })
}
