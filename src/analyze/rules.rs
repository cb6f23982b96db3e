//! The rules, by theme: what finds what stands in the table of `catalogue`.
//!
//! A rule looks at one connection (or at the capture) as it is so far, and returns what it finds. It
//! knows nothing of other rules: `root_cause` says afterwards what follows from what.

mod addresses;
mod capture;
mod close;
mod delivery;
mod fallback;
mod forged;
mod handshake;
mod join_failures;
mod join_refusals;
mod join_silence;
mod joins;
mod mappings;
mod nat;
mod offers;
mod option_space;
mod options;
mod paths;
mod proofs;
mod reinjection;
mod retries;
mod signals;
pub(super) mod single_path;
mod stripped;
mod tokens;
mod unreachable;
mod unused_addresses;

use super::catalogue::catalogue;
use super::context::{ConnectionContext, WholeCapture};
use super::finding::{Code, Finding};
use Apply::{Each, Last, Whole};

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
