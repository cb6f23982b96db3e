//! MP_TCPRST (RFC 8684 §3.6).

use super::description::{Bits, Label, Octets, Suboption};
use super::field::{FieldSpec, FieldType, Place, Shown, field, schema_of};
use crate::wire::mptcp::MpTcpRst;

impl Suboption for MpTcpRst {
    const NAME: &'static str = "MP_TCPRST";
    const PURPOSE: &'static str = "Reason of a subflow's RST.";
    const SCHEMA_NAME: &'static str = "MpTcprst";
    const SCHEMA_DOC: &'static str = r#"MP_TCPRST (RFC 8684 §3.6).

```json
{"kind": "MP_TCPRST", "option_len": 4, "reason": 1,
 "reason_name": "mptcp_specific_error", "transient": false}
```"#;
    const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(always "reason", u8, "Reason code.", |reset| reset.reason.0).after("reason"),
        field!(
            always "reason_name", &'static str,
            "Its name; `\"unassigned\"` for a code that has none.",
            |reset| reset.reason.name()
        )
        .alone(),
        field!(always "transient", bool, "T: the path may be tried again.", |reset| {
            reset.transient
        })
        .flag("transient")
        .early(),
        field!(reserved u8, "U, V and W, where they are not 0.", |reset| reset.reserved),
    ];
    const SEARCH_NAMES: &'static [&'static str] = &["mp_tcprst", "tcprst", "reset"];

    fn option_len(&self) -> u8 {
        Self::WIRE_LEN
    }

    fn event(&self) -> Option<String> {
        let transient = if self.transient { ", transient" } else { "" };
        Some(format!("MP_TCPRST {}{transient}", self.reason))
    }

    fn label(&self) -> Label {
        Label::new(format!("MP_TCPRST({})", self.reason.0))
    }

    fn title(&self) -> String {
        self.reason.to_string()
    }

    fn low_bits(&self) -> Bits {
        &[(0x0e, "U V W reserved"), (0x01, "T transient")]
    }

    fn octets(&self) -> Vec<Octets> {
        vec![Octets::words(1, "reason", self.reason.to_string())]
    }
}
