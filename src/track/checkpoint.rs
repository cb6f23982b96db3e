//! Where the data level of a connection stood after some of its packets, so that the state at any
//! packet follows from the few packets since then.

use super::Tracker;
use super::append_log::AppendLog;
use super::data_level::DataLevel;
use super::ids::ConnectionId;
use super::role::PerRole;
use crate::wire::frame::PacketNo;

/// Packets of a connection from one checkpoint to the next.
pub const INTERVAL: u32 = 1024;

/// Where a connection stood after a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The packet.
    pub packet: PacketNo,
    /// Its position in the index.
    pub position: u64,
    /// What the client sent, and what the server sent.
    pub levels: PerRole<DataLevel>,
    connection: ConnectionId,
}

/// The checkpoints of all connections, in the order of packets. A copy shares what stands in it.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    all: AppendLog<Checkpoint>,
    interval: u32,
    /// Of each connection, by its number: packets since its last checkpoint.
    since: Vec<u32>,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self::every(INTERVAL)
    }
}

impl Checkpoints {
    /// One every so many packets of a connection.
    pub fn every(interval: u32) -> Self {
        Self { all: AppendLog::default(), interval, since: Vec::new() }
    }

    /// None yet, and never many more than are needed for `most` packets: the oldest go.
    pub fn bounded(most: usize) -> Self {
        let all = AppendLog::bounded(most / INTERVAL as usize);
        Self { all, ..Self::default() }
    }

    /// Counts the packet that was pushed last, which is at `position` in the index.
    pub fn note(&mut self, tracker: &Tracker, packet: PacketNo, position: u64) {
        let Some(last) = tracker.last_packet() else { return };
        let trace = tracker.trace();
        let connection = trace.subflow(last.subflow).connection;
        if self.since.len() <= connection.index() {
            self.since.resize(connection.index() + 1, 0);
        }
        let Some(since) = self.since.get_mut(connection.index()) else { return };
        *since += 1;
        if *since >= self.interval {
            *since = 0;
            let levels = trace.connection(connection).levels();
            self.all.push(Checkpoint { packet, position, levels, connection });
        }
    }

    /// The last checkpoint of a connection, whose first packet is `first`, that is not after
    /// `packet`.
    pub fn before(
        &self,
        connection: ConnectionId,
        first: PacketNo,
        packet: PacketNo,
    ) -> Option<&Checkpoint> {
        let after = self.all.partition_point(|checkpoint| checkpoint.packet <= packet);
        let before = (self.all.dropped()..after).rev().map_while(|at| self.all.get(at));
        // A number may have been another connection's before.
        let mut before = before.take_while(|checkpoint| checkpoint.packet >= first);
        before.find(|checkpoint| checkpoint.connection == connection)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
