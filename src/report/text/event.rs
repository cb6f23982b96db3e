//! What happened on a connection, a line for each segment.

use std::io::{self, Write};

use super::page::{Page, wrap};
use crate::analyze::verdict::fallback_reason;
use crate::report::event::{Event, EventKind};
use crate::report::option::describe;
use crate::text_layout::width;
use crate::track::role::Direction;
use crate::units;
use crate::wire::mptcp::MptcpOption;

/// Columns that the words of an event need beside its time and packet.
const FEWEST_WORDS: usize = 24;

/// The events of one segment.
struct EventLine {
    t_ns: i64,
    packet: u64,
    subflow: u32,
    direction: Direction,
    text: String,
    /// Whether something went wrong.
    bad: bool,
    /// Later segments that said the same.
    again: u64,
    last: u64,
}

/// Writes the first `most` lines of `events`; says how many are left out.
pub(super) fn write(
    events: &[Event],
    dropped: u64,
    most: usize,
    page: &Page<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let lines = fold(lines(events));
    let shown = lines.get(..most).unwrap_or(&lines);
    let times = page.clock.lines(shown.iter().map(|line| line.t_ns));
    let packets: Vec<_> = shown.iter().map(|line| page.packets.short(line.packet)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| width(text)).max().unwrap_or(0);
    let (time_columns, packet_columns) = (widest(&times).max(12), widest(&packets).max(3));
    for (line, (time, packet)) in shown.iter().zip(times.iter().zip(&packets)) {
        let blank = " ".repeat(packet_columns - width(packet));
        line.write(&format!("  {time:>time_columns$}  {packet}{blank}"), page, out)?;
    }
    let left_out = (lines.len() - shown.len()) as u64;
    if left_out > 0 {
        let more = units::counted(left_out, "more event");
        page.write_prose(6, &format!("… {more}: --connection N shows all, --json too"), out)?;
    }
    if dropped > 0 {
        let more = units::counted(dropped, "event");
        page.write_prose(6, &format!("… {more} were not kept"), out)?;
    }
    Ok(())
}

/// The events of one segment in a few words; `None` if they tell a person nothing.
pub(crate) fn words(events: &[Event]) -> Option<String> {
    lines(events).pop().map(|line| line.text)
}

/// One line for the events of each segment. A segment whose events say nothing has no line.
fn lines(events: &[Event]) -> Vec<EventLine> {
    let mut lines: Vec<EventLine> = Vec::new();
    for event in events {
        let Some(text) = text(&event.kind) else {
            continue;
        };
        let bad = is_bad(&event.kind);
        match lines.last_mut() {
            Some(line) if line.packet == event.packet && line.subflow == event.subflow => {
                line.text = match event.kind {
                    // What a segment is comes before what it carries.
                    EventKind::Syn(_) | EventKind::Rst(_) => format!("{text}, {}", line.text),
                    _ => format!("{}, {text}", line.text),
                };
                line.bad |= bad;
            }
            _ => lines.push(EventLine {
                t_ns: event.t_ns,
                packet: event.packet,
                subflow: event.subflow,
                direction: event.direction,
                text,
                bad,
                again: 0,
                last: event.packet,
            }),
        }
    }
    lines
}

/// Lines that say the same of the same sender as one before them are counted there.
fn fold(lines: Vec<EventLine>) -> Vec<EventLine> {
    let mut folded: Vec<EventLine> = Vec::new();
    for line in lines {
        let same = folded.iter_mut().rev().take(64).find(|before| {
            before.subflow == line.subflow
                && before.direction == line.direction
                && before.text == line.text
        });
        match same {
            Some(before) => {
                before.again += 1;
                before.last = line.packet;
            }
            None => folded.push(line),
        }
    }
    folded
}

impl EventLine {
    /// Writes it behind its time and packet.
    fn write(&self, start: &str, page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
        let arrow = match self.direction {
            Direction::ClientToServer => "→",
            Direction::ServerToClient => "←",
        };
        let margin = format!("{start}  sf{} {arrow}  ", self.subflow);
        let last = page.packets.short(self.last);
        let again = match self.again {
            0 => String::new(),
            1 => format!(" (again in {last})"),
            more => format!(" (again {more} times, last {last})"),
        };
        let text = format!("{}{again}", self.text);
        // On a narrow page the words stand below what comes before them.
        let room = page.columns.saturating_sub(width(&margin));
        let (indent, parts) = match room {
            ..FEWEST_WORDS => (6, wrap(&text, page.columns - 6)),
            _ => (width(&margin), wrap(&text, room)),
        };
        let is_below = indent < width(&margin);
        if is_below {
            writeln!(out, "{}", page.paint.dim(margin.trim_end()))?;
        }
        let blank = " ".repeat(indent);
        for (index, part) in parts.iter().enumerate() {
            let margin = if index == 0 && !is_below { &margin } else { &blank };
            let part = if self.bad { page.paint.bad(part) } else { part.clone() };
            writeln!(out, "{}{part}", page.paint.dim(margin))?;
        }
        Ok(())
    }
}

const fn is_bad(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Rst(_)
            | EventKind::Fallback(_)
            | EventKind::Option(
                MptcpOption::MpFail(_) | MptcpOption::MpFastClose(_) | MptcpOption::Malformed(_)
            )
    )
}

/// An event in a few words; `None` for those that tell a person nothing.
fn text(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::Option(option) => return describe(option).event(),
        EventKind::Syn(syn) => if syn.ack { "SYN/ACK" } else { "SYN" }.to_owned(),
        EventKind::FirstData(data) => {
            format!("first data, {}", units::bytes(data.payload_bytes.into()))
        }
        EventKind::Reinjection(run) => {
            let from = run.from_subflow.map_or_else(String::new, |from| format!(" of sf{from}"));
            let bytes = units::bytes(run.bytes);
            let last = match run.segments {
                1 => String::new(),
                _ => format!(" until #{}", run.last_packet),
            };
            format!("reinjection{from}, {bytes}{last}")
        }
        EventKind::Stall(stall) => {
            format!("stalled for {}", units::duration(stall.stalled_ns))
        }
        EventKind::DataFin(_) => "DATA_FIN".to_owned(),
        EventKind::Fin => "FIN".to_owned(),
        EventKind::Icmp(icmp) => {
            let mtu = icmp.mtu.map_or(String::new(), |mtu| format!(", MTU {mtu}"));
            format!("ICMP {} from {}{mtu}", icmp.title, icmp.from)
        }
        EventKind::Rst(_) => "RST".to_owned(),
        EventKind::Fallback(fallback) => {
            format!("plain TCP from here: {}", fallback_reason(fallback.cause))
        }
    })
}
