//! TCP flows by 4-tuple, with the incarnations that a reused 4-tuple goes through.

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::arena::Arena;
use super::ids::{Id, SubflowId};
use super::stamp::PacketStamp;
use super::tenants::Tenants;
use crate::wire::segment::Endpoint;
use crate::wire::seq::SeqNum;

/// A 4-tuple without direction: the smaller endpoint comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlowKey {
    /// Between IPv4 addresses.
    V4(V4Key),
    /// Between IPv6 addresses.
    V6(V6Key),
}

/// Address and port of each endpoint, in as few words as there can be: this is made, hashed and
/// compared once a segment, and there are many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct V4Key {
    low: u64,
    high: u64,
}

/// The addresses, then both ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct V6Key {
    low: [u64; 2],
    high: [u64; 2],
    ports: u64,
}

impl FlowKey {
    /// The key of the flow between two endpoints, in either order.
    #[inline(always)]
    pub fn new(one: Endpoint, other: Endpoint) -> Self {
        if let (IpAddr::V4(address), IpAddr::V4(other_address)) = (one.address, other.address) {
            let (one, other) = (word(address, one.port), word(other_address, other.port));
            return Self::V4(V4Key { low: one.min(other), high: one.max(other) });
        }
        Self::V6(V6Key::new(one, other))
    }

    /// The key of one of several flows that have this 4-tuple, counted from 1.
    pub(super) const fn in_slot(self, slot: u16) -> Self {
        match self {
            // Address and port take 48 bits.
            Self::V4(V4Key { low, high }) => {
                Self::V4(V4Key { low: low | (slot as u64) << 48, high })
            }
            Self::V6(V6Key { low, high, ports }) => {
                Self::V6(V6Key { low, high, ports: ports | (slot as u64) << 32 })
            }
        }
    }
}

impl V6Key {
    fn new(one: Endpoint, other: Endpoint) -> Self {
        let one = (words(one.address), one.port);
        let other = (words(other.address), other.port);
        let (low, high) = (one.min(other), one.max(other));
        let ports = u64::from(low.1) << 16 | u64::from(high.1);
        Self { low: low.0, high: high.0, ports }
    }
}

impl Hash for V4Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.low);
        state.write_u64(self.high);
    }
}

impl Hash for V6Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.low.iter().chain(&self.high) {
            state.write_u64(*word);
        }
        state.write_u64(self.ports);
    }
}

#[inline]
fn word(address: Ipv4Addr, port: u16) -> u64 {
    u64::from(address.to_bits()) << 16 | u64::from(port)
}

fn words(address: IpAddr) -> [u64; 2] {
    let bytes = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let bits = bytes.to_bits();
    #[expect(clippy::cast_possible_truncation, reason = "one half each")]
    [(bits >> 64) as u64, bits as u64]
}

/// What is known of a 4-tuple right now.
#[derive(Debug, Clone, Copy)]
pub enum Flow {
    /// No MPTCP option was seen on it so far.
    Plain {
        /// Wireshark's `tcp.stream`.
        stream: Option<u32>,
        /// The last SYN without ACK.
        syn: Option<PlainSyn>,
        /// Whether the options of its first segment were cut, so that one of MPTCP may have been there.
        is_cut: bool,
    },
    /// It belongs to an MPTCP connection (or did, before it fell back).
    Subflow(SubflowId),
}

/// The SYN of a flow that is plain TCP so far.
#[derive(Debug, Clone, Copy)]
pub struct PlainSyn {
    /// Its sequence number.
    pub seq: SeqNum,
    /// The packet.
    pub seen: PacketStamp,
    /// Port of who sent it.
    pub port: u16,
    /// In which of several networks it was.
    pub tenant: u16,
}

/// All 4-tuples seen. Plain flows past a limit are not stored, only counted.
///
/// Nearly every segment looks its flow up, so the tables hold as little as possible.
pub struct FlowTable {
    v4: HashMap<V4Key, FlowEntry, FixedState>,
    v6: HashMap<V6Key, FlowEntry, FixedState>,
    plain: Arena<PlainFlow>,
    /// 4-tuples that are used in several networks at once.
    pub(super) tenants: Tenants,
    max_plain: usize,
    /// Whether plain flows past the limit take the place of all before them.
    forgetful: bool,
    forgot: bool,
    next_stream: Option<u32>,
}

/// A [`Flow`], as the tables hold it.
#[derive(Debug, Clone, Copy)]
enum FlowEntry {
    Plain(Id<PlainFlow>),
    Subflow(SubflowId),
    /// Each of several flows of this 4-tuple has a key of its own: see [`Tenants`].
    Shared,
}

/// What is known of a plain flow.
#[derive(Debug, Clone, Copy)]
struct PlainFlow {
    stream: Option<u32>,
    syn: Option<PlainSyn>,
    is_cut: bool,
}

impl FlowTable {
    /// An empty table. `seed` makes the hash unpredictable to whoever made the packets.
    pub fn new(seed: u64, max_plain: usize, forgetful: bool) -> Self {
        let state = FixedState::with_seed(seed);
        Self {
            v4: HashMap::with_hasher(state.clone()),
            v6: HashMap::with_hasher(state),
            plain: Arena::default(),
            tenants: Tenants::default(),
            max_plain,
            forgetful,
            forgot: false,
            next_stream: Some(0),
        }
    }

    /// The subflow between two endpoints, if the flow is one, as nearly every segment asks.
    #[inline]
    pub fn subflow(&self, key: &FlowKey) -> Option<SubflowId> {
        match self.entry(key)? {
            FlowEntry::Subflow(id) => Some(id),
            FlowEntry::Plain(_) | FlowEntry::Shared => None,
        }
    }

    /// The flow between two endpoints.
    pub fn get(&self, key: &FlowKey) -> Option<Flow> {
        match self.entry(key)? {
            FlowEntry::Subflow(id) => Some(Flow::Subflow(id)),
            FlowEntry::Shared => None,
            FlowEntry::Plain(id) => {
                let PlainFlow { stream, syn, is_cut } = self.plain[id];
                Some(Flow::Plain { stream, syn, is_cut })
            }
        }
    }

    /// The index of a new stream, as Wireshark counts; `None` once a plain flow had to be left out,
    /// since the count can't be right from there on.
    pub fn take_stream(&mut self) -> Option<u32> {
        let stream = self.next_stream;
        self.next_stream = stream.and_then(|stream| stream.checked_add(1));
        stream
    }

    /// Stores what is known of a 4-tuple now. False for a plain flow that may have been here
    /// before: one past the limit, which is left out, or any once others were forgotten.
    pub fn set(&mut self, key: FlowKey, flow: Flow) -> bool {
        let before = self.entry(&key);
        if let Some(FlowEntry::Plain(id)) = before {
            self.plain.remove(id);
        }
        let entry = match flow {
            Flow::Subflow(id) => FlowEntry::Subflow(id),
            Flow::Plain { stream, syn, is_cut } => {
                if self.plain.len() >= self.max_plain && before.is_none() {
                    self.next_stream = None;
                    if !self.forgetful {
                        return false;
                    }
                    self.forget_plain();
                }
                let Some(id) = self.plain.push(PlainFlow { stream, syn, is_cut }) else {
                    return false;
                };
                FlowEntry::Plain(id)
            }
        };
        self.insert(key, entry);
        !(matches!(entry, FlowEntry::Plain(_)) && self.forgot)
    }

    fn insert(&mut self, key: FlowKey, entry: FlowEntry) {
        match key {
            FlowKey::V4(key) => self.v4.insert(key, entry),
            FlowKey::V6(key) => self.v6.insert(key, entry),
        };
    }

    /// Gives the flow of a 4-tuple a key of its own: from now on there may be others.
    pub(super) fn share(&mut self, key: FlowKey) {
        if let Some(entry) = self.entry(&key) {
            self.insert(key.in_slot(1), entry);
        }
        self.insert(key, FlowEntry::Shared);
    }

    /// Takes the 4-tuple of a subflow out, unless another flow has it by now.
    pub fn remove(&mut self, key: &FlowKey, subflow: SubflowId) {
        for slot in 1..=self.tenants.slots(key) {
            self.remove_exactly(&key.in_slot(slot), subflow);
        }
        self.remove_exactly(key, subflow);
    }

    fn remove_exactly(&mut self, key: &FlowKey, subflow: SubflowId) {
        if !matches!(self.entry(key), Some(FlowEntry::Subflow(id)) if id == subflow) {
            return;
        }
        match key {
            FlowKey::V4(key) => self.v4.remove(key),
            FlowKey::V6(key) => self.v6.remove(key),
        };
    }

    /// Keeps only the subflows that are wanted.
    pub fn retain_subflows(&mut self, wanted: impl Fn(SubflowId) -> bool) {
        self.retain(|entry| match entry {
            FlowEntry::Plain(_) | FlowEntry::Shared => true,
            FlowEntry::Subflow(id) => wanted(id),
        });
    }

    #[inline(always)]
    fn entry(&self, key: &FlowKey) -> Option<FlowEntry> {
        match key {
            FlowKey::V4(key) => self.v4.get(key).copied(),
            FlowKey::V6(key) => self.v6.get(key).copied(),
        }
    }

    fn forget_plain(&mut self) {
        self.retain(|entry| !matches!(entry, FlowEntry::Plain(_)));
        self.plain = Arena::default();
        self.forgot = true;
    }

    fn retain(&mut self, wanted: impl Fn(FlowEntry) -> bool) {
        self.v4.retain(|_, entry| wanted(*entry));
        self.v6.retain(|_, entry| wanted(*entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_that_took_over_a_4_tuple_keeps_it() {
        let end = |byte, port| Endpoint { address: IpAddr::from([10, 0, 0, byte]), port };
        let key = FlowKey::new(end(1, 80), end(2, 5000));
        let mut table = FlowTable::new(0, 10, false);
        table.set(key, Flow::Subflow(Id::at(1)));
        table.set(key, Flow::Subflow(Id::at(2)));
        table.remove(&key, Id::at(1));
        assert!(matches!(table.get(&key), Some(Flow::Subflow(id)) if id == Id::at(2)));
        table.remove(&key, Id::at(2));
        assert!(table.get(&key).is_none());
    }

    #[test]
    fn plain_flows_past_the_limit_are_left_out() {
        let end = |port| Endpoint { address: IpAddr::from([0; 16]), port };
        let key = |port| FlowKey::new(end(1), end(port));
        let plain = |stream| Flow::Plain { stream: Some(stream), syn: None, is_cut: false };
        let mut table = FlowTable::new(0, 2, false);
        let stored = [2, 3, 4, 3].map(|port| table.set(key(port), plain(u32::from(port))));
        assert_eq!(stored, [true, true, false, true]);
        table.set(key(2), Flow::Subflow(Id::at(0)));
        assert!(table.set(key(4), plain(4)), "there is room again");
        assert!(matches!(table.get(&key(3)), Some(Flow::Plain { stream: Some(3), .. })));
    }

    #[test]
    fn a_key_has_no_direction_and_forgets_nothing_else() {
        let addresses = ["10.0.0.1", "10.0.0.2", "::a00:1", "::ffff:10.0.0.1", "2001:db8::1"];
        let endpoints: Vec<_> = addresses
            .into_iter()
            .flat_map(|address| [80, 443].map(|port| (address, port)))
            .map(|(address, port)| Endpoint { address: address.parse().unwrap(), port })
            .collect();
        let is_v4 = |endpoint: &Endpoint| endpoint.address.is_ipv4();
        let mut keys: Vec<(FlowKey, [Endpoint; 2])> = Vec::new();
        for (at, one) in endpoints.iter().enumerate() {
            for other in endpoints.iter().skip(at).filter(|other| is_v4(other) == is_v4(one)) {
                let key = FlowKey::new(*one, *other);
                assert_eq!(key, FlowKey::new(*other, *one));
                let same = keys.iter().find(|(before, _)| *before == key);
                assert_eq!(same, None, "{one} {other}");
                keys.push((key, [*one, *other]));
            }
        }
        assert_eq!(keys.len(), 10 + 21);
    }
}
