//! What a frame passed on its way to TCP, and is worth to be remembered: tunnels, what tells tenants
//! apart, the interface.

use std::net::IpAddr;

use smallvec::SmallVec;

use super::header::NotTcp;
use super::skipped::Skipped;

/// How many tunnels may stand in each other.
const MOST_TUNNELS: usize = 8;

/// How many headers of a frame are looked at, in all attempts together.
const MOST_STEPS: u16 = 128;

/// The way to TCP.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trail {
    /// The tunnels, outermost first.
    pub(super) tunnels: SmallVec<[Hop; 1]>,
    /// What tells networks with the same addresses apart, outermost first.
    pub(super) tenants: SmallVec<[Tenant; 2]>,
    /// What the link layer says.
    pub(super) link: LinkFacts,
    /// Sender and receiver of the IP packet that was met last.
    pub(super) addresses: Option<(IpAddr, IpAddr)>,
    /// How many headers were looked at.
    pub(super) steps: u16,
    /// Whether an IP packet has to fit into what it came in: where something only may be a tunnel.
    pub(super) must_fit: bool,
}

/// A tunnel that a frame is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hop {
    /// What it is.
    pub(super) kind: TunnelKind,
    /// Sender and receiver of the outer packet.
    pub(super) ends: Option<(IpAddr, IpAddr)>,
    /// What tells it from others between the same ends.
    pub(super) identifier: Option<u32>,
}

/// What a tunnel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TunnelKind {
    /// IPv4 in IPv4 (RFC 2003).
    IpInIp,
    /// IPv6 in IPv4 (RFC 4213).
    Ipv6InIpv4,
    /// IPv4 in IPv6 (RFC 2473).
    Ipv4InIpv6,
    /// IPv6 in IPv6 (RFC 2473).
    Ipv6InIpv6,
    /// IPv6 segment routing (RFC 8754).
    Srv6,
    /// GRE (RFC 2784, RFC 2890), its older form of PPTP included (RFC 2637).
    Gre,
    /// NVGRE (RFC 7637).
    Nvgre,
    /// ERSPAN, type II and III.
    Erspan,
    /// VXLAN (RFC 7348).
    Vxlan,
    /// VXLAN with a next protocol.
    VxlanGpe,
    /// Geneve (RFC 8926).
    Geneve,
    /// GTP-U (3GPP TS 29.281).
    GtpU,
    /// MPLS (RFC 3032).
    Mpls,
    /// Ethernet in MPLS (RFC 4448).
    Pseudowire,
    /// L2TPv2 (RFC 2661).
    L2tp,
    /// Teredo (RFC 4380).
    Teredo,
    /// Provider backbone bridges (IEEE 802.1ah).
    BackboneBridge,
    /// PPPoE (RFC 2516).
    Pppoe,
    /// Ethernet in IP (RFC 3378).
    EtherIp,
}

impl TunnelKind {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IpInIp => "ipip",
            Self::Ipv6InIpv4 => "6in4",
            Self::Ipv4InIpv6 => "4in6",
            Self::Ipv6InIpv6 => "6in6",
            Self::Srv6 => "srv6",
            Self::Gre => "gre",
            Self::Nvgre => "nvgre",
            Self::Erspan => "erspan",
            Self::Vxlan => "vxlan",
            Self::VxlanGpe => "vxlan_gpe",
            Self::Geneve => "geneve",
            Self::GtpU => "gtp_u",
            Self::Mpls => "mpls",
            Self::Pseudowire => "pseudowire",
            Self::L2tp => "l2tp",
            Self::Teredo => "teredo",
            Self::BackboneBridge => "802.1ah",
            Self::Pppoe => "pppoe",
            Self::EtherIp => "etherip",
        }
    }

    /// Its name for a person.
    pub const fn title(self) -> &'static str {
        match self {
            Self::IpInIp | Self::Ipv6InIpv6 => "IP in IP",
            Self::Ipv6InIpv4 => "6in4",
            Self::Ipv4InIpv6 => "4in6",
            Self::Srv6 => "SRv6",
            Self::Gre => "GRE",
            Self::Nvgre => "NVGRE",
            Self::Erspan => "ERSPAN",
            Self::Vxlan => "VXLAN",
            Self::VxlanGpe => "VXLAN-GPE",
            Self::Geneve => "Geneve",
            Self::GtpU => "GTP-U",
            Self::Mpls => "MPLS",
            Self::Pseudowire => "MPLS pseudowire",
            Self::L2tp => "L2TP",
            Self::Teredo => "Teredo",
            Self::BackboneBridge => "802.1ah",
            Self::Pppoe => "PPPoE",
            Self::EtherIp => "EtherIP",
        }
    }
}

/// One number that tells networks apart in which the same addresses may be used. Numbers that differ
/// by direction (TEIDs, ERSPAN sessions, MPLS labels) are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tenant {
    Vlan(u16),
    GreKey(u32),
    Nvgre(u32),
    Vxlan(u32),
    Geneve(u32),
}

/// What the link layer says of where a frame was captured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkFacts {
    pub(super) interface: Option<LinkInterface>,
    /// Whether the host that captured sent it (true) or got it.
    pub(super) is_outgoing: Option<bool>,
    pub(super) process: Option<(u32, Name)>,
    pub(super) service_class: Option<u32>,
}

/// An interface as a header of the link layer names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkInterface {
    /// Its index on the host that captured.
    Index(u32),
    /// Its name.
    Name(Name),
}

/// A short text that stood in a header, up to its first NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    octets: [u8; 24],
    len: u8,
}

impl Name {
    /// The text in `octets`; `None` if there is none.
    pub(super) fn new(octets: &[u8]) -> Option<Self> {
        let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
        let text = octets.get(..end.min(24)).filter(|text| !text.is_empty())?;
        let mut name = Self { octets: [0; 24], len: u8::try_from(text.len()).ok()? };
        name.octets.get_mut(..text.len())?.copy_from_slice(text);
        Some(name)
    }

    /// It as text.
    pub fn text(&self) -> String {
        let octets = self.octets.get(..usize::from(self.len)).unwrap_or_default();
        String::from_utf8_lossy(octets).into_owned()
    }

    /// Whether all of it is printable ASCII.
    pub(super) fn is_plain(&self) -> bool {
        let octets = self.octets.get(..usize::from(self.len)).unwrap_or_default();
        octets.iter().all(u8::is_ascii_graphic)
    }
}

impl Trail {
    /// Whether there is anything worth to be remembered.
    pub(super) fn is_plain(&self) -> bool {
        self.tunnels.is_empty() && self.tenants.is_empty() && self.link == LinkFacts::default()
    }

    /// It, with all steps still to be made.
    pub(super) fn again(&self) -> Self {
        Self { steps: 0, ..self.clone() }
    }

    /// Counts a step. An error once there were more than any frame needs.
    pub(super) fn step<'a>(&mut self) -> Result<(), NotTcp<'a>> {
        self.steps += 1;
        if self.steps > MOST_STEPS { Err(NotTcp::Undecoded) } else { Ok(()) }
    }

    /// Goes into a tunnel between the addresses of the last IP packet. An error if there are too many
    /// in each other.
    pub(super) fn enter<'a>(
        &mut self,
        kind: TunnelKind,
        identifier: Option<u32>,
    ) -> Result<(), NotTcp<'a>> {
        if self.tunnels.len() >= MOST_TUNNELS {
            return Err(NotTcp::Other(Skipped::Tunnel("tunnels more than 8 deep")));
        }
        self.tunnels.push(Hop { kind, ends: self.addresses, identifier });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_with_its_first_nul() {
        assert_eq!(Name::new(b"en0\0\0junk").unwrap().text(), "en0");
        assert_eq!(Name::new(b"\0en0"), None);
        assert_eq!(Name::new(&[b'x'; 30]).unwrap().text().len(), 24);
        assert!(!Name::new(b"a\x1bb").unwrap().is_plain());
    }
}
