//! DSS checksums of one host on one subflow, each over its whole mapping (RFC 8684 §3.3.1).
//!
//! The sum does not depend on the order of its parts, so nothing is buffered: each byte is added
//! at its offset the first time it is seen, and a mapping is judged once all of it is there.

use super::mapping::Mapped;
use crate::track::range_set::SeqRange;
use crate::track::stamp::PacketStamp;
use crate::wire::crypto::{ChecksumVerdict, DssChecksum};
use crate::wire::seq::Dsn;

/// Most mappings that may be incomplete at a time; the oldest is given up.
const MAX_OPEN: usize = 8;

/// Most mismatches that are listed; the rest is counted.
const MAX_LISTED: usize = 16;

/// The checksums of one host on one subflow.
#[derive(Debug, Clone, Default)]
pub struct Checksums {
    open: Vec<Open>,
    verified: u64,
    byte_swapped: u64,
    mismatches: u64,
    listed: Vec<(PacketStamp, Dsn)>,
    given_up: u64,
}

/// A mapping of which bytes are missing.
#[derive(Debug, Clone, Copy)]
struct Open {
    mapped: Mapped,
    stored: u16,
    sum: DssChecksum,
    added: u64,
    /// Bytes of it were not captured.
    is_cut: bool,
}

impl Checksums {
    /// Mappings whose checksum is right. Those with swapped bytes count.
    pub const fn verified(&self) -> u64 {
        self.verified
    }

    /// Of those, the ones with their bytes swapped, as Linux 5.14 to 5.17 wrote them.
    pub const fn byte_swapped(&self) -> u64 {
        self.byte_swapped
    }

    /// Mappings whose checksum is wrong.
    pub const fn mismatches(&self) -> u64 {
        self.mismatches
    }

    /// The first of them: the packet that completed the mapping, and its first DSN.
    pub fn listed(&self) -> &[(PacketStamp, Dsn)] {
        &self.listed
    }

    /// Whether a mapping at `dsn` is among those listed.
    pub fn is_listed(&self, dsn: Dsn) -> bool {
        self.listed.iter().any(|(_, listed)| *listed == dsn)
    }

    /// Mappings that could not be checked: bytes missing, or cut by the snap length.
    pub fn unverifiable(&self) -> u64 {
        self.given_up + self.open.len() as u64
    }

    /// Adds bytes of `mapped`, all seen for the first time, that stand at `part`. `bytes` has less
    /// than `part` where the capture cut them. Returns the verdict once the mapping is complete.
    pub fn add(
        &mut self,
        mapped: &Mapped,
        part: SeqRange,
        bytes: &[u8],
        seen: PacketStamp,
    ) -> Option<ChecksumVerdict> {
        let open = self.open_mapping(mapped, mapped.checksum?)?;
        let offset = part.start - mapped.positions.start;
        open.sum.add_at(offset.unsigned_abs(), bytes);
        open.added += part.len();
        open.is_cut |= (bytes.len() as u64) < part.len();
        if open.added < mapped.positions.len() {
            return None;
        }
        let whole = *open;
        self.open.retain(|open| open.mapped.positions != mapped.positions);
        self.judge(&whole, seen)
    }

    /// A DATA_FIN without payload: its checksum covers the pseudo-header alone (RFC 8684 §3.3.3).
    pub fn add_lone_data_fin(&mut self, dsn: Dsn, ssn: u32, stored: u16, seen: PacketStamp) {
        let verdict = DssChecksum::new(dsn, ssn, 1).judge(stored);
        self.count(verdict, dsn, seen);
    }

    fn open_mapping(&mut self, mapped: &Mapped, stored: u16) -> Option<&mut Open> {
        let known = self.open.iter().position(|open| open.mapped.positions == mapped.positions);
        let index = known.unwrap_or_else(|| {
            if self.open.len() >= MAX_OPEN {
                self.open.remove(0);
                self.given_up += 1;
            }
            let sum = DssChecksum::new(mapped.dsn, mapped.ssn, mapped.wire_len);
            self.open.push(Open { mapped: *mapped, stored, sum, added: 0, is_cut: false });
            self.open.len() - 1
        });
        self.open.get_mut(index)
    }

    fn judge(&mut self, whole: &Open, seen: PacketStamp) -> Option<ChecksumVerdict> {
        if whole.is_cut {
            self.given_up += 1;
            return None;
        }
        let verdict = whole.sum.judge(whole.stored);
        self.count(verdict, whole.mapped.dsn, seen);
        Some(verdict)
    }

    fn count(&mut self, verdict: ChecksumVerdict, dsn: Dsn, seen: PacketStamp) {
        match verdict {
            ChecksumVerdict::Right => self.verified += 1,
            ChecksumVerdict::ByteSwapped => {
                self.verified += 1;
                self.byte_swapped += 1;
            }
            ChecksumVerdict::Wrong => {
                self.mismatches += 1;
                if self.listed.len() < MAX_LISTED {
                    self.listed.push((seen, dsn));
                }
            }
        }
    }
}
