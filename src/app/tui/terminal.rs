//! The terminal: taken, given back for a while, and given back at the end, whatever happens.

use std::io::{Stdout, stdout};

use anyhow::{Context, Result};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Size;
use ratatui::{Frame, Terminal};
use signal_hook::consts::SIGSTOP;
use signal_hook::low_level;

/// The whole terminal, until it is dropped or the program panics.
pub(super) struct TerminalGuard {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl TerminalGuard {
    /// Takes the terminal.
    pub(super) fn take() -> Result<Self> {
        let terminal = ratatui::try_init().context("the terminal cannot be used for screens")?;
        Ok(Self { terminal })
    }

    /// Its size in cells.
    pub(super) fn size(&self) -> Result<Size> {
        Ok(self.terminal.size()?)
    }

    /// Draws all of it; what is drawn has to look at how much room there is.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<()> {
        self.terminal.draw(draw)?;
        Ok(())
    }

    /// Makes the next picture be drawn anew.
    pub(super) fn clear(&mut self) -> Result<()> {
        // Not `Terminal::clear`: it asks the terminal where the cursor is, and the answer waits for
        // the thread that reads keys.
        let size = self.terminal.size()?;
        Ok(self.terminal.resize(size.into())?)
    }

    /// Gives the terminal back and stops, until somebody lets the program go on.
    pub(super) fn suspend(&mut self) -> Result<()> {
        ratatui::try_restore()?;
        low_level::raise(SIGSTOP)?;
        self.retake()
    }

    /// Takes the terminal again, after somebody else had it.
    pub(super) fn retake(&mut self) -> Result<()> {
        ratatui::crossterm::terminal::enable_raw_mode()?;
        ratatui::crossterm::execute!(
            stdout(),
            ratatui::crossterm::terminal::EnterAlternateScreen,
            ratatui::crossterm::cursor::Hide
        )?;
        self.clear()
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        ratatui::restore();
    }
}
