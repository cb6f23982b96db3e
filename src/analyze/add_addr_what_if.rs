//! What-if: a header with chosen options, whether they fit, and what hosts do about an ADD_ADDR.

use crate::wire::option_space::{AddAddrForm, Block, Demand, Fit};

/// Options that are to share a header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// What stands before the timestamps: TCP-MD5 or TCP-AO.
    pub signatures: Vec<Block>,
    /// Timestamps are in use.
    pub timestamps: bool,
    /// SACK blocks to be sent in the same header.
    pub sack_blocks: u8,
    /// The options of a SYN or SYN/ACK, timestamps left out.
    pub syn: Vec<Block>,
    /// Options of MPTCP beside an ADD_ADDR.
    pub mptcp: Vec<Block>,
    /// An ADD_ADDR.
    pub add_addr: Option<AddAddrForm>,
}

impl Header {
    /// The options in the order in which Linux writes them.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = self.signatures.clone();
        let (syn, rest): (Vec<Block>, Vec<Block>) =
            self.syn.iter().copied().partition(|block| {
                matches!(block, Block::MaximumSegmentSize | Block::SackPermitted)
            });
        blocks.extend(syn);
        blocks.extend(self.timestamps.then_some(Block::Timestamps));
        blocks.extend(rest);
        if self.sack_blocks > 0 {
            blocks.push(Block::Sack { blocks: self.sack_blocks });
        }
        blocks.extend(&self.mptcp);
        blocks.extend(self.add_addr.map(Block::AddAddr));
        blocks
    }

    /// What they take together.
    pub fn demand(&self) -> Demand {
        Demand::of(&self.blocks())
    }

    /// The ADD_ADDR on an ACK of its own, beside nothing but signatures and timestamps.
    fn alone(&self, form: AddAddrForm, timestamps: bool) -> Demand {
        let blocks = Self {
            signatures: self.signatures.clone(),
            timestamps,
            add_addr: Some(form),
            ..Self::default()
        };
        blocks.demand()
    }
}

/// What one implementation does with an ADD_ADDR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Practice {
    /// Linux or Apple.
    pub stack: &'static str,
    /// Which versions of it.
    pub versions: &'static str,
    /// What it does.
    pub outcome: Outcome,
}

/// What becomes of an ADD_ADDR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is sent beside a DSS.
    Shared {
        /// Octets of all options.
        octets: u8,
        /// SACK blocks that there is room for, of those that wait.
        sack_blocks: u8,
    },
    /// It is sent on an ACK of its own, without DSS.
    Alone {
        /// Octets of all options.
        octets: u8,
        /// SACK blocks that there is room for, of those that wait.
        sack_blocks: u8,
    },
    /// It is sent on an ACK of its own, from which timestamps are left out.
    WithoutTimestamps {
        /// Octets of all options.
        octets: u8,
    },
    /// It is sent without its port.
    WithoutPort {
        /// Octets of all options.
        octets: u8,
    },
    /// It waits for a segment with room, which never comes.
    Stuck,
    /// It is given up, and counted.
    Dropped,
    /// It is never sent by this implementation.
    Never,
    /// MPTCP is not used together with TCP-MD5 or TCP-AO.
    NoMptcp,
}

/// What Linux, by version, and Apple do with the ADD_ADDR of `header`; nothing without one.
pub fn practices(header: &Header) -> Vec<Practice> {
    let Some(form) = header.add_addr else { return Vec::new() };
    let linux = |versions, outcome| Practice { stack: "Linux", versions, outcome };
    let by_version = [
        linux("5.7 to 5.10", shared(header, form)),
        linux("5.11, 5.12", if form.ipv6 { alone(header, form) } else { shared(header, form) }),
        linux("5.13 to 7.0", alone(header, form)),
        linux("6.12.117+, 6.18.44+, 7.1", given_up(alone(header, form))),
        linux("7.2 and later", without_timestamps(header, form)),
    ];
    let refuses = !header.signatures.is_empty();
    let mut practices: Vec<_> = by_version
        .map(|practice| match practice {
            practice if refuses => Practice { outcome: Outcome::NoMptcp, ..practice },
            practice => practice,
        })
        .into();
    practices.push(Practice { stack: "Apple", versions: "", outcome: apple(header, form) });
    practices
}

/// Before Linux 5.11 it may share any packet with a DSS.
fn shared(header: &Header, form: AddAddrForm) -> Outcome {
    if header.mptcp.is_empty() {
        return alone(header, form);
    }
    let demand = Header { sack_blocks: 0, ..header.clone() }.demand();
    if demand.fit() == Fit::Fits {
        let sack_blocks = demand.sack_blocks_left().min(header.sack_blocks);
        Outcome::Shared { octets: with_sack(demand, sack_blocks), sack_blocks }
    } else {
        Outcome::Stuck
    }
}

/// Later it has an ACK of its own, and SACK blocks get the room that it leaves.
fn alone(header: &Header, form: AddAddrForm) -> Outcome {
    let demand = header.alone(form, header.timestamps);
    if demand.fit() != Fit::Fits {
        return Outcome::Stuck;
    }
    let sack_blocks = demand.sack_blocks_left().min(header.sack_blocks);
    Outcome::Alone { octets: with_sack(demand, sack_blocks), sack_blocks }
}

/// "pm: stop retrying" (2026): what does not fit is dropped, and the next address is announced.
fn given_up(outcome: Outcome) -> Outcome {
    if outcome == Outcome::Stuck { Outcome::Dropped } else { outcome }
}

/// `net.mptcp.add_addr_v6_port_drop_ts`, on by default: IPv6 with a port goes without timestamps.
fn without_timestamps(header: &Header, form: AddAddrForm) -> Outcome {
    let with = given_up(alone(header, form));
    let without = header.alone(form, false);
    let is_meant = form == AddAddrForm { ipv6: true, port: true, hmac: true };
    if with == Outcome::Dropped && is_meant && without.fit() == Fit::Fits {
        Outcome::WithoutTimestamps { octets: without.padded }
    } else {
        with
    }
}

/// Apple's hosts are clients. They announce nothing, and echo without the port.
fn apple(header: &Header, form: AddAddrForm) -> Outcome {
    if form.hmac {
        return Outcome::Never;
    }
    let sent = header.alone(AddAddrForm { port: false, ..form }, header.timestamps);
    if form.port {
        Outcome::WithoutPort { octets: sent.padded }
    } else {
        Outcome::Alone { octets: sent.padded, sack_blocks: 0 }
    }
}

fn with_sack(demand: Demand, blocks: u8) -> u8 {
    let sack = if blocks == 0 { 0 } else { Block::Sack { blocks }.padded() };
    demand.padded.saturating_add(sack)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::option_space::{DssForm, Width};

    fn header(form: AddAddrForm, timestamps: bool) -> Header {
        Header { timestamps, add_addr: Some(form), ..Header::default() }
    }

    fn outcomes(header: &Header) -> Vec<Outcome> {
        practices(header).iter().map(|practice| practice.outcome).collect()
    }

    const IPV6_WITH_PORT: AddAddrForm = AddAddrForm { ipv6: true, port: true, hmac: true };

    #[test]
    fn ipv6_with_port_beside_timestamps() {
        use Outcome::{Dropped, Never, Stuck, WithoutTimestamps};
        let expected = [Stuck, Stuck, Stuck, Dropped, WithoutTimestamps { octets: 32 }, Never];
        assert_eq!(outcomes(&header(IPV6_WITH_PORT, true)), expected);
    }

    #[test]
    fn everything_else_fits_alone() {
        for form in AddAddrForm::ALL {
            for timestamps in [true, false] {
                if timestamps && form == IPV6_WITH_PORT {
                    continue;
                }
                let outcomes = outcomes(&header(form, timestamps));
                let is_sent = |outcome: &Outcome| matches!(outcome, Outcome::Alone { .. });
                assert!(outcomes[..5].iter().all(is_sent), "{form:?}: {outcomes:?}");
            }
        }
    }

    #[test]
    fn beside_dss_and_sack() {
        let dss = DssForm { data_ack: Some(Width::Long), mapping: None, checksum: false };
        let ipv4 = AddAddrForm { ipv6: false, port: false, hmac: true };
        let header = Header { mptcp: vec![Block::Dss(dss)], sack_blocks: 2, ..header(ipv4, true) };
        let outcomes = outcomes(&header);
        assert_eq!(outcomes[0], Outcome::Shared { octets: 40, sack_blocks: 0 });
        assert_eq!(outcomes[2], Outcome::Alone { octets: 40, sack_blocks: 1 });
        assert_eq!(header.demand().padded, 60);
    }

    #[test]
    fn apple_echoes_without_the_port() {
        let echo = AddAddrForm { ipv6: false, port: true, hmac: false };
        let outcomes = outcomes(&header(echo, true));
        assert_eq!(outcomes.last(), Some(&Outcome::WithoutPort { octets: 20 }));
    }

    #[test]
    fn no_mptcp_beside_signatures() {
        let header = Header { signatures: vec![Block::Md5], ..header(IPV6_WITH_PORT, false) };
        assert_eq!(outcomes(&header)[..5], [Outcome::NoMptcp; 5]);
    }
}
