//! Which connection a flow belongs to, where that shows only later: by a key that is learnt, by the
//! HMAC of a join, or by data sequence numbers.

use super::ids::{ConnectionId, SubflowId};
use super::options::SegmentOptions;
use super::proof;
use super::role::Role;
use super::shared::Shared;
use super::state::connection::Connection;
use super::state::stray::Stray;
use super::state::subflow::{Subflow, SubflowSide};
use super::state::tcp_sequence::TcpSequence;
use super::store::Store;
use super::token_index::{Owner, are_near};
use crate::wire::crypto;
use crate::wire::mptcp::{DataLevelLength, Dss, Key, Mapping, MptcpOption, Version};
use crate::wire::segment::Segment;
use crate::wire::seq::{Dsn, SeqNum, WireDsn};

/// Makes a host's key findable by its token. Joins that named it before become subflows.
pub(super) fn register_token(
    shared: &mut Shared,
    store: &mut Store,
    connection: ConnectionId,
    role: Role,
) {
    let host = store.connections[connection].hosts.of(role);
    let (Some(token), Some(idsn)) = (host.token, host.idsn) else { return };
    shared.tokens.place(idsn, connection, role);
    shared.tokens.own(token, (connection, role));
    let joins = shared.tokens.take_unknown(token);
    if let Some(joins) = joins.filter(|joins| *joins != connection) {
        merge(shared, store, joins, connection, role == Role::Client);
    }
}

/// Takes a key as the joinee's, and its peer's as the joiner's, for a connection whose handshake was
/// not seen.
pub(super) fn use_key(shared: &mut Shared, store: &mut Store, key: Key, peer_key: Key) {
    for version in [Version::V1, Version::V0] {
        let (token, idsn) = crypto::key_hash(key, version);
        let by_token = shared.tokens.take_unknown(token).map(|id| (id, Role::Server));
        let Some((id, role)) = by_token.or_else(|| near(shared, store, idsn)) else { continue };
        let connection = &mut store.connections[id];
        if connection.version.is_none() {
            connection.version = Some(version);
        }
        let before = connection.buffered();
        for (role, key) in [(role, key), (role.peer(), peer_key)] {
            if connection.learn_key(role, key) {
                shared.tokens.own(token, (id, role));
            }
        }
        shared.count_buffered(before, connection.buffered());
        return;
    }
}

/// A token has 32 bits, so several connections may have the same one: the HMAC of the SYN/ACK
/// decides which of them the join was meant for (RFC 8684 §3.2).
pub(super) fn settle_token(shared: &mut Shared, store: &mut Store, id: SubflowId) {
    let subflow = &store.subflows[id];
    let Some((join, token)) = subflow.join.and_then(|join| Some((join, join.token?))) else {
        return;
    };
    let owners = shared.tokens.owners(token);
    if owners.len() < 2 || proof::belongs_to(store.connection_of(id), subflow.opener, &join) {
        return;
    }
    let meant = owners.iter().rev().find(|(connection, joinee)| {
        proof::belongs_to(&store.connections[*connection], joinee.peer(), &join)
    });
    if let Some((connection, joinee)) = meant.copied() {
        move_join(shared, store, id, connection, joinee.peer());
    }
}

/// Moves a join, which carried no data yet, to the connection that it was meant for.
fn move_join(
    shared: &mut Shared,
    store: &mut Store,
    id: SubflowId,
    target: ConnectionId,
    opener: Role,
) {
    let subflow = &mut store.subflows[id];
    let from = &mut store.connections[subflow.connection];
    from.subflows.retain(|kept| *kept != id);
    if from.subflows.is_empty() {
        // A SYN/ACK with the MP_JOIN of a SYN had begun a connection of its own.
        from.merged = true;
        shared.tell_forgotten(from.number);
    }
    let mut events = from.events.take_of(id);
    if subflow.opener != opener {
        subflow.swap_roles();
        events.swap_roles();
        shared.tell_swapped(id);
    }
    let owner = &mut store.connections[target];
    owner.events.merge(events);
    owner.subflows.push(id);
    subflow.connection = target;
    subflow.number = owner.take_number();
}

/// Looks for the connection that a flow without keys and tokens belongs to before its segment is
/// taken, by the numbers in it: what it carries may have been carried by the other connection.
pub(super) fn match_by_option(
    shared: &mut Shared,
    store: &mut Store,
    id: SubflowId,
    segment: &Segment<'_>,
    options: &SegmentOptions,
) {
    let subflow = &store.subflows[id];
    let (connection, sender) =
        (subflow.connection, subflow.direction_from(segment.source).sender());
    let dss = options.mptcp.iter().find_map(|option| match option {
        MptcpOption::Dss(dss) => Some(dss),
        _ => None,
    });
    let Some(dss) = dss else { return };
    let mapped = dss.mapping.map(|mapping| (sender, mapping.dsn));
    for (role, dsn) in mapped.into_iter().chain(dss.data_ack.map(|ack| (sender.peer(), ack))) {
        if let WireDsn::Long(whole) = dsn
            && let Some((other, other_role)) = near(shared, store, Dsn(whole))
            && other != connection
        {
            let swap = role != other_role;
            let sender = if swap { sender.peer() } else { sender };
            if is_new_port(store, other, segment, dss, sender) && is_unanswered(store, connection) {
                store.connections[connection].stray_of = Some((other, swap));
                return;
            }
            store.connections[connection].may_merge = false;
            merge(shared, store, connection, other, swap);
            return;
        }
    }
}

/// Whether a segment that `sender` sent on a flow without a handshake goes on with the sequence numbers of a
/// subflow of `target` to the same endpoint: then something on the way gave that another port.
fn is_new_port(
    store: &Store,
    target: ConnectionId,
    segment: &Segment<'_>,
    dss: &Dss,
    sender: Role,
) -> bool {
    /// No window is larger on paths of today, and other subflows begin anywhere.
    const NEAR: i64 = 1 << 24;
    let is_near = |sequence: &TcpSequence, number: SeqNum| {
        let end = sequence.range_set().span().map_or(1, |span| span.end);
        sequence.position_of(number).is_some_and(|position| (position - end).abs() < NEAR)
    };
    store.subflows_of(&store.connections[target]).any(|subflow| {
        let (own, peer) = (subflow.sides.of(sender), subflow.sides.of(sender.peer()));
        peer.endpoint == segment.destination
            && !subflow.is_midstream()
            && is_near(&own.sequence, segment.seq)
            && is_near(&peer.sequence, segment.ack)
            && dss.mapping.is_none_or(|mapping| is_covered(own, segment.seq, &mapping))
    })
}

/// Whether a mapping covers the byte at `seq`, if that is of this subflow: subflow sequence numbers count
/// from its SYN (RFC 8684 §3.3.1).
fn is_covered(side: &SubflowSide, seq: SeqNum, mapping: &Mapping) -> bool {
    let origin = side.mappings.origin().unwrap_or(0);
    let (Some(position), DataLevelLength::Bytes(bytes)) =
        (side.sequence.position_of(seq), mapping.length)
    else {
        return false;
    };
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what a mapping has")]
    let number = (position - origin).cast_unsigned() as u32;
    // A lone DATA_FIN stands nowhere.
    mapping.ssn == 0 || number.wrapping_sub(mapping.ssn) < u32::from(bytes)
}

/// Whether a flow without a handshake waits for the first answer of its other host. A host that knows it
/// answers; one that does not, as after a NAT lost its table, sends a RST.
fn is_unanswered(store: &Store, from: ConnectionId) -> bool {
    /// More is sent only to a host that answers.
    const MOST: u64 = 64;
    let is_one_sided = |subflow: &Subflow| {
        let [client, server] = Role::BOTH.map(|role| subflow.sides.of(role).segments);
        client.min(server) == 0 && client.max(server) < MOST
    };
    let mut flows = store.subflows_of(&store.connections[from]);
    flows.all(|flow| flow.is_midstream() && is_one_sided(flow))
}

/// After a RST: if it is the only answer to a flow without a handshake, that flow is no subflow of the
/// connection whose numbers it has.
pub(super) fn take_stray(shared: &mut Shared, store: &mut Store, id: SubflowId) {
    let subflow = &mut store.subflows[id];
    let connection = subflow.connection;
    let Some((target, swap)) = store.connections[connection].stray_of.take() else { return };
    let Some(reset) = subflow.reset else { return };
    let sender = reset.from.peer();
    let is_only_answer = subflow.sides.of(reset.from).segments == 1;
    if !is_only_answer || store.connections[target].merged {
        return;
    }
    let stray = Stray {
        from: if swap { reset.from } else { sender },
        source: subflow.sides.of(sender).endpoint,
        target: subflow.sides.of(reset.from).endpoint,
        first: subflow.first,
        reset: reset.seen,
    };
    store.connections[connection].may_merge = false;
    store.connections[connection].merged = true;
    shared.tell_forgotten(store.connections[connection].number);
    store.connections[target].strays.get_or_insert_default().add(stray);
}

/// Looks for the connection that a flow without keys and tokens belongs to, by its data sequence
/// numbers: they are random 64-bit numbers, so two connections are never near each other.
pub(super) fn match_by_dsn(shared: &mut Shared, store: &mut Store, connection: ConnectionId) {
    if store.connections[connection].stray_of.is_some() && is_unanswered(store, connection) {
        return;
    }
    for role in Role::BOTH {
        let Some(dsn) = store.connections[connection].data.of(role).reference() else {
            continue;
        };
        match near(shared, store, dsn) {
            Some((other, other_role)) if other != connection => {
                store.connections[connection].may_merge = false;
                merge(shared, store, connection, other, role != other_role);
                return;
            }
            _ => shared.tokens.place(dsn, connection, role),
        }
    }
    let data = &store.connections[connection].data;
    if data.client.reference().is_some() && data.server.reference().is_some() {
        store.connections[connection].may_merge = false;
    }
}

/// The live connection with a direction whose numbers are near `dsn`.
fn near(shared: &Shared, store: &Store, dsn: Dsn) -> Option<Owner> {
    shared.tokens.near(dsn).find(|(id, role)| {
        let connection = &store.connections[*id];
        let reference = connection.data.of(*role).reference();
        !connection.merged && reference.is_some_and(|reference| are_near(reference, dsn))
    })
}

/// Moves the subflows of `from` to `target`; `swap` says that client and server are the other
/// way round there.
fn merge(
    shared: &mut Shared,
    store: &mut Store,
    from: ConnectionId,
    target: ConnectionId,
    swap: bool,
) {
    let placeholder = Connection::new(store.connections[from].first);
    let mut absorbed = std::mem::replace(&mut store.connections[from], placeholder);
    store.connections[from].merged = true;
    if swap {
        absorbed.swap_roles();
    }
    let into = &mut store.connections[target];
    for id in &absorbed.subflows {
        let number = into.take_number();
        into.subflows.push(*id);
        let subflow = &mut store.subflows[*id];
        subflow.connection = target;
        subflow.number = number;
        if swap {
            subflow.swap_roles();
            shared.tell_swapped(*id);
        }
        // Only one can have been the first, whichever that was.
        let is_more = subflow.initial && subflow.is_confirmed();
        into.joined += u32::from(is_more);
        for role in Role::BOTH {
            let acked = subflow.sides.of(role).acked;
            into.data.of_mut(role).acknowledge_subflow(number, acked);
        }
    }
    shared.tell_forgotten(absorbed.number);
    let before = into.buffered() + absorbed.buffered();
    into.absorb(absorbed);
    shared.count_buffered(before, into.buffered());
}
