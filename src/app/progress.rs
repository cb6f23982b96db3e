//! A bar on standard error while long work goes on. Only a terminal gets one.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// The state of the bar: none, not yet, or shown.
pub(super) enum Progress {
    Hidden,
    Waiting { since: Instant, bytes_total: Option<u64> },
    Shown { since: Instant, bar: ProgressBar },
}

impl Progress {
    /// A bar for an input of `bytes_total` octets (`None`: not known), if somebody can see it and
    /// `wanted` says that it disturbs nothing.
    pub(super) fn new(bytes_total: Option<u64>, wanted: bool) -> Self {
        if wanted && stderr().is_terminal() {
            Self::Waiting { since: Instant::now(), bytes_total }
        } else {
            Self::Hidden
        }
    }

    /// Shows how far the work is.
    pub(super) fn update(&mut self, bytes_read: u64, packets: u64) {
        match self {
            Self::Hidden => {}
            Self::Waiting { since, bytes_total } => {
                if since.elapsed() >= PATIENCE {
                    let (since, bar) = (*since, bar(*bytes_total, *since));
                    show(&bar, bytes_read, packets, since.elapsed());
                    *self = Self::Shown { since, bar };
                }
            }
            Self::Shown { since, bar } => show(bar, bytes_read, packets, since.elapsed()),
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
fn bar(bytes_total: Option<u64>, since: Instant) -> ProgressBar {
    let (bar, template) = match bytes_total {
        Some(total) => {
            (ProgressBar::new(total), "{wide_bar} {bytes} of {total_bytes} · {msg} · {eta} left")
        }
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} read · {msg} · {elapsed}"),
    };
    let style = ProgressStyle::with_template(template);
    bar.with_elapsed(since.elapsed())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, bytes_read: u64, packets: u64, elapsed: Duration) {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = packets.saturating_mul(1000) / milliseconds;
    bar.set_message(format!("{} packets/s", indicatif::HumanCount(per_second)));
    bar.set_position(bytes_read);
}
