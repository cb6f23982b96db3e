//! Search: packet numbers, DSNs, addresses, words for what happened, codes of findings, and a few of
//! Wireshark's fields.
//!
//! Numbers and kinds of packets come from the index, words from the events and findings of the report:
//! no packet is read for it.

use std::net::IpAddr;

use super::show_packet;
use crate::report::event::EventKind;
use crate::track::index::Entry;
use crate::track::packet_class::PacketClass;
use crate::track::role::Direction;
use crate::tui::state::App;
use crate::tui::update::say;
use crate::wire::frame::PacketNo;

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// As it was typed.
    pub text: String,
    query: Query,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Query {
    /// A packet of this number, or else the byte of the stream that has it.
    Number(u64),
    /// The byte of the stream that has this number, counted from 1.
    Dsn(u64),
    Packet(u64),
    Address(IpAddr),
    Port(u16),
    Stream(u32),
    Kinds(&'static [PacketClass]),
    /// What is called just so.
    Event(&'static str),
    /// What has a name that begins so, and findings in whose code it stands.
    Word(String),
}

/// Begins a search, and goes to its first hit from the cursor on.
pub(super) fn start(app: &mut App, text: &str) {
    let text = text.trim();
    if text.is_empty() {
        app.ladder.search = None;
        return;
    }
    app.ladder.search = Some(Search { text: text.to_owned(), query: parse(text) });
    look(app, |hits, here| hits.partition_point(|hit| *hit < here));
}

/// Goes to the next hit, or the one before.
pub(super) fn step(app: &mut App, forward: bool) {
    look(app, |hits, here| {
        if forward {
            hits.partition_point(|hit| *hit <= here)
        } else {
            let before = hits.partition_point(|hit| *hit < here);
            before.checked_sub(1).unwrap_or(hits.len())
        }
    });
}

/// Goes to the hit that `choose` takes of all of them, seen from the packet in focus; past the last
/// one comes the first, and the other way round.
fn look(app: &mut App, choose: impl Fn(&[u64], u64) -> usize) {
    let Some(search) = app.ladder.search.clone() else { return };
    let mut hits = hits(app, &search.query);
    hits.sort_unstable();
    hits.dedup();
    if hits.is_empty() {
        say(app, &format!("no hit for {} in this connection", search.text));
        return;
    }
    let here = app.focus.packet.unwrap_or(0);
    let chosen = choose(&hits, here);
    let is_backward = chosen == hits.len() && here <= hits.first().copied().unwrap_or(0);
    let chosen = match chosen {
        chosen if chosen < hits.len() => chosen,
        _ if is_backward => hits.len() - 1,
        _ => 0,
    };
    let Some(packet) = hits.get(chosen).copied() else { return };
    show_packet(app, packet);
    say(app, &format!("{}: hit {} of {}", search.text, chosen + 1, hits.len()));
}

fn parse(text: &str) -> Query {
    let text = text.to_lowercase();
    let (name, value) = match text.split_once("==").or_else(|| text.split_once('=')) {
        Some((name, value)) => (name.trim(), value.trim()),
        None => (text.as_str(), ""),
    };
    field(name, value).unwrap_or_else(|| free(&text))
}

/// What a field of Wireshark's asks for.
fn field(name: &str, value: &str) -> Option<Query> {
    let number = || value.parse::<u64>().ok();
    Some(match name {
        "frame.number" | "frame" | "packet" => Query::Packet(number()?),
        "mptcp.dsn" | "dsn" | "mptcp.ack" => Query::Dsn(number()?),
        "ip.addr" | "ipv6.addr" | "ip.src" | "ip.dst" | "ipv6.src" | "ipv6.dst" => {
            Query::Address(value.parse().ok()?)
        }
        "tcp.port" | "tcp.srcport" | "tcp.dstport" | "port" => Query::Port(value.parse().ok()?),
        "tcp.stream" => Query::Stream(value.parse().ok()?),
        "tcp.flags.reset" => Query::Kinds(&[PacketClass::Reset]),
        "tcp.flags.syn" => Query::Word("syn".to_owned()),
        "tcp.flags.fin" => Query::Event("fin"),
        "tcp.analysis.retransmission" => Query::Kinds(&[PacketClass::Retransmitted]),
        "mptcp.reinjection_of" | "mptcp.reinjected_in" => Query::Kinds(&[PacketClass::Reinjected]),
        "mptcp.subtype" | "tcp.options.mptcp.subtype" => match number()? {
            2 => Query::Kinds(&[
                PacketClass::Data,
                PacketClass::Ack,
                PacketClass::Reinjected,
                PacketClass::Remapped,
            ]),
            subtype => Query::Word(subtype_word(subtype)?.to_owned()),
        },
        "mptcp.rm_addr.count" => Query::Word("remove_addr".to_owned()),
        _ => return None,
    })
}

const fn subtype_word(subtype: u64) -> Option<&'static str> {
    Some(match subtype {
        0 => "mp_capable",
        1 => "mp_join",
        3 => "add_addr",
        4 => "remove_addr",
        5 => "mp_prio",
        6 => "mp_fail",
        7 => "mp_fastclose",
        8 => "mp_tcprst",
        _ => return None,
    })
}

/// A number, an address or a word.
fn free(text: &str) -> Query {
    if let Some(number) = text.strip_prefix('#').and_then(|number| number.parse().ok()) {
        return Query::Packet(number);
    }
    if let Ok(number) = text.replace(',', "").parse() {
        return Query::Number(number);
    }
    if let Some(Ok(number)) = text.strip_prefix("dsn ").map(str::parse) {
        return Query::Dsn(number);
    }
    match text.trim_matches(['[', ']']).parse() {
        Ok(address) => Query::Address(address),
        Err(_) => Query::Word(text.replace(['-', ' ', '/'], "_")),
    }
}

/// Numbers of all packets that are asked for.
fn hits(app: &App, query: &Query) -> Vec<u64> {
    match query {
        Query::Packet(number) => packet(app, *number).into_iter().collect(),
        Query::Number(number) => match packet(app, *number) {
            Some(number) => vec![number],
            None => dsn(app, *number),
        },
        Query::Dsn(number) => dsn(app, *number),
        Query::Address(address) => self::address(app, *address),
        Query::Port(port) => {
            subflows(app, |subflow| [subflow.client.port, subflow.server.port].contains(port))
        }
        Query::Stream(stream) => subflows(app, |subflow| subflow.tcp_stream == Some(*stream)),
        Query::Kinds(wanted) => {
            entries(app).filter(|entry| wanted.contains(&entry.kind())).map(number).collect()
        }
        Query::Event(name) => events(app, |names| names.first() == Some(name)),
        Query::Word(word) => words(app, word),
    }
}

const fn number(entry: Entry) -> u64 {
    entry.number().0
}

/// All packets of the connection.
fn entries(app: &App) -> impl Iterator<Item = Entry> {
    let members = app.ladder.rows.members();
    let all = app.snapshot.packets.iter_from(app.snapshot.packets.dropped());
    all.map(|(_, entry)| entry).filter(|entry| members.lane(entry).is_some())
}

fn packet(app: &App, number: u64) -> Option<u64> {
    let found = app.ladder.rows.row_of_packet(&app.snapshot.packets, PacketNo(number));
    found.map(|_| number)
}

/// The packets that carry an byte of the stream first, in both directions: by the bytes before it.
/// Where packets overtook each other, it is one near it.
fn dsn(app: &App, wanted: u64) -> Vec<u64> {
    let mut hits = Vec::new();
    for direction in Direction::BOTH {
        let mut end = 0;
        let sent =
            entries(app).filter(|entry| entry.direction() == direction && is_new(entry.kind()));
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

/// Where an address is announced, and where a subflow of it begins.
fn address(app: &App, wanted: IpAddr) -> Vec<u64> {
    let mut hits =
        subflows(app, |subflow| [subflow.client.address, subflow.server.address].contains(&wanted));
    let events = app.connection().into_iter().flat_map(|connection| &connection.events);
    let announced = events.filter(|event| match &event.kind {
        EventKind::AddAddr(add) => add.address == wanted,
        _ => false,
    });
    hits.extend(announced.map(|event| event.packet));
    hits
}

/// First packets of the subflows that are wanted.
fn subflows(app: &App, wanted: impl Fn(&crate::report::model::Subflow) -> bool) -> Vec<u64> {
    let all = app.connection().into_iter().flat_map(|connection| &connection.subflows);
    let members = app.ladder.rows.members().all();
    all.zip(members)
        .filter(|(subflow, _)| wanted(subflow))
        .map(|(_, member)| member.first.0)
        .collect()
}

/// Packets of events and findings that are called so, and of kinds.
fn words(app: &App, word: &str) -> Vec<u64> {
    let is_called = |names: &[&str]| names.iter().any(|name| name.starts_with(word));
    let mut hits = events(app, is_called);
    for finding in app.findings_here() {
        if finding.code.replace('-', "_").contains(word) {
            hits.extend(finding.packets.iter().filter_map(|number| packet(app, *number)));
        }
    }
    let kinds: Vec<_> =
        PacketClass::ALL.into_iter().filter(|kind| is_called(kind_names(*kind))).collect();
    if !kinds.is_empty() {
        hits.extend(entries(app).filter(|entry| kinds.contains(&entry.kind())).map(number));
    }
    hits
}

/// Packets of events with such names.
fn events(app: &App, is_wanted: impl Fn(&[&str]) -> bool) -> Vec<u64> {
    let events = app.connection().into_iter().flat_map(|connection| &connection.events);
    let wanted = events.filter(|event| is_wanted(event_names(&event.kind)));
    wanted.map(|event| event.packet).collect()
}

/// What people call what happened.
fn event_names(kind: &EventKind) -> &'static [&'static str] {
    match kind {
        EventKind::MpCapable(_) => &["mp_capable", "capable"],
        EventKind::MpJoin(_) => &["mp_join", "join"],
        EventKind::Dss(_) => &["dss"],
        EventKind::AddAddr(add) if add.echo => &["add_addr", "echo"],
        EventKind::AddAddr(_) => &["add_addr"],
        EventKind::RemoveAddr(_) => &["remove_addr", "rm_addr"],
        EventKind::MpPrio(_) => &["mp_prio", "prio", "backup"],
        EventKind::MpFail(_) => &["mp_fail", "fail"],
        EventKind::MpFastclose(_) => &["mp_fastclose", "fastclose", "fast_close"],
        EventKind::MpTcprst(_) => &["mp_tcprst", "tcprst", "reset"],
        EventKind::MpExperimental(_) => &["mp_experimental", "experimental"],
        EventKind::Unknown(_) => &["unknown"],
        EventKind::Malformed(_) => &["malformed"],
        EventKind::Syn(syn) if syn.ack => &["syn_ack", "synack"],
        EventKind::Syn(_) => &["syn"],
        EventKind::FirstData(_) => &["first_data"],
        EventKind::DataFin(_) => &["data_fin", "fin"],
        EventKind::Reinjection(_) => &["reinjection", "reinjected"],
        EventKind::Stall(_) => &["stall"],
        EventKind::Fin => &["fin"],
        EventKind::Rst(_) => &["rst", "reset"],
        EventKind::Fallback(_) => &["fallback"],
    }
}

/// What people call packets; those that are events as well are called so above.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed() {
        assert_eq!(parse("#123"), Query::Packet(123));
        assert_eq!(parse("1,234"), Query::Number(1234));
        assert_eq!(parse("frame.number == 7"), Query::Packet(7));
        assert_eq!(parse("dsn 7101"), Query::Dsn(7101));
        assert_eq!(parse("mptcp.dsn==7101"), Query::Dsn(7101));
        assert_eq!(parse("10.0.3.1"), Query::Address("10.0.3.1".parse().unwrap()));
        assert_eq!(parse("[2001:db8::1]"), Query::Address("2001:db8::1".parse().unwrap()));
        assert_eq!(parse("tcp.flags.reset==1"), Query::Kinds(&[PacketClass::Reset]));
        assert_eq!(parse("tcp.flags.reset"), Query::Kinds(&[PacketClass::Reset]));
        assert_eq!(parse("mptcp.subtype==3"), Query::Word("add_addr".into()));
        assert_eq!(parse("SYN/ACK"), Query::Word("syn_ack".into()));
        assert_eq!(parse("subflow-reset"), Query::Word("subflow_reset".into()));
    }
}
