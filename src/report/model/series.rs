//! What happened when, in the report.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::Report;
use super::build::Context;
use crate::track::Trace;
use crate::track::role::Role;
use crate::track::series::{self, Acked, Bin, DataSeries, Extent, Sent, SubflowSeries};

/// What one host sent on a subflow, or on all of them, and how that was answered: by time.
///
/// A copy shares its values. As JSON it is a [`Lists`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(into = "Lists")]
#[schemars(with = "Lists")]
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
    fn list<T: Clone>(&self, value: impl Fn(&B) -> Option<T>) -> Vec<Option<T>> {
        let len = self.bins.last().map_or(0, |(number, _)| *number as usize + 1);
        let mut list = vec![None; len];
        for (number, bin) in self.bins.iter() {
            if let Some(slot) = list.get_mut(*number as usize) {
                *slot = value(bin);
            }
        }
        list
    }

    fn numbers(&self, value: impl Fn(&B) -> u64) -> Vec<u64> {
        let list = self.list(|bin| Some(value(bin)));
        list.into_iter().map(Option::unwrap_or_default).collect()
    }
}

impl Series {
    fn of_subflow(context: &Context<'_>, series: &SubflowSeries) -> Option<Self> {
        let sent = Spans::build(context, &series.sent);
        let rtt = Spans::build(context, &series.rtt);
        let is_empty = sent.is_empty() && rtt.is_empty();
        (!is_empty).then_some(Self { sent, rtt, acked: None })
    }

    fn of_data(context: &Context<'_>, series: &DataSeries) -> Option<Self> {
        let sent = Spans::build(context, &series.sent);
        let rtt = Spans::build(context, &series.rtt);
        let acked = Spans::build(context, &series.acked);
        let is_empty = sent.is_empty() && acked.is_empty();
        (!is_empty).then_some(Self { sent, rtt, acked: Some(acked) })
    }
}

/// What was sent in equal spans of time. The lists have an entry for each span; null where there is
/// no value.
///
/// ```json
/// {"t_ns": 0, "bin_ns": 10000000, "payload_bytes": [1420, 0], "new_data_bytes": [1420, 0],
///  "max_in_flight_bytes": [1420, 0], "dsn_start": [0, null], "dsn_end": [1420, null],
///  "resent_dsn_start": [null, null], "resent_dsn_end": [null, null], "rtt": null, "acked": null}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Series")]
pub struct Lists {
    /// When the first span begins.
    pub t_ns: i64,
    /// How long each of them is.
    pub bin_ns: i64,
    /// Throughput: all payload.
    pub payload_bytes: Vec<u64>,
    /// Goodput: octets of the stream seen for the first time.
    pub new_data_bytes: Vec<u64>,
    /// The most that was sent and not acknowledged.
    pub max_in_flight_bytes: Vec<u64>,
    /// Offset in the stream of the first octet that was not carried before. Not over all subflows.
    pub dsn_start: Vec<Option<i64>>,
    /// One past the offset of the last of them.
    pub dsn_end: Vec<Option<i64>>,
    /// Offset in the stream of the first octet that was carried before. Not over all subflows.
    pub resent_dsn_start: Vec<Option<i64>>,
    /// One past the offset of the last of them.
    pub resent_dsn_end: Vec<Option<i64>>,
    /// Round trips by when they ended; over all subflows those at the data level.
    pub rtt: Option<RttLists>,
    /// DATA_ACKs of the peer. Only over all subflows.
    pub acked: Option<AckedLists>,
}

/// Round trips in equal spans of time.
///
/// ```json
/// {"t_ns": 20000000, "bin_ns": 10000000, "min_ns": [19000000], "max_ns": [21000000]}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RttLists {
    /// When the first span begins.
    pub t_ns: i64,
    /// How long each of them is.
    pub bin_ns: i64,
    /// The shortest.
    pub min_ns: Vec<Option<i64>>,
    /// The longest.
    pub max_ns: Vec<Option<i64>>,
}

/// DATA_ACKs in equal spans of time.
///
/// ```json
/// {"t_ns": 20000000, "bin_ns": 10000000, "acked_bytes": [1420],
///  "min_window_bytes": [65536], "max_window_bytes": [65536]}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AckedLists {
    /// When the first span begins.
    pub t_ns: i64,
    /// How long each of them is.
    pub bin_ns: i64,
    /// How far the stream is acknowledged, a DATA_FIN included.
    pub acked_bytes: Vec<Option<i64>>,
    /// The smallest receive window; null where its scale is not known.
    pub min_window_bytes: Vec<Option<i64>>,
    /// The largest receive window.
    pub max_window_bytes: Vec<Option<i64>>,
}

impl From<Series> for Lists {
    fn from(series: Series) -> Self {
        let sent = &series.sent;
        Self {
            t_ns: sent.t_ns,
            bin_ns: sent.span_ns,
            payload_bytes: sent.numbers(|bin| bin.payload),
            new_data_bytes: sent.numbers(|bin| bin.new_data),
            max_in_flight_bytes: sent.numbers(|bin| bin.max_in_flight),
            dsn_start: sent.list(|bin| low(bin.new)),
            dsn_end: sent.list(|bin| high(bin.new)),
            resent_dsn_start: sent.list(|bin| low(bin.resent)),
            resent_dsn_end: sent.list(|bin| high(bin.resent)),
            rtt: (!series.rtt.is_empty()).then(|| RttLists::from(&series.rtt)),
            acked: series.acked.as_ref().map(AckedLists::from),
        }
    }
}

impl From<&Spans<Extent>> for RttLists {
    fn from(spans: &Spans<Extent>) -> Self {
        Self {
            t_ns: spans.t_ns,
            bin_ns: spans.span_ns,
            min_ns: spans.list(|bin| low(*bin)),
            max_ns: spans.list(|bin| high(*bin)),
        }
    }
}

impl From<&Spans<Acked>> for AckedLists {
    fn from(spans: &Spans<Acked>) -> Self {
        Self {
            t_ns: spans.t_ns,
            bin_ns: spans.span_ns,
            acked_bytes: spans.list(|bin| Some(bin.end)),
            min_window_bytes: spans.list(|bin| low(bin.window)),
            max_window_bytes: spans.list(|bin| high(bin.window)),
        }
    }
}

fn low(extent: Extent) -> Option<i64> {
    (!extent.is_none()).then_some(extent.low)
}

fn high(extent: Extent) -> Option<i64> {
    (!extent.is_none()).then_some(extent.high)
}

impl Report {
    /// Fills in what was sent when, from the same `trace` that the report was built from.
    pub(super) fn fill_series(&mut self, context: &Context<'_>, trace: Trace<'_>) {
        for (reported, connection) in self.connections.iter_mut().zip(trace.connections()) {
            let of = |role| {
                let series = connection.data.of(role).level_stats().series.as_deref();
                series.and_then(|series| Series::of_data(context, series))
            };
            reported.c2s.series = of(Role::Client);
            reported.s2c.series = of(Role::Server);
            for (reported, subflow) in reported.subflows.iter_mut().zip(trace.subflows(connection))
            {
                let of = |role| {
                    let series = subflow.sides.of(role).sender_stats.series.as_deref();
                    series.and_then(|series| Series::of_subflow(context, series))
                };
                reported.c2s.series = of(Role::Client);
                reported.s2c.series = of(Role::Server);
            }
        }
    }
}
