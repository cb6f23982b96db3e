//! The page that text is written on: how wide it is, and how times, packets and colours look on it.

use std::io::{self, Write};

use super::packet_names::PacketNames;
use super::style::Paint;
use super::time::Clock;
use crate::text_layout::{self, LongWords};

/// Columns of a page where nobody says how many there are.
pub(super) const USUAL_COLUMNS: usize = 80;

/// A narrower page is written as if it had these.
const FEWEST_COLUMNS: usize = 40;

/// Longer lines of prose are hard to read.
const PROSE_COLUMNS: usize = 100;

/// How everything on the page looks.
pub(super) struct Page<'a> {
    pub(super) columns: usize,
    pub(super) paint: Paint,
    pub(super) packets: PacketNames<'a>,
    pub(super) clock: Clock,
}

impl<'a> Page<'a> {
    pub(super) fn new(
        columns: usize,
        paint: Paint,
        packets: PacketNames<'a>,
        clock: Clock,
    ) -> Self {
        Self { columns: columns.max(FEWEST_COLUMNS), paint, packets, clock }
    }

    /// Columns that a line of prose may have.
    pub(super) fn prose_columns(&self) -> usize {
        self.columns.min(PROSE_COLUMNS)
    }

    /// `text` behind a margin of so many columns; returns the lines without it.
    pub(super) fn prose(&self, margin: usize, text: &str) -> Vec<String> {
        wrap(text, self.prose_columns().saturating_sub(margin))
    }

    /// Writes `text` in as many lines as it needs, each behind `margin` blank columns.
    pub(super) fn write_prose(
        &self,
        margin: usize,
        text: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let blank = " ".repeat(margin);
        for line in self.prose(margin, text).iter().filter(|line| !line.is_empty()) {
            writeln!(out, "{blank}{line}")?;
        }
        Ok(())
    }

    /// The same, dimmed.
    pub(super) fn write_dim(
        &self,
        margin: usize,
        text: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let blank = " ".repeat(margin);
        for line in self.prose(margin, text).iter().filter(|line| !line.is_empty()) {
            writeln!(out, "{blank}{}", self.paint.dim(line))?;
        }
        Ok(())
    }
}

/// `text` in lines of at most `columns`; a path or a command that is longer stays whole.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text_layout::wrap(text, columns, LongWords::Keep)
}

/// The parts with dots between them, in lines of at most `columns`, broken between parts.
pub(super) fn join_parts(parts: &[String], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if text_layout::width(line) + 3 + text_layout::width(part) <= columns => {
                line.push_str(" · ");
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}
