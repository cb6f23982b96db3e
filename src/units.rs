//! Numbers as a person reads them. The only place that rounds.
//!
//! Three significant digits are kept; units are decimal (1 kB = 1000 bytes).

pub mod parse;

/// Bytes: `0 B`, `999 B`, `1.5 kB`, `400 kB`, `12.3 MB`.
pub fn bytes(count: u64) -> String {
    scaled(count, &["B", "kB", "MB", "GB", "TB", "PB", "EB"])
}

/// Bytes in a time, as bits per second: `950 bit/s`, `1.38 Mbit/s`; `None` without a time.
pub fn rate(bytes: u64, duration_ns: i64) -> Option<String> {
    let duration = u128::try_from(duration_ns).ok().filter(|ns| *ns > 0)?;
    let per_second = u128::from(bytes) * 8 * 1_000_000_000 / duration;
    let per_second = u64::try_from(per_second).unwrap_or(u64::MAX);
    Some(scaled(per_second, &["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", "Pbit/s", "Ebit/s"]))
}

/// A duration: `0 s`, `180 µs`, `62 ms`, `1.38 s`, `2 min 5 s`, `3 h 4 min`.
pub fn duration(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ns = ns.unsigned_abs();
    // What would round up to 60.0 s is a minute already.
    let seconds = (ns + 500_000_000) / 1_000_000_000;
    let text = match seconds {
        _ if ns == 0 => "0 s".to_owned(),
        0..60 => scaled(ns, &["ns", "µs", "ms", "s"]),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    };
    format!("{sign}{text}")
}

/// A moment within the capture, in seconds to the millisecond: `0.062`, `-1.500`.
pub fn seconds(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ms = (ns.unsigned_abs() + 500_000) / 1_000_000;
    format!("{sign}{}.{:03}", ms / 1_000, ms % 1_000)
}

/// The same to the microsecond: `0.000044`, `-1.500000`.
pub fn microseconds(ns: i64) -> String {
    let us = ns.unsigned_abs() / 1_000;
    let sign = if ns < 0 && us > 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", us / 1_000_000, us % 1_000_000)
}

/// A count with thousands separators: `1,563`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count and what it counts, with the plural's s: `1 subflow`, `2 subflows`, `no subflows`.
pub fn counted(number: u64, thing: &str) -> String {
    match number {
        0 => format!("no {thing}s"),
        1 => format!("1 {thing}"),
        _ => format!("{} {thing}s", count(number)),
    }
}

/// A share of a whole: `42 %`, `0.3 %`. Only nothing is `0 %` and only all is `100 %`; of nothing
/// there is no share.
pub fn percentage(part: u64, whole: u64) -> Option<String> {
    if whole == 0 {
        return None;
    }
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole);
    Some(match tenths {
        _ if part == 0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        0 => "< 0.1 %".to_owned(),
        1..100 => format!("{}.{} %", tenths / 10, tenths % 10).replace(".0", ""),
        995.. if part < whole => "> 99 %".to_owned(),
        _ => format!("{} %", (tenths + 5) / 10),
    })
}

/// Three significant digits and the unit that leaves one to three digits before the point.
fn scaled(number: u64, units: &[&str]) -> String {
    let mut divisor: u128 = 1;
    let number = u128::from(number);
    for (index, unit) in units.iter().enumerate() {
        let is_last = index + 1 == units.len();
        // Rounded to three digits it must stay below 1000, else the next unit is due.
        if is_last || number * 10 < divisor * 9_995 {
            return three_digits(number, divisor, unit);
        }
        divisor *= 1_000;
    }
    String::new()
}

fn three_digits(number: u128, divisor: u128, unit: &str) -> String {
    let rounded = |scale: u128| (number * scale + divisor / 2) / divisor;
    let (whole, tenths, hundredths) = match rounded(100) {
        all @ 0..1_000 => (all / 100, all / 10 % 10, all % 10),
        1_000..10_000 => (rounded(10) / 10, rounded(10) % 10, 0),
        _ => (rounded(1), 0, 0),
    };
    match (tenths, hundredths) {
        (0, 0) => format!("{whole} {unit}"),
        (_, 0) => format!("{whole}.{tenths} {unit}"),
        (_, _) => format!("{whole}.{tenths}{hundredths} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let cases = [
            (0, "0 B"),
            (1, "1 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (1_550, "1.55 kB"),
            (10_700, "10.7 kB"),
            (99_950, "100 kB"),
            (400_000, "400 kB"),
            (999_499, "999 kB"),
            (999_500, "1 MB"),
            (12_345_678, "12.3 MB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn rates() {
        assert_eq!(rate(125_000, 1_000_000_000).as_deref(), Some("1 Mbit/s"));
        assert_eq!(rate(1, 1_000_000_000).as_deref(), Some("8 bit/s"));
        assert_eq!(rate(1, 0), None);
    }

    #[test]
    fn durations() {
        let cases = [
            (0, "0 s"),
            (999, "999 ns"),
            (180_000, "180 µs"),
            (62_000_000, "62 ms"),
            (1_380_000_000, "1.38 s"),
            (-1_500_000, "-1.5 ms"),
            (59_400_000_000, "59.4 s"),
            (59_600_000_000, "1 min 0 s"),
            (125_000_000_000, "2 min 5 s"),
            (11_040_000_000_000, "3 h 4 min"),
        ];
        for (ns, text) in cases {
            assert_eq!(duration(ns), text);
        }
        assert_eq!(duration(i64::MIN).get(..1), Some("-"));
    }

    #[test]
    fn moments() {
        assert_eq!(seconds(0), "0.000");
        assert_eq!(seconds(62_499_999), "0.062");
        assert_eq!(seconds(-1_500_000_000), "-1.500");
        assert_eq!(seconds(9_999_999_999), "10.000");
        // As Wireshark and tcpdump do, the rest is cut off.
        assert_eq!(microseconds(44_999), "0.000044");
        assert_eq!(microseconds(-1_500_000_000), "-1.500000");
    }

    #[test]
    fn counts() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_563), "1,563");
        assert_eq!(count(12_345_678), "12,345,678");
        assert_eq!(counted(0, "subflow"), "no subflows");
        assert_eq!(counted(1, "subflow"), "1 subflow");
        assert_eq!(counted(1_200, "subflow"), "1,200 subflows");
    }

    #[test]
    fn shares() {
        let share = |part, whole| percentage(part, whole).unwrap();
        assert_eq!(share(42, 100), "42 %");
        assert_eq!(share(27, 1_000), "2.7 %");
        assert_eq!(share(20, 1_000), "2 %");
        assert_eq!(share(0, 7), "0 %");
        assert_eq!(share(7, 7), "100 %");
        assert_eq!(share(1, 1_000_000), "< 0.1 %");
        assert_eq!(share(999_999, 1_000_000), "> 99 %");
        assert_eq!(share(u64::MAX - 1, u64::MAX), "> 99 %");
        assert_eq!(percentage(0, 0), None);
    }
}
