//! The file of `--keys`: keys of connections whose handshake is not in the capture.
//!
//! One connection a line: the keys of its two hosts, 16 hex digits each, in any order. `0x` before
//! them is fine; an empty line, and what follows a `#`, is skipped.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::wire::mptcp::Key;

/// Reads the pairs of keys in `path`. Fails with the line that is not as it should be.
pub(super) fn read(path: &Path) -> Result<Vec<(Key, Key)>> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .with_context(|| format!("{name}: can't be read: give a text file of keys"))?;
    let mut pairs = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            [one, other] => match (key(one), key(other)) {
                (Some(one), Some(other)) => pairs.push((one, other)),
                _ => bail!("{name}: line {number}: a key is 16 hex digits"),
            },
            _ => bail!("{name}: line {number}: give the two keys of a connection"),
        }
    }
    Ok(pairs)
}

fn key(word: &str) -> Option<Key> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let is_key = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| is_key).map(Key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sixteen_digits() {
        assert_eq!(key("0x0102030405060708"), Some(Key(0x0102_0304_0506_0708)));
        assert_eq!(key("0102030405060708"), Some(Key(0x0102_0304_0506_0708)));
        assert_eq!(key("102030405060708"), None);
        assert_eq!(key("+102030405060708"), None);
    }
}
