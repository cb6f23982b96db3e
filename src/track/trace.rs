//! What a tracker has put together: a view for the layers above.

use super::Tracker;
use super::eviction::Forgotten;
use super::ids::{ConnectionId, SubflowId};
use super::options::SegmentOptions;
use super::stamp::PacketStamp;
use super::state::connection::Connection;
use super::state::subflow::Subflow;
use crate::wire::frame::{CapturePoint, Timestamp};
use crate::wire::mptcp::MptcpOption;

/// Counts over the whole capture. They count records: a frame captured twice counts twice.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// Time of the first TCP segment.
    pub first_segment: Option<Timestamp>,
    /// Frames pushed.
    pub packets: u64,
    /// Frames whose headers could not be read.
    pub undecoded: u64,
    /// IP fragments, which are skipped.
    pub fragments: u64,
    /// TCP segments.
    pub tcp_segments: u64,
    /// TCP segments with at least one MPTCP option.
    pub mptcp_segments: u64,
    /// TCP connections without any MPTCP option.
    pub plain_flows: u64,
    /// Flows with MPTCP that were not followed, because a limit was reached.
    pub untracked_flows: u64,
    /// MPTCP options by type.
    pub options: OptionCounts,
    /// Connections that were forgotten to save memory.
    pub forgotten: Forgotten,
    /// Copies of frames that were captured before, by input.
    pub copies: Vec<u64>,
    /// TCP segments whose options the snap length cut.
    pub options_cut: Anomaly,
    /// TCP segments whose options have a longer run of NOPs than any host needs.
    pub nop_runs: Anomaly,
    /// Frames that are older than the one before them.
    pub backwards: Anomaly,
}

/// Something odd: how often it was seen, and where first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Anomaly {
    /// How often.
    pub count: u64,
    /// The first time.
    pub first: Option<PacketStamp>,
}

impl Anomaly {
    pub(crate) fn add(&mut self, seen: PacketStamp) {
        self.count += 1;
        self.first.get_or_insert(seen);
    }
}

/// How often each MPTCP option was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OptionCounts {
    /// MP_CAPABLE.
    pub mp_capable: u64,
    /// MP_JOIN.
    pub mp_join: u64,
    /// DSS.
    pub dss: u64,
    /// ADD_ADDR, echoes included.
    pub add_addr: u64,
    /// REMOVE_ADDR.
    pub remove_addr: u64,
    /// MP_PRIO.
    pub mp_prio: u64,
    /// MP_FAIL.
    pub mp_fail: u64,
    /// MP_FASTCLOSE.
    pub mp_fastclose: u64,
    /// MP_TCPRST.
    pub mp_tcprst: u64,
    /// MP_EXPERIMENTAL.
    pub mp_experimental: u64,
    /// Unassigned subtypes.
    pub unknown: u64,
    /// Options with an illegal length or combination.
    pub malformed: u64,
}

impl Totals {
    pub(crate) fn count_options(&mut self, options: &SegmentOptions) {
        self.mptcp_segments += 1;
        // Nearly all have this one.
        if options.only_dss().is_some() {
            self.options.dss += 1;
            return;
        }
        for option in &options.mptcp {
            *self.options.count_of(option) += 1;
        }
    }
}

impl Totals {
    pub(crate) fn count_copy(&mut self, point: CapturePoint) {
        let input = usize::from(point.input);
        if self.copies.len() <= input {
            self.copies.resize(input + 1, 0);
        }
        if let Some(count) = self.copies.get_mut(input) {
            *count += 1;
        }
    }
}

impl OptionCounts {
    fn count_of(&mut self, option: &MptcpOption) -> &mut u64 {
        match option {
            MptcpOption::Capable(_) => &mut self.mp_capable,
            MptcpOption::Join(_) => &mut self.mp_join,
            MptcpOption::Dss(_) => &mut self.dss,
            MptcpOption::AddAddr(_) => &mut self.add_addr,
            MptcpOption::RemoveAddr(_) => &mut self.remove_addr,
            MptcpOption::Prio(_) => &mut self.mp_prio,
            MptcpOption::Fail(_) => &mut self.mp_fail,
            MptcpOption::FastClose(_) => &mut self.mp_fastclose,
            MptcpOption::TcpReset(_) => &mut self.mp_tcprst,
            MptcpOption::Experimental(_) => &mut self.mp_experimental,
            MptcpOption::Unknown(_) => &mut self.unknown,
            MptcpOption::Malformed(_) => &mut self.malformed,
        }
    }
}

/// A view of everything that was put together so far.
#[derive(Clone, Copy)]
pub struct Trace<'a> {
    tracker: &'a Tracker,
}

impl<'a> Trace<'a> {
    pub(crate) const fn new(tracker: &'a Tracker) -> Self {
        Self { tracker }
    }

    /// Counts over the whole capture.
    pub const fn totals(&self) -> &'a Totals {
        &self.tracker.totals
    }

    /// The connections, in the order of their first packets.
    pub fn connections(&self) -> Vec<&'a Connection> {
        self.in_order(|connection| !self.is_orphan(connection))
    }

    /// Subflows of joins that were never answered and whose connection was not captured, in the
    /// order of their first packets.
    pub fn orphans(&self) -> Vec<&'a Subflow> {
        let orphaned = self.in_order(|connection| self.is_orphan(connection));
        orphaned.into_iter().flat_map(|connection| self.subflows(connection)).collect()
    }

    /// How many connections there are, orphans included.
    pub fn connection_count(&self) -> u64 {
        self.tracker.connections.len() as u64
    }

    /// How many subflows there are.
    pub fn subflow_count(&self) -> u64 {
        self.tracker.subflows.len() as u64
    }

    /// The subflows of a connection, in the order in which they were first seen.
    pub fn subflows(&self, connection: &'a Connection) -> impl Iterator<Item = &'a Subflow> {
        connection.subflows.iter().map(|id| self.subflow(*id))
    }

    /// A connection by its number.
    pub fn connection(&self, id: ConnectionId) -> &'a Connection {
        &self.tracker.connections[id]
    }

    /// A subflow by its number.
    pub fn subflow(&self, id: SubflowId) -> &'a Subflow {
        &self.tracker.subflows[id]
    }

    fn in_order(self, wanted: impl Fn(&Connection) -> bool) -> Vec<&'a Connection> {
        let all = self.tracker.connections.iter().map(|(_, connection)| connection);
        let mut found: Vec<_> = all.filter(|c| !c.merged && wanted(c)).collect();
        found.sort_by_key(|connection| connection.first.packet);
        found
    }

    /// Known by its joins alone, and none of them was ever answered with MP_JOIN.
    pub(crate) fn is_orphan(self, connection: &Connection) -> bool {
        let unanswered = |id: &SubflowId| {
            let join = self.tracker.subflows[*id].join.as_ref();
            join.is_some_and(|join| join.syn_ack_hmac.is_none())
        };
        connection.known_by.is_some() && connection.subflows.iter().all(unanswered)
    }
}
