//! What is not looked into, by name.

use std::fmt;
use std::net::IpAddr;

use super::link_type::LinkType;

/// What a frame holds that is not looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skipped {
    /// A link type that no way leads from to IP.
    LinkType(LinkType),
    /// What cannot be read without keys.
    Encrypted(Encrypted),
    /// A tunnel whose inside is not to be found.
    Tunnel(&'static str),
    /// A protocol that has a name here.
    Named(&'static str),
    /// Another Ethernet type.
    EtherType(u16),
    /// Another protocol of IP.
    IpProtocol(u8),
    /// Another protocol of PPP.
    PppProtocol(u16),
    /// Another address family of a loopback interface.
    Family(u32),
}

impl Skipped {
    /// IEEE 802.3 with a header of 802.2.
    pub const LLC: Self = Self::Named("802.2 LLC");
    /// UDP of which no more is known.
    pub const UDP: Self = Self::Named("other UDP");

    /// What kind of thing it is.
    pub const fn what(self) -> &'static str {
        match self {
            Self::LinkType(_) => "link_type",
            Self::Encrypted(_) => "encrypted",
            Self::Tunnel(_) => "tunnel",
            _ => "protocol",
        }
    }

    /// Whether it is what networks need to run, and can carry nothing else.
    pub fn is_housekeeping(self) -> bool {
        let housekeeping = [
            "ARP",
            "RARP",
            "LLDP",
            "ICMP",
            "ICMPv6",
            "IGMP",
            "PPP control",
            "802.2 LLC",
            "802.11 management",
            "802.11 control",
            "802.11 without data",
            "keepalive",
        ];
        matches!(self, Self::Named(name) if housekeeping.contains(&name))
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkType(link_type) => link_type.fmt(formatter),
            Self::Encrypted(encrypted) => formatter.write_str(encrypted.name()),
            Self::Tunnel(name) | Self::Named(name) => formatter.write_str(name),
            Self::EtherType(number) => write!(formatter, "Ethernet type 0x{number:04x}"),
            Self::IpProtocol(number) => write!(formatter, "IP protocol {number}"),
            Self::PppProtocol(number) => write!(formatter, "PPP protocol 0x{number:04x}"),
            Self::Family(number) => write!(formatter, "address family {number}"),
        }
    }
}

/// What cannot be read without keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encrypted {
    /// IPsec (RFC 4303).
    Esp,
    /// IPsec in UDP (RFC 3948).
    EspInUdp,
    /// The key exchange of IPsec (RFC 7296).
    Ike,
    /// WireGuard.
    WireGuard,
    /// QUIC (RFC 9000).
    Quic,
    /// IEEE 802.1AE.
    Macsec,
    /// A protected frame of 802.11.
    Ieee80211,
    /// PPP, compressed or encrypted as Microsoft does (RFC 2118, RFC 3078).
    Mppe,
}

impl Encrypted {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Esp => "ESP (IPsec)",
            Self::EspInUdp => "ESP in UDP (IPsec)",
            Self::Ike => "IKE (IPsec)",
            Self::WireGuard => "WireGuard",
            Self::Quic => "QUIC",
            Self::Macsec => "MACsec",
            Self::Ieee80211 => "protected 802.11",
            Self::Mppe => "MPPE or MPPC",
        }
    }
}

/// A UDP datagram that is no tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UdpDatagram {
    /// Between whom: the smaller endpoint comes first.
    pub(super) flow: [(IpAddr, u16); 2],
    /// What it is by itself; another one of its 4-tuple may say more.
    pub(super) content: Option<Skipped>,
}
