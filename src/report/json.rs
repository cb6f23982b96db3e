//! The report as JSON, and the schema of it.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::model::Report;

/// Octets that are put together before they are written.
const BUFFER: usize = 1 << 16;

/// Writes the report, indented, with a newline at its end.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // serde writes word by word: straight into a buffer, not through `dyn`.
    let mut out = BufWriter::with_capacity(BUFFER, out);
    report.serialize(&mut Serializer::with_formatter(&mut out, Indented::default()))?;
    writeln!(out)?;
    out.flush()
}

/// The JSON Schema that every report fits.
pub fn schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<Report>()
}

/// What `serde_json`'s own pretty formatter writes, with one write for each line instead of one for
/// each level: half of a report is indentation.
#[derive(Default)]
struct Indented {
    depth: usize,
    has_value: bool,
}

/// A comma, the end of a line, and the indentation of the next one: more than a report needs.
const NEXT_LINE: &[u8] = b",\n                                                                ";

impl Indented {
    fn open(&mut self, out: &mut (impl Write + ?Sized), bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        out.write_all(bracket)
    }

    fn close(&mut self, out: &mut (impl Write + ?Sized), bracket: &[u8]) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.has_value {
            self.next_line(out, true)?;
        }
        out.write_all(bracket)
    }

    fn next_line(&self, out: &mut (impl Write + ?Sized), without_comma: bool) -> io::Result<()> {
        let from = usize::from(without_comma);
        out.write_all(NEXT_LINE.get(from..2 + 2 * self.depth).unwrap_or(NEXT_LINE))
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next_line(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next_line(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_indentation_is_that_of_serde_json() {
        let value =
            serde_json::json!({"a": [], "b": {}, "c": [1, {"d": [2, 3], "e": null}], "f": ""});
        let mut out = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut out, Indented::default())).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&value).unwrap());
    }
}
