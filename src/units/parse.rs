//! Sizes and durations as people write them: `100MB`, `10m`.

/// A number of bytes: `4096`, `100kB`, `100MB`, `2GB` (powers of ten), `64KiB`, `64MiB`, `2GiB`.
pub fn size(text: &str) -> Result<u64, String> {
    let units = [
        ("", 1),
        ("B", 1),
        ("kB", 1_000),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
    ];
    quantity(text, &units).ok_or_else(|| "write a size like 100MB or 64MiB".to_owned())
}

/// A time in nanoseconds: `500ms`, `8s`, `10m`, `2h`, `1d`.
pub fn duration_ns(text: &str) -> Result<i64, String> {
    const SECOND: u64 = 1_000_000_000;
    let units = [
        ("ms", SECOND / 1_000),
        ("s", SECOND),
        ("m", 60 * SECOND),
        ("min", 60 * SECOND),
        ("h", 3_600 * SECOND),
        ("d", 86_400 * SECOND),
    ];
    let found = quantity(text, &units).and_then(|ns| i64::try_from(ns).ok());
    found.ok_or_else(|| "write a duration like 8s, 10m or 2h".to_owned())
}

/// A whole number above 0 with one of `units` behind it.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let (_, worth) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*worth).filter(|value| *value > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("100MB"), Ok(100_000_000));
        assert_eq!(size("64KiB"), Ok(65_536));
        assert_eq!(size("7"), Ok(7));
        for wrong in ["", "MB", "0", "1.5MB", "-1", "10m", "99999999999GB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration_ns("8s"), Ok(8_000_000_000));
        assert_eq!(duration_ns("10m"), Ok(600_000_000_000));
        assert_eq!(duration_ns("1d"), Ok(86_400_000_000_000));
        for wrong in ["", "8", "0s", "8x", "s", "999999999d"] {
            assert!(duration_ns(wrong).is_err(), "{wrong}");
        }
    }
}
