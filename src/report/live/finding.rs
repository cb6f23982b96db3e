//! Findings that begin to hold, or no longer do.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analyze::finding::{Code, Confidence, Severity};
use crate::analyze::live_findings::{Change, FindingKey};
use crate::report::model::Finding;
use crate::track::Trace;
use crate::track::role::Direction;
use crate::wire::frame::Timestamp;

/// A finding that began to hold, or does no more.
///
/// Of several alike each has its own line. One that becomes more certain, or worse, ends and begins.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FindingLine {
    /// Nanoseconds since the first packet, at the look that found it. Since when it holds, and which
    /// packets prove it, is in `finding`.
    pub t_ns: i64,
    /// What became of it.
    pub change: FindingChange,
    /// Number of the connection; null for one about the capture.
    pub connection: Option<u64>,
    /// Stable name.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Number of the subflow.
    pub subflow: Option<u32>,
    /// Direction at connection level.
    pub direction: Option<Direction>,
    /// All of it, as in the report; null when it closes.
    pub finding: Option<Finding>,
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingChange {
    /// It holds.
    Opened,
    /// It does no more, or its connection was forgotten.
    Closed,
}

impl FindingLine {
    /// The line of a change at the time `t_ns`; `origin` is the time of the first packet.
    pub fn new(change: Change, trace: Trace<'_>, origin: Timestamp, t_ns: i64) -> Self {
        let (change, key, finding) = match change {
            Change::Opened(key, finding) => (FindingChange::Opened, key, Some(*finding)),
            Change::Closed(key) => (FindingChange::Closed, key, None),
        };
        let FindingKey { connection, code, severity, confidence, subflow, direction } = key;
        let finding = finding
            .map(|finding| Finding { connection, ..Finding::of_origin(trace, origin, finding) });
        Self { t_ns, change, connection, code, severity, confidence, subflow, direction, finding }
    }
}
