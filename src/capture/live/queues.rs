//! Merging by time while it happens: a queue of batches for each interface.
//!
//! The earliest packet goes first. It waits until every other interface has a packet as well, or says
//! that it has had none up to that time.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::batch::{Batch, BatchedPacket};
use crate::wire::frame::Timestamp;

/// How long a packet waits for an interface that says nothing at all, not even that it is silent.
const MOST_PATIENCE: Duration = Duration::from_secs(1);

/// Batches kept for use again.
const MOST_RECYCLED: usize = 16;

/// What can be done now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Take the current packet.
    Frame,
    /// Wait for more, until then at most; or for as long as it takes.
    Wait(Option<Instant>),
    /// All queues are closed and empty.
    End,
}

/// The queue of every interface.
pub(super) struct InterfaceQueues {
    queues: Vec<InterfaceQueue>,
    /// The queue whose first packet was chosen.
    current: Option<usize>,
}

struct InterfaceQueue {
    batches: VecDeque<Batch>,
    /// The next packet in the first batch.
    next: usize,
    /// Nothing that is earlier than this will come.
    silent_until: Timestamp,
    open: bool,
    /// Where read batches go, and the thread's end of that.
    used: Sender<Batch>,
    recycled: Option<Receiver<Batch>>,
}

impl InterfaceQueues {
    pub(super) fn new(interfaces: usize) -> Self {
        Self { queues: (0..interfaces).map(|_| InterfaceQueue::new()).collect(), current: None }
    }

    /// Where the thread of an interface gets its batches back.
    pub(super) fn recycler(&mut self, interface: u16) -> Receiver<Batch> {
        let queue = self.queues.get_mut(usize::from(interface));
        queue.and_then(|queue| queue.recycled.take()).unwrap_or_else(|| channel().1)
    }

    pub(super) fn push(&mut self, interface: u16, batch: Batch) {
        if let Some(queue) = self.queues.get_mut(usize::from(interface)) {
            queue.batches.push_back(batch);
        }
    }

    /// Says that an interface had no packet up to a time, except those that were pushed.
    pub(super) fn silent(&mut self, interface: u16, until: Timestamp) {
        if let Some(queue) = self.queues.get_mut(usize::from(interface)) {
            queue.silent_until = queue.silent_until.max(until);
        }
    }

    /// Says that nothing more comes from an interface.
    pub(super) fn close(&mut self, interface: u16) {
        if let Some(queue) = self.queues.get_mut(usize::from(interface)) {
            queue.open = false;
        }
    }

    pub(super) fn close_all(&mut self) {
        self.queues.iter_mut().for_each(|queue| queue.open = false);
    }

    /// Whether a queue has nothing, so that the order is not certain.
    pub(super) fn wants_more(&self) -> bool {
        self.queues.iter().any(|queue| queue.open && queue.is_empty())
    }

    /// Chooses the packet that comes first.
    pub(super) fn choose(&mut self) -> Turn {
        let heads = self.queues.iter().enumerate();
        let first = heads.filter_map(|(index, queue)| Some((queue.head()?, index))).min();
        let Some((time, index)) = first else {
            let ended = self.queues.iter().all(|queue| !queue.open);
            return if ended { Turn::End } else { Turn::Wait(None) };
        };
        let may_be_earlier =
            |queue: &InterfaceQueue| queue.open && queue.is_empty() && queue.silent_until < time;
        let arrived = self.queues.get(index).and_then(InterfaceQueue::arrived);
        if let Some(arrived) = arrived.filter(|_| self.queues.iter().any(may_be_earlier)) {
            let until = arrived + MOST_PATIENCE;
            if Instant::now() < until {
                return Turn::Wait(Some(until));
            }
        }
        self.current = Some(index);
        Turn::Frame
    }

    /// The packet that was chosen, and the number of its interface.
    pub(super) fn current(&self) -> Option<(u16, BatchedPacket, &[u8])> {
        let index = self.current?;
        let queue = self.queues.get(index)?;
        let (record, data) = queue.batches.front()?.get(queue.next)?;
        Some((u16::try_from(index).unwrap_or(u16::MAX), record, data))
    }

    /// Goes past the packet that was chosen.
    pub(super) fn consume(&mut self) {
        let queue = self.current.take().and_then(|index| self.queues.get_mut(index));
        if let Some(queue) = queue {
            queue.consume();
        }
    }
}

impl InterfaceQueue {
    fn new() -> Self {
        let (used, recycled) = channel();
        Self {
            batches: VecDeque::new(),
            next: 0,
            silent_until: Timestamp(i64::MIN),
            open: true,
            used,
            recycled: Some(recycled),
        }
    }

    fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    fn head(&self) -> Option<Timestamp> {
        self.batches.front()?.timestamp(self.next)
    }

    fn arrived(&self) -> Option<Instant> {
        self.batches.front().map(|batch| batch.arrived)
    }

    fn consume(&mut self) {
        self.next += 1;
        if self.head().is_some() {
            return;
        }
        self.next = 0;
        if let Some(used) = self.batches.pop_front()
            && self.batches.len() < MOST_RECYCLED
        {
            // The thread may have ended.
            let _ = self.used.send(used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(times: &[i64]) -> Batch {
        let mut batch = Batch::new();
        for time in times {
            batch.push(Timestamp(*time), 1, &[0]);
        }
        batch
    }

    fn take(queues: &mut InterfaceQueues) -> Vec<(u16, i64)> {
        let mut taken = Vec::new();
        while queues.choose() == Turn::Frame {
            let (interface, record, _) = queues.current().unwrap();
            taken.push((interface, record.timestamp.0));
            queues.consume();
        }
        taken
    }

    #[test]
    fn the_earliest_goes_first_as_long_as_all_have_one() {
        let mut queues = InterfaceQueues::new(2);
        queues.push(0, batch(&[1, 4, 6]));
        queues.push(1, batch(&[2, 3, 5]));
        assert_eq!(take(&mut queues), [(0, 1), (1, 2), (1, 3), (0, 4), (1, 5)]);
        assert!(queues.wants_more());
        queues.close(1);
        assert_eq!(take(&mut queues), [(0, 6)]);
        queues.close(0);
        assert_eq!(queues.choose(), Turn::End);
    }

    #[test]
    fn a_silent_interface_holds_others_up_until_it_says_so() {
        let mut queues = InterfaceQueues::new(2);
        queues.push(0, batch(&[7, 9]));
        assert!(matches!(queues.choose(), Turn::Wait(Some(_))));
        queues.silent(1, Timestamp(8));
        assert_eq!(take(&mut queues), [(0, 7)]);
        queues.push(1, batch(&[8]));
        assert_eq!(take(&mut queues), [(1, 8)]);
        queues.silent(1, Timestamp(9));
        assert_eq!(take(&mut queues), [(0, 9)]);
    }

    #[test]
    fn patience_with_an_interface_has_an_end() {
        let mut queues = InterfaceQueues::new(2);
        let mut old = batch(&[7]);
        old.arrived = Instant::now().checked_sub(MOST_PATIENCE).unwrap();
        queues.push(0, old);
        assert_eq!(take(&mut queues), [(0, 7)]);
    }

    #[test]
    fn one_interface_waits_for_nobody() {
        let mut queues = InterfaceQueues::new(1);
        assert_eq!(queues.choose(), Turn::Wait(None));
        queues.push(0, batch(&[2, 1]));
        assert_eq!(take(&mut queues), [(0, 2), (0, 1)], "its own order is kept");
    }
}
