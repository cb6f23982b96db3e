//! Connections by token and by data sequence number (RFC 8684 §3.2).

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use smallvec::SmallVec;

use super::ids::ConnectionId;
use super::role::Role;
use crate::wire::mptcp::Token;
use crate::wire::seq::Dsn;

/// How near data sequence numbers of one connection are: more than any window.
const NEAR_BITS: u32 = 32;

/// A connection, and which of its hosts a token or a sequence number belongs to.
pub(crate) type Owner = (ConnectionId, Role);

/// Connections by token: those whose key is known, and those known by their joins alone.
pub(crate) struct TokenIndex {
    known: HashMap<Token, SmallVec<[Owner; 1]>, FixedState>,
    unknown: HashMap<Token, ConnectionId, FixedState>,
    /// By the upper half of the data sequence numbers of a direction.
    by_dsn: HashMap<u64, Owner, FixedState>,
}

impl TokenIndex {
    /// An empty index. `seed` makes the hash unpredictable to whoever made the packets.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            known: HashMap::with_hasher(FixedState::with_seed(seed)),
            unknown: HashMap::with_hasher(FixedState::with_seed(seed)),
            by_dsn: HashMap::with_hasher(FixedState::with_seed(seed)),
        }
    }

    /// Keeps only the connections that are wanted.
    pub(crate) fn retain(&mut self, wanted: impl Fn(ConnectionId) -> bool) {
        self.known.retain(|_, owners| {
            owners.retain(|(id, _)| wanted(*id));
            !owners.is_empty()
        });
        self.unknown.retain(|_, id| wanted(*id));
        self.by_dsn.retain(|_, (id, _)| wanted(*id));
    }

    /// Makes a direction findable by a number of it.
    pub(crate) fn place(&mut self, dsn: Dsn, connection: ConnectionId, role: Role) {
        self.by_dsn.insert(dsn.0 >> NEAR_BITS, (connection, role));
    }

    /// The connection and the host whose token this is; of several the last one that came.
    pub(crate) fn find(&self, token: Token) -> Option<Owner> {
        self.known.get(&token).and_then(|all| all.last().copied())
    }

    /// All connections whose token this is, and which of their hosts it belongs to.
    pub(crate) fn owners(&self, token: Token) -> &[Owner] {
        self.known.get(&token).map_or(&[], SmallVec::as_slice)
    }

    /// Makes a host findable by its token.
    pub(crate) fn own(&mut self, token: Token, owner: Owner) {
        self.known.entry(token).or_default().push(owner);
    }

    /// The connection that is known by joins with this token alone.
    pub(crate) fn unknown(&self, token: Token) -> Option<ConnectionId> {
        self.unknown.get(&token).copied()
    }

    /// Makes a connection findable by the token of its joins.
    pub(crate) fn place_unknown(&mut self, token: Token, connection: ConnectionId) {
        self.unknown.insert(token, connection);
    }

    /// Takes out the connection that is known by joins with this token alone, now that its key is
    /// known.
    pub(crate) fn take_unknown(&mut self, token: Token) -> Option<ConnectionId> {
        self.unknown.remove(&token)
    }

    /// Directions that may have numbers near `dsn`.
    pub(crate) fn near(&self, dsn: Dsn) -> impl Iterator<Item = Owner> {
        let upper = dsn.0 >> NEAR_BITS;
        let around = [upper, upper.wrapping_sub(1), upper.wrapping_add(1)];
        around
            .into_iter()
            .filter_map(|upper| self.by_dsn.get(&(upper & (u64::MAX >> NEAR_BITS))).copied())
    }
}

/// Whether two data sequence numbers are near enough to be of one connection.
pub(crate) fn are_near(one: Dsn, other: Dsn) -> bool {
    one.distance_from(other).abs() < 1 << NEAR_BITS
}
