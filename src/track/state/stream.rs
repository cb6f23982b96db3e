//! The bytes of one direction, put together in the order of their data sequence numbers.
//!
//! Bytes go out as soon as everything before them did. With checksums, they wait until the checksum
//! is verified or the peer has acknowledged them. Of two copies that differ, the one whose checksum
//! verifies counts; if none does, the first one.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::track::range_set::SeqRange;

/// What is done with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamUse {
    /// Only its hash is wanted.
    Hash,
    /// Its bytes are wanted: they pile up until they are taken.
    Bytes,
}

/// Why a stream can't be given whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamBreak {
    /// The snap length cut its payload.
    Cut,
    /// More bytes waited for missing ones than may be kept.
    Memory,
}

/// One direction's bytes.
#[derive(Clone)]
pub struct Stream {
    wanted: StreamUse,
    hash: Sha256,
    out: Vec<u8>,
    /// Whether position 0 is the first byte of the stream. Until then nothing goes out.
    start_known: bool,
    /// Next position to go out.
    next: i64,
    written: u64,
    /// Bytes of a fast-open SYN, which go out first.
    prefix: Vec<u8>,
    waiting: BTreeMap<i64, Chunk>,
    /// Later copies of bytes that wait. They count if only their checksum verifies.
    alternatives: Vec<Alternative>,
    buffered: usize,
    /// Everything before it was acknowledged at the data level.
    acknowledged: i64,
    broken: Option<StreamBreak>,
}

#[derive(Debug, Clone)]
struct Chunk {
    bytes: Vec<u8>,
    /// May go out: no checksum to wait for, or it verified.
    good: bool,
}

#[derive(Debug, Clone)]
struct Alternative {
    start: i64,
    bytes: Vec<u8>,
    mapping: MappingKey,
}

/// Names the mapping that bytes came with: its subflow, and its position there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MappingKey {
    pub(crate) subflow: u32,
    pub(crate) start: i64,
    /// The bytes were sent again by TCP, after the first time did not verify.
    pub(crate) again: bool,
}

impl MappingKey {
    /// No mapping that will be judged.
    const UNKNOWN: Self = Self { subflow: u32::MAX, start: i64::MIN, again: false };
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Stream({} bytes out, {} waiting)", self.written, self.buffered)
    }
}

impl Stream {
    /// An empty stream.
    pub fn new(wanted: StreamUse) -> Self {
        Self {
            wanted,
            hash: Sha256::new(),
            out: Vec::new(),
            start_known: false,
            next: 0,
            written: 0,
            prefix: Vec::new(),
            waiting: BTreeMap::new(),
            alternatives: Vec::new(),
            buffered: 0,
            acknowledged: 0,
            broken: None,
        }
    }

    /// Bytes that wait, and so take memory.
    pub const fn buffered(&self) -> usize {
        self.buffered
    }

    /// Bytes that went out.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Why it can't be given whole.
    pub const fn broken(&self) -> Option<StreamBreak> {
        self.broken
    }

    /// Takes the bytes that went out since the last time.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// SHA-256 of the stream, and how many bytes that is, everything that waits without a hole
    /// included. `None` when it can't be given whole.
    pub fn sha256(&self) -> Option<([u8; 32], u64)> {
        if self.broken.is_some() || !self.start_known {
            return None;
        }
        let mut rest = self.clone();
        rest.finish();
        let whole = rest.waiting.is_empty();
        whole.then(|| (rest.hash.finalize().into(), rest.written))
    }

    /// Lets everything out that has no hole before it, verified or not.
    pub fn finish(&mut self) {
        self.acknowledged = i64::MAX;
        self.advance();
        if self.written == 0 {
            self.write(&[]);
        }
    }

    /// Position 0 is the first byte of the stream; what waits moves by `shift`.
    pub(crate) fn start(&mut self, shift: i64) {
        if self.start_known {
            return;
        }
        self.start_known = true;
        if shift != 0 {
            let waiting = std::mem::take(&mut self.waiting);
            self.waiting = waiting.into_iter().map(|(at, chunk)| (at + shift, chunk)).collect();
            for alternative in &mut self.alternatives {
                alternative.start += shift;
            }
        }
        self.advance();
    }

    /// Takes over what waits in another view of the same stream, `shift` positions further on.
    pub(crate) fn absorb(&mut self, other: Self, shift: i64) {
        for (at, chunk) in other.waiting {
            let range = SeqRange { start: at, end: at + signed(chunk.bytes.len()) }.shifted(shift);
            self.insert(range, &chunk.bytes, (!chunk.good).then_some(MappingKey::UNKNOWN));
        }
        self.acknowledge(other.acknowledged.saturating_add(shift));
    }

    /// Bytes of a SYN (fast open): they stand before the data sequence space.
    pub(crate) fn insert_prefix(&mut self, bytes: &[u8], len: u64) {
        if (bytes.len() as u64) < len {
            self.give_up(StreamBreak::Cut);
        } else if self.prefix.is_empty() && self.written == 0 {
            self.prefix.extend_from_slice(bytes);
        }
    }

    /// How many bytes of the SYN the peer accepted. The others are sent again.
    pub(crate) fn accept_prefix(&mut self, accepted: usize) {
        self.prefix.truncate(accepted);
    }

    /// Takes the bytes at the positions of `range`; fewer where the capture cut them. `checked` is
    /// their mapping, if it has a checksum: [`Stream::judge`] will follow.
    pub(crate) fn insert(&mut self, range: SeqRange, bytes: &[u8], checked: Option<MappingKey>) {
        if self.broken.is_some() || (self.start_known && range.end <= self.next) {
            return;
        }
        if (bytes.len() as u64) < range.len() {
            self.give_up(StreamBreak::Cut);
            return;
        }
        let next = self.start_known && range.start == self.next;
        if next && self.waiting.is_empty() && checked.is_none() {
            self.write(bytes);
            self.next = range.end;
            return;
        }
        self.wait(range, bytes, checked);
        self.advance();
    }

    /// Takes the verdict on the checksum of a mapping that covers `range`.
    pub(crate) fn judge(&mut self, mapping: MappingKey, range: SeqRange, verified: bool) {
        let is_its = |alternative: &mut Alternative| alternative.mapping == mapping;
        let copies: Vec<_> = self.alternatives.extract_if(.., is_its).collect();
        self.buffered -= copies.iter().map(|copy| copy.bytes.len()).sum::<usize>();
        if verified {
            self.split_at(range.start);
            self.split_at(range.end);
            for (at, chunk) in self.waiting.range_mut(range.start..range.end) {
                if !chunk.good {
                    for copy in &copies {
                        overwrite(*at, &mut chunk.bytes, copy.start, &copy.bytes);
                    }
                    chunk.good = true;
                }
            }
            self.advance();
        }
    }

    /// Everything before `position` was acknowledged at the data level.
    pub(crate) fn acknowledge(&mut self, position: i64) {
        if position > self.acknowledged {
            self.acknowledged = position;
            if !self.waiting.is_empty() {
                self.advance();
            }
        }
    }

    /// Gives up, and drops what waits.
    pub(crate) fn give_up(&mut self, why: StreamBreak) {
        self.broken.get_or_insert(why);
        self.waiting.clear();
        self.alternatives.clear();
        self.buffered = 0;
    }

    /// Keeps bytes until those before them have come. Bytes that wait already stay.
    fn wait(&mut self, range: SeqRange, bytes: &[u8], checked: Option<MappingKey>) {
        let mut at = if self.start_known { range.start.max(self.next) } else { range.start };
        let mut rest = bytes.get(distance(range.start, at)..).unwrap_or_default();
        if let Some(mapping) = checked
            && (self.covered_from(at) > 0 || self.waiting.range(at..range.end).next().is_some())
        {
            self.alternatives.push(Alternative { start: at, bytes: rest.to_vec(), mapping });
            self.buffered += rest.len();
        }
        while !rest.is_empty() {
            let covered = self.covered_from(at).min(rest.len());
            let (_, free) = rest.split_at_checked(covered).unwrap_or_default();
            at += signed(covered);
            let next = self.waiting.range(at..).next().map_or(i64::MAX, |(start, _)| *start);
            let room = distance(at, next).min(free.len());
            let (new, after) = free.split_at_checked(room).unwrap_or_default();
            if !new.is_empty() {
                self.waiting.insert(at, Chunk { bytes: new.to_vec(), good: checked.is_none() });
                self.buffered += new.len();
                at += signed(new.len());
            }
            rest = after;
        }
    }

    /// How many bytes from `at` on wait in the chunk that covers it.
    fn covered_from(&self, at: i64) -> usize {
        let before = self.waiting.range(..=at).next_back();
        before.map_or(0, |(start, chunk)| chunk.bytes.len().saturating_sub(distance(*start, at)))
    }

    /// Makes a chunk that goes on beyond `at` end there, and another one begin.
    fn split_at(&mut self, at: i64) {
        let Some((start, chunk)) = self.waiting.range_mut(..at).next_back() else { return };
        let len = distance(*start, at);
        if len < chunk.bytes.len() {
            let bytes = chunk.bytes.split_off(len);
            let rest = Chunk { bytes, good: chunk.good };
            self.waiting.insert(at, rest);
        }
    }

    fn advance(&mut self) {
        if !self.start_known {
            return;
        }
        while let Some(entry) = self.waiting.first_entry() {
            let start = *entry.key();
            let len = entry.get().bytes.len();
            let end = start + signed(len);
            if start > self.next || !(entry.get().good || end <= self.acknowledged) {
                break;
            }
            let chunk = entry.remove();
            self.buffered -= len;
            self.write(chunk.bytes.get(distance(start, self.next)..).unwrap_or_default());
            self.next = self.next.max(end);
        }
        let next = self.next;
        let mut gone = 0;
        self.alternatives.retain(|Alternative { start, bytes, .. }| {
            let keep = start + signed(bytes.len()) > next;
            gone += if keep { 0 } else { bytes.len() };
            keep
        });
        self.buffered -= gone;
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.written == 0 && !self.prefix.is_empty() {
            let prefix = std::mem::take(&mut self.prefix);
            self.put(&prefix);
        }
        self.put(bytes);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        match self.wanted {
            StreamUse::Hash => self.hash.update(bytes),
            StreamUse::Bytes => self.out.extend_from_slice(bytes),
        }
    }
}

/// Bytes from one position to a later one; 0 if it is not later.
fn distance(from: i64, to: i64) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or(0)
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Puts the part of `from` that lies over `to` into it; both have their positions.
fn overwrite(to_start: i64, to: &mut [u8], from_start: i64, from: &[u8]) {
    for (byte, position) in to.iter_mut().zip(to_start..) {
        let offset = usize::try_from(position - from_start).ok();
        if let Some(replacement) = offset.and_then(|offset| from.get(offset)) {
            *byte = *replacement;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(mut stream: Stream) -> String {
        stream.finish();
        String::from_utf8(stream.take_bytes()).unwrap()
    }

    const FIRST: MappingKey = MappingKey { subflow: 0, start: 1, again: false };
    const SECOND: MappingKey = MappingKey { subflow: 1, start: 1, again: false };

    #[test]
    fn bytes_come_out_in_order() {
        let mut stream = Stream::new(StreamUse::Bytes);
        stream.start(0);
        stream.insert(SeqRange::new(5, 5), b"world", None);
        stream.insert(SeqRange::new(3, 4), b"lowo", None);
        assert_eq!(stream.take_bytes(), b"");
        stream.insert(SeqRange::new(0, 5), b"hello", None);
        assert_eq!(bytes(stream), "helloworld");
    }

    #[test]
    fn a_copy_that_verifies_wins() {
        let mut stream = Stream::new(StreamUse::Bytes);
        stream.start(0);
        stream.insert(SeqRange::new(0, 4), b"baad", Some(FIRST));
        stream.judge(FIRST, SeqRange::new(0, 4), false);
        stream.insert(SeqRange::new(0, 4), b"good", Some(SECOND));
        stream.judge(SECOND, SeqRange::new(0, 4), true);
        assert_eq!(bytes(stream), "good");
    }

    #[test]
    fn a_copy_that_verifies_wins_over_one_that_is_not_complete() {
        let mut stream = Stream::new(StreamUse::Bytes);
        stream.start(0);
        stream.insert(SeqRange::new(0, 2), b"ba", Some(FIRST));
        stream.insert(SeqRange::new(0, 4), b"good", Some(SECOND));
        stream.judge(SECOND, SeqRange::new(0, 4), true);
        assert_eq!(bytes(stream), "good");
    }

    #[test]
    fn only_the_bytes_of_the_mapping_are_verified() {
        let mut stream = Stream::new(StreamUse::Bytes);
        stream.start(0);
        stream.insert(SeqRange::new(2, 4), b"baad", Some(FIRST));
        stream.insert(SeqRange::new(0, 4), b"very", Some(SECOND));
        stream.judge(SECOND, SeqRange::new(0, 4), true);
        let third = MappingKey { subflow: 1, start: 5, again: false };
        stream.insert(SeqRange::new(4, 2), b"ok", Some(third));
        stream.insert(SeqRange::new(0, 6), b"wrong!", Some(FIRST));
        stream.judge(third, SeqRange::new(4, 2), true);
        assert_eq!(bytes(stream), "veryok");
    }

    #[test]
    fn with_none_verifying_the_first_counts() {
        let mut stream = Stream::new(StreamUse::Bytes);
        stream.start(0);
        stream.insert(SeqRange::new(0, 4), b"1st.", Some(FIRST));
        stream.judge(FIRST, SeqRange::new(0, 4), false);
        stream.acknowledge(4);
        stream.insert(SeqRange::new(0, 4), b"2nd.", Some(SECOND));
        assert_eq!(bytes(stream), "1st.");
    }

    #[test]
    fn bytes_before_the_first_ones_seen_wait_until_the_start_is_known() {
        let mut stream = Stream::new(StreamUse::Bytes);
        stream.insert(SeqRange::new(0, 5), b"world", None);
        stream.insert(SeqRange::new(-5, 5), b"hello", None);
        stream.start(5);
        assert_eq!(bytes(stream), "helloworld");
    }

    #[test]
    fn fast_open_bytes_come_first() {
        let mut stream = Stream::new(StreamUse::Bytes);
        stream.start(0);
        stream.insert_prefix(b"GET ", 4);
        stream.insert(SeqRange::new(0, 1), b"/", None);
        assert_eq!(bytes(stream), "GET /");
    }

    #[test]
    fn a_hole_has_no_hash() {
        let mut stream = Stream::new(StreamUse::Hash);
        stream.start(0);
        stream.insert(SeqRange::new(1, 4), b"hole", None);
        assert_eq!(stream.sha256(), None);
    }
}
