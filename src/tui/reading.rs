//! Reading packets again before they are drawn. `app` hands in how that is done.

use std::collections::HashSet;

use super::action::Action;
use super::app::App;
use super::packet_cache::Bytes;
use super::screens::Screen;
use super::update::update;
use crate::track::index::Entry;
use crate::wire::frame::RawPacket;

/// Reads the packets that are about to be drawn, and finds out where the connection stood after the
/// packet in focus.
pub fn fill(app: &mut App, read: impl Fn(&Entry) -> Option<RawPacket>) {
    let wanted = wanted(app);
    if !wanted.is_empty() {
        let packets = wanted.iter().map(|entry| (entry.number(), read(entry))).collect();
        update(app, Action::Packets(packets));
    }
    if let Some((connection, entry)) = app.screens.packet.wants_state(&app.shared) {
        let state = app.shared.state_at(connection, &entry, read);
        update(app, Action::StateAt(entry.number(), state));
    }
}

/// The packets that are about to be drawn and were not read yet.
fn wanted(app: &App) -> Vec<Entry> {
    let shown = Screen::ALL.into_iter().filter(|screen| app.pane(*screen).is_shown());
    let views = shown.map(|screen| app.screens.view(screen));
    let mut wanted: Vec<_> = views.flat_map(|view| view.packets(&app.shared)).collect();
    let mut seen = HashSet::new();
    wanted.retain(|entry| {
        let number = entry.number();
        app.shared.packets.get(number) == Bytes::Unread && seen.insert(number)
    });
    wanted
}
