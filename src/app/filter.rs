//! `--filter`: which rows are wanted, and where its text means nothing.

use anyhow::{Error, Result, bail};

use super::output::{lines_to_stderr, to_stderr};
use crate::cli::FilterArgs;
use crate::filter::{Filter, FilterError};
use crate::printable::printable;
use crate::report::live::KNOWN_FIELDS;
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

/// The same for lines that are written while a capture goes on.
pub(super) fn parse_live(args: &FilterArgs) -> Result<Filter> {
    let filter = parse(args)?;
    let late = filter.fields().into_iter().find(|field| !KNOWN_FIELDS.contains(field));
    if let Some(late) = late {
        let known: Vec<_> = KNOWN_FIELDS.iter().map(|field| field.name()).collect();
        let known = known.join(", ");
        bail!(
            "--filter: {late} is not known at a packet: while a capture goes on, ask for {known}"
        );
    }
    Ok(filter)
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
