//! Colours and glyphs, each in one place.
//!
//! Sixteen colours only, so that the terminal's own theme decides what they look like, and never a
//! colour without a letter, a word or a place that says the same.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::analyze::finding::Severity;

/// How things look on this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Whether there are colours.
    pub colour: bool,
    /// Which characters are used beyond letters.
    pub glyphs: &'static Glyphs,
}

/// Characters that stand for something.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// The selected row.
    pub selected: char,
    /// A head of an arrow to the right.
    pub right: char,
    /// A head of an arrow to the left.
    pub left: char,
    /// From one thing to another.
    pub to: char,
    /// Between two hosts.
    pub between: char,
    /// Something was cut off here.
    pub more: char,
    /// Bytes sent again on another subflow.
    pub reinjected: char,
    /// Bytes sent again on the same subflow.
    pub retransmitted: char,
    /// A subflow is gone.
    pub gone: char,
    /// A lane that is not wide.
    pub rail: char,
    /// The shaft of an arrow.
    pub shaft: char,
    /// Where a shaft leaves a rail on the left, and where on the right.
    pub tees: [char; 2],
    /// A rail.
    pub lane: char,
    /// Eight heights, the lowest first.
    pub heights: [char; 8],
    /// Where the cursor stands on an axis.
    pub cursor: char,
    /// An axis, and a mark on it.
    pub axis: [char; 2],
    /// An error, a warning, a note.
    pub severities: [char; 3],
    /// Nothing to say here.
    pub none: char,
    /// A proof that holds, and one that does not.
    pub proofs: [char; 2],
    /// Between parts of a line.
    pub dot: char,
    /// How often.
    pub times: char,
    /// A key: up and down, left and right, return.
    pub keys: [&'static str; 3],
}

/// For terminals with Unicode.
pub const UNICODE: Glyphs = Glyphs {
    selected: '▸',
    right: '▸',
    left: '◂',
    to: '→',
    between: '⇄',
    more: '…',
    reinjected: '↻',
    retransmitted: '↺',
    gone: '╳',
    rail: '┆',
    shaft: '─',
    tees: ['├', '┤'],
    lane: '│',
    heights: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    cursor: '▲',
    axis: ['─', '┼'],
    severities: ['✗', '!', '·'],
    none: '–',
    proofs: ['✓', '✗'],
    dot: '·',
    times: '×',
    keys: ["↑↓", "←→", "⏎"],
};

/// For the others, and for those that draw some of the above two cells wide.
pub const ASCII: Glyphs = Glyphs {
    selected: '>',
    right: '>',
    left: '<',
    to: '>',
    between: '-',
    more: '~',
    reinjected: '@',
    retransmitted: 'r',
    gone: 'X',
    rail: ':',
    shaft: '-',
    tees: ['|', '|'],
    lane: '|',
    heights: ['.', '.', ':', ':', '+', '+', '#', '#'],
    cursor: '^',
    axis: ['-', '+'],
    severities: ['x', '!', '.'],
    none: '-',
    proofs: ['+', 'x'],
    dot: '.',
    times: 'x',
    keys: ["Up/Dn", "Lt/Rt", "Enter"],
};

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// One colour for each subflow, in an order that people who see few colours can tell apart; the
/// subflow's number always stands beside it.
const SUBFLOWS: [Color; 6] = [
    Color::Cyan,
    Color::Yellow,
    Color::Magenta,
    Color::LightBlue,
    Color::LightYellow,
    Color::LightMagenta,
];

impl Theme {
    /// With Unicode or without, with colours or without.
    pub const fn new(colour: bool, ascii: bool) -> Self {
        Self { colour, glyphs: if ascii { &ASCII } else { &UNICODE } }
    }

    /// Whether only ASCII is drawn.
    pub fn is_ascii(&self) -> bool {
        self.glyphs.selected == ASCII.selected
    }

    /// The border of a pane.
    pub fn border(&self) -> border::Set<'static> {
        if self.is_ascii() { ASCII_BORDER } else { border::PLAIN }
    }

    /// Headings, and what is in focus.
    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What matters less.
    pub fn faint(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The row under the cursor.
    pub fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A subflow's own colour.
    pub fn subflow(&self, number: u32) -> Style {
        let index = number as usize % SUBFLOWS.len();
        self.coloured(SUBFLOWS.get(index).copied().unwrap_or(Color::Reset))
    }

    /// How bad something is.
    pub fn severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.coloured(Color::Red).add_modifier(Modifier::BOLD),
            Severity::Warning => self.coloured(Color::Yellow).add_modifier(Modifier::BOLD),
            Severity::Note => Style::new(),
        }
    }

    /// The letter of how bad something is.
    pub fn severity_glyph(&self, severity: Severity) -> char {
        let [error, warning, note] = self.glyphs.severities;
        match severity {
            Severity::Error => error,
            Severity::Warning => warning,
            Severity::Note => note,
        }
    }

    /// A height of eight, of a part of the most; what is more than nothing has at least the lowest.
    pub fn height(&self, part: u64, most: u64) -> char {
        if part == 0 || most == 0 {
            return ' ';
        }
        let eighths = u128::from(part) * 8;
        let height = eighths.div_ceil(u128::from(most)).clamp(1, 8);
        let index = usize::try_from(height).unwrap_or(8) - 1;
        self.glyphs.heights.get(index).copied().unwrap_or(' ')
    }

    fn coloured(&self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights() {
        let theme = Theme::new(false, false);
        let drawn: String = (0..=8).map(|part| theme.height(part, 8)).collect();
        assert_eq!(drawn, " ▁▂▃▄▅▆▇█");
        assert_eq!(theme.height(1, u64::MAX), '▁');
        assert_eq!(theme.height(u64::MAX, u64::MAX), '█');
        assert_eq!(theme.height(3, 0), ' ');
    }
}
