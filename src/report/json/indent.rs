//! Indented JSON, byte for byte as [`serde_json::ser::PrettyFormatter`] writes it.
//!
//! Half of a report is what stands around names. `serde_json` writes that in pieces of one or two bytes,
//! which takes half of the time for all of the JSON. Here it is one piece before a name and one after it:
//!
//! ```text
//! ,\n    "   name   ":    value
//! ```

use std::io::{self, Write};
use std::mem;

use serde_json::ser::Formatter;

/// How deep within brackets the next value is, and what is written there.
#[derive(Default)]
pub(super) struct Indent {
    depth: usize,
    /// Whether there is a value before it.
    has_value: bool,
    /// Whether the next string is a name.
    is_name: bool,
}

/// Writes a comma if `$has_comma`, the end of a line, the blanks of the next one, and `$last`. For each
/// depth of a report that is a piece of a fixed length, which is copied without a call.
macro_rules! write_line {
    ($out:expr, $depth:expr, $has_comma:expr, $last:literal) => {
        write_line!($out, $depth, $has_comma, $last, [
            1 "  ", 2 "    ", 3 "      ", 4 "        ", 5 "          ", 6 "            ",
            7 "              ", 8 "                "
        ])
    };
    ($out:expr, $depth:expr, $has_comma:expr, $last:literal, [$($fixed:literal $blanks:literal),+]) => {
        match ($depth, $has_comma) {
            $(
                ($fixed, true) => $out.write_all(concat!(",\n", $blanks, $last).as_bytes()),
                ($fixed, false) => $out.write_all(concat!("\n", $blanks, $last).as_bytes()),
            )+
            (depth, has_comma) => write_deep_line($out, depth, has_comma, $last),
        }
    };
}

/// Deeper than any report is. Apart, so that the usual way needs no room on the stack.
#[cold]
fn write_deep_line<W: ?Sized + Write>(
    out: &mut W,
    depth: usize,
    has_comma: bool,
    last: &str,
) -> io::Result<()> {
    let comma = if has_comma { "," } else { "" };
    write!(out, "{comma}\n{:blanks$}{last}", "", blanks = 2 * depth)
}

impl Indent {
    fn open(&mut self) {
        self.depth += 1;
        self.has_value = false;
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        if self.has_value { write_line!(out, self.depth, false, "") } else { Ok(()) }
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
        write_line!(out, self.depth, !first, "")
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

    /// All up to the name, its quotation mark included.
    #[inline(never)]
    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.is_name = true;
        write_line!(out, self.depth, !first, "\"")
    }

    #[inline]
    fn begin_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if self.is_name { Ok(()) } else { out.write_all(b"\"") }
    }

    /// After a name, all up to its value.
    #[inline]
    fn end_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if mem::take(&mut self.is_name) { out.write_all(b"\": ") } else { out.write_all(b"\"") }
    }

    #[inline]
    fn begin_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        Ok(())
    }

    #[inline]
    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    #[inline]
    fn write_bool<W: ?Sized + Write>(&mut self, out: &mut W, value: bool) -> io::Result<()> {
        if value { out.write_all(b"true") } else { out.write_all(b"false") }
    }

    #[inline]
    fn write_u32<W: ?Sized + Write>(&mut self, out: &mut W, value: u32) -> io::Result<()> {
        self.write_u64(out, value.into())
    }

    /// Of the numbers of a report more than a quarter are 0.
    #[inline]
    fn write_u64<W: ?Sized + Write>(&mut self, out: &mut W, value: u64) -> io::Result<()> {
        match value {
            0 => out.write_all(b"0"),
            _ => out.write_all(itoa::Buffer::new().format(value).as_bytes()),
        }
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
