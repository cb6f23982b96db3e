//! Where packets come from: captures, a pipe that somebody captures into, or interfaces.

use std::io::{self, ErrorKind, IsTerminal, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Result, bail};

use super::pace::Pace;
use crate::app::{clocks, inputs, stdin};
use crate::capture::spool::SpoolReader;
use crate::capture::{Capture, InputPath, InputStatus, PacketReader, is_pipe};
use crate::cli::TuiArgs;
use crate::tui::snapshot::Phase;
use crate::wire::frame::Frame;
use crate::wire::tunnel::DecodeAs;

#[cfg(feature = "live")]
use crate::app::live::interfaces::{self, Interfaces};

/// How long a pipe may be silent before it is something else's turn.
const SILENCE: Duration = Duration::from_millis(50);

/// What came next.
#[cfg_attr(not(feature = "live"), expect(dead_code, reason = "a pipe has packets and an end"))]
pub(super) enum LoadStep {
    Frame,
    /// Something that happened to an interface.
    Notice(String),
    /// Nothing, for a while.
    Idle,
    End,
}

/// What packets come from, open.
pub(super) struct LoadInput {
    kind: InputKind,
    paths: Vec<InputPath>,
    shifts: Vec<Option<i64>>,
}

enum InputKind {
    Files(Capture),
    Pipe(Capture),
    #[cfg(feature = "live")]
    Interfaces(Box<Interfaces>),
}

impl LoadInput {
    /// Opens captures; one that cannot be read fails.
    pub(super) fn of_captures(paths: impl Iterator<Item = InputPath>) -> Result<Self> {
        let paths: Vec<_> = paths.collect();
        if paths.contains(&InputPath::Stdin) && io::stdin().is_terminal() {
            bail!("standard input is a keyboard: pipe a capture into it, or name a file");
        }
        let kind = match paths.as_slice() {
            [path] if is_pipe(path) => InputKind::Pipe(Pipe::open(path)?),
            _ => InputKind::Files(inputs::open(&paths)?),
        };
        Ok(Self { kind, paths, shifts: Vec::new() })
    }

    /// Opens interfaces.
    #[cfg(feature = "live")]
    pub(super) fn of_interfaces(args: &TuiArgs) -> Result<Self> {
        use crate::capture::live::LiveOptions;

        let filter: Option<Vec<_>> = args.captures.iter().map(|word| word.to_str()).collect();
        let Some(filter) = filter else { bail!("the filter is no text: write it as for tcpdump") };
        let interfaces = interfaces::open_with(&LiveOptions {
            interfaces: args.interfaces.clone(),
            filter: (!filter.is_empty()).then(|| filter.join(" ")),
            snaplen: args.snaplen.unwrap_or(LiveOptions::HEADERS),
            promiscuous: args.promiscuous,
            buffer: args.buffer,
        })?;
        let kind = InputKind::Interfaces(Box::new(interfaces));
        Ok(Self { kind, paths: Vec::new(), shifts: Vec::new() })
    }

    #[cfg(not(feature = "live"))]
    pub(super) fn of_interfaces(_: &TuiArgs) -> Result<Self> {
        bail!("this mptcpscope was built without live capture: pipe tcpdump -U -w - into tui -")
    }

    /// Begins to read. By now there is a screen that shows how far it is.
    pub(super) fn start(&mut self, decode_as: &DecodeAs) -> Result<()> {
        match &mut self.kind {
            InputKind::Files(capture) => {
                self.shifts = clocks::shifts(&self.paths, decode_as)?;
                clocks::correct(capture, &self.shifts);
            }
            InputKind::Pipe(_) => {}
            #[cfg(feature = "live")]
            InputKind::Interfaces(interfaces) => interfaces.start(),
        }
        Ok(())
    }

    /// Hands the next frame to `visit`, if one comes before something else does.
    #[cfg_attr(not(feature = "live"), expect(unused_variables, reason = "a file does not wait"))]
    pub(super) fn next(&mut self, pace: &Pace, visit: impl FnOnce(&Frame<'_>)) -> LoadStep {
        match &mut self.kind {
            InputKind::Files(capture) | InputKind::Pipe(capture) => match capture.next_frame() {
                Some(frame) => visit(&frame),
                None => return if capture.is_waiting() { LoadStep::Idle } else { LoadStep::End },
            },
            #[cfg(feature = "live")]
            InputKind::Interfaces(interfaces) => match interfaces.step(pace.patience()) {
                interfaces::LiveStep::Frame => {
                    if let Some(frame) = interfaces.frame() {
                        visit(&frame);
                    }
                }
                interfaces::LiveStep::Notice(notice) => {
                    return LoadStep::Notice(format!("{} {}", notice.interface, notice.what));
                }
                interfaces::LiveStep::Idle => return LoadStep::Idle,
                interfaces::LiveStep::End => return LoadStep::End,
            },
        }
        LoadStep::Frame
    }

    /// Whether packets come as they are captured.
    pub(super) const fn is_live(&self) -> bool {
        !matches!(self.kind, InputKind::Files(_))
    }

    /// What is known of each input.
    pub(super) fn statuses(&self) -> &[InputStatus] {
        match &self.kind {
            InputKind::Files(capture) | InputKind::Pipe(capture) => capture.inputs(),
            #[cfg(feature = "live")]
            InputKind::Interfaces(interfaces) => std::slice::from_ref(interfaces.status()),
        }
    }

    /// By how much the clock of each input was corrected.
    pub(super) fn shifts(&self) -> &[Option<i64>] {
        &self.shifts
    }

    /// Its name for the user.
    pub(super) fn title(&self) -> String {
        if self.paths.is_empty() {
            return self.statuses().iter().map(|status| status.path.as_str()).collect();
        }
        // The folder would take the room that the connection needs.
        let names = self.paths.iter().map(|path| match path {
            InputPath::File(path) => path
                .file_name()
                .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into()),
            InputPath::Stdin => path.to_string(),
        });
        names.collect::<Vec<_>>().join(", ")
    }

    /// How far it is.
    pub(super) fn phase(&self, is_over: bool) -> Phase {
        match &self.kind {
            _ if is_over => Phase::Done,
            InputKind::Files(capture) => {
                Phase::Loading { read: capture.bytes_read(), total: capture.bytes_total() }
            }
            _ => Phase::Live { dropped: self.dropped() },
        }
    }

    /// Packets that the kernel dropped, where it counts them.
    pub(super) fn dropped(&self) -> Option<u64> {
        let dropped = self.statuses().iter().filter_map(InputStatus::dropped_by_kernel);
        dropped.reduce(u64::saturating_add)
    }

    /// What reads packets again: from the files, and what is no file from the spool.
    pub(super) fn reader(&self, spool: Option<SpoolReader>) -> PacketReader {
        match &self.kind {
            InputKind::Files(capture) | InputKind::Pipe(capture) => {
                PacketReader::new(&self.paths, capture, spool)
            }
            #[cfg(feature = "live")]
            InputKind::Interfaces(_) => spool.map(PacketReader::of_spool).unwrap_or_default(),
        }
    }

    /// Tells the reader what it needs to know of the files.
    pub(super) fn catch_up(&self, reader: &PacketReader) {
        if let InputKind::Files(capture) = &self.kind {
            reader.catch_up(capture);
        }
    }
}

/// A pipe that does not keep its reader waiting, once it was recognised as a capture.
struct Pipe {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    taken: usize,
    is_open: Arc<AtomicBool>,
}

impl Pipe {
    fn open(path: &InputPath) -> Result<Capture> {
        let (name, pieces) = match path {
            InputPath::Stdin => ("-".to_owned(), stdin::pieces()),
            InputPath::File(path) => (path.display().to_string(), stdin::pieces_of(path.clone())),
        };
        let is_open = Arc::new(AtomicBool::new(false));
        let pipe = Self { pieces, piece: Vec::new(), taken: 0, is_open: Arc::clone(&is_open) };
        let capture = Capture::from_reader(name, pipe)?;
        // Not everything that unpacks can stop in the middle and go on later.
        let is_plain = capture.inputs().iter().all(|input| input.compression.is_none());
        is_open.store(is_plain, Ordering::Relaxed);
        Ok(capture)
    }

    /// The next piece; an empty one is the end.
    fn receive(&self) -> io::Result<Vec<u8>> {
        if !self.is_open.load(Ordering::Relaxed) {
            return self.pieces.recv().unwrap_or_else(|_| Ok(Vec::new()));
        }
        match self.pieces.recv_timeout(SILENCE) {
            Ok(piece) => piece,
            Err(RecvTimeoutError::Timeout) => Err(ErrorKind::WouldBlock.into()),
            Err(RecvTimeoutError::Disconnected) => Ok(Vec::new()),
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.piece.len() {
            self.piece = self.receive()?;
            self.taken = 0;
        }
        let mut rest = self.piece.get(self.taken..).unwrap_or_default();
        let bytes = rest.read(space)?;
        self.taken += bytes;
        Ok(bytes)
    }
}
