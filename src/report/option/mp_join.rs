//! MP_JOIN (RFC 8684 §3.2).

use std::fmt::Write;

use schemars::JsonSchema;

use super::description::{Bits, Content, Label, Octets, Suboption};
use super::field::{FieldSpec, FieldType, OptionValue, Place, Shown, field, schema_of};
use crate::report::hex::{Hex32, HexOctets};
use crate::wire::mptcp::MpJoin;

/// Which segment of the MP_JOIN handshake an option belongs to, by its length.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum JoinForm {
    /// 12 octets.
    Syn,
    /// 16 octets.
    SynAck,
    /// 24 octets.
    Ack,
}

impl JoinForm {
    const fn of(join: &MpJoin) -> Self {
        match join {
            MpJoin::Syn { .. } => Self::Syn,
            MpJoin::SynAck { .. } => Self::SynAck,
            MpJoin::Ack { .. } => Self::Ack,
        }
    }

    const fn segment(self) -> &'static str {
        match self {
            Self::Syn => "SYN",
            Self::SynAck => "SYN/ACK",
            Self::Ack => "ACK",
        }
    }
}

impl FieldType for JoinForm {
    fn value(self) -> OptionValue {
        OptionValue::Word(match self {
            Self::Syn => "syn",
            Self::SynAck => "syn_ack",
            Self::Ack => "ack",
        })
    }
}

impl Suboption for MpJoin {
    const NAME: &'static str = "MP_JOIN";
    const PURPOSE: &'static str = "A further subflow.";
    const SCHEMA_NAME: &'static str = "MpJoin";
    const SCHEMA_DOC: &'static str = r#"MP_JOIN (RFC 8684 §3.2).

```json
{"kind": "MP_JOIN", "option_len": 12, "form": "syn", "backup": false, "address_id": 1,
 "token": "0x4e0fd775", "nonce": "0x34d7d75c"}
```"#;
    const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(always "form", JoinForm, "Which of the three forms.", |join| JoinForm::of(join))
            .text(|join| JoinForm::of(join).segment().to_owned()),
        field!(
            optional "backup", bool,
            "B: the sender wants this subflow as backup. Not in the third ACK.",
            |join| backup(join)
        )
        .flag("backup"),
        field!(
            optional "address_id", u8, "ID of the sender's address. Not in the third ACK.",
            |join| address_id(join)
        )
        .after("id"),
        field!(optional "token", Hex32, "Token of the receiver; in the SYN.", |join| match join {
            MpJoin::Syn { token, .. } => Some(Hex32(token.0)),
            MpJoin::SynAck { .. } | MpJoin::Ack { .. } => None,
        })
        .after("token"),
        field!(
            optional "nonce", Hex32, "The sender's random number. Not in the third ACK.",
            |join| match join {
                MpJoin::Syn { nonce, .. } | MpJoin::SynAck { nonce, .. } => Some(Hex32(nonce.0)),
                MpJoin::Ack { .. } => None,
            }
        )
        .after("nonce")
        .late(),
        field!(
            optional "hmac", HexOctets, "HMAC: 64 bits in the SYN/ACK, 160 in the third ACK.",
            |join| match join {
                MpJoin::Syn { .. } => None,
                MpJoin::SynAck { hmac, .. } => Some(HexOctets(hmac.to_be_bytes().into())),
                MpJoin::Ack { hmac, .. } => Some(HexOctets((*hmac).into())),
            }
        )
        .after("hmac"),
        field!(reserved u16, "Reserved bits, where they are not 0.", |join| reserved(join)),
    ];
    const SEARCH_NAMES: &'static [&'static str] = &["mp_join", "join"];

    fn option_len(&self) -> u8 {
        self.wire_len()
    }

    fn event(&self) -> Option<String> {
        let mut words = match self {
            Self::Syn { .. } | Self::SynAck { .. } => "MP_JOIN",
            Self::Ack { .. } => "MP_JOIN with HMAC",
        }
        .to_owned();
        if let Some(id) = address_id(self) {
            let _ = write!(words, " ID {id}");
        }
        if let Self::Syn { token, .. } = self {
            let _ = write!(words, ", token {}", Hex32(token.0));
        }
        if backup(self) == Some(true) {
            words.push_str(", backup");
        }
        Some(words)
    }

    fn label(&self) -> Label {
        Label::new(match self {
            Self::Syn { address_id, backup, .. } => {
                let backup = if *backup { " B" } else { "" };
                format!("MP_JOIN id{}{backup}", address_id.0)
            }
            Self::SynAck { .. } | Self::Ack { .. } => "MP_JOIN hmac".to_owned(),
        })
    }

    fn title(&self) -> String {
        JoinForm::of(self).segment().to_owned()
    }

    fn low_bits(&self) -> Bits {
        match self {
            Self::Syn { .. } | Self::SynAck { .. } => &[(0x0e, "reserved"), (0x01, "B backup")],
            Self::Ack { .. } => &[(0x0f, "reserved")],
        }
    }

    fn octets(&self) -> Vec<Octets> {
        match self {
            Self::Syn { .. } => vec![
                Octets::number(1, "address ID"),
                Octets::hex(4, "receiver's token"),
                Octets::hex(4, "sender's nonce"),
            ],
            Self::SynAck { .. } => vec![
                Octets::number(1, "address ID"),
                Octets::new(8, "HMAC, left 64 bits", Content::Proof),
                Octets::hex(4, "sender's nonce"),
            ],
            Self::Ack { .. } => vec![
                Octets::hex(1, "reserved"),
                Octets::new(20, "HMAC, left 160 bits", Content::Proof),
            ],
        }
    }
}

const fn backup(join: &MpJoin) -> Option<bool> {
    match join {
        MpJoin::Syn { backup, .. } | MpJoin::SynAck { backup, .. } => Some(*backup),
        MpJoin::Ack { .. } => None,
    }
}

const fn address_id(join: &MpJoin) -> Option<u8> {
    match join {
        MpJoin::Syn { address_id, .. } | MpJoin::SynAck { address_id, .. } => Some(address_id.0),
        MpJoin::Ack { .. } => None,
    }
}

fn reserved(join: &MpJoin) -> u16 {
    match *join {
        MpJoin::Syn { reserved, .. } | MpJoin::SynAck { reserved, .. } => reserved.into(),
        MpJoin::Ack { reserved, .. } => reserved,
    }
}
