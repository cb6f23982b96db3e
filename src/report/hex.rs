//! Wire values in JSON: `"0x…"` strings of full width, because readers that use doubles would lose
//! 64-bit numbers past 2^53.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::wire::seq::WireDsn;

macro_rules! hex_number {
    ($name:ident, $number:ty, $digits:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub $number);

        impl $name {
            fn text(self) -> NumberText {
                NumberText::new(self.0.into(), $digits)
            }
        }

        hex_string!($name, concat!("^0x[0-9a-f]{", $digits, "}$"));
    };
}

macro_rules! hex_string {
    ($name:ident, $pattern:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.text())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.text())
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern})
            }
        }
    };
}

hex_number!(Hex8, u8, 2, "An octet, `0x` and 2 hex digits.");
hex_number!(Hex16, u16, 4, "16 bits, `0x` and 4 hex digits.");
hex_number!(Hex32, u32, 8, "32 bits, `0x` and 8 hex digits.");
hex_number!(Hex64, u64, 16, "64 bits, `0x` and 16 hex digits.");

/// A data sequence number as wide as it stood on the wire: 8 or 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexDsn(pub WireDsn);

impl HexDsn {
    fn text(self) -> NumberText {
        match self.0 {
            WireDsn::Short(low) => Hex32(low).text(),
            WireDsn::Long(whole) => Hex64(whole).text(),
        }
    }
}

hex_string!(HexDsn, "^0x([0-9a-f]{8}|[0-9a-f]{16})$");

/// Octets in order, two hex digits each after one `0x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexOctets(pub Vec<u8>);

impl HexOctets {
    fn text(&self) -> String {
        let mut text = String::with_capacity(2 + 2 * self.0.len());
        text.push_str("0x");
        for octet in &self.0 {
            text.push(digit(octet >> 4).into());
            text.push(digit(octet & 0xf).into());
        }
        text
    }
}

hex_string!(HexOctets, "^0x([0-9a-f]{2})*$");

/// A number in hex. A report has dozens for each connection: they are put together by hand.
struct NumberText {
    octets: [u8; 18],
    len: usize,
}

impl NumberText {
    /// The last `digits` digits, 16 at most, after `0x`.
    fn new(number: u64, digits: usize) -> Self {
        let mut octets = *b"0x0000000000000000";
        let len = 2 + digits;
        let mut rest = number;
        for octet in octets.get_mut(2..len).into_iter().flatten().rev() {
            *octet = digit((rest & 0xf) as u8);
            rest >>= 4;
        }
        Self { octets, len }
    }
}

impl Deref for NumberText {
    type Target = str;

    fn deref(&self) -> &str {
        let octets = self.octets.get(..self.len);
        octets.and_then(|octets| str::from_utf8(octets).ok()).unwrap_or_default()
    }
}

const fn digit(value: u8) -> u8 {
    match value {
        0..10 => b'0' + value,
        _ => b'a' + value - 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width() {
        assert_eq!(Hex8(1).to_string(), "0x01");
        assert_eq!(Hex16(0xab).to_string(), "0x00ab");
        assert_eq!(Hex32(7).to_string(), "0x00000007");
        assert_eq!(Hex64(7).to_string(), "0x0000000000000007");
        assert_eq!(HexDsn(WireDsn::Short(7)).to_string(), "0x00000007");
        assert_eq!(HexOctets(vec![0xf0, 1]).to_string(), "0xf001");
        assert_eq!(HexOctets(Vec::new()).to_string(), "0x");
    }
}
