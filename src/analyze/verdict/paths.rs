//! Subflows as paths, where they are some.

use crate::track::role::Role;
use crate::track::subflow::Subflow;
use crate::units;

/// `2 paths`, or `3 subflows over 1 client address`: subflows from one address share their first hop, so
/// they are not as many paths.
pub(super) fn paths(subflows: &[&Subflow]) -> String {
    let mut clients: Vec<_> =
        subflows.iter().map(|subflow| subflow.sides.client.endpoint.address).collect();
    clients.sort_unstable();
    clients.dedup();
    if clients.len() == subflows.len() {
        return units::counted(subflows.len() as u64, "path");
    }
    let subflows = units::counted(subflows.len() as u64, "subflow");
    match clients.len() {
        1 => format!("{subflows} over 1 client address"),
        several => format!("{subflows} over {several} client addresses"),
    }
}

/// The subflow at `place` (from 0) as a path with what makes it another one, or as a subflow.
pub(super) fn path(subflows: &[&Subflow], place: usize) -> String {
    let Some(subflow) = subflows.get(place) else { return "another one".to_owned() };
    let address = |role: Role| subflow.sides.of(role).endpoint.address;
    let is_alone = |role: Role| {
        let others = subflows.iter().filter(|other| other.number != subflow.number);
        others.clone().all(|other| other.sides.of(role).endpoint.address != address(role))
    };
    let number = subflow.number;
    match (is_alone(Role::Client), is_alone(Role::Server)) {
        (true, _) => format!("path {} ({})", place + 1, address(Role::Client)),
        (_, true) => format!("subflow {number} (to {})", address(Role::Server)),
        _ => format!("subflow {number}"),
    }
}
