//! What the whole capture tells: whose each packet is, and which octets of a stream it carries.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use mptcpscope::internals::report::Report;
use mptcpscope::internals::track::connection::Connection;
use mptcpscope::internals::track::range_set::SeqRange;
use mptcpscope::internals::track::role::{PerRole, Role};
use mptcpscope::internals::track::subflow::Subflow;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::frame::PacketNo;
use mptcpscope::internals::wire::mptcp::{CapableForm, DataLevelLength, MptcpOption};
use mptcpscope::internals::wire::segment::{Segment, TcpFlags, decode};
use mptcpscope::internals::wire::seq::{Dsn, SeqNum};
use mptcpscope::internals::wire::tcp_option::TcpOption;

use super::octets::Octets;
use super::told::alarms;
use crate::support::testdata::OwnedFrame;

/// A subflow of the whole capture, by its index among all.
pub(crate) type Owner = usize;

/// Who sends a packet, and on which subflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Carrier {
    pub(crate) owner: Owner,
    pub(crate) sender: Role,
}

/// The whole capture.
pub(crate) struct Whole {
    pub(crate) tracker: Tracker,
    /// By packet number.
    carriers: BTreeMap<u64, Carrier>,
    /// The octets of the stream in a packet, counted from IDSN + 1.
    octets: BTreeMap<u64, Vec<SeqRange>>,
    fast_open: BTreeSet<Owner>,
    /// The warnings and errors that it raises.
    pub(crate) alarms: BTreeSet<String>,
}

impl Whole {
    pub(crate) fn new(frames: &[OwnedFrame]) -> Self {
        let mut whole = Self {
            tracker: track(frames),
            carriers: BTreeMap::new(),
            octets: BTreeMap::new(),
            fast_open: BTreeSet::new(),
            alarms: BTreeSet::new(),
        };
        whole.alarms = alarms(&Report::build(&whole.tracker.trace(), &[], None));
        whole.carriers = whole.find_carriers(frames);
        let mappings = whole.mappings(frames);
        let syns = frames.iter().filter_map(OwnedFrame::segment);
        let with_data = syns.filter(|syn| syn.flags.is_syn() && syn.payload_len > 0);
        whole.fast_open =
            with_data.filter_map(|syn| whole.carrier(syn.number)).map(|by| by.owner).collect();
        let subflows: Vec<_> = whole
            .subflows()
            .iter()
            .map(|(_, subflow)| PerRole {
                client: subflow.sides.client.sequence.isn(),
                server: subflow.sides.server.sequence.isn(),
            })
            .collect();
        for segment in frames.iter().filter_map(OwnedFrame::segment) {
            let octets = whole.octets_in(&segment, &mappings, &subflows);
            whole.octets.insert(segment.number.0, octets);
        }
        whole
    }

    /// Its subflows, each with its connection.
    pub(crate) fn subflows(&self) -> Vec<(&Connection, &Subflow)> {
        let trace = self.tracker.trace();
        let connections = trace.connections().into_iter();
        let pairs = connections.flat_map(|connection| {
            let subflows = connection.subflows.iter();
            subflows.map(move |id| (connection, trace.subflow(*id)))
        });
        pairs.collect()
    }

    pub(crate) fn carrier(&self, packet: PacketNo) -> Option<Carrier> {
        self.carriers.get(&packet.0).copied()
    }

    /// The octets of a stream that some packets carry.
    pub(crate) fn octets(&self, packets: impl Iterator<Item = PacketNo>) -> Octets {
        packets.flat_map(|packet| self.octets[&packet.0].clone()).collect()
    }

    fn find_carriers(&self, frames: &[OwnedFrame]) -> BTreeMap<u64, Carrier> {
        let subflows = self.subflows();
        let mut by_path: HashMap<_, Vec<Owner>> = HashMap::new();
        for (owner, (_, subflow)) in subflows.iter().enumerate() {
            let (client, server) = (subflow.sides.client.endpoint, subflow.sides.server.endpoint);
            by_path.entry((client, server)).or_default().push(owner);
            by_path.entry((server, client)).or_default().push(owner);
        }
        let find = |segment: Segment<'_>| {
            let owners = by_path.get(&(segment.source, segment.destination))?;
            let owner = *owners.iter().find(|owner| {
                let (_, subflow) = subflows[**owner];
                (subflow.first.packet..=subflow.last.packet).contains(&segment.number)
            })?;
            let sender = subflows[owner].1.direction_from(segment.source).sender();
            Some((segment.number.0, Carrier { owner, sender }))
        };
        frames.iter().filter_map(OwnedFrame::segment).filter_map(find).collect()
    }

    /// Whether the stream of `owner` begins with a fast-open SYN, whose octets have no number.
    pub(crate) fn has_fast_open(&self, owner: Owner) -> bool {
        self.fast_open.contains(&owner)
    }

    /// All mappings of each subflow and sender: places on the subflow, and place in the stream.
    fn mappings(&self, frames: &[OwnedFrame]) -> BTreeMap<(Owner, bool), Vec<(SeqRange, i64)>> {
        let subflows = self.subflows();
        let mut mappings: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for segment in frames.iter().filter_map(OwnedFrame::segment) {
            let Some(carrier) = self.carrier(segment.number) else { continue };
            let (connection, _) = subflows[carrier.owner];
            let Some(idsn) = connection.hosts.of(carrier.sender).idsn else { continue };
            let known = mappings.entry((carrier.owner, carrier.sender == Role::Client));
            let known = known.or_default();
            for option in options(&segment) {
                let Some((ssn, octets, dsn)) = mapping(&option, idsn) else { continue };
                let place = SeqRange::new(i64::from(ssn), octets);
                let mapped = (place, dsn.distance_from(idsn.add(1)));
                if !known.contains(&mapped) {
                    known.push(mapped);
                }
            }
        }
        mappings
    }

    fn octets_in(
        &self,
        segment: &Segment<'_>,
        mappings: &BTreeMap<(Owner, bool), Vec<(SeqRange, i64)>>,
        isns: &[PerRole<Option<SeqNum>>],
    ) -> Vec<SeqRange> {
        let Some(carrier) = self.carrier(segment.number) else { return Vec::new() };
        let isn = *isns[carrier.owner].of(carrier.sender);
        let known = mappings.get(&(carrier.owner, carrier.sender == Role::Client));
        let (Some(isn), Some(known)) = (isn, known) else { return Vec::new() };
        if segment.flags.has(TcpFlags::RST) || segment.flags.has(TcpFlags::SYN) {
            return Vec::new();
        }
        let start = i64::from(segment.seq.distance_from(isn).cast_unsigned());
        let payload = SeqRange::new(start, segment.payload_len);
        let parts = known.iter().map(|(place, dsn)| {
            let part = payload.intersection(*place);
            part.shifted(dsn - place.start)
        });
        parts.collect()
    }
}

/// Pushes all frames.
pub(crate) fn track(frames: &[OwnedFrame]) -> Tracker {
    let mut tracker = Tracker::new(Limits::default(), 1);
    for frame in frames {
        tracker.push(&decode(&frame.whole()));
    }
    tracker
}

fn options(segment: &Segment<'_>) -> Vec<MptcpOption> {
    let all = segment.options.iter();
    let mptcp = all.filter_map(|option| match option {
        TcpOption::Mptcp(option) => Some(option),
        _ => None,
    });
    mptcp.collect()
}

/// Subflow sequence number, octets of payload, and DSN of a mapping.
fn mapping(option: &MptcpOption, idsn: Dsn) -> Option<(u32, u32, Dsn)> {
    match option {
        MptcpOption::Dss(dss) => {
            let mapping = dss.mapping?;
            let DataLevelLength::Bytes(octets) = mapping.length else { return None };
            let octets = u32::from(octets) - u32::from(dss.data_fin);
            Some((mapping.ssn, octets, mapping.dsn.expand(idsn)))
        }
        MptcpOption::MpCapable(capable) => match capable.form {
            CapableForm::BothKeysAndData { data_len, .. } => {
                Some((1, u32::from(data_len), idsn.add(1)))
            }
            _ => None,
        },
        _ => None,
    }
}
