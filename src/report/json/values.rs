//! How the values of the layers below stand in JSON, and in its schema.
//!
//! Those layers know nothing of serde. Each of their types that a report, a packet or a live line holds
//! gets its form here, once: a word, or what a simpler type stands as. A new value of an enumeration
//! has to get its word here, or nothing compiles.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::analyze::finding::{Code, Confidence, Param, Severity};
use crate::analyze::state::{CloseKind, Closer, ConnectionState};
use crate::report::hex::{Hex32, Hex64};
use crate::track::OptionCounts;
use crate::track::fallback::FallbackCause;
use crate::track::proof::Verdict;
use crate::track::role::{Direction, PerRole, Role};
use crate::track::subflow::SubflowState;
use crate::wire::frame::{LinkType, Timestamp};
use crate::wire::mptcp::{AddressId, Key, ResetReason, Token, Version};
use crate::wire::seq::Dsn;

/// Types that stand as one word of a list.
macro_rules! words {
    ($(
        #[doc = $about_type:literal]
        $type:ident as $name:literal {
            $(
                #[doc = $about:literal]
                $value:pat => $word:literal,
            )+
        }
    )+) => {
        $(
            impl Serialize for $type {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(match self {
                        $($value => $word,)+
                    })
                }
            }

            impl JsonSchema for $type {
                fn schema_name() -> Cow<'static, str> {
                    $name.into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    one_of($about_type, &[$(($word, $about)),+])
                }
            }
        )+
    };
}

/// Types that stand as another type does.
macro_rules! simple {
    ($($type:ty as $simple:ty: $convert:expr;)+) => {
        $(
            impl Serialize for $type {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let convert: fn(&$type) -> $simple = $convert;
                    convert(self).serialize(serializer)
                }
            }

            impl JsonSchema for $type {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    <$simple>::schema_name()
                }

                fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                    <$simple>::json_schema(generator)
                }
            }
        )+
    };
}

words! {
    /// Client or server of a connection.
    Role as "RoleName" {
        /// Sender of the MP_CAPABLE SYN.
        Self::Client => "client",
        /// Receiver of it.
        Self::Server => "server",
    }

    /// Direction of travel, always at the level of the connection.
    Direction as "Direction" {
        /// From the connection's client.
        Self::ClientToServer => "c2s",
        /// From the connection's server.
        Self::ServerToClient => "s2c",
    }

    /// How far a connection came.
    ConnectionState as "ConnectionState" {
        /// The three segments of the initial subflow are not complete.
        Self::Handshaking => "handshaking",
        /// Open.
        Self::Established => "established",
        /// One host, or both, sent a DATA_FIN (after a fallback: a FIN), and not all is acknowledged.
        Self::Closing => "closing",
        /// Ended in order.
        Self::Closed => "closed",
        /// Ended by MP_FASTCLOSE.
        Self::FastClosed => "fast_closed",
        /// The last subflow was reset before the DATA_FINs were exchanged.
        Self::Reset => "reset",
        /// The initial subflow never got through.
        Self::Refused => "refused",
        /// The capture does not show enough.
        Self::Unknown => "unknown",
    }

    /// What ended a connection.
    CloseKind as "CloseKind" {
        /// DATA_FIN.
        Self::DataFin => "data_fin",
        /// MP_FASTCLOSE.
        Self::FastClose => "fast_close",
        /// RST on the last subflow.
        Self::Reset => "reset",
        /// FIN, after a fallback.
        Self::FallbackFin => "fallback_fin",
    }

    /// Who ended a connection.
    Closer as "Closer" {
        /// The client was first.
        Self::Host(Role::Client) => "client",
        /// The server was first.
        Self::Host(Role::Server) => "server",
        /// Both, before either knew of the other's.
        Self::Both => "both",
    }

    /// Why a connection fell back to plain TCP.
    FallbackCause as "FallbackCauseName" {
        /// The SYN/ACK did not take up the offer.
        Self::SynAckWithoutMpCapable => "syn_ack_without_mp_capable",
        /// The SYN was repeated without the option, and only that was answered.
        Self::SynWithMpCapableUnanswered => "syn_with_mp_capable_unanswered",
        /// The third ACK carried no MP_CAPABLE.
        Self::AckWithoutMpCapable => "ack_without_mp_capable",
        /// Data without a mapping.
        Self::DataWithoutMapping => "data_without_mapping",
        /// The answer to data carried no DSS.
        Self::AnswerWithoutDss => "answer_without_dss",
        /// The DSS checksum of data was wrong, and MPTCP was not spoken after it.
        Self::ChecksumFailed => "checksum_failed",
        /// An infinite mapping was declared.
        Self::InfiniteMapping => "infinite_mapping",
    }

    /// How far a subflow came.
    SubflowState as "SubflowState" {
        /// A SYN, or a SYN and a SYN/ACK.
        Self::HalfOpen => "half_open",
        /// The SYN was repeated and never answered.
        Self::SynTimeout => "syn_timeout",
        /// It never got through: RST, or no fourth ACK after a RST to the third.
        Self::Refused => "refused",
        /// Open.
        Self::Established => "established",
        /// Both hosts sent a FIN.
        Self::Closed => "closed",
        /// Was established and ended by a RST.
        Self::Reset => "reset",
        /// The capture does not show enough.
        Self::Unknown => "unknown",
    }

    /// Whether a HMAC proves the key.
    Verdict as "HmacVerdict" {
        /// It does.
        Self::Verified => "verified",
        /// It does not.
        Self::Mismatch => "mismatch",
        /// The keys are not in the capture.
        Self::Unverifiable => "unverifiable",
        /// There is none in the capture.
        Self::Absent => "absent",
    }

    /// How bad.
    Severity as "Severity" {
        /// A fact that explains other things.
        Self::Note => "note",
        /// MPTCP works, but not as its owner wants.
        Self::Warning => "warning",
        /// MPTCP does not work, or data is damaged.
        Self::Error => "error",
    }

    /// How sure.
    Confidence as "Confidence" {
        /// The packets prove it.
        Self::Certain => "certain",
        /// The best explanation.
        Self::Likely => "likely",
        /// One explanation.
        Self::Possible => "possible",
    }
}

simple! {
    Key as Hex64: |key| Hex64(key.0);
    Token as Hex32: |token| Hex32(token.0);
    Dsn as Hex64: |dsn| Hex64(dsn.0);
    Version as u8: |version| version.0;
    AddressId as u8: |id| id.0;
    ResetReason as u8: |reason| reason.0;
    LinkType as String: ToString::to_string;
    Param as Value: |param| match param {
        Param::Number(number) => (*number).into(),
        Param::Text(text) => text.as_str().into(),
    };
    Timestamp as String: |at| rfc_3339(*at);
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The list of codes is open: a report of a later version fits this schema too.
impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::ALL.iter().map(|code| code.name()).collect();
        json_schema!({
            "description": "Stable name of a kind of finding. More may be added: take one that you \
                do not know for what its severity says.",
            "anyOf": [
                {"description": "The codes that this version raises.", "type": "string", "enum": names},
                {"description": "A code of a later version.", "type": "string"},
            ],
        })
    }
}

impl<T: Serialize> Serialize for PerRole<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("PerRole", 2)?;
        fields.serialize_field("client", &self.client)?;
        fields.serialize_field("server", &self.server)?;
        fields.end()
    }
}

impl<T: JsonSchema> JsonSchema for PerRole<T> {
    fn schema_name() -> Cow<'static, str> {
        "PerHost".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = |generator: &mut SchemaGenerator, about: &str| {
            let mut schema = generator.subschema_for::<T>();
            schema.insert("description".to_owned(), about.into());
            schema
        };
        json_schema!({
            "description": "A value of the client's and one of the server's.",
            "type": "object",
            "properties": {
                "client": value(generator, "The client's."),
                "server": value(generator, "The server's."),
            },
            "required": ["client", "server"],
        })
    }
}

impl Serialize for OptionCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.named())
    }
}

impl JsonSchema for OptionCounts {
    fn schema_name() -> Cow<'static, str> {
        "OptionCounts".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = Self::default().named().map(|(name, _)| name).collect();
        let count = u64::json_schema(generator);
        let properties: BTreeMap<_, _> = names.iter().map(|&name| (name, &count)).collect();
        json_schema!({
            "description": "How often each MPTCP option was seen.",
            "type": "object",
            "properties": properties,
            "required": names,
        })
    }
}

/// The schema of one word out of a list, each with what it means.
fn one_of(about_type: &str, words: &[(&str, &str)]) -> Schema {
    let word = |(word, about): &(&str, &str)| json_schema!({"description": about.trim(), "type": "string", "const": word});
    let words: Vec<_> = words.iter().map(word).collect();
    json_schema!({"description": about_type.trim(), "oneOf": words})
}

/// A time with nine fractional digits. No timestamp is outside of the calendar.
fn rfc_3339(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_nanosecond(at.0.into()).unwrap_or_default();
    format!("{at:.9}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Enumerations are open, as long as what stands there is a word.
    #[test]
    fn a_code_of_a_later_version_fits_the_schema() {
        let schema = serde_json::to_value(schemars::schema_for!(Code)).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let known = serde_json::to_value(Code::ALL).unwrap();
        assert_eq!(schema["anyOf"][0]["enum"], known);
        assert!(validator.is_valid(&known[0]));
        assert!(validator.is_valid(&"found-in-a-later-version".into()));
        assert!(!validator.is_valid(&7.into()));
    }

    #[test]
    fn times_have_nine_digits() {
        assert_eq!(rfc_3339(Timestamp(1)), "1970-01-01T00:00:00.000000001Z");
        assert_eq!(rfc_3339(Timestamp(-1)), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(rfc_3339(Timestamp(i64::MIN)), "1677-09-21T00:12:43.145224192Z");
        assert_eq!(rfc_3339(Timestamp(i64::MAX)), "2262-04-11T23:47:16.854775807Z");
    }
}
