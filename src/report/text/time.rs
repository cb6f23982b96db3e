//! How moments are written: by the clock, since the beginning, or since the line before.

use jiff::Timestamp;

use crate::units;

/// What the time of an event is counted from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeStyle {
    /// Date and time of day, UTC.
    Absolute,
    /// Seconds since the first packet of the capture.
    #[default]
    Relative,
    /// Seconds since the line before.
    Delta,
}

/// Writes moments in one style.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    style: TimeStyle,
    /// The first packet, in nanoseconds since 1970; without it there is no time of day.
    start_ns: Option<i64>,
    /// Whether the capture goes past midnight, so that a time of day needs its date.
    with_date: bool,
}

impl Clock {
    /// A clock for a capture from `start_ns` on, as long as `duration_ns`.
    pub(super) fn new(style: TimeStyle, start_ns: Option<i64>, duration_ns: i64) -> Self {
        let day = |ns: i64| ns.div_euclid(86_400_000_000_000);
        let with_date =
            start_ns.is_some_and(|start| day(start) != day(start.saturating_add(duration_ns)));
        Self { style, start_ns, with_date }
    }

    /// The moments `t_ns`, each as it stands at the beginning of its line.
    pub(super) fn lines(&self, t_ns: impl Iterator<Item = i64>) -> Vec<String> {
        let mut before = None;
        t_ns.map(|t_ns| {
            let last = before.replace(t_ns).unwrap_or(t_ns);
            match (self.style, self.start_ns) {
                (TimeStyle::Absolute, Some(start)) => self.by_the_clock(start, t_ns),
                (TimeStyle::Delta, _) => {
                    let delta = t_ns.saturating_sub(last);
                    let sign = if delta < 0 { "" } else { "+" };
                    format!("{sign}{}", units::microseconds(delta))
                }
                _ => units::microseconds(t_ns),
            }
        })
        .collect()
    }

    fn by_the_clock(&self, start_ns: i64, t_ns: i64) -> String {
        let at = i128::from(start_ns) + i128::from(t_ns);
        let at = Timestamp::from_nanosecond(at).unwrap_or_default();
        let format = if self.with_date { "%Y-%m-%d %H:%M:%S%.6f" } else { "%H:%M:%S%.6f" };
        at.strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_NS: i64 = 86_400_000_000_000;

    fn written(style: TimeStyle, start_ns: Option<i64>, duration_ns: i64) -> Vec<String> {
        Clock::new(style, start_ns, duration_ns).lines([0, 44_000, 1_500_000_000].into_iter())
    }

    #[test]
    fn each_style() {
        assert_eq!(written(TimeStyle::Relative, None, 0), ["0.000000", "0.000044", "1.500000"]);
        assert_eq!(written(TimeStyle::Delta, None, 0), ["+0.000000", "+0.000044", "+1.499956"]);
        let start = Some(20_000 * DAY_NS + 3_600_000_000_000);
        assert_eq!(
            written(TimeStyle::Absolute, start, 2_000_000_000),
            ["01:00:00.000000", "01:00:00.000044", "01:00:01.500000"]
        );
    }

    #[test]
    fn past_midnight_the_date_is_there() {
        let start = Some(20_000 * DAY_NS - 1_000_000_000);
        let lines = written(TimeStyle::Absolute, start, 2_000_000_000);
        assert_eq!(lines[0], "2024-10-03 23:59:59.000000");
        assert_eq!(lines[2], "2024-10-04 00:00:00.500000");
    }

    #[test]
    fn without_a_start_there_is_no_time_of_day() {
        assert_eq!(written(TimeStyle::Absolute, None, 0)[1], "0.000044");
    }

    #[test]
    fn times_that_go_back() {
        let clock = Clock::new(TimeStyle::Delta, None, 0);
        assert_eq!(clock.lines([5_000, 2_000].into_iter()), ["+0.000000", "-0.000003"]);
    }
}
