//! Findings, as the report lists them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::event::Direction;

/// One diagnosis.
///
/// ```json
/// {"code": "add-addr-no-space", "severity": "warning", "confidence": "likely", "connection": 0,
///  "subflow": null, "direction": null, "t_ns": 0, "packets": [12], "count": 1, "because": null,
///  "summary": "…", "advice": "…", "reference": "RFC 8684 §3.4.1", "wireshark_filter": null,
///  "params": {}}
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// Stable name.
    pub code: String,
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
    /// Code of the finding that explains this one.
    pub because: Option<String>,
    /// What is the matter, in one sentence.
    pub summary: String,
    /// What to do.
    pub advice: Option<String>,
    /// Where the rule stands.
    pub reference: Option<String>,
    /// A display filter that shows the packets.
    pub wireshark_filter: Option<String>,
    /// The values in the summary.
    pub params: serde_json::Map<String, serde_json::Value>,
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A fact that explains other things.
    Note,
    /// MPTCP works, but not as its owner wants.
    Warning,
    /// MPTCP does not work, or data is damaged.
    Error,
}

/// How sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The packets prove it.
    Certain,
    /// The best explanation.
    Likely,
    /// One explanation.
    Possible,
}
