//! The MPTCP option that a phrase of a line stands for.

use std::net::IpAddr;

use anyhow::{Context, Result, bail};
use mptcpscope::internals::track::role::{PerRole, Role};
use mptcpscope::internals::wire::crypto::{self, AddAddrHmacVariant, DssChecksum, JoinParty};
use mptcpscope::internals::wire::mptcp::{
    AddAddr, AddressFlavour, AddressId, CapableFlags, CapableForm, DataLevelLength, Dss, Key,
    Mapping, MpCapable, MpFail, MpFastClose, MpJoin, MpPrio, MpTcpRst, MptcpOption, RemoveAddr,
    ResetReason, Token, Version,
};
use mptcpscope::internals::wire::segment::TcpFlags;
use mptcpscope::internals::wire::seq::{Dsn, WireDsn};

use super::state::{Connection, Host, Name, Subflow};
use super::words::{Phrase, Words, number};

/// What an option is made from: the segment that it stands on.
pub(crate) struct Carrier<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) subflow: &'a Subflow,
    pub(crate) name: Name,
    pub(crate) sender: Role,
    pub(crate) flags: TcpFlags,
    /// Position of the segment on its subflow.
    pub(crate) position: u64,
    /// Offset of its payload in the data sequence space.
    pub(crate) offset: u64,
    pub(crate) payload_len: u64,
    /// Tokens of the servers of all connections, for `to=B`.
    pub(crate) token_of: &'a dyn Fn(char, Role) -> Result<Token>,
}

impl Carrier<'_> {
    /// Makes the option, and says where a DATA_FIN in it stands.
    pub(crate) fn option(&self, phrase: &Phrase) -> Result<(MptcpOption, Option<u64>)> {
        let mut words = phrase.words.clone();
        let words = &mut words;
        let mut fin = None;
        let option = match phrase.name.as_str() {
            "mp_capable" => self.capable(words)?,
            "mp_join" => self.join(words)?,
            "dss" => {
                let (dss, data_fin) = self.dss(words)?;
                fin = data_fin;
                MptcpOption::Dss(dss)
            }
            "add_addr" => self.add_addr(words)?,
            "remove_addr" => {
                let ids = words.numbers("id")?;
                let ids: Vec<_> =
                    ids.iter().map(|id| u8::try_from(*id)).collect::<Result<_, _>>()?;
                MptcpOption::RemoveAddr(RemoveAddr::new(&ids, 0))
            }
            "mp_prio" => MptcpOption::MpPrio(MpPrio {
                backup: words.has("backup")?,
                address_id: words.value("id")?.map(AddressId),
                reserved: words.value("reserved")?.unwrap_or(0),
            }),
            "mp_fail" => {
                let offset = words.number("at")?.context("mp_fail wants at=")?;
                let dsn = self.host(self.sender.peer()).dsn(offset);
                MptcpOption::MpFail(MpFail { dsn, reserved: 0 })
            }
            "mp_fastclose" => {
                let own = self.host(self.sender.peer()).key;
                let receiver_key = words.number("key")?.map_or(own, Key);
                MptcpOption::MpFastClose(MpFastClose { receiver_key, reserved: 0 })
            }
            "mp_tcprst" => MptcpOption::MpTcpRst(MpTcpRst {
                transient: words.has("transient")?,
                reason: ResetReason(words.value("reason")?.unwrap_or(0)),
                reserved: 0,
            }),
            name => bail!("no option is called '{name}'"),
        };
        let rest = words.clone();
        rest.finish().with_context(|| format!("in {}", phrase.name))?;
        Ok((option, fin))
    }

    fn host(&self, role: Role) -> &Host {
        self.connection.hosts.of(role)
    }

    fn capable(&self, words: &mut Words) -> Result<MptcpOption> {
        let version = words.value("version")?.map_or(self.connection.version, Version);
        let checksum = self.connection.settings.checksum;
        let mut bit =
            |name: &str, bit: u8| Ok::<_, anyhow::Error>(u8::from(words.has(name)?) * bit);
        let (extended, deny, no_hmac) = (bit("B", 0x40)?, bit("C", 0x20)?, bit("noH", 0x01)?);
        let asked = if checksum { 0x80 } else { 0 };
        let flags = CapableFlags((0x01 ^ no_hmac) | extended | deny | asked);
        let sender = words.number("key")?.map_or(self.host(self.sender).key, Key);
        let receiver = self.host(self.sender.peer()).key;
        let form = if self.flags.is_syn() && version != Version::V0 {
            CapableForm::Bare
        } else if self.flags.has(TcpFlags::SYN) {
            CapableForm::SenderKey { sender }
        } else if self.payload_len == 0 || version == Version::V0 {
            CapableForm::BothKeys { sender, receiver }
        } else {
            let data_len = words.value("len")?.unwrap_or(u16::try_from(self.payload_len)?);
            let sum = self.checksum(0, self.host(self.sender).dsn(0), 1, data_len, data_len);
            let checksum = self.stored_checksum(words, sum)?;
            CapableForm::BothKeysAndData { sender, receiver, data_len, checksum }
        };
        Ok(MptcpOption::MpCapable(MpCapable { version, flags, form }))
    }

    fn join(&self, words: &mut Words) -> Result<MptcpOption> {
        let joiner = self.subflow.opener;
        let party = |role: Role| JoinParty {
            key: self.host(role).key,
            nonce: self.subflow.ends.of(role).nonce,
        };
        let hmac = crypto::join_hmac(
            self.connection.version,
            party(self.sender),
            party(self.sender.peer()),
        );
        let spoiled = spoiled(words)?;
        let own_id = if self.sender == joiner { self.name.subflow } else { 0 };
        let backup = words.has("backup")?;
        let address_id = AddressId(words.value("id")?.unwrap_or(own_id));
        let nonce = self.subflow.ends.of(self.sender).nonce;
        Ok(MptcpOption::MpJoin(if self.flags.is_syn() {
            let letter = words.value("to")?.unwrap_or(self.name.connection);
            let token = match words.number("token")? {
                Some(token) => Token(u32::try_from(token)?),
                None => (self.token_of)(letter, joiner.peer())?,
            };
            MpJoin::Syn { backup, address_id, token, nonce, reserved: 0 }
        } else if self.flags.is_syn_ack() {
            let hmac = hmac.syn_ack() ^ u64::from(spoiled);
            MpJoin::SynAck { backup, address_id, hmac, nonce, reserved: 0 }
        } else {
            let mut hmac = hmac.ack();
            hmac[19] ^= u8::from(spoiled);
            MpJoin::Ack { hmac, reserved: 0 }
        }))
    }

    fn dss(&self, words: &mut Words) -> Result<(Dss, Option<u64>)> {
        let data_ack = self.data_ack(words)?;
        let fin = words.has("fin")?;
        let infinite = words.has("infinite")?;
        let from = words.number("from")?.unwrap_or(self.offset);
        let length = words.number("len")?.unwrap_or(self.payload_len + u64::from(fin));
        if words.has("nomap")? || (length == 0 && !infinite) {
            return Ok((Dss::new(data_ack, None, fin), None));
        }
        let dsn = words.number("dsn")?.map_or(self.host(self.sender).dsn(from), Dsn);
        let origin = self.subflow.ends.of(self.sender).origin;
        let lone_fin = fin && self.payload_len == 0;
        let own_ssn = if lone_fin { 0 } else { self.position.wrapping_sub(origin) };
        #[expect(clippy::cast_possible_truncation, reason = "subflow sequence numbers wrap")]
        let ssn = words.number("ssn")?.unwrap_or(own_ssn) as u32;
        let bytes = u16::try_from(length)?;
        let sum = self.checksum(from, dsn, ssn, bytes, bytes - u16::from(fin && bytes > 0));
        let checksum = self.stored_checksum(words, if infinite { 0 } else { sum })?;
        let length =
            if infinite { DataLevelLength::Infinite } else { DataLevelLength::Bytes(bytes) };
        let short = is_short(words, "dsn32", "dsn64", self.connection.settings.short_dsn)?;
        let mapping = Mapping { dsn: wire(dsn, short), ssn, length, checksum };
        let data_fin = fin.then(|| from + u64::from(bytes) - 1);
        Ok((Dss::new(data_ack, Some(mapping), fin), data_fin))
    }

    fn data_ack(&self, words: &mut Words) -> Result<Option<WireDsn>> {
        let short = is_short(words, "ack32", "ack64", self.connection.settings.short_ack)?;
        let peer = self.host(self.sender.peer());
        let offset = words.number("ack")?.unwrap_or(peer.received.end());
        Ok((!words.has("noack")?).then(|| wire(peer.dsn(offset), short)))
    }

    /// The right checksum of a mapping of `len` bytes, `bytes` of which are payload.
    fn checksum(&self, from: u64, dsn: Dsn, ssn: u32, len: u16, bytes: u16) -> u16 {
        let mut sum = DssChecksum::new(dsn, ssn, len);
        sum.add(&self.host(self.sender).data(from, u64::from(bytes)));
        sum.finish()
    }

    /// What stands in the option: the right checksum where checksums are in use, or what the line
    /// asks for.
    fn stored_checksum(&self, words: &mut Words, right: u16) -> Result<Option<u16>> {
        Ok(match words.text("csum")?.as_deref() {
            None => self.connection.settings.checksum.then_some(right),
            Some("right") => Some(right),
            Some("bad") => Some(right ^ 0x0ff0),
            Some("swapped") => Some(right.swap_bytes()),
            Some("none") => None,
            Some(other) => Some(u16::try_from(number(other)?)?),
        })
    }

    fn add_addr(&self, words: &mut Words) -> Result<MptcpOption> {
        let address_id = AddressId(words.value("id")?.context("add_addr wants id=")?);
        let address: IpAddr = words.value("addr")?.context("add_addr wants addr=")?;
        let port: Option<u16> = words.value("port")?;
        let keys = (self.host(self.sender).key, self.host(self.sender.peer()).key);
        let (variant, spoiled) = match words.text("hmac")?.as_deref() {
            None => (AddAddrHmacVariant::Rfc8684, 0),
            Some("bad") => (AddAddrHmacVariant::Rfc8684, 1),
            Some("leftmost") => (AddAddrHmacVariant::LeftmostBits, 0),
            Some("without_port") => (AddAddrHmacVariant::PortLeftOut, 0),
            Some(other) => bail!("no HMAC is '{other}'"),
        };
        let hmac = spoiled ^ crypto::add_addr_hmac(variant, keys, address_id, address, port);
        let flavour = if words.has("echo")? {
            AddressFlavour::Echo
        } else if self.connection.version == Version::V0 {
            AddressFlavour::V0
        } else {
            AddressFlavour::Announcement { hmac }
        };
        Ok(MptcpOption::AddAddr(AddAddr { address_id, address, port, flavour, reserved: 0 }))
    }
}

/// Whether a number is 4 bytes wide: as the line says, else as usual.
fn is_short(words: &mut Words, short: &str, long: &str, usual: bool) -> Result<bool> {
    let (short, long) = (words.has(short)?, words.has(long)?);
    Ok(short || usual && !long)
}

/// The tokens of both hosts.
pub(crate) fn tokens(connection: &Connection) -> PerRole<Token> {
    let token = |role| crypto::token(connection.hosts.of(role).key, connection.version);
    PerRole { client: token(Role::Client), server: token(Role::Server) }
}

/// Whether the HMAC is to be wrong: `hmac=bad`.
fn spoiled(words: &mut Words) -> Result<bool> {
    match words.text("hmac")?.as_deref() {
        None => Ok(false),
        Some("bad") => Ok(true),
        Some(other) => bail!("no HMAC is '{other}'"),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
const fn wire(dsn: Dsn, short: bool) -> WireDsn {
    if short { WireDsn::Short(dsn.0 as u32) } else { WireDsn::Long(dsn.0) }
}
