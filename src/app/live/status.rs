//! What `live` says of itself on standard error: what it listens on, and, while nothing else is to be
//! seen, what it saw so far.
//!
//! On a terminal that is one line that is written over and over. Elsewhere it is a line now and then.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::{Duration, Instant};

use crate::app::output::to_stderr;
use crate::units;

/// How often the line on a terminal is written anew.
const REFRESH: Duration = Duration::from_millis(500);

/// How long nothing was to be seen before a line says what there was: at first, and after a minute.
const QUIET: Duration = Duration::from_secs(5);
const QUIET_LATER: Duration = Duration::from_mins(1);

/// Goes to the beginning of the line and clears it.
const CLEAR: &str = "\r\x1b[K";

/// What was seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) packets: u64,
    pub(super) connections: u64,
    /// 0 where some were forgotten.
    pub(super) subflows: u64,
    pub(super) dropped: u64,
}

/// The line, or the lines.
pub(super) struct StatusLine {
    is_terminal: bool,
    /// Lines of events go to the same terminal.
    shares_terminal: bool,
    is_shown: bool,
    began: Instant,
    /// When it is time to say something.
    due: Instant,
}

impl StatusLine {
    /// Nothing is shown yet.
    pub(super) fn new() -> Self {
        let is_terminal = stderr().is_terminal();
        let began = Instant::now();
        let due = began + if is_terminal { REFRESH } else { QUIET };
        let shares_terminal = is_terminal && stdout().is_terminal();
        Self { is_terminal, shares_terminal, is_shown: false, began, due }
    }

    /// Makes room for lines that are about to be written.
    pub(super) fn make_room(&mut self) {
        if self.shares_terminal {
            self.clear();
        }
        if !self.is_terminal {
            self.due = Instant::now() + self.quiet();
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            write(CLEAR);
        }
    }

    /// Says what was seen so far, if it is time.
    pub(super) fn update(&mut self, seen: Seen) {
        let now = Instant::now();
        if now < self.due {
            return;
        }
        let text = text(seen, self.began.elapsed());
        if self.is_terminal {
            // A narrow terminal cuts the line off, and does not break it.
            write(&format!("{CLEAR}\x1b[?7l{text}\x1b[?7h"));
            self.is_shown = true;
            self.due = now + REFRESH;
        } else {
            to_stderr(text);
            self.due = now + self.quiet();
        }
    }

    fn quiet(&self) -> Duration {
        if self.began.elapsed() < QUIET_LATER { QUIET } else { QUIET_LATER }
    }
}

/// Whoever has closed standard error wants to see nothing of it.
fn write(text: &str) {
    let mut err = stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// `12 s: 1,234 packets, 2 MPTCP connections, 3 subflows`.
fn text(seen: Seen, elapsed: Duration) -> String {
    let seconds = i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX);
    let mut parts = vec![units::counted(seen.packets, "packet")];
    if seen.connections > 0 {
        parts.push(units::counted(seen.connections, "MPTCP connection"));
        if seen.subflows > 0 {
            parts.push(units::counted(seen.subflows, "subflow"));
        }
    } else {
        parts.push("no MPTCP yet".to_owned());
    }
    if seen.dropped > 0 {
        parts.push(format!("{} dropped by the kernel", units::count(seen.dropped)));
    }
    let elapsed = units::duration(seconds.saturating_mul(1_000_000_000));
    format!("{elapsed}: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen() {
        let at = |seen| text(seen, Duration::from_millis(12_345));
        assert_eq!(at(Seen::default()), "12 s: no packets, no MPTCP yet");
        let some = Seen { packets: 1234, ..Seen::default() };
        assert_eq!(at(some), "12 s: 1,234 packets, no MPTCP yet");
        let more = Seen { connections: 1, subflows: 2, dropped: 7, ..some };
        assert_eq!(
            at(more),
            "12 s: 1,234 packets, 1 MPTCP connection, 2 subflows, 7 dropped by the kernel"
        );
    }
}
