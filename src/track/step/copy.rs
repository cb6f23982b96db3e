//! A segment that was captured before: at another interface or input, or doubled by the network.

use super::context::Step;
use crate::wire::segment::TcpFlags;

/// Whether the segment is a copy. A copy changes nothing else.
pub(super) fn is_copy(step: &mut Step<'_>) -> bool {
    let (subflow, segment) = (&mut *step.subflow, step.segment);
    let (here, there) = subflow.sides.along_mut(step.direction);
    let is_copy = here.recent.is_copy(segment, step.options, subflow.several_points);
    if is_copy {
        subflow.several_points = true;
        here.arrivals.see_copy(segment);
        if let Some(reset) = subflow.reset.as_mut().filter(|_| segment.flags.has(TcpFlags::RST)) {
            reset.look.is_copied = true;
        }
        if here.ack_watch.is_doubled(segment.point) {
            there.ack_watch.ask(segment.timestamp);
        }
    }
    is_copy
}
