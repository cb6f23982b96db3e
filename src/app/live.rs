//! `live`: what happens, as it happens, and the report at the end.

mod feed;
pub(super) mod host;
#[cfg(feature = "live")]
pub(super) mod interfaces;
mod output;
mod pipe;
mod session;
mod status;

#[cfg(all(feature = "live", target_os = "linux"))]
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use self::feed::{Feed, FeedStep};
use self::host::LocalHost;
use self::output::Lines;
use self::session::LiveSession;
use super::output::to_stderr;
use super::outputs::Outputs;
use crate::capture::write::{Rotation, Writer};
use crate::cli::{GlobalArgs, LiveArgs, Rotate};
use crate::report::text::TextOptions;

/// How long to wait for a packet before looking at everything else.
const PATIENCE: Duration = Duration::from_millis(50);

/// How long packets may stand in memory before they are in the file of `--write`.
const FLUSH_EVERY: Duration = Duration::from_millis(50);

/// How often there is a look at the drop counters and for findings.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) fn run(args: &LiveArgs, global: GlobalArgs) -> Result<()> {
    if args.list_interfaces {
        return list_interfaces();
    }
    let filter = super::filter::parse_live(&args.lines)?;
    let mut outputs = Outputs::open(&args.outputs, &[])?;
    let lines = match (args.jsonl, outputs.use_stdout()) {
        (true, true) => {
            bail!("standard output has the JSON lines: give --json the name of a file")
        }
        (true, false) => Lines::Json,
        (false, true) => Lines::None,
        (false, false) => Lines::Text,
    };
    if lines == Lines::Text {
        outputs.add_text(TextOptions {
            colour: super::output::is_coloured(global.color),
            columns: super::output::columns(),
            time: super::output::time_style(global.time),
            ..TextOptions::default()
        });
    }
    let mut feed = Feed::open(args)?;
    let host = feed.is_local().then(LocalHost::open);
    // With --user or --rotate, files are created after privileges are given up. So is the first one:
    // where that is impossible, the error comes now.
    let late = args.user.is_some() || !args.rotate.is_empty();
    let early = if late { None } else { writer(args, &feed)? };
    give_up_privileges(args, late)?;
    let writer = if late { writer(args, &feed)? } else { early };
    let mut session = LiveSession::new(args, lines, writer, host, filter);
    if let Some(described) = feed.described(args) {
        to_stderr(described);
    }
    feed.start()?;
    watch(args, &mut feed, &mut session)?;
    let report = session.finish(&feed)?;
    outputs.write(&report)
}

/// The loop: packets in, lines out, until somebody or something ends it.
fn watch(args: &LiveArgs, feed: &mut Feed, session: &mut LiveSession) -> Result<()> {
    let mut flush_at = Instant::now() + FLUSH_EVERY;
    let mut look_at = Instant::now() + LOOK_EVERY;
    let mut busy = 0u32;
    loop {
        let mut next = feed.next(Duration::ZERO);
        if matches!(next, FeedStep::Idle) {
            // Nothing waits: now is the time to show what there was.
            session.flush_lines()?;
            next = feed.next(PATIENCE);
        }
        let is_idle = match next {
            FeedStep::Frame(frame) => {
                session.frame(&frame)?;
                busy = busy.wrapping_add(1);
                false
            }
            FeedStep::Notice(notice) => {
                session.notice(&notice)?;
                false
            }
            FeedStep::Idle => true,
            FeedStep::End => return Ok(()),
        };
        if args.count.is_some_and(|count| session.frames() >= count) || session.is_over() {
            return Ok(());
        }
        // The clock is not looked at for every packet.
        if !is_idle && !busy.is_multiple_of(64) {
            continue;
        }
        let now = Instant::now();
        if now >= flush_at {
            session.flush()?;
            session.flush_lines()?;
            flush_at = now + FLUSH_EVERY;
        }
        if now >= look_at {
            session.look(feed.status())?;
            look_at = Instant::now() + LOOK_EVERY;
        }
    }
}

fn writer(args: &LiveArgs, feed: &Feed) -> Result<Option<Writer>> {
    let Some(path) = &args.write else { return Ok(None) };
    let writer = Writer::create(path, feed.interfaces(), rotation(args));
    writer.map(Some).map_err(|error| super::output::unwritable(&path.display().to_string(), error))
}

fn rotation(args: &LiveArgs) -> Rotation {
    let mut rotation = Rotation { keep: args.keep, ..Rotation::default() };
    for rotate in &args.rotate {
        match rotate {
            Rotate::Size(octets) => rotation.octets = Some(*octets),
            Rotate::Age(ns) => rotation.duration_ns = Some(*ns),
        }
    }
    rotation
}

/// What reads packets should be able to do nothing else.
#[cfg(all(feature = "live", target_os = "linux"))]
fn give_up_privileges(args: &LiveArgs, writes_later: bool) -> Result<()> {
    use crate::capture::privilege::{Needs, give_up};

    let written = folder(args).filter(|_| writes_later);
    // libpcap reads the drop counters of the interfaces each time it is asked.
    let statistics = |name: &String| format!("/sys/class/net/{name}/statistics").into();
    let needs = Needs {
        user: args.user.clone(),
        written: written.into_iter().collect(),
        read: args.interfaces.iter().map(statistics).collect(),
        ..Needs::default()
    };
    Ok(give_up(&needs)?)
}

#[cfg(not(all(feature = "live", target_os = "linux")))]
fn give_up_privileges(args: &LiveArgs, _: bool) -> Result<()> {
    if args.user.is_some() {
        bail!("--user is not possible with this mptcpscope: leave it out");
    }
    Ok(())
}

#[cfg(feature = "live")]
fn list_interfaces() -> Result<()> {
    let text = interfaces::list()?;
    super::output::to_stdout(|out| out.write_all(text.as_bytes()))
}

#[cfg(not(feature = "live"))]
fn list_interfaces() -> Result<()> {
    bail!("this mptcpscope was built without live capture, so it knows no interfaces")
}

/// The folder that files are written to while the capture goes on.
#[cfg(all(feature = "live", target_os = "linux"))]
fn folder(args: &LiveArgs) -> Option<PathBuf> {
    let folder = args.write.as_ref()?.parent()?;
    Some(if folder.as_os_str().is_empty() { ".".into() } else { folder.to_owned() })
}
