//! What the screens show: everything that was read up to a moment.

use crate::analyze::state_at::{ReplayBasis, StateAt, state_at};
use crate::report::Report;
use crate::track::Trace;
use crate::track::checkpoint::Checkpoints;
use crate::track::ids::SubflowId;
use crate::track::index::{Entry, Member, Members, PacketIndex};
use crate::wire::frame::{PacketNo, RawPacket, Timestamp};

/// What was read up to a moment. The default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Where it comes from.
    pub source: SourceStatus,
    /// The time that the report's moments count from; `None` before the first packet.
    pub origin: Option<Timestamp>,
    /// What became of it, with series.
    pub report: Report,
    /// Every packet of a subflow.
    pub packets: PacketIndex,
    /// Whose packets these are.
    pub subflows: SubflowTable,
    /// Where connections stood after some of them.
    pub checkpoints: Checkpoints,
    /// What else it takes to tell where a connection stood after any of them, in the order of the
    /// report.
    pub bases: Vec<ReplayBasis>,
}

impl Snapshot {
    /// Where a connection, by its index in the report, stood after the packet at `position`. `read`
    /// reads packets again: a bit more than a thousand at most.
    pub fn state_at(
        &self,
        connection: usize,
        position: u64,
        read: impl Fn(&Entry) -> Option<RawPacket>,
    ) -> Option<StateAt> {
        let whose = (self.bases.get(connection)?, &self.subflows.members(connection));
        state_at(&self.packets, &self.checkpoints, whose, position, read)
    }
}

/// The bases of all connections that a report on `trace` shows.
pub fn bases(trace: &Trace<'_>) -> Vec<ReplayBasis> {
    let connections = trace.connections().into_iter();
    connections.map(|connection| ReplayBasis::new(trace, connection)).collect()
}

/// Where packets come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceStatus {
    /// Name of the file or files, or of the interfaces.
    pub title: String,
    /// How far it is.
    pub phase: Phase,
    /// Frames read.
    pub frames: u64,
    /// What there is to say of it: an input that ended before its time, packets that are not kept.
    pub notes: Vec<String>,
}

/// How far reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading.
    Loading {
        /// Bytes read.
        read: u64,
        /// Bytes that there are; `None` if that is not known.
        total: Option<u64>,
    },
    /// Everything was read.
    Done,
    /// Packets come as they are captured.
    Live {
        /// Packets that were lost before they got here; `None` if they are not counted.
        dropped: Option<u64>,
    },
}

impl Default for Phase {
    fn default() -> Self {
        Self::Loading { read: 0, total: None }
    }
}

/// A subflow in a report, by positions: of its connection, and among the subflows of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubflowPosition {
    /// Index in `report.connections`.
    pub connection: usize,
    /// Index in the `subflows` of that.
    pub subflow: usize,
}

/// Which subflow of the report a packet is of.
#[derive(Debug, Clone, Default)]
pub struct SubflowTable {
    connections: Vec<Vec<Member>>,
    /// By the subflow's number: its first packet, and where it stands.
    positions: Vec<Option<(PacketNo, SubflowPosition)>>,
}

impl SubflowTable {
    /// The subflows of all connections that a report on `trace` shows.
    pub fn new(trace: &Trace<'_>) -> Self {
        let mut table = Self::default();
        for (connection, tracked) in trace.connections().into_iter().enumerate() {
            let ids = tracked.subflows.iter();
            let member =
                |id: &SubflowId| Member { id: *id, first: trace.subflow(*id).first.packet };
            let members: Vec<_> = ids.map(member).collect();
            for (subflow, member) in members.iter().enumerate() {
                table.place(*member, SubflowPosition { connection, subflow });
            }
            table.connections.push(members);
        }
        table
    }

    fn place(&mut self, member: Member, position: SubflowPosition) {
        let number = member.id.index();
        if self.positions.len() <= number {
            self.positions.resize(number + 1, None);
        }
        if let Some(slot) = self.positions.get_mut(number) {
            *slot = Some((member.first, position));
        }
    }

    /// The subflow that a packet is of; `None` if that is not in the report (any more).
    pub fn position(&self, entry: &Entry) -> Option<SubflowPosition> {
        let (first, position) = (*self.positions.get(entry.subflow().index())?)?;
        (entry.number() >= first).then_some(position)
    }

    /// The subflows of the connection at this index in the report, in the order in which they stand
    /// there.
    pub fn members(&self, connection: usize) -> Members {
        Members::new(self.connections.get(connection).into_iter().flatten().copied())
    }
}
