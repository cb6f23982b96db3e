//! One copy of the base: its keys and addresses, and how a packet is rewritten for it.

use std::net::IpAddr;

use anyhow::ensure;
use mptcpscope::internals::track::role::{PerRole, Role};
use mptcpscope::internals::wire::crypto::{self, AddAddrHmacVariant, JoinParty};
use mptcpscope::internals::wire::mptcp::{
    AddAddr, AddressFlavour, CapableForm, Dss, Key, MpCapable, MpJoin, MptcpOption, Nonce, Version,
};
use mptcpscope::internals::wire::seq::WireDsn;
use mptcpscope::internals::wire::tcp_option::{TcpOption, TcpOptions};

use crate::base::{Base, Belongs, Connection, Flow, Packet};

pub struct Copy {
    number: u32,
    connections: Vec<Secrets>,
}

/// What a connection of the copy has instead of that of the base.
struct Secrets {
    version: Version,
    keys: PerRole<Key>,
    /// How far the data sequence numbers of each host are shifted.
    shifts: PerRole<u64>,
}

impl Copy {
    pub fn new(number: u32, seed: u64, base: &Base) -> Self {
        let mut random = Random(seed ^ u64::from(number) << 32);
        let connections = base
            .connections
            .iter()
            .map(|connection| Secrets::new(connection, &mut random))
            .collect();
        Self { number, connections }
    }

    /// Makes the frame of a packet of the base that of this copy.
    pub fn rewrite(&self, base: &Base, packet: &Packet, frame: &mut [u8]) -> anyhow::Result<()> {
        self.rewrite_addresses(&mut frame[packet.ip..]);
        let flow = &base.flows[packet.flow];
        let Belongs::To(connection, opener) = flow.belongs else {
            return Ok(());
        };
        let change = Change {
            copy: self,
            secrets: &self.connections[connection],
            flow,
            opener,
            sender: if packet.from_opener { opener } else { opener.peer() },
        };
        change.rewrite_options(&mut frame[packet.options.0..packet.options.1])
    }

    fn rewrite_addresses(&self, packet: &mut [u8]) {
        if packet[0] >> 4 == 4 {
            for at in [12 + 1, 16 + 1] {
                packet[at] = self.shifted_octet(packet[at]);
            }
        } else {
            for at in [8 + 3, 24 + 3] {
                packet[at] = self.shifted_octet(packet[at]);
            }
        }
    }

    fn address(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(address) => {
                let mut octets = address.octets();
                octets[1] = self.shifted_octet(octets[1]);
                IpAddr::from(octets)
            }
            IpAddr::V6(address) => {
                let mut octets = address.octets();
                octets[3] = self.shifted_octet(octets[3]);
                IpAddr::from(octets)
            }
        }
    }

    /// 10.77.1.1 becomes 10.78.1.1, 10.79.1.1 and so on; in IPv6 the fourth octet counts.
    fn shifted_octet(&self, octet: u8) -> u8 {
        octet.wrapping_add(u8::try_from(self.number).unwrap_or(u8::MAX))
    }
}

impl Secrets {
    fn new(connection: &Connection, random: &mut Random) -> Self {
        let version = connection.version.unwrap_or(Version::V1);
        let keys = PerRole { client: Key(random.next()), server: Key(random.next()) };
        let shift = |role: Role| {
            let of_base = connection.keys.of(role).unwrap_or(*keys.of(role));
            let (before, after) = (of_base, *keys.of(role));
            let idsn = |key| crypto::idsn(key, version);
            idsn(after).0.wrapping_sub(idsn(before).0)
        };
        Self {
            version,
            keys,
            shifts: PerRole { client: shift(Role::Client), server: shift(Role::Server) },
        }
    }
}

/// How the options of one packet are changed.
struct Change<'a> {
    copy: &'a Copy,
    secrets: &'a Secrets,
    flow: &'a Flow,
    opener: Role,
    sender: Role,
}

impl Change<'_> {
    fn rewrite_options(&self, octets: &mut [u8]) -> anyhow::Result<()> {
        let options = TcpOptions { octets, declared_len: u8::try_from(octets.len())? };
        let mut rewritten = Vec::with_capacity(40);
        for option in options.iter() {
            match option {
                TcpOption::Mptcp(option) => {
                    TcpOption::Mptcp(self.changed(option)?).emit(&mut rewritten);
                }
                option => option.emit(&mut rewritten),
            }
        }
        ensure!(rewritten.len() == octets.len(), "an option changed its length");
        octets.copy_from_slice(&rewritten);
        Ok(())
    }

    fn changed(&self, option: MptcpOption) -> anyhow::Result<MptcpOption> {
        Ok(match option {
            MptcpOption::MpCapable(capable) => MptcpOption::MpCapable(self.capable(capable)),
            MptcpOption::MpJoin(join) => MptcpOption::MpJoin(self.join(join)),
            MptcpOption::Dss(dss) => MptcpOption::Dss(self.dss(dss)?),
            MptcpOption::AddAddr(announced) => MptcpOption::AddAddr(self.add_addr(announced)),
            MptcpOption::MpFail(mut fail) => {
                fail.dsn = fail.dsn.add(*self.secrets.shifts.of(self.sender));
                MptcpOption::MpFail(fail)
            }
            MptcpOption::MpFastClose(mut close) => {
                close.receiver_key = *self.secrets.keys.of(self.sender.peer());
                MptcpOption::MpFastClose(close)
            }
            other => other,
        })
    }

    fn capable(&self, mut capable: MpCapable) -> MpCapable {
        let here = *self.secrets.keys.of(self.sender);
        let there = *self.secrets.keys.of(self.sender.peer());
        match &mut capable.form {
            CapableForm::Bare => {}
            CapableForm::SenderKey { sender } => *sender = here,
            CapableForm::BothKeys { sender, receiver }
            | CapableForm::BothKeysAndData { sender, receiver, .. } => {
                (*sender, *receiver) = (here, there);
            }
        }
        capable
    }

    fn join(&self, mut join: MpJoin) -> MpJoin {
        let version = self.secrets.version;
        let joiner = self.party(self.opener, self.flow.joiner_nonce);
        let joinee = self.party(self.opener.peer(), self.flow.joinee_nonce);
        match &mut join {
            MpJoin::Syn { token, .. } => *token = crypto::token(joinee.key, version),
            MpJoin::SynAck { hmac, .. } => {
                *hmac = crypto::join_hmac(version, joinee, joiner).syn_ack();
            }
            MpJoin::Ack { hmac, .. } => *hmac = crypto::join_hmac(version, joiner, joinee).ack(),
        }
        join
    }

    fn party(&self, role: Role, nonce: Option<Nonce>) -> JoinParty {
        JoinParty { key: *self.secrets.keys.of(role), nonce: nonce.unwrap_or(Nonce(0)) }
    }

    fn add_addr(&self, mut announced: AddAddr) -> AddAddr {
        announced.address = self.copy.address(announced.address);
        if let AddressFlavour::Announcement { hmac } = &mut announced.flavour {
            let keys = &self.secrets.keys;
            *hmac = crypto::add_addr_hmac(
                AddAddrHmacVariant::Rfc8684,
                (*keys.of(self.sender), *keys.of(self.sender.peer())),
                announced.address_id,
                announced.address,
                announced.port,
            );
        }
        announced
    }

    fn dss(&self, mut dss: Dss) -> anyhow::Result<Dss> {
        let shifts = &self.secrets.shifts;
        dss.data_ack = dss.data_ack.map(|ack| shifted(ack, *shifts.of(self.sender.peer())));
        if let Some(mapping) = &mut dss.mapping {
            ensure!(mapping.checksum.is_none(), "the base has DSS checksums");
            mapping.dsn = shifted(mapping.dsn, *shifts.of(self.sender));
        }
        Ok(dss)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is shifted")]
fn shifted(number: WireDsn, shift: u64) -> WireDsn {
    match number {
        WireDsn::Short(low) => WireDsn::Short(low.wrapping_add(shift as u32)),
        WireDsn::Long(whole) => WireDsn::Long(whole.wrapping_add(shift)),
    }
}

/// SplitMix64: the same numbers from the same seed, everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
