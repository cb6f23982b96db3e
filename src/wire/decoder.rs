//! From frames to segments, with what one frame tells of another: pieces of IP packets, and what a UDP
//! flow was said to be.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::fragment::{GivenUp, Reassembler};
use super::frame::{Frame, PacketNo};
use super::header::{HeaderWalk, Next, NotTcp, Piece};
use super::segment::{self, Decoded, IcmpError};
use super::skipped::{Encrypted, Skipped};
use super::tunnel::DecodeAs;
use super::walk::walk_to_tcp;
use super::way::Ways;

/// UDP flows that are remembered.
const MOST_FLOWS: usize = 16_384;

/// Packets that were fragmented may stand in each other, as tunnels do.
const MOST_LAYERS: usize = 8;

/// Different things that are counted by name.
const MOST_NAMES: usize = 1_000;

/// Decodes the frames of a capture, one after the other.
///
/// It has no clock: time is that of the packets.
#[derive(Debug, Default)]
pub struct Decoder {
    decode_as: DecodeAs,
    ways: Ways,
    /// UDP flows of which a packet said what they are, and what.
    flows: BTreeMap<[(IpAddr, u16); 2], Encrypted>,
    /// Fragments that wait for others.
    fragments: Reassembler,
    /// The payload that was put together last, which a segment is in.
    whole: Vec<u8>,
    /// The frames that it came in.
    frames: Vec<PacketNo>,
    /// By input.
    counts: BTreeMap<u16, DecodeCounts>,
}

/// What of an input came to no segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DecodeCounts {
    /// Frames whose headers could not be read.
    pub undecoded: u64,
    /// IP fragments.
    pub fragments: u64,
    /// Segments that came in several of them.
    pub reassembled: u64,
    /// Fragments whose packet was not complete in the end, or contradicted itself.
    pub incomplete: u64,
    /// What was not looked into, and how many frames of it.
    pub skipped: BTreeMap<Skipped, u64>,
}

impl DecodeCounts {
    /// Counts what came of a frame.
    fn count(&mut self, decoded: &Decoded<'_>) {
        match decoded {
            Decoded::Tcp(_) | Decoded::Icmp(_) => {}
            Decoded::Fragment => self.fragments += 1,
            Decoded::Undecoded => self.undecoded += 1,
            Decoded::Other(skipped) => {
                // Nothing of it can be read.
                self.undecoded += u64::from(matches!(skipped, Skipped::LinkType(_)));
                let is_full = self.skipped.len() >= MOST_NAMES;
                let is_known = !is_full || self.skipped.contains_key(skipped);
                let name = if is_known { *skipped } else { Skipped::Named("others") };
                *self.skipped.entry(name).or_default() += 1;
            }
        }
    }
}

impl Decoder {
    /// With these rules for ports.
    pub fn new(decode_as: DecodeAs) -> Self {
        Self { decode_as, ..Self::default() }
    }

    /// Its rules for ports.
    pub const fn decode_as(&self) -> &DecodeAs {
        &self.decode_as
    }

    /// What is in the next frame.
    // So that a frame need not go through memory.
    #[inline(always)]
    pub fn decode<'a>(&'a mut self, frame: &Frame<'a>) -> Decoded<'a> {
        segment::decode_or(frame, |frame| self.decode_general(frame))
    }

    /// The general path: any link type, tags, tunnels, options and extension headers.
    #[inline(never)]
    fn decode_general<'a>(&'a mut self, frame: Frame<'a>) -> Decoded<'a> {
        let mut notes = ();
        let mut walk = HeaderWalk::new(frame.data, frame.wire_len, &mut notes);
        let decoded = match walk_to_tcp(Next::Link(frame.link_type), &mut walk, &self.decode_as) {
            Ok(tcp) => segment::segment(&frame, &tcp, self.ways.take(&walk.trail)),
            Err(NotTcp::Other(skipped)) => Decoded::Other(skipped),
            Err(NotTcp::Udp(datagram)) => {
                Decoded::Other(self.name_of(datagram.flow, datagram.content))
            }
            Err(NotTcp::Icmp(quote)) => {
                Decoded::Icmp(IcmpError::new(&frame, &quote, self.ways.find_way(&walk.trail)))
            }
            Err(NotTcp::Fragment(piece)) => return self.put_together(&frame, &piece),
            Err(NotTcp::Undecoded) => Decoded::Undecoded,
        };
        self.counts.entry(frame.point.input).or_default().count(&decoded);
        decoded
    }

    /// What is in the packet that a fragment completes, if it does. The segment has the number of this
    /// frame.
    fn put_together<'a>(&'a mut self, frame: &Frame<'a>, piece: &Piece<'_>) -> Decoded<'a> {
        let place = (frame.number, frame.point, frame.timestamp);
        let mut given_up = Vec::new();
        let mut whole = self.fragments.take(piece, place, &mut given_up);
        self.frames.clear();
        let mut header = None;
        for _ in 0..MOST_LAYERS {
            let Some(found) = whole.take() else { break };
            self.frames.extend(&found.frames);
            self.whole = found.octets;
            let (next, len, trail) = (Next::IpPayload(found.ip), found.len, found.trail);
            let mut notes = ();
            let mut walk = HeaderWalk::new(&self.whole, len, &mut notes);
            walk.trail = trail.again();
            // The packet in it may be a fragment of another one.
            let outcome = walk_to_tcp(next, &mut walk, &self.decode_as);
            if let Err(NotTcp::Fragment(inner)) = outcome {
                header = None;
                whole = self.fragments.take(&inner, place, &mut given_up);
            } else {
                header = Some((next, len, trail));
            }
        }
        for GivenUp { input, fragments } in given_up {
            self.counts.entry(input).or_default().incomplete += fragments;
        }
        let Some((next, len, trail)) = header else {
            self.counts.entry(frame.point.input).or_default().fragments += 1;
            return Decoded::Fragment;
        };
        let mut notes = ();
        let mut walk = HeaderWalk::new(&self.whole, len, &mut notes);
        walk.trail = trail.again();
        let decoded = match walk_to_tcp(next, &mut walk, &self.decode_as) {
            Ok(tcp) => segment::segment(frame, &tcp, self.ways.take(&walk.trail)),
            Err(NotTcp::Other(skipped)) => Decoded::Other(skipped),
            Err(NotTcp::Udp(datagram)) => Decoded::Other(datagram.content.unwrap_or(Skipped::UDP)),
            Err(NotTcp::Icmp(quote)) => {
                Decoded::Icmp(IcmpError::new(frame, &quote, self.ways.find_way(&walk.trail)))
            }
            Err(NotTcp::Fragment(_) | NotTcp::Undecoded) => Decoded::Undecoded,
        };
        let counts = self.counts.entry(frame.point.input).or_default();
        counts.fragments += 1;
        counts.reassembled += u64::from(matches!(decoded, Decoded::Tcp(_)));
        counts.count(&decoded);
        decoded
    }

    /// The frames that the segment came in that was put together last.
    pub fn frames_of_last(&self) -> &[PacketNo] {
        &self.frames
    }

    /// What a datagram is: by itself, or as another one of its flow said.
    fn name_of(&mut self, flow: [(IpAddr, u16); 2], content: Option<Skipped>) -> Skipped {
        if let Some(Skipped::Encrypted(kind @ (Encrypted::WireGuard | Encrypted::Quic))) = content {
            if self.flows.len() >= MOST_FLOWS {
                self.flows.clear();
            }
            self.flows.insert(flow, kind);
        }
        let known = || self.flows.get(&flow).copied().map(Skipped::Encrypted);
        content.or_else(known).unwrap_or(Skipped::UDP)
    }

    /// What of an input came to no segment.
    pub fn counts(&self, input: u16) -> DecodeCounts {
        let mut counts = self.counts.get(&input).cloned().unwrap_or_default();
        let waiting = self.fragments.waiting().filter(|waiting| waiting.input == input);
        counts.incomplete += waiting.map(|waiting| waiting.fragments).sum::<u64>();
        counts
    }

    /// The ways that segments came.
    pub const fn ways(&self) -> &Ways {
        &self.ways
    }
}
