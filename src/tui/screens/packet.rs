//! One packet: its fields beside its octets, what its options spent of their room, and the connection
//! as of it.

mod hex;
mod space;
mod standing;
mod tree;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::ladder;
use crate::analyze::state_at::StateAt;
use crate::report::fields::{self, Field, Part};
use crate::track::index::Entry;
use crate::track::packet_class::PacketClass;
use crate::tui::action::{Command, Move};
use crate::tui::cache::Bytes;
use crate::tui::draw::{self, pane};
use crate::tui::layout::{self, inner, split, stack};
use crate::tui::marks;
use crate::tui::packet_context::PacketContext;
use crate::tui::state::{App, Screen};
use crate::tui::table::Cursor;
use crate::tui::update::say;
use crate::wire::frame::PacketNo;
use crate::wire::mptcp::MptcpOption;

/// What is chosen here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The field in focus.
    pub field: Cursor,
    /// What is shown of the packet.
    pub show: Show,
    /// The packet whose field it is, and what that is called.
    of: Option<u64>,
    name: Option<Name>,
    /// Where the connection stood after a packet; `None` where that cannot be told.
    as_of: Option<(PacketNo, Option<StateAt>)>,
}

/// What is shown of a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Show {
    /// Fields, and octets if there is room for both.
    #[default]
    Both,
    /// Bytes alone.
    Hex,
    /// Fields alone.
    Tree,
}

/// A field, so that it is found again in another packet: its name, that of the header it is in, and
/// how many called so come before it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    header: String,
    field: String,
    nth: usize,
}

/// What a command changes here.
pub fn update(app: &mut App, command: Command) {
    match command {
        Command::Move(Move::Left) => turn(app, false),
        Command::Move(Move::Right) => turn(app, true),
        Command::Move(to) => {
            let (len, height) = (fields(app).len(), tree_height(app));
            app.packet.field.go(to, len, height);
            remember(app);
        }
        Command::NextPane => next_header(app, true),
        Command::PreviousPane => next_header(app, false),
        Command::Hex => {
            let is_narrow = hex::pane_width(app.size.width) == 0;
            app.packet.show = match app.packet.show {
                Show::Hex if is_narrow => Show::Both,
                Show::Both => Show::Hex,
                Show::Hex => Show::Tree,
                Show::Tree => Show::Both,
            };
        }
        Command::Mark => marks::set(app),
        Command::Next | Command::Previous => ladder::update(app, command),
        _ => {}
    }
}

/// The next packet of the connection, or the one before.
fn turn(app: &mut App, forward: bool) {
    let index = &app.snapshot.packets;
    let here = app.focus.packet.and_then(|number| index.find(PacketNo(number)));
    let Some(here) = here else { return };
    let Some(connection) = entry(app).and_then(|entry| app.snapshot.subflows.position(&entry))
    else {
        return;
    };
    let is_wanted = |entry: &Entry| {
        let position = app.snapshot.subflows.position(entry);
        // A copy is no packet of its own.
        position.is_some_and(|found| found.connection == connection.connection)
            && entry.kind() != PacketClass::Copy
    };
    let found = if forward {
        index.iter_from(here + 1).map(|(_, entry)| entry).find(is_wanted)
    } else {
        (index.dropped()..here).rev().filter_map(|at| index.get(at)).find(is_wanted)
    };
    let Some(entry) = found else {
        let end = if forward { "last" } else { "first" };
        say(app, &format!("this is the {end} packet"));
        return;
    };
    ladder::show_packet(app, entry.number().0);
}

/// The next header or option, or the one before.
fn next_header(app: &mut App, forward: bool) {
    let fields = fields(app);
    let row = app.packet.field.row;
    let headers = fields.iter().enumerate().filter(|(_, field)| field.part == Part::Header);
    let mut headers = headers.map(|(at, _)| at);
    let found = if forward {
        headers.find(|at| *at > row)
    } else {
        headers.take_while(|at| *at < row).last()
    };
    if let Some(found) = found {
        app.packet.field.row = found;
        remember(app);
    }
}

fn remember(app: &mut App) {
    let fields = fields(app);
    app.packet.name = name_of(&fields, app.packet.field.row);
}

fn name_of(fields: &[Field], row: usize) -> Option<Name> {
    let field = fields.get(row)?;
    let before = fields.get(..row)?;
    let header = before.iter().rev().find(|found| found.depth < field.depth);
    let header = header.map_or(String::new(), |header| header.name.to_string());
    let nth = before.iter().filter(|found| found.name == field.name).count();
    Some(Name { header, field: field.name.to_string(), nth })
}

/// The packet in focus.
pub fn entry(app: &App) -> Option<Entry> {
    let index = &app.snapshot.packets;
    index.get(index.find(PacketNo(app.focus.packet?))?)
}

/// Where the connection stood after the packet in focus, once that is known.
fn state_at(app: &App) -> Option<&StateAt> {
    let (number, as_of) = app.packet.as_of.as_ref()?;
    as_of.as_ref().filter(|_| Some(number.0) == app.focus.packet)
}

/// The packet as of which it is still to be found out where its connection stood, and the place of
/// that connection in the report.
pub fn wants_as_of(app: &App) -> Option<(usize, Entry)> {
    areas(app).standing?;
    let entry = entry(app)?;
    if app.packet.as_of.as_ref().is_some_and(|(known, _)| *known == entry.number()) {
        return None;
    }
    let position = app.snapshot.subflows.position(&entry)?;
    Some((position.connection, entry))
}

/// More is known by now: it is to be found out anew.
pub fn forget_as_of(app: &mut App) {
    app.packet.as_of = None;
}

/// Takes what was found out.
pub const fn take_as_of(app: &mut App, number: PacketNo, as_of: Option<StateAt>) {
    app.packet.as_of = Some((number, as_of));
}

/// Its fields; none as long as its octets are not there.
fn fields(app: &App) -> Vec<Field> {
    let Some(entry) = entry(app) else { return Vec::new() };
    let Bytes::Here(packet) = app.packets.get(entry.number()) else { return Vec::new() };
    let at = entry.at(app.snapshot.packets.origin().unwrap_or_default());
    let frame = packet.frame(entry.number(), at);
    match PacketContext::of(app, &entry) {
        Some(facts) => {
            let proof = |option: &MptcpOption| facts.verdict(option);
            fields::fields(&frame, &facts.known(&proof))
        }
        None => fields::fields(&frame, &fields::Known::NOTHING),
    }
}

/// Brings cursors into what there is, with every action.
pub fn settle(app: &mut App) {
    if layout::panes(app).packet.is_none() {
        return;
    }
    let fields = fields(app);
    if fields.is_empty() {
        return;
    }
    if app.packet.of != app.focus.packet {
        app.packet.of = app.focus.packet;
        let row = same_field(&fields, app.packet.name.as_ref());
        // Of an option, its fields are what is worth seeing.
        app.packet.field = Cursor { row, top: row.saturating_sub(1) };
    }
    let height = tree_height(app);
    app.packet.field.settle(fields.len(), height);
}

/// The field that was in focus in another packet, or else the first option of MPTCP, or the header of
/// TCP.
fn same_field(fields: &[Field], wanted: Option<&Name>) -> usize {
    let same = wanted.and_then(|wanted| {
        (0..fields.len()).find(|row| name_of(fields, *row).as_ref() == Some(wanted))
    });
    let is_mptcp = |field: &&Field| field.part == Part::Header && tree::is_mptcp(field);
    let option = || fields.iter().position(|field| is_mptcp(&field));
    let tcp = || fields.iter().position(|field| field.name == "TCP");
    same.or_else(option).or_else(tcp).unwrap_or(0)
}

/// The panes.
#[derive(Debug, Clone, Copy, Default)]
struct Areas {
    tree: Option<Rect>,
    hex: Option<Rect>,
    space: Option<Rect>,
    standing: Option<Rect>,
}

/// On its own screen all of it; beside the ladder, under each other, and no octets.
fn areas(app: &App) -> Areas {
    let Some(area) = layout::panes(app).packet else { return Areas::default() };
    if app.screen != Screen::Packet {
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
    let (tree, hex) = match app.packet.show {
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

fn beside(area: Rect) -> Areas {
    if area.height < 20 {
        return Areas { tree: Some(area), ..Areas::default() };
    }
    let (tree, below) = stack(area, area.height - 8);
    Areas { tree: Some(tree), standing: Some(below), ..Areas::default() }
}

fn tree_height(app: &App) -> usize {
    let areas = areas(app);
    let area = areas.tree.or(areas.hex).unwrap_or_default();
    usize::from(inner(area).height)
}

/// Draws it where [`crate::tui::layout::panes`] says.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let areas = areas(app);
    let fields = fields(app);
    if let Some(area) = areas.tree {
        tree::draw(app, frame, area, &fields);
    }
    if let Some(area) = areas.hex {
        hex::draw(app, frame, area, &fields);
    }
    if let Some(area) = areas.space {
        space::draw(app, frame, area);
    }
    if let Some(area) = areas.standing {
        standing::draw(app, frame, area);
    }
}

/// The number and the time of the packet in focus.
fn title(app: &App) -> String {
    entry(app).map_or("Packet".to_owned(), |entry| ladder::packet_title(app, &entry))
}

/// A pane of this screen that has nothing in it yet: why.
fn draw_nothing(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let words = match entry(app) {
        None => draw::waiting(app, "No packet is selected: 3 shows the ladder."),
        Some(entry) => {
            let kind = crate::tui::label::kind_name(entry.kind());
            let payload = entry.payload_len();
            match app.packets.get(entry.number()) {
                Bytes::Gone => format!(
                    "Its octets are no longer kept. What is left: {kind}, {payload} octets of payload."
                ),
                Bytes::Unread | Bytes::Here(_) => "Reading it again.".to_owned(),
            }
        }
    };
    draw::empty(app, frame, area, &words);
}

/// A pane of this screen.
fn block<'a>(app: &App, title: &str, right: &str, has_keys: bool) -> ratatui::widgets::Block<'a> {
    pane(app, title, right, has_keys && app.screen == Screen::Packet)
}
