//! Text that fits: cells, not characters, are what a terminal has.

use ratatui::buffer::Buffer;

pub use crate::printable::printable;
use crate::text_layout::{self, LongWords};
pub use crate::text_layout::{fit, fit_end, left, right, width};

/// `text` in lines of at most `cells`, broken at spaces; words that are too long are broken, too.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    text_layout::wrap(text, cells, LongWords::Break)
}

/// Units, arrows and dashes in words that other layers write, for terminals without them.
pub fn make_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let plain = match cell.symbol() {
            symbol if symbol.is_ascii() => continue,
            "µ" => 'u',
            "→" => '>',
            "←" => '<',
            "–" | "—" => '-',
            "…" => '~',
            "·" => '.',
            "×" => 'x',
            _ => '?',
        };
        cell.set_char(plain);
    }
}

/// What is on a screen, without colours, and without spaces at the ends of lines.
pub fn of_buffer(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row {
            // A wide character covers the cell behind it, which then has nothing to say.
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = self::width(cell.symbol()).max(1);
            }
            covered -= 1;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
