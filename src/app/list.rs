//! `list`: one line per connection.

use std::mem;

use anyhow::Result;

use super::output::{self, Destination};
use super::report::{self, KeptStreams, ReportContents};
use super::{clocks, filter, inputs};
use crate::cli::{GlobalArgs, ListArgs};
use crate::report::list::{self, Column};
use crate::report::text::{ListOptions, write_list};

pub(super) fn run(args: &ListArgs, global: GlobalArgs) -> Result<()> {
    let filter = filter::parse(&args.filter)?;
    let paths = inputs::paths(&args.inputs);
    let mut capture = inputs::open(&paths)?;
    let decode_as = inputs::decode_as(&args.inputs.decode);
    let shifts = clocks::shifts(&paths, &decode_as)?;
    clocks::correct(&mut capture, &shifts);
    let json = args.json.as_ref().map(|path| Destination::create(path, &paths)).transpose()?;
    let tracked = report::track(capture, decode_as, KeptStreams::None, false)?;
    let statuses = tracked.capture.inputs();
    let wanted = ReportContents::default();
    let counted = (&tracked.decoder, &tracked.counts);
    let mut report = report::build(&tracked.tracker, counted, statuses, &shifts, &wanted);
    inputs::warn_of_cut_inputs(statuses);
    mem::forget(tracked);
    filter::keep(&mut report, &filter);
    let rows = list::rows(&report, &args.sort);
    let is_text = json.as_ref().is_none_or(|json| !json.is_stdout());
    if let Some(json) = json {
        json.write(|out| list::write_json(&report, &rows, out))?;
    }
    if is_text {
        let width = output::width();
        let usual = args.columns.is_empty().then(|| Column::usual(width));
        let columns = usual.unwrap_or(&args.columns);
        let options = ListOptions {
            columns: columns.to_vec(),
            colour: output::is_coloured(global.color),
            width,
        };
        output::to_stdout(|out| match report.totals.connections {
            0 if report.may_have_more() => writeln!(
                out,
                "no MPTCP connection was found in what could be looked into: report names the rest"
            ),
            0 => writeln!(out, "no MPTCP connection was found"),
            _ => write_list(&rows, &options, out),
        })?;
    }
    mem::forget(report);
    Ok(())
}
