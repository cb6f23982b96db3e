//! ADD_ADDR and its echo (RFC 8684 §3.4.1, RFC 6824 §3.4.1).

use std::net::IpAddr;

use schemars::JsonSchema;

use super::description::{Bits, Content, Label, Octets, Suboption};
use super::field::{FieldSpec, FieldType, OptionValue, Place, Shown, field, schema_of};
use crate::report::hex::Hex64;
use crate::wire::mptcp::{AddAddr, AddressFlavour};
use crate::wire::segment::Endpoint;

/// Which generation of ADD_ADDR it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum AddAddrForm {
    /// RFC 8684.
    V1,
    /// RFC 6824.
    V0,
    /// What mptcp.org kernels sent before version 1 was final: IP version *and* HMAC.
    PreFinalV1,
}

impl AddAddrForm {
    const fn of(add: &AddAddr) -> Self {
        match add.flavour {
            AddressFlavour::Announcement { .. } | AddressFlavour::Echo => Self::V1,
            AddressFlavour::V0 => Self::V0,
            AddressFlavour::PreFinalV1 { .. } => Self::PreFinalV1,
        }
    }
}

impl FieldType for AddAddrForm {
    fn value(self) -> OptionValue {
        OptionValue::Word(match self {
            Self::V1 => "v1",
            Self::V0 => "v0",
            Self::PreFinalV1 => "pre_final_v1",
        })
    }
}

impl Suboption for AddAddr {
    const NAME: &'static str = "ADD_ADDR";
    const PURPOSE: &'static str = "Announcement of an address, or its echo.";
    const SCHEMA_NAME: &'static str = "AddAddr";
    const SCHEMA_DOC: &'static str = r#"ADD_ADDR or its echo (RFC 8684 §3.4.1).

```json
{"kind": "ADD_ADDR", "option_len": 16, "form": "v1", "echo": false, "address_id": 1,
 "address": "10.1.2.2", "hmac": "0x42faee9bf1c0ee9d"}
```"#;
    const FIELDS: &'static [FieldSpec<Self>] = &[
        field!(always "form", AddAddrForm, "Which generation.", |add| AddAddrForm::of(add)).text(
            |add| {
                let word = match AddAddrForm::of(add) {
                    AddAddrForm::V1 => "",
                    AddAddrForm::V0 => "v0",
                    AddAddrForm::PreFinalV1 => "pre-final v1",
                };
                word.to_owned()
            },
        ),
        field!(always "echo", bool, "E: the receiver's echo.", |add| add.is_echo()).flag("echo"),
        field!(
            always "address_id", u8, "ID that the announcing host gives to the address.",
            |add| add.address_id.0
        )
        .after("id"),
        field!(always "address", IpAddr, "The address.", |add| add.address).text(address),
        field!(
            optional "port", u16, "The port, if it is not the one of the initial subflow.",
            |add| add.port
        ),
        field!(
            optional "hmac", Hex64, "Rightmost 64 bits of the HMAC.",
            |add| add.hmac().map(Hex64)
        )
        .after("hmac"),
        field!(reserved u8, "Reserved bits, where they are not 0.", |add| add.reserved),
    ];
    const SEARCH_NAMES: &'static [&'static str] = &["add_addr"];

    fn option_len(&self) -> u8 {
        self.wire_len()
    }

    fn event(&self) -> Option<String> {
        let address = match self.address {
            IpAddr::V6(address) => format!("[{address}]"),
            IpAddr::V4(address) => address.to_string(),
        };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("ADD_ADDR{} {} {address}{port}", echo(self), self.address_id.0))
    }

    fn label(&self) -> Label {
        Label::new(format!("ADD_ADDR{} {} {}", echo(self), self.address_id.0, address(self)))
    }

    fn title(&self) -> String {
        let word = match self.flavour {
            AddressFlavour::Announcement { .. } => "announcement",
            AddressFlavour::Echo => "echo",
            AddressFlavour::V0 => "v0",
            AddressFlavour::PreFinalV1 { .. } => "pre-final v1",
        };
        word.to_owned()
    }

    fn low_bits(&self) -> Bits {
        match AddAddrForm::of(self) {
            AddAddrForm::V1 => &[(0x0e, "reserved"), (0x01, "E echo")],
            AddAddrForm::V0 | AddAddrForm::PreFinalV1 => &[(0x0f, "IP version")],
        }
    }

    fn octets(&self) -> Vec<Octets> {
        let address_len = if self.address.is_ipv4() { 4 } else { 16 };
        let mut octets = vec![
            Octets::number(1, "address ID"),
            Octets::words(address_len, "address", self.address.to_string()),
        ];
        octets.extend(self.port.map(|_| Octets::number(2, "port")));
        let hmac = self.hmac().map(|_| Octets::new(8, "HMAC, right 64 bits", Content::Proof));
        octets.extend(hmac);
        octets
    }

    fn search_names(&self) -> &'static [&'static str] {
        if self.is_echo() { &["add_addr", "echo"] } else { Self::SEARCH_NAMES }
    }
}

/// The address, with the port if there is one.
fn address(add: &AddAddr) -> String {
    let address = add.address;
    match add.port {
        Some(port) => Endpoint { address, port }.to_string(),
        None => address.to_string(),
    }
}

fn echo(add: &AddAddr) -> &'static str {
    if add.is_echo() { " echo" } else { "" }
}
