//! One connection: verdict, findings, facts, subflows, events.

use std::io::{self, Write};
use std::net::IpAddr;

use super::event;
use super::finding;
use super::order::Ranked;
use super::page::{Page, join_parts, wrap};
use super::subflows;
use super::summary;
use crate::analyze::state::ConnectionState;
use crate::report::model::{Connection, Host, OrphanSubflow, Subflow, SubflowEndpoint};
use crate::text_layout::width;
use crate::track::role::{PerRole, Role};
use crate::units;
use crate::wire::mptcp::Version;
use crate::wire::segment::Endpoint;

/// Margin of what belongs to a connection.
const MARGIN: &str = "    ";

/// Writes all of it, with the findings on it and at most `max_events` lines of events.
pub(super) fn write(
    ranked: &Ranked<'_>,
    max_events: usize,
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Ranked { connection, findings } = ranked;
    writeln!(out)?;
    write_heading(connection, page, out)?;
    // The findings tell the details, and better.
    let details = connection.details.iter().filter(|_| findings.is_empty());
    for sentence in std::iter::once(&connection.verdict).chain(details) {
        page.write_prose(MARGIN.len(), &page.packets.in_words(sentence), out)?;
    }
    if !findings.is_empty() {
        writeln!(out)?;
        finding::write(findings, MARGIN.len(), page, out)?;
    }
    writeln!(out)?;
    for line in join_parts(&facts(connection), page.columns - MARGIN.len()) {
        writeln!(out, "{MARGIN}{}", page.paint.dim(&line))?;
    }
    writeln!(out)?;
    subflows::write(connection, page, out)?;
    if !connection.events.is_empty() {
        writeln!(out)?;
    }
    event::write(&connection.events, connection.events_dropped, max_events, page, out)
}

/// A line for a connection of many, and another one for its notes.
pub(super) fn write_line(
    ranked: &Ranked<'_>,
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let connection = ranked.connection;
    let id = format!("#{}", connection.id);
    let path = format!("{} → {}", client(connection), server(connection));
    let subflows = units::counted(connection.subflows.len() as u64, "subflow");
    let bytes = units::bytes(connection.c2s.stream_bytes + connection.s2c.stream_bytes);
    let fallback = connection.fallback.as_ref().map_or("", |_| ", plain TCP");
    let facts = format!("{}{fallback}, {subflows}, {bytes}", state(connection.state));
    let notes = summary::codes(&ranked.findings);
    let one_line = match &notes {
        Some(notes) => format!("{id}  {path}  {facts} · {notes}"),
        None => format!("{id}  {path}  {facts}"),
    };
    if width(&one_line) <= page.columns {
        let rest = one_line.strip_prefix(&id).unwrap_or(&one_line);
        return writeln!(out, "{}{rest}", page.paint.bold(&id));
    }
    let is_short = width(&id) + width(&path) + width(&facts) + 4 <= page.columns;
    if is_short {
        writeln!(out, "{}  {path}  {facts}", page.paint.bold(&id))?;
    } else {
        writeln!(out, "{}  {path}", page.paint.bold(&id))?;
        page.write_prose(MARGIN.len(), &facts, out)?;
    }
    notes.map_or(Ok(()), |notes| page.write_dim(MARGIN.len(), &notes, out))
}

/// Joins whose connection is not in the capture.
pub(super) fn write_orphans(
    orphans: &[OrphanSubflow],
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    /// Most that are listed.
    const MOST: usize = 20;
    if orphans.is_empty() {
        return Ok(());
    }
    let heading = "Joins of connections that are not in the capture, never answered with MP_JOIN";
    writeln!(out)?;
    for line in wrap(heading, page.columns) {
        writeln!(out, "{}", page.paint.bold(&line))?;
    }
    for orphan in orphans.iter().take(MOST) {
        let subflow = &orphan.subflow;
        let token = orphan.token.map_or("unknown".to_owned(), |token| token.to_string());
        page.write_prose(MARGIN.len(), &path(subflow), out)?;
        let ending = page.packets.in_words(&ending(subflow));
        page.write_prose(MARGIN.len() + 2, &format!("token {token}, {ending}"), out)?;
    }
    if orphans.len() > MOST {
        let more = units::count((orphans.len() - MOST) as u64);
        writeln!(out, "{MARGIN}… {more} more: --json lists all")?;
    }
    Ok(())
}

/// `#0  10.0.1.2:42248 → 10.1.1.2:5001   v1, closed, 1.14 s`.
fn write_heading(connection: &Connection, page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let id = format!("#{:<3}", connection.id);
    let path = format!("{} → {}", client(connection), server(connection));
    let version = connection.version.map(|version| format!("v{version}"));
    let fallback = connection.fallback.as_ref().map(|_| "fell back".to_owned());
    let duration = units::duration(connection.duration_ns);
    let parts = [version, Some(state(connection.state).to_owned()), fallback, Some(duration)];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let facts = parts.join(", ");
    let paint = page.paint;
    if width(&id) + width(&path) + width(&facts) + 3 <= page.columns {
        return writeln!(out, "{}{}   {facts}", paint.bold(&id), paint.bold(&path));
    }
    for (index, line) in wrap(&path, page.columns - MARGIN.len()).iter().enumerate() {
        let margin = if index == 0 { &id } else { MARGIN };
        writeln!(out, "{}{}", paint.bold(margin), paint.bold(line))?;
    }
    writeln!(out, "{MARGIN}{facts}")
}

/// What was agreed on, and what names the connection in joins and in mappings.
fn facts(connection: &Connection) -> Vec<String> {
    let checksum = match connection.checksum {
        Some(true) => "checksums on",
        Some(false) => "checksums off",
        None => "checksums unknown",
    };
    let c_bit = match connection.deny_join_initial {
        PerRole { client: Some(true), server: Some(true) } => "C bit set by both",
        PerRole { client: Some(true), .. } => "C bit set by the client",
        PerRole { server: Some(true), .. } => "C bit set by the server",
        PerRole { client: Some(false), server: Some(false) } => "C bit not set",
        PerRole { .. } if connection.version == Some(Version::V0) => "no C bit in v0",
        PerRole { .. } => "C bit unknown",
    };
    let timestamps = match connection.option_space.timestamps {
        Some(true) => "timestamps on",
        Some(false) => "timestamps off",
        None => "timestamps unknown",
    };
    let mut facts: Vec<_> = [checksum, c_bit, timestamps].map(str::to_owned).into();
    if !connection.roles_certain {
        facts.push("client and server guessed".to_owned());
    }
    facts.push(names(Role::Client, &connection.client));
    facts.push(names(Role::Server, &connection.server));
    facts
}

/// `client token 0x6804fdd0, IDSN 0x…`: that its joins are looked up by, and where its data begins.
fn names(role: Role, host: &Host) -> String {
    let role = match role {
        Role::Client => "client",
        Role::Server => "server",
    };
    match (host.token, host.idsn) {
        (Some(token), Some(idsn)) => format!("{role} token {token}, IDSN {idsn}"),
        (Some(token), None) => format!("{role} token {token}, IDSN unknown"),
        (None, Some(idsn)) => format!("{role} token unknown, IDSN {idsn}"),
        (None, None) => format!("{role} token and IDSN unknown"),
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

pub(super) fn server(connection: &Connection) -> Endpoint {
    endpoint(connection.server.address, connection.server.port)
}

/// Both ends, the client's first; the arrow says who opened it.
pub(super) fn path(subflow: &Subflow) -> String {
    let end = |end: &SubflowEndpoint| endpoint(end.address, end.port);
    let arrow = match subflow.opened_by {
        Role::Client => "→",
        Role::Server => "←",
    };
    format!("{} {arrow} {}", end(&subflow.client), end(&subflow.server))
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
