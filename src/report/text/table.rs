//! Rows of cells in columns as wide as they need.

use super::wrap::columns;

/// Two columns between cells.
const GAP: &str = "  ";

/// A cell: its text, and the side that the text stands at.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    right: bool,
}

impl Cell {
    /// Text at the left.
    pub(super) fn left(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: false }
    }

    /// Text at the right, for numbers.
    pub(super) fn right(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: true }
    }

    fn pad(&self, width: usize) -> String {
        let blank = " ".repeat(width.saturating_sub(columns(&self.text)));
        if self.right { blank + &self.text } else { self.text.clone() + &blank }
    }
}

/// One line for each row, without spaces at its end. All rows have the cells of the first.
pub(super) fn lines(rows: &[Vec<Cell>]) -> Vec<String> {
    let count = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| columns(&cell.text)).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..count).map(width).collect();
    let line = |row: &Vec<Cell>| {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| cell.pad(*width)).collect();
        cells.join(GAP).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [
            vec![Cell::left("path"), Cell::right("c→s")],
            vec![Cell::left("a"), Cell::right("10 kB")],
        ];
        assert_eq!(lines(&rows), ["path    c→s", "a     10 kB"]);
    }
}
