//! Findings: how bad, what kind, where; then the sentence, and what to do.

use std::io::{self, Write};

use super::page::{WIDTH, wrap};
use super::style::Paint;
use crate::analyze::finding::{Confidence, Severity};
use crate::report::model::Finding;
use crate::text_layout::width;
use crate::track::role::Direction;

/// Most packets that are named.
const MAX_PACKETS: usize = 5;

/// Columns of the severity, with the space behind it.
const INDENT: usize = 9;

/// Writes `findings` with a `margin` before them; what belongs under another is set in.
pub(super) fn write(
    findings: &[&Finding],
    margin: &str,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    for finding in findings {
        let cause = finding.because.as_ref();
        let cause = findings.iter().find(|other| Some(&other.code) == cause);
        write_one(finding, cause.copied(), margin, paint, out)?;
    }
    Ok(())
}

fn write_one(
    finding: &Finding,
    cause: Option<&Finding>,
    margin: &str,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let inset = if cause.is_some() { "  " } else { "" };
    let start = width(margin) + width(inset);
    let room = WIDTH - start - INDENT;
    let severity = format!("{:<INDENT$}", name(finding.severity));
    let title = title(finding);
    let place = place(finding);
    let severity = paint_as(finding.severity, paint, &severity);
    if width(&title) + width(&place) + 2 <= room {
        let gap = " ".repeat(room - width(&title) - width(&place));
        let line =
            format!("{margin}{inset}{severity}{}{gap}{}", paint.bold(&title), paint.dim(&place));
        writeln!(out, "{}", line.trim_end())?;
    } else {
        writeln!(out, "{margin}{inset}{severity}{}", paint.bold(&title))?;
        write_lines(&place, start, out)?;
    }
    write_lines(&finding.summary, start, out)?;
    if finding.severity == Severity::Note {
        return Ok(());
    }
    let is_new = cause.is_none_or(|cause| cause.advice != finding.advice);
    if let Some(advice) = finding.advice.as_ref().filter(|_| is_new) {
        write_lines(&format!("Try: {advice}"), start, out)?;
    }
    if cause.is_none() {
        write_lines(&format!("More: mptcpscope explain {}", finding.code), start, out)?;
    }
    Ok(())
}

fn write_lines(text: &str, start: usize, out: &mut dyn Write) -> io::Result<()> {
    let margin = " ".repeat(start + INDENT);
    for line in wrap(text, WIDTH - start - INDENT) {
        writeln!(out, "{margin}{line}")?;
    }
    Ok(())
}

/// The code, how sure it is unless certain, and how often unless once.
pub(in crate::layers::report) fn title(finding: &Finding) -> String {
    let sure = match finding.confidence {
        Confidence::Certain => "",
        Confidence::Likely => " (likely)",
        Confidence::Possible => " (possible)",
    };
    let times = match finding.count {
        0 | 1 => String::new(),
        count => format!(" × {}", crate::units::count(count)),
    };
    format!("{}{sure}{times}", finding.code)
}

/// `client, sf1, packets 310–317`.
fn place(finding: &Finding) -> String {
    let who = finding.direction.map(|direction| match direction {
        Direction::ClientToServer => "client".to_owned(),
        Direction::ServerToClient => "server".to_owned(),
    });
    let subflow = finding.subflow.map(|number| format!("sf{number}"));
    let parts = [who, subflow, packets(&finding.packets)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `packet 12`, `packets 12, 14–16, …`.
fn packets(numbers: &[u64]) -> Option<String> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let run = |(first, last): &(u64, u64)| match last - first {
        0 => format!("{first}"),
        1 => format!("{first}, {last}"),
        _ => format!("{first}–{last}"),
    };
    let mut parts: Vec<_> = runs.iter().take(MAX_PACKETS).map(run).collect();
    if runs.len() > MAX_PACKETS {
        parts.push("…".to_owned());
    }
    match numbers {
        [] => None,
        [only] => Some(format!("packet {only}")),
        _ => Some(format!("packets {}", parts.join(", "))),
    }
}

pub(in crate::layers::report) const fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn paint_as(severity: Severity, paint: Paint, text: &str) -> String {
    match severity {
        Severity::Note => paint.dim(text),
        Severity::Warning => paint.notable(text),
        Severity::Error => paint.bad(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_in_runs() {
        assert_eq!(packets(&[]), None);
        assert_eq!(packets(&[7]).as_deref(), Some("packet 7"));
        assert_eq!(packets(&[7, 8]).as_deref(), Some("packets 7, 8"));
        assert_eq!(packets(&[1, 3, 4, 5, 9]).as_deref(), Some("packets 1, 3–5, 9"));
        assert_eq!(packets(&[1, 3, 5, 7, 9, 11]).as_deref(), Some("packets 1, 3, 5, 7, 9, …"));
    }
}
