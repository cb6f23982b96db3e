//! Sequence numbers of TCP and of the data level. They wrap, so they have no plain order: the
//! only comparison is the signed distance.

use std::fmt;

/// A TCP sequence number (RFC 9293 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SeqNum(pub u32);

impl SeqNum {
    /// The number `octets` further on, wrapping at 2^32.
    #[must_use]
    pub const fn add(self, octets: u32) -> Self {
        Self(self.0.wrapping_add(octets))
    }

    /// Signed distance from `earlier` to `self`: negative when `self` lies before it.
    pub const fn distance_from(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// The 64-bit position nearest to `reference` whose low 32 bits are this number.
    pub const fn expand(self, reference: u64) -> u64 {
        expand_near(self.0, reference)
    }
}

/// A data sequence number (RFC 8684 §3.3.1), always 64 bits wide here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Dsn(pub u64);

impl Dsn {
    /// The number `octets` further on, wrapping at 2^64.
    #[must_use]
    pub const fn add(self, octets: u64) -> Self {
        Self(self.0.wrapping_add(octets))
    }

    /// Signed distance from `earlier` to `self`: negative when `self` lies before it.
    pub const fn distance_from(self, earlier: Self) -> i64 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }

    /// Its lower 32 bits, as they are on the wire.
    pub const fn low_half(self) -> WireDsn {
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
        WireDsn::Short(self.0 as u32)
    }
}

impl fmt::Display for Dsn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "0x{:016x}", self.0)
    }
}

/// A data sequence number or DATA_ACK as it stood on the wire: 4 or 8 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireDsn {
    /// The lower 32 bits alone.
    Short(u32),
    /// All 64 bits.
    Long(u64),
}

impl WireDsn {
    /// The 64-bit number nearest to `reference` (RFC 8684 §3.3.1: 32-bit numbers are the lower
    /// half of a 64-bit one).
    pub const fn expand(self, reference: Dsn) -> Dsn {
        match self {
            Self::Short(low) => Dsn(expand_near(low, reference.0)),
            Self::Long(whole) => Dsn(whole),
        }
    }

    /// The number so many bytes further on, as wide as this one.
    #[must_use]
    pub const fn add(self, bytes: u32) -> Self {
        match self {
            Self::Short(low) => Self::Short(low.wrapping_add(bytes)),
            Self::Long(whole) => Self::Long(whole.wrapping_add(bytes as u64)),
        }
    }

    /// The number without regard to its width; a short one is zero-extended.
    pub const fn raw(self) -> u64 {
        match self {
            Self::Short(low) => low as u64,
            Self::Long(whole) => whole,
        }
    }

    /// Octets on the wire: 4 or 8.
    pub const fn len(self) -> usize {
        match self {
            Self::Short(_) => 4,
            Self::Long(_) => 8,
        }
    }

    /// Never: a number has octets. (Here because `len` is.)
    pub const fn is_empty(self) -> bool {
        false
    }

    /// Whether all 64 bits were on the wire.
    pub const fn is_long(self) -> bool {
        matches!(self, Self::Long(_))
    }
}

impl fmt::Display for WireDsn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(low) => write!(formatter, "0x{low:08x}"),
            Self::Long(whole) => write!(formatter, "0x{whole:016x}"),
        }
    }
}

/// Of all 64-bit numbers with the lower half `low`, the one within 2^31 of `reference`.
const fn expand_near(low: u32, reference: u64) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is compared")]
    let step = low.wrapping_sub(reference as u32).cast_signed();
    reference.wrapping_add_signed(step as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_wraps() {
        assert_eq!(SeqNum(3).distance_from(SeqNum(u32::MAX)), 4);
        assert_eq!(SeqNum(u32::MAX).distance_from(SeqNum(3)), -4);
        assert_eq!(Dsn(1).distance_from(Dsn(u64::MAX)), 2);
    }

    #[test]
    fn a_short_number_expands_to_the_nearest_long_one() {
        let expand = |low, reference| WireDsn::Short(low).expand(Dsn(reference)).0;
        assert_eq!(expand(5, 0x1_0000_0003), 0x1_0000_0005);
        assert_eq!(expand(0xffff_fff0, 0x2_0000_0003), 0x1_ffff_fff0);
        assert_eq!(expand(2, 0x1_ffff_ffff), 0x2_0000_0002);
        assert_eq!(expand(1, u64::MAX), 1, "wraps at 2^64 as well");
    }

    #[test]
    fn a_number_is_as_wide_as_it_was_on_the_wire() {
        let (short, long) = (WireDsn::Short(0xdead_beef), WireDsn::Long(0xdead_beef));
        assert_eq!((short.raw(), long.raw()), (0xdead_beef, 0xdead_beef));
        assert_eq!((short.len(), long.len()), (4, 8));
        assert!(!short.is_empty() && !long.is_empty());
        assert_eq!(
            (short.to_string(), long.to_string()),
            ("0xdeadbeef".into(), "0x00000000deadbeef".into())
        );
        assert_eq!(Dsn(0xdead_beef).to_string(), "0x00000000deadbeef");
    }

    #[test]
    fn a_long_number_stays() {
        assert_eq!(WireDsn::Long(7).expand(Dsn(1 << 40)), Dsn(7));
    }
}
