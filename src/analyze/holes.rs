//! What of a stream is not in the capture.

use crate::track::coverage::Range;
use crate::track::data::DataSpace;

/// What was not seen, in order: from the first octet of the stream (midstream: the first one seen)
/// to the last one seen, or to the DATA_FIN.
pub fn holes(data: &DataSpace) -> Vec<Range> {
    let coverage = data.coverage();
    let tail = coverage
        .span()
        .zip(data.fin())
        .map(|(span, fin)| Range { start: span.end, end: fin.position });
    coverage.gaps().chain(tail.filter(|tail| !tail.is_empty())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::copies::Carried;
    use crate::track::subflow::Seen;
    use crate::wire::frame::{PacketNo, Timestamp};
    use crate::wire::seq::Dsn;

    fn carry(data: &mut DataSpace, start: i64, end: i64) {
        let range = Range { start, end };
        data.insert(Carried {
            range,
            subflow: 0,
            subflow_position: start,
            at: Timestamp(0),
            sample: 0,
        });
    }

    #[test]
    fn before_between_and_after() {
        let mut data = DataSpace::default();
        data.know_idsn(Dsn(7));
        carry(&mut data, 10, 20);
        carry(&mut data, 30, 40);
        data.finish(45, Seen { packet: PacketNo(1), at: Timestamp(0) });
        let holes = holes(&data);
        let ends: Vec<_> = holes.iter().map(|hole| (hole.start, hole.end)).collect();
        assert_eq!(ends, [(0, 10), (20, 30), (40, 45)]);
    }
}
