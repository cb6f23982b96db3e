//! Facts that several rules rest on.

pub(super) mod dead_path;
pub(super) mod forged_reset;
pub(super) mod host_settings;
pub(super) mod join_failure;
pub(super) mod occurrences;
pub(super) mod refusal;
pub(super) mod silence;
pub(super) mod stripped;

use std::net::IpAddr;

use super::context::ConnectionContext;
use crate::track::address::AnnouncedAddress;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{Reset, Subflow};
use crate::wire::frame::{PacketNo, Timestamp};
use crate::wire::segment::Endpoint;

/// Whether either host asked for it to be a backup: Linux then treats it as one in both directions.
pub(super) fn is_backup(subflow: &Subflow) -> bool {
    Role::BOTH.iter().any(|role| subflow.sides.of(*role).backup == Some(true))
}

/// Payload that both hosts sent on a subflow.
pub(super) fn payload(subflow: &Subflow) -> u64 {
    Role::BOTH.iter().map(|role| subflow.sides.of(*role).bytes.payload).sum()
}

/// Bytes of both streams.
pub(super) fn stream_bytes(context: &ConnectionContext<'_>) -> u64 {
    context.sides().map(|(subflow, role)| subflow.sides.of(role).bytes.new_data).sum()
}

/// The RST or the FIN of `role` that ended a subflow.
pub(super) fn ended(subflow: &Subflow, role: Role) -> Option<PacketStamp> {
    subflow.reset.map(|reset| reset.seen).or(subflow.sides.of(role).fin)
}

/// Whether this is the endpoint that the connection began with.
pub(super) fn is_initial(
    context: &ConnectionContext<'_>,
    join: &Subflow,
    target: Endpoint,
) -> bool {
    let initial = context.initial();
    initial.is_some_and(|initial| initial.sides.of(join.acceptor()).endpoint == target)
}

/// The subflows that go to an announced address, or tried to.
pub(super) fn users<'a>(
    context: &'a ConnectionContext<'_>,
    address: &'a AnnouncedAddress,
) -> impl Iterator<Item = &'a Subflow> {
    let joins = context.subflows.iter().copied().filter(|subflow| !subflow.initial);
    joins.filter(move |subflow| {
        let side = subflow.sides.of(address.owner);
        let is_there = address.address == Some(side.endpoint.address);
        side.address_id == Some(address.address_id) || is_there
    })
}

/// Whether the address of a subflow had been withdrawn when a RST ended it: then the RST is meant, and
/// the data goes elsewhere.
pub(super) fn is_withdrawn(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    reset: &Reset,
) -> bool {
    context.connection.addresses.iter().any(|address| {
        subflow.sides.of(address.owner).address_id == Some(address.address_id)
            && address.removed.listed.iter().any(|removed| removed.packet <= reset.seen.packet)
    })
}

/// When the first host began to end the connection, or else its last packet.
pub(super) fn end_of_data(context: &ConnectionContext<'_>) -> Timestamp {
    let connection = context.connection;
    let fins = Role::BOTH.map(|role| connection.data.of(role).fin().map(|fin| fin.seen.at));
    let close = connection.fast_close.map(|close| close.seen.at);
    let first = fins.into_iter().flatten().chain(close).min();
    first.unwrap_or(connection.last.at)
}

/// The packet at which the connection was closed in order: both DATA_FINs were there.
pub(super) fn closing_done(context: &ConnectionContext<'_>) -> Option<PacketNo> {
    let fins = Role::BOTH.map(|role| context.connection.data.of(role).fin());
    let [Some(client), Some(server)] = fins else { return None };
    Some(client.seen.packet.max(server.seen.packet))
}

/// Whether an announced address is the one that the connection began with: that is no second one.
pub(super) fn is_initial_address(
    context: &ConnectionContext<'_>,
    address: &AnnouncedAddress,
) -> bool {
    let initial = context.subflows.first().map(|subflow| subflow.sides.of(address.owner).endpoint);
    initial.is_some_and(|initial| {
        address.address == Some(initial.address) && address.port.is_none_or(|p| p == initial.port)
    })
}

/// The addresses beside the first one that a host announced.
pub(super) fn announced<'a>(
    context: &'a ConnectionContext<'_>,
) -> impl Iterator<Item = &'a AnnouncedAddress> {
    let addresses = context.connection.addresses.iter();
    addresses.filter(|address| address.announced.count > 0 && !is_initial_address(context, address))
}

/// Private, link-local or loopback.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_loopback(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback(),
    }
}

/// `10.1.2.2` or `10.1.2.2:5002`.
pub(super) fn named(address: &AnnouncedAddress) -> String {
    match (address.address, address.port) {
        (Some(address), Some(port)) => Endpoint { address, port }.to_string(),
        (Some(address), None) => address.to_string(),
        (None, _) => "an unknown address".to_owned(),
    }
}

/// Under which ID `owner` announced an address, with this port or with none.
pub(super) fn announced_id(
    context: &ConnectionContext<'_>,
    owner: Role,
    target: Endpoint,
) -> Option<u8> {
    let mut addresses = context.connection.addresses.iter();
    let known = addresses.find(|address| {
        address.owner == owner
            && address.announced.count > 0
            && address.address == Some(target.address)
            && address.port.is_none_or(|port| port == target.port)
    });
    known.map(|address| address.address_id.0)
}
