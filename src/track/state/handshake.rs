//! What the segments that open a subflow said.

use crate::track::stamp::PacketStamp;
use crate::wire::mptcp::{Nonce, Token};

/// The segments that open a TCP connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Handshake {
    /// First SYN.
    pub syn: Option<PacketStamp>,
    /// First SYN/ACK.
    pub syn_ack: Option<PacketStamp>,
    /// First ACK of the opener after it.
    pub ack: Option<PacketStamp>,
    /// SYNs after the first.
    pub syn_retransmissions: u32,
    /// SYN/ACKs after the first.
    pub syn_ack_retransmissions: u32,
    /// Whether a SYN carried MP_CAPABLE.
    pub mp_capable_syn: bool,
    /// The acceptor's first segment after the third ACK without any MPTCP option.
    pub bare_answer: Option<PacketStamp>,
    /// The first SYN without MP_CAPABLE after one with it.
    pub plain_syn: Option<PacketStamp>,
    /// How many there were.
    pub plain_syns: u32,
    /// Whether the SYN/ACK has NOPs where MP_CAPABLE would be.
    pub overwritten: bool,
}

impl Handshake {
    /// Takes a SYN; returns how many there were before it.
    pub fn see_syn(&mut self, seen: PacketStamp) -> u32 {
        count_first_and_repeats(&mut self.syn, &mut self.syn_retransmissions, seen)
    }

    /// Takes a SYN/ACK; returns how many there were before it.
    pub fn see_syn_ack(&mut self, seen: PacketStamp) -> u32 {
        count_first_and_repeats(&mut self.syn_ack, &mut self.syn_ack_retransmissions, seen)
    }

    /// SYN to third ACK in nanoseconds: one round trip, from any vantage point. `None` when a part
    /// is missing, or was sent more than once.
    pub fn rtt_ns(&self) -> Option<i64> {
        let (syn, ack) = (self.syn?, self.ack?);
        self.syn_ack?;
        let once = self.syn_retransmissions == 0 && self.syn_ack_retransmissions == 0;
        once.then(|| ack.at.since(syn.at))
    }
}

fn count_first_and_repeats(
    first: &mut Option<PacketStamp>,
    repeats: &mut u32,
    seen: PacketStamp,
) -> u32 {
    if first.is_some() {
        *repeats += 1;
    } else {
        *first = Some(seen);
    }
    *repeats
}

/// What MP_JOIN said while the subflow was opened (RFC 8684 §3.2).
#[derive(Debug, Clone, Copy, Default)]
pub struct JoinHandshake {
    /// Token of the joinee, from the SYN.
    pub token: Option<Token>,
    /// The joiner's nonce, from the SYN.
    pub joiner_nonce: Option<Nonce>,
    /// The joinee's nonce, from the SYN/ACK.
    pub joinee_nonce: Option<Nonce>,
    /// The joinee's truncated HMAC, from the SYN/ACK.
    pub syn_ack_hmac: Option<u64>,
    /// The joiner's HMAC, from the ACK.
    pub ack_hmac: Option<[u8; 20]>,
    /// First segment of the joinee after the third ACK: only now may the joiner send data.
    pub fourth_ack: Option<PacketStamp>,
}
