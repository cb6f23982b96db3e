//! The options of MPTCP with every field they carry.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::hex::{Hex8, Hex16, Hex32, Hex64, HexDsn, HexOctets};
use crate::wire::mptcp::{self, AddressFlavour, CapableForm, Fail, FastClose, OptionBody};

/// MP_CAPABLE (RFC 8684 §3.1).
///
/// ```json
/// {"kind": "MP_CAPABLE", "option_len": 12, "version": 1, "flags": "0x01",
///  "checksum_required": false, "extensibility": false, "deny_join_initial": false,
///  "hmac_sha": true, "sender_key": "0x514efa4b855a0a33"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MpCapable {
    /// Octets of the option.
    pub option_len: u8,
    /// Version of MPTCP.
    pub version: u8,
    /// The flag octet, A (0x80) to H (0x01).
    pub flags: Hex8,
    /// A: the sender wants DSS checksums.
    pub checksum_required: bool,
    /// B: must be 0.
    pub extensibility: bool,
    /// C: no subflows to the sender's initial address and port, please. Not in version 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny_join_initial: Option<bool>,
    /// D to G: algorithms that are not assigned.
    #[serde(skip_serializing_if = "is_zero")]
    pub unassigned_algorithms: u8,
    /// H: HMAC-SHA256 in version 1, HMAC-SHA1 in version 0.
    pub hmac_sha: bool,
    /// Key of the host that sent the segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_key: Option<Hex64>,
    /// Key of its peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver_key: Option<Hex64>,
    /// Octets of the first mapping, in the form with data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_len: Option<u16>,
    /// DSS checksum of the first mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Hex16>,
}

impl From<&mptcp::Capable> for MpCapable {
    fn from(capable: &mptcp::Capable) -> Self {
        let flags = capable.flags;
        let (data_len, checksum) = match capable.form {
            CapableForm::BothKeysAndData { data_len, checksum, .. } => {
                (Some(data_len), checksum.map(Hex16))
            }
            _ => (None, None),
        };
        Self {
            option_len: capable.wire_len(),
            version: capable.version.0,
            flags: Hex8(flags.0),
            checksum_required: flags.checksum_required(),
            extensibility: flags.extensibility(),
            deny_join_initial: capable.deny_join_initial(),
            unassigned_algorithms: flags.unassigned_algorithms(),
            hmac_sha: flags.hmac_sha(),
            sender_key: capable.sender_key().map(|key| Hex64(key.0)),
            receiver_key: capable.receiver_key().map(|key| Hex64(key.0)),
            data_len,
            checksum,
        }
    }
}

/// Which segment of the MP_JOIN handshake an option belongs to, by its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JoinForm {
    /// 12 octets.
    Syn,
    /// 16 octets.
    SynAck,
    /// 24 octets.
    Ack,
}

/// MP_JOIN (RFC 8684 §3.2).
///
/// ```json
/// {"kind": "MP_JOIN", "option_len": 12, "form": "syn", "backup": false, "address_id": 1,
///  "token": "0x4e0fd775", "nonce": "0x34d7d75c"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MpJoin {
    /// Octets of the option.
    pub option_len: u8,
    /// Which of the three forms.
    pub form: JoinForm,
    /// B: the sender wants this subflow as backup. Not in the third ACK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<bool>,
    /// ID of the sender's address. Not in the third ACK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_id: Option<u8>,
    /// Token of the receiver; in the SYN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Hex32>,
    /// The sender's random number. Not in the third ACK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Hex32>,
    /// HMAC: 64 bits in the SYN/ACK, 160 in the third ACK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hmac: Option<HexOctets>,
    /// Reserved bits, where they are not 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserved: u16,
}

impl From<&mptcp::Join> for MpJoin {
    fn from(join: &mptcp::Join) -> Self {
        let empty = Self {
            option_len: join.wire_len(),
            form: JoinForm::Syn,
            backup: None,
            address_id: None,
            token: None,
            nonce: None,
            hmac: None,
            reserved: 0,
        };
        match *join {
            mptcp::Join::Syn { backup, address_id, token, nonce, reserved } => Self {
                backup: Some(backup),
                address_id: Some(address_id.0),
                token: Some(Hex32(token.0)),
                nonce: Some(Hex32(nonce.0)),
                reserved: reserved.into(),
                ..empty
            },
            mptcp::Join::SynAck { backup, address_id, hmac, nonce, reserved } => Self {
                form: JoinForm::SynAck,
                backup: Some(backup),
                address_id: Some(address_id.0),
                nonce: Some(Hex32(nonce.0)),
                hmac: Some(HexOctets(hmac.to_be_bytes().into())),
                reserved: reserved.into(),
                ..empty
            },
            mptcp::Join::Ack { hmac, reserved } => {
                Self { form: JoinForm::Ack, hmac: Some(HexOctets(hmac.into())), reserved, ..empty }
            }
        }
    }
}

/// DSS (RFC 8684 §3.3), as it stood on the wire.
///
/// ```json
/// {"kind": "DSS", "option_len": 20, "flags": "0x05", "data_fin": false,
///  "data_ack": "0x627190ea", "data_ack_octets": 4, "dsn": "0x93d3b9e2", "dsn_octets": 4,
///  "ssn": 1, "length": 1388, "checksum": "0x1c2f"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dss {
    /// Octets of the option.
    pub option_len: u8,
    /// The flag octet: F (0x10), m (0x08), M (0x04), a (0x02), A (0x01); the rest is reserved.
    pub flags: Hex8,
    /// F, with a mapping: the sender has no more data.
    pub data_fin: bool,
    /// Cumulative acknowledgment at data level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_ack: Option<HexDsn>,
    /// 4 or 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_ack_octets: Option<u8>,
    /// First data sequence number of the mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsn: Option<HexDsn>,
    /// 4 or 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dsn_octets: Option<u8>,
    /// First subflow sequence number of the mapping, relative to the subflow's initial one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssn: Option<u32>,
    /// Octets mapped, a DATA_FIN included, or `"infinite"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<DataLevelLength>,
    /// DSS checksum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Hex16>,
    /// Reserved bits beside the subtype, where they are not 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserved: u8,
}

/// Data-level length of a mapping: a number, or `"infinite"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum DataLevelLength {
    /// This many octets.
    Octets(u16),
    /// The rest of the connection.
    Infinite(Infinite),
}

/// The word `infinite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Infinite {
    /// Wire value 0.
    Infinite,
}

impl From<&mptcp::Dss> for Dss {
    fn from(dss: &mptcp::Dss) -> Self {
        let width = |number: crate::wire::seq::WireDsn| if number.is_long() { 8 } else { 4 };
        let mapping = dss.mapping.as_ref();
        Self {
            option_len: dss.wire_len(),
            flags: Hex8(dss.flags),
            data_fin: dss.data_fin,
            data_ack: dss.data_ack.map(HexDsn),
            data_ack_octets: dss.data_ack.map(width),
            dsn: mapping.map(|mapping| HexDsn(mapping.dsn)),
            dsn_octets: mapping.map(|mapping| width(mapping.dsn)),
            ssn: mapping.map(|mapping| mapping.ssn),
            length: mapping.map(|mapping| mapping.length.into()),
            checksum: mapping.and_then(|mapping| mapping.checksum).map(Hex16),
            reserved: dss.reserved,
        }
    }
}

impl From<mptcp::DataLevelLength> for DataLevelLength {
    fn from(length: mptcp::DataLevelLength) -> Self {
        match length {
            mptcp::DataLevelLength::Bytes(octets) => Self::Octets(octets),
            mptcp::DataLevelLength::Infinite => Self::Infinite(Infinite::Infinite),
        }
    }
}

/// Which generation of ADD_ADDR it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddAddrForm {
    /// RFC 8684.
    V1,
    /// RFC 6824.
    V0,
    /// What mptcp.org kernels sent before version 1 was final: IP version *and* HMAC.
    PreFinalV1,
}

/// ADD_ADDR or its echo (RFC 8684 §3.4.1).
///
/// ```json
/// {"kind": "ADD_ADDR", "option_len": 16, "form": "v1", "echo": false, "address_id": 1,
///  "address": "10.1.2.2", "hmac": "0x42faee9bf1c0ee9d"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AddAddr {
    /// Octets of the option.
    pub option_len: u8,
    /// Which generation.
    pub form: AddAddrForm,
    /// E: the receiver's echo.
    pub echo: bool,
    /// ID that the announcing host gives to the address.
    pub address_id: u8,
    /// The address.
    pub address: IpAddr,
    /// The port, if it is not the one of the initial subflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Rightmost 64 bits of the HMAC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hmac: Option<Hex64>,
    /// Reserved bits, where they are not 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserved: u8,
}

impl From<&mptcp::AddAddr> for AddAddr {
    fn from(add: &mptcp::AddAddr) -> Self {
        let form = match add.flavour {
            AddressFlavour::Announcement { .. } | AddressFlavour::Echo => AddAddrForm::V1,
            AddressFlavour::V0 => AddAddrForm::V0,
            AddressFlavour::PreFinalV1 { .. } => AddAddrForm::PreFinalV1,
        };
        Self {
            option_len: add.wire_len(),
            form,
            echo: add.is_echo(),
            address_id: add.address_id.0,
            address: add.address,
            port: add.port,
            hmac: add.hmac().map(Hex64),
            reserved: add.reserved,
        }
    }
}

/// REMOVE_ADDR (RFC 8684 §3.4.2).
///
/// ```json
/// {"kind": "REMOVE_ADDR", "option_len": 4, "address_ids": [1]}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RemoveAddr {
    /// Octets of the option.
    pub option_len: u8,
    /// The IDs in the order given.
    pub address_ids: Vec<u8>,
    /// Reserved bits, where they are not 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserved: u8,
}

impl From<&mptcp::RemoveAddr> for RemoveAddr {
    fn from(remove: &mptcp::RemoveAddr) -> Self {
        Self {
            option_len: remove.wire_len(),
            address_ids: remove.ids().map(|id| id.0).collect(),
            reserved: remove.reserved,
        }
    }
}

/// MP_PRIO (RFC 8684 §3.3.8).
///
/// ```json
/// {"kind": "MP_PRIO", "option_len": 3, "backup": true}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MpPrio {
    /// Octets of the option.
    pub option_len: u8,
    /// B: use as backup only.
    pub backup: bool,
    /// Version 0 only: the address that is meant instead of this subflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_id: Option<u8>,
    /// Reserved bits, where they are not 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserved: u8,
}

impl From<&mptcp::Prio> for MpPrio {
    fn from(prio: &mptcp::Prio) -> Self {
        Self {
            option_len: prio.wire_len(),
            backup: prio.backup,
            address_id: prio.address_id.map(|id| id.0),
            reserved: prio.reserved,
        }
    }
}

/// MP_FAIL (RFC 8684 §3.7).
///
/// ```json
/// {"kind": "MP_FAIL", "option_len": 12, "dsn": "0xd797845e913152e4"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MpFail {
    /// Octets of the option.
    pub option_len: u8,
    /// Start of the mapping that failed.
    pub dsn: Hex64,
    /// Reserved bits, where they are not 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserved: u16,
}

impl From<&Fail> for MpFail {
    fn from(fail: &Fail) -> Self {
        Self { option_len: Fail::WIRE_LEN, dsn: Hex64(fail.dsn.0), reserved: fail.reserved }
    }
}

/// MP_FASTCLOSE (RFC 8684 §3.5).
///
/// ```json
/// {"kind": "MP_FASTCLOSE", "option_len": 12, "receiver_key": "0x8d184fe95524ca7a"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MpFastclose {
    /// Octets of the option.
    pub option_len: u8,
    /// Key of the peer.
    pub receiver_key: Hex64,
    /// Reserved bits, where they are not 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserved: u16,
}

impl From<&FastClose> for MpFastclose {
    fn from(close: &FastClose) -> Self {
        Self {
            option_len: FastClose::WIRE_LEN,
            receiver_key: Hex64(close.receiver_key.0),
            reserved: close.reserved,
        }
    }
}

/// MP_TCPRST (RFC 8684 §3.6).
///
/// ```json
/// {"kind": "MP_TCPRST", "option_len": 4, "reason": 1,
///  "reason_name": "mptcp_specific_error", "transient": false}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MpTcprst {
    /// Octets of the option.
    pub option_len: u8,
    /// Reason code.
    pub reason: u8,
    /// Its name; `"unassigned"` for a code that has none.
    pub reason_name: &'static str,
    /// T: the path may be tried again.
    pub transient: bool,
    /// U, V and W, where they are not 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub reserved: u8,
}

impl From<&mptcp::TcpReset> for MpTcprst {
    fn from(reset: &mptcp::TcpReset) -> Self {
        Self {
            option_len: mptcp::TcpReset::WIRE_LEN,
            reason: reset.reason.0,
            reason_name: reset.reason.name(),
            transient: reset.transient,
            reserved: reset.reserved,
        }
    }
}

/// An option whose fields are not known, as its octets.
///
/// ```json
/// {"kind": "MP_EXPERIMENTAL", "option_len": 6, "subtype": 15, "raw": "0xf0010203"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Raw {
    /// Octets of the option.
    pub option_len: u8,
    /// Subtype, or null if the option is too short to have one.
    pub subtype: Option<u8>,
    /// All octets after kind and length.
    pub raw: HexOctets,
}

impl From<&OptionBody> for Raw {
    fn from(body: &OptionBody) -> Self {
        let octets = body.as_slice();
        Self {
            option_len: u8::try_from(octets.len() + 2).unwrap_or(u8::MAX),
            subtype: octets.first().map(|octet| octet >> 4),
            raw: HexOctets(octets.to_vec()),
        }
    }
}

/// For `skip_serializing_if`.
fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
