//! What was sent when, in the report.

use schemars::JsonSchema;
use serde::Serialize;

use super::Report;
use super::build::Context;
use crate::track::Trace;
use crate::track::role::Role;
use crate::track::series;

/// Sums over equal spans of time. The lists have an entry for each span.
///
/// ```json
/// {"t_ns": 0, "bin_ns": 10000000, "payload_bytes": [1420, 0], "new_data_bytes": [1420, 0],
///  "max_in_flight_bytes": [1420, 0]}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Series {
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
}

impl Series {
    fn build(context: &Context<'_>, series: &series::Series) -> Option<Self> {
        let bins = series.bins().iter();
        Some(Self {
            t_ns: context.t_ns(series.start()?),
            bin_ns: series.bin_ns(),
            payload_bytes: bins.clone().map(|bin| bin.payload).collect(),
            new_data_bytes: bins.clone().map(|bin| bin.new_data).collect(),
            max_in_flight_bytes: bins.map(|bin| bin.max_in_flight).collect(),
        })
    }
}

impl Report {
    /// Fills in what was sent when, from the same `trace` that the report was built from.
    pub(super) fn fill_series(&mut self, context: &Context<'_>, trace: Trace<'_>) {
        for (reported, connection) in self.connections.iter_mut().zip(trace.connections()) {
            let of = |role| Series::build(context, &connection.data.of(role).delivery().series);
            reported.c2s.series = of(Role::Client);
            reported.s2c.series = of(Role::Server);
            for (reported, subflow) in reported.subflows.iter_mut().zip(trace.subflows(connection))
            {
                let of = |role| Series::build(context, &subflow.ends.of(role).dynamics.series);
                reported.c2s.series = of(Role::Client);
                reported.s2c.series = of(Role::Server);
            }
        }
    }
}
