//! The lines as text: the events of a segment in one line.

use std::fmt::Write;

use super::finding::{FindingChange, FindingLine};
use super::line::{LiveLine, StateLine, SummaryLine};
use crate::analyze::state::ConnectionState;
use crate::printable::printable;
use crate::report::event::Event;
use crate::report::text::event::words;
use crate::report::text::finding::{name as severity, title};
use crate::track::role::Direction;
use crate::track::subflow::SubflowState;
use crate::units;

/// The lines as text, each with its end.
///
/// ```text
///     0.000  #0 sf0 →  SYN, MP_CAPABLE v1
///     0.031  #0 sf0    established: 10.0.1.2:33306 → 10.1.1.2:5001
///     1.380  #0        closed: MPTCP worked on 2 paths: …
///     2.040  #1 sf1    warning join-no-answer: …
///    10.000  4,711 packets so far, 2 MPTCP connections, 3 subflows
/// ```
pub fn text(lines: &[LiveLine]) -> String {
    let mut text = String::new();
    let mut rest = lines;
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        match first {
            LiveLine::State(state) => {
                if let Some(line) = state_text(state) {
                    let _ = writeln!(text, "{line}");
                }
            }
            LiveLine::Event(first) => {
                let mut events = vec![first.event.clone()];
                while let Some((LiveLine::Event(next), others)) = rest.split_first()
                    && next.event.packet == first.event.packet
                    && next.event.subflow == first.event.subflow
                {
                    events.push(next.event.clone());
                    rest = others;
                }
                if let Some(line) = event_text(first.connection, &first.event, &events) {
                    let _ = writeln!(text, "{line}");
                }
            }
        }
    }
    text
}

/// The events of one segment; `None` if they tell a person nothing.
fn event_text(connection: u64, first: &Event, events: &[Event]) -> Option<String> {
    let arrow = match first.direction {
        Direction::ClientToServer => "→",
        Direction::ServerToClient => "←",
    };
    let words = words(events)?;
    Some(format!("{}  #{connection} sf{} {arrow}  {words}", time(first.t_ns), first.subflow))
}

/// A state; `None` for one that follows from the events before it.
fn state_text(state: &StateLine) -> Option<String> {
    Some(match state {
        StateLine::Connection(line) => {
            let verdict = line.verdict.as_deref()?;
            let state = connection_state(line.state);
            format!("{}  #{}        {state}: {verdict}", time(line.t_ns), line.connection)
        }
        StateLine::Subflow(line) => {
            let state = subflow_state(line.state)?;
            let (client, server) = (line.client.endpoint(), line.server.endpoint());
            let number = format!("#{} sf{}", line.connection, line.subflow);
            format!("{}  {number}    {state}: {client} → {server}", time(line.t_ns))
        }
        StateLine::Finding(line) => finding_text(line),
        StateLine::Summary(line) => summary_text(line),
        StateLine::Drops(line) => {
            let packets = units::counted(line.dropped_by_kernel, "packet");
            format!("{}  {packets} dropped by the kernel so far", time(line.t_ns))
        }
        StateLine::Interface(line) => {
            let (interface, what) = (printable(&line.interface), printable(&line.what));
            format!("{}  {interface} {what}", time(line.t_ns))
        }
    })
}

/// `4,711 packets so far, 2 MPTCP connections, 3 subflows`, and what was forgotten or dropped.
fn summary_text(line: &SummaryLine) -> String {
    let forgotten = line.forgotten_connections;
    let dropped = line.dropped_by_kernel.unwrap_or(0);
    let parts = [
        Some(units::counted(line.packets, "packet") + " so far"),
        Some(units::counted(line.connections, "MPTCP connection")),
        Some(units::counted(line.subflows, "subflow")),
        (forgotten > 0).then(|| units::counted(forgotten, "older connection") + " forgotten"),
        (dropped > 0).then(|| units::counted(dropped, "packet") + " dropped"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    format!("{}  {}", time(line.t_ns), parts.join(", "))
}

/// `#0 sf1    warning join-no-answer (likely): …`, and `#0 sf1    no longer: join-no-answer`.
fn finding_text(line: &FindingLine) -> String {
    let connection = line.connection.map(|number| format!("#{number}")).unwrap_or_default();
    let subflow = line.subflow.map(|number| format!(" sf{number}")).unwrap_or_default();
    let place = format!("{connection}{subflow}");
    let what = match (line.change, &line.finding) {
        (FindingChange::Opened, Some(finding)) => {
            let (severity, title) = (severity(line.severity), title(finding));
            format!("{severity} {title}: {}", finding.summary)
        }
        _ => format!("no longer: {}", line.code),
    };
    format!("{}  {place:<6}    {what}", time(line.t_ns))
}

fn time(t_ns: i64) -> String {
    format!("{:>9}", units::seconds(t_ns))
}

const fn connection_state(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Handshaking => "handshaking",
        ConnectionState::Established => "established",
        ConnectionState::Closing => "closing",
        ConnectionState::Closed => "closed",
        ConnectionState::FastClosed => "closed abruptly",
        ConnectionState::Reset => "reset",
        ConnectionState::Refused => "refused",
        ConnectionState::Unknown => "unknown",
    }
}

const fn subflow_state(state: SubflowState) -> Option<&'static str> {
    match state {
        SubflowState::HalfOpen | SubflowState::Unknown => None,
        SubflowState::SynTimeout => Some("not answered"),
        SubflowState::Refused => Some("refused"),
        SubflowState::Established => Some("established"),
        SubflowState::Closed => Some("closed"),
        SubflowState::Reset => Some("reset"),
    }
}
