//! What is kept at most, so that no input can fill the memory.

/// Bounds of a [`super::Tracker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Plain TCP flows that are remembered, to count them and to number the streams.
    pub plain_flows: usize,
    /// Connections; MPTCP flows past it are counted, not followed.
    pub connections: usize,
    /// Subflows over all connections.
    pub subflows: usize,
    /// Subflows of a connection; past it a new one takes the place of one that is over or never got
    /// through.
    pub subflows_per_connection: usize,
    /// Bytes that wait for missing ones, over all streams, where streams are put together.
    pub stream_bytes: usize,
    /// Events per connection.
    pub events_per_connection: usize,
    /// When connections are forgotten; `None`: never, they all are in the report.
    pub eviction: Option<EvictionLimits>,
}

/// When connections are forgotten, by the time of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvictionLimits {
    /// Nanoseconds after the last packet of a connection that is over.
    pub closed_ns: i64,
    /// Nanoseconds after the last packet of a connection that never got through.
    pub half_open_ns: i64,
    /// Nanoseconds after the last packet of a connection that is open.
    pub idle_ns: i64,
    /// Connections that are remembered. Before there are more, the oldest of those that never got
    /// through go (which at no time take up more than three eighths), then the oldest that are over.
    pub most: usize,
}

impl Default for Limits {
    /// For files: they end, so nothing is forgotten.
    fn default() -> Self {
        Self {
            plain_flows: 131_072,
            connections: 1_000_000,
            subflows: 2_000_000,
            subflows_per_connection: usize::MAX,
            stream_bytes: 64 << 20,
            events_per_connection: 1_000,
            eviction: None,
        }
    }
}

impl Limits {
    /// For captures that may go on for days.
    pub fn live(eviction: EvictionLimits) -> Self {
        Self {
            connections: eviction.most,
            subflows: eviction.most.saturating_mul(4),
            subflows_per_connection: 256,
            eviction: Some(eviction),
            ..Self::default()
        }
    }
}
