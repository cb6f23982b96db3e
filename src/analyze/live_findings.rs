//! Findings while packets still come in: which begin to hold, and which no longer do.
//!
//! A rule speaks of a connection as it is so far: a join that waits for its answer is one without an
//! answer. So a finding is opened when two looks in a row have found it.

use std::collections::HashMap;

use super::finding::{Code, Confidence, Finding, Selection, Severity};
use super::{ConnectionContext, InputStats};
use crate::track::Trace;
use crate::track::connection::Connection;
use crate::track::role::Direction;
use crate::track::subflow::Subflow;
use crate::wire::frame::PacketNo;

/// Most connections of one look: it must not hold up the packets that come meanwhile.
const MOST: usize = 200;

/// Something that became of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It holds.
    Opened(FindingKey, Box<Finding>),
    /// It does no more, or its connection was forgotten.
    Closed(FindingKey),
}

/// What a finding is recognised by at the next look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingKey {
    /// [`Connection::number`].
    pub connection: Option<u64>,
    /// What kind.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Number of the subflow.
    pub subflow: Option<u32>,
    /// Who sent what it is about.
    pub direction: Option<Direction>,
}

/// Knows what held at the last look.
#[derive(Debug, Default)]
pub struct LiveFindings {
    looks: u64,
    of_capture: Vec<HeldFinding>,
    of_connections: HashMap<u64, ConnectionFindings>,
}

/// A finding, and whether it was told.
#[derive(Debug, Clone, Copy)]
struct HeldFinding {
    held: FindingKey,
    told: bool,
}

/// What is known of a connection.
#[derive(Debug, Default)]
struct ConnectionFindings {
    /// Its last packet then, and which look that was.
    last: PacketNo,
    look: u64,
    entries: Vec<HeldFinding>,
}

impl LiveFindings {
    /// Looks at the capture, and at connections that have moved; if they are many, at a part of
    /// them: those that got through first, then those that waited longest.
    pub fn look(
        &mut self,
        trace: Trace<'_>,
        inputs: &[InputStats],
        wanted: &Selection,
    ) -> Vec<Change> {
        let connections = trace.connections();
        let mut due: Vec<_> =
            (0..).zip(&connections).filter(|(_, connection)| self.is_due(connection)).collect();
        due.sort_by_cached_key(|(_, connection)| {
            let is_confirmed = trace.subflows(connection).any(Subflow::is_confirmed);
            let looked = self.of_connections.get(&connection.number).map_or(0, |known| known.look);
            (!is_confirmed, looked)
        });
        due.truncate(MOST);
        self.look_at(trace, inputs, wanted, &connections, due, false)
    }

    /// The last look: at everything, and what it finds is opened at once.
    pub fn finish(
        &mut self,
        trace: Trace<'_>,
        inputs: &[InputStats],
        wanted: &Selection,
    ) -> Vec<Change> {
        let connections = trace.connections();
        let all = (0..).zip(&connections).collect();
        self.look_at(trace, inputs, wanted, &connections, all, true)
    }

    /// Whether there may be an unconfirmed finding: the next look tells it, or not.
    pub fn has_doubts(&self) -> bool {
        let of_connections = self.of_connections.values().flat_map(|known| &known.entries);
        self.of_capture.iter().chain(of_connections).any(|entry| !entry.told)
    }

    /// Forgets a connection; the findings that were open on it end with it.
    pub fn forget(&mut self, number: u64) -> Vec<Change> {
        let known = self.of_connections.remove(&number).unwrap_or_default();
        let told = known.entries.into_iter().filter(|entry| entry.told);
        told.map(|entry| Change::Closed(entry.held)).collect()
    }

    fn is_due(&self, connection: &Connection) -> bool {
        self.of_connections.get(&connection.number).is_none_or(|known| {
            known.last != connection.last.packet || known.entries.iter().any(|entry| !entry.told)
        })
    }

    fn look_at(
        &mut self,
        trace: Trace<'_>,
        inputs: &[InputStats],
        wanted: &Selection,
        connections: &[&Connection],
        due: Vec<(usize, &&Connection)>,
        sure: bool,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        self.looks += 1;
        let found = super::of_capture(trace, inputs, wanted);
        let number = |finding: &Finding| Some(connections.get(finding.connection?)?.number);
        let found = found.into_iter().map(|finding| (number(&finding), finding)).collect();
        compare(&mut self.of_capture, found, sure, &mut changes);
        for (index, connection) in due {
            let context = ConnectionContext::new(trace, inputs, wanted.host.as_ref(), connection);
            let found = super::of_connection(&context, index, wanted).findings;
            let number = connection.number;
            let found: Vec<_> = found.into_iter().map(|finding| (Some(number), finding)).collect();
            let known = self.of_connections.entry(number).or_default();
            known.last = connection.last.packet;
            known.look = self.looks;
            compare(&mut known.entries, found, sure, &mut changes);
        }
        changes
    }
}

/// Brings `entries` up to date with what was found now.
fn compare(
    entries: &mut Vec<HeldFinding>,
    found: Vec<(Option<u64>, Finding)>,
    sure: bool,
    changes: &mut Vec<Change>,
) {
    let mut before = std::mem::take(entries);
    for (connection, finding) in found {
        let held = FindingKey::new(connection, &finding);
        let known = before.iter().position(|entry| entry.held == held);
        let known = known.map(|index| before.swap_remove(index));
        let is_told = known.is_some_and(|entry| entry.told);
        let told = known.is_some() || sure;
        if told && !is_told {
            changes.push(Change::Opened(held, Box::new(finding)));
        }
        entries.push(HeldFinding { held, told });
    }
    let gone = before.into_iter().filter(|entry| entry.told);
    changes.extend(gone.map(|entry| Change::Closed(entry.held)));
}

impl FindingKey {
    fn new(connection: Option<u64>, finding: &Finding) -> Self {
        Self {
            connection,
            code: finding.code,
            severity: finding.severity,
            confidence: finding.confidence,
            subflow: finding.subflow,
            direction: finding.direction,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(codes: &[Code]) -> Vec<(Option<u64>, Finding)> {
        codes.iter().map(|code| (Some(7), Finding::new(*code, ""))).collect()
    }

    /// What a look at these codes changes: `+code` and `-code`.
    fn step(entries: &mut Vec<HeldFinding>, codes: &[Code], sure: bool) -> Vec<String> {
        let mut changes = Vec::new();
        compare(entries, found(codes), sure, &mut changes);
        let name = |change: &Change| match change {
            Change::Opened(held, _) => format!("+{}", held.code),
            Change::Closed(held) => format!("-{}", held.code),
        };
        changes.iter().map(name).collect()
    }

    #[test]
    fn what_two_looks_find_is_opened_and_closed_once() {
        let mut entries = Vec::new();
        let [join, reset] = [Code::JoinNoAnswer, Code::SubflowReset];
        assert_eq!(step(&mut entries, &[join], false), [""; 0], "the answer may be on its way");
        assert_eq!(step(&mut entries, &[join, reset], false), ["+join-no-answer"]);
        assert_eq!(step(&mut entries, &[join], false), [""; 0], "nobody was told of the reset");
        assert_eq!(step(&mut entries, &[], false), ["-join-no-answer"]);
        assert!(entries.is_empty());
    }

    #[test]
    fn several_alike_are_counted() {
        let mut entries = Vec::new();
        let join = Code::JoinNoAnswer;
        assert_eq!(step(&mut entries, &[join], true), ["+join-no-answer"]);
        assert_eq!(step(&mut entries, &[join, join], true), ["+join-no-answer"]);
        assert_eq!(step(&mut entries, &[join], true), ["-join-no-answer"]);
    }
}
