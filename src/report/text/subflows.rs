//! The subflows of a connection: who and how far, then how much of what, and how fast.

use std::io::{self, Write};
use std::iter;

use super::connection::path;
use super::page::{Page, wrap};
use crate::report::model::{Connection, Subflow, SubflowDirection, SubflowEndpoint};
use crate::text_layout::table::{self, TableCell};
use crate::text_layout::width;
use crate::track::proof::Verdict;
use crate::track::role::Direction;
use crate::track::subflow::SubflowState;
use crate::units;

const MARGIN: &str = "    ";

/// Where nothing is known, or nothing can be.
const NOTHING: &str = "–";

/// Less does not make a rate.
const FEWEST_BYTES_OF_A_RATE: u64 = 10_000;

/// Writes both tables.
pub(super) fn write(
    connection: &Connection,
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_who(&connection.subflows, page, out)?;
    write_traffic(connection, page, out)
}

fn write_who(subflows: &[Subflow], page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let room = page.columns - MARGIN.len();
    let with_path = table::lines(&who(subflows, true));
    // Paths that are too long stand on lines of their own.
    let beside = with_path.iter().all(|line| width(line) <= room);
    let table = if beside { with_path } else { table::lines(&who(subflows, false)) };
    let mut lines = table.iter();
    if let Some(heading) = lines.next() {
        writeln!(out, "{MARGIN}{}", page.paint.dim(heading))?;
    }
    for (line, subflow) in lines.zip(subflows) {
        let line = match subflow.state {
            SubflowState::Reset | SubflowState::Refused | SubflowState::SynTimeout => {
                page.paint.bad(line)
            }
            _ => line.clone(),
        };
        writeln!(out, "{MARGIN}{line}")?;
        if !beside {
            for line in wrap(&path(subflow), room - 4) {
                writeln!(out, "{MARGIN}    {line}")?;
            }
        }
    }
    Ok(())
}

/// The heading, then a row for each subflow.
fn who(subflows: &[Subflow], with_path: bool) -> Vec<Vec<TableCell>> {
    let heading = vec![
        TableCell::left("sf"),
        TableCell::left("path"),
        TableCell::left("ids"),
        TableCell::left("join"),
        TableCell::left("state"),
        TableCell::right("setup RTT"),
    ];
    let row = |subflow: &Subflow| {
        let rtt = subflow.handshake.rtt_ns.map_or(NOTHING.to_owned(), units::duration);
        vec![
            TableCell::right(subflow.id.to_string()),
            TableCell::left(path(subflow)),
            TableCell::left(ids(subflow)),
            TableCell::left(join(subflow)),
            TableCell::left(state(subflow)),
            TableCell::right(rtt),
        ]
    };
    let mut rows: Vec<_> = iter::once(heading).chain(subflows.iter().map(row)).collect();
    if !with_path {
        for row in &mut rows {
            row.remove(1);
        }
    }
    rows
}

/// Address IDs, the client's first.
fn ids(subflow: &Subflow) -> String {
    let id = |end: &SubflowEndpoint| end.address_id.map_or("?".to_owned(), |id| id.to_string());
    format!("{}/{}", id(&subflow.client), id(&subflow.server))
}

/// What the HMACs of a join say.
fn join(subflow: &Subflow) -> &'static str {
    let Some(hmac) = &subflow.hmac else {
        return "initial";
    };
    match (hmac.syn_ack, hmac.ack) {
        (Verdict::Mismatch, _) | (_, Verdict::Mismatch) => "HMAC wrong",
        (Verdict::Verified, Verdict::Verified) => "HMAC ok",
        (Verdict::Absent, Verdict::Absent) => "HMAC not seen",
        (Verdict::Absent, _) | (_, Verdict::Absent) => "incomplete",
        (Verdict::Unverifiable, _) | (_, Verdict::Unverifiable) => "HMAC unchecked",
    }
}

fn state(subflow: &Subflow) -> String {
    let name = match subflow.state {
        SubflowState::HalfOpen => "half open",
        SubflowState::SynTimeout => "no answer",
        SubflowState::Refused => "refused",
        SubflowState::Established => "established",
        SubflowState::Closed => "closed",
        SubflowState::Reset => "reset",
        SubflowState::Unknown => "unknown",
    };
    let is_backup = [subflow.backup.client, subflow.backup.server].contains(&Some(true));
    if is_backup { format!("{name}, backup") } else { name.to_owned() }
}

/// One row of the second table.
struct Traffic<'a> {
    subflow: u32,
    direction: Direction,
    of: &'a SubflowDirection,
}

impl Traffic<'_> {
    /// What was sent before, on this subflow or another.
    const fn resent(&self) -> u64 {
        self.of.retransmitted_bytes + self.of.remapped_bytes + self.of.reinjected_bytes
    }
}

fn write_traffic(connection: &Connection, page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let directions = connection.subflows.iter().flat_map(|subflow| {
        [(Direction::ClientToServer, &subflow.c2s), (Direction::ServerToClient, &subflow.s2c)]
            .map(|(direction, of)| Traffic { subflow: subflow.id, direction, of })
    });
    let rows: Vec<_> = directions.filter(|row| row.of.payload_bytes > 0).collect();
    if rows.is_empty() {
        return writeln!(out, "{MARGIN}No data was captured.");
    }
    writeln!(out)?;
    let amounts = amounts(&rows);
    let sums = amounts.len() - rows.len() - 1;
    let quality: Vec<_> = iter::once(quality_heading()).chain(rows.iter().map(quality)).collect();
    // Sums have no quality.
    let padded = quality.iter().cloned().chain(iter::repeat_n(no_quality(), sums));
    let beside = amounts.iter().cloned().zip(padded).map(|(amounts, quality)| [amounts, quality]);
    let beside = table::lines(&beside.map(|row| row.concat()).collect::<Vec<_>>());
    if beside.iter().all(|line| width(line) <= page.columns - MARGIN.len()) {
        write_table(&beside, page, out)?;
    } else {
        let names = amounts.iter().map(|row| row.iter().take(2).cloned().collect::<Vec<_>>());
        let quality = names.zip(quality).map(|(name, quality)| [name, quality].concat());
        write_table(&table::lines(&amounts), page, out)?;
        writeln!(out)?;
        write_table(&table::lines(&quality.collect::<Vec<_>>()), page, out)?;
    }
    for (direction, of) in [("c→s", &connection.c2s), ("s→c", &connection.s2c)] {
        if of.missing_bytes > 0 {
            let missing = units::bytes(of.missing_bytes);
            let text = format!("{direction}: {missing} more of the stream are not in the capture.");
            page.write_prose(MARGIN.len(), &text, out)?;
        }
    }
    Ok(())
}

fn write_table(lines: &[String], page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (index, line) in lines.iter().enumerate() {
        let line = if index == 0 { page.paint.dim(line) } else { line.clone() };
        writeln!(out, "{MARGIN}{line}")?;
    }
    Ok(())
}

/// Which columns stand there because they say something.
#[derive(Clone, Copy)]
struct Columns {
    unmapped: bool,
    delivered: bool,
}

/// Amounts of one row in bytes.
#[derive(Clone, Copy)]
struct Amounts {
    sent: u64,
    new: u64,
    resent: u64,
    /// `None` if the capture does not show what arrived.
    delivered: Option<u64>,
    unmapped: u64,
}

impl Amounts {
    const NONE: Self = Self { sent: 0, new: 0, resent: 0, delivered: Some(0), unmapped: 0 };

    fn of(row: &Traffic<'_>) -> Self {
        Self {
            sent: row.of.payload_bytes,
            new: row.of.new_data_bytes,
            resent: row.resent(),
            delivered: row.of.delivered_bytes,
            unmapped: row.of.unmapped_bytes,
        }
    }

    /// The sum; what arrived in all is not known if that of one is not.
    fn plus(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            new: self.new + other.new,
            resent: self.resent + other.resent,
            delivered: self.delivered.zip(other.delivered).map(|(one, other)| one + other),
            unmapped: self.unmapped + other.unmapped,
        }
    }

    /// Each arrived where it was sent first, and the column would say so.
    fn is_plain(self) -> bool {
        self.delivered == Some(self.new)
    }

    fn cells(self, columns: Columns) -> impl Iterator<Item = TableCell> {
        let delivered = || self.delivered.map_or_else(|| NOTHING.to_owned(), units::bytes);
        let unmapped = columns.unmapped.then(|| units::bytes(self.unmapped));
        let all = [self.sent, self.new, self.resent].map(units::bytes).into_iter();
        all.chain(unmapped).chain(columns.delivered.then(delivered)).map(TableCell::right)
    }
}

/// How much: the heading, a row for each subflow and direction, and where there are several of a
/// direction, their sums.
fn amounts(rows: &[Traffic<'_>]) -> Vec<Vec<TableCell>> {
    let columns = Columns {
        unmapped: rows.iter().any(|row| row.of.unmapped_bytes > 0),
        delivered: !rows.iter().all(|row| Amounts::of(row).is_plain()),
    };
    let row = |name: String, direction: Direction, amounts: Amounts| {
        let mut row = vec![TableCell::right(name), TableCell::left(arrow(direction))];
        row.extend(amounts.cells(columns));
        row
    };
    let mut heading = vec![TableCell::right("sf"), TableCell::left("dir")];
    heading.extend(["sent", "new", "resent"].map(TableCell::right));
    heading.extend(columns.unmapped.then(|| TableCell::right("unmapped")));
    heading.extend(columns.delivered.then(|| TableCell::right("delivered")));
    let mut table = vec![heading];
    table.extend(
        rows.iter()
            .map(|found| row(found.subflow.to_string(), found.direction, Amounts::of(found))),
    );
    for direction in [Direction::ClientToServer, Direction::ServerToClient] {
        let same: Vec<_> = rows.iter().filter(|row| row.direction == direction).collect();
        if same.len() > 1 {
            let each = same.iter().map(|row| Amounts::of(row));
            table.push(row("all".to_owned(), direction, each.fold(Amounts::NONE, Amounts::plus)));
        }
    }
    table
}

fn quality_heading() -> Vec<TableCell> {
    ["rtx", "late", "RTT med", "RTT p95", "rate"].map(TableCell::right).into()
}

/// How well, and how fast.
fn quality(row: &Traffic<'_>) -> Vec<TableCell> {
    let of = row.of;
    let nothing = || NOTHING.to_owned();
    let time = |ns: Option<u64>| {
        ns.and_then(|ns| i64::try_from(ns).ok()).map_or_else(nothing, units::duration)
    };
    let is_enough = of.payload_bytes >= FEWEST_BYTES_OF_A_RATE;
    let sending = of.sending_ns.filter(|_| is_enough);
    [
        units::percentage(of.retransmitted_bytes, of.payload_bytes).unwrap_or_else(nothing),
        units::count(of.out_of_order_segments),
        time(of.rtt_ns.map(|rtt| rtt.p50)),
        time(of.rtt_ns.map(|rtt| rtt.p95)),
        sending.and_then(|ns| units::rate(of.payload_bytes, ns)).unwrap_or_else(nothing),
    ]
    .map(TableCell::right)
    .into()
}

fn no_quality() -> Vec<TableCell> {
    [""; 5].map(TableCell::right).into()
}

const fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::ClientToServer => "c→s",
        Direction::ServerToClient => "s→c",
    }
}
