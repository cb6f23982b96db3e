//! Flows that begin: as plain TCP, as a subflow of a connection that is known, or as a connection of
//! their own (RFC 8684 §3.1, §3.2).

use super::flow_table::{Flow, FlowKey, PlainSyn};
use super::ids::{ConnectionId, SubflowId};
use super::options::SegmentOptions;
use super::role::Role;
use super::shared::Shared;
use super::stamp::PacketStamp;
use super::state::subflow::{Opening, Subflow};
use super::store::Store;
use super::tenants::Networks;
use crate::wire::mptcp::{CapableForm, MpJoin, MptcpOption, Token};
use crate::wire::segment::{Segment, TcpFlags};

/// Whether `segment` opens the 4-tuple of a subflow anew.
#[inline]
pub(super) fn is_reuse(
    store: &Store,
    id: SubflowId,
    segment: &Segment<'_>,
    options: &SegmentOptions,
) -> bool {
    if !segment.flags.has(TcpFlags::SYN) {
        // SYN and SYN/ACK may be missing; no other segment shows keys.
        return options.sender_key().is_some_and(|key| {
            let subflow = &store.subflows[id];
            let sender = subflow.direction_from(segment.source).sender();
            let known = store.connection_of(id).hosts.of(sender).key;
            subflow.is_over() && known.is_some_and(|known| known != key)
        });
    }
    let subflow = &store.subflows[id];
    let sender = subflow.direction_from(segment.source).sender();
    if segment.flags.is_syn_ack() {
        // The SYN before it may be missing.
        let side = subflow.sides.of(sender);
        let had_more = subflow.reset.is_some() || side.fin.is_some() || side.first_data.is_some();
        return had_more && side.sequence.isn().is_some_and(|isn| isn != segment.seq);
    }
    match subflow.sides.of(sender).sequence.isn() {
        Some(isn) => isn != segment.seq,
        // A SYN from the acceptor's side: a simultaneous open, unless this one is over. Where no
        // SYN was seen before: out of order, unless a RST was.
        None => subflow.reset.is_some() || subflow.handshake.syn.is_some() && subflow.is_over(),
    }
}

/// Looks at a segment whose 4-tuple is no subflow so far, or not the one that it was: in another network
/// it may be one. Returns the subflow that it belongs to; `None` for plain TCP.
#[inline(never)]
pub(super) fn find_or_open(
    shared: &mut Shared,
    store: &mut Store,
    key: FlowKey,
    segment: &Segment<'_>,
    options: &SegmentOptions,
) -> Option<SubflowId> {
    if !shared.flows.tenants.is_shared(&key) {
        if !is_in_another_network(shared, store, key, segment) {
            return open(shared, store, key, segment, options);
        }
        shared.flows.share(key);
    }
    let key = shared.flows.tenants.take(key, segment);
    match shared.flows.subflow(&key) {
        Some(id) if !is_reuse(store, id, segment, options) => Some(id),
        _ => open(shared, store, key, segment, options),
    }
}

/// Whether a SYN begins a second flow of a 4-tuple, in another network than the first one. If so, the
/// first one is noted as one of several.
fn is_in_another_network(
    shared: &mut Shared,
    store: &Store,
    key: FlowKey,
    segment: &Segment<'_>,
) -> bool {
    if !segment.flags.is_syn() || !shared.flows.tenants.has_room() {
        return false;
    }
    let (networks, isn) = match shared.flows.get(&key) {
        Some(Flow::Subflow(id)) => {
            let subflow = &store.subflows[id];
            let arrivals =
                Role::BOTH.into_iter().flat_map(|role| subflow.sides.of(role).arrivals.all());
            let networks: Networks = arrivals.map(|arrival| arrival.way.tenant).collect();
            (networks, subflow.sides.of(subflow.opener).sequence.isn())
        }
        Some(Flow::Plain { syn: Some(syn), .. }) => {
            (Networks::from_slice(&[syn.tenant]), Some(syn.seq))
        }
        _ => return false,
    };
    let is_other = !networks.contains(&segment.way.tenant) && isn != Some(segment.seq);
    if is_other {
        shared.flows.tenants.begin(key, networks, isn);
    }
    is_other
}

/// Looks at a segment of a flow that is no subflow so far, or not the one that it was. Returns the
/// subflow that the flow becomes with it; `None` for plain TCP.
fn open(
    shared: &mut Shared,
    store: &mut Store,
    key: FlowKey,
    segment: &Segment<'_>,
    options: &SegmentOptions,
) -> Option<SubflowId> {
    let (stream, syn) = match shared.flows.get(&key) {
        Some(Flow::Plain { stream, syn, is_cut }) => {
            let is_syn = segment.flags.is_syn();
            if is_syn && syn.is_some_and(|before| before.seq != segment.seq) {
                (shared.flows.take_stream(), None)
            } else if options.has_mptcp() {
                // Those that are not stored were not counted.
                let count = shared.totals.flows_without_mptcp(is_cut);
                *count = count.saturating_sub(1);
                (stream, syn)
            } else {
                if segment.flags.has(TcpFlags::SYN) {
                    shared.totals.failed_offers.see_plain(segment, is_syn && syn.is_none());
                }
                if is_syn && syn.is_none() {
                    let syn = Some(plain_syn(segment));
                    shared.flows.set(key, Flow::Plain { stream, syn, is_cut });
                }
                return None;
            }
        }
        Some(Flow::Subflow(_)) | None => (shared.flows.take_stream(), None),
    };
    let opened = if options.has_mptcp() {
        open_subflow(shared, store, stream, syn, segment, options)
    } else {
        None
    };
    if let Some(id) = opened {
        shared.flows.set(key, Flow::Subflow(id));
    } else {
        let syn = segment.flags.is_syn().then(|| plain_syn(segment));
        if segment.flags.has(TcpFlags::SYN) {
            shared.totals.failed_offers.see_plain(segment, true);
        }
        let is_cut = segment.options.is_cut();
        let stored = shared.flows.set(key, Flow::Plain { stream, syn, is_cut });
        // A flow that is not stored comes here with each of its segments.
        *shared.totals.flows_without_mptcp(is_cut) += u64::from(stored || syn.is_some());
    }
    opened
}

/// What is remembered of the SYN of a plain flow.
fn plain_syn(segment: &Segment<'_>) -> PlainSyn {
    PlainSyn {
        seq: segment.seq,
        seen: PacketStamp::in_segment(segment),
        port: segment.source.port,
        tenant: segment.way.tenant,
    }
}

/// The subflow that `segment`, the first one of its flow with an MPTCP option, belongs to.
fn open_subflow(
    shared: &mut Shared,
    store: &mut Store,
    stream: Option<u32>,
    syn: Option<PlainSyn>,
    segment: &Segment<'_>,
    options: &SegmentOptions,
) -> Option<SubflowId> {
    if let Some(syn) = syn {
        return open_after_plain_syn(shared, store, stream, syn, segment);
    }
    match guess_opening(segment, options) {
        Guess::Join(token, opening) => open_join(shared, store, stream, token, &opening),
        Guess::Connection { opening, certain } => {
            let connection = add_connection(shared, store, opening.first)?;
            store.connections[connection].roles_certain = certain;
            store.connections[connection].may_merge = !shows_key(options);
            add_subflow(shared, store, connection, stream, Role::Client, &opening)
        }
    }
}

/// A flow whose SYN had no MPTCP option, but a later segment has: the option was taken out of the
/// SYN, or a RST speaks of it.
fn open_after_plain_syn(
    shared: &mut Shared,
    store: &mut Store,
    stream: Option<u32>,
    syn: PlainSyn,
    segment: &Segment<'_>,
) -> Option<SubflowId> {
    let (here, there) = (segment.source, segment.destination);
    let from_here = here.port == syn.port;
    let (opener, acceptor) = if from_here { (here, there) } else { (there, here) };
    let opening = Opening { opener, acceptor, first: syn.seen, initial: true };
    let connection = add_connection(shared, store, syn.seen)?;
    store.connections[connection].roles_certain = true;
    let id = add_subflow(shared, store, connection, stream, Role::Client, &opening)?;
    let subflow = &mut store.subflows[id];
    subflow.handshake.syn = Some(syn.seen);
    subflow.sides.client.sequence.see_syn(syn.seq);
    Some(id)
}

/// A MP_JOIN SYN, which names its connection by a token.
fn open_join(
    shared: &mut Shared,
    store: &mut Store,
    stream: Option<u32>,
    token: Token,
    opening: &Opening,
) -> Option<SubflowId> {
    if let Some((connection, joinee)) = shared.tokens.find(token) {
        return add_subflow(shared, store, connection, stream, joinee.peer(), opening);
    }
    // The connection was not seen (yet): its joins stand together under their token, and the
    // opener of the first one passes for the client.
    let known = shared.tokens.unknown(token);
    let connection = known.or_else(|| add_unknown(shared, store, token, opening.first))?;
    add_subflow(shared, store, connection, stream, Role::Client, opening)
}

/// A connection that is known by the token in its joins alone.
fn add_unknown(
    shared: &mut Shared,
    store: &mut Store,
    token: Token,
    first: PacketStamp,
) -> Option<ConnectionId> {
    let id = add_connection(shared, store, first)?;
    store.connections[id].known_by = Some(token);
    store.connections[id].may_merge = true;
    shared.tokens.place_unknown(token, id);
    Some(id)
}

/// A new connection; `None` past the limit.
fn add_connection(
    shared: &mut Shared,
    store: &mut Store,
    first: PacketStamp,
) -> Option<ConnectionId> {
    let connection = shared.new_connection(first, store.connections.len())?;
    store.connections.push(connection)
}

/// A new subflow of `connection`, opened by `opener`; `None` past the limit.
fn add_subflow(
    shared: &mut Shared,
    store: &mut Store,
    connection: ConnectionId,
    stream: Option<u32>,
    opener: Role,
    opening: &Opening,
) -> Option<SubflowId> {
    let of_connection = store.connections[connection].subflows.len();
    if of_connection >= shared.limits.subflows_per_connection {
        return replace_subflow(shared, store, connection, stream, opener, opening);
    }
    if store.subflows.len() >= shared.limits.subflows {
        shared.totals.untracked_flows += 1;
        return None;
    }
    let count = store.connections.len();
    let owner = &mut store.connections[connection];
    let mut subflow = Subflow::new(connection, owner.take_number(), stream, opener, opening);
    shared.prepare(&mut subflow, count);
    let id = store.subflows.push(subflow)?;
    owner.subflows.push(id);
    Some(id)
}

/// A new subflow in the place of the oldest one that never got through, or else that is over;
/// `None` if the connection uses them all.
fn replace_subflow(
    shared: &mut Shared,
    store: &mut Store,
    connection: ConnectionId,
    stream: Option<u32>,
    opener: Role,
    opening: &Opening,
) -> Option<SubflowId> {
    let count = store.connections.len();
    let owner = &mut store.connections[connection];
    let oldest = owner.subflows.iter().copied().filter_map(|id| {
        let old = &store.subflows[id];
        let may_go = !old.initial && (old.is_over() || !old.is_confirmed());
        may_go.then_some((old.is_confirmed(), old.last.packet, id))
    });
    let Some((_, _, id)) = oldest.min_by_key(|(through, last, _)| (*through, *last)) else {
        shared.totals.untracked_flows += 1;
        return None;
    };
    let old = &mut store.subflows[id];
    owner.join_answered(old);
    let key = FlowKey::new(old.sides.client.endpoint, old.sides.server.endpoint);
    shared.flows.remove(&key, id);
    let number = old.number;
    *old = Subflow::new(connection, number, stream, opener, opening);
    shared.prepare(old, count);
    owner.events.forget(id);
    owner.data.client.forget_subflow(number);
    owner.data.server.forget_subflow(number);
    shared.totals.forgotten.subflows += 1;
    Some(id)
}

/// What the first MPTCP segment of a flow says about who opened it.
enum Guess {
    /// A MP_JOIN SYN.
    Join(Token, Opening),
    /// Everything else: the initial subflow of a connection, or a flow whose beginning is missing.
    Connection {
        /// Opener and acceptor.
        opening: Opening,
        /// Whether that is certain.
        certain: bool,
    },
}

/// Whether a segment shows a key, or announces that there will be one.
fn shows_key(options: &SegmentOptions) -> bool {
    options.mptcp.iter().any(|option| matches!(option, MptcpOption::MpCapable(_)))
}

fn guess_opening(segment: &Segment<'_>, options: &SegmentOptions) -> Guess {
    let first = PacketStamp::in_segment(segment);
    let (here, there) = (segment.source, segment.destination);
    let forward = Opening { opener: here, acceptor: there, first, initial: true };
    let backward = Opening { opener: there, acceptor: here, first, initial: true };
    let flags = segment.flags;
    for option in &options.mptcp {
        match option {
            MptcpOption::MpJoin(MpJoin::Syn { token, .. }) if flags.is_syn() => {
                return Guess::Join(*token, Opening { initial: false, ..forward });
            }
            MptcpOption::MpJoin(MpJoin::SynAck { .. }) if flags.is_syn_ack() => {
                return Guess::Connection {
                    opening: Opening { initial: false, ..backward },
                    certain: false,
                };
            }
            MptcpOption::MpJoin(MpJoin::Ack { .. }) => {
                return Guess::Connection {
                    opening: Opening { initial: false, ..forward },
                    certain: false,
                };
            }
            MptcpOption::MpCapable(_) if flags.is_syn_ack() => {
                return Guess::Connection { opening: backward, certain: true };
            }
            MptcpOption::MpCapable(capable)
                if flags.is_syn() || !matches!(capable.form, CapableForm::Bare) =>
            {
                return Guess::Connection { opening: forward, certain: true };
            }
            _ => {}
        }
    }
    if flags.is_syn() {
        return Guess::Connection { opening: forward, certain: true };
    }
    if flags.is_syn_ack() {
        return Guess::Connection { opening: backward, certain: true };
    }
    // Servers mostly have the lower port.
    let opening = if here.port >= there.port { forward } else { backward };
    Guess::Connection { opening, certain: false }
}
