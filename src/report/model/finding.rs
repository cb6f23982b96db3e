//! Findings, as the report lists them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::build::Context;
use crate::analyze::InputStats;
use crate::analyze::finding::{self, Code, Confidence, Param, Severity};
use crate::track::Trace;
use crate::track::role::Direction;
use crate::wire::frame::Timestamp;

/// One diagnosis.
///
/// ```json
/// {"code": "add-addr-no-space", "severity": "warning", "confidence": "likely", "connection": 0,
///  "subflow": null, "direction": null, "t_ns": 0, "packets": [12], "count": 1, "because": null,
///  "summary": "…", "why": null, "advice": "…", "reference": "RFC 8684 §3.4.1", "wireshark_filter": null,
///  "params": {}}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// Stable name.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// ID of the connection.
    pub connection: Option<u64>,
    /// ID of the subflow.
    pub subflow: Option<u32>,
    /// Direction at connection level.
    pub direction: Option<Direction>,
    /// When.
    pub t_ns: Option<i64>,
    /// The packets that prove it.
    pub packets: Vec<u64>,
    /// How often.
    pub count: u64,
    /// Code of the finding that this one stands under: its cause, or what it is a part of.
    pub because: Option<Code>,
    /// What is the matter, in one sentence.
    pub summary: String,
    /// What is behind it: how it came about, or why it matters.
    pub why: Option<String>,
    /// What to do.
    pub advice: Option<String>,
    /// Where the rule stands.
    pub reference: Option<String>,
    /// A display filter that shows the packets.
    pub wireshark_filter: Option<String>,
    /// The values in the summary.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub params: BTreeMap<&'static str, Param>,
}

impl Finding {
    /// A finding on what `trace` holds; `origin` is the time of the first packet.
    pub(in crate::layers::report) fn of_origin(
        trace: Trace<'_>,
        origin: Timestamp,
        finding: finding::Finding,
    ) -> Self {
        let first = InputStats { first: Some(origin), ..InputStats::default() };
        Self::build(&Context::new(&trace, &[first], None), finding)
    }

    pub(super) fn build(context: &Context<'_>, finding: finding::Finding) -> Self {
        let reference = finding.code.reference();
        Self {
            code: finding.code,
            severity: finding.severity,
            confidence: finding.confidence,
            connection: finding.connection.map(|number| number as u64),
            subflow: finding.subflow,
            direction: finding.direction,
            t_ns: finding.at.map(|at| context.t_ns(at)),
            packets: finding.packets.into_iter().map(|packet| context.packet(packet)).collect(),
            count: finding.count,
            because: finding.because,
            summary: finding.summary,
            why: finding.why,
            advice: finding.advice,
            reference: (!reference.is_empty()).then(|| reference.to_owned()),
            wireshark_filter: finding.wireshark_filter,
            params: finding.params.into_iter().collect(),
        }
    }
}
