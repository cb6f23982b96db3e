//! Which connection a flow belongs to: by token, or as a new one (RFC 8684 §3.2).

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use smallvec::SmallVec;

use super::flow_table::PlainSyn;
use super::ids::{ConnectionId, SubflowId};
use super::options::SegmentOptions;
use super::proof;
use super::role::Role;
use super::stamp::PacketStamp;
use super::state::connection::Connection;
use super::updates::Update;
use super::{Opening, Tracker};
use crate::wire::crypto;
use crate::wire::mptcp::{CapableForm, Join, Key, MptcpOption, Token, Version};
use crate::wire::segment::Segment;
use crate::wire::seq::{Dsn, WireDsn};

/// A connection, and which of its hosts a token or a sequence number belongs to.
type Owner = (ConnectionId, Role);

/// Connections by token: those whose key is known, and those known by their joins alone.
pub(crate) struct TokenIndex {
    known: HashMap<Token, SmallVec<[Owner; 1]>, FixedState>,
    unknown: HashMap<Token, ConnectionId, FixedState>,
    /// By the upper half of the data sequence numbers of a direction.
    by_dsn: HashMap<u64, Owner, FixedState>,
}

impl TokenIndex {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            known: HashMap::with_hasher(FixedState::with_seed(seed)),
            unknown: HashMap::with_hasher(FixedState::with_seed(seed)),
            by_dsn: HashMap::with_hasher(FixedState::with_seed(seed)),
        }
    }

    /// Keeps those connections alone that are wanted.
    pub(crate) fn retain(&mut self, wanted: impl Fn(ConnectionId) -> bool) {
        self.known.retain(|_, owners| {
            owners.retain(|(id, _)| wanted(*id));
            !owners.is_empty()
        });
        self.unknown.retain(|_, id| wanted(*id));
        self.by_dsn.retain(|_, (id, _)| wanted(*id));
    }

    fn place(&mut self, dsn: Dsn, connection: ConnectionId, role: Role) {
        self.by_dsn.insert(dsn.0 >> NEAR_BITS, (connection, role));
    }

    /// The connection that `token` names and whose token it is: of several the last one that came.
    fn find(&self, token: Token) -> Option<(ConnectionId, Role)> {
        self.known.get(&token).and_then(|all| all.last().copied())
    }
}

impl Tracker {
    /// The subflow that `segment`, the first one of its flow with an MPTCP option, belongs to.
    pub(crate) fn open_subflow(
        &mut self,
        stream: Option<u32>,
        syn: Option<PlainSyn>,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) -> Option<SubflowId> {
        if let Some(syn) = syn {
            return self.open_after_plain_syn(stream, syn, segment);
        }
        match guess_opening(segment, options) {
            Guess::Join(token, opening) => self.open_join(stream, token, &opening),
            Guess::Connection { opening, certain } => {
                let connection = self.add_connection(opening.first)?;
                self.connections[connection].roles_certain = certain;
                self.connections[connection].may_merge = !shows_key(options);
                self.add_subflow(connection, stream, Role::Client, &opening)
            }
        }
    }

    /// A flow whose SYN had no MPTCP option, but a later segment has: the option was taken out of the
    /// SYN, or a RST speaks of it.
    fn open_after_plain_syn(
        &mut self,
        stream: Option<u32>,
        syn: PlainSyn,
        segment: &Segment<'_>,
    ) -> Option<SubflowId> {
        let (here, there) = (segment.source, segment.destination);
        let from_here = here.port == syn.port;
        let (opener, acceptor) = if from_here { (here, there) } else { (there, here) };
        let opening = Opening { opener, acceptor, first: syn.seen, initial: true };
        let connection = self.add_connection(syn.seen)?;
        self.connections[connection].roles_certain = true;
        let id = self.add_subflow(connection, stream, Role::Client, &opening)?;
        let subflow = &mut self.subflows[id];
        subflow.handshake.syn = Some(syn.seen);
        subflow.sides.client.sequence.see_syn(syn.seq);
        Some(id)
    }

    fn open_join(
        &mut self,
        stream: Option<u32>,
        token: Token,
        opening: &Opening,
    ) -> Option<SubflowId> {
        if let Some((connection, joinee)) = self.tokens.find(token) {
            return self.add_subflow(connection, stream, joinee.peer(), opening);
        }
        // The connection was not seen (yet): its joins stand together under their token, and the
        // opener of the first one passes for the client.
        let known = self.tokens.unknown.get(&token).copied();
        let connection = known.or_else(|| self.add_unknown(token, opening.first))?;
        self.add_subflow(connection, stream, Role::Client, opening)
    }

    /// A connection that is known by the token in its joins alone.
    fn add_unknown(&mut self, token: Token, first: PacketStamp) -> Option<ConnectionId> {
        let id = self.add_connection(first)?;
        self.connections[id].known_by = Some(token);
        self.connections[id].may_merge = true;
        self.tokens.unknown.insert(token, id);
        Some(id)
    }

    /// Makes a host's key findable by its token; joins that named it before become subflows.
    pub(crate) fn register_token(&mut self, connection: ConnectionId, role: Role) {
        let host = self.connections[connection].hosts.of(role);
        let (Some(token), Some(idsn)) = (host.token, host.idsn) else { return };
        self.tokens.place(idsn, connection, role);
        self.tokens.known.entry(token).or_default().push((connection, role));
        if let Some(joins) = self.tokens.unknown.remove(&token) {
            self.merge(joins, connection, role == Role::Client);
        }
    }

    /// Takes keys that are known from elsewhere, the two of a connection together, for connections
    /// whose handshake was not seen: joins name them by token, data by numbers near the IDSN.
    pub fn use_keys(&mut self, pairs: &[(Key, Key)]) {
        for (one, other) in pairs {
            for (key, peer_key) in [(*one, *other), (*other, *one)] {
                self.use_key(key, peer_key);
            }
        }
    }

    /// A key as the joinee's, and its peer's as the joiner's.
    fn use_key(&mut self, key: Key, peer_key: Key) {
        for version in [Version::V1, Version::V0] {
            let (token, idsn) = crypto::key_hash(key, version);
            let by_token = self.tokens.unknown.remove(&token).map(|id| (id, Role::Server));
            let Some((id, role)) = by_token.or_else(|| self.near(idsn)) else { continue };
            let connection = &mut self.connections[id];
            if connection.version.is_none() {
                connection.version = Some(version);
            }
            for (role, key) in [(role, key), (role.peer(), peer_key)] {
                if connection.learn_key(role, key) {
                    self.tokens.known.entry(token).or_default().push((id, role));
                }
            }
            return;
        }
    }

    /// A token has 32 bits, so several connections may have the same one: the HMAC of the SYN/ACK
    /// decides which of them the join was meant for (RFC 8684 §3.2).
    pub(crate) fn settle_token(&mut self, id: SubflowId) {
        let subflow = &self.subflows[id];
        let Some(join) = subflow.join else { return };
        let owners = join.token.and_then(|token| self.tokens.known.get(&token));
        let Some(owners) = owners.filter(|owners| owners.len() > 1) else { return };
        if proof::belongs_to(&self.connections[subflow.connection], subflow.opener, &join) {
            return;
        }
        let meant = owners.iter().rev().find(|(connection, joinee)| {
            proof::belongs_to(&self.connections[*connection], joinee.peer(), &join)
        });
        if let Some((connection, joinee)) = meant.copied() {
            self.move_join(id, connection, joinee.peer());
        }
    }

    /// Moves a join, which carried no data yet, to the connection that it was meant for.
    fn move_join(&mut self, id: SubflowId, target: ConnectionId, opener: Role) {
        let from = self.subflows[id].connection;
        let swap = self.subflows[id].opener != opener;
        self.connections[from].subflows.retain(|kept| *kept != id);
        if self.connections[from].subflows.is_empty() {
            // A SYN/ACK with the MP_JOIN of a SYN had begun a connection of its own.
            self.connections[from].merged = true;
            let number = self.connections[from].number;
            self.updates.iter_mut().for_each(|updates| updates.push(Update::Forgotten { number }));
        }
        let mut events = self.connections[from].events.take_of(id);
        if swap {
            self.subflows[id].swap_roles();
            events.swap_roles();
            if let Some(last) = &mut self.last_packet_state {
                last.swapped.push(id);
            }
        }
        let owner = &mut self.connections[target];
        owner.events.merge(events);
        owner.subflows.push(id);
        let subflow = &mut self.subflows[id];
        subflow.connection = target;
        subflow.number = owner.take_number();
    }

    /// The same as [`Tracker::match_by_dsn`] before a segment is taken, by the numbers in it: what it
    /// carries may have been carried by the other connection.
    pub(crate) fn match_by_option(
        &mut self,
        id: SubflowId,
        segment: &Segment<'_>,
        options: &SegmentOptions,
    ) {
        let (connection, sender) = {
            let subflow = &self.subflows[id];
            (subflow.connection, subflow.direction_from(segment.source).sender())
        };
        let dss = options.mptcp.iter().find_map(|option| match option {
            MptcpOption::Dss(dss) => Some(dss),
            _ => None,
        });
        let Some(dss) = dss else { return };
        let mapped = dss.mapping.map(|mapping| (sender, mapping.dsn));
        for (role, dsn) in mapped.into_iter().chain(dss.data_ack.map(|ack| (sender.peer(), ack))) {
            if let WireDsn::Long(whole) = dsn
                && let Some((other, other_role)) = self.near(Dsn(whole))
                && other != connection
            {
                self.connections[connection].may_merge = false;
                self.merge(connection, other, role != other_role);
                return;
            }
        }
    }

    /// Looks for the connection that a flow without keys and tokens belongs to, by its data sequence
    /// numbers: they are random 64-bit numbers, so two connections are never near each other.
    pub(crate) fn match_by_dsn(&mut self, connection: ConnectionId) {
        for role in Role::BOTH {
            let Some(dsn) = self.connections[connection].data.of(role).reference() else {
                continue;
            };
            match self.near(dsn) {
                Some((other, other_role)) if other != connection => {
                    self.connections[connection].may_merge = false;
                    self.merge(connection, other, role != other_role);
                    return;
                }
                _ => self.tokens.place(dsn, connection, role),
            }
        }
        let data = &self.connections[connection].data;
        if data.client.reference().is_some() && data.server.reference().is_some() {
            self.connections[connection].may_merge = false;
        }
    }

    /// The live connection with a direction whose numbers are near `dsn`.
    fn near(&self, dsn: Dsn) -> Option<(ConnectionId, Role)> {
        let upper = dsn.0 >> NEAR_BITS;
        [upper, upper.wrapping_sub(1), upper.wrapping_add(1)].iter().find_map(|upper| {
            let (id, role) = self.tokens.by_dsn.get(&(upper & (u64::MAX >> NEAR_BITS)))?;
            let connection = &self.connections[*id];
            let distance = connection.data.of(*role).reference()?.distance_from(dsn);
            (!connection.merged && distance.abs() < 1 << NEAR_BITS).then_some((*id, *role))
        })
    }

    /// Moves the subflows of `from` to `target`; `swap` says that client and server are the other
    /// way round there.
    fn merge(&mut self, from: ConnectionId, target: ConnectionId, swap: bool) {
        let placeholder = Connection::new(self.connections[from].first);
        let mut from_connection = std::mem::replace(&mut self.connections[from], placeholder);
        self.connections[from].merged = true;
        if swap {
            from_connection.swap_roles();
        }
        for id in &from_connection.subflows {
            let number = self.connections[target].take_number();
            self.connections[target].subflows.push(*id);
            let subflow = &mut self.subflows[*id];
            subflow.connection = target;
            subflow.number = number;
            if swap {
                subflow.swap_roles();
                if let Some(last) = &mut self.last_packet_state {
                    last.swapped.push(*id);
                }
            }
            // Only one can have been the first, whichever that was.
            let is_more = subflow.initial && subflow.is_confirmed();
            self.connections[target].joined += u32::from(is_more);
            for role in Role::BOTH {
                let acked = subflow.sides.of(role).acked;
                self.connections[target].data.of_mut(role).acknowledge_subflow(number, acked);
            }
        }
        if let Some(updates) = &mut self.updates {
            updates.push(Update::Forgotten { number: from_connection.number });
        }
        self.connections[target].absorb(from_connection);
    }
}

/// How near data sequence numbers of one connection are: more than any window.
const NEAR_BITS: u32 = 32;

/// What the first MPTCP segment of a flow says about who opened it.
enum Guess {
    /// A MP_JOIN SYN.
    Join(Token, Opening),
    /// Everything else: the initial subflow of a connection, or a flow whose beginning is missing.
    Connection {
        /// Opener and acceptor.
        opening: Opening,
        /// Whether that is certain.
        certain: bool,
    },
}

/// Whether a segment shows a key, or announces that there will be one.
fn shows_key(options: &SegmentOptions) -> bool {
    options.mptcp.iter().any(|option| matches!(option, MptcpOption::Capable(_)))
}

fn guess_opening(segment: &Segment<'_>, options: &SegmentOptions) -> Guess {
    let first = PacketStamp::in_segment(segment);
    let (here, there) = (segment.source, segment.destination);
    let forward = Opening { opener: here, acceptor: there, first, initial: true };
    let backward = Opening { opener: there, acceptor: here, first, initial: true };
    let flags = segment.flags;
    for option in &options.mptcp {
        match option {
            MptcpOption::Join(Join::Syn { token, .. }) if flags.is_syn() => {
                return Guess::Join(*token, Opening { initial: false, ..forward });
            }
            MptcpOption::Join(Join::SynAck { .. }) if flags.is_syn_ack() => {
                return Guess::Connection {
                    opening: Opening { initial: false, ..backward },
                    certain: false,
                };
            }
            MptcpOption::Join(Join::Ack { .. }) => {
                return Guess::Connection {
                    opening: Opening { initial: false, ..forward },
                    certain: false,
                };
            }
            MptcpOption::Capable(_) if flags.is_syn_ack() => {
                return Guess::Connection { opening: backward, certain: true };
            }
            MptcpOption::Capable(capable)
                if flags.is_syn() || !matches!(capable.form, CapableForm::Bare) =>
            {
                return Guess::Connection { opening: forward, certain: true };
            }
            _ => {}
        }
    }
    if flags.is_syn() {
        return Guess::Connection { opening: forward, certain: true };
    }
    if flags.is_syn_ack() {
        return Guess::Connection { opening: backward, certain: true };
    }
    // Servers mostly have the lower port.
    let opening = if here.port >= there.port { forward } else { backward };
    Guess::Connection { opening, certain: false }
}
