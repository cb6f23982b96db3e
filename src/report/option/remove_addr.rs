//! REMOVE_ADDR (RFC 8684 §3.4.2).

use super::description::{Bits, Label, Octets, Suboption};
use super::field::{FieldSpec, FieldType, Place, Shown, field, joined, schema_of};
use crate::wire::mptcp::RemoveAddr;

impl Suboption for RemoveAddr {
    const NAME: &'static str = "REMOVE_ADDR";
    const PURPOSE: &'static str = "Withdrawal of addresses.";
    const SCHEMA_NAME: &'static str = "RemoveAddr";
    const SCHEMA_DOC: &'static str = r#"REMOVE_ADDR (RFC 8684 §3.4.2).

```json
{"kind": "REMOVE_ADDR", "option_len": 4, "address_ids": [1]}
```"#;
    const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(always "address_ids", Vec<u8>, "The IDs in the order given.", |remove| ids(remove))
            .after("id"),
        field!(reserved u8, "Reserved bits, where they are not 0.", |remove| remove.reserved),
    ];
    const SEARCH_NAMES: &'static [&'static str] = &["remove_addr", "rm_addr"];

    fn option_len(&self) -> u8 {
        self.wire_len()
    }

    fn event(&self) -> Option<String> {
        Some(format!("REMOVE_ADDR {}", joined(&ids(self), ", ")))
    }

    fn label(&self) -> Label {
        Label::new(format!("REMOVE_ADDR {}", joined(&ids(self), " ")))
    }

    fn title(&self) -> String {
        String::new()
    }

    fn low_bits(&self) -> Bits {
        &[(0x0f, "reserved")]
    }

    fn octets(&self) -> Vec<Octets> {
        self.ids().map(|_| Octets::number(1, "address ID")).collect()
    }
}

fn ids(remove: &RemoveAddr) -> Vec<u8> {
    remove.ids().map(|id| id.0).collect()
}
