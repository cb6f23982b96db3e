//! Bars that stand on a row and grow upwards, in eighths of a cell.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use crate::tui::theme::Theme;

/// What the bars of a picture have in common.
#[derive(Debug, Clone, Copy)]
pub struct Bars {
    /// How they look.
    pub theme: Theme,
    /// Rows that the highest one takes.
    pub rows: u16,
    /// The amount that the highest one stands for.
    pub most: u64,
}

impl Bars {
    /// Draws a bar for `amount` in column `x`, with its top row, if it has one, in row `top`.
    pub fn draw(&self, buffer: &mut Buffer, (x, top): (u16, u16), amount: u64, style: Style) {
        let eighths = u128::from(amount) * u128::from(u64::from(self.rows) * 8);
        let eighths = eighths.div_ceil(u128::from(self.most.max(1)));
        let eighths = u64::try_from(eighths).unwrap_or(u64::MAX);
        for row in 0..self.rows {
            let below = u64::from(self.rows - 1 - row) * 8;
            let part = eighths.saturating_sub(below).min(8);
            if part > 0 {
                buffer.set_string(x, top + row, self.theme.height(part, 8).to_string(), style);
            }
        }
    }
}
