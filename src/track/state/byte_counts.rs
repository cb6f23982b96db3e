//! What became of payload.

/// Every byte of payload is exactly one of these, tried in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteCounts {
    /// All payload, by the IP header's length.
    pub payload: u64,
    /// The same subflow sequence numbers again.
    pub retransmitted: u64,
    /// DSN seen before on this subflow, under other subflow sequence numbers.
    pub remapped: u64,
    /// DSN seen before on another subflow.
    pub reinjected: u64,
    /// Seen for the first time.
    pub new_data: u64,
    /// No mapping where there must be one.
    pub unmapped: u64,
}

impl ByteCounts {
    /// Bytes of which all are new data.
    pub(crate) const fn of_new_data(bytes: u64) -> Self {
        Self {
            payload: bytes,
            new_data: bytes,
            retransmitted: 0,
            remapped: 0,
            reinjected: 0,
            unmapped: 0,
        }
    }
}
