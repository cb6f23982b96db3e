//! The page that all text is written on.

use crate::text_layout::{self, LongWords};

/// Columns that a line may have.
pub(super) const WIDTH: usize = 80;

/// `text` in lines of at most `columns`; a path or a command that is longer stays whole.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text_layout::wrap(text, columns, LongWords::Keep)
}
