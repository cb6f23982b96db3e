//! TCP flows by 4-tuple, with the incarnations that a reused 4-tuple goes through.

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::arena::Id;
use super::subflow::{Seen, Subflow};
use crate::wire::segment::Endpoint;
use crate::wire::seq::SeqNum;

/// A 4-tuple without direction: the smaller endpoint comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowKey(Ends);

/// Both endpoints in as few words as there can be: this is made, hashed and compared once a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Address and port of each.
    V4 { low: u64, high: u64 },
    /// Their addresses, then both ports.
    V6 { low: u128, high: u128, ports: u32 },
}

impl FlowKey {
    /// The key of the flow between two endpoints, in either order.
    #[inline]
    pub fn new(one: Endpoint, other: Endpoint) -> Self {
        if let (IpAddr::V4(address), IpAddr::V4(other_address)) = (one.address, other.address) {
            let (one, other) = (word(address, one.port), word(other_address, other.port));
            return Self(Ends::V4 { low: one.min(other), high: one.max(other) });
        }
        let (one, other) = ((bits(one.address), one.port), (bits(other.address), other.port));
        let (low, high) = (one.min(other), one.max(other));
        let ports = u32::from(low.1) << 16 | u32::from(high.1);
        Self(Ends::V6 { low: low.0, high: high.0, ports })
    }
}

impl Hash for FlowKey {
    /// Which version it is is left to equality.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Ends::V4 { low, high } => {
                state.write_u64(low);
                state.write_u64(high);
            }
            Ends::V6 { low, high, ports } => {
                state.write_u128(low);
                state.write_u128(high);
                state.write_u32(ports);
            }
        }
    }
}

#[inline]
fn word(address: Ipv4Addr, port: u16) -> u64 {
    u64::from(address.to_bits()) << 16 | u64::from(port)
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
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
    },
    /// It belongs to an MPTCP connection (or did, before it fell back).
    Subflow(Id<Subflow>),
}

/// The SYN of a flow that is plain TCP so far.
#[derive(Debug, Clone, Copy)]
pub struct PlainSyn {
    /// Its sequence number.
    pub seq: SeqNum,
    /// The packet.
    pub seen: Seen,
    /// Port of who sent it.
    pub port: u16,
}

/// All 4-tuples seen. Plain flows past a limit are not stored, only counted.
pub struct FlowTable {
    flows: HashMap<FlowKey, Flow, FixedState>,
    max_plain: usize,
    plain: usize,
    /// Whether plain flows past the limit take the place of all before them.
    forgetful: bool,
    forgot: bool,
    next_stream: Option<u32>,
}

impl FlowTable {
    /// An empty table. `seed` makes the hash unpredictable to whoever made the packets.
    pub fn new(seed: u64, max_plain: usize, forgetful: bool) -> Self {
        Self {
            flows: HashMap::with_hasher(FixedState::with_seed(seed)),
            max_plain,
            plain: 0,
            forgetful,
            forgot: false,
            next_stream: Some(0),
        }
    }

    /// The flow between two endpoints.
    #[inline]
    pub fn get(&self, key: &FlowKey) -> Option<&Flow> {
        self.flows.get(key)
    }

    /// The index of a new stream, as Wireshark counts; `None` once a plain flow had to be left out,
    /// since the count can't be right from there on.
    pub fn take_stream(&mut self) -> Option<u32> {
        let stream = self.next_stream;
        self.next_stream = stream.and_then(|stream| stream.checked_add(1));
        stream
    }

    /// Stores what is known of a 4-tuple now. False for a plain flow that may have been here before: one
    /// past the limit, which is left out, or any once others were forgotten.
    pub fn set(&mut self, key: FlowKey, flow: Flow) -> bool {
        let is_plain = matches!(flow, Flow::Plain { .. });
        if is_plain && self.plain >= self.max_plain && !self.flows.contains_key(&key) {
            self.next_stream = None;
            if !self.forgetful {
                return false;
            }
            self.forget_plain();
        }
        let before = self.flows.insert(key, flow);
        self.plain += usize::from(is_plain);
        self.plain -= usize::from(matches!(before, Some(Flow::Plain { .. })));
        !(is_plain && self.forgot)
    }

    /// Takes a 4-tuple out.
    pub fn remove(&mut self, key: &FlowKey) {
        self.flows.remove(key);
    }

    /// Keeps those subflows alone that are wanted.
    pub fn retain_subflows(&mut self, wanted: impl Fn(Id<Subflow>) -> bool) {
        self.flows.retain(|_, flow| match flow {
            Flow::Plain { .. } => true,
            Flow::Subflow(id) => wanted(*id),
        });
    }

    fn forget_plain(&mut self) {
        self.flows.retain(|_, flow| matches!(flow, Flow::Subflow(_)));
        self.plain = 0;
        self.forgot = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
