//! Which byte of a subflow has which data sequence number (RFC 8684 §3.3.1).

use super::dss::{DataLevelLength, Mapping};
use crate::wire::seq::{SeqNum, WireDsn};

/// Bytes of the stream in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamPart {
    /// The data sequence number of the first one, as wide as it was on the wire.
    pub dsn: WireDsn,
    /// How many.
    pub len: u32,
}

impl Mapping {
    /// What the `len` bytes from subflow sequence number `ssn` on are, as far as this mapping covers
    /// them; `None` if it does not cover the first of them. An infinite mapping covers all numbers.
    pub fn part(&self, ssn: u32, len: u32) -> Option<StreamPart> {
        let offset = SeqNum(ssn).distance_from(SeqNum(self.ssn));
        let left = match self.length {
            DataLevelLength::Infinite => u32::MAX,
            DataLevelLength::Bytes(bytes) => {
                u32::from(bytes).checked_sub(u32::try_from(offset).ok()?)?
            }
        };
        let len = len.min(left);
        // Past 2^31 bytes of an infinite mapping the distance is negative.
        let dsn = self.dsn.add(offset.cast_unsigned());
        (len > 0).then_some(StreamPart { dsn, len })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(dsn: WireDsn, bytes: u16) -> Mapping {
        let length = match bytes {
            0 => DataLevelLength::Infinite,
            bytes => DataLevelLength::Bytes(bytes),
        };
        Mapping { dsn, ssn: u32::MAX, length, checksum: None }
    }

    #[test]
    fn a_mapping_covers_its_bytes_alone() {
        let mapping = mapping(WireDsn::Short(u32::MAX), 10);
        let part = |ssn, len| mapping.part(ssn, len).map(|part| (part.dsn, part.len));
        assert_eq!(part(u32::MAX, 20), Some((WireDsn::Short(u32::MAX), 10)));
        assert_eq!(part(0, 4), Some((WireDsn::Short(0), 4)));
        assert_eq!(part(8, 4), Some((WireDsn::Short(8), 1)));
        assert_eq!((part(9, 4), part(u32::MAX - 1, 4), part(0, 0)), (None, None, None));
    }

    #[test]
    fn an_infinite_mapping_covers_what_comes_after_two_gigabytes() {
        let mapping = mapping(WireDsn::Long(1 << 40), 0);
        let far = mapping.part(u32::MAX.wrapping_add(3 << 30), 100);
        assert_eq!(far, Some(StreamPart { dsn: WireDsn::Long((1 << 40) + (3 << 30)), len: 100 }));
    }
}
