//! Root causes: which finding is an effect of which other one.

use std::cmp::Reverse;

use super::finding::{Code, Finding, Severity};

/// Names the cause of each finding of a connection, and puts them in order: the worst first, effects behind
/// their causes.
pub(super) fn under_causes(mut findings: Vec<Finding>) -> Vec<Finding> {
    for index in 0..findings.len() {
        let cause = findings.get(index).and_then(|effect| cause_of(effect, &findings));
        if let Some(effect) = findings.get_mut(index) {
            effect.because = cause;
        }
    }
    findings.sort_by_key(|finding| (Reverse(finding.severity), finding.packets.first().copied()));
    let (effects, causes): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|finding| finding.because.is_some());
    let mut ordered = Vec::with_capacity(effects.len() + causes.len());
    for cause in causes {
        let code = cause.code;
        let first = ordered.iter().all(|known: &Finding| known.code != code);
        ordered.push(cause);
        if first {
            push_effects(code, &effects, &mut ordered);
        }
    }
    ordered
}

fn push_effects(cause: Code, effects: &[Finding], ordered: &mut Vec<Finding>) {
    for effect in effects.iter().filter(|effect| effect.because == Some(cause)) {
        let first = ordered.iter().all(|known| known.code != effect.code);
        ordered.push(effect.clone());
        if first {
            push_effects(effect.code, effects, ordered);
        }
    }
}

fn cause_of(effect: &Finding, findings: &[Finding]) -> Option<Code> {
    let is_here = |code: &&Code| {
        findings.iter().any(|cause| {
            cause.code == **code
                // A note does not explain a warning.
                && cause.severity >= effect.severity.min(Severity::Warning)
                && is_of_chain(cause, effect)
                && is_of_address(cause, effect)
                && is_of_subflow(cause, effect)
                && is_in_time(cause, effect)
        })
    };
    effect.code.info().because.iter().find(is_here).copied()
}

/// Whether one may explain the other where one of them is `single-path`. If that is only a note, it has
/// another reason than the worse finding.
fn is_of_chain(cause: &Finding, effect: &Finding) -> bool {
    match (cause.code, effect.code) {
        (Code::SinglePath, _) => cause.severity >= effect.severity,
        (_, Code::SinglePath) => effect.severity > Severity::Note,
        _ => true,
    }
}

/// Whether both are about the same subflow, if each names one.
fn is_of_subflow(cause: &Finding, effect: &Finding) -> bool {
    if effect.code.info().elsewhere {
        return cause.packets.first() <= effect.packets.last();
    }
    cause.subflow.is_none() || effect.subflow.is_none() || cause.subflow == effect.subflow
}

/// Whether the times of both fit, where that matters: what was sent again names the RST of the join that it
/// follows on, or came during the stall.
fn is_in_time(cause: &Finding, effect: &Finding) -> bool {
    match (cause.code, effect.code) {
        (Code::DataStall, Code::Remapping) => {
            let [first, .., last] = cause.packets.as_slice() else { return false };
            effect.packets.last().is_some_and(|packet| (first..=last).contains(&packet))
        }
        (Code::DataStall, Code::Reinjection) => effect.at >= cause.at,
        // Data that waited came in the end.
        (Code::DataStall, Code::HeadOfLineBlocking) => cause.text("ended_by") == Some("progress"),
        (Code::SubflowWithoutMptcp, Code::Remapping) => true,
        (_, Code::Remapping) => effect.packets.iter().any(|packet| cause.packets.contains(packet)),
        _ => true,
    }
}

/// Whether both are about the same address, if each names one.
fn is_of_address(cause: &Finding, effect: &Finding) -> bool {
    let id = |finding: &Finding| finding.number("address_id");
    id(cause).zip(id(effect)).is_none_or(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_its_own_cause() {
        for code in Code::ALL {
            let mut open = vec![*code];
            let mut seen = Vec::new();
            while let Some(next) = open.pop() {
                for cause in next.info().because {
                    assert_ne!(cause, code, "{code} is a cause of itself");
                    if !seen.contains(cause) {
                        seen.push(*cause);
                        open.push(*cause);
                    }
                }
            }
        }
    }
}
