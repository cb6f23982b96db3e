//! What there is to show, as of one moment.

use crate::report::Report;

/// Everything that the screens draw from.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Where it comes from.
    pub source: SourceFacts,
    /// The report so far.
    pub report: Option<Report>,
}

/// Where packets come from.
#[derive(Debug, Clone, Default)]
pub struct SourceFacts {
    /// Names of files or interfaces.
    pub title: String,
    /// How far it is.
    pub phase: Phase,
    /// Frames so far.
    pub frames: u64,
    /// What was skipped.
    pub notes: Vec<String>,
}

/// How far reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Octets read, of so many where that is known.
    Loading {
        /// Octets read.
        read: u64,
        /// Of these.
        total: Option<u64>,
    },
    /// All is read.
    Done,
    /// It goes on.
    Live {
        /// Packets that the kernel dropped.
        dropped: Option<u64>,
    },
}

impl Default for Phase {
    fn default() -> Self {
        Self::Loading { read: 0, total: None }
    }
}
