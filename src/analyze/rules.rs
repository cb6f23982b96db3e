//! The rules, by theme: what finds what stands in the table of `catalogue`.
//!
//! A rule looks at one connection (or at the capture) as it is so far, and returns what it finds. It
//! knows nothing of other rules: `root_cause` says afterwards what follows from what.

mod addresses;
mod capture;
mod close;
mod context;
mod data;
mod fallback;
mod handshake;
mod host;
mod joins;
mod option_space;
pub(super) mod paths;
mod proofs;
mod retries;
mod signals;
mod tokens;
mod violations;
mod words;

pub use context::{AddressVerdict, ConnectionContext};

use super::catalogue::catalogue;
use super::finding::{Code, Finding};
use crate::track::Trace;
use Apply::{Each, Last, Whole};

/// What is known of an input beside its packets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputStats {
    /// The path as the user gave it.
    pub path: String,
    /// Frames read.
    pub packets: u64,
    /// Frames cut by the snap length.
    pub truncated: u64,
    /// Frames that the kernel dropped.
    pub dropped: u64,
    /// Frames that another interface or input had too.
    pub duplicates: u64,
}

/// What a rule sees of the capture as a whole.
pub struct WholeCapture<'a> {
    /// Everything.
    pub trace: Trace<'a>,
    /// What is known of the inputs.
    pub inputs: &'a [InputStats],
}

/// A rule, and the code of what it finds.
pub struct Rule {
    /// What it finds.
    pub code: Code,
    /// How.
    pub apply: Apply,
}

impl Rule {
    /// Adds what it found to what others found.
    pub(super) fn add(&self, own: Vec<Finding>, found: &mut Vec<Finding>) {
        debug_assert!(own.iter().all(|finding| finding.code == self.code), "{}", self.code);
        found.extend(own);
    }
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum Apply {
    /// Each connection.
    Each(fn(&ConnectionContext<'_>) -> Vec<Finding>),
    /// Each connection, and what the other rules found of it.
    Last(fn(&ConnectionContext<'_>, &[Finding]) -> Vec<Finding>),
    /// The capture as a whole.
    Whole(fn(&WholeCapture<'_>) -> Vec<Finding>),
}

/// Lists the rules of the table.
macro_rules! rules {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $info:expr, [$($apply:expr),+];)+) => {
        /// All rules, in the order of the table.
        pub const RULES: &[Rule] = &[$($(Rule { code: Code::$code, apply: $apply }),+),+];
    };
}

catalogue!(rules);
