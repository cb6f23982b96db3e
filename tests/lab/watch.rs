//! A host under observation: its packets, its counters, its events; and what the report makes of
//! the packets.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use mptcpscope::internals::report::Report;

use super::analysis;
use super::capture::{Recorded, Recording};
use super::counters::{self, Difference};
use super::events::{self, Monitor};
use super::host::{Counters, Host};
use super::view::Side;

/// A host while something happens.
pub(crate) struct Watch {
    pub(crate) host: Arc<Host>,
    side: Side,
    recording: Recording,
    monitor: Monitor,
}

/// A host afterwards.
pub(crate) struct Watched {
    pub(crate) name: &'static str,
    side: Side,
    pub(crate) report: Report,
    pub(crate) recorded: Recorded,
    counters: Counters,
    facts: BTreeSet<String>,
}

impl Watch {
    /// Starts recording all that passes the host. `side` is its role in its connections.
    pub(crate) fn start(host: &Arc<Host>, side: Side, scratch: &Path) -> Self {
        let events = scratch.join(format!("{}.events", host.name));
        Self {
            host: Arc::clone(host),
            side,
            recording: Recording::start(host, "any", scratch),
            monitor: Monitor::start(host, &events),
        }
    }

    /// Waits until everything that has happened is recorded.
    pub(crate) fn catch_up(&mut self) {
        self.recording.catch_up(&self.host);
        self.monitor.catch_up(&self.host);
    }

    /// Asks for the end, which takes a moment.
    pub(crate) fn end(&self) {
        self.recording.end();
    }

    /// Waits for the end. `counters` are those at the time of the last `catch_up`.
    pub(crate) fn finish(self, counters: Counters) -> Watched {
        let facts = self.monitor.facts();
        let recorded = self.recording.stop();
        let report = analysis::report(&recorded);
        Watched { name: self.host.name, side: self.side, report, recorded, counters, facts }
    }
}

impl Watched {
    /// Counters that are not what the packets say.
    pub(crate) fn counter_differences(&self) -> Vec<Difference> {
        counters::differences(self.name, self.side, &self.report, &self.counters)
    }

    /// Events that only the kernel or only the report knows.
    pub(crate) fn event_differences(&self) -> Vec<String> {
        let packets = events::report_facts(self.side, &self.report);
        let only = |who: &'static str, left: &BTreeSet<String>, right: &BTreeSet<String>| {
            let tell = |fact| format!("{}: only the {who} says: {fact}", self.name);
            left.difference(right).map(tell).collect::<Vec<_>>()
        };
        let mut differences = only("kernel", &self.facts, &packets);
        differences.extend(only("report", &packets, &self.facts));
        differences
    }
}
