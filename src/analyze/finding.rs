//! A finding: what is the matter, how bad it is, how sure that is, and what to do about it.

use crate::host::HostSnapshot;
use crate::track::role::{Direction, Role};
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::wire::frame::{PacketNo, Timestamp};

pub use super::code::{Code, CodeInfo, Needs, Scope, Severity};

/// Most packets that a finding lists.
pub const MAX_PACKETS: usize = 16;

/// How sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// One explanation among others.
    Possible,
    /// The best explanation; the advice names others.
    Likely,
    /// The packets prove it.
    Certain,
}

/// A value that a summary names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Param {
    /// A number: bytes, nanoseconds, a count, an ID.
    Number(u64),
    /// Anything else.
    Text(String),
}

impl From<u64> for Param {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Param {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u8> for Param {
    fn from(number: u8) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Param {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// One diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Number of the connection, by the order of [`crate::track::Trace::connections`].
    pub connection: Option<usize>,
    /// Number of the subflow.
    pub subflow: Option<u32>,
    /// Who sent what it is about.
    pub direction: Option<Direction>,
    /// When it began.
    pub at: Option<Timestamp>,
    /// The first packets that prove it, at most [`MAX_PACKETS`].
    pub packets: Vec<PacketNo>,
    /// How often.
    pub count: u64,
    /// The finding that this one is an effect of.
    pub because: Option<Code>,
    /// Whether it is told only if asked for: healthy hosts do this.
    pub strict: bool,
    /// What is the matter, with the values in question: one sentence.
    pub summary: String,
    /// What is behind it: how it came about, or why it matters.
    pub why: Option<String>,
    /// What to check or to change.
    pub advice: Option<String>,
    /// A Wireshark display filter that shows the packets.
    pub wireshark_filter: Option<String>,
    /// The values of the summary, by name.
    pub params: Vec<(&'static str, Param)>,
}

impl Finding {
    /// A certain finding of its code's usual severity, about nothing in particular yet.
    pub fn new(code: Code, summary: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            confidence: Confidence::Certain,
            connection: None,
            subflow: None,
            direction: None,
            at: None,
            packets: Vec::new(),
            count: 1,
            because: None,
            strict: code.is_strict(),
            summary: summary.into(),
            why: None,
            advice: None,
            wireshark_filter: None,
            params: Vec::new(),
        }
    }

    /// With another severity.
    #[must_use]
    pub const fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// With another confidence.
    #[must_use]
    pub const fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// What a stack has for a habit: told only if asked for.
    #[must_use]
    pub const fn habit(mut self) -> Self {
        self.strict = true;
        self
    }

    /// About a subflow.
    #[must_use]
    pub const fn on(mut self, subflow: &Subflow) -> Self {
        self.subflow = Some(subflow.number);
        self
    }

    /// About a subflow, if it is the only one.
    #[must_use]
    pub const fn on_only(self, subflows: &[&Subflow]) -> Self {
        if let [only] = subflows { self.on(only) } else { self }
    }

    /// About what `sender` sent.
    #[must_use]
    pub const fn from(mut self, sender: Role) -> Self {
        self.direction = Some(sender.sends());
        self
    }

    /// Proved by these, in the order of time; the first one says when.
    #[must_use]
    pub fn seen(mut self, evidence: impl IntoIterator<Item = PacketStamp>) -> Self {
        for seen in evidence {
            self.at = Some(self.at.map_or(seen.at, |at| at.min(seen.at)));
            if self.packets.len() < MAX_PACKETS && !self.packets.contains(&seen.packet) {
                self.packets.push(seen.packet);
            }
        }
        self.packets.sort_unstable();
        self
    }

    /// Found so many times.
    #[must_use]
    pub const fn times(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// With what is behind it.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// With something to do about it.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// With a value that the summary names.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Param>) -> Self {
        self.params.push((name, value.into()));
        self
    }

    /// The number of that name in its summary.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.params.iter().find_map(|(known, value)| match value {
            Param::Number(number) if *known == name => Some(*number),
            _ => None,
        })
    }

    /// The words of that name in its summary.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.params.iter().find_map(|(known, value)| match value {
            Param::Text(text) if *known == name => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Which findings are wanted, and what the rules know besides the packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Also the notes that are off by default: what healthy hosts do against the letter of the RFC.
    pub strict: bool,
    /// Nothing below this.
    pub min_severity: Severity,
    /// Only these, where there are any.
    pub only: Vec<Code>,
    /// None of these.
    pub ignore: Vec<Code>,
    /// What a host says of itself, for the connections that it takes part in. Its counters count from the
    /// beginning of the capture where that is known ([`HostSnapshot::since`]).
    pub host: Option<HostSnapshot>,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            strict: false,
            min_severity: Severity::Note,
            only: Vec::new(),
            ignore: Vec::new(),
            host: None,
        }
    }
}

impl Selection {
    /// Whether `finding` is wanted. A code that is named is wanted even if it is off by default.
    pub fn includes(&self, finding: &Finding) -> bool {
        let named = self.only.contains(&finding.code);
        let on = named || (self.only.is_empty() && (self.strict || !finding.strict));
        on && finding.severity >= self.min_severity && !self.ignore.contains(&finding.code)
    }
}
