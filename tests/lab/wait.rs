//! Waiting for something to happen, as long as a busy machine may need.

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `happened`; panics with what it was waiting for.
pub(crate) fn wait_for(what: &str, happened: impl FnMut() -> bool) {
    assert!(happens_within(PATIENCE, happened), "waited in vain for {what}");
}

/// Whether it happens in time.
pub(crate) fn happens_within(limit: Duration, mut happened: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if happened() {
            return true;
        }
        if start.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
