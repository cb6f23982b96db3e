//! The connection as of a packet: what each host had sent at data level, and what its peer had
//! acknowledged of it and offered to take.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::analyze::state_at::{HostStateAt, StateAt};
use crate::track::packet_class::PacketClass;
use crate::tui::cache::Bytes;
use crate::tui::packet_context::PacketContext;
use crate::tui::state::App;
use crate::tui::text;
use crate::units;
use crate::wire::mptcp::{DataLevelLength, MptcpOption};
use crate::wire::segment::{Decoded, Segment, decode};
use crate::wire::seq::Dsn;
use crate::wire::tcp_option::TcpOption;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let block = super::block(app, "As of this packet", "", false);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let cells = usize::from(inside.width);
    for (line, y) in lines(app, cells).into_iter().zip(inside.y..inside.bottom()) {
        frame.render_widget(Line::raw(line), Rect { y, height: 1, ..inside });
    }
}

fn lines(app: &App, cells: usize) -> Vec<String> {
    let Some(state) = super::state_at(app) else { return Vec::new() };
    let mut lines = table(app, state, cells);
    let mut say = |words: &str| {
        let wrapped = text::wrap(words, cells.saturating_sub(2));
        lines.extend(wrapped.iter().map(|line| format!(" {line}")));
    };
    if state.missing > 0 {
        let packets = units::counted(state.missing, "packet");
        say(&format!("Without {packets} not kept."));
    }
    say(&mapping(app).unwrap_or_default());
    lines
}

/// One column for each direction.
fn table(app: &App, state: &StateAt, cells: usize) -> Vec<String> {
    let glyphs = app.theme.glyphs;
    let (to, none) = (glyphs.to, glyphs.none.to_string());
    let hosts = [&state.hosts.client, &state.hosts.server];
    let row = |name: &str, value: &dyn Fn(&HostStateAt) -> Option<String>| {
        let [c2s, s2c] = hosts.map(|host| value(host).unwrap_or_else(|| none.clone()));
        line(cells, name, &c2s, &s2c)
    };
    let number = |host: &HostStateAt, dsn: Option<Dsn>| Some(self::number(app, host, dsn?));
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

/// A DSN, counted from the beginning of the stream unless it is wanted as on the wire.
fn number(app: &App, host: &HostStateAt, dsn: Dsn) -> String {
    match host.relative(dsn).filter(|_| !app.raw_dsn) {
        Some(relative) => relative.to_string(),
        None => format!("{}{:08x}", app.theme.glyphs.more, dsn.0 & 0xffff_ffff),
    }
}

/// Which mapping the payload of the packet belongs to.
fn mapping(app: &App) -> Option<String> {
    let entry = super::entry(app)?;
    let Bytes::Here(packet) = app.packets.get(entry.number()) else { return None };
    let at = entry.at(app.snapshot.packets.origin()?);
    let Decoded::Tcp(segment) = decode(&packet.frame(entry.number(), at)) else { return None };
    let own = own_mapping(&segment, &PacketContext::of(app, &entry)?);
    Some(match (own, entry.kind()) {
        (Some(own), _) => own,
        _ if segment.payload_len == 0 => return None,
        (None, PacketClass::Unmapped) => "Its payload has no mapping.".to_owned(),
        (None, _) => "Its payload is of a mapping that came before.".to_owned(),
    })
}

fn own_mapping(segment: &Segment<'_>, facts: &PacketContext<'_>) -> Option<String> {
    let mapping = segment.options.iter().find_map(|option| match option {
        TcpOption::Mptcp(MptcpOption::Dss(dss)) => dss.mapping,
        _ => None,
    })?;
    let dsn = facts.relative_dsn(mapping.dsn)?;
    let DataLevelLength::Bytes(octets) = mapping.length else {
        return Some(format!("Infinite mapping from DSN {dsn}, SSN {} on.", mapping.ssn));
    };
    let end = |first: i64, len: u32| first + i64::from(len) - 1;
    let last_ssn = mapping.ssn.wrapping_add(u32::from(octets) - 1);
    let part = facts.part(segment, &mapping).filter(|part| part.len < octets.into());
    let part = part.and_then(|part| Some((facts.relative_dsn(part.dsn)?, part.len)));
    let part =
        part.map_or(String::new(), |(first, len)| format!(", here {first}-{}", end(first, len)));
    let (last, first_ssn) = (end(dsn, octets.into()), mapping.ssn);
    Some(format!("DSN {dsn}-{last}{part} = SSN {first_ssn}-{last_ssn}"))
}
