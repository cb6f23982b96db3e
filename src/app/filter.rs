//! `--filter`: which rows are wanted, and where its text means nothing.

use anyhow::{Error, Result};

use super::output::{lines_to_stderr, to_stderr};
use crate::cli::FilterArgs;
use crate::filter::{Filter, FilterError};
use crate::printable::printable;
use crate::report::{Report, rows};
use crate::text_layout::width;

/// What `--filter` asks for.
pub(super) fn parse(args: &FilterArgs) -> Result<Filter> {
    let Some(text) = &args.filter else { return Ok(Filter::default()) };
    rows::filter(text).map_err(|error| {
        let message = format!("--filter: {error}");
        Error::new(error).context(message)
    })
}

/// Leaves of a report only what `filter` takes, and says which of its fields are not known here.
pub(super) fn keep(report: &mut Report, filter: &Filter) {
    for field in rows::keep(report, filter) {
        to_stderr(format_args!(
            "--filter: {field} is not known of any connection here, so no term on it holds"
        ));
    }
}

/// Where an error is that of a filter, shows its place: the text, and a caret below it.
pub(super) fn point_at(error: &Error) {
    let Some(error) = error.chain().find_map(|cause| cause.downcast_ref::<FilterError>()) else {
        return;
    };
    let (before, there) = error.parts();
    let column = width(&printable(before));
    let carets = "^".repeat(width(&printable(there)).max(1));
    lines_to_stderr(&[
        format!("    {}", printable(&error.text)),
        format!("    {:column$}{carets}", ""),
    ]);
}
