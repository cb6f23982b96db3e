//! Series in JSON: lists with an entry for each span of time.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use crate::report::model::{Series, Spans};
use crate::track::series::{Acked, Extent};

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Lists::from(self).serialize(serializer)
    }
}

impl JsonSchema for Series {
    fn schema_name() -> Cow<'static, str> {
        Lists::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Lists::json_schema(generator)
    }
}

/// What one host sent on a subflow, or on all of them, and how that was answered: by time.
///
/// What was sent in equal spans of time. The lists have an entry for each span; null where there is
/// no value.
///
/// ```json
/// {"t_ns": 0, "bin_ns": 10000000, "payload_bytes": [1420, 0], "new_data_bytes": [1420, 0],
///  "max_in_flight_bytes": [1420, 0], "dsn_start": [0, null], "dsn_end": [1420, null],
///  "resent_dsn_start": [null, null], "resent_dsn_end": [null, null], "rtt": null, "acked": null}
/// ```
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Series")]
struct Lists {
    /// When the first span begins.
    t_ns: i64,
    /// How long each of them is.
    bin_ns: i64,
    /// Throughput: all payload.
    payload_bytes: Vec<u64>,
    /// Goodput: octets of the stream seen for the first time.
    new_data_bytes: Vec<u64>,
    /// The most that was sent and not acknowledged.
    max_in_flight_bytes: Vec<u64>,
    /// Offset in the stream of the first octet that was not carried before. Not over all subflows.
    dsn_start: Vec<Option<i64>>,
    /// One past the offset of the last of them.
    dsn_end: Vec<Option<i64>>,
    /// Offset in the stream of the first octet that was carried before. Not over all subflows.
    resent_dsn_start: Vec<Option<i64>>,
    /// One past the offset of the last of them.
    resent_dsn_end: Vec<Option<i64>>,
    /// Round trips by when they ended; over all subflows those at the data level.
    rtt: Option<RttLists>,
    /// DATA_ACKs of the peer. Only over all subflows.
    acked: Option<AckedLists>,
}

/// Round trips in equal spans of time.
///
/// ```json
/// {"t_ns": 20000000, "bin_ns": 10000000, "min_ns": [19000000], "max_ns": [21000000]}
/// ```
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "they are the names in JSON")]
struct RttLists {
    /// When the first span begins.
    t_ns: i64,
    /// How long each of them is.
    bin_ns: i64,
    /// The shortest.
    min_ns: Vec<Option<i64>>,
    /// The longest.
    max_ns: Vec<Option<i64>>,
}

/// DATA_ACKs in equal spans of time.
///
/// ```json
/// {"t_ns": 20000000, "bin_ns": 10000000, "acked_bytes": [1420],
///  "min_window_bytes": [65536], "max_window_bytes": [65536]}
/// ```
#[derive(Serialize, JsonSchema)]
struct AckedLists {
    /// When the first span begins.
    t_ns: i64,
    /// How long each of them is.
    bin_ns: i64,
    /// How far the stream is acknowledged, a DATA_FIN included.
    acked_bytes: Vec<Option<i64>>,
    /// The smallest receive window; null where its scale is not known.
    min_window_bytes: Vec<Option<i64>>,
    /// The largest receive window.
    max_window_bytes: Vec<Option<i64>>,
}

impl From<&Series> for Lists {
    fn from(series: &Series) -> Self {
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
