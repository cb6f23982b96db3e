//! Segments of a connection on 4-tuples that its other host does not know.

use smallvec::SmallVec;

use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::wire::segment::Endpoint;

/// Most that are listed; the rest is counted.
const MOST: usize = 64;

/// Segments that came on a 4-tuple without a handshake, carried data sequence numbers of a connection, and
/// were answered by nothing but a RST. They are no subflow of it: nothing that they carried was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stray {
    /// Who sent them.
    pub from: Role,
    /// From where.
    pub source: Endpoint,
    /// To where.
    pub target: Endpoint,
    /// The first of them.
    pub first: PacketStamp,
    /// The RST.
    pub reset: PacketStamp,
}

/// All stray segments of a connection, by 4-tuple.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strays {
    /// The first of them.
    pub listed: SmallVec<[Stray; 1]>,
    /// How many 4-tuples there were.
    pub count: u64,
}

impl Strays {
    pub(crate) fn add(&mut self, stray: Stray) {
        if self.listed.len() < MOST {
            self.listed.push(stray);
        }
        self.count += 1;
    }

    pub(crate) fn swap_roles(&mut self) {
        for stray in &mut self.listed {
            stray.from = stray.from.peer();
        }
    }
}
