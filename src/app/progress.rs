//! A bar on standard error while long work goes on. Only a terminal gets one.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::units;

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// The state of the bar: none, not yet, or shown.
pub(super) enum Progress {
    Hidden,
    Waiting { since: Instant, bytes_total: Option<u64>, stage: &'static str },
    Shown { since: Instant, bar: ProgressBar, stage: &'static str },
}

impl Progress {
    /// A bar for an input of `bytes_total` bytes (`None`: not known), if somebody can see it and
    /// `wanted` says that it disturbs nothing.
    pub(super) fn new(bytes_total: Option<u64>, wanted: bool) -> Self {
        if wanted && stderr().is_terminal() {
            Self::Waiting { since: Instant::now(), bytes_total, stage: "" }
        } else {
            Self::Hidden
        }
    }

    /// It with words before what it shows, that say which part of the work this is.
    pub(super) fn of(mut self, words: &'static str) -> Self {
        if let Self::Waiting { stage, .. } | Self::Shown { stage, .. } = &mut self {
            *stage = words;
        }
        self
    }

    /// Shows how far the work is.
    pub(super) fn update(&mut self, bytes_read: u64, packets: u64) {
        match self {
            Self::Hidden => {}
            Self::Waiting { since, bytes_total, stage } => {
                if since.elapsed() >= PATIENCE {
                    let (since, bar, stage) = (*since, bar(*bytes_total), *stage);
                    show(&bar, stage, bytes_read, packets, since.elapsed());
                    *self = Self::Shown { since, bar, stage };
                }
            }
            Self::Shown { since, bar, stage } => {
                show(bar, stage, bytes_read, packets, since.elapsed());
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Self::Shown { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

/// The bar draws on standard error, and at most 20 times a second.
fn bar(bytes_total: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes_total {
        Some(total) => (ProgressBar::new(total), "{wide_bar} {msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
    };
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, stage: &str, bytes_read: u64, packets: u64, elapsed: Duration) {
    let message = message(bar.length(), bytes_read, packets, elapsed);
    bar.set_message(format!("{stage}{message}"));
    bar.set_position(bytes_read);
}

/// `109 MB of 278 MB · 288,670 packets/s · 2 s left`.
fn message(bytes_total: Option<u64>, bytes_read: u64, packets: u64, elapsed: Duration) -> String {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = packets.saturating_mul(1000) / milliseconds;
    let speed = format!("{} packets/s", units::count(per_second));
    let read = units::bytes(bytes_read);
    let Some(total) = bytes_total else {
        return format!("{read} read · {speed}");
    };
    let bytes_left = u128::from(total.saturating_sub(bytes_read));
    let milliseconds_left = bytes_left * u128::from(milliseconds) / u128::from(bytes_read.max(1));
    let seconds_left = i64::try_from(milliseconds_left.div_ceil(1000)).unwrap_or(i64::MAX);
    let left = units::duration(seconds_left.saturating_mul(1_000_000_000));
    format!("{read} of {} · {speed} · {left} left", units::bytes(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_tells_speed_and_time_left() {
        let elapsed = Duration::from_millis(500);
        let known = message(Some(4_000_000), 1_000_000, 50_000, elapsed);
        assert_eq!(known, "1 MB of 4 MB · 100,000 packets/s · 2 s left");
        let unknown = message(None, 1_000_000, 50_000, elapsed);
        assert_eq!(unknown, "1 MB read · 100,000 packets/s");
    }

    #[test]
    fn the_message_of_no_time_and_no_bytes() {
        let nothing = message(Some(10), 0, 0, Duration::ZERO);
        assert_eq!(nothing, "0 B of 10 B · 0 packets/s · 1 s left");
    }
}
