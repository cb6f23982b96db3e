//! The table of imports in the documentation of the library is the one that is checked.
//!
//! `UPDATE=1 cargo test --test it layering::` writes it anew.

use std::path::Path;

use super::{LAYERS, Layer};
use crate::support::testdata;

#[test]
fn the_library_shows_the_table_that_is_checked() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let text = std::fs::read_to_string(&path).unwrap();
    let made = with_table(&text);
    let there = testdata::checked_in(&path, made.as_bytes());
    assert_eq!(
        String::from_utf8(there).unwrap(),
        made,
        "UPDATE=1 cargo test --test it layering:: writes it anew"
    );
}

/// `text` with the table as it must be, in the place of the one that is there.
fn with_table(text: &str) -> String {
    let is_row = |line: &&str| line.starts_with("//! |");
    let before = text.lines().take_while(|line| !is_row(line));
    let after = text.lines().skip_while(|line| !is_row(line)).skip_while(is_row);
    let rows = LAYERS.iter().map(row);
    let head = ["//! | layer | may import of ours |", "//! |---|---|"].map(ToOwned::to_owned);
    let all = before.map(ToOwned::to_owned).chain(head).chain(rows);
    let all = all.chain(["//! | `app`, `facade` | all |".to_owned()]);
    all.chain(after.map(ToOwned::to_owned)).map(|line| line + "\n").collect()
}

fn row(layer: &Layer) -> String {
    let imports: Vec<_> = layer.may_import.iter().map(|name| format!("`{name}`")).collect();
    let imports = if imports.is_empty() { "–".to_owned() } else { imports.join(", ") };
    format!("//! | `{}` | {imports} |", layer.name)
}
