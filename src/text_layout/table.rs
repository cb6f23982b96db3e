//! Rows of cells in columns as wide as they need.

use super::width;

/// What stands between two cells of a row.
const GAP: &str = "  ";

/// A cell: its text, and the side that the text stands at.
#[derive(Debug, Clone)]
pub struct TableCell {
    text: String,
    right: bool,
}

impl TableCell {
    /// Text at the left.
    pub fn left(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: false }
    }

    /// Text at the right, for numbers.
    pub fn right(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: true }
    }

    fn fill(&self, columns: usize) -> String {
        let blank = super::blank(columns, &self.text);
        if self.right { blank + &self.text } else { self.text.clone() + &blank }
    }
}

/// One line for each row, without spaces at its end. All rows have the cells of the first.
pub fn lines(rows: &[Vec<TableCell>]) -> Vec<String> {
    let count = rows.first().map_or(0, Vec::len);
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| width(&cell.text)).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..count).map(widest).collect();
    let line = |row: &Vec<TableCell>| {
        let cells: Vec<_> =
            row.iter().zip(&widths).map(|(cell, width)| cell.fill(*width)).collect();
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
            vec![TableCell::left("path"), TableCell::right("c→s")],
            vec![TableCell::left("日"), TableCell::right("10 kB")],
        ];
        assert_eq!(lines(&rows), ["path    c→s", "日    10 kB"]);
    }
}
