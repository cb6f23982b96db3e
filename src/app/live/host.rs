//! The host that packets are captured on.

use crate::host::{HostReader, HostSnapshot};

/// What the host said when the capture began, and what it said last.
pub(in crate::layers::app) struct LocalHost {
    reader: HostReader,
    start: HostSnapshot,
    now: HostSnapshot,
}

impl LocalHost {
    /// Opens everything and reads it for the first time.
    pub(in crate::layers::app) fn open() -> Self {
        let mut reader = HostReader::open();
        let start = reader.read();
        let now = start.clone().since(&start);
        Self { reader, start, now }
    }

    /// Reads it again.
    pub(in crate::layers::app) fn look(&mut self) {
        self.now = self.reader.read().since(&self.start);
    }

    /// What it said last.
    pub(in crate::layers::app) const fn now(&self) -> &HostSnapshot {
        &self.now
    }
}
