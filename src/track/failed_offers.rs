//! Hosts between which MPTCP was offered in vain, and what came of plain TCP between them.

use std::net::IpAddr;

use super::stamp::PacketStamp;
use crate::wire::segment::{Endpoint, Segment};

/// More of them are not kept: every plain SYN is compared with all.
const MAX_PAIRS: usize = 64;

/// The pairs of hosts, in the order of time.
#[derive(Debug, Clone, Default)]
pub struct FailedOffers {
    pairs: Vec<PlainInstead>,
}

/// Plain TCP of a client to a server that did not take up its MPTCP.
#[derive(Debug, Clone)]
pub struct PlainInstead {
    client: IpAddr,
    server: Endpoint,
    /// How many SYNs without MPTCP opened other connections.
    pub opened: u64,
    /// The first of them.
    pub first: Option<PacketStamp>,
    /// The first SYN/ACK to one of them.
    pub answered: Option<PacketStamp>,
}

impl FailedOffers {
    /// What came of plain TCP from a client to a server, if MPTCP was offered there in vain.
    pub fn get(&self, client: IpAddr, server: Endpoint) -> Option<&PlainInstead> {
        self.pairs.iter().find(|pair| pair.client == client && pair.server == server)
    }

    /// An offer of MPTCP that was refused, or not answered.
    pub(crate) fn add(&mut self, client: IpAddr, server: Endpoint) {
        if self.pairs.len() < MAX_PAIRS && self.get(client, server).is_none() {
            self.pairs.push(PlainInstead {
                client,
                server,
                opened: 0,
                first: None,
                answered: None,
            });
        }
    }

    /// Takes a SYN or SYN/ACK of a plain flow. A SYN that comes again is not `new`.
    #[inline(never)]
    pub(crate) fn see_plain(&mut self, segment: &Segment<'_>, new: bool) {
        if self.pairs.is_empty() {
            return;
        }
        let (is_syn, is_answer) = (segment.flags.is_syn(), segment.flags.is_syn_ack());
        let (client, server) = if is_answer {
            (segment.destination.address, segment.source)
        } else {
            (segment.source.address, segment.destination)
        };
        let pair =
            self.pairs.iter_mut().find(|pair| pair.client == client && pair.server == server);
        let Some(pair) = pair else { return };
        let seen = PacketStamp::in_segment(segment);
        if is_answer {
            pair.answered.get_or_insert(seen);
        } else if is_syn && new {
            pair.opened += 1;
            pair.first.get_or_insert(seen);
        }
    }
}
