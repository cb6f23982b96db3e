//! From what was sent when to lines.

use ratatui::style::Style;

use crate::report::model::{Connection, DataDirection, Series, Spans, Subflow, SubflowDirection};
use crate::track::role::Direction;
use crate::track::series::{Bin, Extent, Sent};
use crate::tui::axis::TimeWindow;
use crate::tui::theme::Theme;

/// A line of a graph.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    /// Stands beside the line, and for it where only ASCII is drawn.
    pub(super) key: char,
    /// What it shows.
    pub(super) name: String,
    /// Its colour.
    pub(super) style: Style,
    /// What it consists of.
    pub(super) segments: Vec<CurveSegment>,
    /// Whether it is no line: its sign stands on each segment.
    pub(super) is_signs: bool,
}

impl Curve {
    /// The value at a moment, or the last one before it.
    pub(super) fn value(&self, t_ns: i64) -> Option<f64> {
        let until = self.segments.iter().filter(|segment| segment.from.0 <= t_ns && !self.is_signs);
        let last = until.max_by_key(|segment| segment.from.0)?;
        let part = float(t_ns.min(last.to.0) - last.from.0) / float(last.to.0 - last.from.0);
        let part = if part.is_finite() { part } else { 1.0 };
        Some(last.from.1 + (last.to.1 - last.from.1) * part)
    }

    /// The lowest and the highest value in a window.
    pub(super) fn extent(&self, window: TimeWindow) -> Option<(f64, f64)> {
        let segments = self.segments.iter().filter_map(|segment| segment.within(window));
        let extents = segments
            .map(|segment| (segment.from.1.min(segment.to.1), segment.from.1.max(segment.to.1)));
        extents.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    }
}

/// A straight segment of a curve: from a moment to a moment, from a value to a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CurveSegment {
    pub(super) from: (i64, f64),
    pub(super) to: (i64, f64),
}

impl CurveSegment {
    const fn new(from: (i64, f64), to: (i64, f64)) -> Self {
        Self { from, to }
    }

    /// The part of it that is in a window.
    pub(super) fn within(self, window: TimeWindow) -> Option<Self> {
        let (first, last) = (window.start, window.end());
        if self.to.0 < first || self.from.0 > last {
            return None;
        }
        let cut = |at: (i64, f64)| {
            let t_ns = at.0.clamp(first, last);
            if t_ns == at.0 {
                return at;
            }
            let part = float(t_ns - self.from.0) / float(self.to.0 - self.from.0);
            (t_ns, self.from.1 + (self.to.1 - self.from.1) * part)
        };
        Some(Self { from: cut(self.from), to: cut(self.to) })
    }
}

/// Numbers of bytes and nanoseconds stay far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "it is a picture")]
pub(super) const fn float(number: i64) -> f64 {
    number as f64
}

fn bytes(number: u64) -> f64 {
    float(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What there is of a direction.
#[derive(Clone, Copy)]
pub(super) struct DirectionData<'a> {
    pub(super) connection: &'a Connection,
    pub(super) direction: Direction,
    pub(super) theme: Theme,
}

impl<'a> DirectionData<'a> {
    pub(super) const fn of(&self) -> &'a DataDirection {
        match self.direction {
            Direction::ClientToServer => &self.connection.c2s,
            Direction::ServerToClient => &self.connection.s2c,
        }
    }

    const fn sent(&self, subflow: &'a Subflow) -> &'a SubflowDirection {
        match self.direction {
            Direction::ClientToServer => &subflow.c2s,
            Direction::ServerToClient => &subflow.s2c,
        }
    }

    /// The subflows that sent something.
    pub(super) fn subflows(&self) -> impl Iterator<Item = (&'a Subflow, &'a Series)> {
        let data = *self;
        let all = self.connection.subflows.iter();
        all.filter_map(move |subflow| Some((subflow, data.sent(subflow).series.as_ref()?)))
    }

    /// One line for each subflow.
    fn of_subflows(&self, segments: impl Fn(&Series) -> Vec<CurveSegment>) -> Vec<Curve> {
        let curves = self.subflows().map(|(subflow, series)| Curve {
            key: key(subflow.id),
            name: format!("sf{}", subflow.id),
            style: self.theme.subflow(subflow.id),
            segments: segments(series),
            is_signs: false,
        });
        curves.filter(|curve| !curve.segments.is_empty()).collect()
    }

    /// A line over all subflows.
    fn of_all(&self, key: char, name: &str, segments: Vec<CurveSegment>) -> Option<Curve> {
        let (name, style) = (name.to_owned(), self.theme.strong());
        (!segments.is_empty()).then_some(Curve { key, name, style, segments, is_signs: false })
    }

    /// Positions in the stream by subflow, and how far they are acknowledged.
    pub(super) fn dsn(&self, until: i64) -> Vec<Curve> {
        let mut curves = self.of_subflows(|series| {
            let mut segments = carried(&series.sent, |bin| bin.new);
            segments.extend(carried(&series.sent, |bin| bin.resent));
            segments
        });
        let resent =
            self.subflows().flat_map(|(_, series)| carried(&series.sent, |bin| bin.resent));
        let resent = resent.map(|segment| CurveSegment::new(segment.from, segment.from)).collect();
        let resent = self.of_all(self.theme.glyphs.reinjected, "carried again", resent);
        let resent = resent.map(|curve| Curve { is_signs: true, ..curve });
        let acked = self.of().series.as_ref().and_then(|series| series.acked.as_ref());
        let acked = acked.map(|acked| stairs(acked, until, |bin| Some(bin.end)));
        curves.extend(self.of_all('a', "DATA_ACK", acked.unwrap_or_default()));
        curves.extend(resent);
        curves
    }

    /// Bytes per second by subflow, and those of the stream over all of them.
    pub(super) fn throughput(&self, window: TimeWindow) -> Vec<Curve> {
        let mut curves = self.of_subflows(|series| rates(&series.sent, window, |bin| bin.payload));
        let all = self.of().series.as_ref();
        let goodput = all.map(|series| rates(&series.sent, window, |bin| bin.new_data));
        curves.extend(self.of_all('g', "goodput", goodput.unwrap_or_default()));
        curves
    }

    /// What is not acknowledged, by subflow and over all of them, and the receive window.
    pub(super) fn in_flight(&self, until: i64) -> Vec<Curve> {
        let mut curves = self.of_subflows(|series| levels(&series.sent));
        let all = self.of().series.as_ref();
        let data = all.map(|series| levels(&series.sent)).unwrap_or_default();
        curves.extend(self.of_all('d', "data level", data));
        let acked = all.and_then(|series| series.acked.as_ref());
        let least =
            |bin: &crate::track::series::Acked| (!bin.window.is_none()).then_some(bin.window.low);
        let offered = acked.map(|acked| stairs(acked, until, least)).unwrap_or_default();
        curves.extend(self.of_all('w', "receive window", offered));
        curves
    }

    /// Round trips by subflow and at the data level.
    pub(super) fn round_trips(&self) -> Vec<Curve> {
        let mut curves = self.of_subflows(|series| extents(&series.rtt));
        let data = self.of().series.as_ref().map(|series| extents(&series.rtt));
        curves.extend(self.of_all('d', "data level", data.unwrap_or_default()));
        curves
    }

    /// Which part of each column's payload each subflow carried, the first one at the bottom: sums up
    /// to and including it.
    pub(super) fn shares(&self, window: TimeWindow) -> Vec<Vec<(u32, f64)>> {
        let rows: Vec<_> = self
            .subflows()
            .map(|(subflow, series)| (subflow.id, sums(&series.sent, window, |bin| bin.payload)))
            .collect();
        let column = |index: usize| {
            let of = |row: &Vec<f64>| row.get(index).copied().unwrap_or(0.0);
            let all: f64 = rows.iter().map(|(_, row)| of(row)).sum();
            let mut sum = 0.0;
            let parts = rows.iter().map(|(id, row)| {
                sum += of(row);
                (*id, if all > 0.0 { sum / all } else { 0.0 })
            });
            parts.collect()
        };
        (0..window.columns).map(column).collect()
    }
}

/// The sign of a subflow.
pub(super) fn key(subflow: u32) -> char {
    char::from_digit(subflow % 36, 36).map_or('*', |digit| digit.to_ascii_uppercase())
}

/// From the first position in a span to one past the last.
fn carried(spans: &Spans<Sent>, extent: impl Fn(&Sent) -> Extent) -> Vec<CurveSegment> {
    let width = spans.span_ns;
    let bins = spans.iter().map(|(at, bin)| (at, extent(&bin)));
    let bins = bins.filter(|(_, extent)| !extent.is_none());
    bins.map(|(at, extent)| {
        CurveSegment::new((at, float(extent.low)), (at.saturating_add(width), float(extent.high)))
    })
    .collect()
}

/// From the lowest to the highest in the middle of each span.
fn extents(spans: &Spans<Extent>) -> Vec<CurveSegment> {
    let middle = spans.span_ns / 2;
    let bins = spans.iter().filter(|(_, extent)| !extent.is_none());
    bins.map(|(at, extent)| {
        let at = at.saturating_add(middle);
        CurveSegment::new((at, float(extent.low)), (at, float(extent.high)))
    })
    .collect()
}

/// A value holds until the next one.
fn stairs<B: Bin>(
    spans: &Spans<B>,
    until: i64,
    value: impl Fn(&B) -> Option<i64>,
) -> Vec<CurveSegment> {
    let mut segments = Vec::new();
    let mut before: Option<(i64, f64)> = None;
    for (at, bin) in spans.iter() {
        let Some(value) = value(&bin).map(float) else { continue };
        if let Some(before) = before {
            segments.push(CurveSegment::new(before, (at, before.1)));
            segments.push(CurveSegment::new((at, before.1), (at, value)));
        }
        before = Some((at, value));
    }
    if let Some(last) = before {
        segments.push(CurveSegment::new(last, (until.max(last.0), last.1)));
    }
    segments
}

/// The most in flight in each span; joined where one follows on the other.
fn levels(spans: &Spans<Sent>) -> Vec<CurveSegment> {
    let width = spans.span_ns;
    let mut segments = Vec::new();
    let mut before: Option<(i64, f64)> = None;
    for (at, bin) in spans.iter() {
        let here = (at.saturating_add(width / 2), bytes(bin.max_in_flight));
        match before.filter(|before| here.0 - before.0 <= width.saturating_mul(4)) {
            Some(before) => segments.push(CurveSegment::new(before, here)),
            None => segments.push(CurveSegment::new(here, here)),
        }
        before = Some(here);
    }
    segments
}

/// Sums over columns; a span that lies over several of them is split.
fn sums(spans: &Spans<Sent>, window: TimeWindow, value: impl Fn(&Sent) -> u64) -> Vec<f64> {
    let mut sums = vec![0.0; window.columns];
    for (at, bin) in spans.iter() {
        let value = bytes(value(&bin));
        let end = at.saturating_add(spans.span_ns);
        let last = i64::try_from(window.columns).unwrap_or(i64::MAX);
        let columns = window.column_of(at).max(0)..=window.column_of(end - 1).min(last);
        for column in columns {
            let overlap = end.min(window.time(column + 1)) - at.max(window.time(column));
            let index = usize::try_from(column).ok();
            if let Some(sum) = index.and_then(|index| sums.get_mut(index)) {
                *sum += value * float(overlap.max(0)) / float(spans.span_ns);
            }
        }
    }
    sums
}

/// Bytes per second, from column to column.
fn rates(
    spans: &Spans<Sent>,
    window: TimeWindow,
    value: impl Fn(&Sent) -> u64,
) -> Vec<CurveSegment> {
    let per_second = 1e9 / float(window.column);
    let sums = sums(spans, window, value);
    let ends = |sum: &f64| *sum > 0.0;
    let (Some(first), Some(last)) = (sums.iter().position(ends), sums.iter().rposition(ends))
    else {
        return Vec::new();
    };
    let middle = |column: usize| {
        let column = i64::try_from(column).unwrap_or(i64::MAX);
        window.time(column).saturating_add(window.column / 2)
    };
    let points = sums.iter().enumerate().take(last + 1).skip(first);
    let points: Vec<_> = points.map(|(index, sum)| (middle(index), sum * per_second)).collect();
    match points.as_slice() {
        [only] => vec![CurveSegment::new(*only, *only)],
        _ => points.windows(2).filter_map(segment).collect(),
    }
}

fn segment(ends: &[(i64, f64)]) -> Option<CurveSegment> {
    let [from, to] = ends else { return None };
    Some(CurveSegment::new(*from, *to))
}
