//! The forty bytes of options: what this segment spent them on, and what would still have fitted.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::report::space::name;
use crate::tui::shared::Shared;
use crate::tui::theme::Theme;
use crate::tui::widgets::pane::{draw_lines, draw_pane, pane};
use crate::tui::widgets::text;
use crate::units;
use crate::wire::option_space::{AddAddrForm, Block, Content, Fit, Ledger, MAX_OPTIONS};

pub(super) fn draw(shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
    let ledger = ledger(shared);
    let right = ledger.as_ref().map_or(String::new(), |ledger| {
        format!("{} of {MAX_OPTIONS}, {} left", ledger.octets(), ledger.left())
    });
    let inside = draw_pane(frame, area, pane(shared.theme, "Option space", &right, false));
    let Some(ledger) = ledger else { return };
    let mut lines = lines(shared.theme, &ledger, usize::from(inside.width));
    if lines.len() > usize::from(inside.height) {
        // Without the scale the rest still says what there is to say.
        lines.remove(0);
    }
    draw_lines(frame, inside, lines.into_iter().map(Line::raw));
}

fn ledger(shared: &Shared) -> Option<Ledger> {
    let segment = shared.segment(&shared.entry_in_focus()?)?;
    Some(Ledger::of(segment.options))
}

fn lines(theme: Theme, ledger: &Ledger, cells: usize) -> Vec<String> {
    let lane = theme.glyphs.lane;
    let mut lines = vec![scale(), format!("{lane}{}{lane}", drawn(ledger))];
    lines.extend(filled(legend(ledger), theme.glyphs.dot, cells));
    lines.extend(
        text::wrap(&room(theme, ledger), cells.saturating_sub(2))
            .iter()
            .map(|line| format!(" {line}")),
    );
    lines
}

/// Parts with points between them, in as few lines as have room for them.
fn filled(parts: Vec<String>, dot: char, cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if text::width(line) + 3 + text::width(&part) < cells => {
                *line = format!("{line} {dot} {part}");
            }
            _ => lines.push(format!(" {part}")),
        }
    }
    lines
}

/// Bytes 1, 10, 20, 30 and 40.
fn scale() -> String {
    format!(" {:<8}{:>2}{:>10}{:>10}{:>10}", 1, 10, 20, 30, 40)
}

/// A letter for each byte of an option, a point for padding, and nothing for what is left.
fn drawn(ledger: &Ledger) -> String {
    let mut cells = String::new();
    let mut letters = 'A'..;
    for entry in &ledger.entries {
        let cell = match entry.content {
            Content::Block(_) => letters.next().unwrap_or('#'),
            Content::Padding => '.',
            Content::Unreadable => '?',
        };
        cells.extend(std::iter::repeat_n(cell, usize::from(entry.octets)));
    }
    format!("{cells:width$}", width = usize::from(MAX_OPTIONS))
}

/// What the letters are.
fn legend(ledger: &Ledger) -> Vec<String> {
    let blocks = ledger.entries.iter().filter_map(|entry| match entry.content {
        Content::Block(block) => Some((block, entry.octets)),
        Content::Padding | Content::Unreadable => None,
    });
    let mut legend: Vec<_> = ('A'..)
        .zip(blocks)
        .map(|(letter, (block, octets))| format!("{letter} {} {octets}", name(block)))
        .collect();
    let padding = ledger.padding();
    if padding > 0 {
        legend.push(format!("padding {padding}"));
    }
    if legend.is_empty() {
        legend.push("no options".to_owned());
    }
    legend
}

/// Which ADD_ADDR, and how much SACK, would have fitted beside what is there.
fn room(theme: Theme, ledger: &Ledger) -> String {
    let [yes, no] = theme.glyphs.proofs;
    let announcements = [
        (false, false, "v4"),
        (false, true, "v4+port"),
        (true, false, "v6"),
        (true, true, "v6+port"),
    ];
    let words = announcements.map(|(ipv6, port, name)| {
        let form = AddAddrForm { ipv6, port, hmac: true };
        let fits = ledger.has_room_for(Block::AddAddr(form)) == Fit::Fits;
        format!("{name} {}", if fits { yes } else { no })
    });
    let sack = (1..=4)
        .rev()
        .find(|blocks| ledger.has_room_for(Block::Sack { blocks: *blocks }) == Fit::Fits);
    let sack = sack.map_or(format!("SACK {no}"), |blocks| {
        format!("SACK {}", units::counted(blocks.into(), "block"))
    });
    format!("Would fit: ADD_ADDR {}; {sack}", words.join(" "))
}
