//! Payload that waits for the place of its mapping.
//!
//! Where the SYN was not seen, the distance from subflow sequence numbers to those of TCP is not
//! known. If the first segment seen is not the first one of its mapping, the mapping may begin
//! anywhere before it. Its last segment or the next mapping decides. Until then its bytes count as
//! new data.

use super::mapping::Mapped;
use crate::track::range_set::SeqRange;
use crate::track::stamp::PacketStamp;
use crate::wire::seq::{Dsn, SeqNum};

/// Most segments that wait; with more, the best guess has to do.
const MOST: usize = 128;

/// What waits on one subflow, of one host.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    pieces: Vec<PendingPiece>,
    /// Bytes whose mapping the capture does not show: cut off by the snap length, or missing.
    pub hidden: u64,
}

impl Pending {
    /// The mappings of what waits: first data sequence number, and bytes.
    pub fn mappings(&self) -> impl Iterator<Item = (Dsn, u64)> {
        self.pieces.iter().map(|piece| (piece.mapped.dsn, piece.mapped.positions.len()))
    }

    /// Whether nothing waits.
    pub(crate) const fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether no more may wait: the best guess must do.
    pub(crate) const fn is_full(&self) -> bool {
        self.pieces.len() >= MOST
    }

    /// Keeps a piece.
    pub(crate) fn hold(&mut self, piece: PendingPiece) {
        self.pieces.push(piece);
    }

    /// Takes all pieces out.
    pub(crate) fn take(&mut self) -> Vec<PendingPiece> {
        std::mem::take(&mut self.pieces)
    }

    /// Frees the bytes of what waits. It stays counted.
    pub(crate) fn close(&mut self) {
        for piece in &mut self.pieces {
            piece.bytes = Vec::new();
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
