//! Frames captured more than once: on two interfaces, at both ends of a path, or by a mirror port
//! that sees both ways.
//!
//! A copy is recognised by what a host never sends twice: on IPv4 the identification, elsewhere the
//! TCP timestamp, together with all numbers of the segment.

use std::collections::VecDeque;

use crate::track::options::SegmentOptions;
use crate::wire::frame::{CapturePoint, Timestamp};
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::way::Way;

/// Segments remembered per host and subflow while nothing was captured twice.
const FEW: usize = 4;

/// Segments remembered once something was: as many as may be on their way between two points.
const MANY: usize = 512;

/// Segments remembered once the subflow is over.
const LAST: usize = 16;

/// How far apart the copies of a segment without timestamps may be. A retransmission comes later:
/// no stack waits less than this (RFC 6298 §2.4 asks for a second, Linux takes 200 ms).
const MAX_DISTANCE_NS: i64 = 150_000_000;

/// The last segments of one host on one subflow.
#[derive(Debug, Clone, Default)]
pub struct RecentSegments {
    /// Together, since for nearly every segment nothing else is looked at.
    few_mixes: [Mix; FEW],
    few_origins: [Origin; FEW],
    next: usize,
    many: VecDeque<(Mix, Origin)>,
}

/// What a copy shares with its original; of a segment never 0.
type Mix = u64;

/// Where and when a segment was captured.
#[derive(Debug, Clone, Copy, Default)]
struct Origin {
    point: CapturePoint,
    way: Way,
    ip_id: u16,
    at: Timestamp,
}

impl RecentSegments {
    /// Takes a segment; true when it is a copy of one before. `several_points` says that this subflow
    /// is known to be captured more than once.
    #[inline(always)]
    pub(crate) fn is_copy(
        &mut self,
        segment: &Segment<'_>,
        options: &SegmentOptions,
        several_points: bool,
    ) -> bool {
        let mix = fingerprint(segment, options);
        let is_known = self.few_mixes.contains(&mix) || !self.many.is_empty();
        if is_known && self.has_original(mix, segment, options) {
            return true;
        }
        self.remember(mix, segment, several_points);
        false
    }

    /// Whether one of the segments before is the original of this one.
    #[inline(never)]
    fn has_original(&self, mix: Mix, segment: &Segment<'_>, options: &SegmentOptions) -> bool {
        let timed = options.timestamps.is_some();
        let is_unique = is_unique(segment, timed, self.has_constant_ids(mix, segment.ip_id));
        let is_original = |known: Mix, before: Origin| {
            known == mix
                && (is_unique || before.point != segment.point || before.way != segment.way)
                && (timed || segment.timestamp.since(before.at).abs() < MAX_DISTANCE_NS)
        };
        let mut few = self.few_mixes.iter().zip(&self.few_origins);
        few.any(|(known, before)| is_original(*known, *before))
            || self.many.iter().any(|(known, before)| is_original(*known, *before))
    }

    /// Whether another of the last segments has this identification as well: programs that make packets
    /// often give all the same.
    fn has_constant_ids(&self, mix: Mix, ip_id: u16) -> bool {
        let mut few = self.few_mixes.iter().zip(&self.few_origins);
        few.any(|(known, origin)| *known != 0 && *known != mix && origin.ip_id == ip_id)
    }

    /// Lets go of all but the last ones, whose copies may still come.
    pub fn close(&mut self) {
        let old = self.many.len().saturating_sub(LAST);
        self.many.drain(..old);
        self.many.shrink_to_fit();
    }

    #[inline(always)]
    fn remember(&mut self, mix: Mix, segment: &Segment<'_>, several_points: bool) {
        let slot = self.next % FEW;
        let (Some(few_mix), Some(few_origin)) =
            (self.few_mixes.get_mut(slot), self.few_origins.get_mut(slot))
        else {
            return;
        };
        if several_points && *few_mix != 0 {
            if self.many.len() >= MANY {
                self.many.pop_front();
            }
            self.many.push_back((*few_mix, *few_origin));
        }
        *few_mix = mix;
        *few_origin = Origin {
            point: segment.point,
            way: segment.way,
            ip_id: segment.ip_id,
            at: segment.timestamp,
        };
        self.next += 1;
    }
}

/// Whether the sender would give a second such segment another number: an IPv4 identification, or
/// a timestamp on a segment that takes up sequence space.
fn is_unique(segment: &Segment<'_>, timed: bool, has_constant_ids: bool) -> bool {
    let takes_space = segment.payload_len > 0
        || segment.flags.has(TcpFlags::SYN)
        || segment.flags.has(TcpFlags::FIN);
    (segment.ip_id != 0 && !has_constant_ids) || (timed && takes_space)
}

/// A mix of everything that a copy shares with its original (the TTL may differ).
#[inline(always)]
fn fingerprint(segment: &Segment<'_>, options: &SegmentOptions) -> u64 {
    let (value, echo) = options.timestamps.unwrap_or_default();
    let words = [
        u64::from(segment.seq.0) << 32 | u64::from(segment.ack.0),
        u64::from(segment.ip_id) << 48
            | u64::from(segment.window) << 32
            | u64::from(segment.payload_len),
        u64::from(value) << 32 | u64::from(echo),
        u64::from(segment.flags.0) << 8 | u64::from(segment.options.declared_len),
    ];
    // Only segments of one host and subflow are compared, and their sequence numbers are in it.
    words.iter().fold(0x9e37_79b9_7f4a_7c15, |mix: u64, word| {
        (mix ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29)
    }) | 1
}
