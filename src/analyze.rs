//! Facts and findings: pure functions over a [`crate::track::Trace`].

pub mod add_addr_what_if;
mod catalogue;
mod code;
mod context;
pub mod display_filter;
mod evidence;
pub mod explain;
pub mod finding;
mod holes;
pub mod host;
mod input_stats;
pub mod ladder;
pub mod live_findings;
pub mod option_space;
mod root_cause;
pub mod rules;
pub mod stalls;
pub mod state;
pub mod state_at;
pub mod verdict;
mod words;

pub use context::{AddressVerdict, ConnectionContext};
pub use input_stats::{InputStats, InterfaceStats};

use std::collections::BTreeSet;

use crate::track::Trace;
use crate::track::subflow::Subflow;
use crate::units;
use context::WholeCapture;
use finding::{Confidence, Finding, Selection, Severity};
use rules::{Apply, RULES};

/// All findings on `trace`: on the capture first, then connection by connection, the worst first and
/// effects behind their causes.
pub fn findings(trace: &Trace<'_>, inputs: &[InputStats], wanted: &Selection) -> Vec<Finding> {
    let mut found = of_capture(*trace, inputs, wanted);
    for (number, connection) in trace.connections().into_iter().enumerate() {
        let context = ConnectionContext::new(*trace, inputs, wanted.host.as_ref(), connection);
        found.extend(of_connection(&context, number, wanted).findings);
    }
    in_order(found)
}

/// Puts findings on the capture before those on connections.
pub fn in_order(mut found: Vec<Finding>) -> Vec<Finding> {
    forget_absent_causes(&mut found);
    found.sort_by_key(|finding| !finding.code.is_of_capture());
    found
}

/// The findings on the capture as a whole.
pub fn of_capture(trace: Trace<'_>, inputs: &[InputStats], wanted: &Selection) -> Vec<Finding> {
    let whole = WholeCapture { trace, inputs };
    let mut found = Vec::new();
    for rule in RULES {
        if let Apply::Whole(apply) = rule.apply {
            rule.add(apply(&whole), &mut found);
        }
    }
    found.retain(|finding| wanted.includes(finding));
    found
}

/// The judgement on a connection.
pub struct Judged {
    /// The findings that are wanted.
    pub findings: Vec<Finding>,
    /// What became of it, in a sentence that takes all findings into account, wanted or not. `None` where
    /// [`verdict::in_a_sentence`] says as much.
    pub headline: Option<String>,
}

/// Judges a connection; `number` is its place among all.
pub fn of_connection(context: &ConnectionContext<'_>, number: usize, wanted: &Selection) -> Judged {
    let mut findings = all_findings(context, number);
    let headline = verdict::with_findings(context, &findings);
    findings.retain(|finding| wanted.includes(finding));
    for finding in &mut findings {
        if finding.wireshark_filter.is_none() {
            finding.wireshark_filter = display_filter(context, finding.subflow);
        }
    }
    Judged { findings, headline }
}

fn all_findings(context: &ConnectionContext<'_>, number: usize) -> Vec<Finding> {
    let mut found = Vec::new();
    for rule in RULES {
        if let Apply::Each(apply) = rule.apply {
            rule.add(apply(context), &mut found);
        }
    }
    for rule in RULES {
        if let Apply::Last(apply) = rule.apply {
            rule.add(apply(context, &found), &mut found);
        }
    }
    soften(context, &mut found);
    let mut found = limited(found);
    for finding in &mut found {
        finding.connection = Some(number);
    }
    root_cause::under_causes(found)
}

/// Lowers doubtful findings to notes where packets are missing.
fn soften(context: &ConnectionContext<'_>, found: &mut [Finding]) {
    let doubtful =
        |finding: &&mut Finding| finding.severity != Severity::Note && finding.code.info().doubtful;
    let mut doubtful = found.iter_mut().filter(doubtful).peekable();
    let lacks = || context.lacks_packets() || !context.is_two_sided() || context.lacks_initial();
    if doubtful.peek().is_some() && lacks() {
        for finding in doubtful {
            finding.severity = Severity::Note;
            finding.confidence = Confidence::Possible;
        }
    }
}

/// Keeps the first few findings of each code, and counts the others with the last of them.
fn limited(found: Vec<Finding>) -> Vec<Finding> {
    /// Most of one code on one connection.
    const MOST: usize = 4;
    let mut kept: Vec<Finding> = Vec::with_capacity(found.len());
    let mut more: Vec<(usize, u64)> = Vec::new();
    for finding in found {
        let alike =
            |known: &Finding| known.code == finding.code && known.severity == finding.severity;
        let before = kept.iter().filter(|known| alike(known)).count();
        match kept.iter().rposition(alike) {
            Some(last) if before >= MOST => match more.iter_mut().find(|(index, _)| *index == last)
            {
                Some((_, count)) => *count += finding.count,
                None => more.push((last, finding.count)),
            },
            _ => kept.push(finding),
        }
    }
    for (index, count) in more {
        if let Some(finding) = kept.get_mut(index) {
            finding.count += count;
            let more = format!(" (And {} more like it.)", units::count(count));
            finding.summary.push_str(&more);
        }
    }
    kept
}

/// Takes causes off that are not among the findings.
fn forget_absent_causes(found: &mut [Finding]) {
    let present: BTreeSet<_> = found.iter().map(|found| (found.connection, found.code)).collect();
    for finding in found.iter_mut().filter(|finding| finding.because.is_some()) {
        let connection = finding.connection;
        finding.because = finding.because.filter(|code| present.contains(&(connection, *code)));
    }
}

/// The Wireshark filter that shows a subflow, or all of the connection.
fn display_filter(context: &ConnectionContext<'_>, subflow: Option<u32>) -> Option<String> {
    let wanted = |candidate: &&&Subflow| subflow.is_none_or(|number| candidate.number == number);
    let subflows = context.subflows.iter().filter(wanted);
    display_filter::of_flows(
        subflows.map(|subflow| (subflow.sides.client.endpoint, subflow.sides.server.endpoint)),
    )
}
