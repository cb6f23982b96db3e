//! Receive windows in bytes (RFC 7323 §2).

use super::segment::{Segment, TcpFlags};

/// The largest shift of a window (RFC 7323 §2.3).
pub const MAX_SHIFT: u8 = 14;

/// By how many bits the windows of two hosts are shifted, from the options of their SYNs: not at all
/// unless both hosts sent one (RFC 7323 §2.2).
pub fn shifts(one: Option<u8>, other: Option<u8>) -> (u8, u8) {
    let (one, other) = one.zip(other).unwrap_or_default();
    (one.min(MAX_SHIFT), other.min(MAX_SHIFT))
}

/// What a segment offers to receive, whose sender's windows are shifted by so many bits.
#[inline(always)]
pub fn bytes(segment: &Segment<'_>, shift: u8) -> u64 {
    // RFC 7323 §2.2: never scaled in a SYN.
    let shift = if segment.flags.has(TcpFlags::SYN) { 0 } else { shift };
    u64::from(segment.window) << shift.min(MAX_SHIFT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_scaled_only_if_both_hosts_say_so() {
        assert_eq!(shifts(Some(7), Some(0)), (7, 0));
        assert_eq!(shifts(Some(7), None), (0, 0));
        assert_eq!(shifts(None, Some(7)), (0, 0));
        assert_eq!(shifts(Some(15), Some(255)), (14, 14));
    }
}
