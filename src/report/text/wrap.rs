//! Text in lines of a given width.

/// `text` in lines of at most `width` characters, broken at spaces. A longer word stays whole.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut taken = 0;
    for word in text.split(' ') {
        let needed = columns(word);
        match lines.last_mut() {
            Some(line) if taken + 1 + needed <= width => {
                line.push(' ');
                line.push_str(word);
                taken += 1 + needed;
            }
            _ => {
                lines.push(word.to_owned());
                taken = needed;
            }
        }
    }
    lines
}

/// Columns that `text` takes: everything written here is one column a character.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// `text` without control characters: each becomes its escape, `\u{1b}`.
pub(super) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_bidi(character) {
            clean.extend(character.escape_default());
        } else {
            clean.push(character);
        }
    }
    clean
}

/// Characters that turn the direction of the text after them.
const fn is_bidi(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdef gh", 3), ["abcdef", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("→→→ →", 5), ["→→→ →"]);
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\x1b[31mb\nc"), "a\\u{1b}[31mb\\nc");
        assert_eq!(printable("häß"), "häß");
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
    }
}
