//! Leaf · text in columns: how wide it is, how it is cut, filled up and broken into lines.
//!
//! A column is a cell of a terminal. Most characters take one, East Asian ones take two, and combining
//! ones take none.

pub mod table;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain { text.len() } else { text.width() }
}

/// `text` in at most `columns`, with `more` in the last one where something is missing.
pub fn fit(text: &str, columns: usize, more: char) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    match columns.checked_sub(1) {
        Some(room) => format!("{}{more}", head(text, room)),
        None => String::new(),
    }
}

/// `text` in at most `columns`, with its end kept: of an endpoint, the port.
pub fn fit_end(text: &str, columns: usize, more: char) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    match columns.checked_sub(1) {
        Some(room) => format!("{more}{}", tail(text, room)),
        None => String::new(),
    }
}

/// `text` in exactly `columns`, at the left.
pub fn left(text: &str, columns: usize, more: char) -> String {
    let fitted = fit(text, columns, more);
    let blank = blank(columns, &fitted);
    fitted + &blank
}

/// `text` in exactly `columns`, at the right.
pub fn right(text: &str, columns: usize, more: char) -> String {
    let fitted = fit(text, columns, more);
    blank(columns, &fitted) + &fitted
}

/// What becomes of a word that is longer than a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongWords {
    /// It stays whole, so that it can be copied, and its line is longer than the others.
    Keep,
    /// It is broken where the line ends.
    Break,
}

/// `text` in lines of at most `columns`, broken at spaces.
pub fn wrap(text: &str, columns: usize, long_words: LongWords) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for word in text.split(' ') {
        let needed = width(word);
        if let Some(line) = lines.last_mut()
            && used + 1 + needed <= columns
        {
            line.push(' ');
            line.push_str(word);
            used += 1 + needed;
            continue;
        }
        let mut rest = word;
        while long_words == LongWords::Break
            && let Some((line, others)) = split(rest, columns)
        {
            lines.push(line.to_owned());
            rest = others;
        }
        lines.push(rest.to_owned());
        used = width(rest);
    }
    lines
}

/// Spaces for what `text` leaves of `columns`.
fn blank(columns: usize, text: &str) -> String {
    " ".repeat(columns.saturating_sub(width(text)))
}

/// What of a word stands in a line of `columns`, one character at least, and what is left of it; `None`
/// if nothing is.
fn split(word: &str, columns: usize) -> Option<(&str, &str)> {
    let first = word.chars().next()?.len_utf8();
    let end = head(word, columns).len().max(first);
    word.split_at_checked(end).filter(|(_, rest)| !rest.is_empty())
}

/// The longest beginning of `text` that takes at most `columns`.
fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, character)| {
        used += columns_of(*character);
        used > columns
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// The longest end of `text` that takes at most `columns`.
fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let before = text.char_indices().rev().find(|(_, character)| {
        used += columns_of(*character);
        used > columns
    });
    let start = before.map(|(at, character)| at + character.len_utf8());
    start.and_then(|start| text.get(start..)).unwrap_or(text)
}

/// A control character has no width of its own; as part of a text it counts as one column.
fn columns_of(character: char) -> usize {
    character.width().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_columns() {
        assert_eq!(fit("abcdef", 4, '…'), "abc…");
        assert_eq!(fit("abcd", 4, '…'), "abcd");
        assert_eq!(fit("日本語", 4, '…'), "日…");
        assert_eq!(fit("abc", 0, '…'), "");
        assert_eq!(fit_end("[2001:db8::1]:443", 9, '…'), "…::1]:443");
        assert_eq!(fit_end("日本語", 4, '…'), "…語");
        assert_eq!(fit_end("abc", 0, '…'), "");
        assert_eq!(left("日", 4, '…'), "日  ");
        assert_eq!(right("ab", 4, '…'), "  ab");
    }

    #[test]
    fn lines_break_at_spaces() {
        for long_words in [LongWords::Keep, LongWords::Break] {
            assert_eq!(wrap("a bc def", 4, long_words), ["a bc", "def"]);
            assert_eq!(wrap("a b c", 3, long_words), ["a b", "c"]);
            assert_eq!(wrap("", 3, long_words), [""]);
            assert_eq!(wrap("→→→ →", 5, long_words), ["→→→ →"]);
            assert_eq!(wrap("日本 語", 6, long_words), ["日本", "語"]);
        }
    }

    #[test]
    fn long_words_are_kept_or_broken() {
        assert_eq!(wrap("abcdef gh", 3, LongWords::Keep), ["abcdef", "gh"]);
        assert_eq!(wrap("ab abcdefgh c", 3, LongWords::Break), ["ab", "abc", "def", "gh", "c"]);
        assert_eq!(wrap("日本語", 4, LongWords::Break), ["日本", "語"]);
        assert_eq!(wrap("日本語", 3, LongWords::Break), ["日", "本", "語"]);
        assert_eq!(wrap("日本", 1, LongWords::Break), ["日", "本"]);
    }
}
