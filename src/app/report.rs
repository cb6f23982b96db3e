//! `report`: what happened, as text and as JSON.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use anyhow::{Result, bail};

use super::inputs::{self, InputCounts};
use super::output::{self, Output};
use super::pipeline;
use super::progress::Progress;
use crate::capture::{Capture, InputPath};
use crate::cli::ReportArgs;
use crate::report::text::{self, TextOptions};
use crate::report::{Report, json};
use crate::track::{Limits, Tracker};

pub(super) fn run(args: &ReportArgs) -> Result<()> {
    let paths = inputs::paths(&args.inputs);
    let capture = inputs::open(&paths)?;
    let json_output = json_output(args, &paths)?;
    let report = analyse(capture)?;
    if let Some(wanted) = args.connection {
        check_connection(&report, wanted)?;
    }
    let is_text_wanted = !matches!(json_output, Some(Output::Stdout));
    if let Some(output) = json_output {
        output.write(|out| json::write(&report, out))?;
    }
    if is_text_wanted {
        let options = TextOptions {
            colour: output::is_coloured(args.color),
            connection: args.connection,
            ..TextOptions::default()
        };
        output::to_stdout(|out| text::write(&report, &options, out))?;
    }
    Ok(())
}

/// Opened before the work begins, so that nobody waits for a report that cannot be written.
fn json_output(args: &ReportArgs, inputs: &[InputPath]) -> Result<Option<Output>> {
    let path = args.json.as_deref();
    path.map(|path| Output::create(path, inputs)).transpose()
}

fn analyse(mut capture: Capture) -> Result<Report> {
    let mut tracker = Tracker::new(Limits::default(), seed());
    let mut counts = InputCounts::new(capture.inputs().len());
    let progress = Progress::new(capture.bytes_total(), true);
    pipeline::run(&mut capture, progress, |frame, decoded| {
        counts.count(frame, decoded);
        tracker.push(decoded);
        Ok(())
    })?;
    let facts = counts.facts(capture.inputs());
    let lookup = |number| counts.packet_ref(number);
    let has_several = facts.len() > 1;
    Ok(Report::build(&tracker.trace(), &facts, has_several.then_some(&lookup as &_)))
}

/// A number that nobody who makes packets can foresee.
fn seed() -> u64 {
    RandomState::new().hash_one(0)
}

fn check_connection(report: &Report, wanted: u64) -> Result<()> {
    let count = report.connections.len();
    match count.checked_sub(1) {
        Some(last) if wanted <= last as u64 => Ok(()),
        Some(last) => bail!("there is no connection {wanted}: give one from 0 to {last}"),
        None => bail!("there is no connection {wanted}: no MPTCP connection was found"),
    }
}
