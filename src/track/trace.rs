//! What a tracker has put together: a view for the layers above.

use super::ids::{ConnectionId, SubflowId};
use super::state::connection::Connection;
use super::state::subflow::Subflow;
use super::store::Store;
use super::totals::Totals;

/// A view of everything that was put together so far.
#[derive(Clone, Copy)]
pub struct Trace<'a> {
    store: &'a Store,
    totals: &'a Totals,
}

impl<'a> Trace<'a> {
    pub(crate) const fn new(store: &'a Store, totals: &'a Totals) -> Self {
        Self { store, totals }
    }

    /// Counts over the whole capture.
    pub const fn totals(&self) -> &'a Totals {
        self.totals
    }

    /// The connections, in the order of their first packets.
    pub fn connections(&self) -> Vec<&'a Connection> {
        self.in_order(|connection| !self.store.is_orphan(connection))
    }

    /// Subflows of joins that were never answered and whose connection was not captured, in the
    /// order of their first packets.
    pub fn orphans(&self) -> Vec<&'a Subflow> {
        self.orphan_ids().map(|id| self.subflow(id)).collect()
    }

    /// Their numbers.
    pub fn orphan_ids(&self) -> impl Iterator<Item = SubflowId> + use<'a> {
        let orphaned = self.in_order(|connection| self.store.is_orphan(connection));
        orphaned.into_iter().flat_map(|connection| connection.subflows.iter().copied())
    }

    /// How many connections there are, orphans included.
    pub fn connection_count(&self) -> u64 {
        self.store.connections.len() as u64
    }

    /// The numbers of flows that are no part of any connection, or that wait for the answer that tells.
    pub fn stray_ids(&self) -> impl Iterator<Item = SubflowId> + use<'a> {
        let all = self.store.connections.iter().map(|(_, connection)| connection);
        let strays = all.filter(|connection| connection.merged || connection.stray_of.is_some());
        strays.flat_map(|connection| connection.subflows.iter().copied())
    }

    /// How many subflows there are.
    pub fn subflow_count(&self) -> u64 {
        self.store.subflows.len() as u64
    }

    /// The subflows of a connection, in the order in which they were first seen.
    pub fn subflows(&self, connection: &'a Connection) -> impl Iterator<Item = &'a Subflow> {
        self.store.subflows_of(connection)
    }

    /// A connection by its number.
    pub fn connection(&self, id: ConnectionId) -> &'a Connection {
        &self.store.connections[id]
    }

    /// A subflow by its number.
    pub fn subflow(&self, id: SubflowId) -> &'a Subflow {
        &self.store.subflows[id]
    }

    fn in_order(self, wanted: impl Fn(&Connection) -> bool) -> Vec<&'a Connection> {
        let all = self.store.connections.iter().map(|(_, connection)| connection);
        // A flow that waits for its answer may turn out to be no part of any connection.
        let is_own = |c: &&Connection| !c.merged && c.stray_of.is_none();
        let mut found: Vec<_> = all.filter(is_own).filter(|c| wanted(c)).collect();
        found.sort_by_key(|connection| connection.first.packet);
        found
    }
}
