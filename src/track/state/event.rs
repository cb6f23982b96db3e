//! What happened, in order: one event per option that says something new, and per TCP event.

use std::net::IpAddr;

use crate::track::fallback::FallbackCause;
use crate::track::ids::SubflowId;
use crate::track::role::Direction;
use crate::track::stamp::PacketStamp;
use crate::wire::icmp::IcmpReport;
use crate::wire::mptcp::MptcpOption;
use crate::wire::seq::Dsn;

/// Something that happened on a subflow of a connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Packet and time.
    pub seen: PacketStamp,
    /// On which subflow.
    pub subflow: SubflowId,
    /// Who sent it.
    pub direction: Direction,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum EventKind {
    /// An MPTCP option. DSS only where it says something new.
    Option(MptcpOption),
    /// The first SYN or SYN/ACK of a host on this subflow; `retransmission` counts the others.
    Syn {
        /// Whether it is a SYN/ACK.
        ack: bool,
        /// 0 for the first one.
        retransmission: u32,
    },
    /// The first segment with payload.
    FirstData {
        /// Bytes of it.
        payload_len: u32,
    },
    /// DATA_FIN: no more data in this direction.
    DataFin {
        /// The DSN it stands on.
        dsn: Dsn,
    },
    /// A run of bytes that another subflow carried before.
    Resent(Resent),
    /// The data level stood still until this segment, while data was not acknowledged.
    Stall {
        /// How long, in nanoseconds.
        duration_ns: i64,
    },
    /// The first FIN of a host on this subflow.
    Fin,
    /// A RST.
    Rst {
        /// Whether it has the ACK flag. A RST that answers a segment for no socket has none
        /// (RFC 9293 §3.5.2).
        ack: bool,
    },
    /// From here on the connection is plain TCP.
    Fallback(FallbackCause),
    /// An ICMP error about a segment of this direction.
    Icmp {
        /// Who reports it.
        from: IpAddr,
        /// What it says.
        report: IcmpReport,
    },
}

/// A run of segments with bytes that were mapped before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resent {
    /// Number of the subflow that carried them first; `None` where that is not remembered.
    pub from: Option<u32>,
    /// Bytes.
    pub bytes: u64,
    /// Segments.
    pub segments: u64,
    /// The last of them.
    pub last: PacketStamp,
}

/// The events of a connection: the first of them, and how many did not fit.
#[derive(Debug, Clone, Default)]
pub struct Events {
    kept: Vec<Event>,
    dropped: u64,
}

impl Events {
    /// The events kept, in the order in which they happened.
    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.kept.iter()
    }

    /// How many did not fit.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Adds an event, unless there are `most` already.
    pub fn push(&mut self, event: Event, most: usize) {
        if self.kept.len() < most {
            if self.kept.len() == self.kept.capacity() {
                // By a quarter: there are many of these lists, and most of them stay short.
                self.kept.reserve_exact(self.kept.len() / 4 + 8);
            }
            self.kept.push(event);
        } else {
            self.dropped += 1;
        }
    }

    /// Adds bytes that were mapped before: to the last run, if nothing else happened since, or as a
    /// new run. True for a new run.
    pub fn push_resent(&mut self, event: Event, resent: Resent, most: usize) -> bool {
        if let Some(last) = self.kept.last_mut()
            && last.subflow == event.subflow
            && last.direction == event.direction
            && let EventKind::Resent(run) = &mut last.kind
            && run.from == resent.from
        {
            run.bytes += resent.bytes;
            run.segments += u64::from(run.last != resent.last);
            run.last = resent.last;
            return false;
        }
        self.push(event, most);
        true
    }

    /// Takes the events of a subflow out of these.
    #[must_use]
    pub fn take_of(&mut self, subflow: SubflowId) -> Self {
        let (taken, kept) = self.kept.drain(..).partition(|event| event.subflow == subflow);
        self.kept = kept;
        Self { kept: taken, dropped: 0 }
    }

    /// Drops the events of a subflow whose number goes to another one.
    pub fn forget(&mut self, subflow: SubflowId) {
        self.dropped += self.take_of(subflow).kept.len() as u64;
    }

    /// Merges the events of `other` into these, in the order of packets.
    pub fn merge(&mut self, other: Self) {
        self.dropped += other.dropped;
        self.kept.extend(other.kept);
        self.kept.sort_by_key(|event| event.seen.packet);
    }

    /// Exchanges the directions, when it turns out that the roles were guessed wrongly.
    pub fn swap_roles(&mut self) {
        for event in &mut self.kept {
            event.direction = event.direction.sender().peer().sends();
        }
    }
}
