//! Capturing on interfaces, through libpcap: a thread each, merged by time into one stream.
//!
//! ```text
//!  eth0  ─ thread ─ batches ┐
//!  wlan0 ─ thread ─ batches ┴─ bounded channel ─▸ queues ─ by time ─▸ Frame
//! ```
//!
//! Nothing is dropped here: a reader that is too slow lets the channel fill up, then the kernel's
//! buffer, and what does not fit there the kernel counts.

mod batch;
mod error;
mod filter;
mod queues;
mod reader;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use pcap::{Active, Capture, Device, Linktype, Precision};

pub use self::error::LiveError;
pub use self::filter::DEFAULT_FILTER;

use self::queues::{InterfaceQueues, Turn};
use self::reader::{Reader, ReaderMessage};
use self::watch::Watch;
use super::status::{Format, InputStatus, Interface};
use crate::wire::frame::{CapturePoint, Frame, LinkType, PacketNo};

/// How long the kernel may wait for more packets before it hands out those it has. A screen that is
/// drawn ten times a second shows them at once.
const KERNEL_DELAY_MS: u32 = 25;

/// What comes in this long after a request to stop was on the wire before it.
const LAST_PACKETS: Duration = Duration::from_millis(6 * KERNEL_DELAY_MS as u64);

/// Batches that wait for the analysis; past that, packets wait in the kernel's buffers.
const MOST_WAITING: usize = 8;

/// How often interfaces are looked at.
const WATCH_EVERY: Duration = Duration::from_millis(500);

/// What to capture, and how.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// Names of the interfaces.
    pub interfaces: Vec<String>,
    /// A filter in the language of libpcap; [`DEFAULT_FILTER`] if `None`.
    pub filter: Option<String>,
    /// Bytes kept of each packet; 256 are enough for all headers.
    pub snaplen: u32,
    /// Whether to take packets for other hosts as well.
    pub promiscuous: bool,
    /// The kernel's buffer per interface, in octets.
    pub buffer: u32,
}

impl LiveOptions {
    /// The snap length that keeps all headers whole.
    pub const HEADERS: u32 = 256;
    /// The snap length that keeps everything.
    pub const EVERYTHING: u32 = 262_144;
}

/// An interface to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its name, for [`LiveOptions::interfaces`].
    pub name: String,
    /// What the system calls it besides.
    pub description: Option<String>,
    /// Whether it is up.
    pub up: bool,
    /// Its addresses.
    pub addresses: Vec<std::net::IpAddr>,
}

/// The interfaces of this host.
pub fn interfaces() -> Result<Vec<Choice>, LiveError> {
    let devices = Device::list().map_err(|error| LiveError::List(error.to_string()))?;
    let choice = |device: Device| Choice {
        up: device.flags.is_up(),
        addresses: device.addresses.iter().map(|address| address.addr).collect(),
        name: device.name,
        description: device.desc,
    };
    // The others (Bluetooth, D-Bus, netfilter queues) carry no IP that could be decoded.
    let is_network = |choice: &Choice| {
        choice.name == "any"
            || !["bluetooth", "dbus", "nf", "usbmon"]
                .iter()
                .any(|prefix| choice.name.starts_with(prefix))
    };
    Ok(devices.into_iter().map(choice).filter(is_network).collect())
}

/// What there is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveStep {
    /// A frame: see [`LiveCapture::frame`].
    Frame,
    /// Something happened to an interface.
    Notice(Notice),
    /// Nothing, as long as the caller wanted to wait.
    Idle,
    /// There will be no more frames: all interfaces are gone, or the capture was stopped.
    End,
}

/// Something that happened to an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its name.
    pub interface: String,
    /// What happened, as one clause.
    pub what: String,
}

/// Open interfaces. [`LiveCapture::start`] begins to read them.
pub struct LiveCapture {
    status: InputStatus,
    handles: Vec<Capture<Active>>,
    watches: Vec<Watch>,
    queues: InterfaceQueues,
    messages: Receiver<ReaderMessage>,
    sender: Option<SyncSender<ReaderMessage>>,
    stopped: Arc<AtomicBool>,
    stop_at: Option<Instant>,
    watch_at: Instant,
    many: usize,
}

impl LiveCapture {
    /// Opens every interface: the one step that needs a privilege. Nothing is read yet.
    ///
    /// Fails with the interface that could not be opened, or the filter that is wrong.
    pub fn open(options: &LiveOptions) -> Result<Self, LiveError> {
        let (sender, messages) = sync_channel(MOST_WAITING);
        let path = options.interfaces.join(", ");
        let mut live = Self {
            status: InputStatus::new(path, Format::Live, None),
            handles: Vec::new(),
            watches: Vec::new(),
            queues: InterfaceQueues::new(options.interfaces.len()),
            messages,
            sender: Some(sender),
            stopped: Arc::default(),
            stop_at: None,
            watch_at: Instant::now(),
            // Whole packets may be 64 kB each: fewer of them wait.
            many: if options.snaplen > 4096 { 128 } else { 1024 },
        };
        for name in &options.interfaces {
            live.open_interface(name, options)?;
        }
        Ok(live)
    }

    fn open_interface(&mut self, name: &str, options: &LiveOptions) -> Result<(), LiveError> {
        let failed = |error: pcap::Error| LiveError::open(name, &error);
        let inactive = Capture::from_device(name).map_err(failed)?;
        let mut handle = inactive
            .snaplen(i32::try_from(options.snaplen).unwrap_or(i32::MAX))
            .promisc(options.promiscuous)
            .timeout(KERNEL_DELAY_MS.cast_signed())
            .buffer_size(i32::try_from(options.buffer).unwrap_or(i32::MAX))
            .precision(Precision::Nano)
            .open()
            .and_then(Capture::setnonblock)
            .map_err(failed)?;
        prefer_cooked_v2(&mut handle);
        let filter = options.filter.as_deref().unwrap_or(DEFAULT_FILTER);
        handle.filter(filter, true).map_err(|error| LiveError::filter(filter, &error))?;
        self.status.interfaces.push(Interface {
            name: Some(name.to_owned()),
            link_type: LinkType(handle.get_datalink().0.cast_unsigned()),
            snaplen: Some(options.snaplen),
            dropped_by_kernel: Some(0),
        });
        self.handles.push(handle);
        self.watches.push(Watch::new(name));
        Ok(())
    }

    /// Starts a thread for each interface. They inherit what the caller has given up.
    pub fn start(&mut self) {
        let Some(sender) = self.sender.take() else { return };
        for (interface, handle) in (0..).zip(self.handles.drain(..)) {
            let recycled = self.queues.recycler(interface);
            let (sender, stopped) = (sender.clone(), Arc::clone(&self.stopped));
            let reader = Reader { handle, interface, many: self.many, sender, recycled, stopped };
            thread::spawn(move || reader.run());
        }
    }

    /// Goes to the next frame, or to whatever else comes first; waits `patience` at most.
    pub fn step(&mut self, patience: Duration) -> LiveStep {
        self.queues.consume();
        if let Some(notice) = self.look_after() {
            return LiveStep::Notice(notice);
        }
        let deadline = Instant::now() + patience;
        loop {
            match self.messages.try_recv_if(self.queues.wants_more()) {
                Ok(Some(message)) => {
                    if let Some(notice) = self.take(message) {
                        return LiveStep::Notice(notice);
                    }
                    continue;
                }
                Ok(None) => {}
                Err(Gone) => self.queues.close_all(),
            }
            let wait_until = match self.queues.choose() {
                Turn::Frame => {
                    self.count();
                    return LiveStep::Frame;
                }
                Turn::End => return LiveStep::End,
                Turn::Wait(until) => until.map_or(deadline, |until| until.min(deadline)),
            };
            let now = Instant::now();
            if now >= deadline {
                return LiveStep::Idle;
            }
            match self.messages.recv_timeout(wait_until.saturating_duration_since(now)) {
                Ok(message) => {
                    if let Some(notice) = self.take(message) {
                        return LiveStep::Notice(notice);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.queues.close_all(),
            }
        }
    }

    /// The frame that the last [`LiveStep::Frame`] announced.
    pub fn frame(&self) -> Option<Frame<'_>> {
        let (interface, record, data) = self.queues.current()?;
        let described = self.status.interfaces.get(usize::from(interface))?;
        Some(Frame {
            number: PacketNo(self.status.packets),
            timestamp: record.timestamp,
            point: CapturePoint { input: 0, interface },
            link_type: described.link_type,
            wire_len: record.wire_len,
            offset: None,
            data,
        })
    }

    /// Asks for an end: packets that are on their way still come, then [`LiveStep::End`].
    pub fn stop(&mut self) {
        self.stop_at.get_or_insert_with(|| Instant::now() + LAST_PACKETS);
    }

    /// What is known of the interfaces: they are one input.
    pub const fn status(&self) -> &InputStatus {
        &self.status
    }

    fn count(&mut self) {
        if let Some((_, record, data)) = self.queues.current() {
            self.status.count_frame(record.timestamp, data.len());
        }
    }

    fn take(&mut self, message: ReaderMessage) -> Option<Notice> {
        match message {
            ReaderMessage::Batch { interface, batch } => self.queues.push(interface, batch),
            ReaderMessage::Silent { interface, until } => self.queues.silent(interface, until),
            ReaderMessage::Dropped { interface, packets } => {
                if let Some(found) = self.status.interfaces.get_mut(usize::from(interface)) {
                    found.dropped_by_kernel = Some(packets);
                }
            }
            ReaderMessage::Ended { interface, reason } => {
                self.queues.close(interface);
                let interface = self.status.interfaces.get(usize::from(interface))?.name.clone()?;
                return reason.map(|what| Notice { interface, what });
            }
        }
        None
    }

    /// Stops the threads when it is time, and looks at the interfaces now and then.
    fn look_after(&mut self) -> Option<Notice> {
        let now = Instant::now();
        if self.stop_at.is_some_and(|at| now >= at) {
            self.stopped.store(true, Ordering::Relaxed);
        }
        if now < self.watch_at {
            return None;
        }
        self.watch_at = now + WATCH_EVERY;
        self.watches.iter_mut().find_map(Watch::look)
    }
}

/// A channel from which nobody sends any more.
struct Gone;

/// Looks into the channel only if `wanted`.
trait TryReceive {
    fn try_recv_if(&self, wanted: bool) -> Result<Option<ReaderMessage>, Gone>;
}

impl TryReceive for Receiver<ReaderMessage> {
    fn try_recv_if(&self, wanted: bool) -> Result<Option<ReaderMessage>, Gone> {
        if !wanted {
            return Ok(None);
        }
        match self.try_recv() {
            Ok(message) => Ok(Some(message)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Gone),
        }
    }
}

/// Version 2 of the cooked header tells on which interface of "any" a packet came.
fn prefer_cooked_v2(handle: &mut Capture<Active>) {
    let wanted = Linktype(LinkType::LINUX_SLL2.0.cast_signed());
    if handle.get_datalink().0.cast_unsigned() == LinkType::LINUX_SLL.0 {
        // Without it, version 1 is as good.
        let _ = handle.set_datalink(wanted);
    }
}
