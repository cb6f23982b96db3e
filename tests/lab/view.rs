//! A report as one of its hosts sees it: what it sent, and what it received.

use mptcpscope::internals::report::Report;
use mptcpscope::internals::report::event::EventKind;
use mptcpscope::internals::report::model::{
    Connection, DataDirection, Reset, Subflow, SubflowDirection,
};
use mptcpscope::internals::track::fallback::FallbackCause;
use mptcpscope::internals::track::proof::Verdict;
use mptcpscope::internals::track::role::{Direction, Role};
use mptcpscope::internals::track::subflow::SubflowState;
use mptcpscope::internals::wire::mptcp::ResetReason;
use mptcpscope::internals::wire::mptcp::{
    AddAddr, DataLevelLength, MpJoin, MptcpOption, RemoveAddr,
};

/// Which host the counters are of: the one that connects, or the one that accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    fn role(self) -> Role {
        match self {
            Self::Client => Role::Client,
            Self::Server => Role::Server,
        }
    }

    fn sends(self) -> Direction {
        match self {
            Self::Client => Direction::ClientToServer,
            Self::Server => Direction::ServerToClient,
        }
    }
}

/// The report of a capture taken at one host, as that host.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) side: Side,
    pub(crate) report: &'a Report,
}

/// A subflow, as one of its hosts.
#[derive(Clone, Copy)]
pub(crate) struct PacketStamp<'a> {
    pub(crate) side: Side,
    /// `None` if the capture has nothing of its connection.
    pub(crate) connection: Option<&'a Connection>,
    pub(crate) subflow: &'a Subflow,
}

/// Who sent an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Own,
    Peer,
}

impl<'a> View<'a> {
    pub(crate) fn subflows(self) -> impl Iterator<Item = PacketStamp<'a>> {
        let side = self.side;
        let placed = self.report.connections.iter().flat_map(move |connection| {
            let seen = move |subflow| PacketStamp { side, connection: Some(connection), subflow };
            connection.subflows.iter().map(seen)
        });
        let orphans = self.report.orphan_subflows.iter();
        let orphans = orphans.map(move |orphan| PacketStamp {
            side,
            connection: None,
            subflow: &orphan.subflow,
        });
        placed.chain(orphans)
    }

    /// Counts subflows.
    pub(crate) fn count(self, is_counted: impl Fn(&PacketStamp<'a>) -> bool) -> u64 {
        self.subflows().filter(is_counted).count() as u64
    }

    /// Adds up something of each subflow.
    pub(crate) fn sum(self, of: impl Fn(&PacketStamp<'a>) -> u64) -> u64 {
        self.subflows().map(|seen| of(&seen)).sum()
    }

    /// Counts the options and TCP events of one host that `is_counted` picks.
    pub(crate) fn options(self, from: Sender, is_counted: impl Fn(&EventKind) -> bool) -> u64 {
        self.sum(|seen| seen.events(from).filter(|(_, kind)| is_counted(kind)).count() as u64)
    }

    /// Counts ADD_ADDR options of one host.
    pub(crate) fn add_addrs(self, from: Sender, is_counted: impl Fn(&AddAddr) -> bool) -> u64 {
        self.options(
            from,
            |kind| matches!(kind, EventKind::Option(MptcpOption::AddAddr(add)) if is_counted(add)),
        )
    }

    /// Counts address IDs in REMOVE_ADDR options of one host.
    pub(crate) fn removed_ids(self, from: Sender) -> u64 {
        self.sum(|seen| seen.removed_ids(from).count() as u64)
    }

    /// Whether more than one subflow of a connection carried data, or one carried some twice: only
    /// then can data come out of order at data level.
    pub(crate) fn can_be_out_of_order(self) -> bool {
        self.report.connections.iter().any(|connection| {
            let data = [&connection.c2s, &connection.s2c];
            connection.subflows.len() > 1
                || data.iter().any(|data| data.remapped_bytes + data.reinjected_bytes > 0)
        })
    }

    /// Bytes of one host that were sent again at data level.
    pub(crate) fn resent_bytes(self, from: Sender) -> u64 {
        self.sum(|seen| {
            let data = seen.data(from);
            data.reinjected_bytes + data.remapped_bytes
        })
    }
}

impl<'a> PacketStamp<'a> {
    pub(crate) fn is_opener(&self) -> bool {
        self.subflow.opened_by == self.side.role()
    }

    pub(crate) fn is_initial(&self) -> bool {
        self.subflow.initial
    }

    /// Whether this host knows that both speak MPTCP: the acceptor by the keys that come back, the
    /// opener by the first option after the handshake.
    pub(crate) fn is_agreed(&self) -> bool {
        if self.is_opener() {
            self.is_initial() && self.has_spoken(Sender::Peer)
        } else {
            self.is_initial()
                && self.has_both_keys(Sender::Peer)
                && !self.fell_back(FallbackCause::AckWithoutMpCapable)
        }
    }

    /// Whether one host sent an MPTCP option that belongs to an open connection.
    fn has_spoken(&self, from: Sender) -> bool {
        let is_word = |kind: &EventKind| {
            matches!(kind, EventKind::Option(MptcpOption::Dss(_) | MptcpOption::AddAddr(_)))
        };
        self.events(from).any(|(_, kind)| is_word(kind))
    }

    /// Whether the connection went on as plain TCP after the handshake, and nobody announced it.
    pub(crate) fn went_silent(&self) -> bool {
        self.fell_back(FallbackCause::DataWithoutMapping)
            || self.fell_back(FallbackCause::AnswerWithoutDss)
            || self.fell_back(FallbackCause::ChecksumFailed)
    }

    fn has_both_keys(&self, from: Sender) -> bool {
        self.events(from).any(|(_, kind)| {
            matches!(kind, EventKind::Option(MptcpOption::MpCapable(capable)) if capable.receiver_key().is_some())
        })
    }

    /// A join of this host's.
    pub(crate) fn is_own_join(&self) -> bool {
        !self.is_initial() && self.is_opener() && self.subflow.handshake.syn.is_some()
    }

    /// A join to this host, where somebody listens: else the answer is a bare RST.
    pub(crate) fn is_join_here(&self) -> bool {
        let handshake = &self.subflow.handshake;
        let is_unheard = handshake.syn_ack.is_none()
            && self.own_refusal().is_some_and(|reset| reset.reason.is_none());
        !self.is_initial() && !self.is_opener() && handshake.syn.is_some() && !is_unheard
    }

    /// Options and TCP events that one host sent on the subflow, with their packets.
    pub(crate) fn events(
        &self,
        from: Sender,
    ) -> impl Iterator<Item = (u64, &'a EventKind)> + use<'a> {
        let id = self.subflow.id;
        let own = self.side.sends();
        let events = self.connection.into_iter().flat_map(|connection| &connection.events);
        events
            .filter(move |event| event.subflow == id)
            .filter(move |event| (event.direction == own) == (from == Sender::Own))
            .map(|event| (event.packet, &event.kind))
    }

    /// How many MP_TCPRST one host sent on the subflow up to a packet.
    pub(crate) fn resets(&self, from: Sender, last: u64) -> u64 {
        let is_reset = |(packet, kind): &(u64, &EventKind)| {
            *packet <= last && matches!(kind, EventKind::Option(MptcpOption::MpTcpRst(_)))
        };
        self.events(from).filter(is_reset).count() as u64
    }

    /// The packet with which the second direction of the connection ended, if both did.
    pub(crate) fn end_of_data(&self) -> u64 {
        let fin = |data: &DataDirection| data.data_fin.map(|moment| moment.packet);
        let fins = self.connection.and_then(|c| Some((fin(&c.c2s)?, fin(&c.s2c)?)));
        fins.map_or(u64::MAX, |(client, server)| client.max(server))
    }

    pub(crate) fn data(&self, from: Sender) -> &'a SubflowDirection {
        match (self.side, from) {
            (Side::Client, Sender::Own) | (Side::Server, Sender::Peer) => &self.subflow.c2s,
            _ => &self.subflow.s2c,
        }
    }

    /// Whether one host's MP_CAPABLE is on the packet.
    pub(crate) fn has_capable(&self, from: Sender, packet: Option<u64>) -> bool {
        self.events(from).any(|(number, kind)| {
            Some(number) == packet && matches!(kind, EventKind::Option(MptcpOption::MpCapable(_)))
        })
    }

    /// Whether one host said in the MP_JOIN of its SYN that the subflow is a backup.
    pub(crate) fn is_backup_by_syn(&self, from: Sender) -> bool {
        self.joins(from).any(|join| matches!(join, MpJoin::Syn { backup: true, .. }))
    }

    /// The same of its SYN/ACK.
    pub(crate) fn is_backup_by_syn_ack(&self, from: Sender) -> bool {
        self.joins(from).any(|join| matches!(join, MpJoin::SynAck { backup: true, .. }))
    }

    fn joins(&self, from: Sender) -> impl Iterator<Item = &MpJoin> {
        self.events(from).filter_map(|(_, kind)| match kind {
            EventKind::Option(MptcpOption::MpJoin(join)) => Some(join),
            _ => None,
        })
    }

    pub(crate) fn syn_ack_hmac_is(&self, verdict: Verdict) -> bool {
        self.subflow.hmac.as_ref().is_some_and(|hmac| hmac.syn_ack == verdict)
    }

    pub(crate) fn ack_hmac_is(&self, verdict: Verdict) -> bool {
        self.subflow.hmac.as_ref().is_some_and(|hmac| hmac.ack == verdict)
    }

    /// Whether it never came to a subflow because of a RST.
    pub(crate) fn is_refused(&self) -> bool {
        self.subflow.state == SubflowState::Refused
    }

    /// This host's refusal.
    pub(crate) fn own_refusal(&self) -> Option<&'a Reset> {
        let reset = self.subflow.reset.as_ref().filter(|_| self.is_refused())?;
        (reset.from == self.side.role()).then_some(reset)
    }

    /// Whether this host answered the SYN with a RST of this reason.
    pub(crate) fn refused_syn(&self, reason: u8) -> bool {
        let refusal = self.own_refusal();
        self.subflow.handshake.syn_ack.is_none()
            && refusal.is_some_and(|reset| reset.reason == Some(ResetReason(reason)))
    }

    /// A join to this host that it took.
    pub(crate) fn is_taken(&self) -> bool {
        self.is_join_here() && self.ack_hmac_is(Verdict::Verified) && self.own_refusal().is_none()
    }

    /// Whether the join goes to another port than the one that its acceptor has in the connection.
    pub(crate) fn is_to_other_port(&self) -> bool {
        let Some(initial) = self.connection.and_then(|connection| connection.subflows.first())
        else {
            return false;
        };
        match self.subflow.opened_by {
            Role::Client => self.subflow.server.port != initial.server.port,
            Role::Server => self.subflow.client.port != initial.client.port,
        }
    }

    /// Whether the connection went on as plain TCP because of this, on this subflow.
    pub(crate) fn fell_back(&self, cause: FallbackCause) -> bool {
        let fallback = self.connection.and_then(|connection| connection.fallback.as_ref());
        self.is_initial() && fallback.is_some_and(|fallback| fallback.cause == cause)
    }

    /// Whether an infinite mapping of one host is on it.
    pub(crate) fn has_infinite_mapping(&self, from: Sender) -> bool {
        self.events(from).any(|(_, kind)| {
            matches!(kind, EventKind::Option(MptcpOption::Dss(dss))
                if dss.mapping.is_some_and(|mapping| mapping.length == DataLevelLength::Infinite))
        })
    }

    /// Address IDs that one host withdrew on this subflow, with the packets that say so.
    pub(crate) fn removed_ids(&self, from: Sender) -> impl Iterator<Item = (u64, u8)> + use<'a> {
        self.events(from).flat_map(|(packet, kind)| {
            let remove = match kind {
                EventKind::Option(MptcpOption::RemoveAddr(remove)) => Some(remove),
                _ => None,
            };
            let ids = remove.into_iter().flat_map(RemoveAddr::ids);
            ids.map(move |id| (packet, id.0))
        })
    }

    /// Whether this host withdrew the address of its end while the subflow was there.
    pub(crate) fn is_withdrawn(&self) -> bool {
        let Some(connection) = self.connection else { return false };
        let own = self.own_address_id();
        let opened = self.subflow.handshake.syn.unwrap_or(0);
        connection.subflows.iter().any(|subflow| {
            let mut removed = Self { subflow, ..*self }.removed_ids(Sender::Own);
            removed.any(|(packet, id)| packet > opened && Some(id) == own)
        })
    }

    /// This host's address ID on the subflow.
    pub(crate) fn own_address_id(&self) -> Option<u8> {
        match self.side {
            Side::Client => self.subflow.client.address_id,
            Side::Server => self.subflow.server.address_id,
        }
        .map(|id| id.0)
    }

    /// Whether the announcement is proved by its HMAC.
    pub(crate) fn is_proved(&self, add: &AddAddr) -> bool {
        let mut addresses =
            self.connection.into_iter().flat_map(|connection| &connection.addresses);
        addresses.any(|address| {
            (address.address_id, address.address) == (add.address_id, Some(add.address))
                && address.hmac == Some(Verdict::Verified)
        })
    }
}
