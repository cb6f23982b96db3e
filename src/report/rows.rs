//! Connections, findings and orphan joins as rows that a filter takes or leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::event::EventKind;
use super::model::{
    Connection, Finding, Input, OrphanSubflow, PacketRef, Report, Severities, Subflow,
    SubflowDirection,
};
use super::option::describe;
use super::text::finding::name as severity_name;
use crate::analyze::finding::{Code, MAX_PACKETS};
use crate::analyze::state::ConnectionState;
use crate::filter::{Field, Filter, FilterError, Row, RowValue};
use crate::track::role::Direction;

/// What takes a value of a row.
type Take<'a> = &'a mut dyn FnMut(RowValue<'_>);

/// What `text` asks for.
///
/// Fails with the place in it that means nothing.
pub fn filter(text: &str) -> Result<Filter, FilterError> {
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    Filter::parse(text, &codes)
}

/// Leaves of a report only those connections and orphan joins that `filter` takes, and the findings on
/// them and on the capture.
///
/// Returns the fields of the filter that are known of none of the connections.
pub fn keep(report: &mut Report, filter: &Filter) -> Vec<Field> {
    if filter.is_empty() {
        return Vec::new();
    }
    let wanted = |found: &&Connection| takes_connection(report, found, filter);
    let connections: BTreeSet<_> =
        report.connections.iter().filter(wanted).map(|found| found.id).collect();
    let orphan = |orphan| filter.takes(&OrphanRow::new(report, orphan));
    let orphans: Vec<_> = report.orphan_subflows.iter().map(orphan).collect();
    let unknown = filter.unknown_fields(&connection_rows(report));
    report.connections.retain(|connection| connections.contains(&connection.id));
    let mut orphans = orphans.into_iter();
    report.orphan_subflows.retain(|_| orphans.next().unwrap_or(true));
    report.findings.retain(|found| found.connection.is_none_or(|id| connections.contains(&id)));
    report.totals.findings = Severities::count(&report.findings);
    report.filter = Some(filter.text().to_owned());
    unknown
}

/// All connections as rows.
pub fn connection_rows(report: &Report) -> impl Iterator<Item = ConnectionRow<'_>> + Clone {
    report
        .connections
        .iter()
        .map(|connection| ConnectionRow::new(report, connection, report.findings_of(connection.id)))
}

fn takes_connection(report: &Report, connection: &Connection, filter: &Filter) -> bool {
    let findings = report.findings_of(connection.id);
    filter.takes(&ConnectionRow::new(report, connection, findings))
}

/// The connection that a finding is on.
pub fn connection_of<'a>(report: &'a Report, finding: &Finding) -> Option<&'a Connection> {
    let id = finding.connection?;
    // They stand in the order of their IDs.
    let position = report.connections.partition_point(|connection| connection.id < id);
    report.connections.get(position).filter(|connection| connection.id == id)
}

/// A connection, with the findings on it.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionRow<'a> {
    connection: &'a Connection,
    findings: &'a [Finding],
    capture: Capture<'a>,
}

/// A finding, with the connection that it is on.
#[derive(Debug, Clone, Copy)]
pub struct FindingRow<'a> {
    finding: &'a Finding,
    connection: Option<&'a Connection>,
    capture: Capture<'a>,
}

/// A join whose connection is not in the capture.
#[derive(Debug, Clone, Copy)]
pub struct OrphanRow<'a> {
    orphan: &'a OrphanSubflow,
    capture: Capture<'a>,
}

/// What was read.
#[derive(Debug, Clone, Copy)]
struct Capture<'a> {
    inputs: &'a [Input],
    packet_refs: &'a BTreeMap<u64, PacketRef>,
}

impl<'a> From<&'a Report> for Capture<'a> {
    fn from(report: &'a Report) -> Self {
        Self { inputs: &report.inputs, packet_refs: &report.packet_refs }
    }
}

impl<'a> ConnectionRow<'a> {
    /// A connection of `report`, with the findings on it.
    pub fn new(report: &'a Report, connection: &'a Connection, findings: &'a [Finding]) -> Self {
        Self { connection, findings, capture: report.into() }
    }
}

impl<'a> FindingRow<'a> {
    /// A finding of `report`, with the connection that it is on.
    pub fn new(
        report: &'a Report,
        finding: &'a Finding,
        connection: Option<&'a Connection>,
    ) -> Self {
        Self { finding, connection, capture: report.into() }
    }

    /// The subflows that it is about: the one that it names, or all.
    fn subflows(&self) -> impl Iterator<Item = &'a Subflow> {
        let named = self.finding.subflow;
        let all = self.connection.map_or(&[][..], |connection| &connection.subflows);
        all.iter().filter(move |subflow| named.is_none_or(|named| subflow.id == named))
    }
}

impl<'a> OrphanRow<'a> {
    /// An orphan join of `report`.
    pub fn new(report: &'a Report, orphan: &'a OrphanSubflow) -> Self {
        Self { orphan, capture: report.into() }
    }
}

impl Row for ConnectionRow<'_> {
    fn values(&self, field: Field, take: Take<'_>) {
        let connection = self.connection;
        match field {
            Field::Code => codes(self.findings, take),
            Field::Severity => {
                self.findings.iter().for_each(|found| take(text(severity_name(found.severity))));
            }
            Field::Frame => {
                packets(connection).for_each(|packet| take(RowValue::Number(packet)));
                // All others are not listed.
                take(RowValue::Unknown);
            }
            Field::Input => self.capture.take_inputs(packets(connection), take),
            _ if field_of_subflows(&connection.subflows, field, take) => {}
            _ => of_connection(connection, field, take),
        }
    }

    fn words(&self, take: Take<'_>) {
        words_of_connection(self.connection, take);
        codes(self.findings, take);
    }
}

impl Row for FindingRow<'_> {
    fn values(&self, field: Field, take: Take<'_>) {
        let finding = self.finding;
        let packets = || finding.packets.iter().copied();
        match field {
            Field::Code => take(text(finding.code.name())),
            Field::Severity => take(text(severity_name(finding.severity))),
            Field::Direction => {
                finding.direction.iter().for_each(|found| take(text(direction_name(*found))));
            }
            Field::Side => {
                finding.direction.iter().for_each(|found| take(text(side_name(*found))));
            }
            Field::Frame => {
                packets().for_each(|packet| take(RowValue::Number(packet)));
                if finding.packets.len() >= MAX_PACKETS {
                    take(RowValue::Unknown);
                }
            }
            Field::Input => self.capture.take_inputs(packets(), take),
            _ if field_of_subflows(self.subflows(), field, take) => {}
            _ => {
                let Some(connection) = self.connection else { return };
                of_connection(connection, field, take);
            }
        }
    }

    fn words(&self, take: Take<'_>) {
        if let Some(connection) = self.connection {
            words_of_connection(connection, take);
        }
        take(text(self.finding.code.name()));
        take(text(severity_name(self.finding.severity)));
        take(text(&self.finding.summary));
    }
}

impl Row for OrphanRow<'_> {
    fn values(&self, field: Field, take: Take<'_>) {
        let OrphanSubflow { token, subflow } = self.orphan;
        match field {
            Field::Token => take(known(token.map(|token| token.0.into()))),
            Field::Input => self.capture.take_inputs(handshake(subflow), take),
            Field::Subflows => take(RowValue::Number(1)),
            Field::Code | Field::Severity => {}
            _ if field_of_subflows([subflow], field, take) => {}
            _ => take(RowValue::Unknown),
        }
    }

    fn words(&self, take: Take<'_>) {
        if let Some(token) = self.orphan.token {
            take(text(&token.to_string()));
        }
        words_of_subflow(&self.orphan.subflow, take);
    }
}

impl Capture<'_> {
    /// The inputs that these packets are in. With several, the others may have it as well.
    fn take_inputs(self, packets: impl Iterator<Item = u64>, take: Take<'_>) {
        if let [only] = self.inputs {
            take_input(0, only, take);
            return;
        }
        let mut found: Vec<_> =
            packets.filter_map(|packet| Some(self.packet_refs.get(&packet)?.0)).collect();
        found.sort_unstable();
        found.dedup();
        for index in found {
            if let Some(input) = self.inputs.get(index as usize) {
                take_input(index, input, take);
            }
        }
        take(RowValue::Unknown);
    }
}

/// By its number, by its path, and by its name without folders.
fn take_input(index: u32, input: &Input, take: Take<'_>) {
    take(text(&index.to_string()));
    take(text(&input.path));
    if let Some((_, name)) = input.path.rsplit_once('/') {
        take(text(name));
    }
}

/// What belongs to the connection itself.
fn of_connection(connection: &Connection, field: Field, take: Take<'_>) {
    match field {
        Field::Connection => take(RowValue::Number(connection.id)),
        Field::Version => take(known(connection.version.map(|version| version.0.into()))),
        Field::State => states(connection, take),
        Field::Subflows => take(RowValue::Number(connection.subflows.len() as u64)),
        Field::C2s => take(RowValue::Number(connection.c2s.stream_bytes)),
        Field::S2c => take(RowValue::Number(connection.s2c.stream_bytes)),
        Field::Bytes => {
            take(RowValue::Number(connection.c2s.stream_bytes + connection.s2c.stream_bytes));
        }
        Field::Duration => take(known(u64::try_from(connection.duration_ns).ok())),
        Field::Token => {
            for host in [&connection.client, &connection.server] {
                take(known(host.token.map(|token| token.0.into())));
            }
        }
        Field::Option => {
            for event in &connection.events {
                if let EventKind::Option(option) = &event.kind {
                    take(text(describe(option).json_kind()));
                }
            }
            if connection.events_dropped > 0 {
                take(RowValue::Unknown);
            }
        }
        _ => take(RowValue::Unknown),
    }
}

/// What belongs to subflows. Returns whether `field` does.
fn field_of_subflows<'a>(
    subflows: impl IntoIterator<Item = &'a Subflow>,
    field: Field,
    take: Take<'_>,
) -> bool {
    let is_one = matches!(
        field,
        Field::Address
            | Field::Port
            | Field::Stream
            | Field::Rtt
            | Field::Class
            | Field::Direction
            | Field::Side
    );
    for subflow in subflows.into_iter().filter(|_| is_one) {
        of_subflow(subflow, field, take);
    }
    is_one
}

fn of_subflow(subflow: &Subflow, field: Field, take: Take<'_>) {
    let sent =
        [(&subflow.c2s, Direction::ClientToServer), (&subflow.s2c, Direction::ServerToClient)];
    let sent_any = sent.iter().filter(|(sent, _)| sent.segments > 0);
    match field {
        Field::Address => {
            take(RowValue::Address(subflow.client.address));
            take(RowValue::Address(subflow.server.address));
        }
        Field::Port => {
            take(RowValue::Number(subflow.client.port.into()));
            take(RowValue::Number(subflow.server.port.into()));
        }
        Field::Stream => take(known(subflow.tcp_stream.map(u64::from))),
        Field::Rtt => {
            let rtt = subflow.handshake.rtt_ns.and_then(|rtt| u64::try_from(rtt).ok());
            take(known(rtt));
        }
        Field::Class => {
            for (sent, _) in sent {
                classes(sent, take);
            }
            take(RowValue::NoneOf(&CLASSES_OF_BYTES));
        }
        Field::Direction => sent_any.for_each(|(_, found)| take(text(direction_name(*found)))),
        Field::Side => sent_any.for_each(|(_, found)| take(text(side_name(*found)))),
        _ => {}
    }
}

/// The classes of packets that say what their payload is. Bytes are counted by them, packets are not.
const CLASSES_OF_BYTES: [&str; 5] = ["data", "retransmitted", "remapped", "reinjected", "unmapped"];

fn classes(sent: &SubflowDirection, take: Take<'_>) {
    let bytes = [
        sent.new_data_bytes,
        sent.retransmitted_bytes,
        sent.remapped_bytes,
        sent.reinjected_bytes,
        sent.unmapped_bytes,
    ];
    let there = bytes.iter().zip(CLASSES_OF_BYTES).filter(|(bytes, _)| **bytes > 0);
    there.for_each(|(_, class)| take(text(class)));
}

/// How far it came, and whether it fell back. Where the first is unknown, it may be any.
fn states(connection: &Connection, take: Take<'_>) {
    take(text(state_name(connection.state)));
    if connection.state == ConnectionState::Unknown {
        take(RowValue::Unknown);
    }
    if connection.fallback.is_some() {
        take(text("fallback"));
    }
}

fn codes(findings: &[Finding], take: Take<'_>) {
    for finding in findings {
        take(text(finding.code.name()));
    }
}

/// The packets that are named of a connection.
fn packets(connection: &Connection) -> impl Iterator<Item = u64> {
    let events = connection.events.iter().map(|event| event.packet);
    events.chain(connection.subflows.iter().flat_map(handshake))
}

fn handshake(subflow: &Subflow) -> impl Iterator<Item = u64> {
    let segments = &subflow.handshake;
    [segments.syn, segments.syn_ack, segments.ack].into_iter().flatten()
}

fn words_of_connection(connection: &Connection, take: Take<'_>) {
    take(RowValue::Number(connection.id));
    if let Some(version) = connection.version {
        take(text(&format!("v{version}")));
    }
    states(connection, take);
    for token in [connection.client.token, connection.server.token].into_iter().flatten() {
        take(text(&token.to_string()));
    }
    connection.subflows.iter().for_each(|subflow| words_of_subflow(subflow, take));
}

fn words_of_subflow(subflow: &Subflow, take: Take<'_>) {
    for end in [&subflow.client, &subflow.server] {
        take(RowValue::Address(end.address));
        take(RowValue::Number(end.port.into()));
    }
}

fn known<'a>(value: Option<u64>) -> RowValue<'a> {
    value.map_or(RowValue::Unknown, RowValue::Number)
}

const fn text(words: &str) -> RowValue<'_> {
    RowValue::Text(words)
}

/// As the JSON has it.
pub(super) const fn state_name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Handshaking => "handshaking",
        ConnectionState::Established => "established",
        ConnectionState::Closing => "closing",
        ConnectionState::Closed => "closed",
        ConnectionState::FastClosed => "fast_closed",
        ConnectionState::Reset => "reset",
        ConnectionState::Refused => "refused",
        ConnectionState::Unknown => "unknown",
    }
}

pub(super) const fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::ClientToServer => "c2s",
        Direction::ServerToClient => "s2c",
    }
}

pub(super) const fn side_name(direction: Direction) -> &'static str {
    match direction {
        Direction::ClientToServer => "client",
        Direction::ServerToClient => "server",
    }
}
