//! The RST that ended a subflow, and what it looked like beside the other segments of its sender: the host
//! itself may not have sent it.

use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::wire::frame::CapturePoint;
use crate::wire::mptcp::MpTcpRst;

/// How a RST ended a subflow.
#[derive(Debug, Clone, Copy)]
pub struct Reset {
    /// The packet.
    pub seen: PacketStamp,
    /// Who sent it, by its addresses.
    pub from: Role,
    /// Its MP_TCPRST option, if there was one.
    pub reason: Option<MpTcpRst>,
    /// Its hop limit.
    pub hop_limit: u8,
    /// What it looked like.
    pub look: ResetLook,
}

/// A RST beside the segments that were seen before it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResetLook {
    /// Whether it has the ACK flag: a socket has been there. Without it, it answers a segment for no socket
    /// (RFC 9293 §3.10.7.1).
    pub has_ack: bool,
    /// Whether it has NOPs in a row where an option may have been.
    pub has_nops: bool,
    /// The hop limits of the SYN and of the last segment before it of the same host.
    pub usual_hop_limits: Option<(u8, u8)>,
    /// Where it was captured first.
    pub point: CapturePoint,
    /// Where the last segment before it of the same host was captured first.
    pub usual_point: Option<CapturePoint>,
    /// Whether it was captured at a second point.
    pub is_copied: bool,
    /// By how many bytes it is ahead of the last byte that its sender was seen to send.
    pub ahead: i64,
    /// For how long the peer had been sending again after a silence, and how long that silence was, in
    /// nanoseconds. A RST without ACK answers one of these segments.
    pub answered: Option<(i64, i64)>,
    /// Segments of its sender after it that are no RST, and the last of them.
    pub went_on: Option<(u64, PacketStamp)>,
}
