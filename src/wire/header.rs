//! The headers of a frame: which there are, and where each of them stands.
//!
//! The general path of [`decode`](super::segment::decode) walks over them to the TCP segment.
//! [`headers`](super::segment::headers) makes the same walk and lists them, for whoever shows a frame
//! field by field.

use std::ops::Range;

use super::icmp::Quote;
use super::ip::IpHeader;
use super::link_type::LinkType;
use super::skipped::{Skipped, UdpDatagram};
use super::trail::Trail;

/// One header of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: HeaderKind,
    /// How many octets it has, captured or not.
    pub len: usize,
    /// Where it stands in the frame, as far as it was captured.
    pub octets: Range<usize>,
}

/// What a header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderKind {
    /// Ethernet II: two addresses and the type.
    Ethernet,
    /// Linux cooked capture, version 1.
    LinuxCooked,
    /// Linux cooked capture, version 2.
    LinuxCookedV2,
    /// A VLAN tag, with the type of what follows.
    VlanTag,
    /// The address family of BSD loopback.
    Loopback,
    /// The direction octet before PPP.
    PppDirection,
    /// PPP: address and control, which may be left out, and the protocol.
    Ppp,
    /// PPPoE.
    Pppoe,
    /// Another header of the link layer or of a tunnel, by name.
    Named(&'static str),
    /// UDP.
    Udp,
    /// IPv4 with its options.
    Ipv4 {
        /// Bytes of the whole packet, by its header.
        packet_len: u32,
    },
    /// IPv6 without its extension headers.
    Ipv6 {
        /// Bytes of the whole packet, by its header.
        packet_len: u32,
    },
    /// An extension header with this protocol number. IPv4 can have one as well, for
    /// authentication.
    Extension(u8),
    /// TCP with its options.
    Tcp {
        /// Bytes of the segment, by the IP header.
        segment_len: u32,
    },
}

/// What comes next on a walk.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    /// The header of a link type.
    Link(LinkType),
    /// What an Ethernet type announces.
    EtherType(u16),
    /// LLC (IEEE 802.2).
    Llc,
    /// Several frames of 802.11 in one (A-MSDU).
    Aggregate,
    /// PPP.
    Ppp,
    /// A stack of MPLS labels.
    Mpls,
    /// An IP packet.
    Ip,
    /// What follows the fixed header of an IP packet.
    IpPayload(IpHeader),
}

/// What comes of one step of a walk.
pub(super) type Step<'a> = Result<Next, NotTcp<'a>>;

/// Why a walk comes to no TCP segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotTcp<'a> {
    /// Something else, by name.
    Other(Skipped),
    /// UDP that is no tunnel.
    Udp(UdpDatagram),
    /// An ICMP error about a TCP segment.
    Icmp(Quote),
    /// A piece of an IP packet.
    Fragment(Box<Piece<'a>>),
    /// The headers cannot be read: one is broken, or the snap length cut it.
    Undecoded,
}

/// A piece of an IP packet that was fragmented, and may hold TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// What the header says of the whole packet.
    pub(super) ip: IpHeader,
    /// What all pieces of a packet share beside addresses and protocol.
    pub(super) id: u32,
    /// Where its payload stands in that of the packet.
    pub(super) offset: u32,
    /// Whether it is not the last one.
    pub(super) has_more: bool,
    /// Bytes of its payload on the wire.
    pub(super) len: u32,
    /// Its payload as far as it was captured.
    pub(super) octets: &'a [u8],
    /// How the walk came here.
    pub(super) trail: Trail,
}

/// Where a walk notes the headers that it meets, in their order and without gaps.
pub(super) trait Notes {
    /// A header of `len` octets, of which at most `captured` are there.
    fn header(&mut self, kind: HeaderKind, len: usize, captured: usize);

    /// How many there are.
    fn count(&self) -> usize;

    /// Goes back to so many.
    fn truncate(&mut self, count: usize);
}

/// Nobody asks for the headers.
impl Notes for () {
    #[inline]
    fn header(&mut self, _: HeaderKind, _: usize, _: usize) {}

    fn count(&self) -> usize {
        0
    }

    fn truncate(&mut self, _: usize) {}
}

impl Notes for Vec<Header> {
    fn header(&mut self, kind: HeaderKind, len: usize, captured: usize) {
        let start = self.last().map_or(0, |before| before.octets.end);
        self.push(Header { kind, len, octets: start..start + len.min(captured) });
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn truncate(&mut self, count: usize) {
        Self::truncate(self, count);
    }
}

/// A walk over the headers of a frame, from the link layer on.
pub(super) struct HeaderWalk<'a, 'n, N> {
    /// What follows the headers that were taken, with whatever trails the packet.
    pub(super) rest: &'a [u8],
    /// How many bytes that were on the wire.
    pub(super) len: u32,
    /// Where headers are noted.
    pub(super) notes: &'n mut N,
    /// What of the way to TCP is worth to be remembered.
    pub(super) trail: Trail,
}

/// A place on the walk, to come back to.
pub(super) struct Mark<'a> {
    rest: &'a [u8],
    len: u32,
    notes: usize,
    trail: Trail,
}

impl<'a, 'n, N: Notes> HeaderWalk<'a, 'n, N> {
    /// A walk that begins with `octets`, of which `len` were on the wire.
    pub(super) fn new(octets: &'a [u8], len: u32, notes: &'n mut N) -> Self {
        Self { rest: octets, len, notes, trail: Trail::default() }
    }

    /// Notes the header that begins here, and takes its `LEN` octets.
    pub(super) fn header<const LEN: usize>(
        &mut self,
        kind: HeaderKind,
    ) -> Result<&'a [u8; LEN], NotTcp<'a>> {
        self.note(kind, LEN);
        self.take()
    }

    /// Notes the header of `len` octets that begins here, and takes it.
    pub(super) fn header_of(
        &mut self,
        kind: HeaderKind,
        len: usize,
    ) -> Result<&'a [u8], NotTcp<'a>> {
        self.note(kind, len);
        self.take_of(len)
    }

    /// Notes a header of `len` octets that begins here.
    pub(super) fn note(&mut self, kind: HeaderKind, len: usize) {
        self.notes.header(kind, len, self.rest.len());
    }

    /// Takes the next `LEN` octets.
    pub(super) fn take<const LEN: usize>(&mut self) -> Result<&'a [u8; LEN], NotTcp<'a>> {
        self.take_of(LEN)?.first_chunk().ok_or(NotTcp::Undecoded)
    }

    /// Takes the next `len` octets. An error if they are not there, because the snap length or a wrong
    /// length field cut them off.
    pub(super) fn take_of(&mut self, len: usize) -> Result<&'a [u8], NotTcp<'a>> {
        let (octets, rest) = self.rest.split_at_checked(len).ok_or(NotTcp::Undecoded)?;
        self.rest = rest;
        self.len = self.len.saturating_sub(u32::try_from(len).unwrap_or(u32::MAX));
        Ok(octets)
    }

    /// What comes now is `len` bytes long; the rest of the frame only trails it.
    pub(super) fn end_after(&mut self, len: u32) {
        self.len = len;
        let whole = usize::try_from(len).ok().and_then(|len| self.rest.get(..len));
        self.rest = whole.unwrap_or(self.rest);
    }

    /// Whether octets that were on the wire are missing here.
    pub(super) const fn is_cut(&self) -> bool {
        (self.rest.len() as u64) < self.len as u64
    }

    /// This place.
    pub(super) fn mark(&self) -> Mark<'a> {
        let trail = self.trail.clone();
        Mark { rest: self.rest, len: self.len, notes: self.notes.count(), trail }
    }

    /// Goes back to a place. What the attempt cost is not given back.
    pub(super) fn go_back(&mut self, mark: &Mark<'a>) {
        let steps = self.trail.steps;
        (self.rest, self.len, self.trail) = (mark.rest, mark.len, mark.trail.clone());
        self.trail.steps = steps;
        self.notes.truncate(mark.notes);
    }
}
