//! Pages on findings.

use std::io::{self, Write};

use super::page::{WIDTH, wrap};
use super::style::Paint;
use crate::analyze::explain::{codes, headline, page};
use crate::analyze::finding::{Code, Severity};

/// Margin of a page's text.
const MARGIN: &str = "    ";

/// Writes the page of a code.
pub fn write_explanation(code: Code, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint::new(colour);
    let page = page(code);
    writeln!(out, "{}", paint.bold(code.name()))?;
    writeln!(out, "{MARGIN}usually {}", severity(code))?;
    let parts = [
        ("Meaning", page.meaning),
        ("Recognised by", page.recognised),
        ("Typical causes", page.causes),
        ("On Linux", page.linux),
        ("On Apple systems", page.apple),
        ("Reference", code.reference()),
    ];
    for (title, text) in parts.iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "\n{}", paint.bold(title))?;
        for line in wrap(text, WIDTH - MARGIN.len()) {
            writeln!(out, "{MARGIN}{line}")?;
        }
    }
    Ok(())
}

/// Writes a line or two on every code.
pub fn write_codes(colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint::new(colour);
    for code in codes() {
        writeln!(out, "{}  {}", paint.bold(code.name()), paint.dim(&severity(code)))?;
        for line in wrap(headline(code), WIDTH - MARGIN.len()) {
            writeln!(out, "{MARGIN}{line}")?;
        }
    }
    Ok(())
}

fn severity(code: Code) -> String {
    let name = match code.severity() {
        Severity::Note => "a note",
        Severity::Warning => "a warning",
        Severity::Error => "an error",
    };
    if code.is_strict() { format!("{name}, only with --strict") } else { name.to_owned() }
}
