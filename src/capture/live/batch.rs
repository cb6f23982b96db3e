//! Packets on their way from a thread to the analysis: many at a time, in one piece of memory.

use std::time::Instant;

use crate::wire::frame::Timestamp;

/// A packet of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchedPacket {
    pub(super) timestamp: Timestamp,
    pub(super) wire_len: u32,
    start: usize,
    len: usize,
}

/// Packets of one interface.
#[derive(Debug)]
pub(super) struct Batch {
    /// When the kernel handed it over.
    pub(super) arrived: Instant,
    records: Vec<BatchedPacket>,
    octets: Vec<u8>,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self { arrived: Instant::now(), records: Vec::new(), octets: Vec::new() }
    }

    /// Empty again, its memory kept.
    pub(super) fn clear(&mut self) {
        self.arrived = Instant::now();
        self.records.clear();
        self.octets.clear();
    }

    pub(super) fn push(&mut self, timestamp: Timestamp, wire_len: u32, data: &[u8]) {
        let record =
            BatchedPacket { timestamp, wire_len, start: self.octets.len(), len: data.len() };
        self.records.push(record);
        self.octets.extend_from_slice(data);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The time of the last packet.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.records.last().map(|record| record.timestamp)
    }

    pub(super) fn get(&self, index: usize) -> Option<(BatchedPacket, &[u8])> {
        let record = *self.records.get(index)?;
        let data = self.octets.get(record.start..record.start + record.len)?;
        Some((record, data))
    }

    pub(super) fn timestamp(&self, index: usize) -> Option<Timestamp> {
        self.records.get(index).map(|record| record.timestamp)
    }
}
