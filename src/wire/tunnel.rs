//! Tunnels: what stands between an outer packet and the inner one.
//!
//! Each function takes the header of one tunnel and says what comes next. What makes a UDP payload a
//! tunnel is decided in [`walk`](super::walk).

mod decode_as;
mod gre;
mod gtp;
mod l2tp;
mod mpls;
mod over_udp;
mod teredo;
mod vxlan;

use std::net::IpAddr;

pub use decode_as::{DecodeAs, DecodeAsError, Rule};
pub(super) use mpls::labels as mpls_labels;
pub use over_udp::UdpTunnel;

use super::header::{HeaderKind, HeaderWalk, Next, NotTcp, Notes, Step};
use super::ip::IpHeader;
use super::ip_protocol::{self as protocol, skipped};
use super::link_type::LinkType;
use super::trail::TunnelKind;

/// What an IP packet carries that is neither TCP nor UDP.
pub(super) fn in_ip<'a>(ip: &IpHeader, walk: &mut HeaderWalk<'a, '_, impl Notes>) -> Step<'a> {
    match ip.protocol {
        protocol::IPV4 | protocol::IPV6 => {
            walk.trail.enter(ip_in_ip(ip), None)?;
            Ok(Next::Ip)
        }
        protocol::GRE => gre::header(walk),
        protocol::MPLS => Ok(Next::Mpls),
        protocol::ETHERNET if ip.has_segments => {
            walk.trail.enter(TunnelKind::Srv6, None)?;
            Ok(Next::Link(LinkType::ETHERNET))
        }
        protocol::ETHER_IP => {
            // RFC 3378 §3: version 3, and zeros.
            let header = walk.header::<2>(HeaderKind::Named("EtherIP"))?;
            if *header != [0x30, 0] {
                return Err(NotTcp::Other(skipped(protocol::ETHER_IP)));
            }
            walk.trail.enter(TunnelKind::EtherIp, None)?;
            Ok(Next::Link(LinkType::ETHERNET))
        }
        other => Err(NotTcp::Other(skipped(other))),
    }
}

/// Which tunnel it is when IP carries IP.
const fn ip_in_ip(ip: &IpHeader) -> TunnelKind {
    match (ip.source, ip.protocol) {
        _ if ip.has_segments => TunnelKind::Srv6,
        (IpAddr::V4(_), protocol::IPV4) => TunnelKind::IpInIp,
        (IpAddr::V4(_), _) => TunnelKind::Ipv6InIpv4,
        (IpAddr::V6(_), protocol::IPV4) => TunnelKind::Ipv4InIpv6,
        (IpAddr::V6(_), _) => TunnelKind::Ipv6InIpv6,
    }
}
