//! Payload that waits for the place of its mapping.
//!
//! Where the SYN was not seen, it is not known how subflow sequence numbers stand to TCP's. A mapping
//! that begins before the first segment seen of it may begin anywhere before it, until its last
//! segment or the next mapping was seen, too. Until then its bytes count as new data.

use super::mapping::Mapped;
use crate::track::range_set::SeqRange;
use crate::track::stamp::PacketStamp;
use crate::wire::seq::{Dsn, SeqNum};

/// Most segments that wait; with more, the best guess has to do.
const MOST: usize = 128;

/// What waits on one subflow, of one host.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    held: Vec<PendingPiece>,
    /// Bytes whose mapping the capture does not show: cut off by the snap length, or missing.
    pub hidden: u64,
}

impl Pending {
    /// The mappings of what waits: first data sequence number, and bytes.
    pub fn mappings(&self) -> impl Iterator<Item = (Dsn, u64)> {
        self.held.iter().map(|held| (held.mapped.dsn, held.mapped.positions.len()))
    }

    /// Whether nothing waits.
    pub(crate) const fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether the best guess has to do from here on.
    pub(crate) const fn is_full(&self) -> bool {
        self.held.len() >= MOST
    }

    /// Keeps a piece.
    pub(crate) fn hold(&mut self, piece: PendingPiece) {
        self.held.push(piece);
    }

    /// Takes all pieces out.
    pub(crate) fn take(&mut self) -> Vec<PendingPiece> {
        std::mem::take(&mut self.held)
    }

    /// Lets go of what waits, which stays where it is.
    pub(crate) fn close(&mut self) {
        for held in &mut self.held {
            held.bytes = Vec::new();
        }
    }
}

/// Payload of one segment, all of one mapping.
#[derive(Debug, Clone)]
pub(crate) struct PendingPiece {
    /// Its packet.
    pub(crate) seen: PacketStamp,
    /// Where it stands on the subflow.
    pub(crate) part: SeqRange,
    /// Sequence number of its first byte.
    pub(crate) seq: SeqNum,
    /// The mapping, where it was thought to be.
    pub(crate) mapped: Mapped,
    /// Only where they are needed.
    pub(crate) bytes: Vec<u8>,
}
