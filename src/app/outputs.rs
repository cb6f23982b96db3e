//! The outputs of a report: each knows where it goes, and how it is written.
//!
//! One more format is a flag in [`ReportOutputs`], and here a variant of [`ReportFormat`], its line in
//! [`ReportFormat::write`] and its line in [`Outputs::open`].

use std::io::{self, Write};

use anyhow::{Result, bail};

use super::output::Destination;
use crate::capture::InputPath;
use crate::cli::ReportOutputs;
use crate::report::text::{self, TextOptions};
use crate::report::{Report, json};

/// How a report is written.
enum ReportFormat {
    Json,
    Text(TextOptions),
}

impl ReportFormat {
    fn write(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Json => json::write(report, out),
            Self::Text(options) => text::write(report, options, out),
        }
    }
}

/// Where a report goes, and how it is written there.
struct ReportOutput {
    destination: Destination,
    format: ReportFormat,
}

/// All outputs of a report, in the order in which they are written.
pub(super) struct Outputs(Vec<ReportOutput>);

impl Outputs {
    /// Opens what the user named. That is done before the work begins, because an output that cannot be
    /// written should fail at once. None of them may be one of `inputs`.
    pub(super) fn open(named: &ReportOutputs, inputs: &[InputPath]) -> Result<Self> {
        let named = [(&named.json, ReportFormat::Json)];
        let mut outputs = Self(Vec::new());
        for (path, format) in named {
            let Some(path) = path else { continue };
            let destination = Destination::create(path, inputs)?;
            if destination.is_stdout() && outputs.use_stdout() {
                bail!("two outputs go to standard output: give one of them the name of a file");
            }
            outputs.0.push(ReportOutput { destination, format });
        }
        Ok(outputs)
    }

    /// Adds text on standard output, unless another output goes there.
    pub(super) fn add_text(&mut self, options: TextOptions) {
        if !self.use_stdout() {
            let format = ReportFormat::Text(options);
            self.0.push(ReportOutput { destination: Destination::Stdout, format });
        }
    }

    /// Whether one of them goes to standard output.
    pub(super) fn use_stdout(&self) -> bool {
        self.0.iter().any(|output| output.destination.is_stdout())
    }

    /// Writes the report to all of them.
    pub(super) fn write(self, report: &Report) -> Result<()> {
        for ReportOutput { destination, format } in self.0 {
            destination.write(|out| format.write(report, out))?;
        }
        Ok(())
    }
}
