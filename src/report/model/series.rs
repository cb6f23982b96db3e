//! What happened when, in the report.

use std::sync::Arc;

use super::build::Context;
use crate::track::series::{self, Acked, Bin, DataSeries, Extent, Sent, SubflowSeries};

/// What one host sent on a subflow, or on all of them, and how that was answered: by time.
///
/// A copy shares its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Payload.
    pub sent: Spans<Sent>,
    /// Round trips in nanoseconds, by when they ended; over all subflows those at the data level.
    pub rtt: Spans<Extent>,
    /// DATA_ACKs of the peer; only over all subflows.
    pub acked: Option<Spans<Acked>>,
}

/// Values by time: of those spans in which something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spans<B> {
    /// When the first span begins.
    pub t_ns: i64,
    /// How long each span is.
    pub span_ns: i64,
    bins: Arc<Vec<(u32, B)>>,
}

impl<B: Bin> Spans<B> {
    fn build(context: &Context<'_>, series: &series::Series<B>) -> Self {
        Self {
            t_ns: series.start().map_or(0, |start| context.t_ns(start)),
            span_ns: series.span_ns(),
            bins: series.shared_bins(),
        }
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.bins.is_empty()
    }

    /// When each span begins, and what happened in it.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, B)> {
        let at = |number: u32| self.t_ns.saturating_add(i64::from(number) * self.span_ns);
        self.bins.iter().map(move |(number, bin)| (at(*number), *bin))
    }

    /// One value for each span from the first to the last, `None` where nothing happened.
    pub(in crate::layers::report) fn list<T: Clone>(
        &self,
        value: impl Fn(&B) -> Option<T>,
    ) -> Vec<Option<T>> {
        let len = self.bins.last().map_or(0, |(number, _)| *number as usize + 1);
        let mut list = vec![None; len];
        for (number, bin) in self.bins.iter() {
            if let Some(slot) = list.get_mut(*number as usize) {
                *slot = value(bin);
            }
        }
        list
    }

    pub(in crate::layers::report) fn numbers(&self, value: impl Fn(&B) -> u64) -> Vec<u64> {
        let list = self.list(|bin| Some(value(bin)));
        list.into_iter().map(Option::unwrap_or_default).collect()
    }
}

impl Series {
    /// What one host sent on a subflow; `None` if that is nothing.
    pub(super) fn of_subflow(context: &Context<'_>, series: &SubflowSeries) -> Option<Self> {
        let sent = Spans::build(context, &series.sent);
        let rtt = Spans::build(context, &series.rtt);
        let is_empty = sent.is_empty() && rtt.is_empty();
        (!is_empty).then_some(Self { sent, rtt, acked: None })
    }

    /// What one host sent over all subflows.
    pub(super) fn of_data(context: &Context<'_>, series: &DataSeries) -> Option<Self> {
        let sent = Spans::build(context, &series.sent);
        let rtt = Spans::build(context, &series.rtt);
        let acked = Spans::build(context, &series.acked);
        let is_empty = sent.is_empty() && acked.is_empty();
        (!is_empty).then_some(Self { sent, rtt, acked: Some(acked) })
    }
}
