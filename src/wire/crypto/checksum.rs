//! The DSS checksum (RFC 8684 §3.3.1; the same in RFC 6824).
//!
//! ```text
//! data sequence number 8 · subflow sequence number 4 · data-level length 2 · zero 2 · payload
//! ```

use crate::wire::seq::Dsn;

/// The running sum of a DSS checksum (RFC 8684 §3.3.1): TCP's checksum, over a pseudo-header of the
/// mapping and the octets of payload that it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DssChecksum {
    sum: u64,
    /// An odd number of octets was added: the next one is the lower half of a word.
    odd: bool,
}

impl DssChecksum {
    /// The sum over the pseudo-header: all 64 bits of the data sequence number even if the wire has
    /// 32, the relative subflow sequence number, and the data-level length with DATA_FIN included.
    pub fn new(dsn: Dsn, ssn: u32, len: u16) -> Self {
        let mut checksum = Self { sum: 0, odd: false };
        checksum.add(&dsn.0.to_be_bytes());
        checksum.add(&ssn.to_be_bytes());
        checksum.add(&len.to_be_bytes());
        checksum
    }

    /// Adds the next octets of payload, however many. A DATA_FIN has none.
    pub fn add(&mut self, octets: &[u8]) {
        let mut octets = octets;
        if self.odd
            && let Some((first, rest)) = octets.split_first()
        {
            self.sum += u64::from(*first);
            self.odd = false;
            octets = rest;
        }
        // Words of 32 bits fold to the same sum as words of 16.
        let (words, rest) = octets.as_chunks::<4>();
        self.sum += words.iter().map(|word| u64::from(u32::from_be_bytes(*word))).sum::<u64>();
        for (octet, shift) in rest.iter().zip([24, 16, 8]) {
            self.sum += u64::from(*octet) << shift;
        }
        self.odd ^= octets.len() % 2 == 1;
        self.sum = u64::from(fold(self.sum));
    }

    /// Adds octets that stand `offset` octets into the payload. The parts of a mapping may come in
    /// any order: the sum only asks which half of a word an octet is.
    pub fn add_at(&mut self, offset: u64, octets: &[u8]) {
        self.odd = offset % 2 == 1;
        self.add(octets);
    }

    /// The value for the checksum field. A last odd octet counts as if a zero followed it.
    pub fn finish(self) -> u16 {
        !fold(self.sum)
    }

    /// What `stored`, the checksum field of the option, is worth.
    pub fn judge(self, stored: u16) -> ChecksumVerdict {
        let computed = self.finish();
        if same_checksum(computed, stored) {
            ChecksumVerdict::Right
        } else if same_checksum(computed, stored.swap_bytes()) {
            ChecksumVerdict::ByteSwapped
        } else {
            ChecksumVerdict::Wrong
        }
    }
}

/// Comparison of a stored DSS checksum with the computed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecksumVerdict {
    /// The data is what the sender summed up.
    Right,
    /// Right but for the order of the two octets: Linux 5.14 to 5.17 on little-endian machines.
    ByteSwapped,
    /// The data, or the mapping, was changed.
    Wrong,
}

/// Whether two checksums are the same number: ones' complement has two zeros, 0x0000 and 0xffff.
pub fn same_checksum(one: u16, other: u16) -> bool {
    let positive = |checksum| if checksum == u16::MAX { 0 } else { checksum };
    positive(one) == positive(other)
}

/// The ones' complement sum as one 16-bit word.
fn fold(sum: u64) -> u16 {
    let mut sum = sum;
    loop {
        match u16::try_from(sum) {
            Ok(word) => return word,
            Err(_) => sum = (sum & 0xffff) + (sum >> 16),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dss_checksums() {
        let alphabet: Vec<u8> = (0..100).map(|index| 65 + index % 26).collect();
        #[rustfmt::skip]
        let vectors: [(u64, u32, u16, &[u8], u16); 10] = [
            (11_480_446_786_067_544_545, 1, 100, &alphabet, 0x4356),
            (10_034_877_151_268_138_427, 1, 100, &alphabet, 0xd9c7),
            (11_480_446_786_067_544_845, 0, 1, b"", 0x45c3),
            (16_896_383_031_167_589_317, 3, 101, &[b'x'; 100], 0x5d47),
            (16_464_867_208_451_421_328, 1, 41, b"SSH-2.0-OpenSSH_5.5p1 Debian-6+squeeze1\r\n",
             0x082f),
            (10_975_753_215_851_282_122, 1, 41, b"SSH-2.0-OpenSSH_5.5p1 Debian-6+squeeze2\r\n",
             0x45c9),
            (0x6842_b501_b171_2fb6, 1, 1, b"c", 0x9e91),
            (0x7138_f0db_c9dc_1c61, 1, 1, b"c", 0x54ab),
            (0x0102_0304_0506_0708, 1, 5, b"hello", 0xac13),
            (0x0000_0000_ffff_ffff, 1, 3, b"abc", 0x3b99),
        ];
        for (dsn, ssn, len, payload, expected) in vectors {
            let mut checksum = DssChecksum::new(Dsn(dsn), ssn, len);
            checksum.add(payload);
            assert_eq!(checksum.finish(), expected, "DSN {dsn}");
        }
    }

    #[test]
    fn a_dss_checksum_does_not_depend_on_how_the_payload_is_cut() {
        let payload: Vec<u8> = (0..=255).cycle().take(517).collect();
        let mut whole = DssChecksum::new(Dsn(u64::MAX), u32::MAX, u16::MAX);
        whole.add(&payload);
        for size in 1..20 {
            let mut pieces = DssChecksum::new(Dsn(u64::MAX), u32::MAX, u16::MAX);
            for piece in payload.chunks(size) {
                pieces.add(piece);
                pieces.add(&[]);
            }
            assert_eq!(pieces.finish(), whole.finish(), "pieces of {size}");
        }
    }

    #[test]
    fn a_dss_checksum_is_judged() {
        let mut checksum = DssChecksum::new(Dsn(0x0102_0304_0506_0708), 1, 5);
        checksum.add(b"hello");
        assert_eq!(checksum.judge(0xac13), ChecksumVerdict::Right);
        assert_eq!(checksum.judge(0x13ac), ChecksumVerdict::ByteSwapped);
        assert_eq!(checksum.judge(0xac14), ChecksumVerdict::Wrong);

        let zero = DssChecksum::new(Dsn(0), 0, u16::MAX);
        assert_eq!(zero.finish(), 0);
        assert_eq!(zero.judge(0xffff), ChecksumVerdict::Right);
        assert!(!same_checksum(0xffff, 1));
    }
}
