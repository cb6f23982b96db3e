//! `packets`: one row per segment that carries MPTCP options.
//!
//! Rows are printed in the second reading, with what only the end of the input shows. Lines of text from a
//! pipe are printed as they come instead: somebody may be capturing into it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write, stdout};

use anyhow::Result;

use super::progress::Progress;
use super::readings::FirstReading;
use super::{clocks, inputs, output, pipeline, report};
use crate::capture::{InputPath, InputStatus, is_pipe};
use crate::cli::{GlobalArgs, PacketsArgs, TimeWord};
use crate::report::packets::json::Packet;
use crate::report::packets::{PacketLine, PacketRow, Standing, csv, has_mptcp};
use crate::track::{Limits, Tracker};
use crate::wire::decoder::Decoder;
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::MptcpOption;
use crate::wire::segment::Decoded;

pub(super) fn run(args: &PacketsArgs, global: GlobalArgs) -> Result<()> {
    let paths = inputs::paths(&args.inputs);
    if needs_the_end(args, &paths) {
        print_twice_read(args, global.time, &paths)
    } else {
        stream(args, global.time, &paths)
    }
}

/// Whether rows have what only the end of the input shows.
fn needs_the_end(args: &PacketsArgs, paths: &[InputPath]) -> bool {
    let is_text = !args.jsonl && !args.csv;
    let is_plain = is_text && !args.all_segments && !args.relative;
    !(args.stream || is_plain && paths.iter().any(is_pipe))
}

/// Reads the inputs twice, and prints rows the second time.
fn print_twice_read(args: &PacketsArgs, time: TimeWord, paths: &[InputPath]) -> Result<()> {
    let (first, ()) =
        FirstReading::of(paths, &args.spool, inputs::decode_as(&args.inputs.decode), |_| Ok(()))?;
    let mut second = first.again()?;
    let start = first.origin().unwrap_or_default();
    // A bar between the lines on one terminal would disturb both.
    let has_bar = !stdout().is_terminal();
    output::to_stdout(|out| {
        let mut rows = Rows::begin(args, time, paths, out)?;
        second.run(has_bar, |tracker, tracked| {
            let Decoded::Tcp(segment) = tracked.decoded else { return Ok(()) };
            let is_wanted = has_mptcp(segment) || args.all_segments && tracked.ids.is_some();
            if !is_wanted {
                return Ok(());
            }
            let proof = |option: &MptcpOption| first.verdict(tracked, option);
            // Of a segment of no connection, no beginning is known.
            let relative = || first.relative(tracker, tracked).unwrap_or_default();
            let relative = args.relative.then(relative);
            rows.write(&PacketRow {
                segment,
                start,
                proof: &proof,
                file: name_of(first.statuses(), tracked.place.0),
                place: tracked.place,
                standing: Some(Standing {
                    ids: tracked.ids,
                    class: tracked.packet.map(|packet| packet.kind),
                    bytes: tracked.packet.map(|packet| packet.bytes),
                    relative,
                }),
            })
        })
    })?;
    second.finish()?;
    inputs::warn_of_cut_inputs(first.statuses());
    Ok(())
}

/// Prints rows as they come.
fn stream(args: &PacketsArgs, time: TimeWord, paths: &[InputPath]) -> Result<()> {
    let mut capture = inputs::open(paths)?;
    let decode_as = inputs::decode_as(&args.inputs.decode);
    clocks::correct(&mut capture, &clocks::shifts(paths, &decode_as)?);
    let mut decoder = Decoder::new(decode_as);
    let names: Vec<_> = capture.inputs().iter().map(|input| input.path.clone()).collect();
    let progress = Progress::new(capture.bytes_total(), !stdout().is_terminal());
    output::to_stdout_soon(|out| {
        let mut start = None;
        let mut places = inputs::Places::new(names.len());
        // It knows the keys that proofs are verified with.
        let mut tracker = Tracker::new(Limits::default(), report::seed());
        let mut rows = Rows::begin(args, time, paths, out)?;
        pipeline::run(&mut capture, &mut decoder, progress, |frame, decoded| {
            let start = *start.get_or_insert(frame.timestamp);
            let place = places.next(frame);
            tracker.push(decoded);
            let Decoded::Tcp(segment) = decoded else { return Ok(()) };
            if !has_mptcp(segment) {
                return Ok(());
            }
            let proof = |option: &MptcpOption| tracker.verdict(segment, option);
            let name = usize::try_from(place.0).ok().and_then(|input| names.get(input));
            let file = name.map_or("", String::as_str);
            rows.write(&PacketRow { segment, start, proof: &proof, file, place, standing: None })
        })
    })?;
    inputs::warn_of_cut_inputs(capture.inputs());
    Ok(())
}

fn name_of(inputs: &[InputStatus], input: u32) -> &str {
    let input = usize::try_from(input).ok().and_then(|input| inputs.get(input));
    input.map_or("", |input| &input.path)
}

/// The inputs without their folders, where that is enough to tell them apart.
fn short_names(paths: &[InputPath]) -> Vec<String> {
    let names = paths.iter().map(|path| match path {
        InputPath::File(file) => file
            .file_name()
            .map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into()),
        InputPath::Stdin => "-".to_owned(),
    });
    let names: Vec<_> = names.collect();
    if names.iter().collect::<BTreeSet<_>>().len() == names.len() {
        names
    } else {
        paths.iter().map(ToString::to_string).collect()
    }
}

/// Rows in the form that is asked for.
struct Rows<'a> {
    form: RowForm,
    out: &'a mut dyn Write,
    line: String,
    time: TimeWord,
    is_relative: bool,
    /// When the last row was captured.
    before: Option<Timestamp>,
}

#[derive(Debug)]
enum RowForm {
    /// With short names of the inputs, if there are several.
    Text(Vec<String>),
    Csv,
    JsonLines,
}

impl<'a> Rows<'a> {
    fn begin(
        args: &PacketsArgs,
        time: TimeWord,
        paths: &[InputPath],
        out: &'a mut dyn Write,
    ) -> io::Result<Self> {
        let form = if args.jsonl {
            RowForm::JsonLines
        } else if args.csv {
            csv::write_names(args.relative, out)?;
            RowForm::Csv
        } else {
            RowForm::Text(if paths.len() > 1 { short_names(paths) } else { Vec::new() })
        };
        Ok(Self { form, out, line: String::new(), time, is_relative: args.relative, before: None })
    }

    fn write(&mut self, row: &PacketRow<'_>) -> io::Result<()> {
        match &self.form {
            RowForm::Text(names) => {
                let input = usize::try_from(row.place.0).ok().and_then(|input| names.get(input));
                let input = input.map(String::as_str);
                let at = row.segment.timestamp;
                let since = match self.time {
                    TimeWord::Absolute => None,
                    TimeWord::Relative => Some(row.start),
                    TimeWord::Delta => self.before.or(Some(at)),
                };
                self.before = Some(at);
                // Written at once: a line has many parts.
                self.line.clear();
                let _ = writeln!(self.line, "{}", PacketLine { row, since, input });
                self.out.write_all(self.line.as_bytes())
            }
            RowForm::Csv => csv::write_row(row, self.is_relative, self.out),
            RowForm::JsonLines => {
                serde_json::to_writer(&mut *self.out, &Packet::new(row))?;
                writeln!(self.out)
            }
        }
    }
}
