//! Payload that waits for the place of its mapping.
//!
//! Where the SYN was not seen, the distance from subflow sequence numbers to those of TCP is not
//! known. If the first segment seen is not the first one of its mapping, the mapping may begin
//! anywhere before it. Its last segment or the next mapping decides. Until then its bytes count as
//! new data.

use super::mapping::Mapped;
use super::subflow::ByteCounts;
use crate::track::range_set::SeqRange;
use crate::track::stamp::PacketStamp;
use crate::wire::frame::PacketNo;
use crate::wire::seq::{Dsn, SeqNum};

/// Most segments that wait; with more, the best guess has to do.
const MOST: usize = 128;

/// What waits on one subflow, of one host.
#[derive(Debug, Clone, Default)]
pub struct Pending {
    pieces: Vec<PendingPiece>,
    /// What turned out to be no new data.
    moves: Option<Box<Moves>>,
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

    /// Notes what an earlier piece turned out to be, by the counts of its side before and after.
    pub(crate) fn note_move(&mut self, packet: PacketNo, before: ByteCounts, now: ByteCounts) {
        let (reinjected, remapped) =
            (now.reinjected - before.reinjected, now.remapped - before.remapped);
        if reinjected + remapped > 0 {
            let moves = self.moves.get_or_insert_default();
            moves.0.push(Move { packet, reinjected, remapped });
        }
    }

    /// The bytes that counted as new data with their packets, and turned out to be something else: as many
    /// pieces at most as wait at once, because a mapping is placed once.
    pub fn moves(&self) -> &[Move] {
        self.moves.as_ref().map_or(&[], |moves| &moves.0)
    }

    /// Frees the bytes of what waits. It stays counted.
    pub(crate) fn close(&mut self) {
        for piece in &mut self.pieces {
            piece.bytes = Vec::new();
        }
    }
}

/// Pieces whose bytes are counted elsewhere now.
#[derive(Debug, Clone, Default)]
struct Moves(Vec<Move>);

/// Bytes of a packet that are no new data after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The packet.
    pub packet: PacketNo,
    /// How many were reinjected.
    pub reinjected: u64,
    /// How many were remapped.
    pub remapped: u64,
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
