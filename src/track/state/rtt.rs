//! Round trips of what one host sends on one subflow: a segment → the acknowledgment that covers it.

use std::collections::VecDeque;

use crate::track::distribution::Distribution;
use crate::track::range_set::SeqRange;
use crate::wire::frame::Timestamp;

/// Most segments that are timed at once; others pass untimed until there is room.
const MAX_TIMED: usize = 64;

/// Segments on their way, and the round trips of those that came through.
#[derive(Debug, Clone, Default)]
pub struct RoundTrips {
    timed: VecDeque<Timed>,
    samples: Distribution,
    /// The last one.
    latest: Option<i64>,
}

/// A segment that waits for its acknowledgment.
#[derive(Debug, Clone, Copy)]
struct Timed {
    /// One past its last position.
    end: i64,
    at: Timestamp,
    /// Sent again: which transmission is acknowledged can't be told (Karn's rule, RFC 6298 §3).
    resent: bool,
}

impl RoundTrips {
    /// The round trips measured.
    pub const fn samples(&self) -> &Distribution {
        &self.samples
    }

    /// Takes the round trip of the handshake, until another one is measured.
    pub(crate) const fn begin(&mut self, ns: i64) {
        self.latest = Some(ns);
    }

    /// The last one measured, that of the handshake included, in nanoseconds.
    pub(crate) const fn latest(&self) -> Option<i64> {
        self.latest
    }

    /// Takes a segment with new bytes.
    #[inline(always)]
    pub fn sent(&mut self, range: SeqRange, at: Timestamp) {
        if self.timed.len() < MAX_TIMED && self.timed.back().is_none_or(|last| last.end < range.end)
        {
            self.timed.push_back(Timed { end: range.end, at, resent: false });
        }
    }

    /// Takes a segment that was sent before.
    pub fn resent(&mut self, range: SeqRange) {
        for timed in &mut self.timed {
            timed.resent |= range.start < timed.end && timed.end <= range.end;
        }
    }

    /// Takes an acknowledgment of everything before `end`. Returns the round trip of the last
    /// segment that it covers, if none of the segments that it covers was sent again.
    #[inline(always)]
    pub fn acknowledged(&mut self, end: i64, at: Timestamp) -> Option<i64> {
        let mut sample = None;
        let mut ambiguous = false;
        while let Some(timed) = self.timed.front().filter(|timed| timed.end <= end) {
            ambiguous |= timed.resent;
            sample = Some(at.since(timed.at));
            self.timed.pop_front();
        }
        let sample = sample.filter(|_| !ambiguous)?;
        self.samples.record(sample);
        self.latest = Some(sample);
        Some(sample)
    }

    /// Frees memory: no more acknowledgments come.
    pub fn close(&mut self) {
        self.timed = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    #[test]
    fn a_segment_is_timed_until_it_is_acknowledged() {
        let mut trips = RoundTrips::default();
        trips.sent(SeqRange::new(1, 100), Timestamp(0));
        trips.sent(SeqRange::new(101, 100), Timestamp(2 * MS));
        trips.acknowledged(101, Timestamp(10 * MS));
        trips.acknowledged(201, Timestamp(11 * MS));
        assert_eq!(trips.samples().count(), 2);
        assert_eq!(trips.samples().max(), Some(10_000_000));
        assert_eq!(trips.samples().min(), Some(9_000_000));
    }

    #[test]
    fn what_was_sent_twice_is_not_timed() {
        let mut trips = RoundTrips::default();
        trips.sent(SeqRange::new(1, 100), Timestamp(0));
        trips.resent(SeqRange::new(1, 100));
        trips.acknowledged(101, Timestamp(300 * MS));
        assert_eq!(trips.samples().count(), 0);
    }
}
