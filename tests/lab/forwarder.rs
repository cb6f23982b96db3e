//! The forwarder: passes frames between the two interfaces of a router, and does to them what real
//! paths do. In user space, so that a kernel without `netem` will do.

use std::collections::BinaryHeap;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::socket::{LinkAddr, MsgFlags, bind, recvfrom, send};
use socket2::{Domain, Protocol, Socket, Type};

use super::frame::Frame;
use super::host::Host;
use super::path::{TOWARD_CLIENT, TOWARD_SERVER};

/// What happens to a frame.
pub(crate) enum Verdict {
    /// It goes on, changed or not.
    Pass,
    /// It is lost.
    Drop,
    /// It goes on, and once more.
    Duplicate,
    /// It goes on after those that come until then.
    Hold(Duration),
    /// It is lost, and this goes back.
    Answer(Frame),
}

/// What a path does to frames.
pub(crate) struct Impairment {
    delay: Duration,
    bits_per_second: Option<u64>,
    rule: Box<dyn FnMut(&mut Frame) -> Verdict + Send>,
}

/// How long frames may wait for those before them on a path with a rate, before new ones are lost.
const QUEUE: Duration = Duration::from_millis(300);

impl Impairment {
    /// Changes nothing.
    pub(crate) fn none() -> Self {
        Self::rule(|_| Verdict::Pass)
    }

    /// Does to each frame what `rule` says.
    pub(crate) fn rule(rule: impl FnMut(&mut Frame) -> Verdict + Send + 'static) -> Self {
        Self { delay: Duration::ZERO, bits_per_second: None, rule: Box::new(rule) }
    }

    /// Loses the frames that `lost` picks.
    pub(crate) fn drop_if(mut lost: impl FnMut(&Frame) -> bool + Send + 'static) -> Self {
        Self::rule(move |frame| if lost(frame) { Verdict::Drop } else { Verdict::Pass })
    }

    /// Changes frames.
    pub(crate) fn change(mut change: impl FnMut(&mut Frame) + Send + 'static) -> Self {
        Self::rule(move |frame| {
            change(frame);
            Verdict::Pass
        })
    }

    /// Each way takes so long.
    pub(crate) fn delay(self, milliseconds: u64) -> Self {
        Self { delay: Duration::from_millis(milliseconds), ..self }
    }

    /// Each direction has so many megabits per second.
    pub(crate) fn megabits(self, rate: u64) -> Self {
        Self { bits_per_second: Some(rate * 1_000_000), ..self }
    }
}

/// A running forwarder.
pub(crate) struct Forwarder {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Forwarder {
    /// Starts forwarding between the two interfaces of `router`.
    pub(crate) fn start(router: &Host, impairment: Impairment) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = router.run(move || {
            let ends = [open(TOWARD_CLIENT), open(TOWARD_SERVER)];
            std::thread::spawn(move || Line::new(ends, impairment).run(&stopped))
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A packet socket on one interface: bound to the link address that the system lists for it.
pub(crate) fn open(interface: &str) -> Socket {
    let all_protocols = i32::from(3u16.to_be());
    let protocol = Some(Protocol::from(all_protocols));
    let socket = Socket::new(Domain::PACKET, Type::RAW, protocol).unwrap();
    let mut addresses = nix::ifaddrs::getifaddrs().unwrap();
    let link = addresses
        .find_map(|listed| {
            let is_it = listed.interface_name == interface;
            listed.address.filter(|_| is_it)?.as_link_addr().copied()
        })
        .unwrap_or_else(|| panic!("{interface} is not there"));
    bind(socket.as_raw_fd(), &link).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

/// Both directions: index 0 is the side of the client.
struct Line {
    ends: [Socket; 2],
    impairment: Impairment,
    waiting: BinaryHeap<Waiting>,
    /// When the last frame toward each end will have left.
    busy_until: [Instant; 2],
    count: u64,
}

impl Line {
    fn new(ends: [Socket; 2], impairment: Impairment) -> Self {
        let now = Instant::now();
        Self { ends, impairment, waiting: BinaryHeap::new(), busy_until: [now; 2], count: 0 }
    }

    fn run(mut self, stopped: &AtomicBool) {
        let mut buffer = vec![0; 1 << 16];
        while !stopped.load(Ordering::Relaxed) {
            self.wait();
            for from in [0, 1] {
                while let Some(bytes) = receive(&self.ends[from], &mut buffer) {
                    self.take(Frame::new(bytes, from == 0));
                }
            }
            self.send_due();
        }
    }

    fn wait(&self) {
        let until_due = self
            .waiting
            .peek()
            .map_or(IDLE, |next| next.due.saturating_duration_since(Instant::now()).min(IDLE));
        // Rounded up, or it would spin through the last millisecond.
        let milliseconds = until_due.as_micros().div_ceil(1000);
        let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::ZERO);
        let mut ends = self.ends.each_ref().map(|end| PollFd::new(end.as_fd(), PollFlags::POLLIN));
        let _ = nix::poll::poll(&mut ends, timeout);
    }

    fn take(&mut self, mut frame: Frame) {
        let toward = usize::from(frame.from_client);
        match (self.impairment.rule)(&mut frame) {
            Verdict::Pass => self.queue(toward, frame, Duration::ZERO),
            Verdict::Drop => {}
            Verdict::Duplicate => {
                self.queue(toward, frame.clone(), Duration::ZERO);
                self.queue(toward, frame, Duration::ZERO);
            }
            Verdict::Hold(time) => self.queue(toward, frame, time),
            Verdict::Answer(answer) => self.queue(1 - toward, answer, Duration::ZERO),
        }
    }

    fn queue(&mut self, toward: usize, mut frame: Frame, hold: Duration) {
        frame.repair_checksum();
        let now = Instant::now();
        let mut due = now;
        if let Some(rate) = self.impairment.bits_per_second {
            let start = self.busy_until[toward].max(now);
            if start > now + QUEUE {
                return;
            }
            let bits = frame.bytes.len() as u64 * 8;
            due = start + Duration::from_nanos(bits * 1_000_000_000 / rate);
            self.busy_until[toward] = due;
        }
        due += self.impairment.delay + hold;
        self.count += 1;
        self.waiting.push(Waiting { due, number: self.count, toward, bytes: frame.bytes });
    }

    fn send_due(&mut self) {
        let now = Instant::now();
        while self.waiting.peek().is_some_and(|next| next.due <= now) {
            if let Some(next) = self.waiting.pop() {
                // An interface that is down loses frames.
                let end = self.ends[next.toward].as_raw_fd();
                let _ = send(end, &next.bytes, MsgFlags::empty());
            }
        }
    }
}

/// How long to wait for frames at most.
const IDLE: Duration = Duration::from_millis(20);

/// A frame that came in on the interface, or `None` if there is none.
fn receive(end: &Socket, buffer: &mut [u8]) -> Option<Vec<u8>> {
    const OUTGOING: u8 = 4;
    loop {
        let (len, from) = recvfrom::<LinkAddr>(end.as_raw_fd(), buffer).ok()?;
        if from.is_none_or(|from| from.pkttype() != OUTGOING) {
            return Some(buffer[..len].to_vec());
        }
    }
}

/// A frame that leaves when it is due; those due at the same time in the order in which they came.
struct Waiting {
    due: Instant,
    number: u64,
    toward: usize,
    bytes: Vec<u8>,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.due, other.number).cmp(&(self.due, self.number))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}
