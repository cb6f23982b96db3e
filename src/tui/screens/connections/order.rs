//! Which connections are listed, and in which order.

use std::cmp::Reverse;

use crate::analyze::finding::Severity;
use crate::report::model::{Connection, Finding};
use crate::report::rows::ConnectionRow;
use crate::tui::shared::Shared;

/// The order of the connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// As they began.
    #[default]
    Start,
    /// The worst findings first.
    Findings,
    /// Most bytes first.
    Bytes,
    /// Longest first.
    Duration,
}

impl Sort {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Start => Self::Findings,
            Self::Findings => Self::Bytes,
            Self::Bytes => Self::Duration,
            Self::Duration => Self::Start,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Start => "by start",
            Self::Findings => "by findings",
            Self::Bytes => "by bytes",
            Self::Duration => "by duration",
        }
    }
}

/// The connections that the filter lets through, in this order.
pub(super) fn rows(shared: &Shared, sort: Sort) -> Vec<&Connection> {
    let here = |connection: &Connection| shared.findings_of(connection.id);
    let (all, filter) = (shared.all_connections().iter(), &shared.filter);
    let mut rows: Vec<_> = all
        .filter(|connection| {
            filter.is_empty()
                || filter.takes(&ConnectionRow::new(shared.report(), connection, here(connection)))
        })
        .collect();
    match sort {
        Sort::Start => {}
        Sort::Findings => rows.sort_by_cached_key(|row| Reverse(counts(here(row)))),
        Sort::Bytes => rows.sort_by_key(|row| Reverse(row.c2s.stream_bytes + row.s2c.stream_bytes)),
        Sort::Duration => rows.sort_by_key(|row| Reverse(row.duration_ns)),
    }
    rows
}

/// Errors, warnings and notes.
pub(super) fn counts(findings: &[Finding]) -> [usize; 3] {
    [Severity::Error, Severity::Warning, Severity::Note]
        .map(|severity| findings.iter().filter(|found| found.severity == severity).count())
}
