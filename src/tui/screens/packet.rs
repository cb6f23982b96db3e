//! One packet: its fields beside its bytes, what its options spent of their room, and the connection
//! as of it.

mod hex;
mod space;
mod standing;
mod tree;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::analyze::state_at::StateAt;
use crate::report::fields::{self, Field, Part};
use crate::track::index::Entry;
use crate::track::packet_class::PacketClass;
use crate::tui::action::{Command, Move};
use crate::tui::cursor::Cursor;
use crate::tui::label::packet::{kind_name, title};
use crate::tui::layout::{inner, split, stack};
use crate::tui::marks;
use crate::tui::packet_cache::Bytes;
use crate::tui::packet_context::{PacketContext, opening_entries};
use crate::tui::shared::Shared;
use crate::tui::view::{Pane, Request, View};
use crate::wire::frame::PacketNo;
use crate::wire::mptcp::MptcpOption;

/// What is chosen here.
#[derive(Debug, Default)]
pub struct PacketScreen {
    /// The field in focus.
    pub field: Cursor,
    /// What is shown of the packet.
    pub show: Show,
    /// The packet whose field it is.
    of: Option<u64>,
    /// What the field is called.
    name: Option<FieldName>,
    /// Where the connection stood after a packet, if that was found out; `None` within it where that
    /// cannot be told.
    state: Option<(PacketNo, Option<StateAt>)>,
    pane: Pane,
}

/// What is shown of a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Show {
    /// Fields, and bytes if there is room for both.
    #[default]
    Both,
    /// Bytes alone.
    Hex,
    /// Fields alone.
    Tree,
}

/// What it takes to find a field again in another packet: its name, the name of the header it is in,
/// and how many fields of this name come before it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldName {
    header: String,
    field: String,
    nth: usize,
}

impl View for PacketScreen {
    fn update(&mut self, shared: &mut Shared, command: Command) -> Option<Request> {
        match command {
            Command::Move(Move::Left) => return turn(shared, false),
            Command::Move(Move::Right) => return turn(shared, true),
            Command::Move(to) => {
                let fields = fields(shared);
                self.field.go(to, fields.len(), self.tree_height());
                self.name = name_of(&fields, self.field.row);
            }
            Command::NextPane => self.next_header(shared, true),
            Command::PreviousPane => self.next_header(shared, false),
            Command::Hex => {
                let is_narrow = hex::pane_width(shared.size.width) == 0;
                self.show = match self.show {
                    Show::Hex if is_narrow => Show::Both,
                    Show::Both => Show::Hex,
                    Show::Hex => Show::Tree,
                    Show::Tree => Show::Both,
                };
            }
            Command::Mark => marks::set(shared),
            _ => {}
        }
        None
    }

    fn take_snapshot(&mut self, _shared: &mut Shared) {
        // More is known by now: it is to be found out anew.
        self.state = None;
    }

    fn settle(&mut self, shared: &mut Shared, pane: Pane) {
        self.pane = pane;
        if !pane.is_shown() {
            return;
        }
        let fields = fields(shared);
        if fields.is_empty() {
            return;
        }
        if self.of != shared.focus.packet {
            self.of = shared.focus.packet;
            let row = same_field(&fields, self.name.as_ref());
            // Of an option, its fields are what is worth seeing.
            self.field = Cursor { row, top: row.saturating_sub(1) };
        }
        self.field.settle(fields.len(), self.tree_height());
    }

    fn packets(&self, shared: &Shared) -> Vec<Entry> {
        let mut packets: Vec<_> = shared.entry_in_focus().into_iter().collect();
        packets.extend(opening_entries(shared));
        packets
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>) {
        let areas = self.areas();
        let fields = fields(shared);
        let missing = missing(shared);
        if let Some(area) = areas.tree {
            let tree = tree::Tree {
                fields: &fields,
                cursor: self.field,
                missing: &missing,
                has_keys: self.pane.has_keys(),
            };
            let entry = shared.entry_in_focus();
            let title = entry.map_or("Packet".to_owned(), |entry| title(shared, &entry));
            tree.draw(shared.theme, frame, area, &title);
        }
        if let Some(area) = areas.hex {
            let missing = (self.show == Show::Hex).then_some(missing.as_str());
            hex::draw(shared, frame, area, fields.get(self.field.row), missing);
        }
        if let Some(area) = areas.space {
            space::draw(shared, frame, area);
        }
        if let Some(area) = areas.standing {
            standing::draw(shared, frame, area, self.state_in_focus(shared));
        }
    }
}

/// Where the connection stood after the packet in focus.
impl PacketScreen {
    /// The packet for which that is still to be found out, and the place of its connection in the
    /// report.
    pub fn wants_state(&self, shared: &Shared) -> Option<(usize, Entry)> {
        self.areas().standing?;
        let entry = shared.entry_in_focus()?;
        if self.state.as_ref().is_some_and(|(known, _)| *known == entry.number()) {
            return None;
        }
        let position = shared.position(&entry)?;
        Some((position.connection, entry))
    }

    /// Takes what was found out for a packet.
    pub const fn take_state(&mut self, number: PacketNo, state: Option<StateAt>) {
        self.state = Some((number, state));
    }

    fn state_in_focus(&self, shared: &Shared) -> Option<&StateAt> {
        let (number, state) = self.state.as_ref()?;
        state.as_ref().filter(|_| Some(number.0) == shared.focus.packet)
    }
}

impl PacketScreen {
    /// Puts the cursor on the next header or option, or on the one before.
    fn next_header(&mut self, shared: &Shared, forward: bool) {
        let fields = fields(shared);
        let row = self.field.row;
        let headers = fields.iter().enumerate().filter(|(_, field)| field.part == Part::Header);
        let mut headers = headers.map(|(at, _)| at);
        let found = if forward {
            headers.find(|at| *at > row)
        } else {
            headers.take_while(|at| *at < row).last()
        };
        if let Some(found) = found {
            self.field.row = found;
            self.name = name_of(&fields, found);
        }
    }

    fn tree_height(&self) -> usize {
        let areas = self.areas();
        let area = areas.tree.or(areas.hex).unwrap_or_default();
        usize::from(inner(area).height)
    }

    /// All panes of this screen. Beside the ladder there are fewer of them, under each other, and no
    /// bytes.
    fn areas(&self) -> Areas {
        let area = self.pane.area;
        if !self.pane.is_shown() {
            return Areas::default();
        }
        if !self.pane.has_keys() {
            return beside(area);
        }
        let below = match area.height {
            0..18 => 0,
            18..26 => 8,
            _ => 10,
        };
        let (top, bottom) = stack(area, area.height - below);
        let hex_width = hex::pane_width(area.width);
        let is_narrow = hex_width == 0;
        let (tree, hex) = match self.show {
            Show::Tree => (Some(top), None),
            Show::Hex => (None, Some(top)),
            Show::Both if is_narrow => (Some(top), None),
            Show::Both => {
                let (tree, hex) = split(top, top.width - hex_width);
                (Some(tree), Some(hex))
            }
        };
        if below == 0 {
            return Areas { tree, hex, ..Areas::default() };
        }
        let (space, standing) = split(bottom, bottom.width / 2 + 4);
        Areas { tree, hex, space: Some(space), standing: Some(standing) }
    }
}

/// Where the panes stand.
#[derive(Debug, Clone, Copy, Default)]
struct Areas {
    tree: Option<Rect>,
    hex: Option<Rect>,
    space: Option<Rect>,
    standing: Option<Rect>,
}

fn beside(area: Rect) -> Areas {
    if area.height < 20 {
        return Areas { tree: Some(area), ..Areas::default() };
    }
    let (tree, below) = stack(area, area.height - 8);
    Areas { tree: Some(tree), standing: Some(below), ..Areas::default() }
}

/// The next packet of the connection, or the one before.
fn turn(shared: &mut Shared, forward: bool) -> Option<Request> {
    let index = shared.index();
    let entry = shared.entry_in_focus()?;
    let here = index.find(entry.number())?;
    let connection = shared.position(&entry)?.connection;
    let is_wanted = |entry: &Entry| {
        // A copy is no packet of its own.
        shared.position(entry).is_some_and(|found| found.connection == connection)
            && entry.kind() != PacketClass::Copy
    };
    let found = if forward {
        index.iter_from(here + 1).map(|(_, entry)| entry).find(is_wanted)
    } else {
        (index.dropped()..here).rev().filter_map(|at| index.get(at)).find(is_wanted)
    };
    if found.is_none() {
        let end = if forward { "last" } else { "first" };
        shared.say(format!("this is the {end} packet"));
    }
    found.map(|entry| Request::ShowPacket(entry.number().0))
}

fn name_of(fields: &[Field], row: usize) -> Option<FieldName> {
    let field = fields.get(row)?;
    let before = fields.get(..row)?;
    let header = before.iter().rev().find(|found| found.depth < field.depth);
    let header = header.map_or(String::new(), |header| header.name.to_string());
    let nth = before.iter().filter(|found| found.name == field.name).count();
    Some(FieldName { header, field: field.name.to_string(), nth })
}

/// The fields of the packet in focus; none as long as its bytes are not there.
fn fields(shared: &Shared) -> Vec<Field> {
    let Some(entry) = shared.entry_in_focus() else { return Vec::new() };
    let Some(frame) = shared.frame(&entry) else { return Vec::new() };
    match PacketContext::of(shared, &entry) {
        Some(context) => {
            let proof = |option: &MptcpOption| context.verdict(option);
            fields::fields(&frame, &context.known(&proof))
        }
        None => fields::fields(&frame, &fields::FieldContext::NOTHING),
    }
}

/// The row of the field that was in focus in another packet. Without one, it is that of the first
/// option of MPTCP, or else that of the TCP header.
fn same_field(fields: &[Field], wanted: Option<&FieldName>) -> usize {
    let same = wanted.and_then(|wanted| {
        (0..fields.len()).find(|row| name_of(fields, *row).as_ref() == Some(wanted))
    });
    let is_mptcp = |field: &&Field| field.part == Part::Header && tree::is_mptcp(field);
    let option = || fields.iter().position(|field| is_mptcp(&field));
    let tcp = || fields.iter().position(|field| field.name == "TCP");
    same.or_else(option).or_else(tcp).unwrap_or(0)
}

/// Why there are no fields.
fn missing(shared: &Shared) -> String {
    let Some(entry) = shared.entry_in_focus() else {
        return shared.waiting("No packet is selected: 3 shows the ladder.");
    };
    let (kind, payload) = (kind_name(entry.kind()), entry.payload_len());
    match shared.packets.get(entry.number()) {
        Bytes::Gone => format!(
            "Its bytes are no longer kept. What is left: {kind}, {payload} bytes of payload."
        ),
        Bytes::Unread | Bytes::Here(_) => "Reading it again.".to_owned(),
    }
}
