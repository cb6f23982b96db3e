//! What errors of ICMP (RFC 792) and ICMPv6 (RFC 4443) say.

use std::net::IpAddr;

use super::seq::SeqNum;

/// What an error says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpReport {
    /// Whether it is of ICMPv6.
    pub is_v6: bool,
    /// Its type.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// What the next link takes at most, where it says so.
    pub mtu: Option<u32>,
}

impl IcmpReport {
    /// Its name, by the words of the standards.
    pub const fn name(self) -> &'static str {
        match (self.is_v6, self.kind, self.code) {
            (false, 3, 0) => "net_unreachable",
            (false, 3, 1) => "host_unreachable",
            (false, 3, 2) => "protocol_unreachable",
            (false, 3, 3) | (true, 1, 4) => "port_unreachable",
            (false, 3, 4) => "fragmentation_needed",
            (false, 3, 5) => "source_route_failed",
            (false, 3, 6) => "net_unknown",
            (false, 3, 7) => "host_unknown",
            (false, 3, 9) => "net_prohibited",
            (false, 3, 10) => "host_prohibited",
            (false, 3, 13) | (true, 1, 1) => "administratively_prohibited",
            (false, 3, _) | (true, 1, _) => "unreachable",
            (false, 4, _) => "source_quench",
            (false, 11, 0) | (true, 3, 0) => "hop_limit_exceeded",
            (false, 11, _) | (true, 3, _) => "reassembly_time_exceeded",
            (true, 2, _) => "packet_too_big",
            _ => "parameter_problem",
        }
    }

    /// Its name for a person.
    pub const fn title(self) -> &'static str {
        match (self.is_v6, self.kind, self.code) {
            (false, 3, 0) => "net unreachable",
            (false, 3, 1) => "host unreachable",
            (false, 3, 2) => "protocol unreachable",
            (false, 3, 3) | (true, 1, 4) => "port unreachable",
            (false, 3, 4) => "fragmentation needed",
            (false, 3, 5) => "source route failed",
            (false, 3, 6) => "network unknown",
            (false, 3, 7) => "host unknown",
            (false, 3, 9) => "network prohibited",
            (false, 3, 10) => "host prohibited",
            (false, 3, 13) | (true, 1, 1) => "administratively prohibited",
            (true, 1, 0) => "no route",
            (true, 1, 3) => "address unreachable",
            (false, 3, _) | (true, 1, _) => "unreachable",
            (false, 4, _) => "source quench",
            (false, 11, 0) | (true, 3, 0) => "hop limit exceeded",
            (false, 11, _) | (true, 3, _) => "reassembly time exceeded",
            (true, 2, _) => "packet too big",
            _ => "parameter problem",
        }
    }

    /// Whether it says that packets do not get there at all: neither that one is too long, nor that
    /// something is wrong in it.
    pub const fn is_unreachable(self) -> bool {
        match (self.is_v6, self.kind) {
            (false, 3) => self.code != 4,
            (true, 1 | 3) | (false, 11) => true,
            _ => false,
        }
    }

    /// Whether it says that a packet is too long.
    pub const fn is_too_long(self) -> bool {
        matches!((self.is_v6, self.kind, self.code), (false, 3, 4) | (true, 2, _))
    }
}

/// What an error quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    /// Who reports it.
    pub(super) from: IpAddr,
    /// What it says.
    pub(super) report: IcmpReport,
    /// Address and port of the sender of the segment.
    pub(super) source: (IpAddr, u16),
    /// Those of its receiver.
    pub(super) destination: (IpAddr, u16),
    /// Its sequence number.
    pub(super) seq: SeqNum,
}
