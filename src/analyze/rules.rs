//! The rules: one function per code, all of them in [`RULES`].
//!
//! A rule looks at one connection (or at the capture) as it is so far, and returns what it finds. It
//! knows nothing of other rules: what follows from what is told afterwards, by [`super::fold`].

mod capture;
mod handshake;
mod option_space;

use super::finding::{Code, Finding};
use super::state::{self, Close, ConnectionState};
use crate::track::Trace;
use crate::track::connection::Connection;
use crate::track::event::{Event, EventKind};
use crate::track::role::Role;
use crate::track::subflow::Subflow;
use crate::wire::mptcp::MptcpOption;

/// What a rule sees of one connection.
pub struct Case<'a> {
    /// Everything.
    pub trace: Trace<'a>,
    /// What is known of the inputs.
    pub inputs: &'a [CaptureFacts],
    /// The connection.
    pub connection: &'a Connection,
    /// Its subflows, by number.
    pub subflows: Vec<&'a Subflow>,
    /// How far it came.
    pub state: ConnectionState,
    /// How it ended.
    pub close: Option<Close>,
}

/// What is known of an input beside its packets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaptureFacts {
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
    pub inputs: &'a [CaptureFacts],
}

/// A rule, and the code of what it finds.
pub struct Rule {
    /// What it finds.
    pub code: Code,
    /// How.
    pub apply: Apply,
}

/// What a rule looks at.
#[derive(Clone, Copy)]
pub enum Apply {
    /// Each connection.
    Connection(fn(&Case<'_>) -> Vec<Finding>),
    /// The capture as a whole.
    Capture(fn(&WholeCapture<'_>) -> Vec<Finding>),
}

const fn each(code: Code, rule: fn(&Case<'_>) -> Vec<Finding>) -> Rule {
    Rule { code, apply: Apply::Connection(rule) }
}

const fn whole(code: Code, rule: fn(&WholeCapture<'_>) -> Vec<Finding>) -> Rule {
    Rule { code, apply: Apply::Capture(rule) }
}

/// All rules, in the order of a connection's life.
pub const RULES: &[Rule] = &[
    whole(Code::CaptureDrops, capture::drops),
    // Handshake and fallback.
    each(Code::CBitSet, handshake::c_bit_set),
    // Proofs.
    // Joins and paths.
    // Addresses and option space.
    each(Code::AddAddrNoSpace, option_space::no_space),
    each(Code::AddAddrSpaceStatic, option_space::space_static),
    each(Code::AddAddrTimestampsDropped, option_space::timestamps_dropped),
    each(Code::AddAddrEvictsSack, option_space::evicts_sack),
    // Data and paths at work.
    // Closing.
];

impl<'a> Case<'a> {
    pub(super) fn new(
        trace: Trace<'a>,
        inputs: &'a [CaptureFacts],
        connection: &'a Connection,
    ) -> Self {
        Self {
            trace,
            inputs,
            connection,
            subflows: trace.subflows(connection).collect(),
            state: state::state(&trace, connection),
            close: state::close(&trace, connection),
        }
    }

    /// The initial subflow, if its SYN was seen.
    pub fn initial(&self) -> Option<&'a Subflow> {
        let initial = self.subflows.iter().copied().find(|subflow| subflow.initial);
        initial.filter(|subflow| !subflow.is_midstream())
    }

    /// The joined subflows whose SYN was seen.
    pub fn joins(&self) -> impl Iterator<Item = &'a Subflow> {
        let joins = self.subflows.iter().copied().filter(|subflow| !subflow.initial);
        joins.filter(|subflow| !subflow.is_midstream())
    }

    /// MPTCP options among the events, with their events.
    pub fn options(&self) -> impl Iterator<Item = (&'a Event, &'a MptcpOption)> {
        self.connection.events.iter().filter_map(|event| match &event.kind {
            EventKind::Option(option) => Some((event, option)),
            _ => None,
        })
    }

    /// Whether both keys are known and the handshake of the connection was seen.
    pub fn is_whole(&self) -> bool {
        self.initial().is_some_and(|initial| initial.handshake.syn_ack.is_some())
    }

    /// Whether the capture holds packets of both hosts.
    pub fn is_two_sided(&self) -> bool {
        let sent = |role: Role| self.subflows.iter().any(|s| s.ends.of(role).segments > 0);
        Role::BOTH.into_iter().all(sent)
    }
}
