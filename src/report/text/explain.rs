//! Pages on findings.

use std::io::{self, Write};

use super::packet_names::PacketNames;
use super::page::Page;
use super::style::Paint;
use super::time::{Clock, TimeStyle};
use crate::analyze::explain::{codes, headline, page};
use crate::analyze::finding::{Code, Severity};

/// Margin of a page's text.
const MARGIN: usize = 4;

/// Writes the page of a code.
pub fn write_explanation(
    code: Code,
    columns: usize,
    colour: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paper = paper(columns, colour);
    let page = page(code);
    writeln!(out, "{}", paper.paint.bold(code.name()))?;
    paper.write_prose(MARGIN, &format!("usually {}", severity(code)), out)?;
    let parts = [
        ("Meaning", page.meaning),
        ("Recognised by", page.recognised),
        ("Typical causes", page.causes),
        ("On Linux", page.linux),
        ("On Apple systems", page.apple),
        ("Reference", code.reference()),
    ];
    for (title, text) in parts.iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "\n{}", paper.paint.bold(title))?;
        paper.write_prose(MARGIN, text, out)?;
    }
    Ok(())
}

/// Writes a line or two on every code.
pub fn write_codes(columns: usize, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let paper = paper(columns, colour);
    for code in codes() {
        let severity = paper.paint.dim(&severity(code));
        writeln!(out, "{}  {severity}", paper.paint.bold(code.name()))?;
        paper.write_prose(MARGIN, headline(code), out)?;
    }
    Ok(())
}

/// A page without packets.
fn paper(columns: usize, colour: bool) -> Page<'static> {
    let clock = Clock::new(TimeStyle::Relative, None, 0);
    Page::new(columns, Paint::new(colour), PacketNames::none(), clock)
}

fn severity(code: Code) -> String {
    let name = match code.severity() {
        Severity::Note => "a note",
        Severity::Warning => "a warning",
        Severity::Error => "an error",
    };
    if code.is_strict() { format!("{name}, only with --strict") } else { name.to_owned() }
}
