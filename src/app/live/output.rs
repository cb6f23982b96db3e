//! Lines for whoever watches.

use std::io::{self, Write, stdout};

use anyhow::Result;

use crate::app::output::{self, unwritable};
use crate::report::live::{self, Line};

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    Json,
    Text,
    /// Standard output is for something else.
    None,
}

impl Lines {
    /// Writes lines and flushes them, so that the next program of a pipe has them at once.
    pub(super) fn write(self, lines: &[Line]) -> Result<()> {
        if lines.is_empty() || self == Self::None {
            return Ok(());
        }
        self.try_write(lines).map_err(|error| unwritable("standard output", error))
    }

    /// Sets the report apart from the lines.
    pub(super) fn end(self) -> Result<()> {
        if self == Self::Text { output::to_stdout(|out| writeln!(out)) } else { Ok(()) }
    }

    fn try_write(self, lines: &[Line]) -> io::Result<()> {
        let mut octets = Vec::new();
        if self == Self::Text {
            octets.extend(live::text(lines).into_bytes());
        } else {
            for line in lines {
                serde_json::to_writer(&mut octets, line)?;
                octets.push(b'\n');
            }
        }
        let mut out = stdout().lock();
        out.write_all(&octets)?;
        out.flush()
    }
}
