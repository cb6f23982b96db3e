//! Where one direction of the data level stands.

use crate::wire::seq::Dsn;

/// The data level of one direction at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DataLevel {
    /// The DSN after the last byte that was sent; `None` before the first one.
    pub sent: Option<Dsn>,
    /// The highest DATA_ACK of the peer.
    pub acked: Option<Dsn>,
    /// What the peer offered last, in bytes from its DATA_ACK on; `None` while the scale of its
    /// window is not known.
    pub window: Option<u64>,
    /// The highest number of all, a DATA_FIN included: those of 4 bytes are near it.
    pub highest: Option<Dsn>,
    /// Whether the upper halves of these numbers are known; if not, they count from 0.
    pub is_whole: bool,
}

impl DataLevel {
    /// Now that `base` of the direction is known: places numbers of which only the lower halves were.
    pub fn place_near(&mut self, base: Dsn) {
        if self.is_whole {
            return;
        }
        for dsn in [&mut self.sent, &mut self.acked, &mut self.highest] {
            *dsn = dsn.map(|dsn| dsn.low_half().expand(base));
        }
        self.is_whole = true;
    }

    /// Takes a number that is in use.
    pub fn reach(&mut self, dsn: Dsn) {
        if self.highest.is_none_or(|highest| dsn.distance_from(highest) > 0) {
            self.highest = Some(dsn);
        }
    }
}
