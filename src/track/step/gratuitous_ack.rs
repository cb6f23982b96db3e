//! Gratuitous ACKs, and announcements that show how full the option space was.
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

/// What the network delays comes within so many round trips.
const LATE_RTTS: i64 = 8;

/// F of a DSS.
const DATA_FIN: u8 = 0x10;

/// Compares a segment with the one before it of the same host.
pub(super) fn watch(step: &mut Step<'_>) {
    let now = said(step);
    let (here, there) = step.subflow.sides.along_mut(step.direction);
    let space = &mut here.ack_watch;
    space.settle(step.segment.flags);
    if let Some(before) = space.last() {
        let is_outside = there.ack_watch.is_outside_window(step.segment, there.window_scale);
        if is_outside || asks_for_an_ack(step.segment, step.options, before, &now) {
            there.ack_watch.ask(step.seen.at);
        }
        let says_new = now.end != before.end || now.ack != before.ack;
        if now.is_bare && (!says_new || step.options.has_signal()) {
            let (before, now) = (*before, now);
            compare(step, &before, &now);
        }
    }
    step.side().ack_watch.commit(&now);
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
        hop_limit: segment.hop_limit,
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
            step.side().ack_watch.suspect(seen);
        }
        [MptcpOption::AddAddr(add), ..] => {
            let is_timed = step.subflow.timestamps() == Some(true);
            if is_timed && now.timestamp.is_none() && !add.is_echo() {
                let evidence = step.side().ack_watch.evidence_mut();
                evidence.untimed.add((seen, add.address_id));
            }
            let is_large = add.address.is_ipv6() && add.port.is_some() && add.hmac().is_some();
            if is_large && now.timestamp.is_some() {
                let evidence = step.side().ack_watch.evidence_mut();
                evidence.unpadded.add((seen, add.address_id));
            }
            if let Some(left) = evicted(step, before, now) {
                let eviction = EvictedSack { seen, before: before.open_blocks(), left };
                let evidence = step.side().ack_watch.evidence_mut();
                evidence.evicted.add(eviction);
            }
        }
        _ => {}
    }
}

/// Whether an ACK with a DSS alone says nothing new, and is no answer to anything.
fn is_gratuitous(step: &Step<'_>, dss: &Dss, before: &Said, now: &Said) -> bool {
    let (sender, peer) = (step.sender(), step.sender().peer());
    let same_numbers = now.end == before.end && now.ack == before.ack;
    if !same_numbers || dss.mapping.is_some() || dss.flags & DATA_FIN != 0 {
        return false;
    }
    let (here, there) = (step.subflow.sides.of(sender), step.subflow.sides.of(peer));
    let asked = here.ack_watch.asked();
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

/// Whether it may answer a segment that the network doubled or delayed. The capture may not show that
/// segment if it was not taken near the sender of the ACK. The peer must have sent data that was
/// acknowledged, and a segment not long ago.
fn may_answer_an_old_segment(step: &Step<'_>, now: &Said) -> bool {
    let there = step.subflow.sides.of(step.sender().peer());
    let last = there.ack_watch.last().map(|last| last.at);
    let rtt = step.subflow.handshake.rtt_ns().unwrap_or(COPY_NS);
    let soon = COPY_NS.min(LATE_RTTS.saturating_mul(rtt));
    there.acked > 1
        && last.is_some_and(|last| now.at.since(last) < soon)
        && !step.subflow.is_captured_near(step.sender())
}

/// Whether it may be a copy of the segment before, made by the network. IPv6 has no identification that
/// would tell.
fn is_copy_on_the_way(step: &Step<'_>, before: &Said, now: &Said) -> bool {
    let is_same = before.is_bare && before.stamps == now.stamps && step.segment.ip_id == 0;
    is_same && now.at.since(before.at) < COPY_NS && !step.subflow.is_captured_near(step.sender())
}

/// Whether data that came out of order would show in SACK blocks.
fn is_sack_permitted(step: &Step<'_>) -> bool {
    let permitted =
        |options: Option<SynOptions>| options.is_none_or(|options| options.sack_permitted);
    let sides = &step.subflow.sides;
    permitted(sides.client.syn_options) && permitted(sides.server.syn_options)
}

fn is_data_ack_old(step: &Step<'_>, before: &Said, now: &Said) -> bool {
    let Some(data_ack) = now.data_ack else { return false };
    let known = before.data_ack.or_else(|| {
        let start = step.first_dsn(step.sender().peer());
        start.map(|dsn| lower_half(WireDsn::Long(dsn.0)))
    });
    known == Some(data_ack)
}

/// How many SACK blocks are left, if there was no room for some of those before.
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
    let closing = TcpFlags(TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0);
    let ahead = segment.seq.distance_from(before.end);
    let is_old = ahead < 0 || (ahead != 0 && segment.payload_len == 0);
    // RFC 7323 §5.3: a segment with an old timestamp is answered and dropped.
    let is_outdated = match (before.timestamp, now.timestamp) {
        (Some(before), Some(now)) => now.distance_from(before) < 0,
        _ => false,
    };
    let is_join = |option: &MptcpOption| matches!(option, MptcpOption::MpJoin(_));
    is_old
        || is_outdated
        || segment.flags.has(closing)
        || options.has_signal() && options.mptcp.iter().any(is_join)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::track::ids::{ConnectionId, SubflowId};
    use crate::track::role::{Direction, Role};
    use crate::track::stamp::PacketStamp;
    use crate::track::state::connection::Connection;
    use crate::track::state::subflow::{Opening, Subflow};
    use crate::track::step::context::FollowUp;
    use crate::wire::frame::{CapturePoint, PacketNo, Timestamp};
    use crate::wire::segment::Endpoint;
    use crate::wire::tcp_option::TcpOptions;
    use crate::wire::way::Way;

    /// What of a segment may be on the fast path or not.
    #[derive(Debug, Clone, Copy)]
    struct Sent {
        /// Sequence and acknowledgment number go on by so many bytes, or back.
        seq: i8,
        ack: i8,
        payload_len: u32,
        flags: u8,
        window: u16,
        timestamp: Option<i8>,
        data_ack: u32,
        from_server: bool,
    }

    fn sent() -> impl Strategy<Value = Sent> {
        let numbers = (
            prop_oneof![8 => Just(0i8), 1 => -3..4i8],
            prop_oneof![1 => Just(0i8), 2 => -1..3i8],
            prop_oneof![Just(0u32), 1..5u32],
        );
        let flags = prop_oneof![9 => Just(0x10u8), 3 => Just(0x18), 1 => any::<u8>()];
        let rest = (prop_oneof![Just(3u16), 0..9u16], prop::option::weighted(0.8, -1..3i8));
        (numbers, flags, rest, 0..3u32, any::<bool>()).prop_map(
            |((seq, ack, payload_len), flags, (window, timestamp), data_ack, from_server)| Sent {
                seq,
                ack,
                payload_len,
                flags,
                window,
                timestamp,
                data_ack,
                from_server,
            },
        )
    }

    proptest! {
        #[test]
        fn the_fast_path_watches_as_the_general_path_does(all in prop::collection::vec(sent(), 1..60)) {
            let mut subflow = subflow();
            let mut connection = Connection::new(subflow.first);
            let (mut seqs, mut acks) = ([SeqNum(100); 2], [SeqNum(100); 2]);
            let mut clock = 1_000u32;
            for (number, sent) in (1..).zip(all) {
                let (source, destination) = (endpoint(sent.from_server), endpoint(!sent.from_server));
                let direction = subflow.direction_from(source);
                let sender = usize::from(sent.from_server);
                clock = clock.wrapping_add_signed(sent.timestamp.unwrap_or_default().into());
                let segment = Segment {
                    number: PacketNo(number),
                    timestamp: Timestamp(i64::try_from(number).unwrap() * 1_000_000),
                    point: CapturePoint::default(),
                    way: Way::PLAIN,
                    source,
                    destination,
                    hop_limit: 64,
                    ip_id: 0,
                    seq: SeqNum(seqs[sender].0.wrapping_add_signed(sent.seq.into())),
                    ack: SeqNum(acks[sender].0.wrapping_add_signed(sent.ack.into())),
                    flags: TcpFlags(sent.flags),
                    window: sent.window,
                    options: TcpOptions { octets: &[], declared_len: 0 },
                    payload_len: sent.payload_len,
                    payload: &[],
                };
                seqs[sender] = segment.seq.add(segment.payload_len);
                acks[sender] = segment.ack;
                let data_ack = WireDsn::Short(sent.data_ack);
                let mut options = SegmentOptions::default();
                options.timestamps = sent.timestamp.map(|_| (clock, 0));
                options.mptcp.push(MptcpOption::Dss(Dss::new(Some(data_ack), None, false)));
                let mut fast = subflow.clone();
                let (here, there) = fast.sides.along_mut(direction);
                let may_be_fast = segment.flags.0 & !TcpFlags::PSH.0 == TcpFlags::ACK.0
                    && !there.ack_watch.is_outside_window(&segment, there.window_scale);
                let said = here.ack_watch.try_fast_watch(&segment, &options, data_ack);
                watch(&mut step(&segment, &options, direction, &mut subflow, &mut connection));
                if let Some(said) = said.filter(|_| may_be_fast) {
                    here.ack_watch.commit(&said);
                    prop_assert_eq!(format!("{:?}", fast.sides), format!("{:?}", subflow.sides));
                }
            }
        }
    }

    fn endpoint(is_server: bool) -> Endpoint {
        Endpoint { address: IpAddr::from([10, 0, 0, u8::from(is_server)]), port: 1 }
    }

    fn subflow() -> Subflow {
        let first = PacketStamp { packet: PacketNo(1), at: Timestamp(0) };
        let (opener, acceptor) = (endpoint(false), endpoint(true));
        let opening = Opening { opener, acceptor, first, initial: true };
        let mut subflow = Subflow::new(ConnectionId::at(0), 0, None, Role::Client, &opening);
        for role in Role::BOTH {
            subflow.sides.of_mut(role).window_scale = Some(0);
        }
        subflow
    }

    fn step<'a>(
        segment: &'a Segment<'a>,
        options: &'a SegmentOptions,
        direction: Direction,
        subflow: &'a mut Subflow,
        connection: &'a mut Connection,
    ) -> Step<'a> {
        Step {
            id: SubflowId::at(0),
            direction,
            seen: PacketStamp::in_segment(segment),
            segment,
            options,
            subflow,
            connection,
            most_events: 0,
            stream_room: 0,
            is_class_wanted: false,
            updates: None,
            outcome: None,
            follow_up: FollowUp::default(),
        }
    }
}
