//! The verdict on a connection in one sentence, and details in more sentences.

mod headline;
mod paths;
mod shares;

use super::context::ConnectionContext;
use super::state::{CloseKind, Closer, ConnectionState};
use super::words::host;
use crate::track::event::{Event, EventKind};
use crate::track::fallback::{Fallback, FallbackCause};
use crate::track::role::Role;
use crate::track::subflow::{Subflow, SubflowState};
use crate::units;
use crate::wire::mptcp::MptcpOption;

pub(super) use headline::with_findings;
use paths::paths;
use shares::shares;

/// More sentences: failed joins, an abnormal end, what the capture lacks.
pub fn details(context: &ConnectionContext<'_>) -> Vec<String> {
    let facts = Headline { context };
    let details = [
        facts.joins_failed(),
        facts.bad_checksums(),
        facts.mp_fails(),
        facts.resets(),
        facts.resent(),
        facts.bad_end(),
        facts.missing(),
        facts.midstream(),
    ];
    details.into_iter().flatten().collect()
}

/// The verdict on a connection, in one sentence.
pub fn in_a_sentence(context: &ConnectionContext<'_>) -> String {
    Headline { context }.headline()
}

/// Why a connection fell back, as the part of a sentence after a colon.
pub const fn fallback_reason(cause: FallbackCause) -> &'static str {
    match cause {
        FallbackCause::SynAckWithoutMpCapable => "the SYN/ACK came without MP_CAPABLE",
        FallbackCause::SynWithMpCapableUnanswered => "only a SYN without MP_CAPABLE was answered",
        FallbackCause::AckWithoutMpCapable => "the third ACK came without MP_CAPABLE",
        FallbackCause::DataWithoutMapping => "data came without a mapping",
        FallbackCause::ChecksumFailed => "the DSS checksum of data was wrong",
        FallbackCause::AnswerWithoutDss => "data was answered without a DSS",
        FallbackCause::InfiniteMapping => "an infinite mapping was declared",
    }
}

struct Headline<'a> {
    context: &'a ConnectionContext<'a>,
}

impl Headline<'_> {
    fn headline(&self) -> String {
        if let Some(fallback) = self.context.connection.fallback {
            return fell_back(fallback);
        }
        match self.context.state {
            ConnectionState::Refused => self.refused(),
            ConnectionState::Handshaking => self.not_through(),
            ConnectionState::Unknown if self.is_one_sided() => {
                let who = host(self.sender());
                let used = if self.context.connection.has_keys() {
                    "MPTCP was in use: both keys are in the capture"
                } else {
                    "MPTCP was offered"
                };
                format!("{used}; what {who} got as answers is not.")
            }
            ConnectionState::Unknown => {
                "The capture shows too little of this connection to judge it.".to_owned()
            }
            _ => self.worked(),
        }
    }

    /// Whether the connection was answered, and only what one host sent was captured.
    fn is_one_sided(&self) -> bool {
        let first = self.context.subflows.first();
        first.is_some_and(|first| first.is_answered_unseen()) && !self.context.is_two_sided()
    }

    /// Who sent what there is of a one-sided connection.
    fn sender(&self) -> Role {
        let has_client = |subflow: &&Subflow| subflow.sides.client.segments > 0;
        let is_client = self.context.subflows.iter().any(has_client);
        if is_client { Role::Client } else { Role::Server }
    }

    fn refused(&self) -> String {
        match self.context.subflows.first().and_then(|subflow| subflow.reset) {
            Some(reset) => {
                let who = host(reset.from);
                let packet = reset.seen.packet;
                if !self.has_beginning() {
                    return format!("The capture shows only a RST from {who} (packet {packet}).");
                }
                format!("The connection was not set up: {who} sent a RST (packet {packet}).")
            }
            None => "The connection was refused.".to_owned(),
        }
    }

    fn not_through(&self) -> String {
        let Some(handshake) = self.context.subflows.first().map(|subflow| subflow.handshake) else {
            return "The handshake is not in the capture.".to_owned();
        };
        if self.context.lacks_initial() && handshake.ack.is_some() {
            "Only a join of this connection is in the capture: its handshake is complete up to its \
             third ACK."
                .to_owned()
        } else if handshake.syn_ack.is_none() {
            let plain = u64::from(handshake.plain_syns);
            let offers = u64::from(handshake.syn_retransmissions) + 1 - plain;
            let offers = units::counted(offers, "SYN");
            let plain = if plain > 0 { format!(" and {plain} without") } else { String::new() };
            format!("No answer is in the capture: {offers} with MP_CAPABLE{plain}, no SYN/ACK.")
        } else {
            "The handshake is not complete in the capture: there is no third ACK.".to_owned()
        }
    }

    fn worked(&self) -> String {
        let used: Vec<_> = self.through().collect();
        if used.len() > 1 {
            return format!("MPTCP worked on {}. {}", paths(&used), shares(self.context, &used));
        }
        let failed: Vec<_> = self.failed_joins().collect();
        let why = match failed.as_slice() {
            _ if !self.has_beginning() => {
                return "MPTCP was in use; the capture shows one subflow of it.".to_owned();
            }
            [] => "no MP_JOIN is in the capture".to_owned(),
            [only] => format!("the join was {}", failure(only)),
            all => format!("none of {} joins got through", units::count(all.len() as u64)),
        };
        format!("MPTCP used one path only: {why}.")
    }

    fn through(&self) -> impl Iterator<Item = &Subflow> {
        let used = self.context.subflows.iter().filter(|subflow| subflow.is_confirmed());
        used.copied()
    }

    fn failed_joins(&self) -> impl Iterator<Item = &Subflow> {
        let joins = self.context.subflows.iter().filter(|subflow| !subflow.initial);
        joins.filter(|join| !join.is_confirmed() && !join.is_answered_unseen()).copied()
    }

    /// Whether the SYN of the initial subflow was seen.
    fn has_beginning(&self) -> bool {
        let first = self.context.subflows.first();
        first.is_some_and(|first| first.initial && !first.is_midstream())
    }

    /// How many joins failed in which way. The headline has a single one.
    fn joins_failed(&self) -> Option<String> {
        let total = self.context.subflows.iter().filter(|subflow| !subflow.initial).count();
        if total < 2 || self.context.connection.fallback.is_some() {
            return None;
        }
        let mut kinds: Vec<(String, u64)> = Vec::new();
        for kind in self.failed_joins().map(failure) {
            match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((kind, 1)),
            }
        }
        let mut of = format!(" of {} joins", units::count(total as u64));
        let part = |(kind, count): &(String, u64)| {
            let were = if *count == 1 { "was" } else { "were" };
            format!("{}{} {were} {kind}", units::count(*count), std::mem::take(&mut of))
        };
        let parts: Vec<_> = kinds.iter().map(part).collect();
        (!parts.is_empty()).then(|| format!("{}.", parts.join(", ")))
    }

    /// Subflows that a RST ended while the connection went on.
    fn resets(&self) -> Option<String> {
        if matches!(self.context.state, ConnectionState::Reset | ConnectionState::FastClosed) {
            return None;
        }
        // After both DATA_FINs, hosts only clean up.
        let done = Role::BOTH.map(|role| self.context.connection.data.of(role).fin());
        let done = done[0].zip(done[1]).map(|(one, other)| one.seen.packet.max(other.seen.packet));
        let was_reset = |subflow: &&Subflow| {
            let packet = subflow.reset.map(|reset| reset.seen.packet);
            subflow.state() == SubflowState::Reset
                && done.is_none_or(|done| packet.is_some_and(|packet| packet < done))
        };
        let all: Vec<_> = self.through().filter(was_reset).collect();
        match all.as_slice() {
            [] => None,
            [only] => {
                let reset = only.reset?;
                let (number, by, packet) = (only.number, host(reset.from), reset.seen.packet);
                let reason = reset.reason.map(|option| format!(": {}", option.reason));
                let reason = reason.unwrap_or_default();
                Some(format!("Subflow {number} was reset by {by} in packet {packet}{reason}."))
            }
            several => {
                let count = units::count(several.len() as u64);
                Some(format!("{count} subflows were reset while others went on."))
            }
        }
    }

    /// Mappings whose DSS checksum is wrong.
    fn bad_checksums(&self) -> Option<String> {
        let wrong = |role: Role| {
            let sides = self.context.subflows.iter().map(|subflow| subflow.sides.of(role));
            let count = sides.map(|side| side.checksums.mismatches()).sum();
            let mappings = || units::counted(count, "mapping");
            (count > 0).then(|| format!("{} from {}", mappings(), host(role)))
        };
        let parts: Vec<_> = Role::BOTH.into_iter().filter_map(wrong).collect();
        (!parts.is_empty()).then(|| format!("Wrong DSS checksum: {}.", parts.join(", ")))
    }

    /// The first MP_FAIL of each host.
    fn mp_fails(&self) -> Option<String> {
        let first = |role: Role| {
            let mut events = self.context.connection.events.iter();
            let is_fail = |event: &&Event| {
                event.direction.sender() == role
                    && matches!(event.kind, EventKind::Option(MptcpOption::MpFail(_)))
            };
            let packet = events.find(is_fail)?.seen.packet;
            Some(format!("{} (packet {packet})", host(role)))
        };
        let parts: Vec<_> = Role::BOTH.into_iter().filter_map(first).collect();
        (!parts.is_empty()).then(|| format!("MP_FAIL was sent by {}.", parts.join(" and ")))
    }

    /// What was sent again on another subflow.
    fn resent(&self) -> Option<String> {
        let part = |role: Role| {
            let sides = self.context.subflows.iter().map(|subflow| subflow.sides.of(role).bytes);
            let bytes = sides.map(|bytes| bytes.reinjected).sum();
            (bytes > 0).then(|| format!("{} by {}", units::bytes(bytes), host(role)))
        };
        let parts: Vec<_> = Role::BOTH.into_iter().filter_map(part).collect();
        (!parts.is_empty()).then(|| format!("Reinjected on another subflow: {}.", parts.join(", ")))
    }

    fn bad_end(&self) -> Option<String> {
        let close = self.context.close?;
        let by = match close.by {
            Closer::Host(role) => host(role),
            Closer::Both => "both hosts",
        };
        let packet = close.packet;
        match close.kind {
            CloseKind::FastClose => {
                Some(format!("MP_FASTCLOSE from {by} ended it (packet {packet})."))
            }
            CloseKind::Reset => {
                Some(format!("A RST from {by} on the last subflow ended it (packet {packet})."))
            }
            CloseKind::DataFin | CloseKind::FallbackFin => None,
        }
    }

    fn missing(&self) -> Option<String> {
        let missing = |role: Role| {
            let bytes = self.context.sent_unseen(role);
            (bytes > 0).then(|| format!("{} sent by {}", units::bytes(bytes), host(role)))
        };
        let parts: Vec<_> = Role::BOTH.into_iter().filter_map(missing).collect();
        (!parts.is_empty()).then(|| format!("Not in the capture: {}.", parts.join(", ")))
    }

    fn midstream(&self) -> Option<String> {
        if self.context.subflows.first().is_some_and(|subflow| subflow.is_midstream()) {
            Some("The handshake of MPTCP is not in the capture.".to_owned())
        } else if self.context.connection.known_by.is_some() && !self.context.connection.has_keys()
        {
            Some("Only joined subflows of it are in the capture.".to_owned())
        } else {
            None
        }
    }
}

pub(super) fn fell_back(fallback: Fallback) -> String {
    let packet = fallback.seen.packet;
    match fallback.cause {
        FallbackCause::SynAckWithoutMpCapable => {
            "MPTCP was offered, but the SYN/ACK came without it. The connection is plain TCP."
                .to_owned()
        }
        FallbackCause::SynWithMpCapableUnanswered => {
            "SYNs with MPTCP got no answer; plain TCP did. The connection is plain TCP.".to_owned()
        }
        cause => {
            let probably = if fallback.certain { "" } else { "probably " };
            let reason = fallback_reason(cause);
            format!("MPTCP {probably}fell back to plain TCP at packet {packet}: {reason}.")
        }
    }
}

/// How a join failed, after "was".
pub(super) fn failure(join: &Subflow) -> String {
    let reason = join.reset.and_then(|reset| reset.reason);
    match (join.state(), reason, join.handshake.syn_ack) {
        (SubflowState::Refused, Some(option), _) => {
            format!("refused with reason {}", option.reason)
        }
        (SubflowState::Refused, None, _) => "refused".to_owned(),
        (_, _, None) => "not answered".to_owned(),
        _ => "not completed".to_owned(),
    }
}
