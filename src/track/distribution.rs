//! A distribution of durations in little memory: exact ends, quantiles to about 1.6 %.

/// Each octave is split into 2^5 buckets.
const SUB_BITS: u32 = 5;

/// Counted durations in nanoseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distribution {
    count: u64,
    min: u64,
    max: u64,
    /// Bucket and count, in the order of buckets; only the buckets that have any.
    buckets: Vec<(u16, u32)>,
    /// Index of the bucket that was counted last: the next one is often the same.
    last: u32,
}

impl Distribution {
    /// Adds a duration; a negative one, from clocks that disagree, is left out.
    pub fn record(&mut self, duration_ns: i64) {
        let Ok(value) = u64::try_from(duration_ns) else { return };
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = self.max.max(value);
        self.count += 1;
        let bucket = bucket_of(value);
        if let Some((same, count)) = self.buckets.get_mut(self.last as usize)
            && *same == bucket
        {
            *count = count.saturating_add(1);
            return;
        }
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(index) => {
                if let Some((_, count)) = self.buckets.get_mut(index) {
                    *count = count.saturating_add(1);
                }
            }
            Err(index) => self.buckets.insert(index, (bucket, 1)),
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
        if self.count == 0 {
            return None;
        }
        let wanted = (self.count * u64::from(percent)).div_ceil(100).max(1);
        let mut counted = 0;
        let found = self.buckets.iter().find(|(_, count)| {
            counted += u64::from(*count);
            counted >= wanted
        });
        found.map(|(bucket, _)| middle_of(*bucket).clamp(self.min, self.max))
    }
}

fn bucket_of(value: u64) -> u16 {
    let octave = (u64::BITS - value.leading_zeros()).saturating_sub(SUB_BITS + 1);
    let within = value >> octave;
    // At most 59 octaves above the first, of 32 buckets each.
    u16::try_from((u64::from(octave) << SUB_BITS) + within).unwrap_or(u16::MAX)
}

fn middle_of(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    let octave = (bucket >> SUB_BITS).saturating_sub(1);
    let within = bucket - (octave << SUB_BITS);
    (within << octave) + ((1 << octave) >> 1)
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
            prop_assert!(found.abs_diff(exact) <= exact / 64 + 1, "{found} for {exact}");
        }
    }
}
