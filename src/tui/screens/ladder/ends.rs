//! With which packet each subflow was gone: the last one on it after its RST, or after both FINs.

use crate::report::event::EventKind;
use crate::report::model::{Connection, Subflow};
use crate::track::index::{Members, PacketIndex};
use crate::track::subflow::SubflowState;
use crate::tui::shared::Shared;
use crate::wire::frame::PacketNo;

/// Subflows that are looked at. People do not page through more lanes than that.
const SUBFLOWS: usize = 256;

/// Packets after the end that are looked at for late ones on the same subflow.
const LATE: usize = 2_000;

/// By lane; `None` for a subflow that is still there, as far as the capture tells.
pub(super) fn of(shared: &Shared, members: &Members) -> Vec<Option<u64>> {
    let Some(connection) = shared.connection() else { return Vec::new() };
    let subflows = connection.subflows.iter().take(SUBFLOWS).enumerate();
    subflows
        .map(|(lane, subflow)| {
            let end = end(connection, subflow)?;
            Some(last_packet(shared.index(), members, lane, end))
        })
        .collect()
}

/// The packet that ended a subflow.
fn end(connection: &Connection, subflow: &Subflow) -> Option<u64> {
    if let Some(reset) = &subflow.reset {
        return Some(reset.packet);
    }
    let is_fin = |kind: &EventKind| matches!(kind, EventKind::Fin);
    let events = connection.events.iter().filter(|event| event.subflow == subflow.id);
    let fins = events.filter(|event| is_fin(&event.kind)).map(|event| event.packet);
    fins.max().filter(|_| subflow.state == SubflowState::Closed)
}

fn last_packet(index: &PacketIndex, members: &Members, lane: usize, end: u64) -> u64 {
    let after = index.iter_from(index.first_from(PacketNo(end))).take(LATE);
    let on_lane = after.filter(|(_, entry)| members.lane(entry) == Some(lane));
    on_lane.last().map_or(end, |(_, entry)| entry.number().0)
}
