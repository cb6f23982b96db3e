//! A row in focus among many, of which only some are on the screen.

use super::action::Move;

/// A cursor in a list of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The row in focus.
    pub row: usize,
    /// The first row on the screen.
    pub top: usize,
}

impl Cursor {
    /// Brings the cursor into `len` rows, and the first row so that the cursor is in sight.
    pub fn settle(&mut self, len: usize, height: usize) {
        self.row = self.row.min(len.saturating_sub(1));
        let height = height.max(1);
        self.top = self.top.min(self.row).max((self.row + 1).saturating_sub(height));
        self.top = self.top.min(len.saturating_sub(height));
    }

    /// Moves up and down in `len` rows of which `height` are in sight.
    pub fn go(&mut self, to: Move, len: usize, height: usize) {
        let page = height.saturating_sub(1).max(1);
        self.row = match to {
            Move::Up => self.row.saturating_sub(1),
            Move::Down => self.row.saturating_add(1),
            Move::PageUp => self.row.saturating_sub(page),
            Move::PageDown => self.row.saturating_add(page),
            Move::First => 0,
            Move::Last => usize::MAX,
            Move::Left | Move::Right => self.row,
        };
        self.settle(len, height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_in_sight() {
        let mut cursor = Cursor::default();
        cursor.go(Move::Last, 100, 10);
        assert_eq!((cursor.row, cursor.top), (99, 90));
        cursor.go(Move::PageUp, 100, 10);
        assert_eq!((cursor.row, cursor.top), (90, 90));
        cursor.go(Move::Up, 100, 10);
        assert_eq!((cursor.row, cursor.top), (89, 89));
        cursor.go(Move::Down, 0, 10);
        assert_eq!((cursor.row, cursor.top), (0, 0));
    }
}
