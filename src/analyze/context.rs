//! What a rule sees: one connection, or the capture as a whole.

use std::cell::OnceCell;

use super::holes;
use super::host::KnownHost;
use super::input_stats::InputStats;
use super::state::{self, Close, ConnectionState};
use crate::host::HostSnapshot;
use crate::track::Trace;
use crate::track::address::AnnouncedAddress;
use crate::track::connection::Connection;
use crate::track::event::{Event, EventKind};
use crate::track::proof::{self, JoinVerdicts, Verdict};
use crate::track::range_set::SeqRange;
use crate::track::role::{PerRole, Role};
use crate::track::subflow::Subflow;
use crate::wire::crypto::AddAddrHmacVariant;
use crate::wire::frame::{PacketNo, Timestamp};
use crate::wire::mptcp::MptcpOption;

/// The verdict on the HMAC of an announced address, and which way of computing it matched.
pub type AddressVerdict = (Verdict, Option<AddAddrHmacVariant>);

/// One connection, and what follows from its packets. Costly facts are computed once, when a rule or the
/// report asks for them first.
pub struct ConnectionContext<'a> {
    /// Everything.
    pub trace: Trace<'a>,
    /// What is known of the inputs.
    pub inputs: &'a [InputStats],
    /// What one of its hosts says of itself, if that is known.
    pub host: Option<KnownHost<'a>>,
    /// The connection.
    pub connection: &'a Connection,
    /// Its subflows, by number.
    pub subflows: Vec<&'a Subflow>,
    /// First packet of the first established join.
    pub first_joined: Option<PacketNo>,
    /// How far it came.
    pub state: ConnectionState,
    /// How it ended.
    pub close: Option<Close>,
    /// Whether more packets are to come: it is judged as it is at the moment.
    pub is_going_on: bool,
    /// The verdicts on the HMACs of each of `subflows`.
    join_verdicts: OnceCell<Vec<Option<JoinVerdicts>>>,
    /// The verdicts on the HMACs of each of its addresses.
    address_verdicts: OnceCell<Vec<AddressVerdict>>,
    holes: PerRole<OnceCell<Vec<SeqRange>>>,
    lacks_packets: OnceCell<bool>,
    lacks_segments: OnceCell<bool>,
}

impl<'a> ConnectionContext<'a> {
    /// The context of `connection`; `host` is the snapshot of a host, of this connection or another.
    pub fn new(
        trace: Trace<'a>,
        inputs: &'a [InputStats],
        host: Option<&'a HostSnapshot>,
        connection: &'a Connection,
    ) -> Self {
        let subflows: Vec<_> = trace.subflows(connection).collect();
        let joined = subflows.iter().filter(|subflow| !subflow.initial && subflow.is_confirmed());
        let state = state::of(connection, &subflows);
        Self {
            trace,
            inputs,
            host: host.and_then(|says| KnownHost::among(says, &subflows)),
            connection,
            first_joined: joined.map(|subflow| subflow.first.packet).min(),
            state,
            close: state::close(connection, &subflows, state),
            subflows,
            is_going_on: false,
            join_verdicts: OnceCell::new(),
            address_verdicts: OnceCell::new(),
            holes: PerRole::default(),
            lacks_packets: OnceCell::new(),
            lacks_segments: OnceCell::new(),
        }
    }

    /// The verdicts on the HMACs of a joined subflow; `None` for the initial one.
    pub fn join_verdicts(&self, subflow: &Subflow) -> Option<JoinVerdicts> {
        let judge = |subflow: &&Subflow| proof::join_verdicts(self.connection, subflow);
        let verdicts = self.join_verdicts.get_or_init(|| self.subflows.iter().map(judge).collect());
        // Subflows are numbered in the order in which they stand.
        let number = subflow.number;
        let index = self.subflows.binary_search_by_key(&number, |known| known.number).ok()?;
        *verdicts.get(index)?
    }

    /// The announced addresses, with the verdict on the HMAC of each.
    pub fn addresses(&self) -> impl Iterator<Item = (&'a AnnouncedAddress, AddressVerdict)> + '_ {
        let judge = |address: &AnnouncedAddress| proof::address_verdict(self.connection, address);
        let addresses = &self.connection.addresses;
        let verdicts = self.address_verdicts.get_or_init(|| addresses.iter().map(judge).collect());
        addresses.iter().zip(verdicts.iter().copied())
    }

    /// What the capture lacks of what `sender` sent, in order.
    pub fn holes(&self, sender: Role) -> &[SeqRange] {
        let known = self.holes.of(sender);
        known.get_or_init(|| holes::holes(self.connection, &self.subflows, sender))
    }

    /// Bytes of `sender` that the capture lacks and that were sent for certain: the peer acknowledged
    /// them. Where it acknowledges nothing that is in the capture, they stand before some that were seen.
    pub fn sent_unseen(&self, sender: Role) -> u64 {
        let seen = || self.connection.data.of(sender).range_set().span().map(|span| span.end);
        let Some(end) = self.acked_end(sender).or_else(seen) else { return 0 };
        let sent = SeqRange { start: i64::MIN, end };
        self.holes(sender).iter().map(|hole| hole.intersection(sent).len()).sum()
    }

    /// One past the last byte of `sender`'s stream that its peer acknowledged. A DATA_FIN does not count.
    pub fn acked_end(&self, sender: Role) -> Option<i64> {
        holes::acked_end(self.connection, &self.subflows, sender)
    }

    /// The initial subflow, if its SYN was seen.
    pub fn initial(&self) -> Option<&'a Subflow> {
        let initial = self.subflows.iter().copied().find(|subflow| subflow.initial);
        initial.filter(|subflow| !subflow.is_midstream())
    }

    /// The joined subflows whose SYN was seen.
    pub fn joins(&self) -> impl Iterator<Item = &'a Subflow> {
        let joins = self.subflows.iter().copied().filter(|subflow| !subflow.initial);
        joins.filter(|subflow| !subflow.is_midstream())
    }

    /// The established subflows.
    pub fn confirmed(&self) -> impl Iterator<Item = &'a Subflow> + Clone {
        self.subflows.iter().copied().filter(|subflow| subflow.is_confirmed())
    }

    /// Until when packets were captured, of this connection or of others.
    pub fn captured_until(&self) -> Timestamp {
        let last = self.inputs.iter().filter_map(|input| input.last).max();
        last.map_or(self.connection.last.at, |last| last.max(self.connection.last.at))
    }

    /// The longest round trip that a handshake shows.
    pub fn longest_rtt_ns(&self) -> Option<i64> {
        self.subflows.iter().filter_map(|subflow| subflow.handshake.rtt_ns()).max()
    }

    /// Each side of each subflow, the client first.
    pub fn sides(&self) -> impl Iterator<Item = (&'a Subflow, Role)> {
        let subflows = self.subflows.iter().copied();
        subflows.flat_map(|subflow| Role::BOTH.map(|role| (subflow, role)))
    }

    /// MPTCP options among the events, with their events.
    pub fn options(&self) -> impl Iterator<Item = (&'a Event, &'a MptcpOption)> + use<'a> {
        self.connection.events.iter().filter_map(|event| match &event.kind {
            EventKind::Option(option) => Some((event, option)),
            _ => None,
        })
    }

    /// Whether both keys are known and the handshake of the connection was seen.
    pub fn is_whole(&self) -> bool {
        self.initial().is_some_and(|initial| initial.handshake.syn_ack.is_some())
    }

    /// Whether the capture holds packets of both hosts.
    pub fn is_two_sided(&self) -> bool {
        let sent = |role: Role| self.subflows.iter().any(|s| s.sides.of(role).segments > 0);
        Role::BOTH.into_iter().all(sent)
    }

    /// Whether options may be there that the snap length cut off.
    pub fn options_may_be_cut(&self) -> bool {
        self.trace.totals().options_cut.count > 0
    }

    /// Whether only joined subflows are in the capture.
    pub fn lacks_initial(&self) -> bool {
        self.subflows.iter().all(|subflow| !subflow.initial)
    }

    /// Whether packets or a whole path of the connection are not in the capture.
    pub fn lacks_packets(&self) -> bool {
        *self.lacks_packets.get_or_init(|| {
            self.lacks_segments()
                || self.inputs.iter().any(|input| input.dropped_by_kernel.is_some_and(|n| n > 0))
                || Role::BOTH.iter().any(|role| self.taken_elsewhere(*role).is_some())
        })
    }
    /// Whether a subflow lacks segments that its hosts acknowledged.
    fn lacks_segments(&self) -> bool {
        let lacks = || self.subflows.iter().any(|subflow| holes::of_subflow(subflow) > 0);
        *self.lacks_segments.get_or_init(lacks)
    }

    /// Bytes of `sender` that its peer acknowledged and that took a path which is not in the capture:
    /// no subflow in it carried them, although none of these lacks a segment.
    pub fn taken_elsewhere(&self, sender: Role) -> Option<u64> {
        let is_known = self.connection.fallback.is_none() && self.is_two_sided() && self.is_whole();
        if !is_known || self.lacks_segments() {
            return None;
        }
        let acked = SeqRange { start: i64::MIN, end: self.acked_end(sender)? };
        let holes = self.holes(sender).iter();
        let bytes: u64 = holes.map(|hole| hole.intersection(acked).len()).sum();
        // A byte or two: a DATA_FIN that was not seen, or a fast-open SYN.
        (bytes > 2).then_some(bytes)
    }
}

/// What a rule sees of the capture as a whole.
pub struct WholeCapture<'a> {
    /// Everything.
    pub trace: Trace<'a>,
    /// What is known of the inputs.
    pub inputs: &'a [InputStats],
}
