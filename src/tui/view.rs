//! What a screen is to the rest of the program: where it stands, what happens to it, and what it
//! asks for.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::action::Command;
use super::shared::Shared;
use crate::report::model::Finding;
use crate::track::index::Entry;

/// A screen. It has its own state, and it knows no other screen.
pub trait View {
    /// Changes what a command changes on this screen. Returns what it takes the other screens to do.
    fn update(&mut self, shared: &mut Shared, command: Command) -> Option<Request>;

    /// Notes that there is a new snapshot.
    fn take_snapshot(&mut self, _shared: &mut Shared) {}

    /// Takes its pane and brings its cursors into what there is. This happens after every action, so
    /// that `update` and `draw` find the pane of the last one.
    fn settle(&mut self, shared: &mut Shared, pane: Pane);

    /// The packets whose bytes it takes to draw it.
    fn packets(&self, _shared: &Shared) -> Vec<Entry> {
        Vec::new()
    }

    /// Draws all of it in its pane.
    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>);
}

/// What a screen asks of the others.
#[derive(Debug, Clone)]
pub enum Request {
    /// Open the connection in focus.
    OpenConnection,
    /// Open the ladder at the moment in focus.
    OpenMoment,
    /// Open the packet in focus.
    OpenPacket,
    /// Open what a finding is about.
    OpenFinding(Box<Finding>),
    /// All screens go to a packet.
    ShowPacket(u64),
    /// The ladder goes to the packet in focus if it is on the terminal. The subflow and the moment in
    /// focus stay, although the packet may have others.
    ShowFocus,
}

/// Where a screen stands on the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pane {
    /// The place it has, or would have if it were shown.
    pub area: Rect,
    /// How much of it there is to see.
    pub presence: Presence,
    /// Whether there are other screens on the terminal.
    pub has_neighbours: bool,
}

/// How much there is to see of a screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Presence {
    /// Nothing.
    #[default]
    Hidden,
    /// Nothing, but the screen with the keys was opened from it and may move its cursor.
    Behind,
    /// All of it, beside the screen that has the keys.
    Beside,
    /// All of it, and it has the keys.
    Focused,
}

impl Pane {
    /// Whether the screen is on the terminal.
    pub const fn is_shown(&self) -> bool {
        matches!(self.presence, Presence::Beside | Presence::Focused)
    }

    /// Whether keys are for this screen.
    pub const fn has_keys(&self) -> bool {
        matches!(self.presence, Presence::Focused)
    }
}
