//! The report as text: the verdict first, the evidence below it.
//!
//! What was read and how much of it · the findings of all connections at a glance · the connections,
//! the worst first, in full where something is wrong · what the columns mean.

mod connection;
pub(crate) mod event;
mod explain;
pub(in crate::layers::report) mod finding;
mod input;
mod legend;
mod list;
mod order;
mod packet_names;
mod page;
mod style;
mod subflows;
mod summary;
mod time;

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::model::{Finding, Report};
use crate::analyze::finding::Code;
use crate::printable::printable;
use crate::units;
pub use explain::{write_codes, write_explanation};
pub use list::{ListOptions, write_list};
use order::Ranked;
use packet_names::PacketNames;
use page::Page;
use style::Paint;
use time::Clock;
pub use time::TimeStyle;

/// How the text is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// With ANSI colours. They repeat what the words say.
    pub colour: bool,
    /// Columns of the terminal.
    pub columns: usize,
    /// What times of events count from.
    pub time: TimeStyle,
    /// Only this connection, with all its events.
    pub connection: Option<u64>,
    /// Every connection in full, however many there are.
    pub all: bool,
    /// So many connections are shown in full. Of more, only those with a warning or an error are.
    pub max_connections: usize,
    /// Lines of events per connection.
    pub max_events: usize,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            colour: false,
            columns: page::USUAL_COLUMNS,
            time: TimeStyle::Relative,
            connection: None,
            all: false,
            max_connections: 10,
            max_events: 40,
        }
    }
}

/// Writes the report.
pub fn write(report: &Report, options: &TextOptions, out: &mut dyn Write) -> io::Result<()> {
    let packets = PacketNames::new(&report.inputs, &report.packet_refs, options.columns);
    let clock = clock(report, options.time);
    let page = Page::new(options.columns, Paint::new(options.colour), packets, clock);
    for found in &report.inputs {
        input::write(found, &page, out)?;
    }
    for line in page::join_parts(&counts(report), page.columns) {
        writeln!(out, "{}", page.paint.bold(&line))?;
    }
    if let Some(filter) = &report.filter {
        page.write_prose(0, &filtered(report, filter), out)?;
    }
    input::write_notes(report, &page, out)?;
    write_findings_on_capture(report, &page, out)?;
    match options.connection {
        Some(id) => write_one(report, id, &page, out),
        None => write_all(report, options, &page, out),
    }
}

/// Times count from the first packet of all inputs.
fn clock(report: &Report, style: TimeStyle) -> Clock {
    let starts = report.inputs.iter().filter_map(|input| input.start);
    let start_ns = starts.map(|start| start.0).min();
    let ends = report
        .inputs
        .iter()
        .filter_map(|input| Some(input.start?.0.saturating_add(input.duration_ns.unwrap_or(0))));
    let duration = ends.max().zip(start_ns).map_or(0, |(end, start)| end.saturating_sub(start));
    Clock::new(style, start_ns, duration)
}

/// `2 MPTCP connections, 3 subflows`, `1 plain TCP connection` …
fn counts(report: &Report) -> Vec<String> {
    let totals = &report.totals;
    let connections = units::counted(totals.connections, "MPTCP connection");
    let first = match totals.connections {
        0 if totals.undecided_tcp_connections > 0 => "no MPTCP connection recognised".to_owned(),
        0 if report.may_have_more() => format!("{connections} in what could be looked into"),
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
    if totals.undecided_tcp_connections > 0 {
        let undecided = units::counted(totals.undecided_tcp_connections, "TCP connection");
        parts.push(format!("{undecided} whose options were cut"));
    }
    parts.extend(others.map(|(number, thing)| units::counted(number, thing)));
    parts
}

/// `shown: 2 of 40 connections (tcp.port==443)`.
fn filtered(report: &Report, filter: &str) -> String {
    let (shown, all) = (report.connections.len() as u64, report.totals.connections);
    let all = units::counted(all, "connection");
    format!("shown: {} of {all} ({})", units::count(shown), printable(filter))
}

/// Findings about the capture as a whole. The notes on inputs already count frames captured twice.
fn write_findings_on_capture(
    report: &Report,
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let twice = Code::CaptureDuplicateFrames;
    let wanted = |found: &&Finding| found.connection.is_none() && found.code != twice;
    let findings: Vec<_> = report.findings.iter().filter(wanted).collect();
    if !findings.is_empty() {
        writeln!(out)?;
    }
    finding::write(&findings, 0, page, out)
}

fn write_one(report: &Report, id: u64, page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let ranked = order::rank(report).into_iter().find(|ranked| ranked.connection.id == id);
    let Some(ranked) = ranked else {
        return writeln!(out, "\nThere is no connection #{id}.");
    };
    connection::write(&ranked, usize::MAX, page, out)?;
    legend::write(page, out)
}

fn write_all(
    report: &Report,
    options: &TextOptions,
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    summary::write(report, page, out)?;
    let ranked = order::rank(report);
    let is_few = options.all || ranked.len() <= options.max_connections;
    let (full, brief): (Vec<_>, Vec<_>) =
        ranked.into_iter().partition(|ranked| is_few || ranked.is_in_trouble());
    for found in &full {
        connection::write(found, options.max_events, page, out)?;
    }
    write_brief(&brief, full.is_empty(), page, out)?;
    connection::write_orphans(&report.orphan_subflows, page, out)?;
    if full.is_empty() { Ok(()) } else { legend::write(page, out) }
}

/// A line for each connection without a warning or an error.
fn write_brief(
    connections: &[Ranked<'_>],
    is_all: bool,
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    if connections.is_empty() {
        return Ok(());
    }
    let count = connections.len() as u64;
    let connections_are = match (is_all, count) {
        (true, _) => {
            format!("{} without a warning or an error", units::counted(count, "connection"))
        }
        (false, 1) => "1 more connection, without a warning or an error".to_owned(),
        (false, _) => {
            format!("{} more connections without a warning or an error", units::count(count))
        }
    };
    let hint = "in full: --all, one of them: --connection N";
    writeln!(out)?;
    for line in page::join_parts(&[connections_are, hint.to_owned()], page.columns) {
        writeln!(out, "{}", page.paint.bold(&line))?;
    }
    let (half_open, others): (Vec<_>, Vec<_>) =
        connections.iter().partition(|ranked| ranked.is_half_open());
    for found in others {
        connection::write_line(found, page, out)?;
    }
    write_half_open(&half_open, page, out)
}

/// Connections that are nothing but a beginning: a line for each, or one for many to one server.
fn write_half_open(
    connections: &[&Ranked<'_>],
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    /// Up to so many have lines of their own.
    const FEW: usize = 5;
    let mut by_server: BTreeMap<String, Vec<&Ranked<'_>>> = BTreeMap::new();
    for found in connections {
        by_server.entry(connection::server(found.connection).to_string()).or_default().push(found);
    }
    for (server, all) in by_server {
        if all.len() <= FEW {
            for found in all {
                connection::write_line(found, page, out)?;
            }
            continue;
        }
        let count = units::counted(all.len() as u64, "connection");
        let line = format!("{count} to {server} whose handshake is not complete");
        for line in page::join_parts(&[line], page.columns) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
