//! The clock of a pcapng interface: what one unit of its timestamps is worth.

use crate::wire::frame::Timestamp;

const NS_PER_SECOND: u64 = 1_000_000_000;

/// Turns the timestamps of one interface into nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    unit: Unit,
    offset_ns: i64,
}

/// One unit, as nanoseconds.
#[derive(Debug, Clone, Copy)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// So many units make a nanosecond.
    PerNanosecond(u128),
    /// 2 to this power units make a second.
    PowerOfTwo(u32),
}

impl Clock {
    /// A clock that ticks `if_tsresol` and starts `if_tsoffset` seconds after the epoch.
    ///
    /// draft-ietf-opsawg-pcapng §4.2: the resolution is a negative power of 10, or of 2 if the top
    /// bit is set; microseconds if the option is missing.
    pub(super) fn new(if_tsresol: Option<u8>, if_tsoffset: i64) -> Self {
        let resolution = if_tsresol.unwrap_or(6);
        let power = u32::from(resolution & 0x7f);
        let unit = if resolution & 0x80 != 0 {
            Unit::PowerOfTwo(power)
        } else if let Some(digits) = 9_u32.checked_sub(power) {
            Unit::Nanoseconds(10_u64.pow(digits))
        } else {
            Unit::PerNanosecond(10_u128.checked_pow(power - 9).unwrap_or(u128::MAX))
        };
        let offset_ns = if_tsoffset.saturating_mul(NS_PER_SECOND.cast_signed());
        Self { unit, offset_ns }
    }

    /// The time of a count of units; a time that does not fit is the nearest that does.
    #[inline]
    pub(super) fn timestamp(&self, units: u64) -> Timestamp {
        let nanoseconds = match self.unit {
            Unit::Nanoseconds(worth) => {
                i64::try_from(units.saturating_mul(worth)).unwrap_or(i64::MAX)
            }
            Unit::PerNanosecond(units_each) => saturate(u128::from(units) / units_each),
            // 64 and 30 bits make 94 at most, and the power is 127 at most.
            Unit::PowerOfTwo(power) => {
                saturate((u128::from(units) * u128::from(NS_PER_SECOND)) >> power)
            }
        };
        Timestamp(nanoseconds.saturating_add(self.offset_ns))
    }
}

fn saturate(nanoseconds: u128) -> i64 {
    i64::try_from(nanoseconds).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ns(resolution: u8, units: u64) -> i64 {
        Clock::new(Some(resolution), 0).timestamp(units).0
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(ns(0, 7), 7_000_000_000);
        assert_eq!(ns(3, 7), 7_000_000);
        assert_eq!(ns(6, 7), 7_000);
        assert_eq!(ns(9, 7), 7);
        assert_eq!(ns(12, 7_999), 7);
        assert_eq!(ns(127, u64::MAX), 0);
        assert_eq!(Clock::new(None, 0).timestamp(7).0, 7_000);
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(ns(0x80, 3), 3_000_000_000);
        assert_eq!(ns(0x81, 3), 1_500_000_000);
        assert_eq!(ns(0x8a, 1_025), 1_000_976_562);
        assert_eq!(ns(0xa0, 1 << 31), 500_000_000);
        assert_eq!(ns(0xff, u64::MAX), 0);
    }

    #[test]
    fn offsets_shift_and_nothing_overflows() {
        assert_eq!(Clock::new(Some(6), 10).timestamp(1).0, 10_000_001_000);
        assert_eq!(Clock::new(Some(6), -10).timestamp(1).0, -9_999_999_000);
        assert_eq!(Clock::new(Some(0), i64::MAX).timestamp(u64::MAX).0, i64::MAX);
        assert_eq!(Clock::new(Some(0x80), i64::MIN).timestamp(0).0, i64::MIN);
    }
}
