//! What happens to a segment of a subflow, in order.
//!
//! A [`Step`] is a segment with all that it may change: its subflow and its connection. The verbs stand
//! below `step/`, one subject each.

mod context;
mod data_level;
mod fallback;
mod fast_path;
mod gratuitous_ack;
mod handshake;
mod mapped;
mod payload;
mod pending;
mod tcp;
mod violations;

pub(crate) use context::Step;
pub(crate) use data_level::note_stalls;

use super::proof::{Verdict, fast_close_verdict};
use super::range_set::SeqRange;
use super::role::Role;
use super::state::connection::FastCloseSeen;
use super::state::event::EventKind;
use crate::wire::mptcp::{FastClose, MptcpOption};
use crate::wire::segment::TcpFlags;

/// Takes a segment: all that it changes on its subflow and its connection.
pub(crate) fn take(step: &mut Step<'_>) {
    let flags = step.segment.flags;
    gratuitous_ack::watch(step);
    if flags.has(TcpFlags::SYN) {
        handshake::take_syn(step);
    }
    let payload = step.payload_range();
    let options = step.options;
    for option in &options.mptcp {
        take_option(step, option, payload);
    }
    if flags.has(TcpFlags::RST) {
        tcp::take_reset(step);
        data_level::note_stalls(step, !payload.is_empty());
        return;
    }
    if !flags.has(TcpFlags::SYN) {
        handshake::take_handshake_ack(step);
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

/// Lets go of what is only needed while segments are on their way, once there can't be any.
#[inline]
pub(crate) fn release_if_finished(step: &mut Step<'_>) {
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
        MptcpOption::Capable(capable) => handshake::take_capable(step, capable, payload),
        MptcpOption::Join(join) => handshake::take_join(step, join),
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
        MptcpOption::Prio(prio) if prio.address_id.is_none() => {
            step.side().backup = Some(prio.backup);
        }
        MptcpOption::FastClose(FastClose { receiver_key, .. }) => {
            let (seen, from, receiver_key) = (step.seen, step.sender(), *receiver_key);
            let close = FastCloseSeen { seen, from, receiver_key };
            // One with a wrong key makes room for the next one.
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
