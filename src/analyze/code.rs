//! The codes of all findings: stable names, never used again for something else. What is known of each
//! stands in the table of `catalogue`.

use std::fmt;
use std::str::FromStr;

use super::catalogue::catalogue;
use Scope::{Capture, Connection, Subflow};

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A fact that explains other things.
    Note,
    /// MPTCP works, but not as its owner wants.
    Warning,
    /// MPTCP does not work, or data is damaged.
    Error,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The capture more than a connection: such findings stand first in a report.
    Capture,
    /// A connection as a whole: such findings name no subflow.
    Connection,
    /// A subflow, which the finding names unless it is about several.
    Subflow,
}

/// What a rule has to have before it can find anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// The packets of one capture.
    OneCapture,
    /// The packets of one capture. The settings and counters of one of the hosts tell more: they make
    /// the finding certain, or name its reason.
    HostCounters,
    /// Captures of the same packets at two places.
    TwoCaptures,
}

/// What the table says of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeInfo {
    /// Its name, in words with hyphens between them.
    pub name: &'static str,
    /// How bad it usually is.
    pub severity: Severity,
    /// What it is about.
    pub scope: Scope,
    /// Where the rule behind it stands; empty where no document has it.
    pub reference: &'static str,
    /// Whether it is raised only if asked for: healthy hosts do this.
    pub strict: bool,
    /// Whether it rests on a packet that was not seen: an answer, an option, a join on another path.
    /// Where the capture lacks packets it is no more than a note.
    pub doubtful: bool,
    /// What its rule needs.
    pub needs: Needs,
    /// The codes that it is an effect of. Of several causes the first one counts.
    pub because: &'static [Code],
    /// Whether it shows on another subflow than its cause, and after it.
    pub elsewhere: bool,
}

const fn note(scope: Scope, reference: &'static str) -> CodeInfo {
    CodeInfo {
        name: "",
        severity: Severity::Note,
        scope,
        reference,
        strict: false,
        doubtful: false,
        needs: Needs::OneCapture,
        because: &[],
        elsewhere: false,
    }
}

const fn warning(scope: Scope, reference: &'static str) -> CodeInfo {
    CodeInfo { severity: Severity::Warning, ..note(scope, reference) }
}

const fn error(scope: Scope, reference: &'static str) -> CodeInfo {
    CodeInfo { severity: Severity::Error, ..note(scope, reference) }
}

/// What explains a failed join: the connection had become plain TCP, or it explains the single path itself.
const AFTER_FALLBACK: &[Code] =
    &[Code::MpCapableAckLost, Code::DssMissingFallback, Code::InfiniteMapping, Code::SinglePath];

/// Joins that were refused at their SYN.
const REFUSED_AT_ONCE: &[Code] = &[
    Code::JoinRejected,
    Code::JoinUnknownToken,
    Code::JoinMisrouted,
    Code::JoinPortClosed,
    Code::JoinBlocked,
];

/// Failed joins, after which Linux sends everything in flight again; and data that stalls.
const MAPPED_AGAIN: &[Code] = &[
    Code::JoinRejected,
    Code::JoinUnknownToken,
    Code::JoinMisrouted,
    Code::JoinPortClosed,
    Code::JoinBlocked,
    Code::JoinAnsweredByPlainTcp,
    Code::JoinAckStripped,
    Code::JoinHmacMismatch,
    Code::SubflowWithoutMptcp,
    Code::DataStall,
];

impl CodeInfo {
    const fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    const fn doubtful(self) -> Self {
        Self { doubtful: true, ..self }
    }

    const fn host_too(self) -> Self {
        Self { needs: Needs::HostCounters, ..self }
    }

    const fn because(self, because: &'static [Code]) -> Self {
        Self { because, ..self }
    }

    const fn elsewhere(self) -> Self {
        Self { elsewhere: true, ..self }
    }
}

/// Declares the codes, each with what the table says of it.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $info:expr, [$($rule:expr),+];)+) => {
        /// What kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $code,)+
        }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// What the table says of it.
            pub const fn info(self) -> &'static CodeInfo {
                match self {
                    $(Self::$code => {
                        const INFO: CodeInfo = CodeInfo { name: $name, ..$info };
                        &INFO
                    })+
                }
            }
        }
    };
}

catalogue!(codes);

impl Code {
    /// Its name, in words with hyphens between them.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// How bad it usually is.
    pub const fn severity(self) -> Severity {
        self.info().severity
    }

    /// Where the rule behind it stands.
    pub const fn reference(self) -> &'static str {
        self.info().reference
    }

    /// Whether it is raised only if asked for: healthy hosts do this.
    pub const fn is_strict(self) -> bool {
        self.info().strict
    }

    /// Whether it is about the capture more than about a connection.
    pub fn is_of_capture(self) -> bool {
        self.info().scope == Capture
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no such code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCode;

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no finding is called that: `mptcpscope explain` lists them")
    }
}

impl std::error::Error for UnknownCode {}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().copied().find(|code| code.name() == name).ok_or(UnknownCode)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_kebab_case_and_different() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(code.name().chars().all(ok), "{code}");
            assert_eq!(code.name().parse(), Ok(*code));
        }
        assert_eq!("nonsense".parse::<Code>(), Err(UnknownCode));
    }

    /// Who reads `Code::CBitSet` finds it under `c-bit-set`.
    #[test]
    fn a_code_is_called_like_its_variant() {
        for code in Code::ALL {
            let variant = format!("{code:?}").to_ascii_lowercase();
            assert_eq!(variant, code.name().replace('-', ""));
        }
    }

    #[test]
    fn only_a_finding_on_one_subflow_shows_elsewhere() {
        for code in Code::ALL.iter().filter(|code| code.info().elsewhere) {
            assert_eq!(code.info().scope, Subflow, "{code}");
            assert!(!code.info().because.is_empty(), "{code} has no cause");
        }
    }

    /// Nothing but the letter of an RFC speaks against what they report.
    #[test]
    fn strict_findings_are_notes_with_a_reference() {
        for code in Code::ALL.iter().filter(|code| code.is_strict()) {
            assert_eq!(code.severity(), Severity::Note, "{code}");
            assert!(code.reference().starts_with("RFC "), "{code}");
        }
    }
}
