//! Options whose fields are not known, as their octets: private use, subtypes that are not assigned, and
//! what breaks the format.

use std::borrow::Cow;

use super::description::{Bits, Describe, Label, Octets, named};
use super::field::{
    FieldSpec, FieldType, OptionField, Place, Shown, each_field_of, field, schema_of,
};
use crate::report::hex::HexOctets;
use crate::wire::mptcp::{OptionBody, Subtype};

/// An option of which only the bytes are known.
pub(super) struct RawOption {
    kind: RawKind,
    body: OptionBody,
}

/// Why no more is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RawKind {
    Experimental,
    Unknown,
    Malformed,
}

impl RawKind {
    /// `kind` in JSON.
    pub(super) const fn json_kind(self) -> &'static str {
        match self {
            Self::Experimental => "MP_EXPERIMENTAL",
            Self::Unknown => "UNKNOWN",
            Self::Malformed => "MALFORMED",
        }
    }

    /// What the JSON Schema of events says of the kind.
    pub(super) const fn purpose(self) -> &'static str {
        match self {
            Self::Experimental => "Private use.",
            Self::Unknown => "A subtype that is not assigned.",
            Self::Malformed => "A known subtype with an illegal length or combination of fields.",
        }
    }
}

impl RawOption {
    pub(super) const SCHEMA_NAME: &'static str = "Raw";
    pub(super) const SCHEMA_DOC: &'static str = r#"An option whose fields are not known, as its octets.

```json
{"kind": "MP_EXPERIMENTAL", "option_len": 6, "subtype": 15, "raw": "0xf0010203"}
```"#;
    pub(super) const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(
            always "subtype", Option<u8>,
            "Subtype, or null if the option is too short to have one.",
            |raw| raw.subtype().map(|subtype| subtype.0)
        ),
        field!(always "raw", HexOctets, "All bytes after kind and length.", |raw| raw.octets()),
    ];

    pub(super) const fn new(kind: RawKind, body: OptionBody) -> Self {
        Self { kind, body }
    }

    fn subtype(&self) -> Option<Subtype> {
        self.body.as_slice().first().map(|octet| Subtype(octet >> 4))
    }

    fn octets(&self) -> HexOctets {
        HexOctets(self.body.as_slice().to_vec())
    }
}

impl Describe for RawOption {
    fn name(&self) -> &'static str {
        self.subtype().and_then(Subtype::name).unwrap_or("MPTCP option")
    }

    fn json_kind(&self) -> &'static str {
        self.kind.json_kind()
    }

    fn option_len(&self) -> u8 {
        u8::try_from(self.body.as_slice().len() + 2).unwrap_or(u8::MAX)
    }

    fn each_field(&self, take: &mut dyn FnMut(OptionField)) {
        each_field_of(Self::FIELDS, self, take);
    }

    fn line(&self) -> String {
        let name = match self.kind {
            RawKind::Experimental => self.name().to_owned(),
            RawKind::Unknown => {
                format!("unknown subtype {}", self.subtype().map_or(0, |subtype| subtype.0))
            }
            RawKind::Malformed => format!("malformed {}", self.name()),
        };
        named(&name, &self.octets().to_string())
    }

    fn event(&self) -> Option<String> {
        let name = match self.kind {
            RawKind::Experimental => "MP_EXPERIMENTAL",
            RawKind::Unknown => "unknown option",
            RawKind::Malformed => "malformed option",
        };
        Some(named(name, &self.octets().to_string()))
    }

    fn label(&self) -> Label {
        match self.kind {
            RawKind::Experimental | RawKind::Unknown => Label::new(self.name()),
            RawKind::Malformed => Label::new(format!("malformed {}", self.name())),
        }
    }

    fn tree_name(&self) -> Cow<'static, str> {
        match self.kind {
            RawKind::Experimental | RawKind::Unknown => self.name().into(),
            RawKind::Malformed => format!("{}, malformed", self.name()).into(),
        }
    }

    fn title(&self) -> String {
        String::new()
    }

    fn low_bits(&self) -> Bits {
        &[(0x0f, "not known")]
    }

    fn octets(&self) -> Vec<Octets> {
        Vec::new()
    }

    fn search_names(&self) -> &'static [&'static str] {
        match self.kind {
            RawKind::Experimental => &["mp_experimental", "experimental"],
            RawKind::Unknown => &["unknown"],
            RawKind::Malformed => &["malformed"],
        }
    }
}
