//! 4-tuples that several networks use at once: tenants of a cloud may have the same private addresses.
//!
//! As long as a 4-tuple has one flow, nothing is asked of networks: the directions of a connection may
//! well be in two of them. Only a SYN in another network, with another initial sequence number, shows
//! that there are two connections. From then on each has a key of its own.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::flow_table::FlowKey;
use crate::wire::segment::Segment;
use crate::wire::seq::SeqNum;

/// 4-tuples that are told apart by network, and networks of one of them.
const MOST_SHARED: usize = 4_096;
const MOST_SLOTS: usize = 64;

/// The networks that a flow was seen in.
pub(super) type Networks = SmallVec<[u16; 2]>;

/// All 4-tuples that are shared.
#[derive(Debug, Default)]
pub(super) struct Tenants {
    shared: BTreeMap<FlowKey, Vec<Tenant>>,
}

/// One flow of such a 4-tuple.
#[derive(Debug)]
struct Tenant {
    networks: Networks,
    /// Of its SYN.
    isn: Option<SeqNum>,
}

impl Tenants {
    /// Whether there can be another one.
    pub(super) fn has_room(&self) -> bool {
        self.shared.len() < MOST_SHARED
    }

    /// How many flows a 4-tuple has by now; 0 if it is not shared.
    pub(super) fn slots(&self, key: &FlowKey) -> u16 {
        let slots = self.shared.get(key).map_or(0, Vec::len);
        u16::try_from(slots).unwrap_or(0)
    }

    /// Whether a 4-tuple is shared.
    pub(super) fn is_shared(&self, key: &FlowKey) -> bool {
        !self.shared.is_empty() && self.shared.contains_key(key)
    }

    /// Begins to share a 4-tuple, whose one flow was seen in these networks so far.
    pub(super) fn begin(&mut self, key: FlowKey, networks: Networks, isn: Option<SeqNum>) {
        self.shared.insert(key, vec![Tenant { networks, isn }]);
    }

    /// The key of the flow that a segment belongs to; a SYN may begin one more.
    pub(super) fn take(&mut self, key: FlowKey, segment: &Segment<'_>) -> FlowKey {
        let Some(flows) = self.shared.get_mut(&key) else { return key };
        let network = segment.way.tenant;
        let found = slot_of(flows, segment);
        let slot = match found {
            None if segment.flags.is_syn() && flows.len() < MOST_SLOTS => {
                flows.push(Tenant { networks: Networks::new(), isn: None });
                flows.len() - 1
            }
            found => found.unwrap_or(flows.len().saturating_sub(1)),
        };
        if let Some(flow) = flows.get_mut(slot) {
            if segment.flags.is_syn() {
                flow.isn = Some(segment.seq);
            }
            if !flow.networks.contains(&network) && flow.networks.len() < MOST_SLOTS {
                flow.networks.push(network);
            }
        }
        key.in_slot(u16::try_from(slot + 1).unwrap_or(1))
    }

    /// The key of the latest flow that was seen in a network.
    pub(super) fn in_network(&self, key: FlowKey, network: u16) -> FlowKey {
        let Some(flows) = self.shared.get(&key) else { return key };
        let slot = flows.iter().rposition(|flow| flow.networks.contains(&network));
        let slot = slot.unwrap_or(flows.len().saturating_sub(1));
        key.in_slot(u16::try_from(slot + 1).unwrap_or(1))
    }

    /// The key of the flow that a segment belongs to, which was taken before.
    pub(super) fn find(&self, key: FlowKey, segment: &Segment<'_>) -> FlowKey {
        let Some(flows) = self.shared.get(&key) else { return key };
        let slot = slot_of(flows, segment).unwrap_or(flows.len().saturating_sub(1));
        key.in_slot(u16::try_from(slot + 1).unwrap_or(1))
    }
}

/// Which of these flows a segment belongs to. Handshakes say it by their numbers, and the networks that
/// they were seen in say it of all that follows; the latest flow counts where several were there.
fn slot_of(flows: &[Tenant], segment: &Segment<'_>) -> Option<usize> {
    let by_number = if segment.flags.is_syn() {
        flows.iter().rposition(|flow| flow.isn == Some(segment.seq))
    } else if segment.flags.is_syn_ack() {
        flows.iter().rposition(|flow| flow.isn.is_some_and(|isn| isn.add(1) == segment.ack))
    } else {
        None
    };
    let network = segment.way.tenant;
    by_number.or_else(|| flows.iter().rposition(|flow| flow.networks.contains(&network)))
}
