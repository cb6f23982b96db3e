//! `explain`: what a finding means, or the list of all.

use anyhow::Result;

use super::output;
use crate::cli::ExplainArgs;
use crate::report::text;

pub(super) fn run(args: &ExplainArgs) -> Result<()> {
    let colour = output::is_coloured(args.color);
    output::to_stdout(|out| match args.code {
        Some(code) => text::write_explanation(code, colour, out),
        None => text::write_codes(colour, out),
    })
}
