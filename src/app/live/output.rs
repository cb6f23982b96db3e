//! Lines on standard output, as things happen.

use std::io::{Write, stdout};

use anyhow::Result;

use crate::app::output::{self, unwritable};
use crate::report::live::{self, LiveLine};

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    Json,
    Text,
    /// Standard output is for something else.
    None,
}

/// Gathers lines and writes them.
pub(super) struct LineWriter {
    lines: Lines,
    gathered: Vec<u8>,
}

impl LineWriter {
    /// Most bytes that are gathered.
    const MOST: usize = 64 << 10;

    pub(super) const fn new(lines: Lines) -> Self {
        Self { lines, gathered: Vec::new() }
    }

    pub(super) const fn lines(&self) -> Lines {
        self.lines
    }

    /// Takes lines; they are written with the next [`LineWriter::flush`], or when they are many.
    pub(super) fn write(&mut self, lines: &[LiveLine]) -> Result<()> {
        match self.lines {
            Lines::None => {}
            Lines::Text => self.gathered.extend(live::text(lines).into_bytes()),
            Lines::Json => {
                for line in lines {
                    serde_json::to_writer(&mut self.gathered, line)?;
                    self.gathered.push(b'\n');
                }
            }
        }
        if self.gathered.len() >= Self::MOST { self.flush() } else { Ok(()) }
    }

    /// Whether there are lines that were not written yet.
    pub(super) const fn is_waiting(&self) -> bool {
        !self.gathered.is_empty()
    }

    /// Writes what was gathered, so that the next program of a pipe has it.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let mut out = stdout().lock();
        let outcome = out.write_all(&self.gathered).and_then(|()| out.flush());
        self.gathered.clear();
        outcome.map_err(|error| unwritable("standard output", error))
    }

    /// Sets the report apart from the lines.
    pub(super) fn end(&mut self) -> Result<()> {
        self.flush()?;
        if self.lines == Lines::Text { output::to_stdout(|out| writeln!(out)) } else { Ok(()) }
    }
}
