//! The headers of a frame: which there are, and where each of them stands.
//!
//! The general path of [`decode`](super::segment::decode) walks over them to the TCP segment.
//! [`headers`](super::segment::headers) makes the same walk and lists them, for whoever shows a frame
//! field by field.

use std::ops::Range;

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

/// Why a frame yields no TCP segment; [`Decoded`](super::segment::Decoded) says what each means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTcp {
    Other,
    Fragment,
    Undecoded,
}

/// Where a walk notes the headers that it meets, in their order and without gaps.
pub(super) trait Notes {
    /// A header of `len` octets, of which at most `captured` are there.
    fn header(&mut self, kind: HeaderKind, len: usize, captured: usize);
}

/// Nobody asks for the headers.
impl Notes for () {
    #[inline]
    fn header(&mut self, _: HeaderKind, _: usize, _: usize) {}
}

impl Notes for Vec<Header> {
    fn header(&mut self, kind: HeaderKind, len: usize, captured: usize) {
        let start = self.last().map_or(0, |before| before.octets.end);
        self.push(Header { kind, len, octets: start..start + len.min(captured) });
    }
}

/// A walk over the headers of a frame, from the link layer on.
pub(super) struct HeaderWalk<'a, 'n, N> {
    /// What follows the headers that were taken, with whatever trails the packet.
    pub(super) rest: &'a [u8],
    /// Where headers are noted.
    pub(super) notes: &'n mut N,
}

impl<'a, N: Notes> HeaderWalk<'a, '_, N> {
    /// Notes the header that begins here, and takes its `LEN` octets.
    #[inline]
    pub(super) fn header<const LEN: usize>(
        &mut self,
        kind: HeaderKind,
    ) -> Result<&'a [u8; LEN], NotTcp> {
        self.note(kind, LEN);
        self.take()
    }

    /// Notes a header of `len` octets that begins here.
    #[inline]
    pub(super) fn note(&mut self, kind: HeaderKind, len: usize) {
        self.notes.header(kind, len, self.rest.len());
    }

    /// Takes the next `LEN` octets.
    #[inline]
    pub(super) fn take<const LEN: usize>(&mut self) -> Result<&'a [u8; LEN], NotTcp> {
        let (octets, rest) = take(self.rest)?;
        self.rest = rest;
        Ok(octets)
    }
}

/// The first `LEN` octets, and the rest. An error if they are not there, because the snap length or a
/// wrong length field cut them off.
#[inline]
pub(super) fn take<const LEN: usize>(octets: &[u8]) -> Result<(&[u8; LEN], &[u8]), NotTcp> {
    octets.split_first_chunk().ok_or(NotTcp::Undecoded)
}
