//! What an MPTCP option says: one description of each suboption, from which every output takes what it
//! shows.
//!
//! ```text
//!  MptcpOption ── describe ─┬▸ fields          ─▸ JSON: events, `packets --jsonl`
//!                           ├▸ line            ─▸ `packets`, the detail of the ladder
//!                           ├▸ event           ─▸ the report's text, `live`, the timeline
//!                           ├▸ label           ─▸ the arrows of the ladder
//!                           └▸ title, octets   ─▸ the tree of a packet
//! ```
//!
//! A new suboption gets a file here, an arm in [`describe`] and a row in [`SCHEMAS`].

mod add_addr;
mod description;
mod dss;
mod field;
mod json;
mod mp_capable;
mod mp_fail;
mod mp_fastclose;
mod mp_join;
mod mp_prio;
mod mp_tcprst;
mod raw;
mod remove_addr;

use std::borrow::Cow;
use std::ops::Deref;

pub use description::{Bits, Content, Describe, Label, Octets};
pub use field::{OptionField, OptionValue};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap;

use self::json::OptionSchema;
use self::raw::{RawKind, RawOption};
use crate::wire::mptcp::{
    AddAddr, Dss, MpCapable, MpFail, MpFastClose, MpJoin, MpPrio, MpTcpRst, MptcpOption, RemoveAddr,
};

/// All there is to say of an option.
pub fn describe(option: &MptcpOption) -> Description<'_> {
    let raw = |kind, body| Description(Inner::Raw(RawOption::new(kind, body)));
    Description(Inner::Known(match option {
        MptcpOption::MpCapable(capable) => capable,
        MptcpOption::MpJoin(join) => join,
        MptcpOption::Dss(dss) => dss,
        MptcpOption::AddAddr(add) => add,
        MptcpOption::RemoveAddr(remove) => remove,
        MptcpOption::MpPrio(prio) => prio,
        MptcpOption::MpFail(fail) => fail,
        MptcpOption::MpFastClose(close) => close,
        MptcpOption::MpTcpRst(reset) => reset,
        MptcpOption::Experimental(body) => return raw(RawKind::Experimental, *body),
        MptcpOption::Unknown(body) => return raw(RawKind::Unknown, *body),
        MptcpOption::Malformed(body) => return raw(RawKind::Malformed, *body),
    }))
}

/// The schema of each kind of options.
const SCHEMAS: [OptionSchema; 12] = [
    OptionSchema::of::<MpCapable>(),
    OptionSchema::of::<MpJoin>(),
    OptionSchema::of::<Dss>(),
    OptionSchema::of::<AddAddr>(),
    OptionSchema::of::<RemoveAddr>(),
    OptionSchema::of::<MpPrio>(),
    OptionSchema::of::<MpFail>(),
    OptionSchema::of::<MpFastClose>(),
    OptionSchema::of::<MpTcpRst>(),
    OptionSchema::raw(RawKind::Experimental),
    OptionSchema::raw(RawKind::Unknown),
    OptionSchema::raw(RawKind::Malformed),
];

/// The description of one option.
pub struct Description<'a>(Inner<'a>);

enum Inner<'a> {
    Known(&'a dyn Describe),
    Raw(RawOption),
}

impl<'a> Deref for Description<'a> {
    type Target = dyn Describe + 'a;

    fn deref(&self) -> &Self::Target {
        match &self.0 {
            Inner::Known(known) => *known,
            Inner::Raw(raw) => raw,
        }
    }
}

/// Writes an option into a JSON object that has been begun.
pub fn write_fields<M: SerializeMap>(option: &MptcpOption, object: &mut M) -> Result<(), M::Error> {
    json::write_fields(&*describe(option), object)
}

/// Stands for an option of any kind in a JSON Schema.
pub struct AnyOption;

impl JsonSchema for AnyOption {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AnyOption".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<_> = SCHEMAS.iter().map(|schema| schema.kind(generator)).collect();
        json_schema!({ "oneOf": kinds })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::event::EventKind;

    proptest! {
        /// Fields of the schema are required, optional, numbers or strings as they are written.
        #[test]
        fn every_option_fits_the_schema(body in prop::collection::vec(any::<u8>(), 0..39)) {
            let schema = serde_json::to_value(schemars::schema_for!(AnyOption)).unwrap();
            let validator = jsonschema::validator_for(&schema).unwrap();
            for subtype in 0..16 {
                let mut body = body.clone();
                if let Some(first) = body.first_mut() {
                    *first = subtype << 4 | *first & 0x0f;
                }
                let json = serde_json::to_value(EventKind::Option(MptcpOption::parse(&body))).unwrap();
                prop_assert!(validator.is_valid(&json), "{json}");
            }
        }
    }

    /// An option in a line of `packets`, from its octets after kind and length.
    fn line(body: &[u8]) -> String {
        describe(&MptcpOption::parse(body)).line()
    }

    #[test]
    fn flags_of_mp_capable() {
        assert_eq!(line(&[0x01, 0xa1]), "MP_CAPABLE v1 [A C H]");
        assert_eq!(line(&[0x01, 0x00]), "MP_CAPABLE v1 [none]");
        let with_key = [0x01, 0x41, 0, 0, 0, 0, 0, 0, 0, 9];
        assert_eq!(line(&with_key), "MP_CAPABLE v1 [B H] key 0x0000000000000009");
    }

    #[test]
    fn mp_join() {
        let syn = [0x11, 2, 1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(line(&syn), "MP_JOIN SYN backup id 2 token 0x01020304 nonce 0x05060708");
        let syn_ack = [0x10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        let expected = "MP_JOIN SYN/ACK id 0 hmac 0x0000000000000001 nonce 0x00000002";
        assert_eq!(line(&syn_ack), expected);
        let mut ack = [0; 22];
        ack[0] = 0x10;
        ack[21] = 0xff;
        let expected = "MP_JOIN ACK hmac 0x00000000000000000000000000000000000000ff";
        assert_eq!(line(&ack), expected);
    }

    #[test]
    fn dss_shows_widths_and_what_flags_add() {
        assert_eq!(line(&[0x20, 0x01, 0, 0, 0, 5]), "DSS ack 0x00000005");
        assert_eq!(line(&[0x20, 0xe1, 0, 0, 0, 5]), "DSS ack 0x00000005 flags 0xe1");
        let infinite = [0x20, 0x04, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xab, 0xcd];
        let expected = "DSS dsn 0x00000001 ssn 2 len infinite checksum 0xabcd";
        assert_eq!(line(&infinite), expected);
    }

    #[test]
    fn addresses() {
        let echo = [0x31, 1, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x13, 0x8a];
        assert_eq!(line(&echo), "ADD_ADDR echo id 1 [2001:db8::1]:5002");
        assert_eq!(line(&[0x34, 1, 192, 0, 2, 1]), "ADD_ADDR v0 id 1 192.0.2.1");
        assert_eq!(line(&[0x40, 1, 7]), "REMOVE_ADDR id 1 7");
        assert_eq!(line(&[0x51, 7]), "MP_PRIO backup id 7");
        assert_eq!(line(&[0x50]), "MP_PRIO regular");
    }

    #[test]
    fn ends() {
        let reset = "MP_TCPRST transient reason 3 administratively_prohibited";
        assert_eq!(line(&[0x81, 3]), reset);
        let close = [0x70, 1, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(line(&close), "MP_FASTCLOSE key 0x0000000000000001 reserved 0x1");
        let fail = [0x60, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        assert_eq!(line(&fail), "MP_FAIL dsn 0x0000000000000001");
    }

    #[test]
    fn what_is_not_known_shows_its_bytes() {
        assert_eq!(line(&[0x20]), "malformed DSS 0x20");
        assert_eq!(line(&[]), "malformed MPTCP option 0x");
        assert_eq!(line(&[0x93, 1]), "unknown subtype 9 0x9301");
        assert_eq!(line(&[0xf0, 1]), "MP_EXPERIMENTAL 0xf001");
    }
}
