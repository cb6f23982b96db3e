//! The fields of a packet, one a line.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::report::fields::{Field, Part};
use crate::tui::state::{App, Screen};
use crate::tui::text;

/// Whether a header is an option of MPTCP.
pub(super) fn is_mptcp(field: &Field) -> bool {
    let name = field.name.as_ref();
    ["MP_", "DSS", "ADD_ADDR", "REMOVE_ADDR", "MPTCP"].iter().any(|start| name.starts_with(start))
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, fields: &[Field]) {
    let cursor = app.packet.field;
    let title = super::title(app);
    let place = format!("{}/{}", cursor.row + 1, fields.len());
    let mut block = super::block(app, &title, if fields.is_empty() { "" } else { &place }, true);
    let inside = block.inner(area);
    let cells = usize::from(inside.width);
    // What does not fit into its line stands in the border.
    if let Some(field) = fields.get(cursor.row)
        && text::width(&words(field, cells)) > cells
    {
        let value = text::fit(&field.value, cells.saturating_sub(2), app.theme.glyphs.more);
        block = block.title_bottom(Line::styled(format!(" {value} "), app.theme.strong()));
    }
    frame.render_widget(block, area);
    if fields.is_empty() {
        super::draw_nothing(app, frame, inside);
        return;
    }
    let rows = fields.iter().enumerate().skip(cursor.top);
    for ((row, field), y) in rows.zip(inside.y..inside.bottom()) {
        let line = Rect { y, height: 1, ..inside };
        let shown = text::left(&words(field, cells), cells, app.theme.glyphs.more);
        let style = match field.part {
            Part::Header => app.theme.strong(),
            Part::Octets => Style::new(),
            Part::Bits => app.theme.faint(),
        };
        frame.render_widget(Line::from(Span::styled(shown, style)), line);
        if row == cursor.row {
            let glyph = app.theme.glyphs.selected;
            if app.screen == Screen::Packet {
                frame.buffer_mut().set_style(line, app.theme.selected());
            }
            if let Some(cell) = frame.buffer_mut().cell_mut((line.x, y)) {
                cell.set_char(glyph);
            }
        }
    }
}

/// Name and value, the values below each other; of bits, where they stand and what they are.
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
