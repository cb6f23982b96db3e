//! MP_FASTCLOSE (RFC 8684 §3.5).

use super::description::{Bits, Content, Label, Octets, Suboption};
use super::field::{FieldSpec, FieldType, Place, Shown, field, schema_of};
use crate::report::hex::Hex64;
use crate::wire::mptcp::MpFastClose;

impl Suboption for MpFastClose {
    const NAME: &'static str = "MP_FASTCLOSE";
    const PURPOSE: &'static str = "Abrupt end of the connection.";
    const SCHEMA_NAME: &'static str = "MpFastclose";
    const SCHEMA_DOC: &'static str = r#"MP_FASTCLOSE (RFC 8684 §3.5).

```json
{"kind": "MP_FASTCLOSE", "option_len": 12, "receiver_key": "0x8d184fe95524ca7a"}
```"#;
    const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(always "receiver_key", Hex64, "Key of the peer.", |close| {
            Hex64(close.receiver_key.0)
        })
        .after("key"),
        field!(reserved u16, "Reserved bits, where they are not 0.", |close| close.reserved),
    ];
    const SEARCH_NAMES: &'static [&'static str] = &["mp_fastclose", "fastclose", "fast_close"];

    fn option_len(&self) -> u8 {
        Self::WIRE_LEN
    }

    fn event(&self) -> Option<String> {
        Some(Self::NAME.to_owned())
    }

    fn label(&self) -> Label {
        Label::new("MP_FASTCLOSE key")
    }

    fn title(&self) -> String {
        String::new()
    }

    fn low_bits(&self) -> Bits {
        &[(0x0f, "reserved")]
    }

    fn octets(&self) -> Vec<Octets> {
        vec![Octets::hex(1, "reserved"), Octets::new(8, "receiver's key", Content::Proof)]
    }
}
