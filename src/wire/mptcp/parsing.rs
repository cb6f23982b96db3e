//! What the parsers of all options answer with.

use nom::Parser;

/// What the parser of a suboption gives: the octets that it left, and the value.
pub(super) type Parsed<'a, T> = nom::IResult<&'a [u8], T, ()>;

/// The answer of a parser to octets that are no legal form.
pub(super) const fn illegal<'a, T>() -> Parsed<'a, T> {
    Err(nom::Err::Error(()))
}

/// The value, if `parser` takes the body to its last octet.
#[inline]
pub(super) fn whole<'a, T>(
    mut parser: impl Parser<&'a [u8], Output = T, Error = ()>,
    body: &'a [u8],
) -> Option<T> {
    match parser.parse(body) {
        Ok(([], value)) => Some(value),
        _ => None,
    }
}
