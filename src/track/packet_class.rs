//! What a segment that was pushed turned out to be.

use super::Tracker;
use super::ids::SubflowId;
use super::options::SegmentOptions;
use super::role::Direction;
use super::state::subflow::{ByteCounts, Subflow};
use crate::wire::mptcp::{DataLevelLength, MptcpOption};
use crate::wire::segment::{Segment, TcpFlags};

/// What a segment of a subflow is, by the most remarkable thing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PacketClass {
    /// SYN, SYN/ACK, third ACK, and whatever else carries MP_CAPABLE or MP_JOIN.
    Handshake,
    /// Payload that is the stream's for the first time.
    Data,
    /// No payload, and no option that says more than DSS, SACK and timestamps.
    Ack,
    /// ADD_ADDR, its echo, REMOVE_ADDR.
    Address,
    /// MP_PRIO.
    Priority,
    /// MP_FAIL, an infinite mapping, or an option that cannot be read.
    Failure,
    /// FIN, DATA_FIN or MP_FASTCLOSE.
    Close,
    /// RST.
    Reset,
    /// Payload that another subflow carried before.
    Reinjected,
    /// Payload that this subflow carried before, under the same subflow sequence numbers.
    Retransmitted,
    /// Payload that this subflow carried before, under other subflow sequence numbers.
    Remapped,
    /// Payload without a mapping where there must be one.
    Unmapped,
    /// The same segment, captured a second time: at another interface or input.
    Copy,
    /// None of these.
    Other,
}

impl PacketClass {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 14] = [
        Self::Handshake,
        Self::Data,
        Self::Ack,
        Self::Address,
        Self::Priority,
        Self::Failure,
        Self::Close,
        Self::Reset,
        Self::Reinjected,
        Self::Retransmitted,
        Self::Remapped,
        Self::Unmapped,
        Self::Copy,
        Self::Other,
    ];

    /// Whether a segment of this kind is one of many that all say the same.
    pub const fn is_plain(self) -> bool {
        matches!(self, Self::Data | Self::Ack)
    }
}

/// A segment of a followed subflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastPacket {
    /// The subflow.
    pub subflow: SubflowId,
    /// Who sent it, as far as is known by now.
    pub direction: Direction,
    /// What it is.
    pub kind: PacketClass,
    /// Octets of payload on the wire.
    pub payload_len: u32,
}

/// What is kept for who asks after every push.
#[derive(Debug, Default)]
pub(crate) struct LastPacketState {
    pub(crate) segment: Option<LastPacket>,
    /// Subflows whose client and server turned out to be the other way round.
    pub(crate) swapped: Vec<SubflowId>,
}

impl Tracker {
    /// From now on, keeps what each segment was for [`Tracker::last_packet`].
    pub fn keep_last_packet(&mut self) {
        self.last_packet_state = Some(Box::default());
    }

    /// What the frame pushed last was; `None` if it is of no subflow that is followed.
    pub fn last_packet(&self) -> Option<LastPacket> {
        self.last_packet_state.as_ref()?.segment
    }

    /// The subflows of whose segments so far, the last one included, the direction was the other one
    /// after all.
    pub fn take_swapped(&mut self) -> Vec<SubflowId> {
        self.last_packet_state
            .as_mut()
            .map(|last| std::mem::take(&mut last.swapped))
            .unwrap_or_default()
    }
}

/// What a segment is, now that its subflow has taken it; `before` counts the payload of its sender
/// without it.
pub(crate) fn kind(
    segment: &Segment<'_>,
    options: &SegmentOptions,
    subflow: &Subflow,
    direction: Direction,
    before: ByteCounts,
) -> PacketClass {
    let flags = segment.flags;
    let has = |wanted: fn(&MptcpOption) -> bool| options.mptcp.iter().any(wanted);
    if flags.has(TcpFlags::RST) {
        return PacketClass::Reset;
    }
    if has(is_failure) {
        return PacketClass::Failure;
    }
    let is_third = subflow.handshake.ack.is_some_and(|ack| ack.packet == segment.number);
    if flags.has(TcpFlags::SYN)
        || is_third
        || has(|option| matches!(option, MptcpOption::Capable(_) | MptcpOption::Join(_)))
    {
        return PacketClass::Handshake;
    }
    if flags.has(TcpFlags::FIN) || has(is_close) {
        return PacketClass::Close;
    }
    if has(|option| matches!(option, MptcpOption::AddAddr(_) | MptcpOption::RemoveAddr(_))) {
        return PacketClass::Address;
    }
    if has(|option| matches!(option, MptcpOption::Prio(_))) {
        return PacketClass::Priority;
    }
    if has(|option| !matches!(option, MptcpOption::Dss(_))) {
        return PacketClass::Other;
    }
    if segment.payload_len > 0 {
        return payload_kind(subflow.sides.of(direction.sender()).bytes, before);
    }
    if flags.has(TcpFlags::ACK) { PacketClass::Ack } else { PacketClass::Other }
}

const fn is_failure(option: &MptcpOption) -> bool {
    match option {
        MptcpOption::Fail(_) | MptcpOption::Malformed(_) => true,
        MptcpOption::Dss(dss) => {
            matches!(&dss.mapping, Some(mapping) if matches!(mapping.length, DataLevelLength::Infinite))
        }
        _ => false,
    }
}

const fn is_close(option: &MptcpOption) -> bool {
    match option {
        MptcpOption::FastClose(_) => true,
        MptcpOption::Dss(dss) => dss.data_fin,
        _ => false,
    }
}

const fn payload_kind(now: ByteCounts, before: ByteCounts) -> PacketClass {
    if now.unmapped > before.unmapped {
        PacketClass::Unmapped
    } else if now.reinjected > before.reinjected {
        PacketClass::Reinjected
    } else if now.remapped > before.remapped {
        PacketClass::Remapped
    } else if now.retransmitted > before.retransmitted {
        PacketClass::Retransmitted
    } else {
        PacketClass::Data
    }
}
