//! The report as text: the verdict first, the evidence below it. Fits 80 columns.

mod connection;
pub(crate) mod event;
mod explain;
pub(in crate::layers::report) mod finding;
mod input;
mod page;
mod style;

use std::io::{self, Write};

use super::model::{Connection, Finding, Report};
use crate::analyze::finding::Code;
use crate::units;
pub use explain::{write_codes, write_explanation};
use style::Paint;

/// How the text is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// With ANSI colours. They repeat what the words say.
    pub colour: bool,
    /// Only this connection, with all its events.
    pub connection: Option<u64>,
    /// Connections that are shown in full; each further one gets a line.
    pub max_connections: usize,
    /// Lines of events per connection.
    pub max_events: usize,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { colour: false, connection: None, max_connections: 10, max_events: 40 }
    }
}

/// Writes the report.
pub fn write(report: &Report, options: &TextOptions, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint::new(options.colour);
    for found in &report.inputs {
        input::write(found, paint, out)?;
    }
    writeln!(out, "{}", paint.bold(&counts(report)))?;
    input::write_notes(report, paint, out)?;
    write_findings_on_capture(report, paint, out)?;
    match options.connection {
        Some(id) => write_one(report, id, paint, out),
        None => write_all(report, options, paint, out),
    }
}

/// `2 MPTCP connections, 3 subflows · 1 plain TCP connection`.
fn counts(report: &Report) -> String {
    let totals = &report.totals;
    let connections = units::counted(totals.connections, "MPTCP connection");
    let first = match totals.connections {
        0 => connections,
        _ => format!("{connections}, {}", units::counted(totals.subflows, "subflow")),
    };
    let others = [
        (totals.orphan_subflows, "orphan join"),
        (totals.plain_tcp_connections, "plain TCP connection"),
        (totals.findings.error, "error"),
        (totals.findings.warning, "warning"),
        (totals.findings.note, "note"),
    ];
    let others = others.into_iter().filter(|(number, _)| *number > 0);
    let mut parts = vec![first];
    parts.extend(others.map(|(number, thing)| units::counted(number, thing)));
    parts.join(" · ")
}

/// Findings about the capture as a whole. The notes on inputs already count frames captured twice.
fn write_findings_on_capture(report: &Report, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let twice = Code::CaptureDuplicateFrames;
    let wanted = |found: &&Finding| found.connection.is_none() && found.code != twice;
    let findings: Vec<_> = report.findings.iter().filter(wanted).collect();
    if !findings.is_empty() {
        writeln!(out)?;
    }
    finding::write(&findings, "", paint, out)
}

/// The findings on a connection.
fn findings_on(report: &Report, connection: u64) -> Vec<&Finding> {
    report.findings.iter().filter(|found| found.connection == Some(connection)).collect()
}

fn write_one(report: &Report, id: u64, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let found = report.connections.iter().find(|found| found.id == id);
    let Some(found) = found else {
        return writeln!(out, "\nThere is no connection #{id}.");
    };
    connection::write(found, &findings_on(report, id), usize::MAX, paint, out)
}

fn write_all(
    report: &Report,
    options: &TextOptions,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (full, brief) = match report.connections.split_at_checked(options.max_connections) {
        Some(parts) => parts,
        None => (report.connections.as_slice(), [].as_slice()),
    };
    for found in full {
        let findings = findings_on(report, found.id);
        connection::write(found, &findings, options.max_events, paint, out)?;
    }
    write_brief(brief, paint, out)?;
    connection::write_orphans(&report.orphan_subflows, paint, out)
}

/// A line for each connection past those shown in full.
fn write_brief(connections: &[Connection], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    if connections.is_empty() {
        return Ok(());
    }
    let rest = units::count(connections.len() as u64);
    writeln!(out, "\n{rest} more, in a line each (one in full: --connection N)")?;
    for found in connections {
        connection::write_line(found, paint, out)?;
    }
    Ok(())
}
