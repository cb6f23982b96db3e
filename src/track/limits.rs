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
    /// Octets that wait for missing ones, over all streams, where streams are put together.
    pub stream_octets: usize,
    /// Events per connection.
    pub events_per_connection: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            plain_flows: 131_072,
            connections: 1_000_000,
            subflows: 2_000_000,
            stream_octets: 64 << 20,
            events_per_connection: 1_000,
        }
    }
}
