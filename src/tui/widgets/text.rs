//! Text that fits: cells, not characters, are what a terminal has.

use ratatui::buffer::Buffer;
use ratatui::text::Span;

/// Cells that `text` takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// `text` in at most `cells`, with `more` in the last one where something is missing.
pub fn fit(text: &str, cells: usize, more: char) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut room = cells.saturating_sub(1);
    for character in text.chars() {
        let taken = width(character.encode_utf8(&mut [0; 4]));
        if taken > room {
            break;
        }
        room -= taken;
        cut.push(character);
    }
    if cells > 0 {
        cut.push(more);
    }
    cut
}

/// `text` in at most `cells` with its end kept: of an endpoint, the port.
pub fn fit_end(text: &str, cells: usize, more: char) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let tails = text.char_indices().filter_map(|(at, _)| text.get(at..));
    let tail = tails.into_iter().find(|tail| width(tail) < cells).unwrap_or_default();
    if cells == 0 { String::new() } else { format!("{more}{tail}") }
}

/// `text` in exactly `cells`, at the left.
pub fn left(text: &str, cells: usize, more: char) -> String {
    let mut fitted = fit(text, cells, more);
    let missing = cells.saturating_sub(width(&fitted));
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

/// `text` in exactly `cells`, at the right.
pub fn right(text: &str, cells: usize, more: char) -> String {
    let fitted = fit(text, cells, more);
    let missing = cells.saturating_sub(width(&fitted));
    format!("{}{fitted}", " ".repeat(missing))
}

/// `text` in lines of at most `cells`, broken at spaces; words that are too long are broken, too.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut()
            && width(line) + 1 + width(word) <= cells
        {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        let mut rest = word;
        while width(rest) > cells.max(1) {
            let end = rest
                .char_indices()
                .map(|(at, _)| at)
                .find(|at| rest.get(..*at).is_some_and(|head| width(head) >= cells.max(1)));
            let Some((head, tail)) = end.and_then(|end| rest.split_at_checked(end)) else { break };
            lines.push(head.to_owned());
            rest = tail;
        }
        lines.push(rest.to_owned());
    }
    lines
}

/// `text` without characters that would do something to a terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|found| if found.is_control() { '\u{fffd}' } else { found }).collect()
}

/// Units, arrows and dashes in words that other layers write, for terminals without them.
pub fn make_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let plain = match cell.symbol() {
            symbol if symbol.is_ascii() => continue,
            "µ" => 'u',
            "→" => '>',
            "←" => '<',
            "–" | "—" => '-',
            "…" => '~',
            "·" => '.',
            "×" => 'x',
            _ => '?',
        };
        cell.set_char(plain);
    }
}

/// What is on a screen, without colours, and without spaces at the ends of lines.
pub fn of_buffer(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut covered = 0;
        for cell in row {
            // A wide character covers the cell behind it, which then has nothing to say.
            if covered == 0 {
                line.push_str(cell.symbol());
                covered = self::width(cell.symbol()).max(1);
            }
            covered -= 1;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_by_cells() {
        assert_eq!(fit("abcdef", 4, '…'), "abc…");
        assert_eq!(fit("abcd", 4, '…'), "abcd");
        assert_eq!(fit("日本語", 4, '…'), "日…");
        assert_eq!(fit("abc", 0, '…'), "");
        assert_eq!(fit_end("[2001:db8::1]:443", 9, '…'), "…::1]:443");
        assert_eq!(left("日", 4, '…'), "日  ");
        assert_eq!(right("ab", 4, '…'), "  ab");
    }

    #[test]
    fn long_words_are_broken() {
        assert_eq!(wrap("ab abcdefgh c", 3), ["ab", "abc", "def", "gh", "c"]);
        assert_eq!(wrap("a b c", 3), ["a b", "c"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
