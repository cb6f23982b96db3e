//! What the report knows of the connection and the subflow that a packet is of: enough to prove what
//! its options claim, and to count its sequence numbers from the beginning of the stream.

use super::state::App;
use crate::report::fields::{self, Known};
use crate::report::hex::Hex64;
use crate::report::model::{Connection, HmacVerdict, Host, Subflow};
use crate::track::index::Entry;
use crate::track::proof::Verdict;
use crate::track::role::{Direction, Role};
use crate::wire::crypto;
use crate::wire::mptcp::{Join, Key, MptcpOption};
use crate::wire::seq::{Dsn, WireDsn};

/// Where a packet belongs.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// The subflow.
    pub subflow: &'a Subflow,
    /// Who sent it.
    pub direction: Direction,
}

impl<'a> Facts<'a> {
    /// `None` for a packet of no connection that the report has.
    pub fn of(app: &'a App, entry: &Entry) -> Option<Self> {
        let position = app.snapshot.subflows.position(entry)?;
        let connection = app.all_connections().get(position.connection)?;
        let subflow = connection.subflows.get(position.subflow)?;
        Some(Self { connection, subflow, direction: entry.direction() })
    }

    const fn host(&self, role: Role) -> &'a Host {
        match role {
            Role::Client => &self.connection.client,
            Role::Server => &self.connection.server,
        }
    }

    fn key(&self, role: Role) -> Option<Key> {
        self.host(role).key.map(|Hex64(key)| Key(key))
    }

    fn idsn(&self, role: Role) -> Option<Dsn> {
        self.host(role).idsn.map(|Hex64(idsn)| Dsn(idsn))
    }

    /// A DSN of the sender, counted from the beginning of its stream.
    pub fn relative_dsn(&self, dsn: WireDsn) -> Option<i64> {
        fields::relative(dsn, self.idsn(self.direction.sender()))
    }

    /// A DATA_ACK of the sender, which is a DSN of its peer, counted likewise.
    pub fn relative_ack(&self, ack: WireDsn) -> Option<i64> {
        fields::relative(ack, self.idsn(self.direction.sender().peer()))
    }

    /// What the proof in an option is worth; `None` where there is none.
    pub fn verdict(&self, option: &MptcpOption) -> Option<Verdict> {
        let sender = self.direction.sender();
        let hmac = self.subflow.hmac.as_ref();
        match option {
            MptcpOption::Join(Join::SynAck { .. }) => hmac.map(|hmac| verdict(hmac.syn_ack)),
            MptcpOption::Join(Join::Ack { .. }) => hmac.map(|hmac| verdict(hmac.ack)),
            MptcpOption::AddAddr(add) if add.hmac().is_some() => {
                let keys = self.key(sender).zip(self.key(sender.peer()));
                let fits = |keys| crypto::matching_add_addr_variant(keys, add).is_some();
                Some(keys.map_or(Verdict::Unverifiable, |keys| judge(fits(keys))))
            }
            MptcpOption::FastClose(close) => {
                let key = self.key(sender.peer());
                Some(key.map_or(Verdict::Unverifiable, |key| judge(key == close.receiver_key)))
            }
            _ => None,
        }
    }

    /// The same, for the fields of a packet.
    pub fn known<'b>(&self, proof: &'b dyn Fn(&MptcpOption) -> Option<Verdict>) -> Known<'b> {
        let sender = self.direction.sender();
        Known { proof, sender_idsn: self.idsn(sender), receiver_idsn: self.idsn(sender.peer()) }
    }
}

const fn judge(holds: bool) -> Verdict {
    if holds { Verdict::Verified } else { Verdict::Mismatch }
}

const fn verdict(verdict: HmacVerdict) -> Verdict {
    match verdict {
        HmacVerdict::Verified => Verdict::Verified,
        HmacVerdict::Mismatch => Verdict::Mismatch,
        HmacVerdict::Unverifiable => Verdict::Unverifiable,
        HmacVerdict::Absent => Verdict::Absent,
    }
}
