//! Holes: what the capture lacks of a stream.

use crate::track::connection::Connection;
use crate::track::data::DataSpace;
use crate::track::pending::Pending;
use crate::track::range_set::SeqRange;
use crate::track::role::Role;
use crate::track::subflow::Subflow;

/// The holes in what `sender` sent, in order. They lie between the first byte of the stream (midstream: the
/// first one seen or numbered) and its DATA_FIN, or else the last byte seen or acknowledged. Bytes that were
/// seen and whose place in the stream is unknown may fill them: such places are left out.
pub(super) fn holes(connection: &Connection, subflows: &[&Subflow], sender: Role) -> Vec<SeqRange> {
    let data = connection.data.of(sender);
    let fin = data.fin().map(|fin| fin.position);
    let end = fin.or_else(|| acked_end(connection, subflows, sender));
    let pending = subflows.iter().map(|subflow| &subflow.sides.of(sender).pending);
    let hidden = pending.clone().map(|pending| pending.hidden).sum();
    let base = data.base().unwrap_or_default();
    let maybe = pending.flat_map(Pending::mappings).map(|(dsn, bytes)| {
        let start = dsn.distance_from(base);
        SeqRange { start, end: start.saturating_add_unsigned(bytes) }
    });
    let holes = maybe.fold(up_to(end, data), without);
    let bytes: u64 = holes.iter().map(|hole| hole.len()).sum();
    if bytes > hidden { holes } else { Vec::new() }
}

/// Bytes that TCP acknowledged on a subflow and that the capture lacks; 0 if it shows only one host.
pub(super) fn of_subflow(subflow: &Subflow) -> u64 {
    let sides = Role::BOTH.map(|role| subflow.sides.of(role));
    if sides.iter().any(|side| side.segments == 0) {
        return 0;
    }
    let holes = sides.iter().flat_map(|side| {
        let holes = side.sequence.range_set().holes();
        holes.filter(|hole| hole.end <= side.acked)
    });
    holes.map(SeqRange::len).sum()
}

/// The parts of `ranges` that are not in `taken`.
fn without(ranges: Vec<SeqRange>, taken: SeqRange) -> Vec<SeqRange> {
    let parts = ranges.into_iter().flat_map(|range| {
        let before = SeqRange { end: range.end.min(taken.start), ..range };
        let after = SeqRange { start: range.start.max(taken.end), ..range };
        if range.intersection(taken).is_empty() {
            [range, SeqRange { end: range.start, ..range }]
        } else {
            [before, after]
        }
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// One past the last byte of `sender`'s stream that its peer acknowledged. A DATA_FIN does not count.
pub(super) fn acked_end(
    connection: &Connection,
    subflows: &[&Subflow],
    sender: Role,
) -> Option<i64> {
    let data = connection.data.of(sender);
    let acked = data.acked_end()?;
    let is_unseen = data.range_set().span().is_none_or(|span| acked > span.end);
    match data.fin() {
        Some(fin) => Some(acked.min(fin.position)),
        None if is_unseen && connection.fallback.is_none() => {
            Some(acked - i64::from(has_closed(subflows, sender.peer())))
        }
        None => Some(acked),
    }
}

/// Whether `role` closed all its subflows, as a host does once it acknowledged the peer's DATA_FIN
/// (RFC 8684 §3.3.3).
fn has_closed(subflows: &[&Subflow], role: Role) -> bool {
    let mut used = subflows.iter().map(|subflow| subflow.sides.of(role));
    used.all(|side| side.segments == 0 || side.fin.is_some())
}

fn up_to(end: Option<i64>, data: &DataSpace) -> Vec<SeqRange> {
    let range_set = data.range_set();
    let seen = range_set.span().map_or(0, |span| span.end);
    let tail = SeqRange { start: seen, end: end.unwrap_or(seen) };
    range_set.holes().chain([tail].into_iter().filter(|tail| !tail.is_empty())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::transmissions::Transmission;
    use crate::wire::frame::Timestamp;
    use crate::wire::seq::Dsn;

    fn carry(data: &mut DataSpace, start: i64, end: i64) {
        let range = SeqRange { start, end };
        data.insert(Transmission {
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
        let holes = up_to(Some(45), &data);
        let ends: Vec<_> = holes.iter().map(|hole| (hole.start, hole.end)).collect();
        assert_eq!(ends, [(0, 10), (20, 30), (40, 45)]);
    }
}
