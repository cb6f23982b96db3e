//! What is new, for live output.

use super::ids::SubflowId;
use super::role::Role;
use super::state::event::Event;
use super::state::subflow::{Subflow, SubflowState};

/// Something new.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Update {
    /// An event, also one that its connection has no room for.
    Event(Event),
    /// The state of a subflow, and with it that of its connection, may have changed.
    Progress(SubflowId),
    /// A connection was forgotten; its subflows with it.
    Forgotten {
        /// Its [`Connection::number`](super::connection::Connection::number).
        number: u64,
    },
}

/// What decides the states of a subflow and its connection, beside events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StateDigest {
    state: SubflowState,
    data_fins: [Option<bool>; 2],
}

impl StateDigest {
    pub(crate) fn of(subflow: &Subflow, connection: &super::connection::Connection) -> Self {
        let data_fin = |role| connection.data.of(role).fin().map(|fin| fin.acked.is_some());
        Self { state: subflow.state(), data_fins: Role::BOTH.map(data_fin) }
    }
}
