//! The packets that a search hits.
//!
//! Numbers and kinds of packets come from the index, words from the events and findings of the report:
//! no packet is read for it.

use std::net::IpAddr;

use super::query::Query;
use crate::analyze::ladder::Ladder;
use crate::report::event::EventKind;
use crate::report::model::{Connection, Subflow};
use crate::report::option::describe;
use crate::track::index::Entry;
use crate::track::packet_class::PacketClass;
use crate::track::role::Direction;
use crate::tui::shared::Shared;
use crate::wire::frame::PacketNo;
use crate::wire::mptcp::MptcpOption;

/// The numbers of all packets that are asked for, in their order.
pub(super) fn of(shared: &Shared, rows: &Ladder, query: &Query) -> Vec<u64> {
    let mut hits = Packets { shared, rows }.hits(query);
    hits.sort_unstable();
    hits.dedup();
    hits
}

/// The packets of the connection in focus, to be searched.
#[derive(Clone, Copy)]
struct Packets<'a> {
    shared: &'a Shared,
    rows: &'a Ladder,
}

impl<'a> Packets<'a> {
    fn hits(self, query: &Query) -> Vec<u64> {
        match query {
            Query::Packet(number) => self.packet(*number).into_iter().collect(),
            Query::Number(number) => match self.packet(*number) {
                Some(number) => vec![number],
                None => self.dsn(*number),
            },
            Query::Dsn(number) => self.dsn(*number),
            Query::Address(address) => self.address(*address),
            Query::Port(port) => {
                self.subflows(|subflow| [subflow.client.port, subflow.server.port].contains(port))
            }
            Query::Stream(stream) => self.subflows(|subflow| subflow.tcp_stream == Some(*stream)),
            Query::Kinds(wanted) => self.kinds(wanted),
            Query::Event(name) => self.events(|names| names.first() == Some(name)),
            Query::Word(word) => self.words(word),
        }
    }

    /// All packets of the connection.
    fn all(self) -> impl Iterator<Item = Entry> {
        let (index, members) = (self.shared.index(), self.rows.members());
        let all = index.iter_from(index.dropped());
        all.map(|(_, entry)| entry).filter(|entry| members.lane(entry).is_some())
    }

    fn packet(self, number: u64) -> Option<u64> {
        let found = self.rows.row_of_packet(self.shared.index(), PacketNo(number));
        found.map(|_| number)
    }

    /// In both directions, the first packet that carries a byte of the stream. It is found by the
    /// bytes before it. Where packets overtook each other, it is a packet near the right one.
    fn dsn(self, wanted: u64) -> Vec<u64> {
        let mut hits = Vec::new();
        for direction in Direction::BOTH {
            let mut end = 0;
            let sent = self.all();
            let sent = sent.filter(|entry| entry.direction() == direction && is_new(entry.kind()));
            for entry in sent {
                let start = end + 1;
                end += u64::from(entry.payload_len());
                if (start..=end).contains(&wanted) {
                    hits.push(number(entry));
                    break;
                }
            }
        }
        hits
    }

    /// Where an address is announced, and where a subflow of it begins.
    fn address(self, wanted: IpAddr) -> Vec<u64> {
        let has_address =
            |subflow: &Subflow| [subflow.client.address, subflow.server.address].contains(&wanted);
        let mut hits = self.subflows(has_address);
        let events = self.connection().flat_map(|connection| &connection.events);
        let announced = events.filter(|event| match &event.kind {
            EventKind::Option(MptcpOption::AddAddr(add)) => add.address == wanted,
            _ => false,
        });
        hits.extend(announced.map(|event| event.packet));
        hits
    }

    /// First packets of the subflows that are wanted.
    fn subflows(self, is_wanted: impl Fn(&Subflow) -> bool) -> Vec<u64> {
        let all = self.connection().flat_map(|connection| &connection.subflows);
        let members = self.rows.members().all();
        all.zip(members)
            .filter(|(subflow, _)| is_wanted(subflow))
            .map(|(_, member)| member.first.0)
            .collect()
    }

    fn kinds(self, wanted: &[PacketClass]) -> Vec<u64> {
        self.all().filter(|entry| wanted.contains(&entry.kind())).map(number).collect()
    }

    /// Packets of events and findings with such a name, and packets of kinds with such a name.
    fn words(self, word: &str) -> Vec<u64> {
        let is_called = |names: &[&str]| names.iter().any(|name| name.starts_with(word));
        let mut hits = self.events(is_called);
        for finding in self.shared.findings_here() {
            if finding.code.name().replace('-', "_").contains(word) {
                hits.extend(finding.packets.iter().filter_map(|number| self.packet(*number)));
            }
        }
        let kinds: Vec<_> =
            PacketClass::ALL.into_iter().filter(|kind| is_called(kind_names(*kind))).collect();
        if !kinds.is_empty() {
            hits.extend(self.kinds(&kinds));
        }
        hits
    }

    /// Packets of events with such names.
    fn events(self, is_wanted: impl Fn(&[&str]) -> bool) -> Vec<u64> {
        let events = self.connection().flat_map(|connection| &connection.events);
        let wanted = events.filter(|event| is_wanted(event_names(&event.kind)));
        wanted.map(|event| event.packet).collect()
    }

    fn connection(self) -> impl Iterator<Item = &'a Connection> {
        self.shared.connection().into_iter()
    }
}

const fn number(entry: Entry) -> u64 {
    entry.number().0
}

/// Whether the payload of a packet was not sent before.
const fn is_new(kind: PacketClass) -> bool {
    !matches!(
        kind,
        PacketClass::Retransmitted
            | PacketClass::Reinjected
            | PacketClass::Remapped
            | PacketClass::Unmapped
            | PacketClass::Copy
    )
}

/// What people call what happened.
fn event_names(kind: &EventKind) -> &'static [&'static str] {
    match kind {
        EventKind::Option(option) => describe(option).search_names(),
        EventKind::Syn(syn) if syn.ack => &["syn_ack", "synack"],
        EventKind::Syn(_) => &["syn"],
        EventKind::FirstData(_) => &["first_data"],
        EventKind::DataFin(_) => &["data_fin", "fin"],
        EventKind::Reinjection(_) => &["reinjection", "reinjected"],
        EventKind::Stall(_) => &["stall"],
        EventKind::Fin => &["fin"],
        EventKind::Icmp(_) => &["icmp"],
        EventKind::Rst(_) => &["rst", "reset"],
        EventKind::Fallback(_) => &["fallback"],
    }
}

/// What people call packets. Those that are events as well have their names above.
const fn kind_names(kind: PacketClass) -> &'static [&'static str] {
    match kind {
        PacketClass::Data => &["data"],
        PacketClass::Ack => &["ack"],
        PacketClass::Reset => &["rst", "reset"],
        PacketClass::Reinjected => &["reinjection", "reinjected"],
        PacketClass::Retransmitted => &["retransmission", "retransmitted"],
        PacketClass::Remapped => &["remapping", "remapped"],
        PacketClass::Unmapped => &["unmapped"],
        PacketClass::Handshake => &["handshake"],
        PacketClass::Address
        | PacketClass::Priority
        | PacketClass::Failure
        | PacketClass::Close
        | PacketClass::Copy
        | PacketClass::Other => &[],
    }
}
