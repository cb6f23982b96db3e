//! ACKs that nothing asked for, and announcements that say how full the option space was.
//!
//! Compares each segment with the one before it of the same host; see
//! [`ack_watch`](crate::track::state::ack_watch) for what that tells.

use super::context::Step;
use crate::track::options::{SegmentOptions, SynOptions};
use crate::track::state::ack_watch::{EvictedSack, Said, lower_half};
use crate::wire::mptcp::{Dss, MptcpOption};
use crate::wire::option_space::MAX_OPTIONS;
use crate::wire::segment::{Segment, TcpFlags};
use crate::wire::seq::{SeqNum, WireDsn};

/// An answer to a segment comes before this, on any path.
const ANSWER_NS: i64 = 3_000_000_000;

/// A copy that the network makes comes before this.
const COPY_NS: i64 = 200_000_000;

/// What the network delays comes before so many round trips.
const LATE_RTTS: i64 = 8;

/// F of a DSS.
const DATA_FIN: u8 = 0x10;

/// Compares a segment with the one before it of the same host.
pub(super) fn watch(step: &mut Step<'_>) {
    let now = said(step);
    let (here, there) = step.subflow.sides.along_mut(step.direction);
    let space = &mut here.option_space;
    space.settle(step.segment.flags);
    if let Some(before) = space.last() {
        let is_outside = there.option_space.is_outside_window(step.segment, there.window_scale);
        if is_outside || asks_for_an_ack(step.segment, step.options, before, &now) {
            there.option_space.ask(step.seen.at);
        }
        let says_new = now.end != before.end || now.ack != before.ack;
        if now.is_bare && (!says_new || step.options.has_signal()) {
            let (before, now) = (*before, now);
            compare(step, &before, &now);
        }
    }
    step.side().option_space.note(&now);
}

#[inline]
fn said(step: &Step<'_>) -> Said {
    let segment = step.segment;
    let data_ack = step.options.mptcp.iter().find_map(|option| match option {
        MptcpOption::Dss(dss) => dss.data_ack,
        _ => None,
    });
    Said {
        is_syn: segment.flags.has(TcpFlags::SYN),
        end: segment.seq.add(segment.sequence_len()),
        ack: segment.ack,
        window: segment.window,
        at: segment.timestamp,
        is_bare: segment.flags == TcpFlags::ACK && segment.payload_len == 0,
        point: segment.point,
        stamps: step.options.timestamps,
        sack: step.options.sack,
        data_ack: data_ack.map(lower_half),
        timestamp: step.options.timestamps.map(|(value, _)| SeqNum(value)),
    }
}

/// Compares an ACK without payload.
fn compare(step: &mut Step<'_>, before: &Said, now: &Said) {
    let seen = step.seen;
    match *step.options.mptcp.as_slice() {
        [MptcpOption::Dss(dss)] if is_gratuitous(step, &dss, before, now) => {
            step.side().option_space.suspect(seen);
        }
        [MptcpOption::AddAddr(add), ..] => {
            let is_timed = step.subflow.timestamps() == Some(true);
            if is_timed && now.timestamp.is_none() && !add.is_echo() {
                let evidence = step.side().option_space.evidence_mut();
                evidence.untimed.add((seen, add.address_id));
            }
            let is_large = add.address.is_ipv6() && add.port.is_some() && add.hmac().is_some();
            if is_large && now.timestamp.is_some() {
                let evidence = step.side().option_space.evidence_mut();
                evidence.unpadded.add((seen, add.address_id));
            }
            if let Some(left) = evicted(step, before, now) {
                let eviction = EvictedSack { seen, before: before.open_blocks(), left };
                let evidence = step.side().option_space.evidence_mut();
                evidence.evicted.add(eviction);
            }
        }
        _ => {}
    }
}

/// Whether an ACK with a DSS alone says nothing new, and nothing asked for it.
fn is_gratuitous(step: &Step<'_>, dss: &Dss, before: &Said, now: &Said) -> bool {
    let (sender, peer) = (step.sender(), step.sender().peer());
    let same_numbers = now.end == before.end && now.ack == before.ack;
    if !same_numbers || dss.mapping.is_some() || dss.flags & DATA_FIN != 0 {
        return false;
    }
    let (here, there) = (step.subflow.sides.of(sender), step.subflow.sides.of(peer));
    let asked = here.option_space.asked();
    let is_asked = asked.is_some_and(|asked| step.seen.at.since(asked) < ANSWER_NS);
    let is_first = before.is_syn && sender == step.subflow.acceptor();
    // The window of a SYN/ACK has another scale. A fourth ACK is owed (RFC 8684 §3.2).
    let same_window =
        now.window == before.window || is_first && step.subflow.handshake.ack.is_some();
    let is_over = here.fin.is_some() || there.fin.is_some() || step.connection.fallback.is_some();
    let is_ending = step.connection.data.of(sender).fin().is_some()
        || step.connection.data.of(peer).fin().is_some();
    let is_sacked = is_sack_permitted(step);
    same_window
        && !(is_first && step.subflow.join.is_some())
        && (!before.is_syn || is_first)
        && now.window > 0
        && now.sack == before.sack
        && now.timestamp.is_some()
        && there.segments > 0
        && is_sacked
        && !is_asked
        && !is_over
        && !is_ending
        && !is_copy_on_the_way(step, before, now)
        && is_data_ack_old(step, before, now)
        && !may_answer_an_old_segment(step, now)
}

/// Whether a segment that the network doubled or let be overtaken may have asked for it, unseen: the
/// capture was not taken near its sender, and the peer, of which something was acknowledged before,
/// sent not long ago.
fn may_answer_an_old_segment(step: &Step<'_>, now: &Said) -> bool {
    let there = step.subflow.sides.of(step.sender().peer());
    let last = there.option_space.last().map(|last| last.at);
    let rtt = step.subflow.handshake.rtt_ns().unwrap_or(COPY_NS);
    let soon = COPY_NS.min(LATE_RTTS.saturating_mul(rtt));
    there.acked > 1
        && last.is_some_and(|last| now.at.since(last) < soon)
        && !step.subflow.is_captured_near(step.sender())
}

/// Whether the network may have doubled the segment before: an IPv6 segment, the same in all,
/// and not captured where it was sent.
fn is_copy_on_the_way(step: &Step<'_>, before: &Said, now: &Said) -> bool {
    let is_same = before.is_bare && before.stamps == now.stamps && step.segment.ip_id == 0;
    is_same && now.at.since(before.at) < COPY_NS && !step.subflow.is_captured_near(step.sender())
}

/// Data that came out of order shows in the SACK blocks, where there are any.
fn is_sack_permitted(step: &Step<'_>) -> bool {
    let permitted =
        |options: Option<SynOptions>| options.is_none_or(|options| options.sack_permitted);
    let ends = &step.subflow.sides;
    permitted(ends.client.syn_options) && permitted(ends.server.syn_options)
}

fn is_data_ack_old(step: &Step<'_>, before: &Said, now: &Said) -> bool {
    let Some(data_ack) = now.data_ack else { return false };
    let known = before.data_ack.or_else(|| {
        let start = step.first_dsn(step.sender().peer());
        start.map(|dsn| lower_half(WireDsn::Long(dsn.0)))
    });
    known == Some(data_ack)
}

/// How many SACK blocks are left, if some of those before are gone that had no room any more.
fn evicted(step: &Step<'_>, before: &Said, now: &Said) -> Option<u8> {
    let (open, left) = (before.open_blocks(), now.sack.blocks);
    let none_left = if left == 0 { 4 } else { 0 };
    let one_more = step.segment.options.declared_len + 8 + none_left;
    (now.ack == before.ack && left < open && one_more > MAX_OPTIONS).then_some(left)
}

/// Whether the receiver of a segment answers it although it brings nothing new: repeated or out of
/// order, a keep-alive, a window probe, the end of the subflow, a handshake.
#[inline]
fn asks_for_an_ack(
    segment: &Segment<'_>,
    options: &SegmentOptions,
    before: &Said,
    now: &Said,
) -> bool {
    let ends = TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0);
    let ahead = segment.seq.distance_from(before.end);
    let is_old = ahead < 0 || (ahead != 0 && segment.payload_len == 0);
    // RFC 7323 §5.3: a segment with an old timestamp is answered and dropped.
    let is_outdated = match (before.timestamp, now.timestamp) {
        (Some(before), Some(now)) => now.distance_from(before) < 0,
        _ => false,
    };
    let is_join = |option: &MptcpOption| matches!(option, MptcpOption::Join(_));
    is_old
        || is_outdated
        || segment.flags.has(ends)
        || options.has_signal() && options.mptcp.iter().any(is_join)
}
