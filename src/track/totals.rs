//! Counts over the whole capture.

use super::failed_offers::FailedOffers;
use super::options::SegmentOptions;
use super::stamp::PacketStamp;
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
    /// Hosts between which MPTCP was offered in vain.
    pub failed_offers: FailedOffers,
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
    /// Takes one more.
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
    /// The MPTCP options of a segment that has any.
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

    /// A copy of a frame, captured at `point`.
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
            MptcpOption::MpCapable(_) => &mut self.mp_capable,
            MptcpOption::MpJoin(_) => &mut self.mp_join,
            MptcpOption::Dss(_) => &mut self.dss,
            MptcpOption::AddAddr(_) => &mut self.add_addr,
            MptcpOption::RemoveAddr(_) => &mut self.remove_addr,
            MptcpOption::MpPrio(_) => &mut self.mp_prio,
            MptcpOption::MpFail(_) => &mut self.mp_fail,
            MptcpOption::MpFastClose(_) => &mut self.mp_fastclose,
            MptcpOption::MpTcpRst(_) => &mut self.mp_tcprst,
            MptcpOption::Experimental(_) => &mut self.mp_experimental,
            MptcpOption::Unknown(_) => &mut self.unknown,
            MptcpOption::Malformed(_) => &mut self.malformed,
        }
    }
}

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
