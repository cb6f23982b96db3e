//! The capture to be multiplied, in memory, and what must be known of it: which flow each packet is
//! of, which connection each flow is of, and the keys.

use std::collections::HashMap;
use std::ffi::OsString;

use anyhow::{bail, ensure};
use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::track::role::{PerRole, Role};
use mptcpscope::internals::wire::crypto;
use mptcpscope::internals::wire::frame::{Frame, LinkType, Timestamp};
use mptcpscope::internals::wire::mptcp::{Key, MpJoin, MptcpOption, Nonce, Token, Version};
use mptcpscope::internals::wire::segment::{Decoded, Endpoint, Segment, decode};
use mptcpscope::internals::wire::seq::SeqNum;
use mptcpscope::internals::wire::tcp_option::TcpOption;

pub struct Base {
    pub link_type: LinkType,
    pub packets: Vec<Packet>,
    pub flows: Vec<Flow>,
    pub connections: Vec<Connection>,
    /// Packets left out.
    pub left_out: usize,
    octets: Vec<u8>,
}

/// A TCP segment in its frame.
pub struct Packet {
    pub timestamp: Timestamp,
    pub wire_len: u32,
    pub flow: usize,
    pub from_opener: bool,
    /// Where the IP header starts in the frame, and where the TCP options start and end.
    pub ip: usize,
    pub options: (usize, usize),
    start: usize,
    len: usize,
}

/// A 4-tuple, from one SYN to the next.
pub struct Flow {
    opener: Endpoint,
    isn: Option<SeqNum>,
    pub belongs: Belongs,
    pub joiner_nonce: Option<Nonce>,
    pub joinee_nonce: Option<Nonce>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Belongs {
    /// To no connection: plain TCP.
    Nowhere,
    /// To this connection, and this host of it opened the flow.
    To(usize, Role),
    /// To the connection whose token this is.
    Joins(Token),
    /// To a connection whose start or keys are missing.
    Unknown,
}

#[derive(Default)]
pub struct Connection {
    pub version: Option<Version>,
    pub keys: PerRole<Option<Key>>,
}

impl Base {
    pub fn read(inputs: &[OsString]) -> anyhow::Result<Self> {
        let inputs: Vec<InputPath> = inputs.iter().cloned().map(InputPath::from).collect();
        let mut capture = Capture::open(&inputs)?;
        let mut reading = Reading::default();
        let mut link_type = None;
        while let Some(frame) = capture.next_frame() {
            ensure!(
                *link_type.get_or_insert(frame.link_type) == frame.link_type,
                "the base has several link types"
            );
            reading.take(&frame)?;
        }
        let Some(link_type) = link_type else {
            bail!("the base is empty");
        };
        Ok(reading.finish(link_type))
    }

    pub fn octets(&self, packet: &Packet) -> &[u8] {
        &self.octets[packet.start..packet.start + packet.len]
    }

    /// MPTCP flows.
    pub fn subflows(&self) -> usize {
        let belongs = |flow: &&Flow| matches!(flow.belongs, Belongs::To(..));
        self.flows.iter().filter(belongs).count()
    }
}

#[derive(Default)]
struct Reading {
    packets: Vec<Packet>,
    flows: Vec<Flow>,
    connections: Vec<Connection>,
    current: HashMap<[Endpoint; 2], usize>,
    left_out: usize,
    octets: Vec<u8>,
}

impl Reading {
    fn take(&mut self, frame: &Frame<'_>) -> anyhow::Result<()> {
        let Decoded::Tcp(segment) = decode(frame) else {
            self.left_out += 1;
            return Ok(());
        };
        ensure!(!segment.options.is_cut(), "packet {} is cut within its options", frame.number);
        let flow = self.flow_of(&segment);
        let from_opener = segment.source == self.flows[flow].opener;
        self.learn(flow, from_opener, &segment);
        // The options are a part of the frame.
        let start = segment.options.octets.as_ptr() as usize - frame.data.as_ptr() as usize;
        self.packets.push(Packet {
            timestamp: frame.timestamp,
            wire_len: frame.wire_len,
            flow,
            from_opener,
            ip: link_len(frame)?,
            options: (start, start + segment.options.octets.len()),
            start: self.octets.len(),
            len: frame.data.len(),
        });
        self.octets.extend_from_slice(frame.data);
        Ok(())
    }

    fn flow_of(&mut self, segment: &Segment<'_>) -> usize {
        let mut key = [segment.source, segment.destination];
        key.sort_by_key(|end| (end.address, end.port));
        let isn = segment.flags.is_syn().then_some(segment.seq);
        let known = self.current.get(&key).copied();
        if let Some(flow) = known.filter(|flow| isn.is_none() || isn == self.flows[*flow].isn) {
            return flow;
        }
        self.flows.push(Flow {
            opener: segment.source,
            isn,
            belongs: Belongs::Nowhere,
            joiner_nonce: None,
            joinee_nonce: None,
        });
        let flow = self.flows.len() - 1;
        self.current.insert(key, flow);
        flow
    }

    fn learn(&mut self, flow: usize, from_opener: bool, segment: &Segment<'_>) {
        for option in segment.options.iter() {
            let TcpOption::Mptcp(option) = option else {
                continue;
            };
            let flow = &mut self.flows[flow];
            match option {
                MptcpOption::MpCapable(_)
                    if segment.flags.is_syn() && flow.belongs == Belongs::Nowhere =>
                {
                    flow.belongs = Belongs::To(self.connections.len(), Role::Client);
                    self.connections.push(Connection::default());
                }
                MptcpOption::MpJoin(MpJoin::Syn { token, nonce, .. }) => {
                    flow.belongs = Belongs::Joins(token);
                    flow.joiner_nonce = Some(nonce);
                }
                MptcpOption::MpJoin(MpJoin::SynAck { nonce, .. }) => {
                    flow.joinee_nonce = Some(nonce)
                }
                _ if flow.belongs == Belongs::Nowhere => flow.belongs = Belongs::Unknown,
                _ => {}
            }
            if let (MptcpOption::MpCapable(capable), Belongs::To(connection, opener)) =
                (option, flow.belongs)
            {
                let sender = if from_opener { opener } else { opener.peer() };
                let connection = &mut self.connections[connection];
                connection.version = Some(capable.version);
                for (role, key) in
                    [(sender, capable.sender_key()), (sender.peer(), capable.receiver_key())]
                {
                    let known = connection.keys.of_mut(role);
                    *known = known.or(key);
                }
            }
        }
    }

    fn finish(mut self, link_type: LinkType) -> Base {
        let tokens = self.tokens();
        for flow in &mut self.flows {
            flow.belongs = match flow.belongs {
                Belongs::Joins(token) => {
                    tokens.get(&token).map_or(Belongs::Unknown, |(connection, joinee)| {
                        Belongs::To(*connection, joinee.peer())
                    })
                }
                Belongs::To(connection, _) if !self.connections[connection].is_known() => {
                    Belongs::Unknown
                }
                belongs => belongs,
            };
        }
        let before = self.packets.len();
        self.packets.retain(|packet| self.flows[packet.flow].belongs != Belongs::Unknown);
        Base {
            link_type,
            left_out: self.left_out + before - self.packets.len(),
            packets: self.packets,
            flows: self.flows,
            connections: self.connections,
            octets: self.octets,
        }
    }

    /// Whose token each is, of the connections with both keys.
    fn tokens(&self) -> HashMap<Token, (usize, Role)> {
        let mut tokens = HashMap::new();
        for (number, connection) in self.connections.iter().enumerate() {
            for role in Role::BOTH.into_iter().filter(|_| connection.is_known()) {
                if let (Some(key), Some(version)) = (connection.keys.of(role), connection.version) {
                    tokens.insert(crypto::token(*key, version), (number, role));
                }
            }
        }
        tokens
    }
}

impl Connection {
    fn is_known(&self) -> bool {
        Role::BOTH.iter().all(|role| self.keys.of(*role).is_some())
    }
}

/// Octets before the IP header, in the frames that a base may have.
fn link_len(frame: &Frame<'_>) -> anyhow::Result<usize> {
    let len = match frame.link_type {
        LinkType::ETHERNET => 14,
        LinkType::LINUX_SLL => 16,
        LinkType::LINUX_SLL2 => 20,
        LinkType::RAW => 0,
        other => bail!("a base of link type {other} is not read"),
    };
    let version = frame.data.get(len).map(|octet| octet >> 4);
    ensure!(
        matches!(version, Some(4 | 6)),
        "packet {} has more than a plain link header",
        frame.number
    );
    Ok(len)
}
