//! Where the data level of a connection stood after some of its packets, so that its state as of any
//! packet takes few packets to find out.

use super::Tracker;
use super::append_log::AppendLog;
use super::arena::Id;
use super::connection::Connection;
use super::role::PerRole;
use crate::wire::frame::PacketNo;
use crate::wire::seq::Dsn;

/// Packets of a connection from one checkpoint to the next.
pub const INTERVAL: u32 = 1024;

/// The data level of one direction at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataLevel {
    /// The DSN after the last byte that was sent; `None` before the first one.
    pub sent: Option<Dsn>,
    /// The highest DATA_ACK of the peer.
    pub acked: Option<Dsn>,
    /// What the peer offered last, in bytes from its DATA_ACK on; `None` while the scale of its
    /// window is not known.
    pub window: Option<u64>,
    /// The highest number of all, a DATA_FIN included: those of 4 bytes are near it.
    pub highest: Option<Dsn>,
    /// Whether the upper halves of these numbers are known; if not, they count from 0.
    pub is_whole: bool,
}

impl DataLevel {
    /// Now that `base` of the direction is known: places numbers of which only the lower halves were.
    pub fn place_near(&mut self, base: Dsn) {
        if self.is_whole {
            return;
        }
        for dsn in [&mut self.sent, &mut self.acked, &mut self.highest] {
            *dsn = dsn.map(|dsn| dsn.low_half().expand(base));
        }
        self.is_whole = true;
    }

    /// Takes a number that is in use.
    pub fn reach(&mut self, dsn: Dsn) {
        if self.highest.is_none_or(|highest| dsn.distance_from(highest) > 0) {
            self.highest = Some(dsn);
        }
    }
}

/// Where a connection stood after a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The packet.
    pub packet: PacketNo,
    /// Its position in the index.
    pub position: u64,
    /// What the client sent, and what the server sent.
    pub levels: PerRole<DataLevel>,
    connection: Id<Connection>,
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

    /// Takes note of the packet at `position` in the index, which was pushed last.
    pub fn note(&mut self, tracker: &Tracker, packet: PacketNo, position: u64) {
        let Some(pushed) = tracker.last_packet() else { return };
        let trace = tracker.trace();
        let connection = trace.subflow(pushed.subflow).connection;
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
        connection: Id<Connection>,
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

impl Connection {
    /// Where the data level of both directions stands.
    pub fn levels(&self) -> PerRole<DataLevel> {
        PerRole { client: self.data.client.level(), server: self.data.server.level() }
    }
}
