//! DSS: data sequence signal (RFC 8684 §3.3, RFC 6824 §3.3).
//!
//! ```text
//! octet 2   0x20 (low nibble reserved)
//! octet 3   r r r F m M a A
//! then      DATA_ACK 4 or 8 (A) · DSN 4 or 8, subflow sequence number 4, data-level length 2 (M)
//!           · checksum 2 (M, if the length says so: nothing in the flags does)
//! ```

use super::parsing::{Parsed, illegal};
use super::subtype::Subtype;
use crate::wire::seq::{Dsn, WireDsn};

/// Data-level length of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataLevelLength {
    /// This many bytes of the data sequence space, DATA_FIN included.
    Bytes(u16),
    /// Wire value 0: the rest of the connection is this subflow (RFC 8684 §3.7).
    Infinite,
}

impl DataLevelLength {
    #[inline]
    const fn of(field: u16) -> Self {
        match field {
            0 => Self::Infinite,
            bytes => Self::Bytes(bytes),
        }
    }
}

/// DSN, subflow sequence number and length of one DSS. Here as on the wire; `track` resolves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// First data sequence number, 4 or 8 octets wide.
    pub dsn: WireDsn,
    /// First subflow sequence number, relative to the subflow's ISN; 0 for a lone DATA_FIN.
    pub ssn: u32,
    /// Bytes mapped.
    pub length: DataLevelLength,
    /// DSS checksum, if the option has room for one.
    pub checksum: Option<u16>,
}

/// DSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dss {
    /// Cumulative acknowledgment of the data level, 4 or 8 octets wide.
    pub data_ack: Option<WireDsn>,
    /// What of the data sequence space the payload is.
    pub mapping: Option<Mapping>,
    /// F: the sender has no more data; the last octet of the mapping stands for it. F without a
    /// mapping means nothing and shows in `flags` only.
    pub data_fin: bool,
    /// The flag octet as it stood there, reserved and meaningless bits included.
    pub flags: u8,
    /// Low nibble of octet 2, must be 0.
    pub reserved: u8,
}

impl Dss {
    /// A DSS whose flag octet follows from its fields.
    pub fn new(data_ack: Option<WireDsn>, mapping: Option<Mapping>, data_fin: bool) -> Self {
        let ack_bits = data_ack.map_or(0, |ack| if ack.is_long() { ACK | LONG_ACK } else { ACK });
        let map_bits =
            mapping.map_or(0, |map| if map.dsn.is_long() { MAP | LONG_DSN } else { MAP });
        let fin_bit = if data_fin { FIN } else { 0 };
        Self { data_ack, mapping, data_fin, flags: ack_bits | map_bits | fin_bit, reserved: 0 }
    }

    /// Whether a bit is set that must be 0.
    pub const fn has_reserved_bits(&self) -> bool {
        self.reserved != 0 || self.flags & RESERVED != 0
    }

    /// Whether it says nothing of an end, and sets no bit that must be 0.
    #[inline]
    pub const fn is_plain(&self) -> bool {
        self.reserved == 0 && self.flags & (RESERVED | FIN) == 0
    }

    /// The fast path: a DSS as Linux writes it on nearly every segment. It has a DATA_ACK, and beside
    /// it either nothing or a mapping with the long DSN.
    ///
    /// `body` is all that follows kind and length. `None` if it is anything else: then
    /// [`MptcpOption::parse`](super::MptcpOption::parse) knows what it is.
    #[inline]
    pub fn try_fast_parse(body: &[u8]) -> Option<Self> {
        let (&[first, flags], rest) = body.split_first_chunk()?;
        if first >> 4 != Subtype::DSS.0 {
            return None;
        }
        let (data_ack, rest) = if flags & (ACK | LONG_ACK) == ACK | LONG_ACK {
            let (whole, rest) = rest.split_first_chunk()?;
            (WireDsn::Long(u64::from_be_bytes(*whole)), rest)
        } else {
            let (low, rest) = rest.split_first_chunk()?;
            (WireDsn::Short(u32::from_be_bytes(*low)), rest)
        };
        let mapping = match flags & (ACK | MAP | LONG_DSN) {
            ACK if rest.is_empty() => None,
            ACK_AND_LONG_MAP => Some(Mapping::try_fast_parse(rest)?),
            _ => return None,
        };
        Some(Self::of_fields(first, flags, Some(data_ack), mapping))
    }

    /// Reads the option from octet 2 on. The three upper flag bits are reserved and tell nothing.
    #[inline]
    pub(super) fn parse(body: &[u8]) -> Parsed<'_, Self> {
        let (rest, [first, flags]) = octets(body)?;
        let (rest, data_ack) = when(flags & ACK != 0, number(flags & LONG_ACK != 0), rest)?;
        let (rest, mapping) =
            when(flags & MAP != 0, |rest| Mapping::parse(flags & LONG_DSN != 0, rest), rest)?;
        Ok((rest, Self::of_fields(first, flags, data_ack, mapping)))
    }

    /// From octets 2 and 3, and what follows them.
    #[inline]
    fn of_fields(
        first: u8,
        flags: u8,
        data_ack: Option<WireDsn>,
        mapping: Option<Mapping>,
    ) -> Self {
        // RFC 8684 §3.3.3: a DATA_FIN always has a mapping, of which it is the last octet.
        let data_fin = flags & FIN != 0 && mapping.is_some();
        Self { data_ack, mapping, data_fin, flags, reserved: first & 0x0f }
    }

    /// Octets on the wire, kind and length octets included.
    pub fn wire_len(&self) -> u8 {
        4 + self.data_ack.map_or(0, number_len)
            + self.mapping.map_or(0, |mapping| mapping.wire_len())
    }

    /// Writes `flags` as it stands: it must fit the fields, as after `new` and `parse`.
    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([Subtype::DSS.octet(self.reserved), self.flags]);
        if let Some(data_ack) = self.data_ack {
            emit_number(data_ack, out);
        }
        if let Some(mapping) = self.mapping {
            mapping.emit(out);
        }
    }
}

/// The DSN that a DATA_FIN stands on: last octet of a mapping at `dsn` over `length` octets.
pub fn data_fin_position(dsn: Dsn, length: u16) -> Dsn {
    dsn.add(u64::from(length).wrapping_sub(1))
}

impl Mapping {
    /// The fast path of a mapping with the long DSN, up to the end of the option.
    #[inline]
    fn try_fast_parse(octets: &[u8]) -> Option<Self> {
        let (fields, rest) = octets.split_first_chunk::<14>()?;
        let (dsn, fields) = fields.split_first_chunk()?;
        let (ssn, length) = fields.split_first_chunk()?;
        Some(Self {
            dsn: WireDsn::Long(u64::from_be_bytes(*dsn)),
            ssn: u32::from_be_bytes(*ssn),
            length: DataLevelLength::of(u16::from_be_bytes(*length.first_chunk()?)),
            checksum: match *rest {
                [] => None,
                [high, low] => Some(u16::from_be_bytes([high, low])),
                _ => return None,
            },
        })
    }

    #[inline]
    fn parse(long_dsn: bool, input: &[u8]) -> Parsed<'_, Self> {
        let (rest, dsn) = number(long_dsn)(input)?;
        let (rest, ssn) = octets(rest)?;
        let (rest, length) = octets(rest)?;
        let ssn = u32::from_be_bytes(ssn);
        let length = DataLevelLength::of(u16::from_be_bytes(length));
        // Only room for it tells that there is a checksum (RFC 8684 §3.3).
        let (rest, checksum) = when(rest.len() >= 2, octets, rest)?;
        let checksum = checksum.map(u16::from_be_bytes);
        Ok((rest, Self { dsn, ssn, length, checksum }))
    }

    fn wire_len(&self) -> u8 {
        number_len(self.dsn) + if self.checksum.is_some() { 8 } else { 6 }
    }

    fn emit(&self, out: &mut Vec<u8>) {
        let length = match self.length {
            DataLevelLength::Bytes(octets) => octets,
            DataLevelLength::Infinite => 0,
        };
        emit_number(self.dsn, out);
        out.extend(self.ssn.to_be_bytes());
        out.extend(length.to_be_bytes());
        out.extend(self.checksum.map(u16::to_be_bytes).into_iter().flatten());
    }
}

/// What `parse` takes, where it is there. (This, `number` and `octets` are by hand, since every
/// segment has a DSS: nom reads numbers octet by octet.)
#[inline]
fn when<'a, T>(
    is_there: bool,
    parse: impl Fn(&'a [u8]) -> Parsed<'a, T>,
    input: &'a [u8],
) -> Parsed<'a, Option<T>> {
    if !is_there {
        return Ok((input, None));
    }
    let (rest, value) = parse(input)?;
    Ok((rest, Some(value)))
}

/// A parser of a DSN or DATA_ACK of 8 octets (`long`) or 4.
#[inline]
fn number<'a>(long: bool) -> impl Fn(&'a [u8]) -> Parsed<'a, WireDsn> {
    move |input| {
        if long {
            let (rest, whole) = octets(input)?;
            Ok((rest, WireDsn::Long(u64::from_be_bytes(whole))))
        } else {
            let (rest, low) = octets(input)?;
            Ok((rest, WireDsn::Short(u32::from_be_bytes(low))))
        }
    }
}

/// The first `N` octets.
#[inline]
fn octets<const N: usize>(input: &[u8]) -> Parsed<'_, [u8; N]> {
    match input.split_first_chunk() {
        Some((octets, rest)) => Ok((rest, *octets)),
        None => illegal(),
    }
}

const fn number_len(number: WireDsn) -> u8 {
    if number.is_long() { 8 } else { 4 }
}

fn emit_number(number: WireDsn, out: &mut Vec<u8>) {
    match number {
        WireDsn::Short(low) => out.extend(low.to_be_bytes()),
        WireDsn::Long(whole) => out.extend(whole.to_be_bytes()),
    }
}

/// The three upper flag bits, which must be 0.
pub(super) const RESERVED: u8 = 0xe0;
/// A: there is a DATA_ACK.
const ACK: u8 = 0x01;
/// a: it is 8 octets wide; means nothing without A.
const LONG_ACK: u8 = 0x02;
/// M: there is a mapping.
const MAP: u8 = 0x04;
/// m: its DSN is 8 octets wide; means nothing without M.
const LONG_DSN: u8 = 0x08;
/// A DATA_ACK, and a mapping with the long DSN.
const ACK_AND_LONG_MAP: u8 = ACK | MAP | LONG_DSN;
/// F: DATA_FIN.
const FIN: u8 = 0x10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::MptcpOption;
    use super::super::parsing::whole;
    use super::super::testing::{legal_lengths, malformed, parse};
    use super::*;

    #[track_caller]
    fn check(hex: &str, data_ack: Option<WireDsn>, mapping: Option<Mapping>, data_fin: bool) {
        assert_eq!(parse(hex), MptcpOption::Dss(Dss::new(data_ack, mapping, data_fin)));
    }

    fn map(dsn: WireDsn, ssn: u32, octets: u16, checksum: Option<u16>) -> Mapping {
        Mapping { dsn, ssn, length: DataLevelLength::Bytes(octets), checksum }
    }

    fn dss(hex: &str) -> Dss {
        match parse(hex) {
            MptcpOption::Dss(dss) => dss,
            other => panic!("not a DSS: {other:?}"),
        }
    }

    #[test]
    fn acknowledgments() {
        check("1e08 2001 627190ea", Some(WireDsn::Short(0x6271_90ea)), None, false);
        let long = WireDsn::Long(0x1d41_5dcd_0383_49be);
        check("1e0c 2003 1d415dcd038349be", Some(long), None, false);
    }

    #[test]
    fn mappings() {
        let ack = WireDsn::Long(0x1d41_5dcd_0383_7bce);
        let dsn = WireDsn::Long(0xf633_475c_1ae7_59a7);
        check(
            "1e1a 200f 1d415dcd03837bce f633475c1ae759a7 00000001 4000",
            Some(ack),
            Some(map(dsn, 1, 0x4000, None)),
            false,
        );
        check(
            "1e1c 200f 1d415dcd03837bce f633475c1ae759a7 00000001 4000 8413",
            Some(ack),
            Some(map(dsn, 1, 0x4000, Some(0x8413))),
            false,
        );
        check(
            "1e16 200d 0383442e f633475c1ae759a7 00000001 4000",
            Some(WireDsn::Short(0x0383_442e)),
            Some(map(dsn, 1, 0x4000, None)),
            false,
        );
        check(
            "1e14 2005 d1b974b9 d52abeca 00000001 0029 45c9",
            Some(WireDsn::Short(0xd1b9_74b9)),
            Some(map(WireDsn::Short(0xd52a_beca), 1, 41, Some(0x45c9))),
            false,
        );
    }

    #[test]
    fn data_fin() {
        check(
            "1e1a 201f 1d415dcd0386516f f633475c1aed7427 00000000 0001",
            Some(WireDsn::Long(0x1d41_5dcd_0386_516f)),
            Some(map(WireDsn::Long(0xf633_475c_1aed_7427), 0, 1, None)),
            true,
        );
        check(
            "1e14 2015 d1b99601 d52ad2cb 00000000 0001 0a51",
            Some(WireDsn::Short(0xd1b9_9601)),
            Some(map(WireDsn::Short(0xd52a_d2cb), 0, 1, Some(0x0a51))),
            true,
        );
    }

    #[test]
    fn data_fin_without_mapping_shows_in_the_flags_only() {
        let dss = dss("1e0c 2013 1d415dcd038349be");
        assert!(!dss.data_fin);
        assert_eq!(dss.flags, 0x13);
    }

    #[test]
    fn infinite_mapping() {
        let mapping = dss("1e14 200c f633475c1ae759a7 00000001 0000 0000").mapping.unwrap();
        assert_eq!(mapping.length, DataLevelLength::Infinite);
        assert_eq!(mapping.checksum, Some(0));
    }

    #[test]
    fn flags_set_the_length() {
        let table: [(u8, &[usize]); 16] = [
            (0x00, &[4]),
            (0x01, &[8]),
            (0x02, &[4]),
            (0x03, &[12]),
            (0x04, &[14, 16]),
            (0x05, &[18, 20]),
            (0x06, &[14, 16]),
            (0x07, &[22, 24]),
            (0x08, &[4]),
            (0x09, &[8]),
            (0x0a, &[4]),
            (0x0b, &[12]),
            (0x0c, &[18, 20]),
            (0x0d, &[22, 24]),
            (0x0e, &[18, 20]),
            (0x0f, &[26, 28]),
        ];
        for (flags, lengths) in table {
            for beside in [0x00, 0x10, 0xe0, 0xf0] {
                let longest = format!("1e2820{:02x}{}", flags | beside, "5a".repeat(36));
                assert_eq!(legal_lengths(&longest), lengths, "flags {flags:02x} + {beside:02x}");
            }
        }
    }

    #[test]
    fn reserved_bits_are_kept() {
        let dss = dss("1e0c 2ae3 1d415dcd038349be");
        assert_eq!((dss.reserved, dss.flags), (0xa, 0xe3));
        assert_eq!(dss.data_ack, Some(WireDsn::Long(0x1d41_5dcd_0383_49be)));
    }

    #[test]
    fn too_short_for_flags() {
        assert!(malformed("1e03 20"));
    }

    proptest! {
        #[test]
        fn the_fast_path_reads_what_the_parser_reads(
            reserved in 0u8..0x10,
            flags in any::<u8>(),
            fields in prop::collection::vec(any::<u8>(), 36),
        ) {
            let octets = [vec![Subtype::DSS.octet(reserved), flags], fields].concat();
            for len in 1..=octets.len() {
                let body = &octets[..len];
                if let Some(dss) = Dss::try_fast_parse(body) {
                    prop_assert_eq!(Some(dss), whole(Dss::parse, body), "{} octets", len);
                }
            }
        }
    }

    #[test]
    fn data_fin_stands_on_the_last_octet() {
        assert_eq!(data_fin_position(Dsn(100), 1), Dsn(100));
        assert_eq!(data_fin_position(Dsn(100), 101), Dsn(200));
        assert_eq!(data_fin_position(Dsn(u64::MAX), 2), Dsn(0));
    }
}
