//! What happened when: values over equal spans of time, in a bounded number of them.
//!
//! Only spans in which something happened take memory. A copy of a series shares its values.

use std::sync::Arc;

use crate::wire::frame::Timestamp;

/// How wide spans are at first, in nanoseconds.
const FIRST_SPAN_NS: i64 = 10_000;

/// What can be kept of a span of time.
pub trait Bin: Copy {
    /// Takes what happened later in the same span.
    fn merge(&mut self, later: Self);
}

/// Values by time. When there would be too many spans, each two of them become one.
#[derive(Debug, Clone)]
pub struct Series<B> {
    most: i64,
    start: Option<Timestamp>,
    span_ns: i64,
    /// By the number of the span, in order.
    bins: Arc<Vec<(u32, B)>>,
    /// From when to when the last span of `bins` reaches: the next time is mostly in it, too.
    last: (i64, i64),
}

impl<B: Bin> Series<B> {
    /// An empty series of at most `most` spans.
    pub fn new(most: u32) -> Self {
        let most = i64::from(most.max(2));
        Self { most, start: None, span_ns: FIRST_SPAN_NS, bins: Arc::default(), last: (0, 0) }
    }

    /// When the first span begins.
    pub const fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// How long each span is, in nanoseconds.
    pub const fn span_ns(&self) -> i64 {
        self.span_ns
    }

    /// The spans in which something happened, by their numbers from the start on.
    pub fn bins(&self) -> &[(u32, B)] {
        &self.bins
    }

    /// [`Series::bins`], shared.
    pub fn shared_bins(&self) -> Arc<Vec<(u32, B)>> {
        Arc::clone(&self.bins)
    }

    /// Adds what happened at `at`. What lies before the first time counts as happened then.
    pub fn add(&mut self, at: Timestamp, value: B) {
        let start = *self.start.get_or_insert(at);
        let elapsed = at.since(start).max(0);
        let (from, to) = self.last;
        if (from..to).contains(&elapsed)
            && let Some((_, bin)) = Arc::make_mut(&mut self.bins).last_mut()
        {
            bin.merge(value);
            return;
        }
        self.add_elsewhere(elapsed, value);
    }

    /// Changes what is kept of each span.
    pub fn change(&mut self, mut change: impl FnMut(&mut B)) {
        if !self.bins.is_empty() {
            for (_, bin) in Arc::make_mut(&mut self.bins) {
                change(bin);
            }
        }
    }

    /// Adds to another span than the last one of `bins`.
    fn add_elsewhere(&mut self, elapsed: i64, value: B) {
        while elapsed / self.span_ns >= self.most {
            self.halve();
        }
        let number = elapsed / self.span_ns;
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let bins = Arc::make_mut(&mut self.bins);
        let index = bins.partition_point(|(before, _)| *before < number);
        match bins.get_mut(index) {
            Some((same, bin)) if *same == number => bin.merge(value),
            _ => bins.insert(index, (number, value)),
        }
        let last = bins.last().map_or(0, |(number, _)| i64::from(*number) * self.span_ns);
        self.last = (last, last.saturating_add(self.span_ns));
    }

    /// Joins each two spans into one.
    fn halve(&mut self) {
        self.span_ns = self.span_ns.saturating_mul(2);
        let bins = Arc::make_mut(&mut self.bins);
        for (number, _) in bins.iter_mut() {
            *number /= 2;
        }
        bins.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1.merge(later.1);
            }
            same
        });
    }
}

/// The lowest and the highest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The lowest.
    pub low: i64,
    /// The highest.
    pub high: i64,
}

impl Extent {
    /// Of no number.
    pub const NONE: Self = Self { low: i64::MAX, high: i64::MIN };

    /// Of one number.
    pub const fn of(number: i64) -> Self {
        Self { low: number, high: number }
    }

    /// Whether there is no number.
    pub const fn is_none(self) -> bool {
        self.low > self.high
    }

    /// Of the numbers of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// What was sent in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Bytes of payload, whatever became of them: throughput.
    pub payload: u64,
    /// Of those, bytes of the stream seen for the first time: goodput.
    pub new_data: u64,
    /// The most that was sent and not acknowledged at any time in it.
    pub max_in_flight: u64,
    /// Positions in the stream of bytes seen for the first time: the first, and one past the last.
    pub new: Extent,
    /// Positions in the stream of bytes that were carried before.
    pub resent: Extent,
}

impl Sent {
    /// Bytes without their positions.
    pub const fn bytes(payload: u64, new_data: u64, max_in_flight: u64) -> Self {
        Self { payload, new_data, max_in_flight, new: Extent::NONE, resent: Extent::NONE }
    }
}

impl Bin for Sent {
    fn merge(&mut self, later: Self) {
        self.payload += later.payload;
        self.new_data += later.new_data;
        self.max_in_flight = self.max_in_flight.max(later.max_in_flight);
        self.new = self.new.and(later.new);
        self.resent = self.resent.and(later.resent);
    }
}

impl Bin for Extent {
    fn merge(&mut self, later: Self) {
        *self = self.and(later);
    }
}

/// What a host acknowledged and offered at the data level in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acked {
    /// One past the last position that is acknowledged.
    pub end: i64,
    /// The receive window.
    pub window: Extent,
}

impl Bin for Acked {
    fn merge(&mut self, later: Self) {
        self.end = self.end.max(later.end);
        self.window = self.window.and(later.window);
    }
}

/// What one host sent on one subflow.
#[derive(Debug, Clone)]
pub struct SubflowSeries {
    /// Its payload.
    pub sent: Series<Sent>,
    /// Round trips in nanoseconds, by when they ended.
    pub rtt: Series<Extent>,
}

impl SubflowSeries {
    /// Of nothing, in at most `most` spans.
    pub fn new(most: u32) -> Self {
        Self { sent: Series::new(most), rtt: Series::new(most) }
    }
}

/// What one host sent on all subflows, and what its peer said to that.
#[derive(Debug, Clone)]
pub struct DataSeries {
    /// Its payload. In flight is what the data level has not acknowledged.
    pub sent: Series<Sent>,
    /// Round trips at the data level in nanoseconds, by when they ended.
    pub rtt: Series<Extent>,
    /// DATA_ACKs.
    pub acked: Series<Acked>,
}

impl DataSeries {
    /// Of nothing, in at most `most` spans.
    pub fn new(most: u32) -> Self {
        Self { sent: Series::new(most), rtt: Series::new(most), acked: Series::new(most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn sent(payload: u64, in_flight: u64) -> Sent {
        let new = Extent::of(in_flight.cast_signed());
        Sent { new, ..Sent::bytes(payload, payload, in_flight) }
    }

    #[test]
    fn spans_widen_and_keep_sums_and_peaks() {
        let mut series = Series::new(64);
        for step in 0..1000 {
            series.add(Timestamp(step * 10 * MS), sent(5, step.unsigned_abs()));
        }
        assert!(series.bins().len() <= 64);
        assert_eq!(series.span_ns(), 163_840_000);
        let bins = series.bins();
        assert_eq!(bins.iter().map(|(_, bin)| bin.payload).sum::<u64>(), 5_000);
        assert_eq!(bins.iter().map(|(_, bin)| bin.max_in_flight).max(), Some(999));
        assert_eq!(bins.last().unwrap().1.new, Extent { low: 984, high: 999 });
        assert!(bins.is_sorted_by_key(|(number, _)| *number));
    }

    #[test]
    fn silence_takes_no_memory() {
        let mut series = Series::new(512);
        series.add(Timestamp(0), Extent::of(1));
        series.add(Timestamp(i64::MAX), Extent::of(2));
        series.add(Timestamp(i64::MIN), Extent::of(3));
        assert_eq!(series.bins().len(), 2);
        assert_eq!(series.bins()[0].1, Extent { low: 1, high: 3 });
    }

    #[test]
    fn what_comes_late_goes_where_it_belongs() {
        let mut series = Series::new(512);
        for at in [0, 30_000, 10_000, 31_000, 12_000] {
            series.add(Timestamp(at), Extent::of(at));
        }
        let numbers: Vec<_> = series.bins().iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [0, 1, 3]);
        assert_eq!(series.bins()[1].1, Extent { low: 10_000, high: 12_000 });
        assert_eq!(series.bins()[2].1, Extent { low: 30_000, high: 31_000 });
    }

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut series = Series::new(512);
        series.add(Timestamp(0), Extent::of(1));
        let copy = series.clone();
        series.add(Timestamp(1), Extent::of(2));
        assert_eq!(copy.bins()[0].1, Extent::of(1));
        assert_eq!(series.bins()[0].1, Extent { low: 1, high: 2 });
    }
}
