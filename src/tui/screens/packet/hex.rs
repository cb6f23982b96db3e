//! The bytes of a packet, with those of the field in focus between brackets.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::report::fields::Field;
use crate::tui::packet_cache::Bytes;
use crate::tui::shared::Shared;
use crate::tui::widgets::hex::{Dump, range_words};
use crate::tui::widgets::pane::{draw_empty, draw_pane, pane};

/// Cells of the pane beside the fields, on a screen this wide; 0 where there is no room for it.
pub(super) fn pane_width(screen: u16) -> u16 {
    match screen {
        0..76 => 0,
        76..110 => 32,
        110..140 => 56,
        _ => 74,
    }
}

/// Draws the bytes of the packet in focus. Without them it says why they are `missing`, if that is
/// not said beside it.
pub(super) fn draw(
    shared: &Shared,
    frame: &mut Frame<'_>,
    area: Rect,
    field: Option<&Field>,
    missing: Option<&str>,
) {
    let selected = field.map_or(0..0, |field| field.octets.clone());
    let right = if selected.is_empty() { String::new() } else { range_words(&selected) };
    let title = field.map_or("Bytes", |field| field.name.as_ref());
    let inside = draw_pane(frame, area, pane(shared.theme, title, &right, false));
    let Some(entry) = shared.entry_in_focus() else { return };
    match (shared.packets.get(entry.number()), missing) {
        (Bytes::Here(packet), _) => {
            let dump = Dump { octets: &packet.data, selected, theme: shared.theme };
            dump.draw(frame.buffer_mut(), inside);
        }
        (_, Some(words)) => draw_empty(shared.theme, frame, inside, words),
        (_, None) => {}
    }
}
