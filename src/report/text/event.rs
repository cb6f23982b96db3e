//! What happened on a connection, a line for each segment.

use std::io::{self, Write};

use super::page::{WIDTH, wrap};
use super::style::Paint;
use crate::analyze::verdict::fallback_reason;
use crate::report::event::{Event, EventKind};
use crate::report::option::describe;
use crate::text_layout::width;
use crate::track::role::Direction;
use crate::units;
use crate::wire::mptcp::MptcpOption;

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
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let lines = fold(lines(events));
    for line in lines.iter().take(most) {
        line.write(paint, out)?;
    }
    let left_out = lines.len().saturating_sub(most) as u64;
    if left_out > 0 {
        let more = units::counted(left_out, "more event");
        writeln!(out, "      … {more}: --connection N shows all, --json too")?;
    }
    if dropped > 0 {
        let more = units::counted(dropped, "event");
        writeln!(out, "      … {more} were not kept")?;
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
    fn write(&self, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
        let arrow = match self.direction {
            Direction::ClientToServer => "→",
            Direction::ServerToClient => "←",
        };
        let packet = format!("#{}", self.packet);
        let time = units::seconds(self.t_ns);
        let margin = format!("  {time:>9}  {packet:<6} sf{} {arrow}  ", self.subflow);
        let again = match self.again {
            0 => String::new(),
            1 => format!(" (again in #{})", self.last),
            more => format!(" (again {more} times, last #{})", self.last),
        };
        let text = format!("{}{again}", self.text);
        let blank = " ".repeat(width(&margin));
        let parts = wrap(&text, WIDTH.saturating_sub(width(&margin)));
        for (index, part) in parts.iter().enumerate() {
            let margin = if index == 0 { &margin } else { &blank };
            let part = if self.bad { paint.bad(part) } else { part.clone() };
            writeln!(out, "{}{part}", paint.dim(margin))?;
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
            format!("data stood still for {}", units::duration(stall.stalled_ns))
        }
        EventKind::DataFin(_) => "DATA_FIN".to_owned(),
        EventKind::Fin => "FIN".to_owned(),
        EventKind::Rst(_) => "RST".to_owned(),
        EventKind::Fallback(fallback) => {
            format!("plain TCP from here: {}", fallback_reason(fallback.cause))
        }
    })
}
