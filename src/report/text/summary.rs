//! The findings of many connections at a glance: a line for each code, the worst first.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::finding;
use super::packet_names::runs;
use super::page::{Page, wrap};
use crate::analyze::finding::{Code, Severity};
use crate::report::model::{Finding, Report};
use crate::text_layout::table::{self, TableCell};
use crate::text_layout::width;
use crate::units;

const MARGIN: &str = "    ";

/// Most runs of connections that a code names.
const MOST: usize = 60;

/// Columns that the connections of a code need beside it; with fewer they stand below.
const FEWEST_BESIDE: usize = 24;

/// The findings of one code and severity.
struct Row {
    severity: Severity,
    code: Code,
    count: u64,
    connections: Vec<u64>,
    /// Whether one of them is about the capture as a whole.
    of_capture: bool,
}

/// Writes the codes of all findings, where more than one connection could have them.
pub(super) fn write(report: &Report, page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(&report.findings);
    if report.connections.len() < 2 || rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", page.paint.bold("Findings, the worst first"))?;
    let heads = table::lines(&rows.iter().map(head).collect::<Vec<_>>());
    let widest = heads.iter().map(|head| width(head)).max().unwrap_or(0);
    let beside = MARGIN.len() + widest + 2;
    let is_beside = page.columns >= beside + FEWEST_BESIDE;
    let indent = if is_beside { beside } else { MARGIN.len() + 2 };
    for (row, head) in rows.iter().zip(&heads) {
        let head_columns = width(head) + MARGIN.len();
        let head = finding::paint_as(row.severity, page.paint, head);
        write!(out, "{MARGIN}{head}")?;
        let places = wrap(&places(row), page.columns.saturating_sub(indent));
        for (index, line) in places.iter().enumerate() {
            if index == 0 && is_beside {
                writeln!(out, "{}{line}", " ".repeat(indent - head_columns))?;
            } else {
                let end = if index == 0 { "\n" } else { "" };
                writeln!(out, "{end}{}{line}", " ".repeat(indent))?;
            }
        }
    }
    Ok(())
}

/// `2 notes: reinjection, path-unused`, for a connection that has no more than a line.
pub(super) fn codes(findings: &[&Finding]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for found in findings {
        if !names.contains(&found.code.name()) {
            names.push(found.code.name());
        }
    }
    let notes = units::counted(findings.len() as u64, "note");
    (!names.is_empty()).then(|| format!("{notes}: {}", names.join(", ")))
}

fn rows(findings: &[Finding]) -> Vec<Row> {
    let mut rows: BTreeMap<(Reverse<Severity>, usize), Row> = BTreeMap::new();
    for found in findings {
        let place = Code::ALL.iter().position(|code| *code == found.code).unwrap_or(usize::MAX);
        let row = rows.entry((Reverse(found.severity), place)).or_insert_with(|| Row {
            severity: found.severity,
            code: found.code,
            count: 0,
            connections: Vec::new(),
            of_capture: false,
        });
        row.count += 1;
        match found.connection {
            Some(connection) => row.connections.push(connection),
            None => row.of_capture = true,
        }
    }
    let mut rows: Vec<_> = rows.into_values().collect();
    for row in &mut rows {
        row.connections.sort_unstable();
        row.connections.dedup();
    }
    rows.sort_by_key(|row| (Reverse(row.severity), Reverse(row.connections.len())));
    rows
}

fn head(row: &Row) -> Vec<TableCell> {
    vec![
        TableCell::left(finding::name(row.severity)),
        TableCell::left(row.code.name()),
        TableCell::right(units::count(row.count)),
    ]
}

/// The connections that have it.
fn places(row: &Row) -> String {
    let capture = row.of_capture.then(|| "the capture".to_owned());
    let connections = (!row.connections.is_empty()).then(|| runs(&row.connections, MOST, "#"));
    [capture, connections].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
