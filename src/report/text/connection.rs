//! One connection: verdict, facts, subflows, events.

use std::io::{self, Write};
use std::net::IpAddr;

use super::event;
use super::finding;
use super::page::{WIDTH, wrap};
use super::style::Paint;
use crate::analyze::state::ConnectionState;
use crate::report::model::{Connection, Finding, OrphanSubflow, Subflow, SubflowEndpoint};
use crate::text_layout::table::{self, TableCell};
use crate::text_layout::width;
use crate::track::proof::Verdict;
use crate::track::role::PerRole;
use crate::track::subflow::SubflowState;
use crate::units;
use crate::wire::mptcp::Version;
use crate::wire::segment::Endpoint;

/// Margin of what belongs to a connection.
const MARGIN: &str = "    ";

/// Writes all of it, with the findings on it and at most `max_events` lines of events.
pub(super) fn write(
    connection: &Connection,
    findings: &[&Finding],
    max_events: usize,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    write_heading(connection, paint, out)?;
    // The findings tell the details, and better.
    let details = connection.details.iter().filter(|_| findings.is_empty());
    for sentence in std::iter::once(&connection.verdict).chain(details) {
        for line in wrap(sentence, WIDTH - MARGIN.len()) {
            writeln!(out, "{MARGIN}{line}")?;
        }
    }
    if !findings.is_empty() {
        writeln!(out)?;
        finding::write(findings, MARGIN, paint, out)?;
        writeln!(out)?;
    }
    for line in wrap(&facts(connection), WIDTH - MARGIN.len()) {
        writeln!(out, "{MARGIN}{}", paint.dim(&line))?;
    }
    writeln!(out)?;
    write_subflows(&connection.subflows, paint, out)?;
    if !connection.events.is_empty() {
        writeln!(out)?;
    }
    event::write(&connection.events, connection.events_dropped, max_events, paint, out)
}

/// A line for a connection of many.
pub(super) fn write_line(
    connection: &Connection,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let id = format!("#{}", connection.id);
    let path = format!("{} → {}", client(connection), server(connection));
    let subflows = units::counted(connection.subflows.len() as u64, "subflow");
    let bytes = units::bytes(connection.c2s.stream_bytes + connection.s2c.stream_bytes);
    let fallback = connection.fallback.as_ref().map_or("", |_| ", plain TCP");
    let facts = format!("{}{fallback}, {subflows}, {bytes}", state(connection.state));
    if width(&id) + width(&path) + width(&facts) + 4 <= WIDTH {
        return writeln!(out, "{}  {path}  {facts}", paint.bold(&id));
    }
    writeln!(out, "{}  {path}", paint.bold(&id))?;
    writeln!(out, "{MARGIN}{facts}")
}

/// Joins whose connection is not in the capture.
pub(super) fn write_orphans(
    orphans: &[OrphanSubflow],
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    /// Most that are listed.
    const MOST: usize = 20;
    if orphans.is_empty() {
        return Ok(());
    }
    let heading = "Joins never answered with MP_JOIN, of connections not in the capture";
    writeln!(out, "\n{}", paint.bold(heading))?;
    for orphan in orphans.iter().take(MOST) {
        let subflow = &orphan.subflow;
        let token = orphan.token.map_or("unknown".to_owned(), |token| token.to_string());
        writeln!(out, "{MARGIN}{}", path(subflow))?;
        writeln!(out, "{MARGIN}  token {token}, {}", ending(subflow))?;
    }
    if orphans.len() > MOST {
        let more = units::count((orphans.len() - MOST) as u64);
        writeln!(out, "{MARGIN}… {more} more: --json lists all")?;
    }
    Ok(())
}

/// `#0  10.0.1.2:42248 → 10.1.1.2:5001   v1, closed, 1.14 s`.
fn write_heading(connection: &Connection, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let id = format!("#{:<3}", connection.id);
    let path = format!("{} → {}", client(connection), server(connection));
    let version = connection.version.map(|version| format!("v{version}"));
    let fallback = connection.fallback.as_ref().map(|_| "fell back".to_owned());
    let duration = units::duration(connection.duration_ns);
    let parts = [version, Some(state(connection.state).to_owned()), fallback, Some(duration)];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let facts = parts.join(", ");
    if width(&id) + width(&path) + width(&facts) + 3 <= WIDTH {
        return writeln!(out, "{}{}   {facts}", paint.bold(&id), paint.bold(&path));
    }
    for (index, line) in wrap(&path, WIDTH - MARGIN.len()).iter().enumerate() {
        let margin = if index == 0 { &id } else { MARGIN };
        writeln!(out, "{}{}", paint.bold(margin), paint.bold(line))?;
    }
    writeln!(out, "{MARGIN}{facts}")
}

/// What was agreed on.
fn facts(connection: &Connection) -> String {
    let checksum = match connection.checksum {
        Some(true) => "checksums on",
        Some(false) => "checksums off",
        None => "checksums unknown",
    };
    let c_bit = match connection.deny_join_initial {
        PerRole { client: Some(true), server: Some(true) } => "C bit of both",
        PerRole { client: Some(true), .. } => "C bit of the client",
        PerRole { server: Some(true), .. } => "C bit of the server",
        PerRole { client: Some(false), server: Some(false) } => "no C bit",
        PerRole { .. } if connection.version == Some(Version::V0) => "no C bit in v0",
        PerRole { .. } => "C bit unknown",
    };
    let timestamps = match connection.option_space.timestamps {
        Some(true) => "timestamps on",
        Some(false) => "timestamps off",
        None => "timestamps unknown",
    };
    let roles = if connection.roles_certain { "" } else { " · client and server guessed" };
    let data = [("c→s", &connection.c2s), ("s→c", &connection.s2c)];
    let data = data.map(|(name, data)| format!("{name} {}", units::bytes(data.stream_bytes)));
    format!("{} · {checksum} · {c_bit} · {timestamps}{roles}", data.join(", "))
}

fn write_subflows(subflows: &[Subflow], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let table = table::lines(&rows(subflows, true));
    let room = WIDTH - MARGIN.len();
    // Paths that are too long stand on lines of their own.
    let beside = table.iter().all(|line| width(line) <= room);
    let table = if beside { table } else { table::lines(&rows(subflows, false)) };
    let mut lines = table.iter();
    if let Some(heading) = lines.next() {
        writeln!(out, "{MARGIN}{}", paint.dim(heading))?;
    }
    for (line, subflow) in lines.zip(subflows) {
        let line = match subflow.state {
            SubflowState::Reset | SubflowState::Refused | SubflowState::SynTimeout => {
                paint.bad(line)
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
fn rows(subflows: &[Subflow], with_path: bool) -> Vec<Vec<TableCell>> {
    let heading = vec![
        TableCell::left("sf"),
        TableCell::left("path"),
        TableCell::left("ids"),
        TableCell::left("join"),
        TableCell::left("state"),
        TableCell::right("c→s"),
        TableCell::right("s→c"),
    ];
    let row = |subflow: &Subflow| {
        vec![
            TableCell::right(subflow.id.to_string()),
            TableCell::left(path(subflow)),
            TableCell::left(ids(subflow)),
            TableCell::left(join(subflow)),
            TableCell::left(subflow_state(subflow.state)),
            TableCell::right(units::bytes(subflow.c2s.payload_bytes)),
            TableCell::right(units::bytes(subflow.s2c.payload_bytes)),
        ]
    };
    let mut rows: Vec<_> = std::iter::once(heading).chain(subflows.iter().map(row)).collect();
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
        return "–";
    };
    match (hmac.syn_ack, hmac.ack) {
        (Verdict::Mismatch, _) | (_, Verdict::Mismatch) => "HMAC wrong",
        (Verdict::Verified, Verdict::Verified) => "HMAC ok",
        (Verdict::Absent, Verdict::Absent) => "no HMAC",
        (Verdict::Absent, _) | (_, Verdict::Absent) => "HMAC lacking",
        (Verdict::Unverifiable, _) | (_, Verdict::Unverifiable) => "HMAC open",
    }
}

/// How an orphan join ended.
fn ending(subflow: &Subflow) -> String {
    let syns = u64::from(subflow.handshake.syn_retransmissions.unwrap_or(0)) + 1;
    let syns = units::counted(syns, "SYN");
    match (&subflow.reset, subflow.handshake.syn_ack) {
        (Some(reset), _) => {
            let reason = reset.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{syns}, refused by a RST (packet {}){reason}", reset.packet)
        }
        (None, Some(packet)) => format!("{syns}, answered as plain TCP (packet {packet})"),
        (None, None) => format!("{syns}, not answered"),
    }
}

fn client(connection: &Connection) -> Endpoint {
    endpoint(connection.client.address, connection.client.port)
}

fn server(connection: &Connection) -> Endpoint {
    endpoint(connection.server.address, connection.server.port)
}

fn path(subflow: &Subflow) -> String {
    let end = |end: &SubflowEndpoint| endpoint(end.address, end.port);
    format!("{} → {}", end(&subflow.client), end(&subflow.server))
}

const fn endpoint(address: IpAddr, port: u16) -> Endpoint {
    Endpoint { address, port }
}

const fn state(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Handshaking => "handshaking",
        ConnectionState::Established => "established",
        ConnectionState::Closing => "closing",
        ConnectionState::Closed => "closed",
        ConnectionState::FastClosed => "fast closed",
        ConnectionState::Reset => "reset",
        ConnectionState::Refused => "refused",
        ConnectionState::Unknown => "state unknown",
    }
}

const fn subflow_state(state: SubflowState) -> &'static str {
    match state {
        SubflowState::HalfOpen => "half open",
        SubflowState::SynTimeout => "no answer",
        SubflowState::Refused => "refused",
        SubflowState::Established => "established",
        SubflowState::Closed => "closed",
        SubflowState::Reset => "reset",
        SubflowState::Unknown => "unknown",
    }
}
