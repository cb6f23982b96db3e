//! The connections and their subflows, by number. Nothing here belongs to more than one connection.

use super::arena::Arena;
use super::ids::{OfConnection, OfSubflow, SubflowId};
use super::state::connection::Connection;
use super::state::subflow::Subflow;

/// All connections that are followed, and their subflows.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) connections: Arena<Connection, OfConnection>,
    pub(crate) subflows: Arena<Subflow, OfSubflow>,
}

impl Store {
    /// The connection that a subflow belongs to.
    pub(crate) fn connection_of(&self, subflow: SubflowId) -> &Connection {
        &self.connections[self.subflows[subflow].connection]
    }

    /// A subflow and its connection, to change both.
    #[inline]
    pub(crate) fn pair_mut(&mut self, subflow: SubflowId) -> (&mut Subflow, &mut Connection) {
        let subflow = &mut self.subflows[subflow];
        let connection = &mut self.connections[subflow.connection];
        (subflow, connection)
    }

    /// The subflows of a connection, in the order in which they were first seen.
    pub(crate) fn subflows_of(
        &self,
        connection: &Connection,
    ) -> impl Iterator<Item = &Subflow> + Clone {
        connection.subflows.iter().map(|id| &self.subflows[*id])
    }

    /// Whether a connection is known by its joins alone, and none of them was ever answered with
    /// MP_JOIN.
    pub(crate) fn is_orphan(&self, connection: &Connection) -> bool {
        let is_unanswered = |subflow: &Subflow| {
            subflow.join.as_ref().is_some_and(|join| join.syn_ack_hmac.is_none())
        };
        connection.known_by.is_some() && self.subflows_of(connection).all(is_unanswered)
    }
}
