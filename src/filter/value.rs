//! Values as they are written: with units, as prefixes, as words of a list.

use std::fmt;
use std::net::IpAddr;

use super::field::{Field, Kind};
use super::lexer::as_word;
use super::row::RowValue;
use crate::nearest::nearest;

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A number in the field's own unit; of a level, its place in the list.
    Number(u64),
    /// Addresses.
    Prefix(Prefix),
    /// A word of the field's list, as that list writes it.
    Word(&'static str),
    /// A name, or a part of one.
    Text(String),
}

/// All addresses that begin like this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Value {
    /// `text` as a value of `field`. Fails with what is wrong with it.
    pub(super) fn parse(field: Field, text: &str, codes: &[&'static str]) -> Result<Self, String> {
        let kind = field.kind();
        let number = |found: Option<u64>| {
            let wrong = || format!("{} is {}, such as {}", field, kind.noun(), kind.example());
            found.map(Self::Number).ok_or_else(wrong)
        };
        match kind {
            Kind::Address => Prefix::parse(text).map(Self::Prefix),
            Kind::Number => number(text.parse().ok()),
            Kind::Version => number(text.strip_prefix('v').unwrap_or(text).parse().ok()),
            Kind::Hex32 => number(hex_32(text)),
            Kind::Size => amount(text, &SIZES, "bytes").map(Self::Number),
            Kind::Time => amount(text, &TIMES, "nanoseconds").map(Self::Number),
            Kind::Share => amount(text, &SHARES, "parts in a million").map(Self::Number),
            Kind::Word(words) => word(field, text, words).map(Self::Word),
            Kind::Code => word(field, text, codes).map(Self::Word),
            Kind::Level(words) => {
                let word = word(field, text, words)?;
                number(rank(words, word))
            }
            Kind::Text => Ok(Self::Text(text.to_owned())),
        }
    }

    /// Whether a value of a row is this one.
    pub(super) fn is_equal(&self, found: RowValue<'_>) -> bool {
        match (self, found) {
            (Self::Number(number), RowValue::Number(found)) => *number == found,
            (Self::Prefix(prefix), RowValue::Address(address)) => prefix.covers(address),
            (Self::Word(word), RowValue::Text(found)) => is_same_word(word, found),
            (Self::Text(text), RowValue::Text(found)) => text.eq_ignore_ascii_case(found),
            _ => false,
        }
    }

    /// As it is written for `field`.
    pub(super) fn write(&self, field: Field, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, field.kind()) {
            (Self::Number(number), Kind::Hex32) => write!(out, "0x{number:08x}"),
            (Self::Number(number), Kind::Size) => write_amount(*number, &SIZES, out),
            (Self::Number(number), Kind::Time) => write_amount(*number, &TIMES, out),
            (Self::Number(number), Kind::Share) => write_amount(*number, &SHARES, out),
            (Self::Number(number), Kind::Level(words)) => {
                let rank = usize::try_from(*number).unwrap_or(usize::MAX);
                out.write_str(words.get(rank).copied().unwrap_or_default())
            }
            (Self::Number(number), _) => write!(out, "{number}"),
            (Self::Prefix(prefix), _) => write!(out, "{prefix}"),
            (Self::Word(word), _) => out.write_str(word),
            (Self::Text(text), _) => out.write_str(&as_word(text)),
        }
    }
}

impl Prefix {
    fn parse(text: &str) -> Result<Self, String> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let Ok(address) = bare.unwrap_or(address).parse::<IpAddr>() else {
            return Err(format!(
                "{text} is no address: write one as 10.0.0.1 or 2001:db8::1, or a prefix as 10.0.0.0/8"
            ));
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.map_or(Some(most), |length| length.parse().ok());
        match length.filter(|length| *length <= most) {
            Some(length) => Ok(Self { address, length }),
            None => Err(format!("the length of this prefix is a number from 0 to {most}")),
        }
    }

    fn covers(self, address: IpAddr) -> bool {
        let [own, other] = [self.address, address].map(|address| match address {
            IpAddr::V4(address) => (4, u128::from(address.to_bits()) << 96),
            IpAddr::V6(address) => (6, address.to_bits()),
        });
        let rest = 128 - u32::from(self.length);
        let begin = |bits: u128| bits.checked_shr(rest).unwrap_or(0);
        own.0 == other.0 && begin(own.1) == begin(other.1)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.address.is_ipv4() { 32 } else { 128 };
        write!(out, "{}", self.address)?;
        if self.length < whole { write!(out, "/{}", self.length) } else { Ok(()) }
    }
}

/// Where a word stands in a list.
pub(super) fn rank(words: &[&str], word: &str) -> Option<u64> {
    words.iter().position(|known| is_same_word(known, word)).map(|place| place as u64)
}

/// The word of a list that `text` is, or which one was meant.
fn word(field: Field, text: &str, words: &[&'static str]) -> Result<&'static str, String> {
    if let Some(word) = words.iter().find(|word| is_same_word(word, text)) {
        return Ok(word);
    }
    let no_such = format!("{field} is never {text}");
    match nearest(text, words.iter().copied()) {
        Some(near) => Err(format!("{no_such}: did you mean {near}?")),
        None if words.len() > 12 => Err(format!("{no_such}: mptcpscope explain lists all codes")),
        None => Err(format!("{no_such}: it is one of {}", words.join(", "))),
    }
}

/// Neither case nor `-` in place of `_` makes a difference.
fn is_same_word(left: &str, right: &str) -> bool {
    let letter = |octet: u8| if octet == b'-' { b'_' } else { octet.to_ascii_lowercase() };
    left.bytes().map(letter).eq(right.bytes().map(letter))
}

/// Wire values have all their digits, so that a beginning does not pass for the whole.
fn hex_32(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 8)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

/// A unit: its name, and what it is worth as a fraction of the field's own unit.
type Unit = (&'static str, u64, u64);

/// Without a unit: bytes. The largest first, as they are looked for when a number is written.
const SIZES: [Unit; 19] = [
    ("TB", 1_000_000_000_000, 1),
    ("GB", 1_000_000_000, 1),
    ("MB", 1_000_000, 1),
    ("kB", 1_000, 1),
    ("", 1, 1),
    ("B", 1, 1),
    ("KB", 1_000, 1),
    ("KiB", 1 << 10, 1),
    ("MiB", 1 << 20, 1),
    ("GiB", 1 << 30, 1),
    ("TiB", 1 << 40, 1),
    ("bit", 1, 8),
    ("kbit", 125, 1),
    ("Mbit", 125_000, 1),
    ("Gbit", 125_000_000, 1),
    ("Tbit", 125_000_000_000, 1),
    ("Kbit", 125, 1),
    ("kb", 1_000, 1),
    ("gb", 1_000_000_000, 1),
];

/// Nothing is 0 without a unit as well.
const TIMES: [Unit; 9] = [
    ("d", 86_400_000_000_000, 1),
    ("h", 3_600_000_000_000, 1),
    ("min", 60_000_000_000, 1),
    ("s", 1_000_000_000, 1),
    ("ms", 1_000_000, 1),
    ("us", 1_000, 1),
    ("ns", 1, 1),
    ("µs", 1_000, 1),
    ("m", 60_000_000_000, 1),
];

const SHARES: [Unit; 2] = [("%", 10_000, 1), ("ppm", 1, 1)];

/// A number with at most nine decimals and a unit, in the field's own unit, which is called `whole`.
fn amount(text: &str, units: &[Unit], whole: &str) -> Result<u64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end).unwrap_or((text, ""));
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    let scale = u32::try_from(after.len()).ok().filter(|decimals| *decimals <= 9);
    let digits = format!("{before}{after}").parse::<u64>().ok();
    let (Some(digits), Some(scale)) = (digits, scale.map(|decimals| 10_u64.pow(decimals))) else {
        let names = names_of(units);
        return Err(format!("write a number and its unit, without a space: {names}"));
    };
    if digits == 0 && unit.is_empty() {
        return Ok(0);
    }
    let Some((_, times, per)) = units.iter().find(|(name, ..)| *name == unit) else {
        let names = names_of(units);
        return Err(match unit {
            "" => format!("a unit is missing: {names}"),
            "Mb" | "mb" => "Mb may be megabytes or megabits: write MB or Mbit".to_owned(),
            _ => format!("{unit} is no unit here: write {names}"),
        });
    };
    let product = u128::from(digits) * u128::from(*times);
    let divisor = u128::from(scale) * u128::from(*per);
    if !product.is_multiple_of(divisor) {
        return Err(format!("this is no whole number of {whole}"));
    }
    u64::try_from(product / divisor).map_err(|_| "this is more than can be counted".to_owned())
}

fn names_of(units: &[Unit]) -> String {
    let names: Vec<_> = units.iter().map(|(name, ..)| *name).collect();
    match names.first() {
        Some(&"TB") => "kB, MB, GB, KiB, MiB, kbit or Mbit".to_owned(),
        Some(&"d") => "ns, us, ms, s, min, h or d".to_owned(),
        _ => "as in 0.5%".to_owned(),
    }
}

/// In the largest unit that leaves no rest.
fn write_amount(number: u64, units: &[Unit], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut whole =
        units.iter().filter(|(_, times, per)| *per == 1 && number.is_multiple_of(*times));
    match whole.next().filter(|_| number > 0) {
        Some((name, times, _)) => write!(out, "{}{name}", number / times),
        None => write!(out, "{number}"),
    }
}
