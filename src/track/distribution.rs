//! A distribution of durations in little memory: exact ends, quantiles to about 3 %.

use std::iter::repeat_n;

/// Each octave is split into 2^4 buckets.
const SUB_BITS: u32 = 4;

/// Durations below this many nanoseconds are not told apart in quantiles.
const FINEST_BITS: u32 = 10;

/// Durations that wait to be counted, so that many at once go to the counts, which stand elsewhere in
/// memory.
const WAITING: usize = 12;

/// Buckets that are added up at once: an octave.
const RUN: usize = 1 << SUB_BITS;

/// Counted durations in nanoseconds.
#[derive(Debug, Clone, Default)]
pub struct Distribution {
    count: u64,
    min: u64,
    max: u64,
    /// Buckets of the last durations, which are not in `counts` yet.
    waiting: [u16; WAITING],
    /// How many of these there are.
    waiting_len: u8,
    /// The bucket that `counts` begins with.
    first: u16,
    /// Of all buckets between the shortest duration and the longest one.
    counts: Vec<u32>,
}

impl Distribution {
    /// Adds a duration; a negative one, from clocks that disagree, is left out.
    #[inline]
    pub fn record(&mut self, duration_ns: i64) {
        let Ok(value) = u64::try_from(duration_ns) else { return };
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = self.max.max(value);
        self.count += 1;
        if usize::from(self.waiting_len) >= WAITING {
            self.count_waiting();
        }
        if let Some(waiting) = self.waiting.get_mut(usize::from(self.waiting_len)) {
            *waiting = bucket_of(value);
            self.waiting_len += 1;
        }
    }

    #[inline(never)]
    fn count_waiting(&mut self) {
        for bucket in self.waiting.into_iter().take(usize::from(self.waiting_len)) {
            let index = usize::from(bucket.wrapping_sub(self.first));
            if let Some(count) = self.counts.get_mut(index) {
                *count = count.saturating_add(1);
            } else {
                self.widen(bucket);
            }
        }
        self.waiting_len = 0;
    }

    /// Counts a duration outside the buckets so far.
    fn widen(&mut self, bucket: u16) {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        let before = self.first.saturating_sub(bucket);
        self.counts.splice(0..0, repeat_n(0, usize::from(before)));
        self.first -= before;
        let index = usize::from(bucket - self.first);
        if index >= self.counts.len() {
            // There are many of these lists, and they soon stop growing: no room for more.
            self.counts.reserve_exact(index + 1 - self.counts.len());
            self.counts.resize(index + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
    }

    /// How many durations were added.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The shortest; `None` without any.
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// The longest; `None` without any.
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The duration that `percent` of all do not exceed: the middle of its bucket.
    pub fn percentile(&self, percent: u8) -> Option<u64> {
        self.percentiles([percent]).map(|[only]| only)
    }

    /// The durations that so many percent of all do not exceed.
    pub fn percentiles<const N: usize>(&self, percents: [u8; N]) -> Option<[u64; N]> {
        let first = bucket_of(self.min()?);
        let counts = self.counts_from(first);
        Some(percents.map(|percent| {
            let rank = (self.count * u64::from(percent)).div_ceil(100).max(1);
            let bucket = u64::from(first) + index_of_rank(rank, &counts) as u64;
            middle_of(bucket).clamp(self.min, self.max)
        }))
    }

    /// How many durations are in each bucket from `first`, the one of the shortest.
    fn counts_from(&self, first: u16) -> Vec<[u32; RUN]> {
        let index = |bucket: u16| usize::from(bucket.saturating_sub(first));
        let len = index(bucket_of(self.max)) / RUN + 1;
        let mut runs: Vec<_> = repeat_n([0; RUN], len).collect();
        let all = runs.as_flattened_mut();
        let counted = all.get_mut(index(self.first)..).unwrap_or_default();
        for (all, counted) in counted.iter_mut().zip(&self.counts) {
            *all = *counted;
        }
        for bucket in self.waiting.iter().take(usize::from(self.waiting_len)) {
            if let Some(count) = all.get_mut(index(*bucket)) {
                *count = count.saturating_add(1);
            }
        }
        runs
    }
}

/// Where in `counts` the duration with this rank is, the shortest having rank 1.
fn index_of_rank(rank: u64, counts: &[[u32; RUN]]) -> usize {
    let mut before = 0;
    for (run, counts) in counts.iter().enumerate() {
        let here: u64 = counts.iter().copied().map(u64::from).sum();
        if before + here < rank {
            before += here;
            continue;
        }
        let is_reached = |count: &u32| {
            before += u64::from(*count);
            before >= rank
        };
        return run * RUN + counts.iter().position(is_reached).unwrap_or(RUN);
    }
    counts.len() * RUN
}

fn bucket_of(value: u64) -> u16 {
    let value = value >> FINEST_BITS;
    let octave = (u64::BITS - value.leading_zeros()).saturating_sub(SUB_BITS + 1);
    let within = value >> octave;
    // Fewer than 50 octaves of 16 buckets each.
    u16::try_from((u64::from(octave) << SUB_BITS) + within).unwrap_or(u16::MAX)
}

const fn middle_of(bucket: u64) -> u64 {
    let octave = (bucket >> SUB_BITS).saturating_sub(1);
    let within = bucket - (octave << SUB_BITS);
    ((within << octave) << FINEST_BITS) + ((1 << (octave + FINEST_BITS as u64)) >> 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_recorded_is_nothing_known() {
        let distribution = Distribution::default();
        assert_eq!((distribution.min(), distribution.percentile(50)), (None, None));
    }

    #[test]
    fn the_ends_are_exact() {
        let mut distribution = Distribution::default();
        for value in [3_000_000, 1_234_567, 9_876_543, -5] {
            distribution.record(value);
        }
        assert_eq!(distribution.count(), 3);
        assert_eq!(distribution.min(), Some(1_234_567));
        assert_eq!(distribution.max(), Some(9_876_543));
    }

    proptest! {
        #[test]
        fn quantiles_are_near(mut values in prop::collection::vec(0i64..1 << 40, 1..200), percent in 0u8..=100) {
            let mut distribution = Distribution::default();
            for value in &values {
                distribution.record(*value);
            }
            values.sort_unstable();
            let rank = (values.len() * usize::from(percent)).div_ceil(100).max(1);
            let exact = values[rank - 1].cast_unsigned();
            let found = distribution.percentile(percent).unwrap();
            prop_assert!(found.abs_diff(exact) <= exact / 32 + 1024, "{found} for {exact}");
        }
    }
}
