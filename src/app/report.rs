//! `report`: what happened, as text and as JSON.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use anyhow::Result;

use super::output::{self, Output};
use super::progress::Progress;
use super::{inputs, pipeline};
use crate::cli::ReportArgs;
use crate::track::{Limits, Tracker};

pub(super) fn run(args: &ReportArgs) -> Result<()> {
    let paths = inputs::paths(&args.inputs);
    let mut capture = inputs::open(&paths)?;
    let json = args.json.as_deref();
    let json = json.map(|path| Output::create(path, &paths)).transpose()?;
    let mut tracker = Tracker::new(Limits::default(), seed());
    let progress = Progress::new(capture.bytes_total(), true);
    pipeline::run(&mut capture, progress, |_, decoded| {
        tracker.push(decoded);
        Ok(())
    })?;
    let text_wanted = !matches!(json, Some(Output::Stdout));
    if let Some(json) = json {
        json.write(|out| writeln!(out, "{{}}"))?;
    }
    if text_wanted {
        output::text_to_stdout(args.color, &format!("{:?}\n", tracker.trace().totals()))?;
    }
    Ok(())
}

/// A number that nobody who makes packets can foresee.
fn seed() -> u64 {
    RandomState::new().hash_one(0)
}
