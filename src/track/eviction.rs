//! Forgetting: what lets a capture go on for days, and withstand floods.
//!
//! A sweep looks at all connections and takes some out, with everything that refers to them. It is
//! due by the time of packets, or by the number of new connections.

use super::ids::ConnectionId;
use super::limits::EvictionLimits;
use super::shared::{LastSweep, Shared};
use super::state::connection::Connection;
use super::state::subflow::Subflow;
use super::store::Store;
use crate::wire::frame::{PacketNo, Timestamp};

/// Longest time between two sweeps, in nanoseconds.
const SWEEP_EVERY_NS: i64 = 10_000_000_000;

/// How long a connection is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Over,
    HalfOpen,
    Open,
}

/// A connection that may go, the oldest first.
type Candidate = (PacketNo, ConnectionId);

/// Forgets what is due at `now`, if it is time for a sweep.
#[inline(never)]
pub(super) fn sweep_if_due(shared: &mut Shared, store: &mut Store, now: Timestamp) {
    let Some(limits) = shared.limits.eviction else { return };
    let last = *shared.last_sweep.at.get_or_insert(now);
    let eighth = (limits.most / 8).max(1);
    // A clock that was set back is a reason as well.
    let is_time = !(0..SWEEP_EVERY_NS).contains(&now.since(last));
    if is_time || shared.last_sweep.opened_since >= eighth {
        shared.last_sweep = LastSweep { at: Some(now), opened_since: 0 };
        sweep(shared, store, &limits, now);
    }
}

fn sweep(shared: &mut Shared, store: &mut Store, limits: &EvictionLimits, now: Timestamp) {
    let eighth = (limits.most / 8).max(1);
    let mut due = Vec::new();
    let (mut half_open, mut over): (Vec<Candidate>, Vec<Candidate>) = (Vec::new(), Vec::new());
    for (id, connection) in store.connections.iter() {
        let class = class_of(store, connection);
        let age = now.since(connection.last.at);
        let limit = match class {
            Class::Over => limits.closed_ns,
            Class::HalfOpen => limits.half_open_ns,
            Class::Open => limits.idle_ns,
        };
        if connection.merged || age >= limit {
            due.push(id);
            continue;
        }
        let candidate = (connection.last.packet, id);
        match class {
            Class::Over => over.push(candidate),
            Class::HalfOpen => half_open.push(candidate),
            Class::Open => {}
        }
    }
    let total = store.connections.len() - due.len();
    let too_many_half_open = half_open.len().saturating_sub(2 * eighth);
    let going = take_oldest(&mut half_open, too_many_half_open, &mut due);
    // Room for those that come before the next sweep.
    let too_many = (total - going).saturating_sub(limits.most - eighth);
    let going = take_oldest(&mut half_open, too_many, &mut due);
    take_oldest(&mut over, too_many - going, &mut due);
    if !due.is_empty() {
        forget(shared, store, &due);
    }
}

fn class_of(store: &Store, connection: &Connection) -> Class {
    let mut subflows = store.subflows_of(connection);
    if !subflows.clone().any(Subflow::is_confirmed) {
        Class::HalfOpen
    } else if connection.fast_close.is_some() || subflows.all(Subflow::is_over) {
        Class::Over
    } else {
        Class::Open
    }
}

/// Takes connections out, and everything that refers to them.
fn forget(shared: &mut Shared, store: &mut Store, due: &[ConnectionId]) {
    let mut listed = Vec::new();
    for id in due {
        count_forgotten(shared, store, *id, &mut listed);
        let Some(connection) = store.connections.remove(*id) else { continue };
        for subflow in &connection.subflows {
            store.subflows.remove(*subflow);
        }
        shared.count_buffered(connection.buffered(), 0);
        shared.tell_forgotten(connection.number);
    }
    shared.flows.retain_subflows(|id| store.subflows.contains(id));
    shared.tokens.retain(|id| store.connections.contains(id));
    listed.sort_unstable();
    for connection in store.connections.iter_mut() {
        let before = listed.partition_point(|first| *first < connection.first.packet);
        connection.forgotten_before += before as u64;
    }
}

/// Counts a connection that goes; `listed` gets the first packets of those that the report would
/// have shown as connections.
fn count_forgotten(
    shared: &mut Shared,
    store: &Store,
    id: ConnectionId,
    listed: &mut Vec<PacketNo>,
) {
    let connection = &store.connections[id];
    if connection.merged {
        return;
    }
    let forgotten = &mut shared.totals.forgotten;
    forgotten.subflows += connection.subflows.len() as u64;
    if store.is_orphan(connection) {
        forgotten.orphan_joins += 1;
        return;
    }
    listed.push(connection.first.packet);
    match class_of(store, connection) {
        Class::Over => forgotten.closed += 1,
        Class::HalfOpen => forgotten.half_open += 1,
        Class::Open => forgotten.idle += 1,
    }
}

/// Moves the `wanted` oldest candidates to `due`; how many there were.
fn take_oldest(
    candidates: &mut Vec<Candidate>,
    wanted: usize,
    due: &mut Vec<ConnectionId>,
) -> usize {
    if wanted == 0 {
        return 0;
    }
    candidates.sort_unstable_by_key(|(packet, _)| *packet);
    let going = wanted.min(candidates.len());
    due.extend(candidates.drain(..going).map(|(_, id)| id));
    going
}
