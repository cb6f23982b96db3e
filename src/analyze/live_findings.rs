//! Findings while packets still come in: which of them open, and which close.
//!
//! A rule judges a connection as it is at the moment: a join that waits for its answer has no answer. So
//! a finding opens when two looks in a row have found it.

use std::collections::HashMap;

use super::finding::{Code, Confidence, Finding, Selection, Severity};
use super::{ConnectionContext, InputStats};
use crate::track::Trace;
use crate::track::connection::Connection;
use crate::track::role::Direction;
use crate::track::subflow::Subflow;
use crate::wire::frame::PacketNo;

/// Most connections that one look examines: packets must not wait for it.
const MOST: usize = 200;

/// A finding that opens or closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was found twice in a row.
    Opened(FindingKey, Box<Finding>),
    /// It was not found any more, or its connection was forgotten.
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

/// The findings that the last look found.
#[derive(Debug, Default)]
pub struct LiveFindings {
    looks: u64,
    of_capture: Vec<KnownFinding>,
    of_connections: HashMap<u64, ConnectionFindings>,
}

/// A finding of the last look, and whether it is open.
#[derive(Debug, Clone, Copy)]
struct KnownFinding {
    key: FindingKey,
    is_open: bool,
}

/// What is known of a connection.
#[derive(Debug, Default)]
struct ConnectionFindings {
    /// Its last packet then, and which look that was.
    last: PacketNo,
    look: u64,
    entries: Vec<KnownFinding>,
}

impl LiveFindings {
    /// Looks at the capture, and at the connections that had packets since. If these are too many, it
    /// takes the established ones first, and then those whose last look is longest ago.
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

    /// The last look examines everything, and opens what it finds at once.
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

    /// Whether a finding is waiting for the next look to confirm it.
    pub fn has_doubts(&self) -> bool {
        let of_connections = self.of_connections.values().flat_map(|known| &known.entries);
        self.of_capture.iter().chain(of_connections).any(|entry| !entry.is_open)
    }

    /// Forgets a connection, and closes the findings that are open on it.
    pub fn forget(&mut self, number: u64) -> Vec<Change> {
        let known = self.of_connections.remove(&number).unwrap_or_default();
        let open = known.entries.into_iter().filter(|entry| entry.is_open);
        open.map(|entry| Change::Closed(entry.key)).collect()
    }

    fn is_due(&self, connection: &Connection) -> bool {
        self.of_connections.get(&connection.number).is_none_or(|known| {
            known.last != connection.last.packet || known.entries.iter().any(|entry| !entry.is_open)
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
            let mut context =
                ConnectionContext::new(trace, inputs, wanted.host.as_ref(), connection);
            context.is_going_on = !sure;
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

/// Brings `entries` up to date with what was found now, and lists what opens and closes.
fn compare(
    entries: &mut Vec<KnownFinding>,
    found: Vec<(Option<u64>, Finding)>,
    sure: bool,
    changes: &mut Vec<Change>,
) {
    let mut before = std::mem::take(entries);
    for (connection, finding) in found {
        let key = FindingKey::new(connection, &finding);
        let known = before.iter().position(|entry| entry.key == key);
        let known = known.map(|index| before.swap_remove(index));
        let was_open = known.is_some_and(|entry| entry.is_open);
        let is_open = known.is_some() || sure;
        if is_open && !was_open {
            changes.push(Change::Opened(key, Box::new(finding)));
        }
        entries.push(KnownFinding { key, is_open });
    }
    let gone = before.into_iter().filter(|entry| entry.is_open);
    changes.extend(gone.map(|entry| Change::Closed(entry.key)));
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
    fn step(entries: &mut Vec<KnownFinding>, codes: &[Code], sure: bool) -> Vec<String> {
        let mut changes = Vec::new();
        compare(entries, found(codes), sure, &mut changes);
        let name = |change: &Change| match change {
            Change::Opened(key, _) => format!("+{}", key.code),
            Change::Closed(key) => format!("-{}", key.code),
        };
        changes.iter().map(name).collect()
    }

    #[test]
    fn what_two_looks_find_is_opened_and_closed_once() {
        let mut entries = Vec::new();
        let [join, reset] = [Code::JoinNoAnswer, Code::SubflowReset];
        assert_eq!(step(&mut entries, &[join], false), [""; 0], "the answer may be on its way");
        assert_eq!(step(&mut entries, &[join, reset], false), ["+join-no-answer"]);
        assert_eq!(step(&mut entries, &[join], false), [""; 0], "the reset was not open");
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
