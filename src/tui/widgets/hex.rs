//! A dump of bytes, with a range of them between brackets.

use std::fmt::Write;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use crate::tui::theme::Theme;

/// The bytes of a packet.
pub struct Dump<'a> {
    /// All of them.
    pub octets: &'a [u8],
    /// Those that are in sight and stand out.
    pub selected: Range<usize>,
    /// How it looks.
    pub theme: Theme,
}

impl Dump<'_> {
    /// Draws the lines around the selected bytes.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect) {
        let width = usize::from(area.width);
        let room = if width >= line_width(16) { 16 } else { 8 };
        let has_text = width > line_width(room) + room;
        let top = first_line(&self.selected, self.octets.len(), room, usize::from(area.height));
        let lines = self.octets.chunks(room).enumerate().skip(top);
        for ((number, octets), y) in lines.zip(area.y..area.bottom()) {
            let line = DumpLine { start: number * room, octets, selected: &self.selected, room };
            let line_area = Rect { y, height: 1, ..area };
            line.text(has_text).render(line_area, buffer);
            if let Some(cells) = line.selected_cells() {
                let x = area.x + u16::try_from(cells.start).unwrap_or(0);
                let width = u16::try_from(cells.len()).unwrap_or(0);
                let marked = Rect { x, width, ..line_area }.intersection(area);
                buffer.set_style(marked, self.theme.selected());
            }
        }
    }
}

/// Cells of a line of so many bytes: the offset, and the bytes with brackets around them.
const fn line_width(octets: usize) -> usize {
    4 + 1 + octets * 3 + 1
}

/// `54-65, 12 octets`: where a range is, and how long.
pub fn range_words(octets: &Range<usize>) -> String {
    match octets.len() {
        1 => format!("byte {}", octets.start),
        len => format!("{}-{}, {len} bytes", octets.start, octets.end - 1),
    }
}

/// The first line in sight, so that the selected bytes are in sight.
fn first_line(selected: &Range<usize>, len: usize, octets_a_line: usize, height: usize) -> usize {
    let last = len.div_ceil(octets_a_line).saturating_sub(height);
    let (from, to) = (selected.start / octets_a_line, selected.end / octets_a_line);
    if to < height { 0 } else { from.saturating_sub(height / 3).min(last) }
}

/// One line of the dump.
struct DumpLine<'a> {
    start: usize,
    octets: &'a [u8],
    selected: &'a Range<usize>,
    /// Bytes of a whole line.
    room: usize,
}

impl DumpLine<'_> {
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

    /// What stands before a byte: a bracket where the selected ones begin, or have ended.
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

    /// The cells of the selected bytes on this line, without the brackets.
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
        let line = DumpLine { start, octets: &octets, selected: &selected, room: 8 };
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
