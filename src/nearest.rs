//! Leaf · which of some known names was meant by one that is not known.

/// The candidate that is nearest to `typed`, if it is near enough to be what was meant.
///
/// Case does not count, and a part of a name stands for it: `port` for `tcp.port`.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let distances = candidates.into_iter().filter_map(|candidate| {
        let distance = distance_to(&typed, &candidate.to_lowercase())?;
        Some((distance, candidate))
    });
    distances.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// Longest name that is compared: the work grows with the product of both lengths.
const LONGEST: usize = 200;

/// How far apart they are; `None` if too far. One mistake in three letters may be a slip.
fn distance_to(typed: &str, candidate: &str) -> Option<usize> {
    let typed: Vec<char> = typed.chars().collect();
    let candidate_chars: Vec<char> = candidate.chars().collect();
    if typed.is_empty() || typed.len().max(candidate_chars.len()) > LONGEST {
        return None;
    }
    let is_part = |part: &str| part.chars().eq(typed.iter().copied());
    if candidate.split(['.', '-', '_']).any(is_part) && typed.len() > 1 {
        return Some(1);
    }
    let distance = edits(&typed, &candidate_chars);
    (distance <= typed.len().max(candidate_chars.len()).div_ceil(3).min(4)).then_some(distance)
}

/// Letters to insert, remove, replace or swap with their neighbour.
fn edits(left: &[char], right: &[char]) -> usize {
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, to) in right.iter().enumerate() {
            let replaced = at(&last, column) + usize::from(from != to);
            let changed = (at(&last, column + 1) + 1).min(at(&next, column) + 1);
            let mut fewest = replaced.min(changed);
            let swapped = row.checked_sub(1).and_then(|before| left.get(before)) == Some(to)
                && column.checked_sub(1).and_then(|before| right.get(before)) == Some(from);
            if swapped && column > 0 {
                fewest = fewest.min(at(&before_last, column - 1) + 1);
            }
            next.push(fewest);
        }
        before_last = std::mem::replace(&mut last, next);
    }
    at(&last, right.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["tcp.port", "report", "single-path", "packets", "ip.addr"];

    #[test]
    fn what_was_meant() {
        for (typed, meant) in [
            ("reprot", "report"),
            ("REPORT", "report"),
            ("port", "tcp.port"),
            ("packet", "packets"),
            ("singel-path", "single-path"),
            ("ip.adr", "ip.addr"),
        ] {
            assert_eq!(nearest(typed, NAMES), Some(meant), "{typed}");
        }
    }

    #[test]
    fn what_was_not_meant() {
        for typed in ["", "x", "capture", "path.pcap", "foo", "日本"] {
            assert_eq!(nearest(typed, NAMES), None, "{typed}");
        }
        let long = "report".repeat(1000);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }

    #[test]
    fn letters() {
        let edits = |left: &str, right: &str| {
            super::edits(&left.chars().collect::<Vec<_>>(), &right.chars().collect::<Vec<_>>())
        };
        assert_eq!(edits("abc", "abc"), 0);
        assert_eq!(edits("abc", "acb"), 1);
        assert_eq!(edits("abc", "ab"), 1);
        assert_eq!(edits("", "ab"), 2);
        assert_eq!(edits("kitten", "sitting"), 3);
    }
}
