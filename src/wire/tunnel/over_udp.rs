//! Tunnels over UDP, and their ports.

use super::{gre, gtp, l2tp, teredo, vxlan};
use crate::wire::header::{HeaderWalk, Next, Notes, Step};

/// A tunnel over UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UdpTunnel {
    /// VXLAN (RFC 7348).
    Vxlan,
    /// VXLAN with a next protocol (draft-ietf-nvo3-vxlan-gpe).
    VxlanGpe,
    /// Geneve (RFC 8926).
    Geneve,
    /// GTP-U (3GPP TS 29.281).
    GtpU,
    /// L2TPv2 (RFC 2661).
    L2tp,
    /// Teredo (RFC 4380).
    Teredo,
    /// MPLS (RFC 7510).
    Mpls,
    /// GRE (RFC 8086).
    Gre,
}

impl UdpTunnel {
    /// The tunnel that has this port by its standard, or as Linux uses it.
    pub(in crate::layers::wire) const fn of_port(port: u16) -> Option<Self> {
        Some(match port {
            4789 | 8472 => Self::Vxlan,
            4790 => Self::VxlanGpe,
            6081 => Self::Geneve,
            2152 => Self::GtpU,
            1701 => Self::L2tp,
            3544 => Self::Teredo,
            6635 => Self::Mpls,
            _ => return None,
        })
    }

    /// Takes its header.
    pub(in crate::layers::wire) fn header<'a>(
        self,
        walk: &mut HeaderWalk<'a, '_, impl Notes>,
    ) -> Step<'a> {
        match self {
            Self::Vxlan => vxlan::vxlan(walk),
            Self::VxlanGpe => vxlan::vxlan_gpe(walk),
            Self::Geneve => vxlan::geneve(walk),
            Self::GtpU => gtp::header(walk),
            Self::L2tp => l2tp::header(walk),
            Self::Teredo => teredo::header(walk),
            Self::Mpls => Ok(Next::Mpls),
            Self::Gre => gre::header(walk),
        }
    }
}
