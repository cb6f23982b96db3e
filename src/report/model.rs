//! The JSON report as types: field for field what is written, and what its schema is made from.
//!
//! Wire values are `"0x…"` strings of full width; byte counts, packet numbers, ports and IDs are
//! numbers; times are integer nanoseconds since the first packet of the capture. What the capture
//! does not show is null, never 0.
//!
//! ```json
//! {"schema_version": 1, "generator": {"name": "mptcpscope", "version": "0.1.0"},
//!  "inputs": [], "totals": {}, "host": null, "connections": [], "orphan_subflows": [],
//!  "findings": [], "packet_refs": {}}
//! ```

mod address;
mod build;
mod connection;
mod data;
mod finding;
mod icmp;
mod input;
mod road;
mod series;
mod subflow;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

pub use address::AnnouncedAddress;
pub use build::{Lookup, Moment, PacketRef};
pub use connection::{AddAddrRoom, Close, Connection, Fallback, Family, Host, OptionSpace};
pub use data::{DataDirection, ReceiveWindow, Reinjection, Stall};
pub use finding::Finding;
pub use icmp::Icmp;
pub use input::{Forgotten, Input, Severities, SkippedPackets, Totals};
pub use road::{Interface, Process, Roads, Tunnel};
pub use series::{Series, Spans};
pub use subflow::{
    Checksums, Distribution, Handshake, JoinHmacs, OrphanSubflow, Reset, Subflow, SubflowDirection,
    SubflowEndpoint,
};

use crate::analyze;
use crate::analyze::finding::Selection;
use crate::analyze::{ConnectionContext, InputStats};
use crate::track::Trace;
use build::Context;

/// The whole report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// Version of this format. Within a version things are only added.
    pub schema_version: u32,
    /// What wrote the report.
    pub generator: Generator,
    /// The inputs, in the order given.
    pub inputs: Vec<Input>,
    /// Counts over all inputs. They count records: a frame captured twice counts twice.
    pub totals: Totals,
    /// What `mptcpscope host --json` prints, where it was given.
    pub host: Option<serde_json::Value>,
    /// Tunnels that were opened, in the order in which they were first seen.
    pub tunnels: Vec<Tunnel>,
    /// Every TCP connection in which MPTCP was offered or used, in the order of the first packets.
    pub connections: Vec<Connection>,
    /// Which connections and joins are in it, if not all: the `--filter` that they satisfy. Only
    /// `totals.findings` counts what is left; all other totals are those of the capture.
    pub filter: Option<String>,
    /// Joins that were never answered with MP_JOIN and whose connection is not in the capture.
    pub orphan_subflows: Vec<OrphanSubflow>,
    /// Diagnoses.
    pub findings: Vec<Finding>,
    /// With several inputs: packet number → input (0-based) and frame number in that input.
    pub packet_refs: BTreeMap<u64, PacketRef>,
}

/// What wrote the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Generator {
    /// `mptcpscope`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Default for Generator {
    /// This program.
    fn default() -> Self {
        Self { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") }
    }
}

impl Default for Report {
    /// The report on nothing at all.
    fn default() -> Self {
        Self {
            schema_version: 1,
            generator: Generator::default(),
            inputs: Vec::new(),
            totals: Totals::default(),
            host: None,
            tunnels: Vec::new(),
            connections: Vec::new(),
            filter: None,
            orphan_subflows: Vec::new(),
            findings: Vec::new(),
            packet_refs: BTreeMap::new(),
        }
    }
}

impl Report {
    /// The report on what `trace` holds, read from `inputs`.
    ///
    /// `lookup` tells where a packet of several inputs stands; without it `packet_refs` stays empty.
    pub fn build(trace: &Trace<'_>, inputs: &[InputStats], lookup: Option<&Lookup<'_>>) -> Self {
        Self::build_with(trace, inputs, lookup, &Selection::default())
    }

    /// A report with only those findings that are `wanted`.
    pub fn build_with(
        trace: &Trace<'_>,
        inputs: &[InputStats],
        lookup: Option<&Lookup<'_>>,
        wanted: &Selection,
    ) -> Self {
        let context = Context::new(trace, inputs, lookup);
        let mut findings = analyze::of_capture(*trace, inputs, wanted);
        let tracked = trace.connections();
        let mut connections = Vec::with_capacity(tracked.len());
        for (index, connection) in tracked.into_iter().enumerate() {
            let case = ConnectionContext::new(*trace, inputs, wanted.host.as_ref(), connection);
            let judged = analyze::of_connection(&case, index, wanted);
            findings.extend(judged.findings);
            let id = index as u64 + connection.forgotten_before;
            connections.push(Connection::build(&context, id, &case, judged.headline));
        }
        let orphan_subflows: Vec<_> = trace
            .orphans()
            .into_iter()
            .map(|subflow| {
                let connection = trace.connection(subflow.connection);
                OrphanSubflow::build(&context, connection, subflow)
            })
            .collect();
        let subflows = connections.iter().map(|c| c.subflows.len() as u64).sum();
        let mut totals = Totals::build(trace.totals());
        totals.connections = connections.len() as u64;
        totals.subflows = subflows;
        totals.orphan_subflows = orphan_subflows.len() as u64;
        let findings: Vec<_> = analyze::in_order(findings)
            .into_iter()
            .map(|found| {
                let connection = found.connection.and_then(|index| connections.get(index));
                let connection = connection.map(|connection| connection.id);
                Finding { connection, ..Finding::build(&context, found) }
            })
            .collect();
        totals.findings = Severities::count(&findings);
        Self {
            schema_version: 1,
            generator: Generator::default(),
            inputs: Input::build(inputs, trace.totals()),
            totals,
            host: None,
            tunnels: Vec::new(),
            connections,
            filter: None,
            orphan_subflows,
            findings,
            packet_refs: context.into_packet_refs(),
        }
    }

    /// The findings on a connection, by its ID, the worst first.
    pub fn findings_of(&self, connection: u64) -> &[Finding] {
        // Those on the capture stand first, then those on each connection, in order.
        let all = &self.findings;
        let first = all.partition_point(|finding| finding.connection < Some(connection));
        let end = all.partition_point(|finding| finding.connection <= Some(connection));
        all.get(first..end).unwrap_or_default()
    }

    /// Whether there may be connections in what was not looked into.
    pub fn may_have_more(&self) -> bool {
        let mut skipped = self.inputs.iter().flat_map(|input| &input.skipped);
        skipped.any(|skipped| !skipped.is_housekeeping)
    }

    /// Fills in which ways the packets came.
    pub fn fill_roads(&mut self, trace: &Trace<'_>, roads: &Roads<'_>) {
        self.tunnels = Tunnel::build(roads.ways);
        for (reported, connection) in self.connections.iter_mut().zip(trace.connections()) {
            reported.fill_roads(trace, connection, roads);
        }
        for (reported, subflow) in self.orphan_subflows.iter_mut().zip(trace.orphans()) {
            reported.subflow.fill_roads(roads.of_subflow(subflow));
        }
    }

    /// A report as [`Report::build_with`] makes it, with `series` filled in.
    pub fn build_with_series(
        trace: &Trace<'_>,
        inputs: &[InputStats],
        lookup: Option<&Lookup<'_>>,
        wanted: &Selection,
    ) -> Self {
        let mut report = Self::build_with(trace, inputs, lookup, wanted);
        let context = Context::new(trace, inputs, None);
        for (reported, connection) in report.connections.iter_mut().zip(trace.connections()) {
            reported.fill_series(&context, connection);
        }
        report
    }
}
