//! What can be proved: HMACs of MP_JOIN and ADD_ADDR, and the key of MP_FASTCLOSE.
//!
//! They are computed on demand, since a key may be seen after the proof that needs it.

use super::role::{PerRole, Role};
use super::state::address::AnnouncedAddress;
use super::state::connection::Connection;
use super::state::handshake::JoinHandshake;
use super::state::subflow::Subflow;
use crate::wire::crypto::{self, AddAddrHmacVariant, JoinHmac, JoinParty};
use crate::wire::mptcp::{AddressFlavour, Key, MpJoin, MptcpOption, Version};

/// What a proof is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Recomputed and equal.
    Verified,
    /// Recomputed and different.
    Mismatch,
    /// What is needed to recompute it was not captured.
    Unverifiable,
    /// There is nothing to prove: the option was not seen.
    Absent,
}

impl Verdict {
    /// Stable name, for reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Mismatch => "mismatch",
            Self::Unverifiable => "unverifiable",
            Self::Absent => "absent",
        }
    }
}

/// The two proofs of a MP_JOIN handshake (RFC 8684 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinVerdicts {
    /// The joinee's truncated HMAC in the SYN/ACK.
    pub syn_ack: Verdict,
    /// The joiner's HMAC in the ACK.
    pub ack: Verdict,
}

/// The proofs of a joined subflow; `None` on the initial one.
pub fn join_verdicts(connection: &Connection, subflow: &Subflow) -> Option<JoinVerdicts> {
    let join = subflow.join.as_ref()?;
    let expected = expected_hmacs(connection, subflow.opener, join);
    Some(JoinVerdicts {
        syn_ack: judge(join.syn_ack_hmac, expected.map(|(joinee, _)| joinee.syn_ack())),
        ack: judge(join.ack_hmac, expected.map(|(_, joiner)| joiner.ack())),
    })
}

/// Whether the SYN/ACK of a join that `opener` began proves that it belongs to `connection`.
pub fn belongs_to(connection: &Connection, opener: Role, join: &JoinHandshake) -> bool {
    let expected = expected_hmacs(connection, opener, join);
    expected.is_some_and(|(joinee, _)| join.syn_ack_hmac == Some(joinee.syn_ack()))
}

/// The proofs of a joined subflow whose connection is not known: nothing can be verified.
pub fn unverified(subflow: &Subflow) -> Option<JoinVerdicts> {
    let join = subflow.join.as_ref()?;
    Some(JoinVerdicts { syn_ack: judge(join.syn_ack_hmac, None), ack: judge(join.ack_hmac, None) })
}

/// The HMACs of joinee and joiner. The roles follow the join, not the connection.
fn expected_hmacs(
    connection: &Connection,
    opener: Role,
    join: &JoinHandshake,
) -> Option<(JoinHmac, JoinHmac)> {
    let version = connection.version.unwrap_or(Version::V1);
    join_hmacs(version, keys(connection), opener, join)
}

fn join_hmacs(
    version: Version,
    keys: PerRole<Option<Key>>,
    opener: Role,
    join: &JoinHandshake,
) -> Option<(JoinHmac, JoinHmac)> {
    let asking = JoinParty { key: (*keys.of(opener))?, nonce: join.joiner_nonce? };
    let answering = JoinParty { key: (*keys.of(opener.peer()))?, nonce: join.joinee_nonce? };
    Some((
        crypto::join_hmac(version, answering, asking),
        crypto::join_hmac(version, asking, answering),
    ))
}

fn keys(connection: &Connection) -> PerRole<Option<Key>> {
    let PerRole { client, server } = &connection.hosts;
    PerRole { client: client.key, server: server.key }
}

/// What it takes to judge the proofs in the options of a subflow.
#[derive(Debug, Clone, Copy)]
pub struct ProofBasis {
    version: Version,
    keys: PerRole<Option<Key>>,
    opener: Role,
    join: Option<JoinHandshake>,
}

impl ProofBasis {
    /// As far as it is known by now.
    pub fn new(connection: &Connection, subflow: &Subflow) -> Self {
        Self {
            version: connection.version.unwrap_or(Version::V1),
            keys: keys(connection),
            opener: subflow.opener,
            join: subflow.join,
        }
    }

    /// What the proof in an option is worth, sent by `sender`; `None` for an option that carries none.
    pub fn verdict(&self, sender: Role, option: &MptcpOption) -> Option<Verdict> {
        let expected = || join_hmacs(self.version, self.keys, self.opener, self.join.as_ref()?);
        match option {
            MptcpOption::MpJoin(MpJoin::SynAck { hmac, .. }) => {
                Some(judge(Some(*hmac), expected().map(|(joinee, _)| joinee.syn_ack())))
            }
            MptcpOption::MpJoin(MpJoin::Ack { hmac, .. }) => {
                Some(judge(Some(*hmac), expected().map(|(_, joiner)| joiner.ack())))
            }
            MptcpOption::AddAddr(add) if add.hmac().is_some() => {
                let keys = self.keys.of(sender).zip(*self.keys.of(sender.peer()));
                Some(keys.map_or(Verdict::Unverifiable, |keys| {
                    let variant = crypto::matching_add_addr_variant(keys, add);
                    if variant.is_some() { Verdict::Verified } else { Verdict::Mismatch }
                }))
            }
            MptcpOption::MpFastClose(close) => {
                Some(judge(Some(close.receiver_key), *self.keys.of(sender.peer())))
            }
            _ => None,
        }
    }
}

/// What the proof in a single option is worth, sent by `sender` on `subflow`; `None` for an option
/// that carries none.
pub fn of_option(
    connection: &Connection,
    subflow: &Subflow,
    sender: Role,
    option: &MptcpOption,
) -> Option<Verdict> {
    ProofBasis::new(connection, subflow).verdict(sender, option)
}

/// The proof of an announced address, and which way of computing it matched. Of several
/// announcements of the same address the worst counts.
pub fn address_verdict(
    connection: &Connection,
    address: &AnnouncedAddress,
) -> (Verdict, Option<AddAddrHmacVariant>) {
    let proofs = address
        .options
        .iter()
        .filter(|option| !matches!(option.flavour, AddressFlavour::V0 | AddressFlavour::Echo));
    let mut verdict = (Verdict::Absent, None);
    for option in proofs {
        let Some(keys) = keys_of(connection, address.owner) else {
            return (Verdict::Unverifiable, None);
        };
        match crypto::matching_add_addr_variant(keys, option) {
            Some(variant) => verdict = (Verdict::Verified, Some(variant)),
            None => return (Verdict::Mismatch, None),
        }
    }
    verdict
}

/// The keys of `sender` and its peer (RFC 8684 §3.4.1: the sender's goes first).
fn keys_of(connection: &Connection, sender: Role) -> Option<(Key, Key)> {
    Some((connection.hosts.of(sender).key?, connection.hosts.of(sender.peer()).key?))
}

/// The proof of the first MP_FASTCLOSE: it must carry the peer's key (RFC 8684 §3.5).
pub fn fast_close_verdict(connection: &Connection) -> Verdict {
    let Some(close) = connection.fast_close else { return Verdict::Absent };
    judge(Some(close.receiver_key), connection.hosts.of(close.from.peer()).key)
}

fn judge<T: PartialEq>(seen: Option<T>, expected: Option<T>) -> Verdict {
    match (seen, expected) {
        (None, _) => Verdict::Absent,
        (Some(_), None) => Verdict::Unverifiable,
        (Some(seen), Some(expected)) if seen == expected => Verdict::Verified,
        (Some(_), Some(_)) => Verdict::Mismatch,
    }
}
