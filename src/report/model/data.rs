//! The stream of one direction in the report.

use schemars::JsonSchema;
use serde::Serialize;

use super::build::{Context, Moment};
use super::series::Series;
use super::subflow::Distribution;
use crate::analyze::ConnectionContext;
use crate::analyze::stalls;
use crate::track::range_set::SeqRange;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::ByteCounts;
use crate::track::{connection, data_level_stats};

/// Most holes of a stream that are listed.
const MAX_HOLES: usize = 100;

/// The stream of one direction.
///
/// ```json
/// {"stream_bytes": 200000, "data_acked_bytes": 200000, "data_fin": {"packet": 600, "t_ns": 898520000},
///  "data_fin_acked": {"packet": 610, "t_ns": 910000000}, "reinjected_bytes": 0,
///  "wasted_bytes": 0, "remapped_bytes": 0, "missing_bytes": 0, "holes": [], "reinjections": [],
///  "data_rtt_ns": null, "head_of_line_ns": null, "stalls": [], "sha256": null}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DataDirection {
    /// Bytes of the stream in the capture, each counted once.
    pub stream_bytes: u64,
    /// Bytes that the peer acknowledged at data level, from the first one of the stream (midstream:
    /// the first one that was numbered). Where the DATA_FIN is not in the capture and the connection
    /// is still open, it may count as one.
    pub data_acked_bytes: Option<u64>,
    /// The first DATA_FIN.
    pub data_fin: Option<Moment>,
    /// Its acknowledgment.
    pub data_fin_acked: Option<Moment>,
    /// Bytes sent again on another subflow.
    pub reinjected_bytes: u64,
    /// Of those resent, bytes whose first copy had been acknowledged on its subflow; null where the
    /// order of packets is not that of their times.
    pub wasted_bytes: Option<u64>,
    /// Bytes sent again on the same subflow under other subflow sequence numbers.
    pub remapped_bytes: u64,
    /// Bytes of the stream that are not in the capture, up to the last one seen or acknowledged, or
    /// to the DATA_FIN.
    pub missing_bytes: u64,
    /// Where they would stand: `[start, end)` in stream offsets, the first 100 of them.
    pub holes: Vec<(u64, u64)>,
    /// Resent bytes by subflow.
    pub reinjections: Vec<Reinjection>,
    /// A mapping to the DATA_ACK that covers it. Like all durations, null where the order of packets
    /// is not that of their times.
    pub data_rtt_ns: Option<Distribution>,
    /// How long bytes waited for those before them.
    pub head_of_line_ns: Option<Distribution>,
    /// The first silences while data was not acknowledged, and the one that was not over when the
    /// connection or the capture ended.
    pub stalls: Vec<Stall>,
    /// Segments whose data came before earlier data.
    pub out_of_order_segments: u64,
    /// The receive window of the peer at the data level; null where its scale is not known.
    pub receive_window: Option<ReceiveWindow>,
    /// What was sent when, over all subflows; only if asked for.
    pub series: Option<Series>,
    /// Of the stream; only if asked for, and only if all of it is in the capture.
    pub sha256: Option<String>,
}

/// Bytes that were sent again on another subflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Reinjection {
    /// The subflow of the first copy; null where that is not remembered.
    pub from_subflow: Option<u32>,
    /// The subflow of the later one.
    pub to_subflow: u32,
    /// Bytes.
    pub bytes: u64,
    /// Of those, bytes whose first copy had been acknowledged on its subflow.
    pub wasted_bytes: Option<u64>,
    /// From the first copy to the later one.
    pub delay_ns: Option<Distribution>,
}

/// Silence at data level while unacknowledged data exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stall {
    /// When it began.
    pub t_ns: i64,
    /// How long it was.
    pub duration_ns: i64,
    /// What ended it.
    pub ended_by: EndedBy,
    /// Octets that were not acknowledged.
    pub outstanding_bytes: u64,
    /// How often the oldest of them was sent again.
    pub repeats: u64,
}

/// What ended a stall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// New data, or an acknowledgment.
    Progress,
    /// The connection was closed.
    Close,
    /// MP_FASTCLOSE.
    FastClose,
    /// The RST of the last subflow.
    Reset,
    /// The capture ended first.
    CaptureEnd,
    /// Nothing so far: packets are still captured.
    Now,
}

/// What a host offered to receive, by the windows of its segments with a DATA_ACK (RFC 8684 §3.3.4:
/// the window counts from the DATA_ACK, and all subflows share it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReceiveWindow {
    /// The smallest.
    pub min_bytes: u64,
    /// The largest.
    pub max_bytes: u64,
    /// Segments that offered nothing.
    pub zero_count: u64,
}

impl DataDirection {
    pub(super) fn build(context: &Context<'_>, case: &ConnectionContext<'_>, sender: Role) -> Self {
        let connection = case.connection;
        let data = connection.data.of(sender);
        let sum = |count: fn(&ByteCounts) -> u64| {
            let ends = case.subflows.iter().map(|subflow| subflow.sides.of(sender));
            ends.map(|end| count(&end.bytes)).sum::<u64>()
        };
        let moment = |seen: PacketStamp| context.moment(seen);
        let holes = case.holes(sender);
        let acked = case.acked_end(sender);
        let stats = data.level_stats();
        let in_order = !connection.out_of_order;
        let waited = |times| Distribution::build(times).filter(|_| in_order);
        let resent = |pair| Reinjection::build(pair, in_order);
        let stream_bytes = sum(|bytes| bytes.new_data);
        // Where options were cut, octets may be there that nobody can place: no hole, but no stream.
        let is_whole =
            holes.is_empty() && acked.is_none_or(|end| end <= stream_bytes.cast_signed());
        let sha256 = is_whole.then(|| sha256(connection, sender, stream_bytes)).flatten();
        Self {
            stream_bytes,
            data_acked_bytes: acked.and_then(|end| u64::try_from(end).ok()),
            data_fin: data.fin().map(|fin| moment(fin.seen)),
            data_fin_acked: data.fin().and_then(|fin| fin.acked).map(moment),
            reinjected_bytes: sum(|bytes| bytes.reinjected),
            wasted_bytes: in_order.then_some(stats.wasted),
            remapped_bytes: sum(|bytes| bytes.remapped),
            missing_bytes: holes.iter().map(|hole| hole.len()).sum(),
            holes: holes.iter().take(MAX_HOLES).map(offsets).collect(),
            reinjections: stats.reinjections.iter().map(resent).collect(),
            data_rtt_ns: waited(&stats.data_rtt),
            head_of_line_ns: waited(&stats.head_of_line),
            stalls: stalls::of(case, sender).iter().map(|s| Stall::build(context, s)).collect(),
            out_of_order_segments: stats.out_of_order,
            receive_window: stats.window.map(ReceiveWindow::from),
            series: None,
            sha256,
        }
    }
}

impl Reinjection {
    fn build(reinjections: &data_level_stats::Reinjections, in_order: bool) -> Self {
        Self {
            from_subflow: reinjections.from,
            to_subflow: reinjections.to,
            bytes: reinjections.bytes,
            wasted_bytes: in_order.then_some(reinjections.wasted),
            delay_ns: Distribution::build(&reinjections.delay).filter(|_| in_order),
        }
    }
}

impl From<data_level_stats::Window> for ReceiveWindow {
    fn from(window: data_level_stats::Window) -> Self {
        Self { min_bytes: window.min, max_bytes: window.max, zero_count: window.zero_count }
    }
}

impl Stall {
    fn build(context: &Context<'_>, stall: &stalls::Stall) -> Self {
        Self {
            t_ns: context.t_ns(stall.start),
            duration_ns: stall.duration_ns,
            ended_by: stall.ended_by.into(),
            outstanding_bytes: stall.outstanding,
            repeats: stall.repeats,
        }
    }
}

impl From<stalls::EndedBy> for EndedBy {
    fn from(ended_by: stalls::EndedBy) -> Self {
        match ended_by {
            stalls::EndedBy::Progress => Self::Progress,
            stalls::EndedBy::Close => Self::Close,
            stalls::EndedBy::FastClose => Self::FastClose,
            stalls::EndedBy::Reset => Self::Reset,
            stalls::EndedBy::CaptureEnd => Self::CaptureEnd,
            stalls::EndedBy::Now => Self::Now,
        }
    }
}

/// The hash of the stream, where it was asked for: if all `stream_bytes` of it went in, from the
/// first one on.
fn sha256(connection: &connection::Connection, sender: Role, stream_bytes: u64) -> Option<String> {
    let stream = connection.streams.of(sender).as_ref()?;
    let (hash, octets) = stream.sha256()?;
    let from_start = connection.hosts.of(sender).idsn.is_some() || connection.fallback.is_some();
    (from_start && octets == stream_bytes).then(|| const_hex::encode(hash))
}

fn offsets(hole: &SeqRange) -> (u64, u64) {
    let offset = |position: i64| u64::try_from(position).unwrap_or(0);
    (offset(hole.start), offset(hole.end))
}
