//! The ladder as it is drawn: a line of titles, and the rows in sight.

use std::collections::BTreeSet;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::lanes::{Lane, LaneLayout};
use super::state::LadderScreen;
use crate::analyze::ladder::{Row, Run};
use crate::report::model::Subflow;
use crate::track::index::Entry;
use crate::track::packet_class::PacketClass;
use crate::track::role::Direction;
use crate::tui::label::packet::{self, LabelContext};
use crate::tui::label::short_duration;
use crate::tui::marks;
use crate::tui::shared::Shared;
use crate::tui::theme::Theme;
use crate::tui::widgets::pane::{draw_empty, draw_pane, pane};
use crate::tui::widgets::text;
use crate::units;

/// Digits and point of a moment.
const TIME: usize = 9;

pub(super) fn draw(screen: &LadderScreen, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
    let theme = shared.theme;
    let lanes = screen.lanes();
    let right = right_title(screen, shared, &lanes);
    let mut block = pane(theme, "Ladder", &right, screen.pane.has_keys());
    let legend = legend(screen, shared, &lanes, usize::from(area.width));
    if !legend.is_empty() {
        block = block.title_bottom(Line::styled(legend, theme.faint()));
    }
    let inside = draw_pane(frame, area, block);
    if screen.rows.is_empty() {
        draw_empty(theme, frame, inside, &nothing(shared));
        return;
    }
    let decimals = decimals(shared);
    let drawing = Drawing { screen, shared, lanes: &lanes, inside, decimals };
    let buffer = frame.buffer_mut();
    drawing.titles(buffer);
    for (row, y) in (screen.cursor.top..screen.len()).zip(inside.y + 1..inside.bottom()) {
        drawing.row(buffer, row, y);
    }
}

/// The letters in sight on lanes that are not wide, and what they stand for.
fn legend(screen: &LadderScreen, shared: &Shared, lanes: &LaneLayout, width: usize) -> String {
    let is_rail =
        |lane: &usize| lanes.shown.iter().any(|shown| shown.index == *lane && !shown.is_wide);
    let letters = screen.visible_packets(shared).into_iter().filter_map(|entry| {
        let lane = screen.rows.members().lane(&entry).filter(is_rail)?;
        packet::letter(entry.kind(), subflow(shared, lane))
    });
    let letters: BTreeSet<_> = letters.collect();
    let mut words = String::new();
    for letter in letters.into_iter().rev() {
        let word = format!(" {} {} ", letter.glyph(shared.theme), letter.word());
        if text::width(&words) + text::width(&word) + 2 <= width {
            words.push_str(&word);
        }
    }
    words
}

fn subflow(shared: &Shared, lane: usize) -> Option<&Subflow> {
    shared.connection()?.subflows.get(lane)
}

/// What is between the marks, or where the cursor is.
fn right_title(screen: &LadderScreen, shared: &Shared, lanes: &LaneLayout) -> String {
    if let Some(between) = marks::between(shared) {
        return between;
    }
    let len = screen.len();
    if len == 0 {
        return String::new();
    }
    let dot = shared.theme.glyphs.dot;
    let dsn = if shared.raw_dsn { "raw DSN" } else { "relative DSN" };
    let row = units::count(screen.cursor.row as u64 + 1);
    let mut words = format!("row {row} of {} {dot} {dsn}", units::count(len as u64));
    if let (Some(first), Some(last)) = (lanes.shown.first(), lanes.shown.last())
        && lanes.shown.len() < lanes.count
    {
        words = format!("sf {}-{} of {} {dot} {words}", first.index, last.index, lanes.count);
    }
    words
}

fn nothing(shared: &Shared) -> String {
    match shared.connection() {
        None => shared.waiting("No connection is selected: 1 shows all of them."),
        Some(_) => shared.waiting("No packet of this connection is kept any more."),
    }
}

/// Digits after the point, so that all moments of the connection have the same and fit.
fn decimals(shared: &Shared) -> usize {
    let end = shared.connection().map_or(0, |found| found.start_t_ns + found.duration_ns);
    let seconds = end.unsigned_abs() / 1_000_000_000;
    // One cell is for the point, and one says that a run goes on until then.
    (TIME - 2).saturating_sub(seconds.to_string().len()).min(6)
}

/// What all rows are drawn with.
struct Drawing<'a> {
    screen: &'a LadderScreen,
    shared: &'a Shared,
    lanes: &'a LaneLayout,
    inside: Rect,
    decimals: usize,
}

impl Drawing<'_> {
    /// The line above the rows: who is who.
    fn titles(&self, buffer: &mut Buffer) {
        let (screen, shared) = (self.screen, self.shared);
        let faint = shared.theme.faint();
        self.put(buffer, 2, self.inside.y, &format!("{:>TIME$}", "time"), faint);
        if self.lanes.has_delta {
            self.put(buffer, TIME + 3, self.inside.y, "   since", faint);
        }
        for lane in &self.lanes.shown {
            let Some(subflow) = self.subflow(lane) else { continue };
            let is_focused = lane.index == screen.lane;
            let style = shared.theme.subflow(subflow.id).patch(if is_focused {
                shared.theme.strong()
            } else {
                Style::new()
            });
            let name = lane_title(shared.theme, subflow, lane, is_focused);
            self.put(buffer, lane.x, self.inside.y, &name, style);
        }
    }

    /// One row.
    fn row(&self, buffer: &mut Buffer, number: usize, y: u16) {
        let (screen, shared) = (self.screen, self.shared);
        let Some(row) = screen.rows.row(number as u64) else { return };
        match row {
            Row::Silence { ns } => {
                self.rails(buffer, number, y);
                self.silence(buffer, ns, y);
            }
            Row::Packet(position) => {
                if let Some(entry) = shared.index().get(position) {
                    self.rails(buffer, number, y);
                    self.gutter(buffer, &entry, &entry, y);
                    let words = self.packet_label(&entry);
                    let lane = screen.rows.members().lane(&entry);
                    let subflow = lane.and_then(|lane| subflow(shared, lane));
                    let letter = packet::letter(entry.kind(), subflow);
                    let glyph = packet::glyph(shared.theme, letter, entry.direction());
                    self.arrow(buffer, lane, entry.direction(), &words, glyph, y);
                }
            }
            Row::Run(run) => self.run(buffer, number, &run, y),
        }
        if number == screen.cursor.row {
            let line = Rect { y, height: 1, ..self.inside };
            if screen.pane.has_keys() {
                buffer.set_style(line, shared.theme.selected());
            }
            self.put(buffer, 1, y, &shared.theme.glyphs.selected.to_string(), Style::new());
        }
    }

    fn run(&self, buffer: &mut Buffer, number: usize, run: &Run, y: u16) {
        let shared = self.shared;
        let index = shared.index();
        let (Some(first), Some(last)) = (index.get(run.first), index.get(run.last)) else { return };
        self.rails(buffer, number, y);
        self.gutter(buffer, &first, &last, y);
        let words = packet::of_run(run, &LabelContext::of(shared, &first));
        let glyph = packet::glyph(shared.theme, None, run.direction);
        self.arrow(buffer, Some(run.lane), run.direction, &words, glyph, y);
    }

    /// Mark, finding, time.
    fn gutter(&self, buffer: &mut Buffer, first: &Entry, last: &Entry, y: u16) {
        let (screen, shared) = (self.screen, self.shared);
        let packet = first.number().0;
        if let Some(letter) = marks::letter(shared, packet) {
            self.put(buffer, 0, y, &letter.to_string(), shared.theme.strong());
        } else if let Some(severity) = screen.flagged.get(&packet) {
            let glyph = shared.theme.severity_glyph(*severity).to_string();
            self.put(buffer, 0, y, &glyph, shared.theme.severity(*severity));
        }
        let start = shared.t_ns(first);
        let is_run = first.number() != last.number();
        let time = if is_run {
            // Of a run, until when it goes on.
            format!("{}{}", shared.theme.glyphs.more, self.moment(shared.t_ns(last)))
        } else {
            self.moment(start)
        };
        let time = text::right(&time, TIME, shared.theme.glyphs.more);
        self.put(buffer, 2, y, &time, Style::new());
        if self.lanes.has_delta
            && !is_run
            && let Some(before) = packet_before(self.screen, shared, first)
        {
            let since = short_duration(start - shared.t_ns(&before));
            let since = text::right(&since, 8, shared.theme.glyphs.more);
            self.put(buffer, TIME + 3, y, &since, shared.theme.faint());
        }
    }

    /// Seconds with as many digits as all rows have.
    fn moment(&self, t_ns: i64) -> String {
        let sign = if t_ns < 0 { "-" } else { "" };
        let ns = t_ns.unsigned_abs();
        let digits = format!("{:09}", ns % 1_000_000_000);
        let digits = digits.get(..self.decimals).unwrap_or_default();
        let point = if digits.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{digits}", ns / 1_000_000_000)
    }

    /// The rails of all lanes whose subflow is there at this row.
    fn rails(&self, buffer: &mut Buffer, number: usize, y: u16) {
        let (screen, shared) = (self.screen, self.shared);
        let glyphs = shared.theme.glyphs;
        let Some(here) = screen.first_packet(shared, number).map(|entry| entry.number().0) else {
            return;
        };
        let before = number.checked_sub(1).and_then(|before| screen.first_packet(shared, before));
        let before = before.map_or(0, |entry| entry.number().0);
        let is_silence = matches!(screen.rows.row(number as u64), Some(Row::Silence { .. }));
        let members = screen.rows.members().all();
        for lane in &self.lanes.shown {
            let (Some(subflow), Some(member)) = (self.subflow(lane), members.get(lane.index))
            else {
                continue;
            };
            let gone = screen.ends.get(lane.index).copied().flatten();
            let style = shared.theme.subflow(subflow.id);
            // Points run across wide lanes, but not across an end.
            let is_covered = is_silence && lane.is_wide;
            let is_gone = gone.is_some_and(|gone| here > gone);
            if is_gone {
                if gone.is_some_and(|gone| before <= gone) {
                    let x = if lane.is_wide { lane.x } else { rail_x(lane) };
                    self.put(buffer, x, y, &glyphs.gone.to_string(), style);
                }
            } else if here >= member.first.0 && !is_covered {
                if lane.is_wide {
                    let rail = glyphs.lane.to_string();
                    self.put(buffer, lane.x, y, &rail, style);
                    self.put(buffer, lane.x + lane.width - 1, y, &rail, style);
                } else {
                    self.put(buffer, rail_x(lane), y, &glyphs.rail.to_string(), style);
                }
            }
        }
    }

    /// The arrow of a packet on its lane, or a letter where that is a rail.
    fn arrow(
        &self,
        buffer: &mut Buffer,
        lane: Option<usize>,
        direction: Direction,
        words: &str,
        glyph: char,
        y: u16,
    ) {
        let shown = self.lanes.shown.iter().find(|found| Some(found.index) == lane);
        let Some(lane) = shown else {
            // It is on another page: its name at the edge says so.
            let name = lane.map_or(String::new(), |lane| format!("sf{lane}"));
            let x = usize::from(self.inside.width).saturating_sub(name.len());
            self.put(buffer, x, y, &name, self.shared.theme.faint());
            return;
        };
        let style = self
            .subflow(lane)
            .map_or(Style::new(), |subflow| self.shared.theme.subflow(subflow.id));
        if lane.is_wide {
            let arrow = arrow(self.shared.theme, direction, words, lane.width);
            self.put(buffer, lane.x, y, &arrow, style);
        } else {
            self.put(buffer, rail_x(lane), y, &glyph.to_string(), style);
        }
    }

    /// A line of points across all wide lanes, with how long it was.
    fn silence(&self, buffer: &mut Buffer, ns: i64, y: u16) {
        let shared = self.shared;
        let dot = shared.theme.glyphs.dot;
        let faint = shared.theme.faint();
        self.put(buffer, 2 + TIME - 3, y, &dot.to_string().repeat(3), faint);
        let wide = || self.lanes.shown.iter().filter(|lane| lane.is_wide);
        let start = wide().next().map_or(self.lanes.gutter, |lane| lane.x);
        let end = wide().next_back().map_or(start, |lane| lane.x + lane.width);
        let words = format!(" {} of silence ", short_duration(ns));
        let words_start = start + (end - start).saturating_sub(text::width(&words)) / 2;
        let words_end = words_start + text::width(&words);
        let dots = (start + 1..end).step_by(2).filter(|x| !(words_start..words_end).contains(x));
        for x in dots {
            self.put(buffer, x, y, &dot.to_string(), faint);
        }
        self.put(buffer, words_start, y, &words, faint);
    }

    fn packet_label(&self, entry: &Entry) -> String {
        let shared = self.shared;
        let context = LabelContext::of(shared, entry);
        match shared.segment(entry) {
            Some(segment) => packet::of_segment(&segment, entry.kind(), &context),
            None => packet::of_kind(entry.kind(), entry.payload_len(), &context),
        }
    }

    fn subflow(&self, lane: &Lane) -> Option<&Subflow> {
        subflow(self.shared, lane.index)
    }

    /// Text at a column of the inside, cut at its end.
    fn put(&self, buffer: &mut Buffer, x: usize, y: u16, words: &str, style: Style) {
        let width = usize::from(self.inside.width);
        let Ok(column) = u16::try_from(x) else { return };
        if x < width {
            buffer.set_stringn(self.inside.x + column, y, words, width - x, style);
        }
    }
}

/// The packet of the connection that came before, if that is not far from it in the capture.
fn packet_before(screen: &LadderScreen, shared: &Shared, entry: &Entry) -> Option<Entry> {
    /// Packets of other connections between two of one.
    const MOST: u64 = 10_000;
    let index = shared.index();
    let here = index.find(entry.number())?;
    let before = (here.saturating_sub(MOST).max(index.dropped())..here).rev();
    let mut before = before.filter_map(|position| index.get(position));
    before.find(|entry| {
        entry.kind() != PacketClass::Copy && screen.rows.members().lane(entry).is_some()
    })
}

/// Where the rail of a lane stands: below the number in its name.
const fn rail_x(lane: &Lane) -> usize {
    lane.x + 2
}

/// `c sf0 10.0.1.1 ⇄ 10.0.2.1 s`, the hosts above their rails; of a rail, `sf0` alone.
fn lane_title(theme: Theme, subflow: &Subflow, lane: &Lane, is_focused: bool) -> String {
    let more = theme.glyphs.more;
    let name = format!("sf{}", subflow.id);
    if !lane.is_wide {
        return name;
    }
    let name = if is_focused { format!("[{name}]") } else { name };
    let (client, server) = (subflow.client.address.to_string(), subflow.server.address.to_string());
    let room = lane.width.saturating_sub(text::width(&name) + 8);
    let half = room / 2;
    let server_room = half.max(room.saturating_sub(text::width(&client)));
    let server = text::fit_end(&server, server_room, more);
    let client = text::fit_end(&client, room.saturating_sub(text::width(&server)), more);
    let words = format!("{name} {client} {} {server}", theme.glyphs.between);
    format!("c {} s", text::left(&words, lane.width.saturating_sub(4), more))
}

/// `├─ words ──▸┤`, in as many cells.
fn arrow(theme: Theme, direction: Direction, words: &str, cells: usize) -> String {
    let glyphs = theme.glyphs;
    let [left_tee, right_tee] = glyphs.tees;
    let words = text::fit(words, cells.saturating_sub(6), glyphs.more);
    let shafts = cells.saturating_sub(text::width(&words) + 6);
    let shafts: String = std::iter::repeat_n(glyphs.shaft, shafts).collect();
    let (left, right) = (glyphs.left, glyphs.right);
    let shaft = glyphs.shaft;
    match direction {
        Direction::ClientToServer => {
            format!("{left_tee}{shaft} {words} {shafts}{right}{right_tee}")
        }
        Direction::ServerToClient => format!("{left_tee}{left} {words} {shafts}{shaft}{right_tee}"),
    }
}
