//! Ladder: to come.

use ratatui::Frame;

use crate::tui::action::Command;
use crate::tui::state::App;

/// What is chosen here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// What was searched for last.
    pub search: Option<String>,
}

/// What a command changes here.
pub fn update(_app: &mut App, _command: Command) {}

/// Brings cursors into what there is, with every action.
pub fn settle(_app: &mut App) {}

/// Draws it where [`crate::tui::layout::panes`] says.
pub fn draw(_app: &App, _frame: &mut Frame<'_>) {}

/// Another connection is looked at from now on.
pub fn leave(_app: &mut App) {}

/// Puts the cursor on a packet.
pub fn show_packet(_app: &mut App, _packet: u64) {}

/// There is a new snapshot: rebuild the rows, stay at the end if that is wanted.
pub fn follow(_app: &mut App) {}

/// Looks for what was typed: a packet number, a DSN, an address, a word.
pub fn search(_app: &mut App, _text: &str) {}
