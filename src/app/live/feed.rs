//! Where packets come from: interfaces, or a pipe that somebody else captures into.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

#[cfg(feature = "live")]
use super::interfaces::{Interfaces, Step};
use crate::app::stdin;
use crate::capture::{Capture, Format, InputStatus, Interface};
use crate::cli::LiveArgs;
use crate::wire::frame::Frame;

/// How often a silent pipe is left to see whether it is time to stop.
const LOOK_UP: Duration = Duration::from_millis(50);

/// What comes next.
#[cfg_attr(not(feature = "live"), expect(dead_code, reason = "a pipe has packets and an end"))]
pub(super) enum Next<'a> {
    Frame(Frame<'a>),
    Notice(Notice),
    /// Nothing came for a while.
    Idle,
    End,
}

/// Something that happened to an interface.
pub(super) struct Notice {
    pub(super) interface: String,
    pub(super) what: String,
}

/// An open source of packets.
pub(super) struct Feed {
    source: Source,
    stop: Stop,
}

enum Source {
    #[cfg(feature = "live")]
    Interfaces(Interfaces),
    /// Standard input, opened when it is read.
    Pipe(Option<Box<Capture>>, InputStatus),
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
        let status = InputStatus::new("-".to_owned(), Format::Pcap, None);
        Ok(Self { source: Source::Pipe(None, status), stop })
    }

    /// Begins to read.
    pub(super) fn start(&mut self) -> Result<()> {
        self.stop.start();
        match &mut self.source {
            #[cfg(feature = "live")]
            Source::Interfaces(interfaces) => interfaces.start(),
            Source::Pipe(capture, _) => {
                let pipe = Pipe::start(self.stop.clone());
                *capture = Some(Box::new(Capture::from_reader("-", pipe)?));
            }
        }
        Ok(())
    }

    /// The next packet, or whatever comes before it; interfaces are waited for so long at most.
    #[cfg_attr(not(feature = "live"), expect(unused_variables, reason = "a pipe just waits"))]
    pub(super) fn next(&mut self, patience: Duration) -> Next<'_> {
        match &mut self.source {
            #[cfg(feature = "live")]
            Source::Interfaces(interfaces) => {
                if self.stop.is_due() {
                    interfaces.stop();
                }
                match interfaces.step(patience) {
                    Step::Frame => interfaces.frame().map_or(Next::Idle, Next::Frame),
                    Step::Notice(notice) => {
                        Next::Notice(Notice { interface: notice.interface, what: notice.what })
                    }
                    Step::Idle => Next::Idle,
                    Step::End => Next::End,
                }
            }
            Source::Pipe(capture, _) => capture
                .as_mut()
                .and_then(|capture| capture.next_frame())
                .map_or(Next::End, Next::Frame),
        }
    }

    /// Whether the packets are this host's own.
    pub(super) const fn is_local(&self) -> bool {
        !matches!(self.source, Source::Pipe(..))
    }

    /// What is known of the input.
    pub(super) fn status(&self) -> &InputStatus {
        match &self.source {
            #[cfg(feature = "live")]
            Source::Interfaces(interfaces) => interfaces.status(),
            Source::Pipe(capture, unknown) => {
                let capture = capture.as_ref();
                capture.and_then(|capture| capture.inputs().first()).unwrap_or(unknown)
            }
        }
    }

    /// Its interfaces, as far as they are known.
    pub(super) fn interfaces(&self) -> &[Interface] {
        &self.status().interfaces
    }
}

#[cfg(feature = "live")]
fn open_interfaces(args: &LiveArgs) -> Result<Source> {
    super::interfaces::open(args).map(Source::Interfaces)
}

#[cfg(not(feature = "live"))]
fn open_interfaces(_: &LiveArgs) -> Result<Source> {
    bail!("this mptcpscope was built without live capture: pipe tcpdump -U -w - into live -")
}

/// When to stop: a signal, or the end of `--duration`.
#[derive(Clone)]
struct Stop {
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

    fn is_due(&self) -> bool {
        self.signalled.load(Ordering::Relaxed) || self.at.is_some_and(|at| Instant::now() >= at)
    }
}

/// Standard input, which ends when it is time to stop: a thread waits for what comes.
struct Pipe {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    taken: usize,
    stop: Stop,
}

impl Pipe {
    fn start(stop: Stop) -> Self {
        Self { pieces: stdin::pieces(), piece: Vec::new(), taken: 0, stop }
    }

    /// Waits for octets; none are the end.
    fn fill(&mut self) -> io::Result<()> {
        self.taken = 0;
        self.piece.clear();
        while !self.stop.is_due() {
            match self.pieces.recv_timeout(LOOK_UP) {
                Ok(piece) => {
                    self.piece = piece?;
                    break;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(())
    }
}

impl Read for Pipe {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.piece.len() {
            self.fill()?;
        }
        let mut rest = self.piece.get(self.taken..).unwrap_or_default();
        let octets = rest.read(space)?;
        self.taken += octets;
        Ok(octets)
    }
}
