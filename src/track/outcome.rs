//! What a segment was, and what it changed: for rows about segments. See
//! [`Tracker::keep_outcomes`](super::Tracker::keep_outcomes).

use smallvec::SmallVec;

use super::ids::{ConnectionId, SubflowId};
use super::packet_class::PacketClass;
use super::range_set::SeqRange;
use super::role::Direction;
use super::stamp::PacketStamp;
use crate::wire::mptcp::DataLevelLength;
use crate::wire::seq::Dsn;

/// What a segment of a followed subflow was, and what it changed.
///
/// *Positions* on a subflow count as a mapping does: the first byte after the SYN is 1; where the SYN
/// was not seen, the first byte seen is. Positions in the *stream* count from its first byte, which is
/// 0; where its key was not seen, from the first number seen.
/// [`DataSpace::base`](super::data::DataSpace::base) is the DSN of position 0, as long as no key is learnt
/// later.
///
/// In an `Option`, `None` means that the capture does not show it, or that it is not remembered any more;
/// it never stands for 0. An empty list means that there was nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentOutcome {
    /// The packet.
    pub seen: PacketStamp,
    /// The connection, as far as is known by now: later packets can show that it is a part of another
    /// one. [`Subflow::connection`](super::subflow::Subflow::connection) is always the present one.
    pub connection: ConnectionId,
    /// The subflow.
    pub subflow: SubflowId,
    /// Its number within the connection.
    pub subflow_number: u32,
    /// Who sent it, as far as was known before it: [`Tracker::take_swapped`](super::Tracker::take_swapped)
    /// names the subflows of which it turned out to be the other one, this segment included.
    pub direction: Direction,
    /// The most remarkable thing about it. A copy of a segment that was captured before changes
    /// nothing: all that follows is empty.
    pub class: PacketClass,
    /// Bytes of payload on the wire.
    pub payload_len: u32,
    /// Its payload, each byte once, in the order in which it was looked at. Empty for a RST, whose text
    /// is no payload. Pieces of earlier segments can stand here as well: see [`PayloadPiece::seen`].
    pub pieces: SmallVec<[PayloadPiece; 2]>,
    /// The mappings in its options: one at most, unless its sender broke the rules.
    pub mappings: SmallVec<[MappingSeen; 1]>,
    /// Its acknowledgment on the subflow; `None` without one, or while nothing is known of the sequence
    /// numbers that it acknowledges.
    pub ack: Option<AckSeen>,
    /// Its DATA_ACK; `None` without one.
    pub data_ack: Option<DataAckSeen>,
    /// The segments with bytes of the same stream that had waited at the receiver for the payload of
    /// this one, in the order of the stream.
    pub released: Vec<Released>,
}

/// Bytes of a segment that have the same fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadPiece {
    /// The packet that carried them. It is another one than that of the outcome for bytes that were
    /// [`ByteClass::Pending`] and are placed now: for these, it replaces that piece.
    pub seen: PacketStamp,
    /// Where they stand on the subflow.
    pub positions: SeqRange,
    /// Where they stand in the stream; `None` if they have no place there ([`ByteClass::Unmapped`], and
    /// the payload of a SYN), if it is not known yet ([`ByteClass::Pending`]), and if the mapping of what
    /// was sent again is not remembered.
    pub range: Option<SeqRange>,
    /// What they count as.
    pub class: ByteClass,
    /// Their first copy, for what was seen before; `None` for all else, and if it is not remembered. The
    /// last 65,536 segments of each direction of a subflow and of a connection are.
    pub first_copy: Option<FirstCopy>,
}

/// What a byte of payload counts as in [`ByteCounts`](super::subflow::ByteCounts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteClass {
    /// Seen for the first time.
    NewData,
    /// The same subflow sequence numbers again.
    Retransmitted,
    /// DSN seen before on this subflow, under other subflow sequence numbers.
    Remapped,
    /// DSN seen before on another subflow.
    Reinjected,
    /// No mapping where there must be one.
    Unmapped,
    /// The place of its mapping is not known yet. It counts as new data until then.
    Pending,
}

/// The first copy of bytes: of what was retransmitted, on the same subflow; else in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstCopy {
    /// The number of its subflow within the connection.
    pub subflow: u32,
    /// The packet.
    pub seen: PacketStamp,
}

/// A mapping in the options of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappingSeen {
    /// Its DSN; of 4 bytes on the wire, the lower half as long as the upper one is not known.
    pub dsn: Dsn,
    /// Where that is in the stream.
    pub position: i64,
    /// Its subflow sequence number, relative to the SYN's as on the wire.
    pub ssn: u32,
    /// Its length as on the wire: a DATA_FIN counts.
    pub length: DataLevelLength,
    /// Its checksum; `None` without one.
    pub checksum: Option<u16>,
    /// Whether its last byte is the DATA_FIN.
    pub data_fin: bool,
}

/// What a segment acknowledges on its subflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckSeen {
    /// One past the last position of the peer that it acknowledges.
    pub end: i64,
    /// Bytes of payload that no segment before it acknowledged. SYN and FIN do not count, SACK blocks
    /// neither.
    pub newly_acked: u64,
    /// The round trip that it ends; `None` if it ends none, or of a segment that is not remembered.
    pub round_trip: Option<RoundTrip>,
}

/// What a DATA_ACK acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataAckSeen {
    /// Its number, whole.
    pub dsn: Dsn,
    /// One past the last position of the peer's stream that it acknowledges.
    pub end: i64,
    /// Bytes of the stream that no DATA_ACK before it acknowledged; the DATA_FIN does not count, once it
    /// was seen. `None` for the first DATA_ACK where it is not known where the stream began.
    pub newly_acked: Option<u64>,
    /// The window that it offers from `end` on, in bytes; `None` while its scale is not known.
    pub window: Option<u64>,
    /// One past the last position that may be sent by this window; `None` as there.
    pub right_edge: Option<i64>,
    /// The round trip at the data level that it ends; `None` as in [`AckSeen`].
    pub round_trip: Option<RoundTrip>,
}

/// From the last segment that an acknowledgment covers to that acknowledgment, at the capture point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTrip {
    /// The segment: the first copy.
    pub sent: PacketStamp,
    /// The number of its subflow within the connection.
    pub subflow: u32,
    /// Where its bytes stand: on the subflow, or in the stream.
    pub range: SeqRange,
    /// How long it took, in nanoseconds; negative if the clocks of the capture disagree.
    pub ns: i64,
    /// Whether some of what is newly acknowledged was sent again: then it is not known which copy was
    /// acknowledged (Karn's rule, RFC 6298 §3).
    pub is_ambiguous: bool,
}

/// A segment that had waited for bytes before its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    /// The segment.
    pub seen: PacketStamp,
    /// The number of its subflow within the connection.
    pub subflow: u32,
    /// Where its bytes stand in the stream.
    pub range: SeqRange,
    /// How long it waited at the capture point, in nanoseconds; negative if the clocks disagree.
    pub waited_ns: i64,
}

impl SegmentOutcome {
    /// Of a segment of which nothing else is known.
    pub(crate) fn new(
        seen: PacketStamp,
        connection: ConnectionId,
        subflow: SubflowId,
        direction: Direction,
        payload_len: u32,
    ) -> Self {
        Self {
            seen,
            connection,
            subflow,
            subflow_number: 0,
            direction,
            class: PacketClass::Other,
            payload_len,
            pieces: SmallVec::new(),
            mappings: SmallVec::new(),
            ack: None,
            data_ack: None,
            released: Vec::new(),
        }
    }
}
