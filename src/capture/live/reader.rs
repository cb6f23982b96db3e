//! The thread of one interface.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use pcap::{Active, Capture, Error, Packet};

use super::KERNEL_DELAY_MS;
use super::batch::Batch;
use crate::wire::frame::Timestamp;

/// How often the kernel is asked for its drops while packets come in.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// How long a thread sleeps when there is nothing.
const NAP: Duration = Duration::from_millis(10);

/// How long the kernel may hold a packet back: its timer has to find it twice. The rest is for a
/// busy machine.
const HELD_BACK_NS: i64 = 4 * KERNEL_DELAY_MS as i64 * 1_000_000;

/// What a thread has to say.
pub(super) enum ReaderMessage {
    /// Packets, in the order in which they came.
    Batch { interface: u16, batch: Batch },
    /// There was nothing up to this time, beside what was sent before.
    Silent { interface: u16, until: Timestamp },
    /// So many packets were dropped so far, by the kernel or the interface.
    Dropped { interface: u16, packets: u64 },
    /// No more packets. With a reason: the interface failed.
    Ended { interface: u16, reason: Option<String> },
}

/// What a thread works with.
pub(super) struct Reader {
    pub(super) handle: Capture<Active>,
    pub(super) interface: u16,
    /// Packets per batch, at most.
    pub(super) many: usize,
    pub(super) sender: SyncSender<ReaderMessage>,
    /// Batches that were read and may be used again.
    pub(super) recycled: Receiver<Batch>,
    pub(super) stopped: Arc<AtomicBool>,
}

impl Reader {
    /// Reads until the capture is stopped, the interface fails, or nobody listens any more.
    pub(super) fn run(mut self) {
        let interface = self.interface;
        let mut drops = Drops::default();
        let mut end = None;
        let reason = loop {
            let asked = now();
            let (batch, outcome) = self.read();
            let is_silent = batch.is_empty();
            let last = batch.last();
            let message = if is_silent {
                let until = Timestamp(asked.0.saturating_sub(HELD_BACK_NS));
                ReaderMessage::Silent { interface, until }
            } else {
                ReaderMessage::Batch { interface, batch }
            };
            let sent = self.send(message);
            let failed = outcome.err();
            if self.stopped.load(Ordering::Relaxed) {
                end.get_or_insert(asked);
            }
            let ends = failed.is_some() || is_past(end, last);
            if let Some(packets) = drops.ask(&mut self.handle, ends) {
                self.send(ReaderMessage::Dropped { interface, packets });
            }
            if !sent || ends {
                break failed;
            }
            if is_silent {
                sleep(NAP);
            }
        };
        self.send(ReaderMessage::Ended { interface, reason });
    }

    /// What the kernel has ready.
    fn read(&mut self) -> (Batch, Result<(), String>) {
        let mut batch = self.recycled.try_recv().unwrap_or_else(|_| Batch::new());
        batch.clear();
        let take = |packet: Packet<'_>| {
            batch.push(timestamp(&packet), packet.header.len, packet.data);
        };
        let outcome = match self.handle.dispatch(Some(self.many), take) {
            Ok(_) | Err(Error::TimeoutExpired) => Ok(()),
            Err(Error::PcapError(reason)) => Err(reason),
            Err(error) => Err(error.to_string()),
        };
        (batch, outcome)
    }

    /// Waits as long as the analysis is behind; false when it has gone.
    fn send(&self, message: ReaderMessage) -> bool {
        self.sender.send(message).is_ok()
    }
}

/// Whether all packets up to the `end` were read, when the last one so far is `last`. Those that wait
/// in the kernel for a slow analysis are still to come.
fn is_past(end: Option<Timestamp>, last: Option<Timestamp>) -> bool {
    end.is_some_and(|end| last.is_none_or(|last| last > end))
}

/// The time by the clock that the kernel stamps packets with.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// The handle was opened for nanoseconds, which then stand where microseconds would.
fn timestamp(packet: &Packet<'_>) -> Timestamp {
    let time = packet.header.ts;
    Timestamp(time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_usec))
}

/// The drop counters of the kernel and of the interface.
#[derive(Default)]
struct Drops {
    asked: Option<Instant>,
    last: [u32; 2],
    total: u64,
}

impl Drops {
    /// The drops so far, if there are new ones and it is time to ask, or `now`.
    fn ask(&mut self, handle: &mut Capture<Active>, now: bool) -> Option<u64> {
        if !now && self.asked.is_some_and(|asked| asked.elapsed() < ASK_EVERY) {
            return None;
        }
        self.asked = Some(Instant::now());
        let stat = handle.stats().ok()?;
        self.add([stat.dropped, stat.if_dropped])
    }

    fn add(&mut self, counters: [u32; 2]) -> Option<u64> {
        let last = std::mem::replace(&mut self.last, counters);
        let new: u64 = counters.into_iter().zip(last).map(|(now, last)| rise(last, now)).sum();
        self.total += new;
        (new > 0).then_some(self.total)
    }
}

/// By how much a counter rose that is 32 bits wide and may wrap. That of an interface falls when the
/// interface goes away.
fn rise(last: u32, now: u32) -> u64 {
    let rise = now.wrapping_sub(last);
    if rise > u32::MAX / 2 { 0 } else { rise.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_rise_wrap_and_fall() {
        let mut drops = Drops::default();
        assert_eq!(drops.add([3, 0]), Some(3));
        assert_eq!(drops.add([3, 0]), None);
        assert_eq!(drops.add([3, 4]), Some(7));
        assert_eq!(drops.add([3, 0_u32.wrapping_sub(5)]), None, "it went away with 9 of its own");
        assert_eq!(rise(u32::MAX, 1), 2);
    }

    #[test]
    fn the_end_is_when_the_kernel_has_nothing_older() {
        let at = |time| Some(Timestamp(time));
        assert!(!is_past(None, None));
        assert!(!is_past(at(5), at(5)), "there may be more of that time");
        assert!(is_past(at(5), at(6)) && is_past(at(5), None));
    }
}
