//! The read buffer of one input.

use std::io::{ErrorKind, Read};

use super::record::Fault;

/// What a read asks for: larger ones are not faster.
const CAPACITY: usize = 1 << 20;
/// What all buffers may take together, as long as none is smaller than [`SMALLEST`].
const ALL_TOGETHER: usize = 64 << 20;
const SMALLEST: usize = 64 << 10;

/// The longest record or block that is read; the buffer never grows beyond it.
pub(super) const LONGEST_RECORD: usize = 16 << 20;

/// The buffer size for each of `inputs` inputs.
pub(super) fn capacity(inputs: usize) -> usize {
    (ALL_TOGETHER / inputs.max(1)).clamp(SMALLEST, CAPACITY)
}

/// Octets read but not consumed yet, in one piece, from wherever they come.
pub(super) struct Buffer {
    reader: Box<dyn Read + Send>,
    memory: Vec<u8>,
    start: usize,
    end: usize,
    consumed: u64,
}

impl Buffer {
    pub(super) fn new(reader: Box<dyn Read + Send>, capacity: usize) -> Self {
        Self { reader, memory: vec![0; capacity], start: 0, end: 0, consumed: 0 }
    }

    /// What stands in the buffer.
    #[inline]
    pub(super) fn data(&self) -> &[u8] {
        self.memory.get(self.start..self.end).unwrap_or_default()
    }

    /// Of what stands in the buffer, `len` octets from `start` on; all of them must stand there.
    #[inline]
    pub(super) fn piece(&self, start: usize, len: usize) -> &[u8] {
        let from_there = self.memory.get(self.start + start..).unwrap_or_default();
        from_there.get(..len).unwrap_or_default()
    }

    /// How many octets were consumed before what stands in the buffer.
    #[inline]
    pub(super) fn position(&self) -> u64 {
        self.consumed
    }

    /// Drops octets from the front of the buffer; at most as many as stand there.
    #[inline]
    pub(super) fn consume(&mut self, octets: usize) {
        let octets = octets.min(self.end - self.start);
        self.start += octets;
        self.consumed += octets as u64;
    }

    /// Reads until at least `wanted` octets stand in the buffer; never waits for more than that.
    ///
    /// Says whether they do: `false` means that the input ended before.
    #[inline]
    pub(super) fn fill(&mut self, wanted: usize) -> Result<bool, Fault> {
        if self.end - self.start >= wanted { Ok(true) } else { self.read(wanted) }
    }

    #[cold]
    fn read(&mut self, wanted: usize) -> Result<bool, Fault> {
        if wanted > LONGEST_RECORD {
            return Err(Fault::TooLong { claimed: wanted as u64, limit: LONGEST_RECORD });
        }
        self.memory.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.memory.len() < wanted {
            self.memory.resize(wanted.next_power_of_two(), 0);
        }
        while self.end < wanted {
            let space = self.memory.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(space) {
                Ok(0) => return Ok(false),
                Ok(octets) => self.end = (self.end + octets).min(self.memory.len()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Read(error)),
            }
        }
        Ok(true)
    }

    /// Gives the memory back; nothing can be read any more.
    pub(super) fn close(&mut self) {
        self.reader = Box::new(std::io::empty());
        self.memory = Vec::new();
        self.start = 0;
        self.end = 0;
    }
}
