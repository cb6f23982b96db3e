//! How much was sent when: sums over equal spans of time, in a bounded number of them.

use crate::wire::frame::Timestamp;

/// Most bins. One more makes all of them twice as wide.
const MAX_BINS: i64 = 64;

/// How wide bins are at first, in nanoseconds.
const FIRST_BIN_NS: i64 = 10_000_000;

/// What was sent, by time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    start: Option<Timestamp>,
    bin_ns: i64,
    bins: Vec<Bin>,
    /// The bin that was added to last, and from when to when it reaches: the next time is mostly in
    /// it, too, which saves a division.
    last: (usize, i64, i64),
}

/// What was sent in one span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bin {
    /// Octets of payload, whatever became of them: throughput.
    pub payload: u64,
    /// Of those, octets of the stream seen for the first time: goodput.
    pub new_data: u64,
    /// The most that was sent and not acknowledged at any time in it.
    pub max_in_flight: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self { start: None, bin_ns: FIRST_BIN_NS, bins: Vec::new(), last: (0, 0, 0) }
    }
}

impl Series {
    /// When the first bin begins.
    pub const fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// How wide each bin is, in nanoseconds.
    pub const fn bin_ns(&self) -> i64 {
        self.bin_ns
    }

    /// The bins, without a break from the first to the last that has anything.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// Adds what was sent at `at`. What lies before the first time counts as sent then.
    pub fn add(&mut self, at: Timestamp, sent: Bin) {
        let start = *self.start.get_or_insert(at);
        let elapsed = at.since(start).max(0);
        let (last, from, to) = self.last;
        let index = if (from..to).contains(&elapsed) { last } else { self.find(elapsed) };
        if let Some(bin) = self.bins.get_mut(index) {
            *bin = bin.and(sent);
        }
    }

    /// The bin of a time since the start; makes room for it.
    fn find(&mut self, elapsed: i64) -> usize {
        while elapsed / self.bin_ns >= MAX_BINS {
            self.halve();
        }
        let index = elapsed / self.bin_ns;
        let from = index * self.bin_ns;
        let index = usize::try_from(index).unwrap_or(0);
        if self.bins.len() <= index {
            self.bins.resize(index + 1, Bin::default());
        }
        self.last = (index, from, from.saturating_add(self.bin_ns));
        index
    }

    /// Joins each two bins into one.
    fn halve(&mut self) {
        self.bin_ns = self.bin_ns.saturating_mul(2);
        let pairs = self.bins.chunks(2);
        self.bins = pairs.map(|pair| pair.iter().fold(Bin::default(), |a, b| a.and(*b))).collect();
    }
}

impl Bin {
    const fn and(self, other: Self) -> Self {
        let max_in_flight = if self.max_in_flight > other.max_in_flight {
            self.max_in_flight
        } else {
            other.max_in_flight
        };
        Self {
            payload: self.payload + other.payload,
            new_data: self.new_data + other.new_data,
            max_in_flight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn sent(payload: u64, in_flight: u64) -> Bin {
        Bin { payload, new_data: payload, max_in_flight: in_flight }
    }

    #[test]
    fn bins_widen_and_keep_sums_and_peaks() {
        let mut series = Series::default();
        for step in 0..1000 {
            series.add(Timestamp(step * 10 * MS), sent(5, step.unsigned_abs()));
        }
        assert!(series.bins().len() <= 64);
        assert_eq!(series.bin_ns(), 160 * MS);
        assert_eq!(series.bins().iter().map(|bin| bin.payload).sum::<u64>(), 5000);
        assert_eq!(series.bins().first().map(|bin| bin.max_in_flight), Some(15));
        assert_eq!(series.bins().last().map(|bin| bin.max_in_flight), Some(999));
    }

    #[test]
    fn a_clock_that_goes_back_is_no_harm() {
        let mut series = Series::default();
        series.add(Timestamp(50 * MS), sent(1, 0));
        series.add(Timestamp(0), sent(1, 0));
        series.add(Timestamp(i64::MAX), sent(1, 0));
        assert_eq!(series.bins().iter().map(|bin| bin.payload).sum::<u64>(), 3);
    }
}
