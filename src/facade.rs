//! What a program that uses the library works with: an [`Analysis`] takes frames, and gives a
//! [`Report`].

use std::io;

use crate::analyze::finding;
use crate::capture::{Capture, InputStatus};
use crate::report::{self, InputStats, json, text};
use crate::track::{Limits, Tracker};
use crate::wire::decoder::{DecodeCounts, Decoder};
use crate::wire::frame::Frame;

/// Puts connections together, frame by frame. Time is the frames' own, so the same frames always
/// give the same report.
pub struct Analysis {
    decoder: Decoder,
    tracker: Tracker,
}

impl Analysis {
    /// Nothing is known yet. `seed` is what hash tables are seeded with; it changes no result, and
    /// whoever reads captures of strangers takes a random number.
    pub fn new(seed: u64) -> Self {
        Self { decoder: Decoder::default(), tracker: Tracker::new(Limits::default(), seed) }
    }

    /// Takes the next frame.
    pub fn push(&mut self, frame: &Frame<'_>) {
        self.tracker.push(&self.decoder.decode(frame));
    }

    /// Takes all frames of `capture`.
    pub fn read(&mut self, capture: &mut Capture) {
        while let Some(frame) = capture.next_frame() {
            self.push(&frame);
        }
    }

    /// MPTCP connections so far, those that fell back to plain TCP included.
    pub fn connection_count(&self) -> usize {
        self.tracker.trace().connections().len()
    }

    /// Subflows of these connections.
    pub fn subflow_count(&self) -> usize {
        let trace = self.tracker.trace();
        let connections = trace.connections();
        connections.into_iter().map(|connection| trace.subflows(connection).count()).sum()
    }

    /// The report on all frames so far; `inputs` is what [`Capture::inputs`] says, and may be empty.
    pub fn report(&self, inputs: &[InputStatus]) -> Report {
        let inputs = inputs.iter().zip(0..);
        let inputs: Vec<_> =
            inputs.map(|(input, index)| known(input, self.decoder.counts(index))).collect();
        Report(report::Report::build(&self.tracker.trace(), &inputs, None))
    }
}

fn known(input: &InputStatus, counts: DecodeCounts) -> InputStats {
    InputStats {
        path: input.path.clone(),
        format: input.format.to_string(),
        compression: input.compression.map(|compression| compression.to_string()),
        link_types: input.link_types(),
        packets: input.packets,
        bytes: input.bytes,
        first: input.first,
        last: input.last,
        undecoded_packets: Some(counts.undecoded),
        ip_fragments: Some(counts.fragments),
        reassembled_segments: Some(counts.reassembled),
        incomplete_fragments: Some(counts.incomplete),
        skipped: counts.skipped.into_iter().collect(),
        cut_short: input.cut_short,
        note: input.note.clone(),
        ..InputStats::default()
    }
}

/// What happened in a capture: verdicts, findings, and everything behind them.
#[derive(Debug, Clone)]
pub struct Report(report::Report);

impl Report {
    /// One sentence a connection, in order of their first packets.
    pub fn verdicts(&self) -> impl Iterator<Item = &str> {
        self.0.connections.iter().map(|connection| connection.verdict.as_str())
    }

    /// All diagnoses, as `findings` of the JSON has them.
    pub fn findings(&self) -> impl Iterator<Item = Finding<'_>> {
        self.0.findings.iter().map(Finding)
    }

    /// Writes the JSON document that `mptcpscope report --json` writes.
    ///
    /// Fails where `out` does.
    pub fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        json::write(&self.0, out)
    }

    /// Writes the text that `mptcpscope report` prints, without colours.
    ///
    /// Fails where `out` does.
    pub fn write_text(&self, out: &mut dyn io::Write) -> io::Result<()> {
        text::write(&self.0, &text::TextOptions::default(), out)
    }
}

/// One diagnosis.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a>(&'a report::model::Finding);

impl<'a> Finding<'a> {
    /// Its code, such as `join-no-answer`. `mptcpscope explain CODE` says what it means.
    pub fn code(&self) -> &'a str {
        self.0.code.name()
    }

    /// What happened, in one sentence.
    pub fn summary(&self) -> &'a str {
        &self.0.summary
    }

    /// The packets that prove it: positions in the capture, from 1.
    pub fn packets(&self) -> &'a [u64] {
        &self.0.packets
    }

    /// Index of the connection among the verdicts; `None` if it is about the capture as a whole.
    pub fn connection(&self) -> Option<u64> {
        self.0.connection
    }

    /// How bad it is.
    pub fn severity(&self) -> finding::Severity {
        self.0.severity
    }
}
