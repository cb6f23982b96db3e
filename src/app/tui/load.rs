//! From captures and interfaces to snapshots: a thread of its own reads, tracks and keeps packets. It
//! publishes a snapshot now and then.
//!
//! ```text
//!  LoadInput ─ Frame ─▸ Gathering (tracker, index, spool) ─ Snapshot ─▸ screens
//!                                       └─ PacketReader ─────────────▸ screens
//! ```

mod gathering;
mod input;
mod pace;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use self::gathering::Gathering;
use self::input::{LoadInput, LoadStep};
use self::pace::Pace;
use crate::app::inputs;
use crate::app::kept;
use crate::app::live::host::LocalHost;
use crate::capture::{InputPath, KeptLimits, PacketReader};
use crate::cli::{SpoolArgs, TuiArgs};
use crate::host::HostSnapshot;
use crate::track::Limits;
use crate::track::limits::EvictionLimits;
use crate::tui::Snapshot;
use crate::wire::tunnel::DecodeAs;

/// How often the host is asked how it is.
const HOST_EVERY: Duration = Duration::from_secs(5);

/// Something new for the screens.
pub(super) enum LoadUpdate {
    /// What was read so far.
    Snapshot(Arc<Snapshot>),
    /// Why there will be nothing more.
    Failed(String),
}

/// Open captures or interfaces.
pub(super) struct Loader {
    input: LoadInput,
    gathering: Gathering,
    reader: PacketReader,
    host: Option<ObservedHost>,
    /// What happened to interfaces.
    notices: Vec<String>,
}

/// Reading that goes on.
pub(super) struct Running {
    stopped: Arc<AtomicBool>,
}

impl Running {
    /// Makes it end soon; does not wait for that.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

impl Loader {
    /// Opens what the user named, and gives up what only that took.
    pub(super) fn open(args: &TuiArgs) -> Result<Self> {
        let (input, host) = if args.interfaces.is_empty() {
            (LoadInput::of_captures(args.captures.iter().cloned().map(InputPath::from))?, None)
        } else {
            (LoadInput::of_interfaces(args)?, Some(ObservedHost::open()))
        };
        let limits = if input.is_live() { Limits::live(eviction(args)) } else { Limits::default() };
        let decode_as = inputs::decode_as(&args.decode);
        let loader = Self::new(input, limits, host, &kept::limits(&args.spool), decode_as);
        if !args.interfaces.is_empty() {
            give_up_privileges(args)?;
        }
        Ok(loader)
    }

    fn new(
        input: LoadInput,
        limits: Limits,
        host: Option<ObservedHost>,
        kept: &KeptLimits,
        decode_as: DecodeAs,
    ) -> Self {
        let gathering = Gathering::new(limits, input.statuses().len(), kept, decode_as);
        let reader = input.reader(gathering.spool());
        Self { input, gathering, reader, host, notices: Vec::new() }
    }

    /// What reads packets again that are in a snapshot.
    pub(super) fn reader(&self) -> PacketReader {
        self.reader.clone()
    }

    /// Begins to read. `publish` returns whether more is wanted.
    pub(super) fn start(
        mut self,
        mut publish: impl FnMut(LoadUpdate) -> bool + Send + 'static,
    ) -> Result<Running> {
        let stopped = Arc::new(AtomicBool::new(false));
        let running = Running { stopped: Arc::clone(&stopped) };
        thread::Builder::new().name("load".to_owned()).spawn(move || {
            let outcome =
                self.watch(&stopped, |snapshot| publish(LoadUpdate::Snapshot(Arc::new(snapshot))));
            if let Err(error) = outcome {
                publish(LoadUpdate::Failed(format!("{error:#}")));
            }
        })?;
        Ok(running)
    }

    /// Reads until the end, or until it is `stopped`, or until `publish` says that it may stop.
    fn watch(
        &mut self,
        stopped: &AtomicBool,
        mut publish: impl FnMut(Snapshot) -> bool,
    ) -> Result<()> {
        if !publish(self.title()) {
            return Ok(());
        }
        self.input.start(self.gathering.decode_as())?;
        let mut pace = Pace::new(self.input.is_live());
        while !stopped.load(Ordering::Relaxed) {
            let gathering = &mut self.gathering;
            let is_over = match self.input.next(&pace, |frame| gathering.take(frame)) {
                LoadStep::Frame => {
                    pace.note_news();
                    false
                }
                LoadStep::Notice(notice) => {
                    self.notices.push(notice);
                    pace.note_news();
                    false
                }
                LoadStep::Idle => {
                    if self.input.dropped() != self.gathering.dropped_told {
                        pace.note_news();
                    }
                    false
                }
                LoadStep::End => true,
            };
            if is_over || pace.is_due() {
                let start = Instant::now();
                let snapshot = self.snapshot(is_over);
                if !publish(snapshot) || is_over {
                    break;
                }
                pace.rest(start, Instant::now());
            }
        }
        Ok(())
    }

    /// What is known before anything was read.
    fn title(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.source.title = self.input.title();
        snapshot.source.phase = self.input.phase(false);
        snapshot
    }

    fn snapshot(&mut self, is_over: bool) -> Snapshot {
        let host = self.host.as_mut().map(ObservedHost::look);
        let (inputs, shifts) = (self.input.statuses(), self.input.shifts());
        let mut snapshot = self.gathering.snapshot(inputs, shifts, host);
        self.input.catch_up(&self.reader);
        self.gathering.dropped_told = self.input.dropped();
        snapshot.source.title = self.input.title();
        snapshot.source.phase = self.input.phase(is_over);
        snapshot.source.notes.extend(self.notices.iter().rev().cloned());
        snapshot
    }
}

/// All of some captures, read to the end.
pub(super) fn load_all(paths: Vec<InputPath>) -> Result<(Snapshot, PacketReader)> {
    let input = LoadInput::of_captures(paths.into_iter())?;
    let kept = kept::limits(&SpoolArgs::default());
    let mut loader = Loader::new(input, Limits::default(), None, &kept, DecodeAs::default());
    let reader = loader.reader();
    let mut latest = Snapshot::default();
    loader.watch(&AtomicBool::new(false), |snapshot| {
        latest = snapshot;
        true
    })?;
    Ok((latest, reader))
}

/// The host that packets are captured on.
struct ObservedHost {
    local: LocalHost,
    looked_at: Instant,
}

impl ObservedHost {
    fn open() -> Self {
        Self { local: LocalHost::open(), looked_at: Instant::now() }
    }

    /// What it said last. That is not long ago.
    fn look(&mut self) -> HostSnapshot {
        if self.looked_at.elapsed() >= HOST_EVERY {
            self.local.look();
            self.looked_at = Instant::now();
        }
        self.local.now().clone()
    }
}

fn eviction(args: &TuiArgs) -> EvictionLimits {
    let eviction = &args.eviction;
    EvictionLimits {
        closed_ns: eviction.forget_closed,
        half_open_ns: eviction.forget_half_open,
        idle_ns: eviction.forget_idle,
        most: eviction.max_connections,
    }
}

/// Whatever reads packets should be able to do nothing but draw, and write files to this folder.
#[cfg(all(feature = "live", target_os = "linux"))]
fn give_up_privileges(args: &TuiArgs) -> Result<()> {
    use crate::capture::privilege::{Needs, give_up};

    // libpcap reads the drop counters of the interfaces each time it is asked.
    let statistics = |name: &String| format!("/sys/class/net/{name}/statistics").into();
    Ok(give_up(&Needs {
        user: args.user.clone(),
        written: vec![".".into()],
        read: args.interfaces.iter().map(statistics).collect(),
        terminal: true,
    })?)
}

#[cfg(not(all(feature = "live", target_os = "linux")))]
fn give_up_privileges(args: &TuiArgs) -> Result<()> {
    if args.user.is_some() {
        anyhow::bail!("--user is not possible with this mptcpscope: leave it out");
    }
    Ok(())
}
