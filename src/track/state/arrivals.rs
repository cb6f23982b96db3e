//! Where the segments of a host on a subflow were captured, and which ways they came.

use smallvec::SmallVec;

use crate::wire::frame::CapturePoint;
use crate::wire::segment::Segment;
use crate::wire::way::Way;

/// So many are told apart on each side of a subflow.
const MOST: usize = 16;

/// A place where segments were captured, and the way that they came there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Input and interface.
    pub point: CapturePoint,
    /// Tunnels, and what the link layer says.
    pub way: Way,
}

impl Arrival {
    #[inline]
    fn of(segment: &Segment<'_>) -> Self {
        Self { point: segment.point, way: segment.way }
    }

    /// In one word: it is compared for every segment.
    #[inline]
    fn word(self) -> u64 {
        let CapturePoint { input, interface } = self.point;
        let Way { tenant, route } = self.way;
        let halves = [input, interface, tenant, route];
        halves.into_iter().fold(0, |word, half| word << 16 | u64::from(half))
    }
}

/// All of them.
#[derive(Debug, Clone)]
pub struct Arrivals {
    /// That of the last segment that was no copy; before the first, what no segment has.
    last: u64,
    all: SmallVec<[Arrival; 1]>,
}

impl Default for Arrivals {
    fn default() -> Self {
        // No input has the highest number.
        Self { last: u64::MAX, all: SmallVec::new() }
    }
}

impl Arrivals {
    /// Whether a segment came as the last one did.
    #[inline]
    pub(crate) fn is_last(&self, segment: &Segment<'_>) -> bool {
        self.last == Arrival::of(segment).word()
    }

    /// Takes a segment.
    pub(crate) fn see(&mut self, segment: &Segment<'_>) {
        if !self.is_last(segment) {
            self.last = Arrival::of(segment).word();
            self.see_copy(segment);
        }
    }

    /// Takes a copy of a segment.
    pub(crate) fn see_copy(&mut self, segment: &Segment<'_>) {
        let arrival = Arrival::of(segment);
        if !self.all.contains(&arrival) && self.all.len() < MOST {
            self.all.push(arrival);
        }
    }

    /// All of them, in the order in which they were first seen.
    pub fn all(&self) -> &[Arrival] {
        &self.all
    }
}
