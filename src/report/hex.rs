//! Wire values in JSON: `"0x…"` strings of full width, because readers that use doubles would lose
//! 64-bit numbers past 2^53.

use std::borrow::Cow;
use std::fmt;

use const_hex::const_encode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::wire::seq::WireDsn;

macro_rules! hex_number {
    ($name:ident, $number:ty, $digits:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub $number);

        impl $name {
            fn with_text<T>(self, take: impl FnOnce(&str) -> T) -> T {
                let octets = self.0.to_be_bytes();
                // `format` looks first which vector instructions there are. That pays for long strings only.
                take(const_encode::<{ size_of::<$number>() }, true>(&octets).as_str())
            }
        }

        hex_string!($name, concat!("^0x[0-9a-f]{", $digits, "}$"));
    };
}

macro_rules! hex_string {
    ($name:ident, $pattern:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.with_text(|text| formatter.write_str(text))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.with_text(|text| serializer.serialize_str(text))
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
    fn with_text<T>(self, take: impl FnOnce(&str) -> T) -> T {
        match self.0 {
            WireDsn::Short(low) => Hex32(low).with_text(take),
            WireDsn::Long(whole) => Hex64(whole).with_text(take),
        }
    }
}

hex_string!(HexDsn, "^0x([0-9a-f]{8}|[0-9a-f]{16})$");

/// Octets in order, two hex digits each after one `0x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexOctets(pub Vec<u8>);

impl HexOctets {
    fn with_text<T>(&self, take: impl FnOnce(&str) -> T) -> T {
        take(&const_hex::encode_prefixed(&self.0))
    }
}

hex_string!(HexOctets, "^0x([0-9a-f]{2})*$");

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
