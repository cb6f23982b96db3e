//! Which copy of bytes arrived first, by what the peer acknowledges.

use super::DataSpace;
use crate::track::range_set::SeqRange;
use crate::track::state::contested::Acked;
use crate::track::state::delivery::{Carried, Delivered, Delivery};

impl DataSpace {
    /// Whether it is not decided of some bytes which of their copies arrived first.
    #[inline(always)]
    pub(crate) fn is_contested(&self) -> bool {
        self.delivery.as_ref().is_some_and(|delivery| delivery.is_contested())
    }

    /// Decides which copies arrived first, after an acknowledgment of everything before `position` on a
    /// subflow.
    pub(crate) fn decide_contested(&mut self, subflow: u32, position: i64, acked: Acked) {
        let data_acked = self.acked.unwrap_or(i64::MIN);
        if let Some(delivery) = &mut self.delivery {
            let positions = SeqRange { start: i64::MIN, end: position };
            delivery.acknowledge(subflow, positions, acked);
            delivery.settle(data_acked, acked.at);
        }
    }

    /// Takes a SACK block of the peer on a subflow.
    pub(crate) fn sack(&mut self, subflow: u32, block: SeqRange, acked: Acked) {
        let end = self.subflow_acked_end(subflow);
        let block = SeqRange { start: block.start.max(end), ..block };
        if !block.is_empty() {
            self.delivery.get_or_insert_default().sack(subflow, block, end, acked);
        }
    }

    /// TCP sends positions of a subflow again.
    pub(crate) fn mark_resent(&mut self, subflow: u32, positions: SeqRange) {
        if let Some(delivery) = &mut self.delivery {
            delivery.mark_resent(subflow, positions);
        }
    }

    /// Positions of a subflow that have no place in the stream.
    pub(crate) fn set_apart(&mut self, subflow: u32, positions: SeqRange) {
        let acked = self.subflow_acked_end(subflow);
        self.delivery.get_or_insert_default().set_apart(subflow, positions, acked);
    }

    /// Bytes of the stream that were seen and that a DATA_ACK covers.
    pub(crate) fn data_acked(&self) -> u64 {
        let end = self.acked.unwrap_or(i64::MIN);
        self.range_set.span().map_or(0, |span| self.range_set.seen_in(SeqRange { end, ..span }))
    }

    /// What arrived first on a subflow, by what it carried and what of that is acknowledged; `None` where that
    /// is not known. `is_in_order` says that the order of packets is that of their times.
    pub(crate) fn delivered_on(
        &self,
        subflow: u32,
        carried: &Carried<'_>,
        is_in_order: bool,
    ) -> Option<Delivered> {
        let nothing = Delivery::default();
        let delivery = self.delivery.as_deref().unwrap_or(&nothing);
        let is_clear = is_in_order || !delivery.was_contested();
        delivery.of_subflow(subflow, carried).filter(|_| is_clear)
    }
}
