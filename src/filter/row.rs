//! What a row is asked for.

use std::net::IpAddr;

use super::field::Field;

/// Something that a filter takes or leaves: a connection, a finding, a packet.
pub trait Row {
    /// Hands over each value of `field`: none where there is none, [`RowValue::Unknown`] where there may
    /// be one, or one more, that is not known.
    fn values(&self, field: Field, take: &mut dyn FnMut(RowValue<'_>));

    /// Hands over all that a bare word is looked for in.
    fn words(&self, take: &mut dyn FnMut(RowValue<'_>));
}

impl<R: Row + ?Sized> Row for &R {
    fn values(&self, field: Field, take: &mut dyn FnMut(RowValue<'_>)) {
        (**self).values(field, take);
    }

    fn words(&self, take: &mut dyn FnMut(RowValue<'_>)) {
        (**self).words(take);
    }
}

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowValue<'a> {
    /// A number in the field's own unit: bytes, nanoseconds, parts per million, or none.
    Number(u64),
    /// An address.
    Address(IpAddr),
    /// A word or a name.
    Text(&'a str),
    /// Not known.
    Unknown,
    /// Not known, but none of these words.
    NoneOf(&'static [&'static str]),
}

impl RowValue<'_> {
    /// Whether a word, in lower case, is found in it. A number is found by all its digits.
    pub(super) fn has_word(self, word: &str) -> bool {
        match self {
            Self::Number(number) => number.to_string() == word,
            Self::Address(address) => address.to_string().contains(word),
            Self::Text(text) => text.to_lowercase().contains(word),
            Self::Unknown | Self::NoneOf(_) => false,
        }
    }
}
