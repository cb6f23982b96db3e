//! The lanes, between their names and what they carried, below an axis and above the cursor.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Block;

use super::geometry::{Geometry, TOTALS};
use super::moment::{self, acked_by_column};
use super::state::TimelineScreen;
use super::swimlanes::TimeColumn;
use crate::analyze::finding::Severity;
use crate::report::model::{Connection, DataDirection, Subflow};
use crate::track::role::Direction;
use crate::tui::direction::{arrow, main_direction};
use crate::tui::label::{is_backup, path, subflow_state};
use crate::tui::letter::Letter;
use crate::tui::shared::Shared;
use crate::tui::theme::Theme;
use crate::tui::widgets::bar::Bars;
use crate::tui::widgets::pane::{draw_empty, draw_pane, pane};
use crate::tui::widgets::text;
use crate::units;

/// Draws the pane.
pub(super) fn draw(
    screen: &TimelineScreen,
    shared: &Shared,
    frame: &mut Frame<'_>,
    geometry: &Geometry,
) {
    let theme = shared.theme;
    let title = title(screen, shared, geometry);
    // The corners, and a space on each side of both.
    let room = usize::from(geometry.picture.width).saturating_sub(text::width(&title) + 7);
    let scale = scale(screen, shared, room);
    let block = pane(theme, &title, &scale, screen.pane.has_keys());
    let block = legend(screen, shared, block, usize::from(geometry.picture.width));
    let inside = draw_pane(frame, geometry.picture, block);
    let Some(connection) = shared.connection() else {
        draw_empty(theme, frame, inside, &shared.waiting("No connection is selected."));
        return;
    };
    if shared.index().is_empty() {
        draw_empty(theme, frame, inside, &shared.waiting("No packets were kept."));
        return;
    }
    let picture = Picture { screen, shared, connection, geometry, inside };
    picture.draw_axis(frame.buffer_mut());
    let mut y = inside.y + 2;
    let subflows = connection.subflows.iter().enumerate().skip(screen.top);
    for (lane, subflow) in subflows.take(usize::from(geometry.shown)) {
        picture.draw_lane(frame.buffer_mut(), lane, subflow, y);
        y += geometry.pitch();
    }
    y = inside.bottom().saturating_sub(geometry.acked + 1 + u16::from(geometry.details.is_none()));
    for data in picture.acked_directions() {
        picture.draw_acked(frame.buffer_mut(), data, y);
        y += 1;
    }
    picture.draw_cursor(frame.buffer_mut(), y);
    if geometry.details.is_none() {
        let line = moment::line(screen, shared, usize::from(inside.width));
        frame.render_widget(line, Rect { y: y + 1, height: 1, ..inside });
    }
}

/// `Timeline`, and which subflows are shown if not all are.
fn title(screen: &TimelineScreen, shared: &Shared, geometry: &Geometry) -> String {
    let all = shared.connection().map_or(0, |connection| connection.subflows.len());
    let shown = usize::from(geometry.shown);
    if all <= shown {
        return "Timeline".to_owned();
    }
    let top = screen.top;
    let dash = shared.theme.glyphs.none;
    let last = (top + shown).min(all) - 1;
    let name = |lane: usize| {
        let subflow = shared.connection().and_then(|connection| connection.subflows.get(lane));
        subflow.map_or(0, |subflow| subflow.id)
    };
    let (first, last) = (name(top), name(last));
    if first == last {
        return format!("Timeline {} sf {first} of {all}", shared.theme.glyphs.dot);
    }
    format!("Timeline {} sf {first}{dash}{last} of {all}", shared.theme.glyphs.dot)
}

/// What a column and the greatest height stand for, in at most `cells` if that is possible.
fn scale(screen: &TimelineScreen, shared: &Shared, cells: usize) -> String {
    if !shared.has_packets() {
        return String::new();
    }
    let (lanes, glyphs) = (&screen.lanes, shared.theme.glyphs);
    let tallest = glyphs.heights.last().copied().unwrap_or_default();
    let most = units::bytes(lanes.most);
    let column = format!("1 col = {}", units::duration(screen.window.column));
    let words = format!("{tallest} = {most} in a column, in all lanes {} {column}", glyphs.dot);
    if text::width(&words) <= cells {
        return words;
    }
    format!("{tallest} = {most} {} {column}", glyphs.dot)
}

/// What the letters on the screen stand for, in the lower border.
fn legend<'a>(
    screen: &TimelineScreen,
    shared: &Shared,
    block: Block<'a>,
    width: usize,
) -> Block<'a> {
    if !shared.has_packets() {
        return block;
    }
    let columns = screen.lanes.lanes.iter().flatten().flatten();
    let mut letters: Vec<Letter> = columns.filter_map(TimeColumn::mark).map(|m| m.letter).collect();
    letters.sort_unstable_by(|a, b| b.cmp(a));
    letters.dedup();
    let mut words = String::new();
    for letter in letters {
        let word = format!(" {} {} ", letter.glyph(shared.theme), letter.word());
        if text::width(&words) + text::width(&word) + 2 <= width {
            words.push_str(&word);
        }
    }
    let silent = format!(" {} no payload ", bare(shared.theme));
    if text::width(&words) + text::width(&silent) + 2 <= width {
        words.push_str(&silent);
    }
    block.title_bottom(Line::styled(words, shared.theme.faint()))
}

/// Stands for packets without payload.
fn bare(theme: Theme) -> char {
    if theme.is_ascii() { '-' } else { theme.glyphs.dot }
}

struct Picture<'a> {
    screen: &'a TimelineScreen,
    shared: &'a Shared,
    connection: &'a Connection,
    geometry: &'a Geometry,
    inside: Rect,
}

impl Picture<'_> {
    /// Where the first column of time is.
    const fn left(&self) -> u16 {
        self.inside.x + self.geometry.labels
    }

    fn x(&self, column: usize) -> u16 {
        self.left() + u16::try_from(column).unwrap_or(u16::MAX)
    }

    /// Where totals end.
    fn put_right(&self, buffer: &mut Buffer, y: u16, words: &str, style: Style) {
        let x = self.inside.right() - TOTALS;
        let words = text::right(words, usize::from(TOTALS), self.shared.theme.glyphs.more);
        buffer.set_string(x, y, words, style);
    }

    /// Times, and below them a line with marks and findings.
    fn draw_axis(&self, buffer: &mut Buffer) {
        let glyphs = self.shared.theme.glyphs;
        let [line, mark] = glyphs.axis;
        let (y, faint) = (self.inside.y, self.shared.theme.faint());
        let columns = self.geometry.columns;
        let axis: String = std::iter::repeat_n(line, columns).collect();
        buffer.set_string(self.left(), y + 1, axis, faint);
        for (column, words) in self.screen.window.marks() {
            buffer.set_string(self.x(column), y + 1, mark.to_string(), faint);
            if column + words.len() <= columns {
                buffer.set_string(self.x(column), y, words, faint);
            }
        }
        buffer.set_string(self.inside.x + 1, y, "sf   rtt", faint);
        let is_part = self.screen.is_zoomed;
        self.put_right(buffer, y, if is_part { "in view" } else { "bytes" }, faint);
        let findings = self.screen.lanes.findings.iter().take(columns).enumerate();
        for (column, severity) in findings.filter_map(|(column, found)| Some((column, (*found)?))) {
            let glyph = self.shared.theme.severity_glyph(severity).to_string();
            buffer.set_string(self.x(column), y + 1, glyph, self.shared.theme.severity(severity));
        }
    }

    fn draw_lane(&self, buffer: &mut Buffer, lane: usize, subflow: &Subflow, y: u16) {
        let rows = self.screen.lanes.lanes.get(lane);
        self.draw_names(buffer, subflow, y);
        let totals = [subflow.c2s.payload_bytes, subflow.s2c.payload_bytes];
        for (direction, all) in totals.into_iter().enumerate() {
            let top = y + self.geometry.rows * u16::from(direction == 1);
            let row = rows.and_then(|rows| rows.get(direction)).map_or(&[][..], Vec::as_slice);
            for (column, found) in row.iter().take(self.geometry.columns).enumerate() {
                self.draw_column(buffer, self.x(column), top, found, subflow.id);
            }
            let in_view = || row.iter().map(|column| column.payload).sum();
            let total = if self.screen.is_zoomed { in_view() } else { all };
            let y = top + self.geometry.rows - 1;
            self.put_right(buffer, y, &units::bytes(total), Style::new());
        }
    }

    /// The number of the subflow, its round trip and its state, and the directions.
    fn draw_names(&self, buffer: &mut Buffer, subflow: &Subflow, y: u16) {
        let theme = self.shared.theme;
        let is_focused = subflow.id == self.shared.focus.subflow;
        let own = theme.subflow(subflow.id);
        let own = if is_focused { own.patch(theme.strong()) } else { own };
        let sign = if is_focused { theme.glyphs.selected } else { ' ' };
        let name = format!("{sign}sf{:<3}", subflow.id);
        let x = self.inside.x;
        buffer.set_string(x, y, name, own);
        let rtt = round_trip(subflow).map_or(String::new(), brief);
        buffer.set_string(x + 6, y, rtt, Style::new());
        let bottom = y + self.geometry.rows - 1;
        let note_y = y + 1;
        let is_wide = self.geometry.labels > 20;
        let room = usize::from(self.geometry.labels) - 6;
        let note = if is_wide {
            let state = note(subflow);
            buffer.set_string(x + 13, y, state, theme.faint());
            path(theme, subflow, room)
        } else {
            note(subflow)
        };
        let note = text::fit(&note, room, theme.glyphs.more);
        buffer.set_string(x + 1, note_y, note, theme.faint());
        for (direction, y) in [
            (Direction::ClientToServer, bottom),
            (Direction::ServerToClient, bottom + self.geometry.rows),
        ] {
            buffer.set_string(
                self.left() - 4,
                y,
                arrow(self.shared.theme, direction),
                Style::new(),
            );
        }
    }

    /// A bar from the bottom up, and in its lowest row the letter.
    fn draw_column(
        &self,
        buffer: &mut Buffer,
        x: u16,
        top: u16,
        column: &TimeColumn,
        subflow: u32,
    ) {
        let theme = self.shared.theme;
        let style = theme.subflow(subflow);
        let bars = Bars { theme, rows: self.geometry.rows, most: self.screen.lanes.most };
        bars.draw(buffer, (x, top), column.payload, style);
        let lowest = top + self.geometry.rows - 1;
        match column.mark() {
            Some(mark) => {
                let glyph = mark.letter.glyph(theme).to_string();
                let letter = letter_style(theme, mark.letter);
                buffer.set_string(x, lowest, glyph, style.patch(letter));
            }
            None if column.packets > 0 && column.payload == 0 => {
                buffer.set_string(x, lowest, bare(theme).to_string(), style);
            }
            None => {}
        }
    }

    /// As many directions as there are rows for, the one with more data first.
    fn acked_directions(&self) -> impl Iterator<Item = (Direction, &DataDirection)> {
        let first = main_direction(self.connection);
        let second = match first.0 {
            Direction::ClientToServer => (Direction::ServerToClient, &self.connection.s2c),
            Direction::ServerToClient => (Direction::ClientToServer, &self.connection.c2s),
        };
        [first, second].into_iter().take(usize::from(self.geometry.acked))
    }

    /// How far the data of a direction is acknowledged at the end of each column, of all that ever is.
    fn draw_acked(
        &self,
        buffer: &mut Buffer,
        (direction, data): (Direction, &DataDirection),
        y: u16,
    ) {
        let theme = self.shared.theme;
        let arrow = arrow(self.shared.theme, direction);
        buffer.set_string(self.inside.x + 1, y, "DSN acked", theme.faint());
        buffer.set_string(self.left() - 4, y, arrow, Style::new());
        let all = data.data_acked_bytes.unwrap_or(0);
        let last = self.shared.span().map_or(i64::MAX, |(_, last)| last);
        let acked = acked_by_column(data, self.screen.window, last);
        for (column, acked) in acked.into_iter().enumerate() {
            let glyph = theme.height(acked, all).to_string();
            buffer.set_string(self.x(column), y, glyph, theme.faint());
        }
        self.put_right(buffer, y, &units::bytes(all), Style::new());
    }

    /// The line on which the cursor and the marks stand; the cursor's column stands out above it.
    fn draw_cursor(&self, buffer: &mut Buffer, y: u16) {
        let theme = self.shared.theme;
        let [line, _] = theme.glyphs.axis;
        let columns = self.geometry.columns;
        let axis: String = std::iter::repeat_n(line, columns).collect();
        buffer.set_string(self.left(), y, axis, theme.faint());
        let window = self.screen.window;
        if let Some(column) = window.index_of(self.shared.focus.t_ns) {
            let x = self.x(column);
            let moment = format!(" {} ", window.moment(self.shared.focus.t_ns));
            let cells = text::width(&moment);
            let is_left = column + 2 + cells > columns;
            let start = if is_left { column.saturating_sub(1 + cells) } else { column + 2 };
            if start + cells <= columns {
                buffer.set_string(self.x(start), y, &moment, theme.strong());
            }
            buffer.set_string(x, y, theme.glyphs.cursor.to_string(), theme.strong());
            let lanes = Rect { x, y: self.inside.y + 2, width: 1, height: y - self.inside.y - 2 };
            buffer.set_style(lanes, theme.selected());
        }
        for (mark, name) in self.shared.marks.iter().zip(["A", "B"]) {
            let column = mark.and_then(|mark| window.index_of(mark.t_ns));
            if let Some(column) = column {
                buffer.set_string(self.x(column), y, name, theme.strong());
            }
        }
    }
}

fn letter_style(theme: Theme, letter: Letter) -> Style {
    match letter {
        Letter::Reset | Letter::Failure | Letter::FastClose => theme.severity(Severity::Error),
        Letter::Finding(severity) => theme.severity(severity),
        _ => theme.strong(),
    }
}

/// A duration in at most five cells.
fn brief(ns: i64) -> String {
    let words = units::duration(ns);
    let (number, unit) = words.split_once(' ').unwrap_or((&words, ""));
    match number.parse::<f64>() {
        Ok(value) if value < 10.0 && number.len() > 3 => format!("{value:.1}{unit}"),
        Ok(value) => format!("{}{unit}", if value < 10.0 { value } else { value.round() }),
        Err(_) => words.replace(' ', ""),
    }
}

/// Whether it is a backup, and how it stands.
fn note(subflow: &Subflow) -> String {
    let state = subflow_state(subflow.state);
    if is_backup(subflow) { format!("B {state}") } else { state.to_owned() }
}

/// The longer of the typical round trips of both directions, or else that of the handshake.
fn round_trip(subflow: &Subflow) -> Option<i64> {
    let both = [&subflow.c2s, &subflow.s2c].into_iter();
    let typical = both.filter_map(|sent| sent.rtt_ns.as_ref()).map(|rtt| rtt.p50).max();
    typical.and_then(|ns| i64::try_from(ns).ok()).or(subflow.handshake.rtt_ns)
}
