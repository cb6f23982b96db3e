//! The fields of an option: what they are called, what they say, and how a line of text shows them.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use crate::report::hex::{Hex8, Hex16, Hex32, Hex64, HexDsn, HexOctets};

/// A field of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionField {
    /// Its name in JSON.
    pub name: &'static str,
    /// What it says.
    pub value: OptionValue,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(u64),
    /// 8 bits.
    Hex8(Hex8),
    /// 16 bits.
    Hex16(Hex16),
    /// 32 bits.
    Hex32(Hex32),
    /// 64 bits.
    Hex64(Hex64),
    /// A data sequence number, as wide as on the wire.
    Dsn(HexDsn),
    /// Any number of octets.
    Octets(HexOctets),
    /// An IP address.
    Address(IpAddr),
    /// IDs of addresses.
    Ids(Vec<u8>),
    /// One of a set of words.
    Word(&'static str),
    /// The field is always there, and has no value this time.
    Null,
}

impl Display for OptionValue {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(is_set) => is_set.fmt(out),
            Self::Number(number) => number.fmt(out),
            Self::Hex8(bits) => bits.fmt(out),
            Self::Hex16(bits) => bits.fmt(out),
            Self::Hex32(bits) => bits.fmt(out),
            Self::Hex64(bits) => bits.fmt(out),
            Self::Dsn(dsn) => dsn.fmt(out),
            Self::Octets(octets) => octets.fmt(out),
            Self::Address(address) => address.fmt(out),
            Self::Ids(ids) => out.write_str(&joined(ids, " ")),
            Self::Word(word) => out.write_str(word),
            Self::Null => Ok(()),
        }
    }
}

impl Serialize for OptionValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(is_set) => is_set.serialize(serializer),
            Self::Number(number) => number.serialize(serializer),
            Self::Hex8(bits) => bits.serialize(serializer),
            Self::Hex16(bits) => bits.serialize(serializer),
            Self::Hex32(bits) => bits.serialize(serializer),
            Self::Hex64(bits) => bits.serialize(serializer),
            Self::Dsn(dsn) => dsn.serialize(serializer),
            Self::Octets(octets) => octets.serialize(serializer),
            Self::Address(address) => address.serialize(serializer),
            Self::Ids(ids) => ids.serialize(serializer),
            Self::Word(word) => word.serialize(serializer),
            Self::Null => serializer.serialize_none(),
        }
    }
}

/// IDs one behind the other.
pub(super) fn joined(ids: &[u8], separator: &str) -> String {
    let ids: Vec<_> = ids.iter().map(u8::to_string).collect();
    ids.join(separator)
}

/// A type of Rust that stands for the value of a field: its JSON Schema is that of the field.
pub(super) trait FieldType: JsonSchema {
    /// The value.
    fn value(self) -> OptionValue;
}

macro_rules! field_types {
    ($($kind:ty: $value:expr;)*) => {
        $(impl FieldType for $kind {
            fn value(self) -> OptionValue {
                $value(self)
            }
        })*
    };
}

field_types! {
    bool: OptionValue::Flag;
    u8: |number| OptionValue::Number(u64::from(number));
    u16: |number| OptionValue::Number(u64::from(number));
    u32: |number| OptionValue::Number(u64::from(number));
    Hex8: OptionValue::Hex8;
    Hex16: OptionValue::Hex16;
    Hex32: OptionValue::Hex32;
    Hex64: OptionValue::Hex64;
    HexDsn: OptionValue::Dsn;
    HexOctets: OptionValue::Octets;
    IpAddr: OptionValue::Address;
    Vec<u8>: OptionValue::Ids;
    &'static str: OptionValue::Word;
}

impl<V: FieldType> FieldType for Option<V> {
    fn value(self) -> OptionValue {
        self.map_or(OptionValue::Null, V::value)
    }
}

/// A field that options of type `T` can have: one row of the table of a suboption. [`field!`] makes it.
pub(super) struct FieldSpec<T: 'static> {
    /// Name in JSON.
    pub(super) name: &'static str,
    /// What the JSON Schema says of it.
    pub(super) doc: &'static str,
    /// The schema of its value.
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether every option of the kind has it.
    pub(super) is_required: bool,
    /// Reads it; `None` if this option does not have it.
    pub(super) read: fn(&T) -> Option<OptionValue>,
    /// How a line of `packets` shows it.
    pub(super) shown: Shown<T>,
    /// Where it stands in that line.
    pub(super) place: Place,
}

/// How a line of text shows a field.
pub(super) enum Shown<T: 'static> {
    /// Not at all.
    Never,
    /// Its value alone.
    Alone,
    /// This word, and the value.
    After(&'static str),
    /// A word for a flag that is set, and one for a flag that is not. An empty word is left out.
    Flag(&'static str, &'static str),
    /// This text.
    Text(fn(&T) -> String),
}

/// Where a field stands in a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the others.
    Early,
    /// As in JSON.
    InOrder,
    /// After the others.
    Late,
}

/// A row of the table of a suboption: when it is there, its name in JSON, the type of its value, what
/// the schema says of it, and how it is read. (`reserved` are the bits that must be 0.)
macro_rules! field {
    (always $name:literal, $kind:ty, $doc:literal, |$option:ident| $read:expr) => {
        field!(@spec $name, $doc, schema_of::<$kind>, true, |$option: &Self| {
            Some(<$kind as FieldType>::value($read))
        })
    };
    (optional $name:literal, $kind:ty, $doc:literal, |$option:ident| $read:expr) => {
        field!(@spec $name, $doc, schema_of::<Option<$kind>>, false, |$option: &Self| {
            $read.map(<$kind as FieldType>::value)
        })
    };
    (unless_zero $name:literal, $kind:ty, $doc:literal, |$option:ident| $read:expr) => {
        field!(@spec $name, $doc, schema_of::<$kind>, false, |$option: &Self| {
            let number: $kind = $read;
            if number == 0 { None } else { Some(FieldType::value(number)) }
        })
    };
    (reserved $kind:ty, $doc:literal, |$option:ident| $read:expr) => {
        field!(unless_zero "reserved", $kind, $doc, |$option| $read)
            .text(|$option| format!("reserved 0x{:x}", $read))
            .late()
    };
    (@spec $name:literal, $doc:literal, $schema:expr, $is_required:literal, $read:expr) => {
        FieldSpec {
            name: $name,
            doc: $doc,
            schema: $schema,
            is_required: $is_required,
            read: $read,
            shown: Shown::Never,
            place: Place::InOrder,
        }
    };
}
pub(super) use field;

pub(super) fn schema_of<V: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<V>()
}

impl<T> FieldSpec<T> {
    /// Shown in lines by its value.
    pub(super) const fn alone(self) -> Self {
        Self { shown: Shown::Alone, ..self }
    }

    /// Shown in lines by this word and its value.
    pub(super) const fn after(self, word: &'static str) -> Self {
        Self { shown: Shown::After(word), ..self }
    }

    /// Shown in lines by a word, if the flag is set.
    pub(super) const fn flag(self, set: &'static str) -> Self {
        Self { shown: Shown::Flag(set, ""), ..self }
    }

    /// Shown in lines by one of two words.
    pub(super) const fn either(self, set: &'static str, unset: &'static str) -> Self {
        Self { shown: Shown::Flag(set, unset), ..self }
    }

    /// Shown in lines by this text.
    pub(super) const fn text(self, text: fn(&T) -> String) -> Self {
        Self { shown: Shown::Text(text), ..self }
    }

    /// Stands in lines before the other fields.
    pub(super) const fn early(self) -> Self {
        Self { place: Place::Early, ..self }
    }

    /// Stands in lines after the other fields.
    pub(super) const fn late(self) -> Self {
        Self { place: Place::Late, ..self }
    }

    /// The words of the field in a line; empty if it shows none.
    fn words(&self, option: &T) -> String {
        let Some(value) = (self.read)(option) else { return String::new() };
        match self.shown {
            Shown::Never => String::new(),
            Shown::Alone => value.to_string(),
            Shown::After(word) => format!("{word} {value}"),
            Shown::Flag(set, unset) => {
                if value == OptionValue::Flag(true) { set } else { unset }.to_owned()
            }
            Shown::Text(text) => text(option),
        }
    }
}

/// Gives the fields that `option` has to `take`.
pub(super) fn each_field_of<T>(
    specs: &[FieldSpec<T>],
    option: &T,
    take: &mut dyn FnMut(OptionField),
) {
    for spec in specs {
        if let Some(value) = (spec.read)(option) {
            take(OptionField { name: spec.name, value });
        }
    }
}

/// The fields of `option` in a line of text.
pub(super) fn line_of<T>(specs: &[FieldSpec<T>], option: &T) -> String {
    let places = [Place::Early, Place::InOrder, Place::Late];
    let specs = places.iter().flat_map(|place| specs.iter().filter(move |it| it.place == *place));
    let words = specs.map(|spec| spec.words(option)).filter(|words| !words.is_empty());
    words.collect::<Vec<_>>().join(" ")
}
