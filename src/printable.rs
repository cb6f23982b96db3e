//! Leaf · text of others, such as file names, made harmless for a terminal and for the eye.

/// `text` in which every character that a reader cannot see stands as its escape: `\n`, `\u{1b}`,
/// `\u{202e}`.
///
/// Such characters move the cursor, turn the direction of what follows, or hide that two names differ.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_invisible(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a character has the Unicode property `Default_Ignorable_Code_Point` (bidirectional
/// controls, joiners, variation selectors, tags), separates lines, or marks an annotation.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_stays() {
        for text in ["häß 日本語 → \u{41}\u{301}", r#"C:\a "b" 'c'"#, "", "\u{fffd}"] {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\x1b[31mb\r\nc"), "a\\u{1b}[31mb\\r\\nc");
        assert_eq!(printable("\0\u{7f}\u{9b}\t"), "\\u{0}\\u{7f}\\u{9b}\\t");
    }

    #[test]
    fn bidirectional_controls_are_escaped() {
        let controls = ['\u{61c}', '\u{200e}', '\u{200f}']
            .into_iter()
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}');
        for control in controls {
            let expected = format!("a\\u{{{:x}}}b", u32::from(control));
            assert_eq!(printable(&format!("a{control}b")), expected);
        }
    }

    #[test]
    fn other_invisible_characters_are_escaped() {
        let shown = printable("\u{200b}\u{ad}\u{feff}\u{2028}\u{e0041}\u{3164}");
        assert_eq!(shown, "\\u{200b}\\u{ad}\\u{feff}\\u{2028}\\u{e0041}\\u{3164}");
    }
}
