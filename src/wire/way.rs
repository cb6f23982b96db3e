//! Which way a segment came: interface, process, tunnels; and in which tenant's network it was.
//!
//! A segment carries two small numbers ([`Way`]); what they stand for is kept here once.

use std::collections::BTreeMap;
use std::net::IpAddr;

use smallvec::SmallVec;

use super::trail::{Hop, LinkFacts, Tenant, Trail};
pub use super::trail::{LinkInterface, TunnelKind};

/// So many tunnels are told apart.
const MOST_TUNNELS: usize = 16_384;

/// How a segment came. Most come plainly: [`Way::PLAIN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Way {
    /// In which of several networks with the same addresses; 0 where nothing tells.
    pub(crate) tenant: u16,
    /// What [`Ways`] has of it; 0 is nothing.
    pub(crate) route: u16,
}

impl Way {
    /// In no tunnel, and without a word of the interface.
    pub const PLAIN: Self = Self { tenant: 0, route: 0 };
}

/// All ways of a capture.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    tenants: BTreeMap<SmallVec<[Tenant; 2]>, u16>,
    routes: BTreeMap<Route, u16>,
    /// By number, beginning with 1.
    by_number: Vec<Route>,
    tunnels: Vec<Tunnel>,
    tunnel_numbers: BTreeMap<(Option<u16>, Hop), u16>,
    /// The trail that was seen last, and its way: most are the same.
    last: Option<(Trail, Way)>,
}

/// What is remembered of a way.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    link: LinkFacts,
    /// Indexes of the tunnels, outermost first.
    tunnels: SmallVec<[u16; 2]>,
}

/// A tunnel that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tunnel {
    /// The tunnel that it stands in, as an index.
    pub parent: Option<u16>,
    /// What it is.
    pub kind: TunnelKind,
    /// Its ends: the smaller address comes first. `None` where its headers have none.
    pub ends: Option<(IpAddr, IpAddr)>,
    /// What tells it from others between the same ends.
    pub identifier: Option<u32>,
    /// Segments that came through it.
    pub packets: u64,
}

impl Route {
    /// The interface, as a header of the link layer names it.
    pub fn interface(&self) -> Option<LinkInterface> {
        self.link.interface
    }

    /// Whether the host that captured sent it (true) or got it (false).
    pub fn is_outgoing(&self) -> Option<bool> {
        self.link.is_outgoing
    }

    /// The process that it belongs to: number and name.
    pub fn process(&self) -> Option<(u32, String)> {
        self.link.process.map(|(number, name)| (number, name.text()))
    }

    /// Apple's class of service.
    pub fn service_class(&self) -> Option<u32> {
        self.link.service_class
    }

    /// Indexes of the tunnels, outermost first.
    pub fn tunnels(&self) -> &[u16] {
        &self.tunnels
    }
}

impl Ways {
    /// The way that a trail is, and counts the segment in its tunnels. Past what numbers there are, the
    /// way is not told.
    pub(super) fn take(&mut self, trail: &Trail) -> Way {
        if trail.is_plain() {
            return Way::PLAIN;
        }
        let way = self.find_way(trail);
        if let Some(route) = Self::at(&self.by_number, way.route) {
            for tunnel in &route.tunnels {
                if let Some(tunnel) = self.tunnels.get_mut(usize::from(*tunnel)) {
                    tunnel.packets += 1;
                }
            }
        }
        way
    }

    /// The way that a trail is.
    pub(super) fn find_way(&mut self, trail: &Trail) -> Way {
        match &self.last {
            _ if trail.is_plain() => Way::PLAIN,
            Some((last, way)) if is_same(last, trail) => *way,
            _ => {
                let way = self.find(trail);
                self.last = Some((trail.clone(), way));
                way
            }
        }
    }

    /// The route of a way.
    pub fn route(&self, way: Way) -> Option<&Route> {
        Self::at(&self.by_number, way.route)
    }

    /// All tunnels, in the order in which they were first seen.
    pub fn tunnels(&self) -> &[Tunnel] {
        &self.tunnels
    }

    fn at(routes: &[Route], number: u16) -> Option<&Route> {
        routes.get(usize::from(number).checked_sub(1)?)
    }

    fn find(&mut self, trail: &Trail) -> Way {
        let tenant = if trail.tenants.is_empty() {
            0
        } else {
            let next = u16::try_from(self.tenants.len() + 1).unwrap_or(0);
            match self.tenants.get(&trail.tenants) {
                Some(tenant) => *tenant,
                None if next == 0 => 0,
                None => *self.tenants.entry(trail.tenants.clone()).or_insert(next),
            }
        };
        Way { tenant, route: self.route_number(trail) }
    }

    fn route_number(&mut self, trail: &Trail) -> u16 {
        let mut parent = None;
        let mut tunnels = SmallVec::new();
        for hop in &trail.tunnels {
            let Some(number) = self.tunnel_number(parent, *hop) else { break };
            tunnels.push(number);
            parent = Some(number);
        }
        let route = Route { link: trail.link, tunnels };
        if route == Route::default() {
            return 0;
        }
        if let Some(number) = self.routes.get(&route) {
            return *number;
        }
        let Ok(number) = u16::try_from(self.by_number.len() + 1) else { return 0 };
        self.by_number.push(route.clone());
        self.routes.insert(route, number);
        number
    }

    fn tunnel_number(&mut self, parent: Option<u16>, hop: Hop) -> Option<u16> {
        let ends = hop.ends.map(|(one, other)| (one.min(other), one.max(other)));
        let hop = Hop { ends, ..hop };
        if let Some(number) = self.tunnel_numbers.get(&(parent, hop)) {
            return Some(*number);
        }
        let number = u16::try_from(self.tunnels.len()).ok()?;
        if self.tunnels.len() >= MOST_TUNNELS {
            return None;
        }
        let Hop { kind, identifier, .. } = hop;
        self.tunnels.push(Tunnel { parent, kind, ends, identifier, packets: 0 });
        self.tunnel_numbers.insert((parent, hop), number);
        Some(number)
    }
}

/// Whether two trails are the same way.
fn is_same(one: &Trail, other: &Trail) -> bool {
    one.tunnels == other.tunnels && one.tenants == other.tenants && one.link == other.link
}
