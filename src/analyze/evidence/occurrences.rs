//! What a host did against the RFC at one moment, as `track::violations` counted it.

use crate::analyze::context::ConnectionContext;
use crate::analyze::finding::{Code, Finding};
use crate::analyze::words::packet;
use crate::track::role::Role;
use crate::track::subflow::Subflow;
use crate::track::violations::{Violation, ViolationCount};

/// On which subflow, by whom, and how often.
pub(in crate::layers::analyze) type Occurrence<'a> = (&'a Subflow, Role, ViolationCount);

/// All occurrences of `violation`, subflow by subflow.
pub(in crate::layers::analyze) fn occurrences<'a>(
    context: &ConnectionContext<'a>,
    violation: Violation,
) -> impl Iterator<Item = Occurrence<'a>> + use<'a> {
    let all: Vec<_> = context
        .sides()
        .filter_map(|(subflow, role)| {
            Some((subflow, role, subflow.sides.of(role).violations.of(violation)?))
        })
        .collect();
    all.into_iter()
}

/// One finding per subflow and sender, with the summary that `say` makes.
pub(in crate::layers::analyze) fn per_sender(
    context: &ConnectionContext<'_>,
    code: Code,
    violation: Violation,
    say: fn(Occurrence<'_>) -> String,
) -> Vec<Finding> {
    let found = occurrences(context, violation).map(|occurrence| {
        let (subflow, sender, times) = occurrence;
        let finding = Finding::new(code, say(occurrence)).on(subflow).from(sender);
        finding.seen([times.first]).times(times.count)
    });
    found.collect()
}

/// `first in packet 12`, or `in packet 12` where it happened once.
pub(in crate::layers::analyze) fn place(times: &ViolationCount) -> String {
    let first = if times.count == 1 { "" } else { "first " };
    format!("{first}in {}", packet(times.first))
}
