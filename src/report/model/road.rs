//! Which ways packets came: interfaces, processes, tunnels.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::analyze::{InputStats, InterfaceStats};
use crate::track::arrivals::Arrival;
use crate::track::subflow;
use crate::wire::frame::{CapturePoint, LinkType};
use crate::wire::way::{self, LinkInterface, Route, Ways};

/// An interface that an input names.
///
/// ```json
/// {"index": 0, "name": "wlan0", "description": null, "link_type": "ETHERNET",
///  "dropped_by_kernel": null}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Interface {
    /// Its number in the input, 0-based.
    pub index: u64,
    /// Its name.
    pub name: Option<String>,
    /// What its owner says of it.
    pub description: Option<String>,
    /// Which header its frames start with.
    pub link_type: LinkType,
    /// Frames that the kernel dropped.
    pub dropped_by_kernel: Option<u64>,
}

/// A tunnel that was opened.
///
/// ```json
/// {"id": 0, "parent": null, "kind": "vxlan", "a": "10.0.0.1", "b": "10.0.0.2",
///  "identifier": "0x0000002a", "packets": 756}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Tunnel {
    /// Its number.
    pub id: u64,
    /// The tunnel that it stands in.
    pub parent: Option<u64>,
    /// What it is: `vxlan`, `gre`, `gtp_u`, `mpls` and so on.
    pub kind: &'static str,
    /// One end; null where its headers have no IP address.
    pub a: Option<String>,
    /// The other end.
    pub b: Option<String>,
    /// What tells it from others between the same ends.
    pub identifier: Option<String>,
    /// Segments that came through it.
    pub packets: u64,
    /// What it is, for a person.
    #[serde(skip)]
    pub title: &'static str,
}

/// The process that segments belong to.
///
/// ```json
/// {"id": 1337, "name": "Safari"}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
}

impl Interface {
    pub(super) fn build((known, index): (&InterfaceStats, u64)) -> Self {
        Self {
            index,
            name: known.name.clone(),
            description: None,
            link_type: known.link_type,
            dropped_by_kernel: known.dropped_by_kernel,
        }
    }
}

impl Tunnel {
    pub(super) fn build(ways: &Ways) -> Vec<Self> {
        let all = ways.tunnels().iter().zip(0..);
        all.map(|(tunnel, id)| Self::of(tunnel, id)).collect()
    }

    fn of(tunnel: &way::Tunnel, id: u64) -> Self {
        let (a, b) = tunnel.ends.unzip();
        Self {
            id,
            parent: tunnel.parent.map(Into::into),
            kind: tunnel.kind.name(),
            a: a.map(|a| a.to_string()),
            b: b.map(|b| b.to_string()),
            identifier: tunnel.identifier.map(|number| format!("0x{number:08x}")),
            packets: tunnel.packets,
            title: tunnel.kind.title(),
        }
    }
}

/// What is known of the ways of a capture.
#[derive(Clone, Copy)]
pub struct Roads<'a> {
    /// What the decoder has of them.
    pub ways: &'a Ways,
    /// The inputs, with their interfaces.
    pub inputs: &'a [InputStats],
    /// Names of interfaces by their index on the host that captured.
    pub indexes: &'a BTreeMap<u32, String>,
}

/// What the ways of a subflow come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SubflowRoads {
    pub(super) interface: Option<String>,
    pub(super) client_interface: Option<String>,
    pub(super) server_interface: Option<String>,
    pub(super) tunnels: Vec<u64>,
    pub(super) process: Option<Process>,
    pub(super) service_class: Option<u32>,
}

impl Roads<'_> {
    pub(super) fn of_subflow(&self, subflow: &subflow::Subflow) -> SubflowRoads {
        let (client, server) = (&subflow.sides.client.arrivals, &subflow.sides.server.arrivals);
        let all = || client.all().iter().chain(server.all());
        let routes: Vec<_> = all().filter_map(|arrival| self.ways.route(arrival.way)).collect();
        let tunnels: BTreeSet<u64> =
            routes.iter().flat_map(|route| route.tunnels()).map(|id| u64::from(*id)).collect();
        let process = only(routes.iter().map(|route| route.process()));
        let process = process.map(|(id, name)| Process { id, name });
        SubflowRoads {
            interface: only(all().map(|arrival| self.name(*arrival))),
            client_interface: self.interface_of_host(client.all(), process.as_ref()),
            server_interface: self.interface_of_host(server.all(), process.as_ref()),
            tunnels: tunnels.into_iter().collect(),
            service_class: only(routes.iter().map(|route| route.service_class())),
            process,
        }
    }

    /// The interface from which a host sent all of these. A process is one of the host that captured,
    /// so that what goes out is its own; without one, the host may only have passed it on.
    fn interface_of_host(&self, sent: &[Arrival], process: Option<&Process>) -> Option<String> {
        process.filter(|process| process.id > 0)?;
        let is_outgoing =
            |arrival: &Arrival| self.ways.route(arrival.way).and_then(Route::is_outgoing);
        let all_outgoing = sent.iter().all(|arrival| is_outgoing(arrival) == Some(true));
        only(sent.iter().map(|arrival| self.name(*arrival))).filter(|_| all_outgoing)
    }

    /// The name of the interface at which segments came, if it is known.
    fn name(&self, arrival: Arrival) -> Option<String> {
        match self.ways.route(arrival.way).and_then(Route::interface) {
            Some(LinkInterface::Name(name)) => Some(name.text()),
            Some(LinkInterface::Index(index)) => self.indexes.get(&index).cloned(),
            None => self.name_in_input(arrival.point),
        }
    }

    fn name_in_input(&self, point: CapturePoint) -> Option<String> {
        let input = self.inputs.get(usize::from(point.input))?;
        input.interfaces.get(usize::from(point.interface))?.name.clone()
    }
}

/// The one value that all have; `None` if they differ, or one is not known.
fn only<T: PartialEq>(mut values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = values.next()??;
    values.all(|value| value.as_ref() == Some(&first)).then_some(first)
}
