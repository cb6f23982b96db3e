//! Counts over the whole capture.

use super::failed_offers::FailedOffers;
use super::options::SegmentOptions;
use super::stamp::{PacketStamp, SWAPPED_NS};
use crate::wire::frame::{CapturePoint, Timestamp};
use crate::wire::mptcp::{MptcpOption, Subtype};

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
    /// TCP connections whose options the snap length cut: they may have had one.
    pub cut_flows: u64,
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
    /// By how much at most, in nanoseconds.
    pub backwards_most_ns: i64,
    /// TCP segments with octets among their options that are no option.
    pub malformed_areas: Anomaly,
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
    /// Options of legal form, by subtype: those of [`Subtype::ASSIGNED`], in its order.
    pub assigned: [u64; Subtype::ASSIGNED.len()],
    /// Unassigned subtypes.
    pub unknown: u64,
    /// Options with an illegal length or combination.
    pub malformed: u64,
}

impl Totals {
    /// The count of flows without an MPTCP option that those belong to whose options are cut, or are not.
    pub(crate) const fn flows_without_mptcp(&mut self, is_cut: bool) -> &mut u64 {
        if is_cut { &mut self.cut_flows } else { &mut self.plain_flows }
    }

    /// Whether the order of packets may be another one than that of their times.
    pub const fn is_out_of_order(&self) -> bool {
        self.backwards_most_ns > SWAPPED_NS
    }

    /// The MPTCP options of a segment that has any.
    pub(crate) fn count_options(&mut self, options: &SegmentOptions) {
        self.mptcp_segments += 1;
        // Nearly all have this one.
        if options.only_dss().is_some() {
            self.options.count_dss();
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
    /// The names of all counts, and the counts: the RFC's names of the options, then the others.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = Subtype::ASSIGNED.iter().filter_map(|subtype| subtype.name());
        let others = [("UNKNOWN", self.unknown), ("MALFORMED", self.malformed)];
        names.zip(self.assigned).chain(others)
    }

    /// Counts the option that nearly all segments have, without looking for its place.
    fn count_dss(&mut self) {
        let [_, _, dss, ..] = &mut self.assigned;
        *dss += 1;
    }

    fn count_of(&mut self, option: &MptcpOption) -> &mut u64 {
        if matches!(option, MptcpOption::Malformed(_)) {
            return &mut self.malformed;
        }
        let place = option.subtype().and_then(Subtype::place);
        place.and_then(|place| self.assigned.get_mut(place)).unwrap_or(&mut self.unknown)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_counts_a_dss_as_dss() {
        let mut counts = OptionCounts::default();
        counts.count_dss();
        let seen: Vec<_> = counts.named().filter(|(_, count)| *count > 0).collect();
        assert_eq!(seen, [("DSS", 1)]);
    }
}
