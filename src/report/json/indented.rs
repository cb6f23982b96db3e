//! Indented JSON, byte for byte as `serde_json` writes it, for values as large as a report.
//!
//! Most of a report is keys and indentation. Here both are copied into one buffer, and a string is
//! looked at once before it is copied; `serde_json` goes through each letter of each key. Numbers,
//! and strings in which something is to be escaped, are left to it.

use std::fmt::Display;
use std::io::{self, Write};
use std::mem;

use serde::ser::{self, Impossible, Serialize, Serializer};

/// Bytes that are put together before they are written.
const BUFFER: usize = 1 << 16;

/// The end of a line and the indentation of the next one, with room for a name: more than most need,
/// because bytes of a known number are copied faster.
const NEXT_LINE: &[u8; 48] = b"\n                                               ";

/// Writes `value`, and nothing after it.
pub(super) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let buffer = Vec::with_capacity(2 * BUFFER);
    let mut writer = Writer { out, buffer, depth: 0, field_after: None };
    value.serialize(&mut writer).map_err(|Error(error)| error)?;
    writer.out.write_all(&writer.buffer)
}

/// Where JSON goes, and how deep within brackets it is.
struct Writer<'a> {
    out: &'a mut dyn Write,
    buffer: Vec<u8>,
    depth: usize,
    /// Where the next string is the name of a field: what ends the line before it.
    field_after: Option<u8>,
}

/// Why a value was not written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Error(#[from] io::Error);

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self(io::Error::other(message.to_string()))
    }
}

type Result<T = ()> = std::result::Result<T, Error>;

impl<'a> Writer<'a> {
    fn open<'m>(&'m mut self, bracket: u8, closing: u8) -> Members<'m, 'a> {
        self.depth += 1;
        Members { writer: self, before: bracket, closing, is_flat: false }
    }

    fn next_line(&mut self) {
        let end = self.buffer.len() + self.indentation();
        self.buffer.extend_from_slice(NEXT_LINE);
        self.buffer.resize(end, b' ');
    }

    /// Bytes between two lines.
    const fn indentation(&self) -> usize {
        1 + 2 * self.depth
    }

    /// The name of a field on a line of its own: all of it takes its room at once.
    #[expect(clippy::inline_always, reason = "a name is copied faster where its length is known")]
    #[inline(always)]
    fn field(&mut self, before: u8, name: &str) {
        debug_assert!(is_plain(name), "{name}");
        self.buffer.push(before);
        let start = self.buffer.len() + self.indentation();
        self.buffer.extend_from_slice(NEXT_LINE);
        self.buffer.resize(start + name.len() + br#""": "#.len(), b' ');
        if let Some([opening, room @ .., closing, colon, _]) = self.buffer.get_mut(start..) {
            *opening = b'"';
            room.copy_from_slice(name.as_bytes());
            *closing = b'"';
            *colon = b':';
        }
    }

    /// The same for a name that is not known where it is compiled.
    #[inline(never)]
    fn flat_field(&mut self, before: u8, name: &str) {
        self.field(before, name);
    }

    /// What needs no escape.
    fn plain(&mut self, text: &str) {
        debug_assert!(is_plain(text), "{text}");
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(text.as_bytes());
        self.buffer.push(b'"');
    }

    #[inline(never)]
    fn text(&mut self, text: &str) -> Result {
        if !is_plain(text) {
            return self.scalar(&text);
        }
        self.plain(text);
        Ok(())
    }

    /// What takes no line of its own.
    fn scalar(&mut self, value: &impl Serialize) -> Result {
        Ok(serde_json::to_writer(&mut self.buffer, value).map_err(io::Error::from)?)
    }

    /// Called where an array or an object ends: one without any inside may outgrow the buffer.
    fn make_room(&mut self) -> Result {
        if self.buffer.len() >= BUFFER {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

/// Whether a string stands in JSON as it is.
fn is_plain(text: &str) -> bool {
    // As many at once as a register holds.
    let (runs, rest) = text.as_bytes().as_chunks::<8>();
    runs.iter().all(|run| are_plain(run)) && are_plain(rest)
}

/// Whether none of `bytes` needs an escape.
#[expect(clippy::needless_bitwise_bool, reason = "without a jump, eight are looked at in one go")]
fn are_plain(bytes: &[u8]) -> bool {
    let is_plain = |byte: u8| (byte >= b' ') & (byte != b'"') & (byte != b'\\');
    bytes.iter().fold(true, |all, byte| all & is_plain(*byte))
}

/// The values of an array, or the entries of an object, that is being written.
struct Members<'m, 'a> {
    writer: &'m mut Writer<'a>,
    /// What the next line stands behind: the bracket that opens, then commas.
    before: u8,
    closing: u8,
    /// Whether it is a struct with another one flattened into it: its keys are names of fields.
    is_flat: bool,
}

impl Members<'_, '_> {
    fn begin(&mut self) {
        self.writer.buffer.push(mem::replace(&mut self.before, b','));
        self.writer.next_line();
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result {
        self.begin();
        value.serialize(&mut *self.writer)
    }

    fn close(self) -> Result {
        self.writer.depth -= 1;
        match self.before {
            b',' => self.writer.next_line(),
            bracket => self.writer.buffer.push(bracket),
        }
        self.writer.buffer.push(self.closing);
        self.writer.make_room()
    }
}

/// One method for each kind of scalar.
macro_rules! scalars {
    ($($method:ident: $scalar:ty,)*) => {
        $(
            fn $method(self, value: $scalar) -> Result {
                self.scalar(&value)
            }
        )*
    };
}

impl<'m, 'a> Serializer for &'m mut Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Members<'m, 'a>;
    type SerializeTuple = Members<'m, 'a>;
    type SerializeTupleStruct = Members<'m, 'a>;
    type SerializeMap = Members<'m, 'a>;
    type SerializeStruct = Members<'m, 'a>;
    // Nothing that is written has variants with values, but for those that `serde` flattens.
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeStructVariant = Impossible<(), Error>;

    scalars! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result {
        match self.field_after.take() {
            Some(before) => {
                self.flat_field(before, text);
                Ok(())
            }
            None => self.text(text),
        }
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result {
        bytes.serialize(self)
    }

    fn serialize_none(self) -> Result {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        self.buffer.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.plain(variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &str, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Result {
        Err(ser::Error::custom(variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple_struct(self, _: &str, _: usize) -> Result<Self::SerializeTupleStruct> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(ser::Error::custom(variant))
    }

    /// Of those that are written, only a flat struct does not know how many entries it has.
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap> {
        Ok(Members { is_flat: len.is_none(), ..self.open(b'{', b'}') })
    }

    fn serialize_struct(self, _: &str, _: usize) -> Result<Self::SerializeStruct> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(ser::Error::custom(variant))
    }
}

/// The kinds of arrays differ in the name of one method.
macro_rules! array {
    ($($kind:ident: $method:ident,)*) => {
        $(
            impl ser::$kind for Members<'_, '_> {
                type Ok = ();
                type Error = Error;

                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
                    self.value(value)
                }

                fn end(self) -> Result {
                    self.close()
                }
            }
        )*
    };
}

array! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
}

impl ser::SerializeMap for Members<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result {
        if self.is_flat {
            self.writer.field_after = Some(mem::replace(&mut self.before, b','));
            let written = key.serialize(&mut *self.writer);
            debug_assert!(
                self.writer.field_after.is_none(),
                "the key of a flat struct is no string"
            );
            return written;
        }
        self.begin();
        let start = self.writer.buffer.len();
        key.serialize(&mut *self.writer)?;
        // A key is a string, even where it is a number.
        if self.writer.buffer.get(start) != Some(&b'"') {
            self.writer.buffer.insert(start, b'"');
            self.writer.buffer.push(b'"');
        }
        self.writer.buffer.extend_from_slice(b": ");
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result {
        self.close()
    }
}

impl ser::SerializeStruct for Members<'_, '_> {
    type Ok = ();
    type Error = Error;

    #[expect(clippy::inline_always, reason = "a name is copied faster where its length is known")]
    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result {
        self.writer.field(mem::replace(&mut self.before, b','), name);
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &impl Serialize) {
        let mut out = Vec::new();
        write(value, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(value).unwrap());
    }

    #[test]
    fn as_serde_json_writes_it() {
        check(&json!({"a": [], "b": {}, "c": [1, {"d": [2, -3], "e": null}], "f": "", "g": 1.5}));
        check(&json!({"quote \" and \\": "line\nend, \u{1}, \u{7f}, é"}));
        check(&BTreeMap::from([(7, (true, 'x')), (8, (false, '"'))]));
    }

    #[test]
    fn flat_structs() {
        #[derive(serde::Serialize)]
        struct Outer {
            first: u8,
            #[serde(flatten)]
            rest: Rest,
        }
        #[derive(serde::Serialize)]
        #[serde(tag = "kind")]
        enum Rest {
            Nothing,
            Something { a_name_much_longer_than_what_is_set_aside_for_one: Vec<Outer>, text: char },
        }
        let inner = vec![Outer { first: 2, rest: Rest::Nothing }];
        let rest =
            Rest::Something { a_name_much_longer_than_what_is_set_aside_for_one: inner, text: '"' };
        check(&vec![Outer { first: 1, rest }, Outer { first: 3, rest: Rest::Nothing }]);
    }

    #[test]
    fn an_escape_anywhere() {
        for special in ['"', '\\', '\0', '\u{1f}'] {
            for at in 0..20 {
                let mut text = "ÿ~ ![]#é\u{7f}012345".to_owned();
                check(&text);
                let at = text.floor_char_boundary(at);
                text.insert(at, special);
                check(&text);
            }
        }
    }

    #[test]
    fn as_deep_as_it_may_be() {
        check(&(0..100).fold(json!(null), |inner, depth| json!([depth, inner])));
    }

    #[test]
    fn more_than_the_buffer_holds() {
        check(&vec![["some text"]; BUFFER / 8]);
    }

    #[test]
    fn an_output_that_fails_ends_it() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = write(&vec![[0]; BUFFER], &mut Full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
