//! `follow`: what one host sent on a connection, as the application wrote it.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anyhow::{Result, bail};

use super::inputs;
use super::output::{self, to_stderr};
use super::readings::{FirstReading, SecondReading};
use super::report;
use crate::analyze::ConnectionContext;
use crate::cli::{FollowArgs, Side};
use crate::track::Tracker;
use crate::track::role::Role;
use crate::track::stream::{StreamBreak, StreamUse};
use crate::units;
use crate::wire::frame::PacketNo;

/// How many frames pass between two times that bytes are written.
const FRAMES_PER_WRITE: u64 = 1024;

/// The connection to follow: its first packet, and the first packets of all its subflows.
struct Target {
    first: PacketNo,
    subflows: BTreeSet<PacketNo>,
}

pub(super) fn run(args: &FollowArgs) -> Result<()> {
    let paths = inputs::paths(&args.inputs);
    let find = |tracker: &Tracker| find(tracker, args.connection);
    let (first, target) =
        FirstReading::of(&paths, &args.spool, inputs::decode_as(&args.inputs.decode), find)?;
    let sender = match args.from {
        Side::Client => Role::Client,
        Side::Server => Role::Server,
    };
    let mut second = first.again()?;
    second.tracker().keep_streams_of(StreamUse::Bytes, target.subflows.clone());
    output::to_stdout(|out| write_stream(&mut second, &target, sender, out))?;
    second.finish()?;
    warn_of_missing_data(second.tracker(), &target, sender);
    Ok(())
}

/// Which packets the connection begins with. That is known at the end of the first reading.
fn find(tracker: &Tracker, wanted: u64) -> Result<Target> {
    let trace = tracker.trace();
    let connections = trace.connections();
    report::check_number(connections.len(), wanted)?;
    let index = usize::try_from(wanted)?;
    let Some(connection) = connections.get(index) else { bail!("there is no connection {wanted}") };
    let subflows = trace.subflows(connection).map(|subflow| subflow.first.packet).collect();
    Ok(Target { first: connection.first.packet, subflows })
}

/// Reads the captures again, and writes bytes as soon as all before them are there.
fn write_stream(
    second: &mut SecondReading<'_>,
    target: &Target,
    sender: Role,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut frames = 0u64;
    second.run(true, |tracker, _| {
        frames += 1;
        if frames.is_multiple_of(FRAMES_PER_WRITE)
            && let Some(stream) = tracker.stream_mut(target.first, sender)
        {
            out.write_all(&stream.take_bytes())?;
        }
        Ok(())
    })?;
    let Some(stream) = second.tracker().stream_mut(target.first, sender) else { return Ok(()) };
    stream.finish();
    out.write_all(&stream.take_bytes())
}

/// Says on standard error why the stream ended before its time, if it did.
fn warn_of_missing_data(tracker: &mut Tracker, target: &Target, sender: Role) {
    let Some(stream) = tracker.stream_mut(target.first, sender) else { return };
    let (written, broken) = (stream.written(), stream.broken());
    let written = units::bytes(written);
    match broken {
        Some(StreamBreak::Cut) => {
            to_stderr(format_args!("after {written}: the payload is cut by the snap length"));
            return;
        }
        Some(StreamBreak::Memory) => {
            to_stderr(format_args!("after {written}: too much data waits for what is missing"));
            return;
        }
        None => {}
    }
    let trace = tracker.trace();
    let connections = trace.connections();
    let connection = connections.iter().find(|known| known.first.packet == target.first);
    let Some(connection) = connection else { return };
    if let Some(hole) = ConnectionContext::new(trace, &[], None, connection).holes(sender).first() {
        let missing = units::bytes(hole.len());
        to_stderr(format_args!("after {written}: {missing} of the stream are not in the capture"));
    }
}
