//! Forgetting: what lets a capture go on for days, and withstand floods.
//!
//! Now and then, by the time of packets or by the number of new connections, all connections are
//! looked at, and some go with everything that refers to them.

use super::Tracker;
use super::ids::ConnectionId;
use super::limits::EvictionLimits;
use super::state::connection::Connection;
use super::state::subflow::Subflow;
use super::updates::Update;
use crate::wire::frame::{PacketNo, Timestamp};

/// Longest time between two looks, in nanoseconds.
const SWEEP_EVERY_NS: i64 = 10_000_000_000;

/// What was forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Connections that were over.
    pub closed: u64,
    /// Connections that were silent for long.
    pub idle: u64,
    /// Connections that never got through.
    pub half_open: u64,
    /// Joins of unknown connections that were never answered.
    pub orphan_joins: u64,
    /// Subflows of all of these, and those that made room for others of the same connection.
    pub subflows: u64,
}

impl Forgotten {
    /// Connections that would stand in the report.
    pub const fn connections(&self) -> u64 {
        self.closed + self.idle + self.half_open
    }

    /// Whether nothing was.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// When the last look was, and what came since.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LastSweep {
    at: Option<Timestamp>,
    pub(crate) opened_since: usize,
}

/// How long a connection is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Over,
    HalfOpen,
    Open,
}

/// A connection that may go, the oldest first.
type Candidate = (PacketNo, ConnectionId);

impl Tracker {
    /// Forgets what is due at `now`, if it is time to look.
    pub(crate) fn age(&mut self, eviction: &EvictionLimits, now: Timestamp) {
        let last = *self.last_sweep.at.get_or_insert(now);
        let eighth = (eviction.most / 8).max(1);
        // A clock that was set back is a reason to look as well.
        let is_time = !(0..SWEEP_EVERY_NS).contains(&now.since(last));
        if is_time || self.last_sweep.opened_since >= eighth {
            self.last_sweep = LastSweep { at: Some(now), opened_since: 0 };
            self.sweep(eviction, eighth, now);
        }
    }

    fn sweep(&mut self, eviction: &EvictionLimits, eighth: usize, now: Timestamp) {
        let mut due = Vec::new();
        let (mut half_open, mut over): (Vec<Candidate>, Vec<Candidate>) = (Vec::new(), Vec::new());
        for (id, connection) in self.connections.iter() {
            let class = self.class(connection);
            let age = now.since(connection.last.at);
            let limit = match class {
                Class::Over => eviction.closed_ns,
                Class::HalfOpen => eviction.half_open_ns,
                Class::Open => eviction.idle_ns,
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
        let total = self.connections.len() - due.len();
        let too_many_half_open = half_open.len().saturating_sub(2 * eighth);
        let going = take_oldest(&mut half_open, too_many_half_open, &mut due);
        // Room for those that come before the next look.
        let too_many = (total - going).saturating_sub(eviction.most - eighth);
        let going = take_oldest(&mut half_open, too_many, &mut due);
        take_oldest(&mut over, too_many - going, &mut due);
        if !due.is_empty() {
            self.forget(&due);
        }
    }

    fn class(&self, connection: &Connection) -> Class {
        let mut subflows = connection.subflows.iter().map(|id| &self.subflows[*id]);
        if !subflows.clone().any(Subflow::is_confirmed) {
            Class::HalfOpen
        } else if connection.fast_close.is_some() || subflows.all(Subflow::is_over) {
            Class::Over
        } else {
            Class::Open
        }
    }

    /// Takes connections out, and everything that refers to them.
    fn forget(&mut self, due: &[ConnectionId]) {
        let mut listed = Vec::new();
        for id in due {
            self.count_forgotten(*id, &mut listed);
            let Some(connection) = self.connections.remove(*id) else { continue };
            for subflow in &connection.subflows {
                self.subflows.remove(*subflow);
            }
            for stream in [&connection.streams.client, &connection.streams.server] {
                let waiting = stream.as_ref().map_or(0, |stream| stream.buffered());
                self.buffered = self.buffered.saturating_sub(waiting);
            }
            if let Some(updates) = &mut self.updates {
                updates.push(Update::Forgotten { number: connection.number });
            }
        }
        let (connections, subflows) = (&self.connections, &self.subflows);
        self.flows.retain_subflows(|id| subflows.contains(id));
        self.tokens.retain(|id| connections.contains(id));
        listed.sort_unstable();
        for connection in self.connections.iter_mut() {
            let before = listed.partition_point(|first| *first < connection.first.packet);
            connection.forgotten_before += before as u64;
        }
    }

    /// Counts a connection that goes; `listed` gets the first packets of those that the report would
    /// have shown as connections.
    fn count_forgotten(&mut self, id: ConnectionId, listed: &mut Vec<PacketNo>) {
        let connection = &self.connections[id];
        if connection.merged {
            return;
        }
        let class = self.class(connection);
        let is_orphan = self.trace().is_orphan(connection);
        let forgotten = &mut self.totals.forgotten;
        forgotten.subflows += connection.subflows.len() as u64;
        if is_orphan {
            forgotten.orphan_joins += 1;
            return;
        }
        listed.push(connection.first.packet);
        match class {
            Class::Over => forgotten.closed += 1,
            Class::HalfOpen => forgotten.half_open += 1,
            Class::Open => forgotten.idle += 1,
        }
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
