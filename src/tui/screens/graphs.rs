//! Graphs: to come.

use ratatui::Frame;

use crate::tui::action::Command;
use crate::tui::state::App;

/// What is chosen here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {}

/// What a command changes here.
pub fn update(_app: &mut App, _command: Command) {}

/// Brings cursors into what there is, with every action.
pub fn settle(_app: &mut App) {}

/// Draws it where [`crate::tui::layout::panes`] says.
pub fn draw(_app: &App, _frame: &mut Frame<'_>) {}

/// Another connection is looked at from now on.
pub fn leave(_app: &mut App) {}
