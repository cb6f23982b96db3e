//! What is under the cursor, in words: findings, events, and how much each subflow carried.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::state::TimelineScreen;
use super::swimlanes::TimeColumn;
use crate::report::model::{Connection, DataDirection, Spans, Subflow, SubflowDirection};
use crate::report::text::event::words;
use crate::track::role;
use crate::track::role::Direction;
use crate::tui::axis::{NARROWEST, TimeWindow};
use crate::tui::direction::{arrow, main_direction};
use crate::tui::label;
use crate::tui::shared::Shared;
use crate::tui::theme::Theme;
use crate::tui::widgets::pane::{draw_lines, draw_pane, pane};
use crate::tui::widgets::text;
use crate::units;

/// Draws it in a pane of its own.
pub(super) fn draw(screen: &TimelineScreen, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
    if !shared.has_packets() {
        frame.render_widget(pane(shared.theme, "At cursor", "", false), area);
        return;
    }
    let block = pane(shared.theme, &title(screen, shared), &state(screen, shared), false);
    let inside = draw_pane(frame, area, block);
    let (width, height) = (usize::from(inside.width), usize::from(inside.height));
    draw_lines(frame, inside, lines(screen, shared, width, height));
}

/// The most important of it on one line.
pub(super) fn line(screen: &TimelineScreen, shared: &Shared, cells: usize) -> Line<'static> {
    let mut lines = lines(screen, shared, cells.saturating_sub(1), usize::MAX);
    if lines.is_empty() { Line::default() } else { lines.swap_remove(0) }
}

/// The span of time of the column, and the time between the marks.
fn title(screen: &TimelineScreen, shared: &Shared) -> String {
    let window = screen.window;
    let column = window.column_of(shared.focus.t_ns);
    let (from, to) = (window.moment(window.time(column)), window.moment(window.time(column + 1)));
    let from = from.trim_end_matches(" s");
    let dash = shared.theme.glyphs.none;
    let between = match shared.marks {
        [Some(a), Some(b)] => format!(", A to B {}", units::duration(b.t_ns - a.t_ns)),
        _ => String::new(),
    };
    format!("At cursor: {from}{dash}{to}{between}")
}

/// How far the stream is sent and acknowledged at the end of the column, in the direction that has
/// more of it.
fn state(screen: &TimelineScreen, shared: &Shared) -> String {
    let Some(connection) = shared.connection() else { return String::new() };
    let window = screen.window;
    let t_ns = window.time(window.column_of(shared.focus.t_ns) + 1);
    let (direction, data) = main_direction(connection);
    let (Some(sent), Some(acked)) =
        (sent_until(connection, direction, t_ns), acked_until(data, t_ns))
    else {
        return String::new();
    };
    let unacked = sent.saturating_sub(acked);
    format!(
        "{}: acked {}, unacked {}",
        arrow(shared.theme, direction),
        units::bytes(acked),
        units::bytes(unacked)
    )
}

const fn sent(subflow: &Subflow, direction: Direction) -> &SubflowDirection {
    match direction {
        Direction::ClientToServer => &subflow.c2s,
        Direction::ServerToClient => &subflow.s2c,
    }
}

/// How many bytes of the stream were sent before a moment, on any subflow.
fn sent_until(connection: &Connection, direction: Direction, t_ns: i64) -> Option<u64> {
    let series = connection.subflows.iter();
    let series = series.filter_map(|subflow| sent(subflow, direction).series.as_ref());
    let ends = series.flat_map(|series| {
        let bins = series.sent.iter().take_while(move |(at, _)| *at < t_ns);
        bins.filter(|(_, bin)| !bin.new.is_none()).map(|(_, bin)| bin.new.high)
    });
    u64::try_from(ends.max()?).ok()
}

/// How many bytes of the stream were acknowledged before a moment.
fn acked_until(data: &DataDirection, t_ns: i64) -> Option<u64> {
    let acked = data.series.as_ref()?.acked.as_ref()?;
    let until = acked.iter().take_while(|(at, _)| *at < t_ns).last();
    let end = until.map_or(0, |(_, bin)| bin.end);
    // A DATA_FIN takes a number, too.
    let most = data.data_acked_bytes.unwrap_or(u64::MAX);
    Some(u64::try_from(end).unwrap_or(0).min(most))
}

/// How many bytes were acknowledged at the end of each column that begins before `last`.
pub(super) fn acked_by_column(data: &DataDirection, window: TimeWindow, last: i64) -> Vec<u64> {
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
fn lines(
    screen: &TimelineScreen,
    shared: &Shared,
    width: usize,
    height: usize,
) -> Vec<Line<'static>> {
    let mut told = findings_here(screen, shared, width);
    told.extend(events_here(screen, shared, width));
    let mut numbers = numbers(screen, shared, width);
    // What was carried needs a line in any case.
    let least = numbers.len().min(1);
    let room = height.saturating_sub(least);
    if told.len() > room {
        let more = told.len() - room + 1;
        told.truncate(room.saturating_sub(1));
        let key = if screen.window.column > NARROWEST { ": zoom in (+)" } else { "" };
        told.push(Line::styled(format!(" {more} more{key}"), shared.theme.faint()));
    }
    let room = height.saturating_sub(told.len());
    if numbers.len() > room {
        let more = numbers.len() - room + 1;
        numbers.truncate(room.saturating_sub(1).max(1));
        if numbers.len() < room {
            let words = format!(" {more} more subflows");
            numbers.push(Line::styled(words, shared.theme.faint()));
        }
    }
    told.extend(numbers);
    if told.is_empty() {
        told.push(Line::styled(format!(" {}", nothing(screen, shared)), shared.theme.faint()));
    }
    told
}

fn nothing(screen: &TimelineScreen, shared: &Shared) -> String {
    let dropped = shared.index().dropped();
    let first = shared.index().get(dropped);
    let is_gone =
        first.is_some_and(|first| first.since_origin() + shared.index_t_ns() > shared.focus.t_ns);
    if dropped > 0 && is_gone {
        return "Packets of this time are no longer kept.".to_owned();
    }
    let window = screen.window;
    let next = window.index_of(shared.focus.t_ns);
    let next = next.and_then(|column| screen.lanes.next_after(column));
    match next {
        Some(t_ns) => format!("No packets here; the next is at {}.", window.moment(t_ns)),
        None => "No packets here, nor after it in view.".to_owned(),
    }
}

fn findings_here(screen: &TimelineScreen, shared: &Shared, width: usize) -> Vec<Line<'static>> {
    let window = screen.window;
    let column = window.column_of(shared.focus.t_ns);
    let here = shared.findings_here().iter();
    let here = here.filter(|found| found.t_ns.map(|at| window.column_of(at)) == Some(column));
    here.map(|finding| {
        let mut line = label::finding(shared.theme, finding, width.saturating_sub(1));
        line.spans.insert(0, Span::raw(" "));
        line
    })
    .collect()
}

/// The events of the column, a line for each packet, those of the subflow in focus first.
fn events_here(screen: &TimelineScreen, shared: &Shared, width: usize) -> Vec<Line<'static>> {
    let Some(connection) = shared.connection() else { return Vec::new() };
    let window = screen.window;
    let column = window.column_of(shared.focus.t_ns);
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
    packets.sort_by_key(|(event, _)| event.subflow != shared.focus.subflow);
    let line = |(event, words): &(&crate::report::event::Event, String)| {
        let t_ns = window.moment(event.t_ns);
        let t_ns = t_ns.trim_end_matches(" s");
        let direction = arrow(shared.theme, event.direction);
        let sf = format!("sf{}", event.subflow);
        let rest = format!(" {direction} #{:<5} {words}", event.packet);
        let taken = text::width(t_ns) + 2 + text::width(&sf);
        let rest = text::fit(&rest, width.saturating_sub(taken), shared.theme.glyphs.more);
        Line::from(vec![
            Span::raw(format!(" {t_ns} ")),
            Span::styled(sf, shared.theme.subflow(event.subflow)),
            Span::raw(rest),
        ])
    };
    packets.iter().map(line).collect()
}

/// What each subflow carried in the column, the one in focus first.
fn numbers(screen: &TimelineScreen, shared: &Shared, width: usize) -> Vec<Line<'static>> {
    let Some(connection) = shared.connection() else { return Vec::new() };
    let Some(column) = screen.window.index_of(shared.focus.t_ns) else { return Vec::new() };
    let focused = shared.lane_in_focus();
    let mut subflows: Vec<_> = connection.subflows.iter().enumerate().collect();
    subflows.sort_by_key(|(lane, _)| Some(*lane) != focused);
    let lines = subflows.into_iter().filter_map(|(lane, subflow)| {
        let both = screen.lanes.at(lane, column);
        if both.iter().all(|column| column.packets == 0) {
            return None;
        }
        let name = format!(" sf{:<3}", subflow.id);
        let [up, down] = both.map(|column| carried(shared.theme, &column));
        let (to_server, to_client) = (
            arrow(shared.theme, Direction::ClientToServer),
            arrow(shared.theme, Direction::ServerToClient),
        );
        let half = width.saturating_sub(text::width(&name)) / 2;
        let up = text::left(&format!("{to_server} {up}"), half, shared.theme.glyphs.more);
        let down = text::fit(&format!("{to_client} {down}"), half, shared.theme.glyphs.more);
        Some(Line::from(vec![
            Span::styled(name, shared.theme.subflow(subflow.id)),
            Span::raw(up),
            Span::raw(down),
        ]))
    });
    lines.collect()
}

fn carried(theme: Theme, column: &TimeColumn) -> String {
    if column.packets == 0 {
        return theme.glyphs.none.to_string();
    }
    let glyphs = theme.glyphs;
    let packets = units::counted(column.packets, "packet");
    let mut words = format!("{} in {packets}", units::bytes(column.payload));
    let again =
        [(glyphs.reinjected, column.reinjected), (glyphs.retransmitted, column.retransmitted)];
    for (glyph, bytes) in again.into_iter().filter(|(_, bytes)| *bytes > 0) {
        words = format!("{words} {glyph}{}", units::bytes(bytes));
    }
    words
}

/// How much was carried between two moments.
pub(super) fn between(shared: &Shared, from: i64, to: i64) -> String {
    let Some(members) = shared.members() else { return String::new() };
    let origin = shared.index_t_ns();
    let mut bytes = [0, 0];
    for (_, entry) in shared.index().iter_from(0) {
        let t_ns = entry.since_origin().saturating_add(origin);
        if (from..=to).contains(&t_ns) && members.lane(&entry).is_some() {
            let [up, down] = &mut bytes;
            let sum = if entry.direction() == role::Direction::ClientToServer { up } else { down };
            *sum += u64::from(entry.payload_len());
        }
    }
    let [up, down] = bytes.map(units::bytes);
    let (to_server, to_client) = (
        arrow(shared.theme, Direction::ClientToServer),
        arrow(shared.theme, Direction::ServerToClient),
    );
    format!("{to_server} {up}, {to_client} {down}")
}
