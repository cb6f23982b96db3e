//! `report`: what happened, as text and as JSON.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::mem;

use anyhow::{Result, bail};

use super::Outcome;
use super::clocks;
use super::filter;
use super::inputs::{self, InputCounts};
use super::keys;
use super::output;
use super::outputs::Outputs;
use super::pipeline;
use super::progress::Progress;
use crate::analyze::finding::{Selection, Severity};
use crate::capture::{Capture, InputStatus};
use crate::cli::{FindingArgs, GlobalArgs, Level, ReportArgs};
use crate::host::HostSnapshot;
use crate::report::Report;
use crate::report::model::Roads;
use crate::report::text::TextOptions;
use crate::track::stream::StreamUse;
use crate::track::{Limits, Tracker};
use crate::wire::decoder::Decoder;
use crate::wire::frame::Timestamp;
use crate::wire::tunnel::DecodeAs;

/// The program ends after it, so its memory is not freed piece by piece.
pub(super) fn run(args: &ReportArgs, global: GlobalArgs) -> Result<Outcome> {
    let filter = filter::parse(&args.filter)?;
    let paths = inputs::paths(&args.inputs);
    let mut capture = inputs::open(&paths)?;
    let shifts = clocks::shifts(&paths, &inputs::decode_as(&args.inputs.decode))?;
    clocks::correct(&mut capture, &shifts);
    let mut outputs = Outputs::open(&args.outputs, &paths)?;
    outputs.add_text(TextOptions {
        colour: output::is_coloured(global.color),
        columns: output::columns(),
        time: output::time_style(global.time),
        connection: args.connection,
        all: args.all,
        ..TextOptions::default()
    });
    let host = args.host.as_deref().map(super::host::read).transpose()?;
    let (as_given, host) = host.unzip();
    let mut report = analyse(capture, &shifts, args, host)?;
    report.host = as_given;
    if let Some(wanted) = args.connection {
        check_number(report.connections.len(), wanted)?;
    }
    filter::keep(&mut report, &filter);
    if let Some(wanted) = args.connection
        && report.connections.iter().all(|connection| connection.id != wanted)
    {
        bail!("connection {wanted} does not satisfy --filter: leave one of both out");
    }
    outputs.write(&report)?;
    let fails = args.findings.fail_on.is_some_and(|level| is_any_at(&report, level));
    mem::forget(report);
    Ok(if fails { Outcome::Found } else { Outcome::Done })
}

/// Whether a finding is at or above `level`.
fn is_any_at(report: &Report, level: Level) -> bool {
    let findings = &report.totals.findings;
    let counts = match level {
        Level::Note => [findings.error, findings.warning, findings.note],
        Level::Warning => [findings.error, findings.warning, 0],
        Level::Error => [findings.error, 0, 0],
    };
    counts.iter().any(|count| *count > 0)
}

fn analyse(
    capture: Capture,
    shifts: &[Option<i64>],
    args: &ReportArgs,
    host: Option<HostSnapshot>,
) -> Result<Report> {
    let streams = if args.streams { KeptStreams::Hashes } else { KeptStreams::None };
    let decode_as = inputs::decode_as(&args.inputs.decode);
    let mut tracked = track(capture, decode_as, streams, args.series)?;
    if let Some(path) = &args.keys {
        tracked.tracker.use_keys(&keys::read(path)?);
    }
    let Tracked { tracker, decoder, capture, counts } = &tracked;
    let wanted = ReportContents {
        series: args.series,
        findings: Selection { host, ..selection(&args.findings) },
    };
    let report = build(tracker, (decoder, counts), capture.inputs(), shifts, &wanted);
    mem::forget(tracked);
    Ok(report)
}

/// What a report is to contain.
#[derive(Default)]
pub(super) struct ReportContents {
    pub(super) series: bool,
    pub(super) findings: Selection,
}

/// The report on what was tracked of `inputs`.
pub(super) fn build(
    tracker: &Tracker,
    (decoder, counts): (&Decoder, &InputCounts),
    inputs: &[InputStatus],
    shifts: &[Option<i64>],
    wanted: &ReportContents,
) -> Report {
    let mut all = counts.stats(inputs, decoder);
    let trace = tracker.trace();
    for (stats, input) in all.iter_mut().zip(0..) {
        stats.clock_shift_ns = shifts.get(input).copied().flatten();
        let ahead = stats.clock_shift_ns.unwrap_or(0);
        stats.first = stats.first.map(|first| Timestamp(first.0.saturating_sub(ahead)));
        stats.last = stats.last.map(|last| Timestamp(last.0.saturating_sub(ahead)));
        stats.duplicate_packets = Some(trace.totals().copies.get(input).copied().unwrap_or(0));
    }
    let lookup = |number| counts.packet_ref(number);
    let has_several = all.len() > 1;
    let lookup = has_several.then_some(&lookup as &_);
    let build = if wanted.series { Report::build_with_series } else { Report::build_with };
    let mut report = build(&trace, &all, lookup, &wanted.findings);
    let indexes = BTreeMap::new();
    report.fill_roads(&trace, &Roads { ways: decoder.ways(), inputs: &all, indexes: &indexes });
    report
}

/// What a level of the command line stands for.
const fn severity(level: Level) -> Severity {
    match level {
        Level::Note => Severity::Note,
        Level::Warning => Severity::Warning,
        Level::Error => Severity::Error,
    }
}

/// Which findings the flags ask for.
fn selection(args: &FindingArgs) -> Selection {
    Selection {
        strict: args.strict,
        min_severity: args.min_severity.map_or(Severity::Note, severity),
        only: args.only.clone(),
        ignore: args.ignore.clone(),
        host: None,
    }
}

/// Which streams are put together on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeptStreams {
    None,
    Hashes,
}

/// A capture that was read to its end, and what became of it.
pub(super) struct Tracked {
    pub(super) tracker: Tracker,
    pub(super) decoder: Decoder,
    pub(super) capture: Capture,
    pub(super) counts: InputCounts,
}

/// Reads a capture to its end.
pub(super) fn track(
    mut capture: Capture,
    decode_as: DecodeAs,
    streams: KeptStreams,
    series: bool,
) -> Result<Tracked> {
    let mut tracker = Tracker::new(Limits::default(), seed());
    if series {
        tracker.keep_series();
    }
    if streams == KeptStreams::Hashes {
        tracker.keep_streams(StreamUse::Hash);
    }
    let mut counts = InputCounts::new(capture.inputs().len());
    let progress = Progress::new(capture.bytes_total(), true);
    let mut decoder = Decoder::new(decode_as);
    pipeline::run(&mut capture, &mut decoder, progress, |frame, decoded| {
        counts.count(frame);
        tracker.push(decoded);
        Ok(())
    })?;
    Ok(Tracked { tracker, decoder, capture, counts })
}

/// A random number: who sends packets cannot foresee which of them collide in a hash table.
pub(super) fn seed() -> u64 {
    RandomState::new().hash_one(0)
}

/// Fails where there are not that many connections.
pub(super) fn check_number(count: usize, wanted: u64) -> Result<()> {
    match count.checked_sub(1) {
        Some(last) if wanted <= last as u64 => Ok(()),
        Some(0) => bail!("there is no connection {wanted}: the only one is 0"),
        Some(last) => bail!("there is no connection {wanted}: give one from 0 to {last}"),
        None => bail!("there is no connection {wanted}: no MPTCP connection was found"),
    }
}
