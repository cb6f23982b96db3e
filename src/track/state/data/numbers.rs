//! Data sequence numbers of 4 and 8 bytes, and the positions that they stand for.

use super::DataSpace;
use crate::wire::seq::{Dsn, WireDsn};

/// Positions stay within this, whatever the numbers on the wire are, so that sums can't overflow.
const MAX_POSITION: i64 = 1 << 60;

impl DataSpace {
    /// The full number of a DSN or DATA_ACK on the wire. The first one ever becomes position 0.
    #[inline(always)]
    pub fn expand(&mut self, wire: WireDsn) -> Dsn {
        match wire {
            WireDsn::Long(whole) if self.upper_known => Dsn(whole),
            _ => self.expand_by_reference(wire),
        }
    }

    #[inline(never)]
    fn expand_by_reference(&mut self, wire: WireDsn) -> Dsn {
        let Some(base) = self.base else {
            self.base = Some(Dsn(wire.raw()));
            self.upper_known = wire.is_long();
            return Dsn(wire.raw());
        };
        let reference = base.add(self.highest.cast_unsigned());
        if let WireDsn::Long(whole) = wire
            && !self.upper_known
        {
            // Until now the upper half was taken for 0; from here on it is known.
            let low = reference.0 & u64::from(u32::MAX);
            #[expect(clippy::cast_possible_truncation, reason = "the lower half is expanded")]
            let reference = WireDsn::Short(low as u32).expand(Dsn(whole));
            self.base = Some(reference.add(self.highest.wrapping_neg().cast_unsigned()));
            self.upper_known = true;
        }
        wire.expand(reference)
    }

    /// Position of `dsn`, once any number is known.
    #[inline]
    pub(crate) fn position_of(&self, dsn: Dsn) -> Option<i64> {
        let distance = dsn.distance_from(self.base?);
        Some(distance.clamp(-MAX_POSITION, MAX_POSITION))
    }

    /// A number in use in this direction, if all 64 bits of it are known.
    pub fn reference(&self) -> Option<Dsn> {
        self.base.filter(|_| self.upper_known).map(|base| base.add(self.highest.cast_unsigned()))
    }

    /// Position of `dsn`; the first one ever becomes position 0.
    pub fn position(&mut self, dsn: Dsn) -> i64 {
        self.base.get_or_insert(dsn);
        self.position_of(dsn).unwrap_or(0)
    }

    /// Signed distance of two numbers; of their lower halves, as long as the upper one is not known.
    pub(super) fn distance(&self, to: Dsn, from: Dsn) -> i64 {
        let whole = to.distance_from(from).clamp(-MAX_POSITION, MAX_POSITION);
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is known")]
        let low = whole as i32;
        if self.upper_known { whole } else { i64::from(low) }
    }
}
