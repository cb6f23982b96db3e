//! How often there is a snapshot: often enough to look alive, seldom enough to cost little.

use std::time::{Duration, Instant};

/// Time between two snapshots, at least.
const INTERVAL: Duration = Duration::from_millis(250);

/// Of the time that a snapshot takes to build, so many times pass before the next one.
const REST: u32 = 9;

/// How long to wait for a packet before looking at everything else.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many packets of a file pass between two looks at the clock.
const PACKETS_PER_LOOK: u32 = 256;

/// When the next snapshot is due.
pub(super) struct Pace {
    is_live: bool,
    due: Instant,
    has_news: bool,
    looks: u32,
}

impl Pace {
    pub(super) fn new(is_live: bool) -> Self {
        Self { is_live, due: Instant::now() + INTERVAL, has_news: false, looks: 0 }
    }

    /// There is something that is in no snapshot yet.
    pub(super) const fn note_news(&mut self) {
        self.has_news = true;
    }

    /// How long there is nothing to do but to wait for packets.
    #[cfg_attr(not(any(feature = "live", test)), expect(dead_code, reason = "files do not wait"))]
    pub(super) fn patience(&self) -> Duration {
        if self.has_news {
            self.due.saturating_duration_since(Instant::now()).min(PATIENCE)
        } else {
            PATIENCE
        }
    }

    /// Whether it is time. Of files, which come as fast as they can be read, the clock is not looked
    /// at for every packet.
    pub(super) fn is_due(&mut self) -> bool {
        self.looks = self.looks.wrapping_add(1);
        let is_look = self.is_live || self.looks.is_multiple_of(PACKETS_PER_LOOK);
        self.has_news && is_look && Instant::now() >= self.due
    }

    /// A snapshot was built, from `start` to `end`.
    pub(super) fn rest(&mut self, start: Instant, end: Instant) {
        self.has_news = false;
        self.due = (start + INTERVAL).max(end + (end - start) * REST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn building_takes_a_tenth_of_the_time_at_most() {
        let mut pace = Pace::new(true);
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        pace.rest(start, after(1));
        assert_eq!(pace.due, after(250));
        pace.rest(start, after(100));
        assert_eq!(pace.due, after(1_000));
        assert!(!pace.is_due(), "nothing new");
        assert_eq!(pace.patience(), PATIENCE);
    }
}
