//! How far a connection came, and how it ended.

use crate::track::Trace;
use crate::track::connection::Connection;
use crate::track::proof::{Verdict, fast_close_verdict};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::{Reset, Subflow, SubflowState};
use crate::wire::frame::PacketNo;

/// How far a connection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// The three segments of the initial subflow are not complete.
    Handshaking,
    /// Open.
    Established,
    /// One host, or both, sent a DATA_FIN (after a fallback: a FIN), and not all is acknowledged.
    Closing,
    /// Ended in order.
    Closed,
    /// Ended by MP_FASTCLOSE.
    FastClosed,
    /// The last subflow was reset before the DATA_FINs were exchanged.
    Reset,
    /// The initial subflow was never established.
    Refused,
    /// The capture does not show enough.
    Unknown,
}

/// What ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseKind {
    /// DATA_FIN (RFC 8684 §3.3.3).
    DataFin,
    /// MP_FASTCLOSE (RFC 8684 §3.5).
    FastClose,
    /// RST on the last subflow.
    Reset,
    /// FIN, after a fallback.
    FallbackFin,
}

/// Who ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closer {
    /// This host was first.
    Host(Role),
    /// Both, before either knew of the other's.
    Both,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// By what.
    pub kind: CloseKind,
    /// By whom.
    pub by: Closer,
    /// The packet that began it.
    pub packet: PacketNo,
}

/// How far `connection` came.
pub fn state(trace: &Trace<'_>, connection: &Connection) -> ConnectionState {
    let subflows: Vec<_> = trace.subflows(connection).collect();
    of(connection, &subflows)
}

/// How far `connection` came, with these subflows.
pub(super) fn of(connection: &Connection, subflows: &[&Subflow]) -> ConnectionState {
    // Linux ignores MP_FASTCLOSE with a wrong key; the RFC does not say what to do.
    if !matches!(fast_close_verdict(connection), Verdict::Absent | Verdict::Mismatch) {
        return ConnectionState::FastClosed;
    }
    if is_closed(connection, subflows) {
        return ConnectionState::Closed;
    }
    if last_reset(subflows).is_some() {
        return ConnectionState::Reset;
    }
    let is_confirmed = subflows.iter().any(|subflow| subflow.is_confirmed());
    match subflows.first().map(|subflow| subflow.state()) {
        _ if is_confirmed && is_closing(connection, subflows) => ConnectionState::Closing,
        _ if is_confirmed => ConnectionState::Established,
        Some(SubflowState::Refused) => ConnectionState::Refused,
        // It went on, so it was answered; the capture does not show how.
        Some(SubflowState::HalfOpen | SubflowState::SynTimeout)
            if subflows.first().is_some_and(|first| first.is_answered_unseen()) =>
        {
            ConnectionState::Unknown
        }
        Some(SubflowState::HalfOpen | SubflowState::SynTimeout) => ConnectionState::Handshaking,
        _ => ConnectionState::Unknown,
    }
}

/// How `connection`, which is in `state`, ended. `None` if it did not, or if the capture does not show it.
pub(super) fn close(
    connection: &Connection,
    subflows: &[&Subflow],
    state: ConnectionState,
) -> Option<Close> {
    match state {
        ConnectionState::FastClosed => connection.fast_close.map(|close| Close {
            kind: CloseKind::FastClose,
            by: Closer::Host(close.from),
            packet: close.seen.packet,
        }),
        ConnectionState::Closed => {
            data_fin_close(connection).or_else(|| fin_close(connection, subflows))
        }
        ConnectionState::Reset => last_reset(subflows).map(|reset| Close {
            kind: CloseKind::Reset,
            by: Closer::Host(reset.from),
            packet: reset.seen.packet,
        }),
        _ => None,
    }
}

/// Whether both hosts sent a DATA_FIN, and each is acknowledged or no subflow is left to do so; or both
/// sent a FIN on every established subflow.
fn is_closed(connection: &Connection, subflows: &[&Subflow]) -> bool {
    let fins = Role::BOTH.map(|role| connection.data.of(role).fin());
    let all_over = subflows.iter().all(|subflow| subflow.is_over());
    let exchanged = fins.iter().all(|fin| fin.is_some_and(|fin| fin.acked.is_some() || all_over));
    let mut used = subflows.iter().filter(|subflow| subflow.is_confirmed());
    exchanged || (all_over && used.clone().next().is_some() && used.all(|s| is_finished(s)))
}

fn is_finished(subflow: &Subflow) -> bool {
    subflow.state() == SubflowState::Closed
}

fn is_closing(connection: &Connection, subflows: &[&Subflow]) -> bool {
    Role::BOTH.iter().any(|role| {
        let data_fin = connection.data.of(*role).fin().is_some();
        let fin = subflows
            .iter()
            .any(|subflow| connection.fallback.is_some() && subflow.sides.of(*role).fin.is_some());
        data_fin || fin
    })
}

/// The RST that ended the last subflow, if no established subflow is left.
fn last_reset(subflows: &[&Subflow]) -> Option<Reset> {
    let used = subflows.iter().filter(|subflow| subflow.is_confirmed());
    if !used.clone().all(|subflow| subflow.is_over()) {
        return None;
    }
    let last = used.max_by_key(|subflow| end_of(subflow))?;
    last.reset.filter(|_| last.state() == SubflowState::Reset)
}

/// The packet that ended a subflow.
fn end_of(subflow: &Subflow) -> PacketNo {
    let fins = Role::BOTH.map(|role| subflow.sides.of(role).fin);
    let fin = fins.iter().flatten().map(|seen| seen.packet).max();
    let reset = subflow.reset.map(|reset| reset.seen.packet);
    reset.or(fin).unwrap_or(subflow.last.packet)
}

fn data_fin_close(connection: &Connection) -> Option<Close> {
    let client = connection.data.client.fin();
    let server = connection.data.server.fin();
    let (first, by) = match (client, server) {
        (None, None) => return None,
        (Some(client), None) => (client.seen, Closer::Host(Role::Client)),
        (None, Some(server)) => (server.seen, Closer::Host(Role::Server)),
        (Some(client), Some(server)) => {
            let client_first = client.seen.packet <= server.seen.packet;
            let (first, second, role) = if client_first {
                (client, server, Role::Client)
            } else {
                (server, client, Role::Server)
            };
            let crossed = first.acked.is_none_or(|acked| second.seen.packet < acked.packet);
            let by = if crossed { Closer::Both } else { Closer::Host(role) };
            (first.seen, by)
        }
    };
    Some(Close { kind: CloseKind::DataFin, by, packet: first.packet })
}

/// The first FIN of a connection that fell back.
fn fin_close(connection: &Connection, subflows: &[&Subflow]) -> Option<Close> {
    connection.fallback?;
    let fins = subflows.iter().flat_map(|subflow| {
        Role::BOTH.map(|role| subflow.sides.of(role).fin.map(|seen| (seen, role)))
    });
    let (seen, role): (PacketStamp, Role) = fins.flatten().min_by_key(|(seen, _)| seen.packet)?;
    Some(Close { kind: CloseKind::FallbackFin, by: Closer::Host(role), packet: seen.packet })
}
