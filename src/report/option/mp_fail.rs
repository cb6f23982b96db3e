//! MP_FAIL (RFC 8684 §3.7).

use super::description::{Bits, Content, Label, Octets, Suboption};
use super::field::{FieldSpec, FieldType, Place, Shown, field, schema_of};
use crate::report::hex::Hex64;
use crate::wire::mptcp::MpFail;
use crate::wire::seq::WireDsn;

impl Suboption for MpFail {
    const NAME: &'static str = "MP_FAIL";
    const PURPOSE: &'static str = "A checksum failed, or the sender falls back.";
    const SCHEMA_NAME: &'static str = "MpFail";
    const SCHEMA_DOC: &'static str = r#"MP_FAIL (RFC 8684 §3.7).

```json
{"kind": "MP_FAIL", "option_len": 12, "dsn": "0xd797845e913152e4"}
```"#;
    const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(always "dsn", Hex64, "Start of the mapping that failed.", |fail| Hex64(fail.dsn.0))
            .after("dsn"),
        field!(reserved u16, "Reserved bits, where they are not 0.", |fail| fail.reserved),
    ];
    const SEARCH_NAMES: &'static [&'static str] = &["mp_fail", "fail"];

    fn option_len(&self) -> u8 {
        Self::WIRE_LEN
    }

    fn event(&self) -> Option<String> {
        Some(format!("MP_FAIL at DSN {}", Hex64(self.dsn.0)))
    }

    fn label(&self) -> Label {
        Label { words: Self::NAME.to_owned(), dsn: Some(WireDsn::Long(self.dsn.0)) }
    }

    fn title(&self) -> String {
        String::new()
    }

    fn low_bits(&self) -> Bits {
        &[(0x0f, "reserved")]
    }

    fn octets(&self) -> Vec<Octets> {
        vec![Octets::hex(1, "reserved"), Octets::new(8, "DSN", Content::ReceiverDsn)]
    }
}
