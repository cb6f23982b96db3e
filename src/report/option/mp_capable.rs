//! MP_CAPABLE (RFC 8684 §3.1, RFC 6824 §3.1).

use super::description::{Bits, Label, Octets, Suboption};
use super::field::{FieldSpec, FieldType, Place, Shown, field, schema_of};
use crate::report::hex::{Hex8, Hex16, Hex64};
use crate::wire::mptcp::{CapableForm, MpCapable};

impl Suboption for MpCapable {
    const NAME: &'static str = "MP_CAPABLE";
    const PURPOSE: &'static str = "Negotiation of the connection.";
    const SCHEMA_NAME: &'static str = "MpCapable";
    const SCHEMA_DOC: &'static str = r#"MP_CAPABLE (RFC 8684 §3.1).

```json
{"kind": "MP_CAPABLE", "option_len": 12, "version": 1, "flags": "0x01",
 "checksum_required": false, "extensibility": false, "deny_join_initial": false,
 "hmac_sha": true, "sender_key": "0x514efa4b855a0a33"}
```"#;
    const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(always "version", u8, "Version of MPTCP.", |capable| capable.version.0)
            .text(|capable| format!("v{}", capable.version.0)),
        field!(always "flags", Hex8, "The flag byte, A (0x80) to H (0x01).", |capable| {
            Hex8(capable.flags.0)
        })
        .text(flag_letters),
        field!(always "checksum_required", bool, "A: the sender wants DSS checksums.", |capable| {
            capable.flags.checksum_required()
        }),
        field!(always "extensibility", bool, "B: must be 0.", |capable| {
            capable.flags.extensibility()
        }),
        field!(
            optional "deny_join_initial", bool,
            "C: no subflows to the sender's initial address and port, please. Not in version 0.",
            |capable| capable.deny_join_initial()
        ),
        field!(
            unless_zero "unassigned_algorithms", u8,
            "D to G: algorithms that are not assigned.",
            |capable| capable.flags.unassigned_algorithms()
        ),
        field!(
            always "hmac_sha", bool, "H: HMAC-SHA256 in version 1, HMAC-SHA1 in version 0.",
            |capable| capable.flags.hmac_sha()
        ),
        field!(
            optional "sender_key", Hex64, "Key of the host that sent the segment.",
            |capable| capable.sender_key().map(|key| Hex64(key.0))
        )
        .after("key"),
        field!(
            optional "receiver_key", Hex64, "Key of its peer.",
            |capable| capable.receiver_key().map(|key| Hex64(key.0))
        )
        .after("peer key"),
        field!(
            optional "data_len", u16, "Bytes of the first mapping, in the form with data.",
            |capable| first_mapping(capable).map(|(data_len, _)| data_len)
        )
        .after("data_len"),
        field!(
            optional "checksum", Hex16, "DSS checksum of the first mapping.",
            |capable| first_mapping(capable).and_then(|(_, checksum)| checksum).map(Hex16)
        )
        .after("checksum"),
    ];
    const SEARCH_NAMES: &'static [&'static str] = &["mp_capable", "capable"];

    fn option_len(&self) -> u8 {
        self.wire_len()
    }

    fn event(&self) -> Option<String> {
        let mut parts = vec![format!("MP_CAPABLE v{}", self.version.0)];
        match (self.sender_key(), self.receiver_key()) {
            (Some(_), Some(_)) => parts.push("both keys".to_owned()),
            (Some(key), None) => parts.push(format!("key {}", Hex64(key.0))),
            _ => {}
        }
        if self.flags.checksum_required() {
            parts.push("checksums".to_owned());
        }
        if self.deny_join_initial() == Some(true) {
            parts.push("C bit".to_owned());
        }
        Some(parts.join(", "))
    }

    fn label(&self) -> Label {
        Label::new(match self.form {
            CapableForm::Bare | CapableForm::SenderKey { .. } => {
                format!("MP_CAPABLE v{}", self.version.0)
            }
            CapableForm::BothKeys { .. } => "MP_CAPABLE keys".to_owned(),
            CapableForm::BothKeysAndData { data_len, .. } => format!("MP_CAPABLE 1+{data_len}"),
        })
    }

    fn title(&self) -> String {
        format!("v{}", self.version.0)
    }

    fn low_bits(&self) -> Bits {
        &[(0x0f, "version")]
    }

    fn octets(&self) -> Vec<Octets> {
        let bits = if self.version.0 == 0 { FLAGS_V0 } else { FLAGS };
        let mut octets = vec![Octets { bits, ..Octets::hex(1, "flags") }];
        octets.extend(self.sender_key().map(|_| Octets::hex(8, "sender's key")));
        octets.extend(self.receiver_key().map(|_| Octets::hex(8, "receiver's key")));
        if let Some((data_len, checksum)) = first_mapping(self) {
            let words = format!("{data_len} (mapping at DSN 1, SSN 1)");
            octets.push(Octets::words(2, "data-level length", words));
            octets.extend(checksum.map(|_| Octets::hex(2, "checksum")));
        }
        octets
    }
}

const FLAGS_V0: Bits = &[
    (0x80, "A checksums required"),
    (0x40, "B extensibility"),
    (0x3e, "C-G not assigned"),
    (0x01, "H HMAC-SHA1"),
];

const FLAGS: Bits = &[
    (0x80, "A checksums required"),
    (0x40, "B extensibility"),
    (0x20, "C no joins to my address"),
    (0x1e, "D-G not assigned"),
    (0x01, "H HMAC-SHA256"),
];

/// `[A H]`, or `[none]`.
fn flag_letters(capable: &MpCapable) -> String {
    let letters: Vec<_> = capable.flags.letters().chars().map(String::from).collect();
    if letters.is_empty() { "[none]".to_owned() } else { format!("[{}]", letters.join(" ")) }
}

/// Length and checksum of the mapping, in the form with data.
fn first_mapping(capable: &MpCapable) -> Option<(u16, Option<u16>)> {
    match capable.form {
        CapableForm::BothKeysAndData { data_len, checksum, .. } => Some((data_len, checksum)),
        _ => None,
    }
}
