//! In which order connections are shown: the worst first, then those with the most data.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::analyze::finding::Severity;
use crate::analyze::state::ConnectionState;
use crate::report::model::{Connection, Finding, Report};

/// A connection with the findings on it.
pub(super) struct Ranked<'a> {
    pub(super) connection: &'a Connection,
    pub(super) findings: Vec<&'a Finding>,
}

impl Ranked<'_> {
    /// Whether it has a warning or an error.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.worst() >= Some(Severity::Warning)
    }

    /// Whether it is nothing but the beginning of a handshake, of which there is nothing to say.
    pub(super) fn is_half_open(&self) -> bool {
        let is_open = self.connection.state == ConnectionState::Handshaking;
        is_open && self.findings.is_empty() && self.bytes() == 0
    }

    fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|found| found.severity).max()
    }

    fn bytes(&self) -> u64 {
        self.connection.c2s.stream_bytes + self.connection.s2c.stream_bytes
    }
}

/// All connections of a report, in the order in which they are shown.
pub(super) fn rank(report: &Report) -> Vec<Ranked<'_>> {
    let mut of_connections: HashMap<u64, Vec<&Finding>> = HashMap::new();
    for found in &report.findings {
        if let Some(connection) = found.connection {
            of_connections.entry(connection).or_default().push(found);
        }
    }
    let connections = report.connections.iter();
    let mut ranked: Vec<_> = connections
        .map(|connection| {
            let findings = of_connections.remove(&connection.id).unwrap_or_default();
            Ranked { connection, findings }
        })
        .collect();
    // The sort is stable: equals stay in the order of their first packets.
    ranked.sort_by_cached_key(|ranked| Reverse((ranked.worst(), ranked.bytes())));
    ranked
}
