//! The fields of a packet, one a line.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::report::fields::{Field, Part};
use crate::tui::cursor::Cursor;
use crate::tui::theme::Theme;
use crate::tui::widgets::pane::{draw_empty, draw_pane, pane};
use crate::tui::widgets::text;

/// Whether a header is an option of MPTCP.
pub(super) fn is_mptcp(field: &Field) -> bool {
    let name = field.name.as_ref();
    ["MP_", "DSS", "ADD_ADDR", "REMOVE_ADDR", "MPTCP"].iter().any(|start| name.starts_with(start))
}

/// The fields, with a cursor on one of them.
pub(super) struct Tree<'a> {
    pub(super) fields: &'a [Field],
    pub(super) cursor: Cursor,
    /// Why there are no fields.
    pub(super) missing: &'a str,
    pub(super) has_keys: bool,
}

impl Tree<'_> {
    pub(super) fn draw(&self, theme: Theme, frame: &mut Frame<'_>, area: Rect, title: &str) {
        let cursor = self.cursor;
        let place = format!("{}/{}", cursor.row + 1, self.fields.len());
        let right = if self.fields.is_empty() { "" } else { &place };
        let mut block = pane(theme, title, right, self.has_keys);
        let cells = usize::from(block.inner(area).width);
        // What does not fit into its line stands in the border.
        if let Some(field) = self.fields.get(cursor.row)
            && text::width(&words(field, cells)) > cells
        {
            let value = text::fit(&field.value, cells.saturating_sub(2), theme.glyphs.more);
            block = block.title_bottom(Line::styled(format!(" {value} "), theme.strong()));
        }
        let inside = draw_pane(frame, area, block);
        if self.fields.is_empty() {
            draw_empty(theme, frame, inside, self.missing);
            return;
        }
        let rows = self.fields.iter().enumerate().skip(cursor.top);
        for ((row, field), y) in rows.zip(inside.y..inside.bottom()) {
            let line = Rect { y, height: 1, ..inside };
            let shown = text::left(&words(field, cells), cells, theme.glyphs.more);
            let style = match field.part {
                Part::Header => theme.strong(),
                Part::Octets => Style::new(),
                Part::Bits => theme.faint(),
            };
            frame.render_widget(Line::from(Span::styled(shown, style)), line);
            if row == cursor.row {
                if self.has_keys {
                    frame.buffer_mut().set_style(line, theme.selected());
                }
                if let Some(cell) = frame.buffer_mut().cell_mut((line.x, y)) {
                    cell.set_char(theme.glyphs.selected);
                }
            }
        }
    }
}

/// Name and value, the values below each other. Of bits, it is where they stand and what they are.
fn words(field: &Field, cells: usize) -> String {
    let indent = 1 + 2 * field.depth;
    if field.part == Part::Bits {
        return format!("{:indent$}{} {}", "", field.value, field.name);
    }
    let column = (cells * 45 / 100).clamp(18, 34);
    let name = format!("{:indent$}{}", "", field.name);
    let gap = column.saturating_sub(text::width(&name)).max(2);
    format!("{name}{:gap$}{}", "", field.value).trim_end().to_owned()
}
