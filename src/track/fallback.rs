//! That a connection went on as plain TCP, and why.

use super::ids::SubflowId;
use super::stamp::PacketStamp;

/// Where a connection went on as plain TCP (RFC 8684 §3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fallback {
    /// Why.
    pub cause: FallbackCause,
    /// The packet that shows it.
    pub seen: PacketStamp,
    /// The subflow of that packet, which alone carries the stream from there on.
    pub subflow: SubflowId,
    /// Whether the packets leave no other explanation.
    pub certain: bool,
}

/// Why a connection fell back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FallbackCause {
    /// The SYN offered MPTCP and the SYN/ACK did not take it up: a server without MPTCP, or the
    /// option was taken out on the way.
    SynAckWithoutMpCapable,
    /// The SYN was repeated without the option, and only that was answered.
    SynWithMpCapableUnanswered,
    /// The third ACK carried no MP_CAPABLE.
    AckWithoutMpCapable,
    /// Data without a mapping, and MPTCP was not spoken after it.
    DataWithoutMapping,
    /// The peer's answer to data carried no DSS.
    AnswerWithoutDss,
    /// An infinite mapping was declared.
    InfiniteMapping,
    /// The DSS checksum of data was wrong, and MPTCP was not spoken after it.
    ChecksumFailed,
}
