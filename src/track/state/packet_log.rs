//! Which packet carried which bytes first: kept only while outcomes of segments are asked for.

use std::collections::BTreeMap;

use crate::track::range_set::SeqRange;
use crate::track::stamp::PacketStamp;

/// Most segments that are remembered: of more, those with the lowest positions go.
const MOST: usize = 1 << 16;

/// The segments of one direction of a subflow, or of a connection, by the positions of their bytes. No two
/// overlap.
#[derive(Debug, Clone, Default)]
pub(crate) struct PacketLog {
    by_start: BTreeMap<i64, Logged>,
}

#[derive(Debug, Clone, Copy)]
struct Logged {
    end: i64,
    subflow: u32,
    seen: PacketStamp,
    resent: bool,
}

/// Bytes that a packet carried first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoggedPacket {
    pub(crate) range: SeqRange,
    /// The number of its subflow.
    pub(crate) subflow: u32,
    pub(crate) seen: PacketStamp,
    /// Whether some of them were sent again.
    pub(crate) resent: bool,
}

impl PacketLog {
    /// Adds bytes of which none was seen before.
    pub(crate) fn add(&mut self, range: SeqRange, subflow: u32, seen: PacketStamp) {
        if range.is_empty() {
            return;
        }
        if self.by_start.len() >= MOST {
            self.by_start.pop_first();
        }
        self.by_start.insert(range.start, Logged { end: range.end, subflow, seen, resent: false });
    }

    /// The packet that carried the byte at `position`; without one, where the next one after it starts.
    pub(crate) fn at(&self, position: i64) -> Result<LoggedPacket, i64> {
        match self.by_start.range(..=position).next_back() {
            Some((start, logged)) if logged.end > position => Ok(logged.from(*start)),
            _ => {
                let next = self.by_start.range(position..).next();
                Err(next.map_or(i64::MAX, |(start, _)| *start))
            }
        }
    }

    /// Notes that bytes were sent again.
    pub(crate) fn mark_resent(&mut self, range: SeqRange) {
        let first = self.at(range.start).map_or(range.start, |packet| packet.range.start);
        if first < range.end {
            self.by_start.range_mut(first..range.end).for_each(|(_, logged)| logged.resent = true);
        }
    }

    /// The last packet all of whose bytes are before `end`, of those that end after `before`; marked if
    /// any of these was sent again.
    pub(crate) fn last_covered(&self, before: i64, end: i64) -> Option<LoggedPacket> {
        let first = self.at(before).map_or(before, |packet| packet.range.start);
        if first >= end {
            return None;
        }
        let all = self.by_start.range(first..end).filter(|(_, logged)| logged.end <= end);
        let mut resent = false;
        let mut last = None;
        for (start, logged) in all {
            resent |= logged.resent;
            last = Some(logged.from(*start));
        }
        last.map(|last| LoggedPacket { resent, ..last })
    }

    /// The packets whose bytes begin at `start` or later, and before `end`.
    pub(crate) fn starting_in(&self, range: SeqRange) -> impl Iterator<Item = LoggedPacket> + '_ {
        let end = range.end.max(range.start);
        self.by_start.range(range.start..end).map(|(start, logged)| logged.from(*start))
    }

    /// Moves all positions.
    pub(crate) fn shift(&mut self, by: i64) {
        let moved = std::mem::take(&mut self.by_start).into_iter();
        let moved = moved.map(|(start, logged)| {
            (start.saturating_add(by), Logged { end: logged.end.saturating_add(by), ..logged })
        });
        self.by_start = moved.collect();
    }
}

impl Logged {
    const fn from(self, start: i64) -> LoggedPacket {
        let Self { end, subflow, seen, resent } = self;
        LoggedPacket { range: SeqRange { start, end }, subflow, seen, resent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::{PacketNo, Timestamp};

    fn log(packets: &[(i64, i64)]) -> PacketLog {
        let mut log = PacketLog::default();
        for ((start, end), number) in packets.iter().zip(1..) {
            let seen = PacketStamp { packet: PacketNo(number), at: Timestamp(0) };
            log.add(SeqRange { start: *start, end: *end }, 0, seen);
        }
        log
    }

    #[test]
    fn a_packet_is_found_by_any_of_its_bytes() {
        let log = log(&[(0, 10), (20, 30)]);
        let number = |position| log.at(position).map(|packet| packet.seen.packet.0);
        assert_eq!([0, 9, 10, 29, 30].map(number), [Ok(1), Ok(1), Err(20), Ok(2), Err(i64::MAX)]);
    }

    #[test]
    fn the_last_packet_that_an_acknowledgment_covers_is_whole() {
        let mut log = log(&[(0, 10), (10, 20), (20, 30)]);
        let last = |log: &PacketLog, before, end| {
            log.last_covered(before, end).map(|last| (last.range.start, last.resent))
        };
        assert_eq!(last(&log, 0, 25), Some((10, false)));
        assert_eq!(last(&log, 15, 25), Some((10, false)), "a part of it was acknowledged before");
        assert_eq!(last(&log, 20, 25), None);
        assert_eq!(last(&log, 30, 20), None);
        log.mark_resent(SeqRange { start: 5, end: 8 });
        assert_eq!(last(&log, 0, 30), Some((20, true)));
        assert_eq!(last(&log, 10, 30), Some((20, false)));
    }

    #[test]
    fn the_lowest_go_when_there_are_too_many() {
        let mut log = PacketLog::default();
        let seen = PacketStamp { packet: PacketNo(1), at: Timestamp(0) };
        for start in (0..).take(MOST + 1) {
            log.add(SeqRange::new(start, 1), 0, seen);
        }
        assert_eq!(log.at(0), Err(1));
    }
}
