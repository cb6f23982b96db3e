//! What mptcpscope says about a capture, and that in lines that a scenario can expect.

use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::report::Report;
use mptcpscope::internals::report::model::{
    AnnouncedAddress, Connection, Subflow, SubflowEndpoint,
};
use mptcpscope::internals::track::proof::Verdict;
use mptcpscope::internals::track::role::Role;
use mptcpscope::internals::track::stream::StreamUse;
use mptcpscope::internals::track::subflow::SubflowState;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::segment::decode;

use super::capture::Recorded;
use super::talk::PORT;

/// The report on a recording, with the hashes of the streams.
pub(crate) fn report(recorded: &Recorded) -> Report {
    let path = recorded.file.as_os_str().to_owned();
    let mut capture = Capture::open(&[InputPath::from(path)]).unwrap();
    let end = recorded.end.as_bytes();
    let is_end = |frame: &[u8]| frame.windows(end.len()).any(|part| part == end);
    let mut tracker = Tracker::new(Limits::default(), 0);
    tracker.keep_streams(StreamUse::Hash);
    while let Some(frame) = capture.next_frame()
        && !(frame.data.len() < SHORT && is_end(frame.data))
    {
        tracker.push(&decode(&frame));
    }
    Report::build(&tracker.trace(), &[], None)
}

/// The marker at the end is in a short frame.
const SHORT: usize = 100;

/// A report in short.
pub(crate) type Lines = Vec<String>;

/// The report in lines: each connection, its subflows, its addresses, its fallback.
///
/// ```text
/// connection closed
/// 192.0.2.1 > 192.0.2.2 closed
/// join 198.51.100.1 > 192.0.2.2 refused by server: 3
/// server's 1 198.51.100.2 echoed verified
/// ```
pub(crate) fn lines(report: &Report) -> Lines {
    let connections = report.connections.iter().flat_map(connection_lines);
    let orphans = report
        .orphan_subflows
        .iter()
        .map(|orphan| format!("orphan {}", joined(&orphan.subflow.client, &orphan.subflow.server)));
    connections.chain(orphans).collect()
}

fn connection_lines(connection: &Connection) -> Lines {
    let fallback = connection.fallback.as_ref();
    let fallback = fallback.map(|fallback| format!(", fallback {}", name(&fallback.cause)));
    let first = format!("connection {}{}", name(&connection.state), fallback.unwrap_or_default());
    let subflows = connection.subflows.iter().map(subflow_line);
    let addresses = connection.addresses.iter().map(address_line);
    std::iter::once(first).chain(subflows).chain(addresses).collect()
}

fn subflow_line(subflow: &Subflow) -> String {
    let (opener, acceptor) = match subflow.opened_by {
        Role::Client => (&subflow.client, &subflow.server),
        Role::Server => (&subflow.server, &subflow.client),
    };
    let join = if subflow.initial { "" } else { "join " };
    let state = name(&subflow.state);
    let mut parts = vec![format!("{join}{} {state}{}", joined(opener, acceptor), ended(subflow))];
    if let Some(hmac) = &subflow.hmac {
        let wrong = [("SYN/ACK", hmac.syn_ack), ("ACK", hmac.ack)]
            .into_iter()
            .filter(|(_, verdict)| *verdict == Verdict::Mismatch);
        parts.extend(wrong.map(|(place, _)| format!("HMAC of {place} wrong")));
    }
    let backup = [(Role::Client, subflow.backup.client), (Role::Server, subflow.backup.server)]
        .into_iter()
        .filter(|(_, backup)| *backup == Some(true));
    parts.extend(backup.map(|(role, _)| format!("backup of {}", name(&role))));
    parts.join(", ")
}

/// Who ended a subflow by a RST, and the reason.
fn ended(subflow: &Subflow) -> String {
    let is_told = matches!(subflow.state, SubflowState::Refused | SubflowState::Reset);
    let Some(reset) = subflow.reset.as_ref().filter(|_| is_told) else {
        return String::new();
    };
    let reason = reset.reason.map_or("bare".to_owned(), |reason| reason.0.to_string());
    format!(" by {}: {reason}", name(&reset.from))
}

/// `opener > acceptor`, with the acceptor's port unless it is the usual one or a client's own.
fn joined(opener: &SubflowEndpoint, acceptor: &SubflowEndpoint) -> String {
    let is_told = acceptor.port != PORT && acceptor.port < FIRST_EPHEMERAL;
    let port = if is_told { format!(":{}", acceptor.port) } else { String::new() };
    format!("{} > {}{port}", opener.address, acceptor.address)
}

const FIRST_EPHEMERAL: u16 = 32768;

fn address_line(address: &AnnouncedAddress) -> String {
    let place = address.address.map_or(String::new(), |address| format!(" {address}"));
    let port = address.port.map_or(String::new(), |port| format!(":{port}"));
    let is_unechoed = !address.announced.is_empty() && address.echoed.is_empty();
    let facts = [
        Some(format!("{}'s {}{place}{port}", name(&address.owner), address.address_id)),
        is_unechoed.then(|| "unechoed".to_owned()),
        address.hmac.as_ref().map(name),
        (!address.removed.is_empty()).then(|| "removed".to_owned()),
    ];
    facts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The name that a value has in the JSON report.
fn name(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap();
    value.as_str().unwrap().to_owned()
}
