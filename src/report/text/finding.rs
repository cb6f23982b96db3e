//! Findings: how bad, what kind, where; then the sentence, and what to do.

use std::io::{self, Write};

use super::page::Page;
use super::style::Paint;
use crate::analyze::finding::{Confidence, Severity};
use crate::report::model::Finding;
use crate::text_layout::width;
use crate::track::role::Direction;

/// Columns of the severity, with the space behind it.
const INDENT: usize = 9;

/// Writes `findings` behind `margin` blank columns; what belongs under another is set in.
pub(super) fn write(
    findings: &[&Finding],
    margin: usize,
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for finding in findings {
        let cause = finding.because.as_ref();
        let cause = findings.iter().find(|other| Some(&other.code) == cause);
        write_one(finding, cause.copied(), margin, page, out)?;
    }
    Ok(())
}

fn write_one(
    finding: &Finding,
    cause: Option<&Finding>,
    margin: usize,
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let start = if cause.is_some() { margin + 2 } else { margin };
    let text = start + INDENT;
    let room = page.prose_columns().saturating_sub(text);
    let blank = " ".repeat(start);
    let severity = format!("{:<INDENT$}", name(finding.severity));
    let severity = paint_as(finding.severity, page.paint, &severity);
    let title = title(finding);
    let bold = page.paint.bold(&title);
    let place = place(finding, page);
    if width(&title) + width(&place) + 2 <= room {
        let gap = " ".repeat(room - width(&title) - width(&place));
        let line = format!("{blank}{severity}{bold}{gap}{}", page.paint.dim(&place));
        writeln!(out, "{}", line.trim_end())?;
    } else {
        writeln!(out, "{blank}{severity}{bold}")?;
        page.write_dim(text, &place, out)?;
    }
    page.write_prose(text, &page.packets.in_words(&finding.summary), out)?;
    let is_new = cause.is_none_or(|cause| cause.advice != finding.advice);
    let parts = [("Why", &finding.why), ("Try", &finding.advice)].into_iter();
    let parts = parts.filter_map(|(name, words)| Some((name, words.as_ref()?)));
    for (name, words) in parts.filter(|_| is_new) {
        page.write_prose(text, &format!("{name}: {}", page.packets.in_words(words)), out)?;
    }
    if cause.is_none() && finding.severity > Severity::Note {
        page.write_prose(text, &format!("More: mptcpscope explain {}", finding.code), out)?;
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
fn place(finding: &Finding, page: &Page<'_>) -> String {
    let who = finding.direction.map(|direction| match direction {
        Direction::ClientToServer => "client".to_owned(),
        Direction::ServerToClient => "server".to_owned(),
    });
    let subflow = finding.subflow.map(|number| format!("sf{number}"));
    let parts = [who, subflow, page.packets.list(&finding.packets)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub(in crate::layers::report) const fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

pub(super) fn paint_as(severity: Severity, paint: Paint, text: &str) -> String {
    match severity {
        Severity::Note => paint.dim(text),
        Severity::Warning => paint.notable(text),
        Severity::Error => paint.bad(text),
    }
}
