//! MP_PRIO (RFC 8684 §3.3.8, RFC 6824 §3.3.8).

use super::description::{Bits, Label, Octets, Suboption};
use super::field::{FieldSpec, FieldType, Place, Shown, field, schema_of};
use crate::wire::mptcp::MpPrio;

impl Suboption for MpPrio {
    const NAME: &'static str = "MP_PRIO";
    const PURPOSE: &'static str = "Change of the backup flag.";
    const SCHEMA_NAME: &'static str = "MpPrio";
    const SCHEMA_DOC: &'static str = r#"MP_PRIO (RFC 8684 §3.3.8).

```json
{"kind": "MP_PRIO", "option_len": 3, "backup": true}
```"#;
    const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(always "backup", bool, "B: use as backup only.", |prio| prio.backup)
            .either("backup", "regular"),
        field!(
            optional "address_id", u8,
            "Version 0 only: the address that is meant instead of this subflow.",
            |prio| prio.address_id.map(|id| id.0)
        )
        .after("id"),
        field!(reserved u8, "Reserved bits, where they are not 0.", |prio| prio.reserved),
    ];
    const SEARCH_NAMES: &'static [&'static str] = &["mp_prio", "prio", "backup"];

    fn option_len(&self) -> u8 {
        self.wire_len()
    }

    fn event(&self) -> Option<String> {
        let of = self.address_id.map(|id| format!(" for address {}", id.0));
        Some(format!("MP_PRIO {}{}", priority(*self), of.unwrap_or_default()))
    }

    fn label(&self) -> Label {
        Label::new(format!("MP_PRIO {}", priority(*self)))
    }

    fn title(&self) -> String {
        priority(*self).to_owned()
    }

    fn low_bits(&self) -> Bits {
        &[(0x0e, "reserved"), (0x01, "B backup")]
    }

    fn octets(&self) -> Vec<Octets> {
        self.address_id.map(|_| Octets::number(1, "address ID")).into_iter().collect()
    }
}

const fn priority(prio: MpPrio) -> &'static str {
    if prio.backup { "backup" } else { "regular" }
}
