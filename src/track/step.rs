//! What happens to a segment of a subflow, in order.
//!
//! A [`Step`] is a segment with all that it may change: its subflow and its connection. The verbs stand
//! below `step/`, one subject each.

mod classify;
mod context;
mod copy;
mod data_level;
mod directed;
mod fallback;
mod fast_path;
mod gratuitous_ack;
mod handshake;
mod mapped;
mod outcome;
mod payload;
mod pending;
mod tcp;
mod violations;

pub(crate) use context::{FollowUp, Step};
pub(crate) use data_level::note_stalls;
pub(crate) use fast_path::{allow_fast_steps, try_fast_step};

use super::packet_class::PacketClass;
use super::proof::{Verdict, fast_close_verdict};
use super::range_set::SeqRange;
use super::role::{Direction, Role};
use super::state::connection::{FastCloseSeen, MalformedArea};
use super::state::event::EventKind;
use super::state::subflow::ByteCounts;
use super::updates::{StateDigest, Update};
use crate::wire::mptcp::{MpFastClose, MptcpOption};
use crate::wire::segment::TcpFlags;

/// What a segment turned out to be, and what it leaves to do beyond its connection.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) direction: Direction,
    /// Its class, if somebody asks for it.
    pub(crate) class: Option<PacketClass>,
    /// What became of its payload by what is known now, if somebody asks for its class.
    pub(crate) bytes: ByteCounts,
    pub(crate) follow_up: FollowUp,
}

/// Takes a segment of a subflow, on the general path.
pub(crate) fn take(mut step: Step<'_>) -> Outcome {
    let step = &mut step;
    let direction = step.direction;
    if copy::is_copy(step) {
        let class = step.is_class_wanted.then_some(PacketClass::Copy);
        let follow_up = FollowUp { count_copy: true, ..FollowUp::default() };
        return Outcome { direction, class, bytes: ByteCounts::default(), follow_up };
    }
    let bytes = step.side().bytes;
    let moves = step.side().pending.moves().len();
    let digest = step.updates.is_some().then(|| StateDigest::of(step.subflow, step.connection));
    step.see();
    let segment = step.segment;
    step.side().arrivals.see(segment);
    take_content(step);
    release_if_finished(step);
    let class = step.is_class_wanted.then(|| classify::class_of(step, bytes));
    if digest.is_some_and(|before| before != StateDigest::of(step.subflow, step.connection)) {
        step.update(Update::Progress(step.id));
    }
    step.follow_up.match_by_dsn = step.connection.may_merge && step.options.has_mptcp();
    step.follow_up.settle_token = step.segment.flags.is_syn_ack() && step.options.has_mptcp();
    let bytes = match class {
        Some(_) => step.side().carried_since(bytes, moves),
        None => ByteCounts::default(),
    };
    Outcome { direction, class, bytes, follow_up: step.follow_up }
}

/// What a segment changes on its subflow and its connection, in order.
fn take_content(step: &mut Step<'_>) {
    let flags = step.segment.flags;
    let look = flags.has(TcpFlags::RST).then(|| tcp::look_at_reset(step));
    gratuitous_ack::watch(step);
    if step.options.is_malformed {
        note_malformed_area(step);
    }
    if flags.has(TcpFlags::SYN) {
        handshake::take_syn(step);
    }
    let payload = step.payload_range();
    let options = step.options;
    for option in &options.mptcp {
        take_option(step, option, payload);
    }
    if flags.has(TcpFlags::RST) {
        tcp::take_reset(step, look.unwrap_or_default());
        data_level::note_stalls(step, !payload.is_empty());
        return;
    }
    tcp::note_after_reset(step);
    if !flags.has(TcpFlags::SYN) {
        handshake::take_handshake_ack(step);
        tcp::note_bare(step);
    }
    if flags.has(TcpFlags::ACK) {
        tcp::take_ack(step);
    }
    fallback::check_answer(step);
    if !payload.is_empty() {
        payload::take_payload(step, payload);
    }
    data_level::note_stalls(step, !payload.is_empty());
    if step.connection.fallback.is_some() {
        violations::check_after_fallback(step, payload);
    }
    if flags.has(TcpFlags::FIN) {
        tcp::take_fin(step);
    }
}

/// Octets among the options that are no option.
#[cold]
fn note_malformed_area(step: &mut Step<'_>) {
    let octets = step.segment.options.malformed().unwrap_or_default();
    let (seen, from, subflow) = (step.seen, step.sender(), step.subflow.number);
    match &mut step.connection.malformed_area {
        Some(known) => known.count += 1,
        first @ None => {
            let octets = octets.to_vec();
            *first = Some(Box::new(MalformedArea { seen, subflow, from, octets, count: 1 }));
        }
    }
}

/// Frees memory that is needed only while segments are on their way, once no more can come.
#[inline]
fn release_if_finished(step: &mut Step<'_>) {
    if step.subflow.released || !step.subflow.is_finished() {
        return;
    }
    step.subflow.released = true;
    for role in Role::BOTH {
        step.subflow.sides.of_mut(role).release();
    }
    step.connection.finished += 1;
    if step.connection.finished as usize == step.connection.subflows.len() {
        for role in Role::BOTH {
            step.connection.data.of_mut(role).close();
        }
    }
}

/// An MPTCP option of a segment whose payload stands at `payload`.
fn take_option(step: &mut Step<'_>, option: &MptcpOption, payload: SeqRange) {
    match option {
        MptcpOption::MpCapable(capable) => handshake::take_capable(step, capable, payload),
        MptcpOption::MpJoin(join) => handshake::take_join(step, join),
        MptcpOption::Dss(dss) => {
            violations::check_reserved_bits(step, option);
            data_level::take_dss(step, dss, payload);
            return;
        }
        MptcpOption::AddAddr(add) => {
            step.connection.addresses.add(step.direction.sender(), *add, step.seen);
        }
        MptcpOption::RemoveAddr(remove) => {
            for id in remove.ids() {
                step.connection.addresses.remove(step.direction.sender(), id, step.seen);
            }
        }
        MptcpOption::MpPrio(prio) if prio.address_id.is_none() => {
            step.side().backup = Some(prio.backup);
        }
        MptcpOption::MpPrio(prio) => {
            step.follow_up.prio_of_address.get_or_insert(*prio);
        }
        MptcpOption::MpFastClose(MpFastClose { receiver_key, .. }) => {
            let (seen, from, receiver_key) = (step.seen, step.sender(), *receiver_key);
            let close = FastCloseSeen { seen, from, receiver_key };
            // A wrong key proves nothing: the next MP_FASTCLOSE takes its place.
            if matches!(fast_close_verdict(step.connection), Verdict::Absent | Verdict::Mismatch) {
                step.connection.fast_close = Some(close);
            }
        }
        _ => {}
    }
    violations::check_reserved_bits(step, option);
    violations::check_window(step, payload);
    step.event(EventKind::Option(*option));
}
