//! `explain`: what a finding means, or the list of all.

use anyhow::Result;

use super::output;
use crate::cli::{ExplainArgs, GlobalArgs};
use crate::report::text;

pub(super) fn run(args: &ExplainArgs, global: GlobalArgs) -> Result<()> {
    let colour = output::is_coloured(global.color);
    let columns = output::columns();
    output::to_stdout(|out| match args.code {
        Some(code) => text::write_explanation(code, columns, colour, out),
        None => text::write_codes(columns, colour, out),
    })
}
