//! The mappings that one host declared on one subflow: subflow sequence → data sequence
//! (RFC 8684 §3.3.1).

use crate::track::range_set::SeqRange;
use crate::wire::mptcp::{DataLevelLength, Mapping};
use crate::wire::seq::Dsn;

/// How many mappings are remembered in any case. A segment normally carries its own; older ones
/// matter when a mapping is not repeated on each segment it covers.
const REMEMBERED: usize = 4;

/// Most mappings remembered while bytes of theirs are still to come.
const MOST: usize = 256;

/// A mapping with its place on the subflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapped {
    /// Subflow positions that it covers; endless for an infinite mapping.
    pub positions: SeqRange,
    /// Data sequence number of the first of them.
    pub dsn: Dsn,
    /// Subflow sequence number on the wire, which the checksum covers.
    pub ssn: u32,
    /// Data-level length on the wire, DATA_FIN included, which the checksum covers.
    pub wire_len: u16,
    /// The checksum, where there is one to check: none on an infinite mapping.
    pub checksum: Option<u16>,
}

impl Mapped {
    /// Data sequence number of the byte at `position`.
    pub const fn dsn_at(&self, position: i64) -> Dsn {
        self.dsn.add(position.wrapping_sub(self.positions.start).cast_unsigned())
    }
}

/// A mapping as [`Mappings::try_fast_declare`] found it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FastMapping {
    pub(crate) mapped: Mapped,
    /// Whether it was not declared before.
    is_new: bool,
}

/// The mappings of one host on one subflow, the latest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mappings {
    recent: Vec<Mapped>,
    /// Position of subflow sequence number 0: between these two, which are equal once it is known.
    origin: Option<(i64, i64)>,
    /// Distinct mappings declared, DATA_FIN alone not counted.
    declared: u64,
    /// Of those, how many have a checksum; infinite ones not counted.
    with_checksum: u64,
    /// Of those, how many have none; infinite ones not counted.
    without_checksum: u64,
    /// Of those, how many contradict one before.
    conflicts: u64,
    /// No mapping that is remembered covers anything from here on.
    reach: i64,
}

impl Mappings {
    /// Fixes the position of subflow sequence number 0: the SYN, or with fast open the last byte of
    /// the SYN's payload that the peer accepted (RFC 8684 Appendix B).
    pub fn set_origin(&mut self, position: i64) {
        self.origin = Some((position, position));
    }

    /// The position of subflow sequence number 0, as far as it is known.
    pub fn origin(&self) -> Option<i64> {
        self.origin.map(|(_, highest)| highest)
    }

    /// Distinct mappings declared so far.
    pub const fn declared(&self) -> u64 {
        self.declared
    }

    /// Of those, how many have a checksum, and how many have none.
    pub const fn by_checksum(&self) -> (u64, u64) {
        (self.with_checksum, self.without_checksum)
    }

    /// Mappings that contradict an earlier one (RFC 8684 §3.3.1: a mapping must not change).
    pub const fn conflicts(&self) -> u64 {
        self.conflicts
    }

    /// Takes the mapping of a segment whose payload stands at `payload`. `dsn` is its full DSN, and
    /// `data_fin` says that its last byte is no payload. True for a new mapping that certainly
    /// covers nothing of that payload (RFC 8684 §3.3.1: it must).
    pub fn declare(
        &mut self,
        mapping: &Mapping,
        dsn: Dsn,
        data_fin: bool,
        payload: SeqRange,
    ) -> bool {
        let (wire_len, infinite) = match mapping.length {
            DataLevelLength::Bytes(bytes) => (bytes, false),
            DataLevelLength::Infinite => (0, true),
        };
        let bytes = wire_len.saturating_sub(u16::from(data_fin));
        if bytes == 0 && !infinite {
            return false;
        }
        let start = self.place(mapping.ssn, u32::from(bytes), payload);
        let end = if infinite { i64::MAX } else { start + i64::from(bytes) };
        let mapped = Mapped {
            positions: SeqRange { start, end },
            dsn,
            ssn: mapping.ssn,
            wire_len,
            checksum: mapping.checksum.filter(|_| !infinite),
        };
        if self.recent.iter().rev().any(|known| *known == mapped) {
            return false;
        }
        if !infinite {
            self.conflicts += u64::from(self.contradicts(&mapped));
        }
        self.add(mapped);
        self.is_exact() && !infinite && mapped.positions.intersection(payload).is_empty()
    }

    /// What [`Mappings::declare`] makes of a mapping that has no checksum and covers all of the
    /// payload, if it is the latest again, or follows on all before. Nothing is changed.
    #[inline(always)]
    pub(crate) fn try_fast_declare(
        &self,
        mapping: &Mapping,
        dsn: Dsn,
        payload: SeqRange,
    ) -> Option<FastMapping> {
        let (DataLevelLength::Bytes(wire_len @ 1..), None) = (mapping.length, mapping.checksum)
        else {
            return None;
        };
        let (low, high) = self.origin?;
        let start = low + unwrap_ssn(mapping.ssn, payload.start - low);
        let positions = SeqRange { start, end: start + i64::from(wire_len) };
        let is_whole = start <= payload.start && payload.end <= positions.end;
        let mapped = Mapped { positions, dsn, ssn: mapping.ssn, wire_len, checksum: None };
        let is_new = start >= self.reach;
        let is_next = is_new || self.latest() == Some(&mapped);
        (low == high && is_whole && is_next).then_some(FastMapping { mapped, is_new })
    }

    /// Takes what [`Mappings::try_fast_declare`] made of a mapping.
    #[inline(always)]
    pub(crate) fn commit(&mut self, mapping: &FastMapping) {
        if mapping.is_new {
            self.add(mapping.mapped);
        }
    }

    /// Whether the place of mappings is certain.
    fn is_exact(&self) -> bool {
        self.origin.is_some_and(|(low, high)| low == high)
    }

    /// Whether a remembered mapping has another DSN for the same bytes. Only where the place of both is
    /// certain. Infinite mappings do not count: they may cover bytes before them.
    fn contradicts(&self, mapped: &Mapped) -> bool {
        let other = |known: &&Mapped| {
            let both = known.positions.intersection(mapped.positions);
            !both.is_empty() && known.dsn_at(both.start) != mapped.dsn_at(both.start)
        };
        let finite = self.recent.iter().filter(|known| known.positions.end != i64::MAX);
        self.is_exact() && finite.filter(other).count() > 0
    }

    /// Forgets mappings whose bytes have all come, by what `is_done` says of their positions. The
    /// last few stay.
    #[inline]
    pub fn settle(&mut self, is_done: impl Fn(SeqRange) -> bool) {
        let mut old = self.recent.len().saturating_sub(REMEMBERED);
        if old == 0 {
            return;
        }
        self.recent.retain(|mapped| {
            let is_old = old > 0;
            old = old.saturating_sub(1);
            !(is_old && is_done(mapped.positions))
        });
    }

    /// Counts a mapping that was declared, and remembers it.
    fn add(&mut self, mapped: Mapped) {
        self.declared += 1;
        if mapped.positions.end != i64::MAX {
            self.with_checksum += u64::from(mapped.checksum.is_some());
            self.without_checksum += u64::from(mapped.checksum.is_none());
        }
        self.remember(mapped);
    }

    fn remember(&mut self, mapped: Mapped) {
        if self.recent.len() >= MOST {
            self.recent.remove(0);
        }
        self.reach = self.reach.max(mapped.positions.end);
        self.recent.push(mapped);
    }

    /// The mapping that covers `position`; of several the latest.
    pub fn covering(&self, position: i64) -> Option<&Mapped> {
        self.recent
            .iter()
            .rev()
            .find(|mapped| mapped.positions.start <= position && position < mapped.positions.end)
    }

    /// Where the next mapping after `position` starts.
    pub fn next_start_after(&self, position: i64) -> Option<i64> {
        self.recent
            .iter()
            .map(|mapped| mapped.positions.start)
            .filter(|start| *start > position)
            .min()
    }

    /// From `position` on the bytes of the subflow are the stream, without mappings: they follow on
    /// the latest mapping, or `first_dsn` is at subflow sequence number 1.
    pub fn assume_from(&mut self, position: i64, first_dsn: Dsn) {
        let first = self.origin.map_or(position, |(low, _)| low + 1);
        let dsn = match self.latest() {
            Some(latest) => latest.dsn_at(position),
            None => first_dsn.add(position.wrapping_sub(first).cast_unsigned()),
        };
        let positions = SeqRange { start: position, end: i64::MAX };
        let mapped = Mapped { positions, dsn, ssn: 0, wire_len: 0, checksum: None };
        self.remember(mapped);
    }

    /// The latest mapping.
    pub fn latest(&self) -> Option<&Mapped> {
        self.recent.last()
    }

    /// Whether the place of each mapping is certain. It is once first and last segment of one were
    /// seen.
    pub fn are_placed(&self) -> bool {
        self.origin.is_none_or(|(low, high)| low == high)
    }

    /// Takes an acknowledgment of everything before `acked` on the subflow, and before `data_ack`
    /// in the stream. The part of a mapping before `data_ack` stands before `acked`.
    pub fn acknowledge(&mut self, acked: i64, data_ack: Dsn) {
        let Some((low, high)) = self.origin else { return };
        let latest = |mapped: &&Mapped| {
            let bytes = data_ack.distance_from(mapped.dsn);
            bytes > 0 && bytes.cast_unsigned() <= mapped.positions.len()
        };
        let Some(mapped) = self.recent.iter().rev().find(latest) else { return };
        let start = acked - data_ack.distance_from(mapped.dsn);
        let highest = high + start - mapped.positions.start;
        if (low..high).contains(&highest) {
            self.narrow((low, highest));
        }
    }

    /// Makes the best guess certain: that a mapping begins with the first segment seen of it.
    pub fn assume_placed(&mut self) {
        self.origin = self.origin.map(|(_, high)| (high, high));
    }

    /// `mapped` at the place where it is now known to be.
    pub fn placed(&self, mapped: &Mapped) -> Mapped {
        let (Some((_, origin)), false) = (self.origin, mapped.positions.end == i64::MAX) else {
            return *mapped;
        };
        let start = origin + unwrap_ssn(mapped.ssn, mapped.positions.start - origin);
        Mapped { positions: mapped.positions.shifted(start - mapped.positions.start), ..*mapped }
    }

    /// Position of the first byte of a mapping. Where the SYN was not seen, the origin is narrowed
    /// down by the rule that a mapping covers at least a part of the segment that carries it.
    fn place(&mut self, ssn: u32, bytes: u32, payload: SeqRange) -> i64 {
        let (low, high) = self.origin.unwrap_or((i64::MIN, i64::MAX));
        if low == high {
            return low + unwrap_ssn(ssn, payload.start - low);
        }
        let reference = self.origin.map_or(i64::from(ssn), |_| payload.start - high);
        let ssn = unwrap_ssn(ssn, reference);
        let highest = payload.start - ssn;
        let lowest = payload.end - ssn - i64::from(bytes);
        // Exact for a mapping of one segment; else the mapping is taken to start at this segment.
        let narrowed = (low.max(lowest), high.min(highest));
        if narrowed.0 <= narrowed.1 {
            self.narrow(narrowed);
            narrowed.1 + ssn
        } else {
            payload.start
        }
    }

    /// Sets the positions between which the origin is. All mappings move with the upper one.
    fn narrow(&mut self, origin: (i64, i64)) {
        let moved = self.origin.is_some_and(|(_, high)| high != origin.1);
        self.origin = Some(origin);
        if moved {
            let placed: Vec<Mapped> = self.recent.iter().map(|old| self.placed(old)).collect();
            self.reach = placed.iter().map(|mapped| mapped.positions.end).max().unwrap_or(0);
            self.recent = placed;
        }
    }
}

/// The subflow sequence number nearest to `reference` whose low 32 bits are `ssn`.
fn unwrap_ssn(ssn: u32, reference: i64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is compared")]
    let step = ssn.wrapping_sub(reference.cast_unsigned() as u32).cast_signed();
    reference + i64::from(step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::seq::WireDsn;

    fn mapping(ssn: u32, bytes: u16) -> Mapping {
        let length = match bytes {
            0 => DataLevelLength::Infinite,
            bytes => DataLevelLength::Bytes(bytes),
        };
        Mapping { dsn: WireDsn::Long(0), ssn, length, checksum: None }
    }

    #[test]
    fn a_mapping_repeated_on_every_segment_is_one() {
        let mut mappings = Mappings::default();
        mappings.set_origin(0);
        for start in [1, 101, 201] {
            mappings.declare(&mapping(1, 300), Dsn(5000), false, SeqRange::new(start, 100));
        }
        assert_eq!(mappings.declared(), 1);
        assert_eq!(mappings.covering(250).map(|mapped| mapped.dsn_at(250)), Some(Dsn(5249)));
        assert_eq!(mappings.covering(301), None);
    }

    #[test]
    fn the_data_fin_byte_is_no_payload() {
        let mut mappings = Mappings::default();
        mappings.set_origin(0);
        mappings.declare(&mapping(1, 101), Dsn(7), true, SeqRange::new(1, 100));
        assert_eq!(mappings.covering(100).map(|mapped| mapped.dsn), Some(Dsn(7)));
        assert_eq!(mappings.covering(101), None);
        mappings.declare(&mapping(0, 1), Dsn(107), true, SeqRange::new(101, 0));
        assert_eq!(mappings.declared(), 1, "a lone DATA_FIN maps no payload");
    }

    #[test]
    fn without_a_syn_the_origin_follows_from_whole_segments() {
        let mut mappings = Mappings::default();
        mappings.declare(&mapping(5001, 100), Dsn(1000), false, SeqRange::new(1, 100));
        assert_eq!(mappings.covering(1).map(|mapped| mapped.dsn), Some(Dsn(1000)));
        mappings.declare(&mapping(5101, 300), Dsn(1100), false, SeqRange::new(201, 100));
        assert_eq!(mappings.covering(201).map(|mapped| mapped.dsn_at(201)), Some(Dsn(1200)));
    }

    #[test]
    fn a_mapping_waits_for_its_bytes() {
        let mut mappings = Mappings::default();
        mappings.set_origin(0);
        for start in (1..10_000).step_by(100) {
            mappings.declare(&mapping(start, 100), Dsn(u64::from(start)), false, at(start));
            mappings.settle(|positions| positions.start != 101);
        }
        assert_eq!(mappings.covering(150).map(|mapped| mapped.dsn_at(150)), Some(Dsn(150)));
        assert_eq!(mappings.recent.len(), REMEMBERED + 1);
    }

    /// The first byte of a mapping at `ssn`.
    fn at(ssn: u32) -> SeqRange {
        SeqRange::new(i64::from(ssn), 1)
    }

    #[test]
    fn an_infinite_mapping_has_no_end() {
        let mut mappings = Mappings::default();
        mappings.set_origin(0);
        mappings.declare(&mapping(11, 0), Dsn(400), false, SeqRange::new(11, 10));
        assert_eq!(mappings.covering(1_000_000).map(|mapped| mapped.dsn_at(13)), Some(Dsn(402)));
    }

    /// A mapping with its DSN, and where the payload of its segment stands.
    type Declared = (Mapping, Dsn, SeqRange);

    /// Mostly the next mapping, or the latest one again; sometimes anything.
    fn declared() -> impl Strategy<Value = Vec<Declared>> {
        let steps = (0..10u32, 1..60u16, 0..400u32, 0..60u32, prop::bool::weighted(0.1));
        prop::collection::vec(steps, 1..60).prop_map(|steps| {
            let (mut next, mut latest) = (1, None);
            let step = |(kind, bytes, ssn, offset, is_checked): (u32, u16, u32, u32, bool)| {
                let (start, bytes) = match kind {
                    0..6 => (next, bytes),
                    6..8 => latest.unwrap_or((next, bytes)),
                    _ => (ssn, bytes),
                };
                latest = Some((start, bytes));
                next = next.max(start + u32::from(bytes));
                let checksum = is_checked.then_some(0);
                let mapping = Mapping { checksum, ..mapping(start, bytes) };
                let dsn = Dsn(u64::from(start) + u64::from(kind == 9) * 7);
                let payload = i64::from(start + offset % u32::from(bytes));
                let len = u32::from(bytes) - offset % u32::from(bytes) + u32::from(kind == 8);
                (mapping, dsn, SeqRange::new(payload, len))
            };
            steps.into_iter().map(step).collect()
        })
    }

    proptest! {
        #[test]
        fn the_fast_path_declares_what_the_general_path_does(all in declared()) {
            let mut mappings = Mappings::default();
            mappings.set_origin(0);
            for (mapping, dsn, payload) in all {
                let mut fast = mappings.clone();
                let found = fast.try_fast_declare(&mapping, dsn, payload);
                prop_assert_eq!(&fast, &mappings, "nothing is changed");
                let is_outside = mappings.declare(&mapping, dsn, false, payload);
                if let Some(found) = found {
                    fast.commit(&found);
                    prop_assert_eq!(&fast, &mappings);
                    prop_assert!(!is_outside);
                }
            }
        }
    }

    #[test]
    fn the_next_mapping_and_the_latest_again_are_fast() {
        let mut mappings = Mappings::default();
        let (first, payload) = (mapping(1, 100), SeqRange::new(1, 100));
        assert!(mappings.try_fast_declare(&first, Dsn(5), payload).is_none(), "no origin yet");
        mappings.set_origin(0);
        for part in [SeqRange::new(1, 60), SeqRange::new(61, 40)] {
            let found = mappings.try_fast_declare(&first, Dsn(5), part).unwrap();
            mappings.commit(&found);
        }
        assert_eq!(mappings.declared(), 1);
        let beyond = SeqRange::new(50, 60);
        assert!(mappings.try_fast_declare(&first, Dsn(5), beyond).is_none(), "not all is mapped");
        let before = mappings.try_fast_declare(&mapping(51, 10), Dsn(55), SeqRange::new(51, 10));
        assert!(before.is_none(), "it overlaps with another one");
    }
}
