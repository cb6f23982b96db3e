//! ICMP errors find the subflow that they are about.

use super::flow_table::FlowKey;
use super::shared::Shared;
use super::stamp::PacketStamp;
use super::state::event::{Event, EventKind};
use super::state::icmp::IcmpSeen;
use super::store::Store;
use super::updates::Update;
use crate::wire::segment::IcmpError;

/// Takes an error. It counts if it quotes what was sent and not acknowledged (RFC 5927 §4.1): else it is
/// stale, or somebody made it up.
pub(super) fn take(shared: &mut Shared, store: &mut Store, error: &IcmpError) {
    let key = FlowKey::new(error.source, error.destination);
    let key = shared.flows.tenants.in_network(key, error.way.tenant);
    let Some(id) = shared.flows.subflow(&key) else { return };
    let (subflow, connection) = store.pair_mut(id);
    let direction = subflow.direction_from(error.source);
    let side = subflow.sides.of_mut(direction.sender());
    if !side.sequence.is_in_flight(error.seq, side.acked) {
        return;
    }
    let IcmpError { from, report, seq, .. } = *error;
    let seen = PacketStamp { packet: error.number, at: error.timestamp };
    if !side.icmp.push(IcmpSeen { seen, from, report, seq }) {
        return;
    }
    let kind = EventKind::Icmp { from, report };
    let event = Event { seen, subflow: id, direction, kind };
    connection.events.push(event, shared.limits.events_per_connection);
    if let Some(updates) = &mut shared.updates {
        updates.push(Update::Event(event));
    }
}
