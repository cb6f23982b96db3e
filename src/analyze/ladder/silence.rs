//! How long nothing must happen to be called silence.

/// Nothing shorter is silence: round trips and timers of TCP are of this order.
const SHORTEST_NS: i64 = 100_000_000;

/// How many times longer than usual a gap must be.
const TIMES: i64 = 10;

/// The gaps between packets, by the power of two below each.
#[derive(Debug, Clone)]
pub(super) struct Gaps {
    counts: [u64; 64],
    total: u64,
}

impl Default for Gaps {
    fn default() -> Self {
        Self { counts: [0; 64], total: 0 }
    }
}

impl Gaps {
    pub(super) fn add(&mut self, ns: i64) {
        let power = ns.max(1).ilog2() as usize;
        if let Some(count) = self.counts.get_mut(power) {
            *count += 1;
        }
        self.total += 1;
    }

    /// Gaps from this length on are silence. It moves in steps, so more packets seldom change it.
    pub(super) fn threshold(&self) -> i64 {
        let mut before = 0;
        let median = self.counts.iter().position(|count| {
            before += count;
            before * 2 > self.total
        });
        let median = 1i64.checked_shl(u32::try_from(median.unwrap_or(0)).unwrap_or(0));
        median.unwrap_or(i64::MAX).saturating_mul(TIMES).max(SHORTEST_NS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_longer_than_the_usual_gap() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.threshold(), SHORTEST_NS);
        gaps.add(-5);
        gaps.add(i64::MAX);
        assert_eq!(gaps.threshold(), i64::MAX, "one of two is endless");
        (0..10).for_each(|_| gaps.add(3_000_000));
        assert_eq!(gaps.threshold(), SHORTEST_NS);
        // A packet a second: that is no silence.
        (0..100).for_each(|_| gaps.add(1_000_000_000));
        assert_eq!(gaps.threshold(), (1 << 29) * TIMES);
    }
}
