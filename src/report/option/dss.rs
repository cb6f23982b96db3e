//! DSS (RFC 8684 §3.3), as it stands on the wire.

use schemars::JsonSchema;

use super::description::{Bits, Content, Label, Octets, Suboption};
use super::field::{FieldSpec, FieldType, OptionValue, Place, Shown, field, schema_of};
use crate::report::hex::{Hex8, Hex16, HexDsn};
use crate::wire::mptcp::{self, Dss};
use crate::wire::seq::WireDsn;

/// Data-level length of a mapping: a number, or `"infinite"`.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(untagged)]
enum DataLevelLength {
    /// This many bytes.
    Octets(u16),
    /// The rest of the connection.
    Infinite(Infinite),
}

/// The word `infinite`.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Infinite {
    /// Wire value 0.
    Infinite,
}

impl FieldType for DataLevelLength {
    fn value(self) -> OptionValue {
        match self {
            Self::Octets(octets) => OptionValue::Number(octets.into()),
            Self::Infinite(Infinite::Infinite) => OptionValue::Word("infinite"),
        }
    }
}

impl From<mptcp::DataLevelLength> for DataLevelLength {
    fn from(length: mptcp::DataLevelLength) -> Self {
        match length {
            mptcp::DataLevelLength::Bytes(bytes) => Self::Octets(bytes),
            mptcp::DataLevelLength::Infinite => Self::Infinite(Infinite::Infinite),
        }
    }
}

impl Suboption for Dss {
    const NAME: &'static str = "DSS";
    const PURPOSE: &'static str = "Data sequence signal.";
    const SCHEMA_NAME: &'static str = "Dss";
    const SCHEMA_DOC: &'static str = r#"DSS (RFC 8684 §3.3), as it stood on the wire.

```json
{"kind": "DSS", "option_len": 20, "flags": "0x05", "data_fin": false,
 "data_ack": "0x627190ea", "data_ack_octets": 4, "dsn": "0x93d3b9e2", "dsn_octets": 4,
 "ssn": 1, "length": 1388, "checksum": "0x1c2f"}
```"#;
    const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(
            always "flags", Hex8,
            "The flag octet: F (0x10), m (0x08), M (0x04), a (0x02), A (0x01); the rest is reserved.",
            |dss| Hex8(dss.flags)
        )
        .text(odd_flags)
        .late(),
        field!(
            always "data_fin", bool, "F, with a mapping: the sender has no more data.",
            |dss| dss.data_fin
        )
        .flag("fin"),
        field!(
            optional "data_ack", HexDsn, "Cumulative acknowledgment at data level.",
            |dss| dss.data_ack.map(HexDsn)
        )
        .after("ack"),
        field!(optional "data_ack_octets", u8, "4 or 8.", |dss| dss.data_ack.map(width)),
        field!(
            optional "dsn", HexDsn, "First data sequence number of the mapping.",
            |dss| dss.mapping.map(|mapping| HexDsn(mapping.dsn))
        )
        .after("dsn"),
        field!(
            optional "dsn_octets", u8, "4 or 8.",
            |dss| dss.mapping.map(|mapping| width(mapping.dsn))
        ),
        field!(
            optional "ssn", u32,
            "First subflow sequence number of the mapping, relative to the subflow's initial one.",
            |dss| dss.mapping.map(|mapping| mapping.ssn)
        )
        .after("ssn"),
        field!(
            optional "length", DataLevelLength,
            "Bytes mapped, a DATA_FIN included, or `\"infinite\"`.",
            |dss| dss.mapping.map(|mapping| DataLevelLength::from(mapping.length))
        )
        .after("len"),
        field!(
            optional "checksum", Hex16, "DSS checksum.",
            |dss| dss.mapping.and_then(|mapping| mapping.checksum).map(Hex16)
        )
        .after("checksum"),
        field!(reserved u8, "Reserved bits beside the subtype, where they are not 0.", |dss| dss.reserved),
    ];
    const SEARCH_NAMES: &'static [&'static str] = &["dss"];

    fn option_len(&self) -> u8 {
        self.wire_len()
    }

    /// Only where it says more than the first DSS of each connection does.
    fn event(&self) -> Option<String> {
        let length = self.mapping?.length;
        (length == mptcp::DataLevelLength::Infinite)
            .then(|| "DSS with an infinite mapping".to_owned())
    }

    fn label(&self) -> Label {
        Label::new(Self::NAME)
    }

    fn title(&self) -> String {
        let parts = [
            self.mapping.map(|_| "mapping"),
            self.data_ack.map(|_| "DATA_ACK"),
            self.data_fin.then_some("DATA_FIN"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn low_bits(&self) -> Bits {
        &[(0x0f, "reserved")]
    }

    fn octets(&self) -> Vec<Octets> {
        let mut octets = vec![Octets { bits: FLAGS, ..Octets::hex(1, "flags") }];
        octets.extend(
            self.data_ack.map(|ack| Octets::new(ack.len(), "DATA_ACK", Content::ReceiverDsn)),
        );
        if let Some(mapping) = self.mapping {
            let length = match mapping.length {
                mptcp::DataLevelLength::Bytes(bytes) if self.data_fin => {
                    format!("{bytes}, DATA_FIN included")
                }
                mptcp::DataLevelLength::Bytes(bytes) => bytes.to_string(),
                mptcp::DataLevelLength::Infinite => "0: infinite mapping".to_owned(),
            };
            octets.push(Octets::new(mapping.dsn.len(), "DSN", Content::SenderDsn));
            octets.push(Octets::number(4, "SSN"));
            octets.push(Octets::words(2, "data-level length", length));
            octets.extend(mapping.checksum.map(|_| Octets::hex(2, "checksum")));
        }
        octets
    }
}

const FLAGS: Bits = &[
    (0xe0, "reserved"),
    (0x10, "F DATA_FIN"),
    (0x08, "m DSN of 8 bytes"),
    (0x04, "M mapping present"),
    (0x02, "a DATA_ACK of 8 bytes"),
    (0x01, "A DATA_ACK present"),
];

/// The flag byte, if it does not follow from the other fields; else nothing.
fn odd_flags(dss: &Dss) -> String {
    if dss.flags == Dss::new(dss.data_ack, dss.mapping, dss.data_fin).flags {
        return String::new();
    }
    format!("flags {}", Hex8(dss.flags))
}

/// Bytes of a data sequence number.
const fn width(number: WireDsn) -> u8 {
    if number.is_long() { 8 } else { 4 }
}
