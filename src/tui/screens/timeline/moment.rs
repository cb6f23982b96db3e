//! What is under the cursor, in words: findings, events, and how much each subflow carried.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::lanes::Column;
use super::{focused_lane, origin};
use crate::report::event::Direction;
use crate::report::model::{Connection, DataDirection, Spans, Subflow, SubflowDirection};
use crate::report::text::event::words;
use crate::track::role;
use crate::tui::axis::Window;
use crate::tui::draw::pane;
use crate::tui::screens::findings;
use crate::tui::state::App;
use crate::tui::text;
use crate::units;

/// Draws it in a pane of its own.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if !super::has_packets(app) {
        frame.render_widget(pane(app, "At cursor", "", false), area);
        return;
    }
    let block = pane(app, &title(app), &state(app), false);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let (width, height) = (usize::from(inside.width), usize::from(inside.height));
    let lines = lines(app, width, height);
    for (line, y) in lines.into_iter().zip(inside.y..inside.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..inside });
    }
}

/// The most important of it on one line.
pub(super) fn line(app: &App, cells: usize) -> Line<'static> {
    let mut lines = lines(app, cells.saturating_sub(1), usize::MAX);
    if lines.is_empty() { Line::default() } else { lines.swap_remove(0) }
}

/// The span of time of the column, and the time between the marks.
fn title(app: &App) -> String {
    let window = app.timeline.window;
    let column = window.column_of(app.focus.t_ns);
    let (from, to) = (window.moment(window.time(column)), window.moment(window.time(column + 1)));
    let from = from.trim_end_matches(" s");
    let dash = app.theme.glyphs.none;
    let between = match app.marks {
        [Some(a), Some(b)] => format!(", A to B {}", units::duration(b.t_ns - a.t_ns)),
        _ => String::new(),
    };
    format!("At cursor: {from}{dash}{to}{between}")
}

/// How far the stream is sent and acknowledged at the end of the column, in the direction that has
/// more of it.
fn state(app: &App) -> String {
    let Some(connection) = app.connection() else { return String::new() };
    let window = app.timeline.window;
    let t_ns = window.time(window.column_of(app.focus.t_ns) + 1);
    let (direction, data) = main_direction(connection);
    let (Some(sent), Some(acked)) =
        (sent_until(connection, direction, t_ns), acked_until(data, t_ns))
    else {
        return String::new();
    };
    let unacked = sent.saturating_sub(acked);
    format!(
        "{}: acked {}, unacked {}",
        arrow(app, direction),
        units::bytes(acked),
        units::bytes(unacked)
    )
}

/// The direction that carries more of its stream.
pub(in crate::layers::tui::screens) const fn main_direction(
    connection: &Connection,
) -> (Direction, &DataDirection) {
    if connection.c2s.stream_bytes >= connection.s2c.stream_bytes {
        (Direction::ClientToServer, &connection.c2s)
    } else {
        (Direction::ServerToClient, &connection.s2c)
    }
}

/// `c→s` or `s→c`.
pub(in crate::layers::tui::screens) fn arrow(app: &App, direction: Direction) -> String {
    let to = app.theme.glyphs.to;
    match direction {
        Direction::ClientToServer => format!("c{to}s"),
        Direction::ServerToClient => format!("s{to}c"),
    }
}

const fn sent(subflow: &Subflow, direction: Direction) -> &SubflowDirection {
    match direction {
        Direction::ClientToServer => &subflow.c2s,
        Direction::ServerToClient => &subflow.s2c,
    }
}

/// One past the last octet of the stream that was sent before a moment, on any subflow.
fn sent_until(connection: &Connection, direction: Direction, t_ns: i64) -> Option<u64> {
    let series = connection.subflows.iter();
    let series = series.filter_map(|subflow| sent(subflow, direction).series.as_ref());
    let ends = series.flat_map(|series| {
        let bins = series.sent.iter().take_while(move |(at, _)| *at < t_ns);
        bins.filter(|(_, bin)| !bin.new.is_none()).map(|(_, bin)| bin.new.high)
    });
    u64::try_from(ends.max()?).ok()
}

/// One past the last octet of the stream that was acknowledged before a moment.
fn acked_until(data: &DataDirection, t_ns: i64) -> Option<u64> {
    let acked = data.series.as_ref()?.acked.as_ref()?;
    let until = acked.iter().take_while(|(at, _)| *at < t_ns).last();
    let end = until.map_or(0, |(_, bin)| bin.end);
    // A DATA_FIN takes a number, too.
    let most = data.data_acked_bytes.unwrap_or(u64::MAX);
    Some(u64::try_from(end).unwrap_or(0).min(most))
}

/// The same at the end of each column that begins before `last`.
pub(super) fn acked_by_column(data: &DataDirection, window: Window, last: i64) -> Vec<u64> {
    let series = data.series.as_ref().and_then(|series| series.acked.as_ref());
    let mut bins = series.into_iter().flat_map(Spans::iter).peekable();
    let most = data.data_acked_bytes.unwrap_or(u64::MAX);
    let mut acked = 0;
    let columns = (0..).take(window.columns).take_while(|column| window.time(*column) <= last);
    let ends = columns.map(|column| {
        while let Some((_, bin)) = bins.next_if(|(at, _)| *at < window.time(column + 1)) {
            acked = u64::try_from(bin.end).unwrap_or(0).min(most);
        }
        acked
    });
    ends.collect()
}

/// As many lines as fit: findings, events, then how much each subflow carried.
fn lines(app: &App, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut told = findings_here(app, width);
    told.extend(events_here(app, width));
    let mut numbers = numbers(app, width);
    // What was carried needs a line in any case.
    let least = numbers.len().min(1);
    let room = height.saturating_sub(least);
    if told.len() > room {
        let more = told.len() - room + 1;
        told.truncate(room.saturating_sub(1));
        let key = if app.timeline.window.column > super::NARROWEST { ": zoom in (+)" } else { "" };
        told.push(Line::styled(format!(" {more} more{key}"), app.theme.faint()));
    }
    let room = height.saturating_sub(told.len());
    if numbers.len() > room {
        let more = numbers.len() - room + 1;
        numbers.truncate(room.saturating_sub(1).max(1));
        if numbers.len() < room {
            let words = format!(" {more} more subflows");
            numbers.push(Line::styled(words, app.theme.faint()));
        }
    }
    told.extend(numbers);
    if told.is_empty() {
        told.push(Line::styled(format!(" {}", nothing(app)), app.theme.faint()));
    }
    told
}

fn nothing(app: &App) -> String {
    let dropped = app.snapshot.packets.dropped();
    let first = app.snapshot.packets.get(dropped);
    let is_gone = first.is_some_and(|first| first.since_origin() + origin(app) > app.focus.t_ns);
    if dropped > 0 && is_gone {
        return "Packets of this time are no longer kept.".to_owned();
    }
    let window = app.timeline.window;
    let next = window.index_of(app.focus.t_ns);
    let next = next.and_then(|column| app.timeline.lanes.next_after(column));
    match next {
        Some(t_ns) => format!("No packets here; the next is at {}.", window.moment(t_ns)),
        None => "No packets here, nor after it in view.".to_owned(),
    }
}

fn findings_here(app: &App, width: usize) -> Vec<Line<'static>> {
    let window = app.timeline.window;
    let column = window.column_of(app.focus.t_ns);
    let here = app.findings_here().iter();
    let here = here.filter(|found| found.t_ns.map(|at| window.column_of(at)) == Some(column));
    here.map(|finding| {
        let mut line = findings::line(app, finding, width.saturating_sub(1));
        line.spans.insert(0, Span::raw(" "));
        line
    })
    .collect()
}

/// The events of the column, a line for each packet, those of the subflow in focus first.
fn events_here(app: &App, width: usize) -> Vec<Line<'static>> {
    let Some(connection) = app.connection() else { return Vec::new() };
    let window = app.timeline.window;
    let column = window.column_of(app.focus.t_ns);
    let here: Vec<_> = connection
        .events
        .iter()
        .filter(|event| window.column_of(event.t_ns) == column)
        .cloned()
        .collect();
    let mut packets: Vec<_> = here
        .chunk_by(|a, b| a.packet == b.packet && a.subflow == b.subflow)
        .filter_map(|events| Some((events.first()?, words(events)?)))
        .collect();
    packets.sort_by_key(|(event, _)| event.subflow != app.focus.subflow);
    let line = |(event, words): &(&crate::report::event::Event, String)| {
        let t_ns = window.moment(event.t_ns);
        let t_ns = t_ns.trim_end_matches(" s");
        let direction = arrow(app, event.direction);
        let sf = format!("sf{}", event.subflow);
        let rest = format!(" {direction} #{:<5} {words}", event.packet);
        let taken = text::width(t_ns) + 2 + text::width(&sf);
        let rest = text::fit(&rest, width.saturating_sub(taken), app.theme.glyphs.more);
        Line::from(vec![
            Span::raw(format!(" {t_ns} ")),
            Span::styled(sf, app.theme.subflow(event.subflow)),
            Span::raw(rest),
        ])
    };
    packets.iter().map(line).collect()
}

/// What each subflow carried in the column, the one in focus first.
fn numbers(app: &App, width: usize) -> Vec<Line<'static>> {
    let Some(connection) = app.connection() else { return Vec::new() };
    let Some(column) = app.timeline.window.index_of(app.focus.t_ns) else { return Vec::new() };
    let focused = focused_lane(app);
    let mut subflows: Vec<_> = connection.subflows.iter().enumerate().collect();
    subflows.sort_by_key(|(lane, _)| Some(*lane) != focused);
    let lines = subflows.into_iter().filter_map(|(lane, subflow)| {
        let both = app.timeline.lanes.at(lane, column);
        if both.iter().all(|column| column.packets == 0) {
            return None;
        }
        let name = format!(" sf{:<3}", subflow.id);
        let [up, down] = both.map(|column| carried(app, &column));
        let (to_server, to_client) =
            (arrow(app, Direction::ClientToServer), arrow(app, Direction::ServerToClient));
        let half = width.saturating_sub(text::width(&name)) / 2;
        let up = text::left(&format!("{to_server} {up}"), half, app.theme.glyphs.more);
        let down = text::fit(&format!("{to_client} {down}"), half, app.theme.glyphs.more);
        Some(Line::from(vec![
            Span::styled(name, app.theme.subflow(subflow.id)),
            Span::raw(up),
            Span::raw(down),
        ]))
    });
    lines.collect()
}

fn carried(app: &App, column: &Column) -> String {
    if column.packets == 0 {
        return app.theme.glyphs.none.to_string();
    }
    let glyphs = app.theme.glyphs;
    let packets = units::counted(column.packets, "packet");
    let mut words = format!("{} in {packets}", units::bytes(column.payload));
    let again =
        [(glyphs.reinjected, column.reinjected), (glyphs.retransmitted, column.retransmitted)];
    for (glyph, octets) in again.into_iter().filter(|(_, octets)| *octets > 0) {
        words = format!("{words} {glyph}{}", units::bytes(octets));
    }
    words
}

/// How much was carried between two moments.
pub(super) fn between(app: &App, from: i64, to: i64) -> String {
    let Some(members) = app.members() else { return String::new() };
    let origin = origin(app);
    let mut octets = [0, 0];
    for (_, entry) in app.snapshot.packets.iter_from(0) {
        let t_ns = entry.since_origin().saturating_add(origin);
        if (from..=to).contains(&t_ns) && members.lane(&entry).is_some() {
            let [up, down] = &mut octets;
            let sum = if entry.direction() == role::Direction::ClientToServer { up } else { down };
            *sum += u64::from(entry.payload_len());
        }
    }
    let [up, down] = octets.map(units::bytes);
    let (to_server, to_client) =
        (arrow(app, Direction::ClientToServer), arrow(app, Direction::ServerToClient));
    format!("{to_server} {up}, {to_client} {down}")
}
