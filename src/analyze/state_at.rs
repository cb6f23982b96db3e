//! The state of the data level of a connection after any of its packets. The packets since the last
//! checkpoint before it are read and decoded again.

use std::collections::HashMap;

use crate::track::Trace;
use crate::track::checkpoint::Checkpoints;
use crate::track::connection::Connection;
use crate::track::data_level::DataLevel;
use crate::track::ids::ConnectionId;
use crate::track::index::{Entry, Members, PacketIndex};
use crate::track::packet_class::PacketClass;
use crate::track::role::{PerRole, Role};
use crate::track::subflow::{Subflow, SubflowSide};
use crate::wire::frame::{PacketNo, RawPacket, Timestamp};
use crate::wire::mptcp::{
    CapableForm, DataLevelLength, Dss, Mapping, MpCapable, MptcpOption, StreamPart,
};
use crate::wire::segment::{Decoded, Segment, TcpFlags, decode};
use crate::wire::seq::{Dsn, SeqNum, WireDsn};
use crate::wire::tcp_option::TcpOption;
use crate::wire::window;

/// So many packets of the connection before a checkpoint are read for their mappings: payload after the
/// checkpoint may belong to a mapping before it, which covers 65,535 bytes at most.
const WARM_UP: usize = 128;

/// Packets of the index among which these are looked for.
const MOST_SOUGHT: u64 = 65_536;

/// The state of a connection after a packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StateAt {
    /// What the client sent, and what the server sent.
    pub hosts: PerRole<HostStateAt>,
    /// Packets in between that cannot be read any more. Numbers may be too low by them.
    pub missing: u64,
}

/// What one host sent, and what its peer acknowledged of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostStateAt {
    /// The numbers as on the wire.
    pub level: DataLevel,
    /// The DSN of the first byte of the stream, or else of the first one seen.
    pub first: Option<Dsn>,
}

impl HostStateAt {
    /// A number as a distance from the IDSN: that of the first byte is 1.
    pub fn relative(&self, dsn: Dsn) -> Option<i64> {
        self.first.map(|first| dsn.distance_from(first).saturating_add(1))
    }

    /// Bytes that were sent and not acknowledged; `None` while nothing was acknowledged.
    pub fn unacked(&self) -> Option<u64> {
        let (sent, acked) = (self.level.sent.or(self.first)?, self.level.acked?);
        Some(u64::try_from(sent.distance_from(acked)).unwrap_or(0))
    }
}

/// What single packets of a connection do not say themselves, and is needed to interpret them.
#[derive(Debug, Clone)]
pub struct ReplayBasis {
    /// `None` if it has no subflows.
    connection: Option<ConnectionId>,
    first: PacketNo,
    /// The DSN of the first byte of each stream.
    base: PerRole<Option<Dsn>>,
    /// Of each subflow, in order.
    subflows: Vec<PerRole<SideBasis>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct SideBasis {
    /// The number on the wire of subflow sequence number 0.
    zero: Option<SeqNum>,
    /// Its window scale.
    scale: Option<u8>,
    /// The infinite mapping, if there is one.
    endless: Option<Placed>,
}

impl ReplayBasis {
    /// The basis of a connection of `trace`.
    pub fn new(trace: &Trace<'_>, connection: &Connection) -> Self {
        let first = connection.subflows.first();
        let data = &connection.data;
        Self {
            connection: first.map(|id| trace.subflow(*id).connection),
            first: connection.first.packet,
            base: PerRole { client: data.client.base(), server: data.server.base() },
            subflows: trace.subflows(connection).map(sides).collect(),
        }
    }
}

fn sides(subflow: &Subflow) -> PerRole<SideBasis> {
    PerRole { client: side(&subflow.sides.client), server: side(&subflow.sides.server) }
}

fn side(side: &SubflowSide) -> SideBasis {
    let endless = side.mappings.latest().filter(|latest| latest.positions.end == i64::MAX);
    let endless = endless.and_then(|latest| {
        let zero = side.sequence.number_at(latest.positions.start)?;
        let (dsn, length) = (WireDsn::Long(latest.dsn.0), DataLevelLength::Infinite);
        Some(Placed { zero, mapping: Mapping { dsn, ssn: 0, length, checksum: None } })
    });
    let zero = side.mappings.origin().and_then(|origin| side.sequence.number_at(origin));
    SideBasis { zero, scale: side.window_scale, endless }
}

/// The state of the connection with these `members` after the packet at `position` of the index; `None` if
/// there is no such packet. `read` reads a packet again.
pub fn state_at(
    packets: &PacketIndex,
    checkpoints: &Checkpoints,
    (basis, members): (&ReplayBasis, &Members),
    position: u64,
    read: impl Fn(&Entry) -> Option<RawPacket>,
) -> Option<StateAt> {
    let target = packets.get(position)?;
    let checkpoint = checkpoints.before(basis.connection?, basis.first, target.number());
    let after = checkpoint.map_or(basis.first, |checkpoint| PacketNo(checkpoint.packet.0 + 1));
    let start = match checkpoint {
        Some(checkpoint) => warm_up_start(packets, members, checkpoint.position),
        None => packets.first_from(basis.first),
    };
    let mut replay = Replay::new(basis, checkpoint.map(|checkpoint| checkpoint.levels));
    let mut missing = u64::from(checkpoint.is_none() && start < packets.dropped());
    let origin = packets.origin()?;
    for (_, entry) in packets.iter_from(start).take_while(|(at, _)| *at <= position) {
        let Some(lane) = members.lane(&entry) else { continue };
        let is_after = entry.number() >= after;
        match read(&entry) {
            Some(packet) => replay.take(&packet, &entry, lane, is_after, origin),
            None => missing += u64::from(is_after),
        }
    }
    Some(replay.finish(missing))
}

/// Position from which packets are read for their mappings.
fn warm_up_start(packets: &PacketIndex, members: &Members, checkpoint: u64) -> u64 {
    let lowest = checkpoint.saturating_sub(MOST_SOUGHT).max(packets.dropped());
    let is_its = |at: &u64| packets.get(*at).is_some_and(|entry| members.lane(&entry).is_some());
    let its = (lowest..=checkpoint).rev().filter(is_its);
    its.take(WARM_UP).last().unwrap_or(checkpoint)
}

/// A mapping, and the number on the wire of subflow sequence number 0.
#[derive(Debug, Clone, Copy)]
struct Placed {
    zero: SeqNum,
    mapping: Mapping,
}

impl Placed {
    /// What the `len` bytes from `seq` on are, as far as the mapping covers them.
    fn part(&self, seq: SeqNum, len: u32) -> Option<StreamPart> {
        self.mapping.part(seq.distance_from(self.zero).cast_unsigned(), len)
    }
}

/// The connection between two packets.
struct Replay<'a> {
    basis: &'a ReplayBasis,
    levels: PerRole<DataLevel>,
    mappings: HashMap<(usize, Role), Vec<Placed>>,
}

impl<'a> Replay<'a> {
    fn new(basis: &'a ReplayBasis, levels: Option<PerRole<DataLevel>>) -> Self {
        let mut levels = levels.unwrap_or_default();
        for role in Role::BOTH {
            if let (level, Some(base)) = (levels.of_mut(role), basis.base.of(role)) {
                level.place_near(*base);
            }
        }
        Self { basis, levels, mappings: HashMap::new() }
    }

    /// Takes the next packet. If it is not after the checkpoint, only its mappings count.
    fn take(
        &mut self,
        packet: &RawPacket,
        entry: &Entry,
        lane: usize,
        is_after: bool,
        origin: Timestamp,
    ) {
        let frame = packet.frame(entry.number(), entry.at(origin));
        let Decoded::Tcp(segment) = decode(&frame) else { return };
        if entry.kind() == PacketClass::Copy {
            return;
        }
        let sender = entry.direction().sender();
        let is_reset = segment.flags.has(TcpFlags::RST);
        for option in segment.options.iter() {
            match option {
                TcpOption::Mptcp(MptcpOption::Dss(dss)) => {
                    if is_after {
                        self.acknowledge(&dss, &segment, lane, sender);
                    }
                    if let Some(mapping) = dss.mapping {
                        self.declare(&mapping, dss.data_fin, &segment, (lane, sender), is_after);
                    }
                }
                TcpOption::Mptcp(MptcpOption::MpCapable(capable)) => {
                    if let Some(mapping) = self.first_mapping(&capable, sender) {
                        self.declare(&mapping, false, &segment, (lane, sender), is_after);
                    }
                }
                _ => {}
            }
        }
        if is_after && !is_reset && !segment.flags.has(TcpFlags::SYN) {
            self.send(&segment, lane, sender);
        }
    }

    /// Takes a DATA_ACK, and the window that it is the left edge of.
    fn acknowledge(&mut self, dss: &Dss, segment: &Segment<'_>, lane: usize, sender: Role) {
        let Some(ack) = dss.data_ack else { return };
        let ack = self.expand(ack, sender.peer());
        let scale = self.side_basis(lane, sender).and_then(|side| side.scale);
        let level = self.levels.of_mut(sender.peer());
        if level.acked.is_none_or(|acked| ack.distance_from(acked) > 0) {
            level.acked = Some(ack);
            level.reach(ack);
        }
        if let Some(scale) = scale {
            level.window = Some(window::bytes(segment, scale));
        }
    }

    /// RFC 8684 §3.1: MP_CAPABLE with data maps the first bytes of the stream.
    fn first_mapping(&self, capable: &MpCapable, sender: Role) -> Option<Mapping> {
        let CapableForm::BothKeysAndData { data_len, checksum, .. } = capable.form else {
            return None;
        };
        let dsn = WireDsn::Long((*self.basis.base.of(sender))?.0);
        let length = DataLevelLength::Bytes(data_len);
        (data_len > 0).then_some(Mapping { dsn, ssn: 1, length, checksum })
    }

    fn declare(
        &mut self,
        mapping: &Mapping,
        data_fin: bool,
        segment: &Segment<'_>,
        (lane, sender): (usize, Role),
        is_after: bool,
    ) {
        let dsn = self.expand(mapping.dsn, sender);
        let length = match mapping.length {
            DataLevelLength::Infinite => DataLevelLength::Infinite,
            DataLevelLength::Bytes(bytes) => {
                if data_fin && is_after {
                    self.levels.of_mut(sender).reach(dsn.add(u64::from(bytes)));
                }
                DataLevelLength::Bytes(bytes.saturating_sub(u16::from(data_fin)))
            }
        };
        if length == DataLevelLength::Bytes(0) {
            return;
        }
        let zero = self.side_basis(lane, sender).and_then(|side| side.zero);
        let zero = zero.unwrap_or(SeqNum(segment.seq.0.wrapping_sub(mapping.ssn)));
        let mapping = Mapping { dsn: WireDsn::Long(dsn.0), length, ..*mapping };
        let known = self.mappings.entry((lane, sender)).or_default();
        if known.len() >= 2 * WARM_UP {
            known.drain(..WARM_UP);
        }
        known.push(Placed { zero, mapping });
    }

    /// The payload of a segment, mapping by mapping.
    fn send(&mut self, segment: &Segment<'_>, lane: usize, sender: Role) {
        let mut at = 0;
        while at < segment.payload_len {
            let (seq, rest) = (segment.seq.add(at), segment.payload_len - at);
            let Some((part, length)) = self.part(seq, rest, lane, sender) else { return };
            let dsn = match length {
                DataLevelLength::Bytes(_) => Dsn(part.dsn.raw()),
                // More than 2^32 bytes may be between.
                DataLevelLength::Infinite => self.expand(Dsn(part.dsn.raw()).low_half(), sender),
            };
            let end = dsn.add(u64::from(part.len));
            let level = self.levels.of_mut(sender);
            if level.sent.is_none_or(|sent| end.distance_from(sent) > 0) {
                level.sent = Some(end);
                level.reach(end);
            }
            at += part.len;
        }
    }

    /// What the `len` bytes from `seq` on are, as far as one mapping covers them, and the length of that
    /// mapping; of several the latest counts.
    fn part(
        &self,
        seq: SeqNum,
        len: u32,
        lane: usize,
        sender: Role,
    ) -> Option<(StreamPart, DataLevelLength)> {
        let known = self.mappings.get(&(lane, sender)).into_iter().flatten().rev();
        let endless = self.side_basis(lane, sender).and_then(|side| side.endless.as_ref());
        known.chain(endless).find_map(|placed| {
            let part = placed.part(seq, len)?;
            Some((part, placed.mapping.length))
        })
    }

    fn side_basis(&self, lane: usize, role: Role) -> Option<&SideBasis> {
        self.basis.subflows.get(lane).map(|sides| sides.of(role))
    }

    /// The full 64-bit DSN of a number that `sender` sends.
    fn expand(&self, wire: WireDsn, sender: Role) -> Dsn {
        let near = self.levels.of(sender).highest.or(*self.basis.base.of(sender));
        near.map_or(Dsn(wire.raw()), |near| wire.expand(near))
    }

    fn finish(self, missing: u64) -> StateAt {
        let host =
            |role| HostStateAt { level: *self.levels.of(role), first: *self.basis.base.of(role) };
        let hosts = PerRole { client: host(Role::Client), server: host(Role::Server) };
        StateAt { hosts, missing }
    }
}
