//! Where packets come from: interfaces, or a pipe that somebody else captures into.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

#[cfg(feature = "live")]
use crate::capture::live::LiveOptions;

#[cfg(feature = "live")]
use super::interfaces::{Interfaces, LiveStep};
use crate::app::stdin;

use super::pipe::{PipeStep, PipedCapture};
use crate::capture::{InputStatus, Interface};
use crate::cli::LiveArgs;
use crate::wire::frame::Frame;

/// What comes next.
#[cfg_attr(not(feature = "live"), expect(dead_code, reason = "a pipe has no notices"))]
pub(super) enum FeedStep<'a> {
    Frame(Frame<'a>),
    Notice(InterfaceNotice),
    /// Nothing came for a while.
    Idle,
    End,
}

/// Something that happened to an interface.
pub(super) struct InterfaceNotice {
    pub(super) interface: String,
    pub(super) what: String,
}

/// An open source of packets.
pub(super) struct Feed {
    source: FeedSource,
    stop: Stop,
}

enum FeedSource {
    #[cfg(feature = "live")]
    Interfaces(Interfaces),
    Pipe(PipedCapture),
}

impl Feed {
    /// Opens what the user named: everything that needs a privilege.
    pub(super) fn open(args: &LiveArgs) -> Result<Self> {
        let stop = Stop::new(args)?;
        if !args.interfaces.is_empty() {
            return Ok(Self { source: open_interfaces(args)?, stop });
        }
        if args.filter != ["-"] {
            bail!(
                "name an interface with -i (mptcpscope live --list-interfaces shows them), \
                 or give - to read standard input"
            );
        }
        Ok(Self { source: FeedSource::Pipe(PipedCapture::new()), stop })
    }

    /// What is waited for, for the user; `None` where everything is there.
    #[cfg_attr(
        not(feature = "live"),
        allow(unused_variables, reason = "only interfaces have a filter")
    )]
    pub(super) fn described(&self, args: &LiveArgs) -> Option<String> {
        match &self.source {
            #[cfg(feature = "live")]
            FeedSource::Interfaces(interfaces) => {
                let status = interfaces.status();
                let octets = status.interfaces.first().and_then(|interface| interface.snaplen);
                let octets = octets.map_or(0, u64::from);
                let packets = match args.filter.as_slice() {
                    [] => "TCP packet",
                    _ => "packet",
                };
                let kept = match octets {
                    _ if octets >= LiveOptions::EVERYTHING.into() => {
                        format!("every {packets} whole")
                    }
                    _ => format!("{octets} bytes of every {packets}"),
                };
                let filter = match args.filter.as_slice() {
                    [] => String::new(),
                    words => format!(" that passes the filter {}", words.join(" ")),
                };
                let path = &status.path;
                Some(format!("listening on {path}, {kept}{filter}; Ctrl-C ends it"))
            }
            FeedSource::Pipe(_) if stdin::is_file() => None,
            FeedSource::Pipe(_) => {
                Some("reading a capture from standard input as it comes; Ctrl-C ends it".to_owned())
            }
        }
    }

    /// Begins to read.
    pub(super) fn start(&mut self) -> Result<()> {
        self.stop.start();
        match &mut self.source {
            #[cfg(feature = "live")]
            FeedSource::Interfaces(interfaces) => interfaces.start(),
            FeedSource::Pipe(pipe) => pipe.start(self.stop.clone())?,
        }
        Ok(())
    }

    /// The next packet, or whatever comes before it, which is waited for so long at most.
    pub(super) fn next(&mut self, patience: Duration) -> FeedStep<'_> {
        match &mut self.source {
            #[cfg(feature = "live")]
            FeedSource::Interfaces(interfaces) => {
                if self.stop.is_due() {
                    interfaces.stop();
                }
                match interfaces.step(patience) {
                    LiveStep::Frame => interfaces.frame().map_or(FeedStep::Idle, FeedStep::Frame),
                    LiveStep::Notice(notice) => FeedStep::Notice(InterfaceNotice {
                        interface: notice.interface,
                        what: notice.what,
                    }),
                    LiveStep::Idle => FeedStep::Idle,
                    LiveStep::End => FeedStep::End,
                }
            }
            FeedSource::Pipe(pipe) => match pipe.next(patience) {
                PipeStep::Frame => pipe.frame().map_or(FeedStep::Idle, FeedStep::Frame),
                PipeStep::Idle => FeedStep::Idle,
                PipeStep::End => FeedStep::End,
            },
        }
    }

    /// Whether the packets are this host's own.
    pub(super) const fn is_local(&self) -> bool {
        !matches!(self.source, FeedSource::Pipe(..))
    }

    /// What is known of the input.
    pub(super) fn status(&self) -> &InputStatus {
        match &self.source {
            #[cfg(feature = "live")]
            FeedSource::Interfaces(interfaces) => interfaces.status(),
            FeedSource::Pipe(pipe) => pipe.status(),
        }
    }

    /// Its interfaces, as far as they are known.
    pub(super) fn interfaces(&self) -> &[Interface] {
        &self.status().interfaces
    }
}

#[cfg(feature = "live")]
fn open_interfaces(args: &LiveArgs) -> Result<FeedSource> {
    super::interfaces::open(args).map(FeedSource::Interfaces)
}

#[cfg(not(feature = "live"))]
fn open_interfaces(_: &LiveArgs) -> Result<FeedSource> {
    bail!("this mptcpscope was built without live capture: pipe tcpdump -U -w - into live -")
}

/// When to stop: a signal, or the end of `--duration`.
#[derive(Clone)]
pub(super) struct Stop {
    signalled: Arc<AtomicBool>,
    duration: Option<Duration>,
    at: Option<Instant>,
}

impl Stop {
    fn new(args: &LiveArgs) -> Result<Self> {
        let signalled = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // The second one ends the program at once.
            let (status, again) = (128 + signal, Arc::clone(&signalled));
            signal_hook::flag::register_conditional_shutdown(signal, status, again)?;
            signal_hook::flag::register(signal, Arc::clone(&signalled))?;
        }
        let duration = args.duration.map(|ns| Duration::from_nanos(ns.unsigned_abs()));
        Ok(Self { signalled, duration, at: None })
    }

    fn start(&mut self) {
        self.at = self.duration.and_then(|duration| Instant::now().checked_add(duration));
    }

    pub(super) fn is_due(&self) -> bool {
        self.signalled.load(Ordering::Relaxed) || self.at.is_some_and(|at| Instant::now() >= at)
    }
}
