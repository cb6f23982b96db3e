//! The octets of a packet, with those of the field in focus between brackets.

use std::fmt::Write;
use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::report::fields::Field;
use crate::tui::cache::Bytes;
use crate::tui::state::App;

/// Cells of a line of so many octets: offset, octets with brackets around them.
const fn line_width(octets: usize) -> usize {
    4 + 1 + octets * 3 + 1
}

/// Cells of the pane beside the fields, on a screen this wide; 0 where there is no room for it.
pub(super) fn pane_width(screen: u16) -> u16 {
    match screen {
        0..76 => 0,
        76..110 => 32,
        110..140 => 56,
        _ => 74,
    }
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, fields: &[Field]) {
    let selected = fields.get(app.packet.field.row).map_or(0..0, |field| field.octets.clone());
    let right = if selected.is_empty() { String::new() } else { range_words(&selected) };
    let title = fields.get(app.packet.field.row).map_or("Bytes", |field| field.name.as_ref());
    let block = super::block(app, title, &right, false);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let Some(entry) = super::entry(app) else { return };
    let Bytes::Here(packet) = app.packets.get(entry.number()) else {
        if app.packet.show == super::Show::Hex {
            super::draw_nothing(app, frame, inside);
        }
        return;
    };
    let width = usize::from(inside.width);
    let octets_a_line = if width >= line_width(16) { 16 } else { 8 };
    let has_text = width > line_width(octets_a_line) + octets_a_line;
    let height = usize::from(inside.height);
    let top = first_line(&selected, packet.data.len(), octets_a_line, height);
    let lines = packet.data.chunks(octets_a_line).enumerate().skip(top);
    for ((number, octets), y) in lines.zip(inside.y..inside.bottom()) {
        let start = number * octets_a_line;
        let line = Line { start, octets, selected: &selected, room: octets_a_line };
        let line_area = Rect { y, height: 1, ..inside };
        frame.render_widget(line.text(has_text), line_area);
        if let Some(cells) = line.selected_cells() {
            let x = inside.x + u16::try_from(cells.start).unwrap_or(0);
            let width = u16::try_from(cells.len()).unwrap_or(0);
            let marked = Rect { x, width, ..line_area }.intersection(inside);
            frame.buffer_mut().set_style(marked, app.theme.selected());
        }
    }
}

/// `octets 54-65, 12`.
fn range_words(octets: &Range<usize>) -> String {
    match octets.len() {
        1 => format!("octet {}", octets.start),
        len => format!("{}-{}, {len} octets", octets.start, octets.end - 1),
    }
}

/// The first line in sight, so that the octets of the field in focus are.
fn first_line(selected: &Range<usize>, len: usize, octets_a_line: usize, height: usize) -> usize {
    let last = len.div_ceil(octets_a_line).saturating_sub(height);
    let (from, to) = (selected.start / octets_a_line, selected.end / octets_a_line);
    if to < height { 0 } else { from.saturating_sub(height / 3).min(last) }
}

/// One line of the dump.
struct Line<'a> {
    start: usize,
    octets: &'a [u8],
    selected: &'a Range<usize>,
    /// Bytes of a whole line.
    room: usize,
}

impl Line<'_> {
    fn text(&self, has_text: bool) -> String {
        let mut text = format!("{:04x} ", self.start);
        for (offset, octet) in (self.start..).zip(self.octets) {
            text.push(self.before(offset));
            // Writing to a String cannot fail.
            let _ = write!(text, "{octet:02x}");
        }
        let end = self.start + self.octets.len();
        let closes = !self.selected.is_empty() && self.selected.end == end;
        text.push(if closes { ']' } else { ' ' });
        if has_text {
            let missing = (self.room - self.octets.len()) * 3 + 1;
            text.extend(std::iter::repeat_n(' ', missing));
            text.extend(self.octets.iter().map(|octet| printable(*octet)));
        }
        text
    }

    /// What stands before an octet: a bracket where the field begins, or has ended.
    fn before(&self, offset: usize) -> char {
        if self.selected.is_empty() {
            ' '
        } else if offset == self.selected.start {
            '['
        } else if offset == self.selected.end && offset > self.start {
            ']'
        } else {
            ' '
        }
    }

    /// The cells of the selected octets on this line, without the brackets.
    fn selected_cells(&self) -> Option<Range<usize>> {
        let end = self.start + self.octets.len();
        let (from, to) = (self.selected.start.max(self.start), self.selected.end.min(end));
        let cell = |offset: usize| 5 + (offset - self.start) * 3;
        (from < to).then(|| cell(from) + 1..cell(to))
    }
}

const fn printable(octet: u8) -> char {
    if octet.is_ascii_graphic() || octet == b' ' { octet as char } else { '.' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(selected: Range<usize>, start: usize) -> (String, Option<Range<usize>>) {
        let octets: Vec<u8> =
            (start..start + 8).map(|octet| u8::try_from(octet).unwrap()).collect();
        let line = Line { start, octets: &octets, selected: &selected, room: 8 };
        (line.text(false), line.selected_cells())
    }

    #[test]
    fn brackets_stand_around_the_field() {
        let (text, cells) = line(2..4, 0);
        assert_eq!(text, "0000  00 01[02 03]04 05 06 07 ");
        assert_eq!(text.get(cells.unwrap()), Some("02 03"));
        assert_eq!(line(6..8, 0).0, "0000  00 01 02 03 04 05[06 07]");
        assert_eq!(line(6..10, 0).0, "0000  00 01 02 03 04 05[06 07 ");
        assert_eq!(line(6..10, 8).0, "0008  08 09]0a 0b 0c 0d 0e 0f ");
        assert_eq!(line(0..0, 0), ("0000  00 01 02 03 04 05 06 07 ".to_owned(), None));
    }

    #[test]
    fn the_field_is_in_sight() {
        assert_eq!(first_line(&(54..66), 66, 8, 10), 0);
        assert_eq!(first_line(&(80..96), 1500, 8, 10), 7);
        assert_eq!(first_line(&(1490..1500), 1500, 8, 10), 178);
    }
}
