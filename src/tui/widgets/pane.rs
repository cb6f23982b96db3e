//! Panes: a border with a title, lines inside it, and boxes over everything else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph, Widget};

use super::text;
use crate::tui::theme::Theme;

/// A pane with its name in the border, something at the right of it, and a sign whether it has the
/// keys.
pub fn pane<'a>(theme: Theme, title: &str, right: &str, is_focused: bool) -> Block<'a> {
    let style = if is_focused { theme.strong() } else { Style::new() };
    let mut block = Block::bordered()
        .border_set(theme.border())
        .border_style(if is_focused { Style::new() } else { theme.faint() })
        .title_top(Line::styled(format!(" {title} "), style));
    if !right.is_empty() {
        block = block.title_top(Line::raw(format!(" {right} ")).right_aligned());
    }
    block
}

/// Draws a pane. Returns what is inside its border.
pub fn draw_pane(frame: &mut Frame<'_>, area: Rect, block: Block<'_>) -> Rect {
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

/// Draws one line a row, as many as there is room for.
pub fn draw_lines(frame: &mut Frame<'_>, area: Rect, lines: impl IntoIterator<Item = impl Widget>) {
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

/// Draws in the middle of a pane why there is nothing in it.
pub fn draw_empty(theme: Theme, frame: &mut Frame<'_>, area: Rect, words: &str) {
    let lines = text::wrap(words, usize::from(area.width.saturating_sub(4)));
    let lines: Vec<_> = lines.into_iter().map(|line| Line::raw(line).centered()).collect();
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let y = area.y + (area.height - rows) / 2;
    let area = Rect { y, height: rows, ..area };
    frame.render_widget(Paragraph::new(lines).style(theme.faint()), area);
}

/// Draws a box over the middle of `body`. Returns what is inside its border.
pub fn draw_overlay(
    theme: Theme,
    frame: &mut Frame<'_>,
    body: Rect,
    (width, height): (u16, u16),
    title: &str,
) -> Rect {
    let (width, height) = (width.min(body.width), height.min(body.height));
    let x = body.x + (body.width - width) / 2;
    let y = body.y + (body.height - height) / 2;
    let area = Rect { x, y, width, height };
    frame.render_widget(Clear, area);
    draw_pane(frame, area, pane(theme, title, "Esc closes", true))
}
