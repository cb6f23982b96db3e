//! What becomes of the packets of a live capture.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::feed::{Feed, InterfaceNotice};
use super::host::LocalHost;
use super::output::{LineWriter, Lines};
use super::status::{Seen, StatusLine};
use crate::analyze::InputStats;
use crate::analyze::finding::Selection;
use crate::analyze::live_findings::{Change, LiveFindings};
use crate::app::filter;
use crate::app::inputs::{self, InputCounts};
use crate::app::report::{self, ReportContents};
use crate::app::{is_closed_pipe, output};
use crate::capture::InputStatus;
use crate::capture::write::Writer;
use crate::cli::LiveArgs;
use crate::filter::Filter;
use crate::report::Report;
use crate::report::live::{
    DropsLine, EventLines, FindingLine, InterfaceLine, LiveLine, StateLine, SummaryLine,
};
use crate::track::updates::Update;
use crate::track::{Limits, Tracker};
use crate::wire::decoder::Decoder;
use crate::wire::frame::{Frame, Timestamp};

/// Tracks packets, writes lines about them, and writes them to a file.
pub(super) struct LiveSession {
    tracker: Tracker,
    decoder: Decoder,
    counts: InputCounts,
    event_lines: EventLines,
    filter: Filter,
    updates: Vec<Update>,
    out: LineWriter,
    findings: LiveFindings,
    host: Option<LocalHost>,
    writer: Option<Writer>,
    frames: u64,
    first: Option<Timestamp>,
    last: Timestamp,
    drops_written: u64,
    /// Frames at the last summary.
    frames_at_summary: u64,
    summary_every: Duration,
    summary_at: Instant,
    status: StatusLine,
    /// Whether the reader of the lines is gone.
    is_over: bool,
}

impl LiveSession {
    pub(super) fn new(
        args: &LiveArgs,
        lines: Lines,
        writer: Option<Writer>,
        host: Option<LocalHost>,
        filter: Filter,
    ) -> Self {
        let mut tracker = Tracker::new(limits(args), report::seed());
        if lines != Lines::None {
            tracker.keep_updates();
        }
        let summary_every = Duration::from_nanos(args.summary.unsigned_abs());
        Self {
            tracker,
            decoder: Decoder::new(inputs::decode_as(&args.decode)),
            counts: InputCounts::new(1),
            event_lines: EventLines::new(filter.clone()),
            filter,
            updates: Vec::new(),
            out: LineWriter::new(lines),
            findings: LiveFindings::default(),
            host,
            writer,
            frames: 0,
            first: None,
            last: Timestamp::default(),
            drops_written: 0,
            frames_at_summary: 0,
            summary_every,
            summary_at: Instant::now() + summary_every,
            status: StatusLine::new(),
            is_over: false,
        }
    }

    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Whether the reader of the lines is gone.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Takes the next packet.
    pub(super) fn frame(&mut self, frame: &Frame<'_>) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            let outcome = writer.write(frame);
            outcome.map_err(|error| unwritable(writer, error))?;
        }
        self.frames += 1;
        self.last = frame.timestamp;
        let origin = *self.first.get_or_insert(frame.timestamp);
        self.counts.count(frame);
        let decoded = self.decoder.decode(frame);
        self.tracker.push(&decoded);
        self.tracker.take_updates(&mut self.updates);
        if self.updates.is_empty() {
            return Ok(());
        }
        let lines = self.event_lines.lines(self.tracker.trace(), &self.updates, origin);
        let forgotten = self.updates.iter().filter_map(|updates| match updates {
            Update::Forgotten { number } => Some(*number),
            _ => None,
        });
        let closed: Vec<_> = forgotten.flat_map(|number| self.findings.forget(number)).collect();
        self.updates.clear();
        self.write_lines(&lines)?;
        self.write_findings(closed)
    }

    /// Writes what happened to an interface.
    pub(super) fn notice(&mut self, notice: &InterfaceNotice) -> Result<()> {
        if self.out.lines() == Lines::None {
            self.status.clear();
            output::to_stderr(format_args!("{} {}", notice.interface, notice.what));
        }
        self.write_lines(&[LiveLine::State(StateLine::Interface(InterfaceLine {
            t_ns: self.t_ns(),
            interface: notice.interface.clone(),
            what: notice.what.clone(),
        }))])
    }

    /// Brings the file of `--write` up to date.
    pub(super) fn flush(&mut self) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let outcome = writer.flush();
        outcome.map_err(|error| unwritable(writer, error))
    }

    /// Does what no single packet starts: writes drops and findings if there are new ones, and the
    /// summary when it is time.
    pub(super) fn look(&mut self, status: &InputStatus) -> Result<()> {
        self.write_drops(status)?;
        self.status.update(self.seen(status));
        if self.out.lines() == Lines::None {
            return Ok(());
        }
        let inputs = self.stats(status);
        let changes = self.findings.look(self.tracker.trace(), &inputs, &self.wanted());
        if self.findings.has_doubts()
            && let Some(host) = &mut self.host
        {
            // The next look, which settles them, knows what the host has to say.
            host.look();
        }
        self.write_findings(changes)?;
        let is_news = self.out.lines() == Lines::Json || self.frames > self.frames_at_summary;
        if is_news && Instant::now() >= self.summary_at {
            self.summary_at = Instant::now() + self.summary_every;
            self.write_summary(status.dropped_by_kernel())?;
        }
        Ok(())
    }

    /// Ends the file and puts the report together.
    pub(super) fn finish(mut self, feed: &Feed) -> Result<Report> {
        if let Some(writer) = &mut self.writer {
            writer.count_drops(feed.interfaces());
            let outcome = writer.finish();
            outcome.map_err(|error| unwritable(writer, error))?;
        }
        if let Some(host) = &mut self.host {
            host.look();
        }
        if self.out.lines() == Lines::Json {
            // The text has a report at its end. These lines have none, so they say what it would.
            let inputs = self.stats(feed.status());
            let changes = self.findings.finish(self.tracker.trace(), &inputs, &self.wanted());
            self.write_findings(changes)?;
            self.write_summary(feed.status().dropped_by_kernel())?;
        }
        self.flush_lines()?;
        self.status.clear();
        self.out.end()?;
        let status = std::slice::from_ref(feed.status());
        let wanted = ReportContents { findings: self.wanted(), ..ReportContents::default() };
        let mut report =
            report::build(&self.tracker, (&self.decoder, &self.counts), status, &[], &wanted);
        filter::keep(&mut report, &self.filter);
        report.host = self.host.map(|host| serde_json::to_value(host.now())).transpose()?;
        Ok(report)
    }

    fn write_drops(&mut self, status: &InputStatus) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            writer.count_drops(&status.interfaces);
        }
        let total = status.dropped_by_kernel().unwrap_or(0);
        if total <= self.drops_written {
            return Ok(());
        }
        self.drops_written = total;
        let line = DropsLine { t_ns: self.t_ns(), dropped_by_kernel: total };
        self.write_lines(&[LiveLine::State(StateLine::Drops(line))])
    }

    fn write_findings(&mut self, changes: Vec<Change>) -> Result<()> {
        let (trace, t_ns) = (self.tracker.trace(), self.t_ns());
        let origin = self.first.unwrap_or_default();
        let line = |change| FindingLine::new(change, trace, origin, t_ns);
        let lines = changes.into_iter().map(line);
        let lines = lines.filter(|line| self.event_lines.takes_finding(trace, line));
        let lines = lines.map(Box::new).map(StateLine::Finding);
        let lines: Vec<_> = lines.map(LiveLine::State).collect();
        self.write_lines(&lines)
    }

    /// All findings, with what this host said last.
    fn wanted(&self) -> Selection {
        let host = self.host.as_ref().map(|host| host.now().clone());
        Selection { host, ..Selection::default() }
    }

    fn stats(&self, status: &InputStatus) -> Vec<InputStats> {
        self.counts.stats(std::slice::from_ref(status), &self.decoder)
    }

    fn write_summary(&mut self, dropped_by_kernel: Option<u64>) -> Result<()> {
        self.frames_at_summary = self.frames;
        let trace = self.tracker.trace();
        let line = SummaryLine {
            t_ns: self.t_ns(),
            packets: self.frames,
            mptcp_segments: trace.totals().mptcp_segments,
            connections: trace.connection_count(),
            subflows: trace.subflow_count(),
            forgotten_connections: trace.totals().forgotten.connections(),
            dropped_by_kernel,
        };
        self.write_lines(&[LiveLine::State(StateLine::Summary(line))])
    }

    /// Writes lines; when their reader has gone, the capture ends in order.
    fn write_lines(&mut self, lines: &[LiveLine]) -> Result<()> {
        if self.is_over {
            return Ok(());
        }
        if !lines.is_empty() && self.out.lines() != Lines::None {
            self.status.make_room();
        }
        let outcome = self.out.write(lines);
        self.note_end(outcome)
    }

    /// Shows the lines that were written so far.
    pub(super) fn flush_lines(&mut self) -> Result<()> {
        if self.is_over {
            return Ok(());
        }
        if self.out.is_waiting() {
            self.status.make_room();
        }
        let outcome = self.out.flush();
        self.note_end(outcome)
    }

    fn seen(&self, status: &InputStatus) -> Seen {
        let trace = self.tracker.trace();
        let forgotten = trace.totals().forgotten.connections();
        Seen {
            packets: self.frames,
            connections: trace.connection_count() + forgotten,
            subflows: if forgotten == 0 { trace.subflow_count() } else { 0 },
            dropped: status.dropped_by_kernel().unwrap_or(0),
        }
    }

    fn note_end(&mut self, outcome: Result<()>) -> Result<()> {
        match outcome {
            Err(error) if is_closed_pipe(&error) => {
                self.is_over = true;
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// The time of the latest packet since the first one.
    fn t_ns(&self) -> i64 {
        self.first.map_or(0, |first| self.last.since(first))
    }
}

fn limits(args: &LiveArgs) -> Limits {
    let eviction = &args.eviction;
    Limits::live(crate::track::limits::EvictionLimits {
        closed_ns: eviction.forget_closed,
        half_open_ns: eviction.forget_half_open,
        idle_ns: eviction.forget_idle,
        most: eviction.max_connections,
    })
}

fn unwritable(writer: &Writer, error: std::io::Error) -> anyhow::Error {
    output::unwritable(&writer.current().display().to_string(), error)
}
