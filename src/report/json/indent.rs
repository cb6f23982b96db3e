//! Indented JSON, byte for byte as [`serde_json::ser::PrettyFormatter`] writes it.
//!
//! Half of a report is indentation. `serde_json` writes it two blanks at a time, which takes a third
//! of the time for all of the JSON; here the blanks of a line are one piece.

use std::io::{self, Write};

use serde_json::ser::Formatter;

/// The end of a line, and more blanks than any report needs.
const LINE: &[u8; 64] = b"\n                                                               ";

/// How deep within brackets the next value is, and whether there is one before it.
#[derive(Default)]
pub(super) struct Indent {
    depth: usize,
    has_value: bool,
}

impl Indent {
    fn open(&mut self) {
        self.depth += 1;
        self.has_value = false;
    }

    fn separate<W: ?Sized + Write>(&self, first: bool, out: &mut W) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.next_line(out)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.has_value { self.next_line(out) } else { Ok(()) }
    }

    fn next_line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        let blanks = 2 * self.depth;
        match LINE.get(..1 + blanks) {
            Some(line) => out.write_all(line),
            None => write!(out, "\n{:blanks$}", ""),
        }
    }
}

impl Formatter for Indent {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open();
        out.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out)?;
        out.write_all(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.separate(first, out)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open();
        out.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out)?;
        out.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.separate(first, out)
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
    use serde::Serialize;
    use serde_json::{Serializer, Value, json};

    use super::*;

    #[track_caller]
    fn check(value: &Value) {
        let mut written = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut written, Indent::default())).unwrap();
        assert_eq!(str::from_utf8(&written).unwrap(), serde_json::to_string_pretty(value).unwrap());
    }

    #[test]
    fn as_serde_json_writes_it() {
        check(&json!({"a": [], "b": {}, "c": [1, {"d": [2, -3], "e": null}], "f": "", "g": [[]]}));
        check(&json!([[[], []], {"": {"": {}}}, "line\nend"]));
        check(&json!(7));
    }

    #[test]
    fn deeper_than_any_report() {
        check(&(0..100).fold(json!(null), |inner, depth| json!([depth, inner])));
    }
}
