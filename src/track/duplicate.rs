//! Frames captured more than once: on two interfaces, at both ends of a path, or by a mirror port
//! that sees both ways.
//!
//! A copy is recognised by what a host never sends twice: on IPv4 the identification, elsewhere the
//! TCP timestamp, together with all numbers of the segment.

use std::collections::VecDeque;

use super::options::SegmentOptions;
use crate::wire::frame::CapturePoint;
use crate::wire::segment::{Segment, TcpFlags};

/// Segments remembered per host and subflow while nothing was captured twice.
const FEW: usize = 4;

/// Segments remembered once something was: as many as may be on their way between two points.
const MANY: usize = 1024;

/// The last segments of one host on one subflow.
#[derive(Debug, Clone, Default)]
pub struct RecentSegments {
    recent: VecDeque<(u64, CapturePoint)>,
}

impl RecentSegments {
    /// Takes a segment; true when it is a copy of one before. `several_points` says that this subflow
    /// is known to be captured more than once.
    pub(crate) fn is_copy(
        &mut self,
        segment: &Segment<'_>,
        options: &SegmentOptions,
        several_points: bool,
    ) -> bool {
        let print = fingerprint(segment, options);
        let unique = is_unique(segment, options);
        let copy = self.recent.iter().any(|(before, point)| {
            *before == print && (unique || *point != segment.point)
        });
        if copy {
            return true;
        }
        let most = if several_points { MANY } else { FEW };
        while self.recent.len() >= most {
            self.recent.pop_front();
        }
        self.recent.push_back((print, segment.point));
        false
    }

    /// Lets go of all.
    pub fn close(&mut self) {
        self.recent = VecDeque::new();
    }
}

/// Whether the sender would give a second such segment another number: an IPv4 identification, or
/// a timestamp on a segment that takes up sequence space.
fn is_unique(segment: &Segment<'_>, options: &SegmentOptions) -> bool {
    let takes_space = segment.payload_len > 0 || segment.flags.has(TcpFlags(0x03));
    segment.ip_id != 0 || (options.timestamps.is_some() && takes_space)
}

/// A mix of everything that a copy shares with its original. TTL and window scale may differ on the
/// way; so may not these.
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
    // Multiply and fold; a collision would have to agree in sequence numbers as well.
    words.iter().fold(0x9e37_79b9_7f4a_7c15, |mix, word| {
        (mix ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29)
    })
}
