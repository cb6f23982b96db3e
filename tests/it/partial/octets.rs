//! Sets of octets by their places in a stream.

use mptcpscope::internals::track::range_set::SeqRange;

/// Ranges in order, none touching another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Octets(Vec<SeqRange>);

impl Octets {
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|range| range.len()).sum()
    }

    pub(crate) fn overlap(&self, range: SeqRange) -> u64 {
        self.0.iter().map(|own| own.intersection(range).len()).sum()
    }

    /// What of it is not in `other`.
    pub(crate) fn beyond(&self, other: &Self) -> u64 {
        self.len() - self.0.iter().map(|range| other.overlap(*range)).sum::<u64>()
    }
}

impl FromIterator<SeqRange> for Octets {
    fn from_iter<T: IntoIterator<Item = SeqRange>>(ranges: T) -> Self {
        let mut sorted: Vec<_> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        sorted.sort_by_key(|range| range.start);
        let mut merged: Vec<SeqRange> = Vec::new();
        for range in sorted {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        Self(merged)
    }
}
