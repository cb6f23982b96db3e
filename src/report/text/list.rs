//! Connections in a line each.

use std::io::{self, Write};

use super::finding::name as severity_name;
use super::style::Paint;
use crate::analyze::finding::Severity;
use crate::report::list::{Column, ListRow};
use crate::text_layout::{fit, fit_end, left, right, width};
use crate::units;

/// Narrowest that an address with its port is cut to.
const NARROWEST_END: usize = 15;

/// Narrowest that a list of codes or a sentence is cut to.
const NARROWEST_WORDS: usize = 12;

/// Stands where something is cut off.
const MORE: char = '…';

/// How a list is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListOptions {
    /// Which columns, in this order.
    pub columns: Vec<Column>,
    /// With ANSI colours. They repeat what the words say.
    pub colour: bool,
    /// Columns of the terminal. Without one, nothing is cut.
    pub width: Option<usize>,
}

/// Writes a line for each row below a line of headings. All columns are as wide as their widest cell,
/// unless the terminal is too narrow for that.
pub fn write_list(
    rows: &[ListRow<'_>],
    options: &ListOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let headings = options.columns.iter().map(|column| heading(*column).to_owned()).collect();
    let cells = |row: &ListRow<'_>| options.columns.iter().map(|found| cell(*found, row)).collect();
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let layout = Layout::new(&headings, &cells, options);
    let paint = Paint::new(options.colour);
    writeln!(out, "{}", paint.dim(&layout.line(&headings, None, paint)))?;
    for (row, cells) in rows.iter().zip(&cells) {
        writeln!(out, "{}", layout.line(cells, row.severity, paint))?;
    }
    Ok(())
}

/// Where columns stand.
struct Layout<'a> {
    columns: &'a [Column],
    widths: Vec<usize>,
    gap: usize,
    most: Option<usize>,
}

impl<'a> Layout<'a> {
    fn new(headings: &Vec<String>, rows: &[Vec<String>], options: &'a ListOptions) -> Self {
        let columns = &options.columns;
        let mut widths = vec![0; columns.len()];
        for row in std::iter::once(headings).chain(rows) {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        let mut layout = Self { columns, widths, gap: 2, most: options.width };
        if let Some(most) = options.width {
            layout.narrow(most);
        }
        layout
    }

    /// Makes it fit: first with narrower gaps, then what is widest of words and addresses is cut.
    fn narrow(&mut self, most: usize) {
        if self.width() > most {
            self.gap = 1;
        }
        while self.width() > most {
            let columns = self.columns.iter().zip(&mut self.widths);
            let can_be_cut = columns.filter(|(column, width)| **width > narrowest(**column));
            let Some((_, width)) = can_be_cut.max_by_key(|(_, width)| **width) else { return };
            *width -= 1;
        }
    }

    fn width(&self) -> usize {
        self.widths.iter().sum::<usize>() + self.gap * self.widths.len().saturating_sub(1)
    }

    /// What does not fit even so is cut off at the end of the line.
    fn line(&self, cells: &[String], severity: Option<Severity>, paint: Paint) -> String {
        let mut line = String::new();
        let mut used = 0;
        for ((column, cell), columns) in self.columns.iter().zip(cells).zip(&self.widths) {
            let before = if used == 0 { 0 } else { self.gap };
            let room = self.most.map_or(*columns, |most| most.saturating_sub(used + before));
            let columns = room.min(*columns);
            if columns == 0 {
                break;
            }
            let filled = if is_number(*column) {
                right(cell, columns, MORE)
            } else if is_end(*column) {
                left(&fit_end(cell, columns, MORE), columns, MORE)
            } else {
                left(&fit(cell, columns, MORE), columns, MORE)
            };
            line.push_str(&" ".repeat(before));
            line.push_str(&painted(*column, &filled, severity, paint));
            used += before + columns;
        }
        line.trim_end().to_owned()
    }
}

fn painted(column: Column, cell: &str, severity: Option<Severity>, paint: Paint) -> String {
    match (column, severity) {
        (Column::Severity | Column::Findings, Some(Severity::Error)) => paint.bad(cell),
        (Column::Severity | Column::Findings, Some(Severity::Warning)) => paint.notable(cell),
        _ => cell.to_owned(),
    }
}

const fn heading(column: Column) -> &'static str {
    match column {
        Column::Id => "#",
        Column::Client => "client",
        Column::Server => "server",
        Column::Version => "ver",
        Column::State => "state",
        Column::Subflows => "sf",
        Column::C2s => "c→s",
        Column::S2c => "s→c",
        Column::Bytes => "bytes",
        Column::Start => "start",
        Column::Duration => "duration",
        Column::Rtt => "rtt",
        Column::Severity => "severity",
        Column::Codes => "codes",
        Column::Findings => "findings",
        Column::Token => "token",
        Column::Verdict => "verdict",
    }
}

const fn is_number(column: Column) -> bool {
    matches!(
        column,
        Column::Id
            | Column::Subflows
            | Column::C2s
            | Column::S2c
            | Column::Bytes
            | Column::Start
            | Column::Duration
            | Column::Rtt
    )
}

const fn is_end(column: Column) -> bool {
    matches!(column, Column::Client | Column::Server)
}

/// Columns that a cell keeps at least, however narrow the terminal is.
const fn narrowest(column: Column) -> usize {
    match column {
        Column::Client | Column::Server => NARROWEST_END,
        Column::Codes | Column::Findings | Column::Verdict => NARROWEST_WORDS,
        _ => usize::MAX,
    }
}

fn cell(column: Column, row: &ListRow<'_>) -> String {
    let unknown = || "–".to_owned();
    match column {
        Column::Id => row.id.to_string(),
        Column::Client => row.client.endpoint().to_string(),
        Column::Server => row.server.endpoint().to_string(),
        Column::Version if row.fallback => "TCP".to_owned(),
        Column::Version => row.version.map_or_else(unknown, |version| format!("v{version}")),
        Column::State => row.state.replace('_', " "),
        Column::Subflows => row.subflows.to_string(),
        Column::C2s => units::bytes(row.c2s_bytes),
        Column::S2c => units::bytes(row.s2c_bytes),
        Column::Bytes => units::bytes(row.c2s_bytes + row.s2c_bytes),
        Column::Start => units::seconds(row.start_t_ns),
        Column::Duration => units::duration(row.duration_ns),
        Column::Rtt => row.rtt_ns.map_or_else(unknown, units::duration),
        Column::Severity => row.severity.map_or_else(unknown, |found| severity_name(found).into()),
        Column::Codes => codes(row),
        Column::Findings => row
            .severity
            .map_or_else(unknown, |found| format!("{}: {}", severity_name(found), codes(row))),
        Column::Token => row.token.map_or_else(unknown, |token| token.to_string()),
        Column::Verdict => row.verdict.to_owned(),
    }
}

fn codes(row: &ListRow<'_>) -> String {
    let names: Vec<_> = row.codes.iter().map(|code| code.name()).collect();
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}
