//! What can happen to the screens, and what they ask for.

use std::sync::Arc;

use ratatui::layout::Size;

use super::snapshot::Snapshot;
use crate::analyze::state_at::StateAt;
use crate::wire::frame::{PacketNo, RawPacket};

/// Something that changes the state: the meaning of a key, or something that came from elsewhere.
#[derive(Debug, Clone)]
pub enum Action {
    /// A command, mostly bound to a key.
    Command(Command),
    /// A character typed into an open line of input.
    Type(char),
    /// The terminal has a new size.
    Resize(Size),
    /// There is more to show.
    Snapshot(Arc<Snapshot>),
    /// Packets that were read again; `None` for those that are not kept any more.
    Packets(Vec<(PacketNo, Option<RawPacket>)>),
    /// Where the connection of a packet stood after it, if that can be told.
    StateAt(PacketNo, Option<StateAt>),
    /// What was asked for was done, or failed: a sentence for the user.
    Message(String),
}

/// What a user can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Leave the program.
    Quit,
    /// Go back where this came from; on the first screen, quit.
    Back,
    /// Close what is open, clear what was typed, go back; never quits.
    Escape,
    /// Show the screen of this number.
    Show(u8),
    /// Move the cursor.
    Move(Move),
    /// Deeper: the picture of a connection, the ladder of a moment, a folded run, a packet.
    Open,
    /// The next pane.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// A shorter span of time on the same width.
    ZoomIn,
    /// A longer one.
    ZoomOut,
    /// All of it.
    ZoomFit,
    /// The next finding, or the next hit of a search.
    Next,
    /// The one before.
    Previous,
    /// Type what to search for, or what to filter by.
    Search,
    /// Another order of the rows, or other severities.
    Sort,
    /// Only the lane in focus is wide.
    Compress,
    /// DSNs as on the wire, or relative.
    RawDsn,
    /// Set mark A, then mark B.
    Mark,
    /// The bytes of the packet.
    Hex,
    /// Write something to a file.
    Export,
    /// Stay at the newest.
    Follow,
    /// Let nothing move.
    Freeze,
    /// One pane on the whole screen.
    FullScreen,
    /// What the keys do.
    Help,
    /// Stop the program as the shell's Ctrl-Z does.
    Suspend,
    /// In a line of input: take it.
    Accept,
    /// In a line of input: remove the last character.
    Erase,
    /// In a line of input: remove all.
    EraseAll,
}

/// Where the cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One lane, or column, to the left.
    Left,
    /// One to the right.
    Right,
    /// A screenful up.
    PageUp,
    /// A screenful down.
    PageDown,
    /// The first row.
    First,
    /// The last row.
    Last,
}

/// What `app` has to do, since it touches the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Leave.
    Quit,
    /// Restore the terminal and stop, as the shell's Ctrl-Z does.
    Suspend,
    /// Write something to a file, and say where with an [`Action::Message`].
    Export(Export),
}

/// What can be written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// What is on the screen, as text.
    Screen,
    /// The report on all connections, as JSON.
    Json,
    /// A Wireshark display filter for what is selected.
    Filter,
    /// The packets of the selected connection, as pcapng.
    Packets,
}
