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
}

/// One line for each row, without spaces at its end.
pub(super) fn lines<const N: usize>(rows: &[[Cell; N]]) -> Vec<String> {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| columns(&cell.text)).max().unwrap_or(0)
    });
    let padded = |(cell, width): (&Cell, usize)| {
        let blank = " ".repeat(width.saturating_sub(columns(&cell.text)));
        match cell.right {
            true => blank + &cell.text,
            false => cell.text.clone() + &blank,
        }
    };
    let line = |row: &[Cell; N]| {
        let cells: Vec<_> = row.iter().zip(widths).map(padded).collect();
        cells.join(GAP).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows =
            [[Cell::left("path"), Cell::right("c→s")], [Cell::left("a"), Cell::right("10 kB")]];
        assert_eq!(lines(&rows), ["path    c→s", "a     10 kB"]);
    }
}
