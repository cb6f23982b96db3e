//! The connection as of a packet.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::tui::state::App;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let block = super::block(app, "As of this packet", "", false);
    frame.render_widget(block, area);
}
