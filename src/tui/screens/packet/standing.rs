//! The connection as of a packet: what each host had sent at data level, and what its peer had
//! acknowledged of it and offered to take.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::analyze::state_at::{HostStateAt, StateAt};
use crate::track::packet_class::PacketClass;
use crate::tui::packet_context::{PacketContext, mapping_of};
use crate::tui::shared::Shared;
use crate::tui::widgets::pane::{draw_lines, draw_pane, pane};
use crate::tui::widgets::text;
use crate::units;
use crate::wire::mptcp::DataLevelLength;
use crate::wire::segment::Segment;
use crate::wire::seq::Dsn;

/// Draws the state after the packet in focus, if that is known.
pub(super) fn draw(shared: &Shared, frame: &mut Frame<'_>, area: Rect, state: Option<&StateAt>) {
    let inside = draw_pane(frame, area, pane(shared.theme, "As of this packet", "", false));
    let Some(state) = state else { return };
    let lines = lines(shared, state, usize::from(inside.width));
    draw_lines(frame, inside, lines.into_iter().map(Line::raw));
}

fn lines(shared: &Shared, state: &StateAt, cells: usize) -> Vec<String> {
    let mut lines = table(shared, state, cells);
    let mut say = |words: &str| {
        let wrapped = text::wrap(words, cells.saturating_sub(2));
        lines.extend(wrapped.iter().map(|line| format!(" {line}")));
    };
    if state.missing > 0 {
        let packets = units::counted(state.missing, "packet");
        say(&format!("Without {packets} not kept."));
    }
    say(&mapping(shared).unwrap_or_default());
    lines
}

/// One column for each direction.
fn table(shared: &Shared, state: &StateAt, cells: usize) -> Vec<String> {
    let glyphs = shared.theme.glyphs;
    let (to, none) = (glyphs.to, glyphs.none.to_string());
    let hosts = [&state.hosts.client, &state.hosts.server];
    let row = |name: &str, value: &dyn Fn(&HostStateAt) -> Option<String>| {
        let [c2s, s2c] = hosts.map(|host| value(host).unwrap_or_else(|| none.clone()));
        line(cells, name, &c2s, &s2c)
    };
    let number = |host: &HostStateAt, dsn: Option<Dsn>| Some(self::number(shared, host, dsn?));
    vec![
        line(cells, "next DSN", &format!("c{to}s"), &format!("s{to}c")),
        // A DATA_FIN takes a number, too.
        row("sent", &|host| number(host, host.level.highest.or(host.level.sent))),
        row("acknowledged", &|host| number(host, host.level.acked)),
        row("in flight", &|host| host.unacked().map(units::bytes)),
        row("window", &|host| host.level.window.map(units::bytes)),
    ]
}

fn line(cells: usize, name: &str, c2s: &str, s2c: &str) -> String {
    let column = (cells.saturating_sub(15) / 2).min(18);
    format!(" {name:<12} {c2s:>column$} {s2c:>column$}")
}

/// A DSN, counted from the beginning of the stream or, where that is wanted, as on the wire.
fn number(shared: &Shared, host: &HostStateAt, dsn: Dsn) -> String {
    match host.relative(dsn).filter(|_| !shared.raw_dsn) {
        Some(relative) => relative.to_string(),
        None => format!("{}{:08x}", shared.theme.glyphs.more, dsn.0 & 0xffff_ffff),
    }
}

/// Which mapping the payload of the packet belongs to.
fn mapping(shared: &Shared) -> Option<String> {
    let entry = shared.entry_in_focus()?;
    let segment = shared.segment(&entry)?;
    let own = own_mapping(&segment, &PacketContext::of(shared, &entry)?);
    Some(match (own, entry.kind()) {
        (Some(own), _) => own,
        _ if segment.payload_len == 0 => return None,
        (None, PacketClass::Unmapped) => "Its payload has no mapping.".to_owned(),
        (None, _) => "Its payload belongs to an earlier mapping.".to_owned(),
    })
}

fn own_mapping(segment: &Segment<'_>, context: &PacketContext<'_>) -> Option<String> {
    let mapping = mapping_of(segment)?;
    let dsn = context.relative_dsn(mapping.dsn)?;
    let DataLevelLength::Bytes(bytes) = mapping.length else {
        return Some(format!("Infinite mapping from DSN {dsn}, SSN {} on.", mapping.ssn));
    };
    let end = |first: i64, len: u32| first + i64::from(len) - 1;
    let last_ssn = mapping.ssn.wrapping_add(u32::from(bytes) - 1);
    let part = context.part(segment, &mapping).filter(|part| part.len < bytes.into());
    let part = part.and_then(|part| Some((context.relative_dsn(part.dsn)?, part.len)));
    let part =
        part.map_or(String::new(), |(first, len)| format!(", here {first}-{}", end(first, len)));
    let (last, first_ssn) = (end(dsn, bytes.into()), mapping.ssn);
    Some(format!("DSN {dsn}-{last}{part} = SSN {first_ssn}-{last_ssn}"))
}
