//! Tables: columns of fixed widths and some that share what is left, of which only the visible rows
//! are made.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::text;
use crate::tui::cursor::Cursor;
use crate::tui::theme::Theme;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What stands above it.
    pub title: &'static str,
    /// Cells; columns with 0 share what is left.
    pub width: usize,
    /// Whether it stands at the right.
    pub right: bool,
    /// Whether, where something has to be cut off, it is the beginning: of an endpoint, all but the
    /// port.
    pub keeps_end: bool,
}

impl Column {
    /// At the left.
    pub const fn left(title: &'static str, width: usize) -> Self {
        Self { title, width, right: false, keeps_end: false }
    }

    /// An endpoint, which shares what is left.
    pub const fn endpoint(title: &'static str) -> Self {
        Self { title, width: 0, right: false, keeps_end: true }
    }

    /// At the right.
    pub const fn right(title: &'static str, width: usize) -> Self {
        Self { title, width, right: true, keeps_end: false }
    }
}

/// A cell: text and how it looks.
#[derive(Debug, Clone, Default)]
pub struct Cell(pub String, pub Style);

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self(text, Style::new())
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self(text.to_owned(), Style::new())
    }
}

/// A table, ready to be drawn.
pub struct Table<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// How it looks.
    pub theme: Theme,
    /// Rows there are.
    pub len: usize,
    /// Where the cursor is; `None` where rows are not chosen.
    pub cursor: Cursor,
    /// Whether the cursor is shown.
    pub is_focused: bool,
    /// Makes a row.
    pub row: &'a dyn Fn(usize) -> Vec<Cell>,
}

impl Table<'_> {
    /// Draws the titles, and the rows that there is room for.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect) {
        if area.height == 0 {
            return;
        }
        let widths = self.widths(usize::from(area.width));
        let titles = self.columns.iter().map(|column| Cell::from(column.title)).collect();
        let style = self.theme.faint();
        self.line(titles, &widths, style).render(Rect { height: 1, ..area }, buffer);
        let visible = usize::from(area.height) - 1;
        for (index, y) in (self.cursor.top..self.len).take(visible).zip(area.y + 1..) {
            let row = Rect { y, height: 1, ..area };
            let is_selected = index == self.cursor.row && self.is_focused;
            self.line((self.row)(index), &widths, Style::new()).render(row, buffer);
            if is_selected {
                buffer.set_style(row, self.theme.selected());
            }
            if index == self.cursor.row
                && let Some(cell) = buffer.cell_mut((area.x, y))
            {
                cell.set_char(self.theme.glyphs.selected);
            }
        }
    }

    /// The first cell of a line is for the cursor.
    fn widths(&self, total: usize) -> Vec<usize> {
        let fixed: usize = self.columns.iter().map(|column| column.width).sum();
        let gaps = self.columns.len().saturating_sub(1);
        let mut rest = total.saturating_sub(1 + fixed + gaps);
        let mut sharing = self.columns.iter().filter(|column| column.width == 0).count();
        let mut width = |column: &Column| {
            if column.width > 0 {
                return column.width;
            }
            let share = rest.div_ceil(sharing.max(1));
            rest -= share;
            sharing -= 1;
            share
        };
        self.columns.iter().map(&mut width).collect()
    }

    fn line(&self, cells: Vec<Cell>, widths: &[usize], base: Style) -> Line<'static> {
        let more = self.theme.glyphs.more;
        let mut spans = vec![Span::raw(" ")];
        let columns = self.columns.iter().zip(widths);
        for (index, (Cell(words, style), (column, width))) in
            cells.into_iter().zip(columns).enumerate()
        {
            if index > 0 {
                spans.push(Span::raw(" "));
            }
            let words = if column.keeps_end { text::fit_end(&words, *width, more) } else { words };
            let fitted = if column.right {
                text::right(&words, *width, more)
            } else {
                text::left(&words, *width, more)
            };
            spans.push(Span::styled(fitted, base.patch(style)));
        }
        Line::from(spans)
    }
}
