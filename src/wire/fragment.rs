//! IP fragments, put together (RFC 791 §3.2, RFC 8200 §4.5).
//!
//! Plain state without a clock: what waits grows old by the time of packets. etherparse has a buffer for
//! that, but it overwrites what was there before, and knows no fragment that the snap length cut.

use std::collections::{BTreeMap, VecDeque};

use smallvec::SmallVec;

use super::frame::{CapturePoint, PacketNo, Timestamp};
use super::header::Piece;
use super::ip::IpHeader;
use super::trail::{Hop, LinkFacts, Tenant, Trail};

/// Captured bytes that wait at most, in packets that are not complete.
const MOST_BYTES: usize = 4 << 20;

/// Packets that wait at most.
const MOST_PACKETS: usize = 1_024;

/// How long a packet waits for its other fragments (RFC 8200 §4.5 says 60 s, Linux takes 30).
const LONGEST_WAIT_NS: i64 = 30_000_000_000;

/// How long it is remembered that a packet was complete: copies of its fragments may follow.
const COPIES_WITHIN_NS: i64 = 1_000_000_000;

/// Fragments of one packet, at most. One of 64 KiB in frames of 576 bytes has 120.
const MOST_PIECES: usize = 192;

/// The longest IP packet.
const LONGEST_PACKET: u32 = 65_535;

/// Fragments that wait for others.
#[derive(Debug, Default)]
pub(super) struct Reassembler {
    waiting: BTreeMap<Key, Waiting>,
    /// When each of them began to wait, in that order. One may have left by now.
    order: VecDeque<(Timestamp, Key)>,
    /// The latest time of a fragment.
    now: Timestamp,
    /// Captured bytes in all of them.
    bytes: usize,
}

/// What all fragments of a packet share. The same packet, captured at another place or in a tunnel, is
/// another one here: all of its fragments came there as well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    point: (u16, u16),
    link: LinkFacts,
    tunnels: SmallVec<[Hop; 1]>,
    tenants: SmallVec<[Tenant; 2]>,
    ends: (std::net::IpAddr, std::net::IpAddr),
    id: u32,
    /// IPv6 says it in the first fragment alone.
    protocol: u8,
}

/// A packet that is not complete, or that was.
#[derive(Debug)]
enum Waiting {
    Pieces(Box<Datagram>),
    /// It was complete at this time, or its fragments contradicted each other.
    Done(Timestamp),
}

#[derive(Debug, Default)]
struct Datagram {
    pieces: Vec<Fragment>,
    /// Of the fragment that is its beginning.
    first: Option<(IpHeader, Trail)>,
    /// Bytes of the whole payload, once the last fragment came.
    len: Option<u32>,
    bytes: usize,
    input: u16,
}

#[derive(Debug)]
struct Fragment {
    number: PacketNo,
    offset: u32,
    /// On the wire.
    len: u32,
    octets: Vec<u8>,
}

/// A packet that was put together.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) ip: IpHeader,
    pub(super) trail: Trail,
    /// Bytes of its payload on the wire.
    pub(super) len: u32,
    /// Its payload, as far as it was captured without a gap.
    pub(super) octets: Vec<u8>,
    /// The frames that it came in.
    pub(super) frames: Vec<PacketNo>,
}

/// Fragments that were given up, and of which input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GivenUp {
    pub(super) input: u16,
    pub(super) fragments: u64,
}

impl Reassembler {
    /// Takes a fragment that came in a frame; returns the packet that it completes. What is given up for
    /// that goes to `given_up`.
    pub(super) fn take(
        &mut self,
        piece: &Piece<'_>,
        (number, point, at): (PacketNo, CapturePoint, Timestamp),
        given_up: &mut Vec<GivenUp>,
    ) -> Option<Whole> {
        self.now = self.now.max(at);
        self.give_up_old(given_up);
        let key = Key::of(piece, point);
        let waiting = self.waiting.entry(key.clone()).or_insert_with(|| {
            self.order.push_back((at, key.clone()));
            Waiting::Pieces(Datagram::at(point))
        });
        let datagram = match waiting {
            Waiting::Pieces(datagram) => datagram,
            Waiting::Done(done) if at.since(*done) < COPIES_WITHIN_NS => return None,
            // The sender uses the number again.
            Waiting::Done(_) => {
                *waiting = Waiting::Pieces(Datagram::at(point));
                let Waiting::Pieces(datagram) = waiting else { return None };
                datagram
            }
        };
        let before = datagram.bytes;
        let fits = datagram.add(piece, number);
        self.bytes = (self.bytes + datagram.bytes).saturating_sub(before);
        if fits && !datagram.is_complete() {
            self.make_room(given_up);
            return None;
        }
        let whole = if fits { datagram.whole() } else { None };
        if whole.is_none() {
            given_up.push(datagram.given_up());
        }
        self.bytes = self.bytes.saturating_sub(datagram.bytes);
        *waiting = Waiting::Done(at);
        whole
    }

    /// How many fragments wait, by input: at the end of a capture they wait in vain.
    pub(super) fn waiting(&self) -> impl Iterator<Item = GivenUp> {
        self.waiting.values().filter_map(|waiting| match waiting {
            Waiting::Pieces(datagram) => Some(datagram.given_up()),
            Waiting::Done(_) => None,
        })
    }

    fn give_up_old(&mut self, given_up: &mut Vec<GivenUp>) {
        while let Some((since, _)) = self.order.front() {
            if self.now.since(*since) < LONGEST_WAIT_NS {
                return;
            }
            self.give_up_oldest(given_up);
        }
    }

    fn make_room(&mut self, given_up: &mut Vec<GivenUp>) {
        while self.bytes > MOST_BYTES || self.order.len() > MOST_PACKETS {
            self.give_up_oldest(given_up);
        }
    }

    fn give_up_oldest(&mut self, given_up: &mut Vec<GivenUp>) {
        let Some((_, key)) = self.order.pop_front() else {
            self.bytes = 0;
            return;
        };
        if let Some(Waiting::Pieces(datagram)) = self.waiting.remove(&key) {
            self.bytes = self.bytes.saturating_sub(datagram.bytes);
            given_up.push(datagram.given_up());
        }
    }
}

impl Key {
    fn of(piece: &Piece<'_>, point: CapturePoint) -> Self {
        let trail = &piece.trail;
        Self {
            point: (point.input, point.interface),
            link: trail.link,
            tunnels: trail.tunnels.clone(),
            tenants: trail.tenants.clone(),
            ends: (piece.ip.source, piece.ip.destination),
            id: piece.id,
            protocol: if piece.ip.source.is_ipv4() { piece.ip.protocol } else { 0 },
        }
    }
}

impl Datagram {
    fn at(point: CapturePoint) -> Box<Self> {
        Box::new(Self { input: point.input, ..Self::default() })
    }

    /// Takes a fragment; false if it contradicts what there was, or is one too many.
    fn add(&mut self, piece: &Piece<'_>, number: PacketNo) -> bool {
        let end = piece.offset.saturating_add(piece.len);
        // All but the last one are a multiple of eight long: offsets count in these.
        let is_aligned = !piece.has_more || piece.len.is_multiple_of(8) && piece.len > 0;
        let contradicts_end = match self.len {
            Some(len) => end > len || !piece.has_more && end != len,
            None => !piece.has_more && self.pieces.iter().any(|known| known.end() > end),
        };
        let is_full = self.pieces.len() >= MOST_PIECES;
        if is_full || !is_aligned || contradicts_end || end > LONGEST_PACKET {
            return false;
        }
        if self.pieces.iter().any(|known| known.contradicts(piece)) {
            return false;
        }
        if !piece.has_more {
            self.len = Some(end);
        }
        if piece.offset == 0 && self.first.is_none() {
            self.first = Some((piece.ip, piece.trail.clone()));
        }
        let is_known = |known: &Fragment| {
            known.offset == piece.offset
                && known.len == piece.len
                && known.octets.len() >= piece.octets.len()
        };
        if !self.pieces.iter().any(is_known) {
            let octets = piece.octets.to_vec();
            self.bytes += octets.len() + size_of::<Fragment>();
            self.pieces.push(Fragment { number, offset: piece.offset, len: piece.len, octets });
        }
        true
    }

    /// Whether all of it came, captured or not.
    fn is_complete(&mut self) -> bool {
        let (Some(len), Some(_)) = (self.len, &self.first) else { return false };
        self.pieces.sort_by_key(|piece| piece.offset);
        let mut reached = 0;
        for piece in &self.pieces {
            if piece.offset > reached {
                return false;
            }
            reached = reached.max(piece.end());
        }
        reached >= len
    }

    /// All of it, which is complete.
    fn whole(&self) -> Option<Whole> {
        let (ip, trail) = self.first.clone()?;
        let mut octets = Vec::new();
        let mut frames: Vec<_> = self.pieces.iter().map(|piece| piece.number).collect();
        frames.sort_unstable();
        for piece in &self.pieces {
            let Some(known) = octets.len().checked_sub(piece.offset as usize) else { break };
            octets.extend(piece.octets.get(known..).unwrap_or_default());
        }
        Some(Whole { ip, trail, len: self.len?, octets, frames })
    }

    fn given_up(&self) -> GivenUp {
        GivenUp { input: self.input, fragments: self.pieces.len() as u64 }
    }
}

impl Fragment {
    const fn end(&self) -> u32 {
        self.offset + self.len
    }

    /// Whether both have the same place of the packet, with other octets.
    fn contradicts(&self, piece: &Piece<'_>) -> bool {
        let start = self.offset.max(piece.offset);
        let captured_end = |offset: u32, octets: &[u8]| offset as usize + octets.len();
        let end =
            captured_end(self.offset, &self.octets).min(captured_end(piece.offset, piece.octets));
        let of = |offset: u32, octets: &'_ [u8]| -> Vec<u8> {
            let from = (start - offset) as usize;
            let to = end.saturating_sub(offset as usize);
            octets.get(from..to).unwrap_or_default().to_vec()
        };
        (start as usize) < end && of(self.offset, &self.octets) != of(piece.offset, piece.octets)
    }
}
