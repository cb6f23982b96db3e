//! The packets of a connection between its hosts: one lane per subflow, time going down.
//!
//! The rows are those of [`crate::analyze::ladder`]; only what is in sight is ever looked at. All
//! screens look at the row under the cursor, and the cursor goes to what they look at.

mod detail;
mod ends;
mod hits;
mod lanes;
mod query;
mod rows;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use ratatui::Frame;

use crate::analyze::finding::Severity;
use crate::analyze::ladder::Row;
use crate::track::index::Entry;
use crate::tui::action::{Command, Move};
use crate::tui::marks;
use crate::tui::packet_context::opening_entries;
use crate::tui::shared::Shared;
use crate::tui::view::{Pane, Presence, Request, View};
use crate::wire::frame::{PacketNo, Timestamp};
pub use query::Search;
pub use state::LadderScreen;

/// Rows that are looked through for a packet of a subflow.
const NEAR: usize = 1_000;

impl View for LadderScreen {
    fn update(&mut self, shared: &mut Shared, command: Command) -> Option<Request> {
        match command {
            Command::Move(Move::Left) | Command::PreviousPane => {
                self.lane = self.lane.saturating_sub(1);
            }
            Command::Move(Move::Right) | Command::NextPane => {
                self.lane = (self.lane + 1).min(self.lane_count().saturating_sub(1));
            }
            Command::Move(to) => self.go(shared, to),
            Command::Open => return self.open(shared),
            Command::ZoomIn => self.fold(shared, false),
            Command::ZoomOut => self.fold(shared, true),
            Command::Compress => {
                self.is_compressed = !self.is_compressed;
                shared.say(if self.is_compressed {
                    "only the lane in focus is wide"
                } else {
                    "lanes as wide as fits"
                });
            }
            Command::Mark => marks::set(shared),
            Command::Hex if shared.focus.packet.is_some() => return Some(Request::OpenPacket),
            _ => {}
        }
        None
    }

    fn take_snapshot(&mut self, _shared: &mut Shared) {
        // The rows are rebuilt when they are looked at next.
        self.is_stale = true;
    }

    fn settle(&mut self, shared: &mut Shared, pane: Pane) {
        self.pane = pane;
        self.turn_to_connection(shared);
        if pane.presence == Presence::Hidden {
            return;
        }
        self.refresh(shared);
        let len = self.len();
        if shared.is_live() && shared.is_following && self.cursor.row + 1 < len {
            self.cursor.row = len - 1;
            self.focus_on_row(shared);
        }
        self.cursor.settle(len, self.height());
        if shared.focus.packet.is_none() {
            let first = self.first_packet(shared, self.cursor.row);
            shared.focus.packet = first.map(|entry| entry.number().0);
        }
        self.lane = self.lane.min(self.lane_count().saturating_sub(1));
        self.first_wide = self.lanes().first_wide;
    }

    fn packets(&self, shared: &Shared) -> Vec<Entry> {
        let mut packets = self.visible_packets(shared);
        packets.extend(shared.entry_in_focus());
        packets.extend(opening_entries(shared));
        packets
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>) {
        let (area, detail) = self.areas();
        rows::draw(self, shared, frame, area);
        if let Some(detail) = detail {
            detail::draw(self, shared, frame, detail);
        }
    }
}

/// What other screens ask for.
impl LadderScreen {
    /// Puts the cursor on a packet, and its lane into focus. Returns whether there is such a packet.
    pub fn show_packet(&mut self, shared: &mut Shared, packet: u64) -> bool {
        self.refresh(shared);
        let Some(entry) = shared.entry(packet) else { return false };
        if !self.find_row(shared, Some(packet)) {
            return false;
        }
        self.look_back(shared);
        self.focus_on(shared, &entry);
        self.focus_on_lane(shared);
        true
    }

    /// Puts the cursor where the subflow in focus has a packet at the moment in focus, or the first
    /// one after it.
    pub fn show_moment(&mut self, shared: &mut Shared) {
        self.refresh(shared);
        let index = shared.index();
        let origin = shared.snapshot.origin.or(index.origin()).unwrap_or_default();
        let at = Timestamp(origin.0.saturating_add(shared.focus.t_ns));
        let Some(row) = self.rows.row_at(index, at) else { return };
        let Ok(mut row) = usize::try_from(row) else { return };
        if let Some(lane) = shared.lane_in_focus() {
            let rows = row..row + NEAR;
            let mut near = rows.map_while(|row| Some((row, self.first_packet(shared, row)?)));
            let members = self.rows.members();
            if let Some((found, _)) = near.find(|(_, entry)| members.lane(entry) == Some(lane)) {
                row = found;
            }
        }
        self.put_cursor(row);
        self.look_back(shared);
        self.focus_on_row(shared);
        self.focus_on_lane(shared);
    }

    /// Looks for what was typed, and goes to the first hit from the packet in focus on.
    pub fn search(&mut self, shared: &mut Shared, text: &str) {
        self.refresh(shared);
        self.search = Search::new(text);
        self.go_to_hit(shared, |hits, here| hits.partition_point(|hit| *hit < here));
    }

    /// Goes to the next hit, or the one before.
    pub fn step(&mut self, shared: &mut Shared, forward: bool) {
        self.go_to_hit(shared, |hits, here| {
            if forward {
                hits.partition_point(|hit| *hit <= here)
            } else {
                let before = hits.partition_point(|hit| *hit < here);
                before.checked_sub(1).unwrap_or(hits.len())
            }
        });
    }

    /// Goes to the hit that `choose` takes of all of them, seen from the packet in focus. The first
    /// one comes after the last one.
    fn go_to_hit(&mut self, shared: &mut Shared, choose: impl Fn(&[u64], u64) -> usize) {
        let Some(search) = &self.search else { return };
        let hits = hits::of(shared, &self.rows, &search.query);
        if hits.is_empty() {
            shared.say(format!("no hit for {} in this connection", search.text));
            return;
        }
        let here = shared.focus.packet.unwrap_or(0);
        let chosen = choose(&hits, here);
        let is_backward = chosen == hits.len() && here <= hits.first().copied().unwrap_or(0);
        let chosen = match chosen {
            chosen if chosen < hits.len() => chosen,
            _ if is_backward => hits.len() - 1,
            _ => 0,
        };
        let words = format!("{}: hit {} of {}", search.text, chosen + 1, hits.len());
        let Some(packet) = hits.get(chosen).copied() else { return };
        self.show_packet(shared, packet);
        shared.say(words);
    }
}

/// The cursor.
impl LadderScreen {
    fn go(&mut self, shared: &mut Shared, to: Move) {
        self.cursor.go(to, self.len(), self.height());
        self.look_back(shared);
        self.focus_on_row(shared);
    }

    /// While packets come, follows them only from the last row: to look back means to stay there.
    fn look_back(&self, shared: &mut Shared) {
        if shared.is_live() {
            shared.is_following = self.cursor.row + 1 >= self.len();
        }
    }

    /// Unfolds a run, or opens a packet.
    fn open(&mut self, shared: &mut Shared) -> Option<Request> {
        match self.selected()? {
            Row::Run(_) => {
                self.fold(shared, false);
                None
            }
            Row::Packet(_) => Some(Request::OpenPacket),
            Row::Silence { .. } => None,
        }
    }

    /// Folds the packets around the cursor into runs, or shows them one by one.
    fn fold(&mut self, shared: &mut Shared, folded: bool) {
        let Some(row) = self.selected() else { return };
        let is_run = matches!(row, Row::Run(_));
        if is_run == folded || !self.rows.toggle(shared.index(), self.cursor.row as u64) {
            shared.say(if folded { "nothing to fold here" } else { "nothing to unfold here" });
            return;
        }
        self.find_row(shared, shared.focus.packet);
        self.focus_on_row(shared);
    }

    /// All screens look at what the row under the cursor shows.
    fn focus_on_row(&self, shared: &mut Shared) {
        if let Some(entry) = self.first_packet(shared, self.cursor.row) {
            self.focus_on(shared, &entry);
        }
    }

    /// All screens look at a packet.
    fn focus_on(&self, shared: &mut Shared, entry: &Entry) {
        shared.focus.packet = Some(entry.number().0);
        shared.focus.t_ns = shared.t_ns(entry);
        let lane = self.rows.members().lane(entry);
        let subflows = shared.connection().map(|connection| &connection.subflows);
        let subflow = lane.and_then(|lane| subflows?.get(lane)).map(|subflow| subflow.id);
        if let Some(subflow) = subflow {
            shared.focus.subflow = subflow;
        }
    }

    /// The lane of the subflow in focus becomes the one in focus here.
    fn focus_on_lane(&mut self, shared: &Shared) {
        if let Some(lane) = shared.lane_in_focus() {
            self.lane = lane;
        }
    }

    /// Puts the cursor on the row of a packet. If that row was on the screen, nothing scrolls. Returns
    /// whether there is such a row.
    fn find_row(&mut self, shared: &Shared, packet: Option<u64>) -> bool {
        let Some(packet) = packet else { return false };
        let found = self.rows.row_of_packet(shared.index(), PacketNo(packet));
        let Some(row) = found.and_then(|row| usize::try_from(row).ok()) else { return false };
        self.put_cursor(row);
        true
    }

    fn put_cursor(&mut self, row: usize) {
        let height = self.height();
        let is_in_sight = (self.cursor.top..self.cursor.top + height).contains(&row);
        self.cursor.row = row;
        if !is_in_sight {
            // What led to it is worth seeing, too.
            self.cursor.top = row.saturating_sub(height / 2);
        }
    }
}

/// The rows.
impl LadderScreen {
    /// Drops what was chosen in another connection.
    fn turn_to_connection(&mut self, shared: &Shared) {
        if self.of != shared.focus.connection {
            let (of, pane) = (shared.focus.connection, self.pane);
            let is_compressed = self.is_compressed;
            *self = Self { is_compressed, of, pane, is_stale: true, ..Self::default() };
        }
    }

    /// Builds the rows anew, if they are not of what there is to show now.
    fn refresh(&mut self, shared: &Shared) {
        self.turn_to_connection(shared);
        if !self.is_stale {
            return;
        }
        let members = shared.members().unwrap_or_default();
        self.flagged = flagged(shared);
        let pinned: BTreeSet<_> = self.flagged.keys().map(|number| PacketNo(*number)).collect();
        self.rows.update(shared.index(), members, pinned);
        self.ends = ends::of(shared, self.rows.members());
        self.is_stale = false;
        self.find_row(shared, shared.focus.packet);
    }
}

fn flagged(shared: &Shared) -> BTreeMap<u64, Severity> {
    let mut flagged = BTreeMap::new();
    for finding in shared.findings_here() {
        for packet in &finding.packets {
            let worst = flagged.entry(*packet).or_insert(finding.severity);
            *worst = finding.severity.max(*worst);
        }
    }
    flagged
}
