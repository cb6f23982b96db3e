//! Words that summaries share.

use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{Reset, Subflow};

/// The host's name in a sentence.
pub(super) const fn host(role: Role) -> &'static str {
    match role {
        Role::Client => "the client",
        Role::Server => "the server",
    }
}

/// With a capital first letter, for the beginning of a sentence.
pub(super) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

/// `10.0.2.2:40001 → 10.1.1.2:5001`: who opened it first.
pub(super) fn joined(subflow: &Subflow) -> String {
    let (opener, acceptor) =
        (subflow.sides.of(subflow.opener), subflow.sides.of(subflow.acceptor()));
    format!("{} → {}", opener.endpoint, acceptor.endpoint)
}

/// `packet 12`.
pub(super) fn packet(seen: PacketStamp) -> String {
    format!("packet {}", seen.packet)
}

/// `with reason middlebox interference (6)`, or that there is none.
pub(super) fn reason(reset: &Reset) -> String {
    match reset.reason {
        Some(option) => format!("with reason {}", option.reason),
        None => "without a reason".to_owned(),
    }
}

/// `a, b and c`.
pub(super) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
