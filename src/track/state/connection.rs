//! An MPTCP connection over all its subflows.

use super::address::AddressBook;
use super::data::DataSpace;
use super::delivery::Delivered;
use super::event::Events;
use super::stray::Strays;
use super::stream::Stream;
use super::subflow::Subflow;
use crate::track::data_level::DataLevel;
use crate::track::fallback::Fallback;
use crate::track::ids::{ConnectionId, SubflowId};
use crate::track::role::{PerRole, Role};
use crate::track::stamp::PacketStamp;
use crate::wire::crypto;
use crate::wire::mptcp::{Key, MpCapable, Token, Version};
use crate::wire::seq::Dsn;

/// A connection. (`repr(C)`: see [`SubflowSide`](super::subflow::SubflowSide).)
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Connection {
    /// Last packet seen of it.
    pub last: PacketStamp,
    /// Whether its segments stand in the capture in another order than their times.
    pub out_of_order: bool,
    /// Whether each host sent a DSS already.
    pub dss_seen: PerRole<bool>,
    /// Whether it may still turn out to be a part of another connection.
    pub may_merge: bool,
    /// Whether segments of its subflows may take the fast path, as far as the connection decides that.
    pub(crate) fast_path: bool,
    /// How many joined subflows got through. From the first one on it can't fall back any more.
    pub joined: u32,
    /// How many joins sent their third ACK, and no answer to it was seen.
    pub joining: u32,
    /// The streams themselves, where they are put together.
    pub streams: PerRole<Option<Box<Stream>>>,
    /// The data sequence space of what each host sends.
    pub data: PerRole<DataSpace>,
    /// Where MPTCP stopped being spoken.
    pub fallback: Option<Fallback>,
    /// How many of its subflows are finished.
    pub finished: u32,
    /// Its subflows, in the order in which they were first seen.
    pub subflows: Vec<SubflowId>,
    /// What happened.
    pub events: Events,
    /// How many connections were begun before it. Those that turned out to be parts of others, and
    /// orphan joins, count.
    pub number: u64,
    /// How many forgotten connections the report would show before it.
    pub forgotten_before: u64,
    /// First packet seen of it.
    pub first: PacketStamp,
    /// The version in use, or asked for as long as there is no answer.
    pub version: Option<Version>,
    /// What MP_CAPABLE says of each host.
    pub hosts: PerRole<Host>,
    /// Whether DSS checksums are in use: either host asked for them (RFC 8684 §3.1).
    pub checksum: Option<bool>,
    /// Whether the MP_CAPABLE SYN, or something else that tells client from server, was seen.
    pub roles_certain: bool,
    /// The token that its joins name, for a connection whose MP_CAPABLE was not seen.
    pub known_by: Option<Token>,
    /// Addresses announced and withdrawn.
    pub addresses: AddressBook,
    /// The first MP_FASTCLOSE.
    pub fast_close: Option<FastCloseSeen>,
    /// Segments with its data sequence numbers on 4-tuples that are no subflows.
    pub strays: Option<Box<Strays>>,
    /// The connection that it would be a part of, if the other host knew its 4-tuple, and whether client
    /// and server are the other way round there.
    pub(crate) stray_of: Option<(ConnectionId, bool)>,
    /// Octets among TCP options that are no option.
    pub malformed_area: Option<Box<MalformedArea>>,
    /// The number of its next subflow.
    next_number: u32,
    /// Set when it turned out to be a part of another connection.
    pub merged: bool,
}

/// Octets among the TCP options of a segment that are no option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedArea {
    /// The first such segment.
    pub seen: PacketStamp,
    /// On which subflow.
    pub subflow: u32,
    /// Who sent it.
    pub from: Role,
    /// The octets, from the one on that should be the kind of an option.
    pub octets: Vec<u8>,
    /// How many such segments there are.
    pub count: u64,
}

/// A MP_FASTCLOSE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FastCloseSeen {
    /// The packet.
    pub seen: PacketStamp,
    /// Who sent it.
    pub from: Role,
    /// The key in it, which must be the peer's.
    pub receiver_key: Key,
}

/// What MP_CAPABLE says of a host.
#[derive(Debug, Clone, Copy, Default)]
pub struct Host {
    /// Its key.
    pub key: Option<Key>,
    /// Token of the key.
    pub token: Option<Token>,
    /// Initial data sequence number, from the key.
    pub idsn: Option<Dsn>,
    /// Its C bit (v1).
    pub deny_join_initial: Option<bool>,
    /// Its A bit in the SYN or SYN/ACK: whether it asks for checksums.
    pub wants_checksum: Option<bool>,
}

impl Connection {
    /// A connection that starts with the packet `first`.
    pub fn new(first: PacketStamp) -> Self {
        Self {
            number: 0,
            forgotten_before: 0,
            first,
            last: first,
            out_of_order: false,
            version: None,
            hosts: PerRole::default(),
            checksum: None,
            roles_certain: false,
            known_by: None,
            subflows: Vec::new(),
            data: PerRole::default(),
            streams: PerRole::default(),
            addresses: AddressBook::default(),
            events: Events::default(),
            fallback: None,
            fast_close: None,
            malformed_area: None,
            dss_seen: PerRole::default(),
            strays: None,
            stray_of: None,
            next_number: 0,
            finished: 0,
            may_merge: false,
            fast_path: false,
            joined: 0,
            joining: 0,
            merged: false,
        }
    }

    /// Takes the place and the time of a segment.
    #[inline]
    pub(crate) fn see(&mut self, seen: PacketStamp) {
        self.out_of_order |= seen.is_out_of_order(self.last);
        self.last = seen;
    }

    /// The number of a new subflow.
    pub fn take_number(&mut self) -> u32 {
        let number = self.next_number;
        self.next_number = number.saturating_add(1);
        number
    }

    /// Takes an answer to the third ACK of `join`, if that was the first.
    pub fn join_answered(&mut self, join: &Subflow) {
        self.joining = self.joining.saturating_sub(u32::from(join.is_joining()));
    }

    /// Whether both keys are known.
    pub const fn has_keys(&self) -> bool {
        self.hosts.client.key.is_some() && self.hosts.server.key.is_some()
    }

    /// Takes the key of a host; true when it is new. A key that contradicts an earlier one is left
    /// aside: the first came from the host itself, the later one may be an altered repetition.
    pub fn learn_key(&mut self, role: Role, key: Key) -> bool {
        let version = self.version.unwrap_or(Version::V1);
        let host = self.hosts.of_mut(role);
        if host.key.is_some() {
            return false;
        }
        let (token, idsn) = crypto::key_hash(key, version);
        host.key = Some(key);
        host.token = Some(token);
        host.idsn = Some(idsn);
        let shift = self.data.of_mut(role).know_idsn(idsn);
        if let Some(stream) = self.streams.of_mut(role) {
            stream.start(shift);
        }
        true
    }

    /// Takes the flags of a MP_CAPABLE in the SYN or SYN/ACK of `role`.
    pub fn learn_offer(&mut self, role: Role, option: &MpCapable) {
        let host = self.hosts.of_mut(role);
        host.deny_join_initial = option.deny_join_initial();
        host.wants_checksum = Some(option.flags.checksum_required());
        self.version = Some(option.version);
        if let (Some(client), Some(server)) =
            (self.hosts.client.wants_checksum, self.hosts.server.wants_checksum)
        {
            // RFC 8684 §3.1: checksums are used if either side asks for them.
            self.checksum = Some(client || server);
        }
    }

    /// Takes the flags of a MP_CAPABLE after the SYN/ACK, which state what was agreed on.
    pub fn learn_agreement(&mut self, role: Role, option: &MpCapable) {
        let host = self.hosts.of_mut(role);
        host.deny_join_initial = host.deny_join_initial.or(option.deny_join_initial());
        self.version = Some(option.version);
        self.checksum = self.checksum.or(Some(option.flags.checksum_required()));
    }

    /// Where the data level of both directions stands.
    pub fn levels(&self) -> PerRole<DataLevel> {
        PerRole { client: self.data.client.level(), server: self.data.server.level() }
    }

    /// What arrived first on each of its `subflows`, of what `sender` sent: acknowledged on it, and on no other one earlier. `None`
    /// where the capture does not show it.
    pub fn delivered(&self, subflows: &[&Subflow], sender: Role) -> Vec<Option<Delivered>> {
        let data = self.data.of(sender);
        let of = |subflow: &&Subflow| subflow.delivered(sender, data, !self.out_of_order);
        let mut all: Vec<_> = subflows.iter().map(of).collect();
        if all.iter().all(Option::is_some) {
            let known: u64 = all.iter().flatten().map(|one| one.bytes + one.unclear).sum();
            let mut rest = data.data_acked().saturating_sub(known);
            all.iter_mut().flatten().for_each(|one| one.take_data_acked(&mut rest));
        }
        all
    }

    /// Bytes that wait in its streams.
    pub(crate) fn buffered(&self) -> usize {
        let of =
            |stream: &Option<Box<Stream>>| stream.as_ref().map_or(0, |stream| stream.buffered());
        of(&self.streams.client) + of(&self.streams.server)
    }

    /// Takes over what is known of another connection that turned out to be this one.
    pub fn absorb(&mut self, mut from: Self) {
        for role in Role::BOTH {
            let shift = self.data.of_mut(role).absorb(from.data.of(role));
            if let (Some(stream), Some(other)) =
                (self.streams.of_mut(role), from.streams.of_mut(role).take())
            {
                stream.absorb(*other, shift);
            }
            let seen = self.dss_seen.of_mut(role);
            *seen |= from.dss_seen.of(role);
        }
        self.addresses.append(from.addresses);
        self.events.merge(from.events);
        self.fast_close = self.fast_close.or(from.fast_close);
        self.out_of_order |= from.out_of_order;
        self.joined += from.joined;
        self.joining += from.joining;
        self.finished += from.finished;
        if from.first.packet < self.first.packet {
            self.first = from.first;
        }
        if from.last.packet > self.last.packet {
            self.last = from.last;
        }
    }

    /// Exchanges client and server in all that is known.
    pub fn swap_roles(&mut self) {
        self.hosts.swap();
        self.data.swap();
        self.streams.swap();
        self.dss_seen.swap();
        self.addresses.swap_roles();
        self.events.swap_roles();
        if let Some(close) = &mut self.fast_close {
            close.from = close.from.peer();
        }
        if let Some(strays) = &mut self.strays {
            strays.swap_roles();
        }
    }
}
