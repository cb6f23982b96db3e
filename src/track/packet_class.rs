//! What a segment that was pushed turned out to be.

use super::ids::SubflowId;
use super::role::Direction;
use super::state::subflow::ByteCounts;

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

    /// Its name in outputs for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Data => "data",
            Self::Ack => "ack",
            Self::Address => "address",
            Self::Priority => "priority",
            Self::Failure => "failure",
            Self::Close => "close",
            Self::Reset => "reset",
            Self::Reinjected => "reinjected",
            Self::Retransmitted => "retransmitted",
            Self::Remapped => "remapped",
            Self::Unmapped => "unmapped",
            Self::Copy => "copy",
            Self::Other => "other",
        }
    }

    /// Whether a segment of this class is one of many alike.
    pub const fn is_plain(self) -> bool {
        matches!(self, Self::Data | Self::Ack)
    }
}

/// A segment of a followed subflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastPacket {
    /// The subflow.
    pub subflow: SubflowId,
    /// Who sent it, as far as was known before it.
    pub direction: Direction,
    /// What it is.
    pub kind: PacketClass,
    /// Bytes of payload on the wire.
    pub payload_len: u32,
    /// What became of its payload; none of a copy. Bytes whose mapping has no place yet count as new data:
    /// see [`Pending::moves`](super::pending::Pending::moves).
    pub bytes: ByteCounts,
}
