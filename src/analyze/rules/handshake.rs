//! What MP_CAPABLE agreed on.

use super::Case;
use crate::analyze::finding::{Code, Finding};
use crate::analyze::verdict::host;
use crate::track::role::Role;
use crate::track::subflow::Seen;
use crate::wire::mptcp::MptcpOption;

/// The C bit: no subflows to the address and port that the connection began with (RFC 8684 §3.1).
pub(super) fn c_bit_set(case: &Case<'_>) -> Vec<Finding> {
    let denies = |role: &Role| case.connection.hosts.of(*role).deny_join_initial == Some(true);
    let both = Role::BOTH.into_iter().filter(denies);
    both.map(|role| {
        let peer = host(role.peer());
        let summary = format!(
            "{} asks not to open subflows to its initial address and port (C bit): {peer} can join \
             only to addresses that it announces.",
            capitalised(host(role)),
        );
        Finding::new(Code::CBitSet, summary).from(role).seen(first_capable(case, role))
    })
    .collect()
}

/// The first MP_CAPABLE of a host.
fn first_capable(case: &Case<'_>, role: Role) -> Option<Seen> {
    let mut options = case.options();
    let found = options.find(|(event, option)| {
        event.direction.sender() == role && matches!(option, MptcpOption::Capable(_))
    });
    found.map(|(event, _)| event.seen)
}

/// With a capital first letter, for the beginning of a sentence.
fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase());
    first.into_iter().flatten().chain(letters).collect()
}
