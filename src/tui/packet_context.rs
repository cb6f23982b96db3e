//! What the report knows of the connection and the subflow that a packet is of: enough to prove what
//! its options claim, and to count its sequence numbers from the beginning of the stream.

use super::packet_cache::Bytes;
use super::shared::Shared;
use crate::report::fields::{self, FieldContext};
use crate::report::model::{Connection, Host, Subflow};
use crate::track::index::Entry;
use crate::track::proof::Verdict;
use crate::track::role::{Direction, PerRole, Role};
use crate::wire::crypto;
use crate::wire::frame::{PacketNo, Timestamp};
use crate::wire::mptcp::{DataLevelLength, Key, Mapping, MpJoin, MptcpOption, StreamPart};
use crate::wire::segment::{Decoded, Segment, TcpFlags, decode};
use crate::wire::seq::{Dsn, SeqNum, WireDsn};
use crate::wire::tcp_option::TcpOption;
use crate::wire::window;

/// Where a packet belongs.
#[derive(Debug, Clone, Copy)]
pub struct PacketContext<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// The subflow.
    pub subflow: &'a Subflow,
    /// Who sent it.
    pub direction: Direction,
    /// How the hosts opened the subflow, as far as these packets were read.
    pub opening: PerRole<Option<OpeningSyn>>,
}

/// What a host's SYN, or SYN/ACK, says that counts for everything after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpeningSyn {
    /// Its initial sequence number.
    pub isn: SeqNum,
    /// By how many bits its windows are shifted; `None` if it does not scale.
    pub scale: Option<u8>,
}

impl<'a> PacketContext<'a> {
    /// `None` for a packet of no connection that the report has.
    pub fn of(shared: &'a Shared, entry: &Entry) -> Option<Self> {
        let position = shared.position(entry)?;
        let connection = shared.all_connections().get(position.connection)?;
        let subflow = connection.subflows.get(position.subflow)?;
        let opening = opening(shared, subflow);
        Some(Self { connection, subflow, direction: entry.direction(), opening })
    }

    /// The part of a mapping that a segment carries; `None` without payload, and where it is not known
    /// with which number the subflow began.
    pub fn part(&self, segment: &Segment<'_>, mapping: &Mapping) -> Option<StreamPart> {
        if mapping.length == DataLevelLength::Infinite {
            return None;
        }
        mapping.part(self.relative_seq(segment)?, segment.payload_len)
    }

    /// The sequence number of a segment, counted from the SYN, which has 0.
    pub fn relative_seq(&self, segment: &Segment<'_>) -> Option<u32> {
        let opening = (*self.opening.of(self.direction.sender()))?;
        Some(segment.seq.0.wrapping_sub(opening.isn.0))
    }

    /// The acknowledgment number of a segment, counted from the SYN of the peer.
    pub fn relative_tcp_ack(&self, segment: &Segment<'_>) -> Option<u32> {
        let opening = (*self.opening.of(self.direction.sender().peer()))?;
        segment.flags.has(TcpFlags::ACK).then(|| segment.ack.0.wrapping_sub(opening.isn.0))
    }

    /// The window of a segment in bytes.
    pub fn window(&self, segment: &Segment<'_>) -> Option<u64> {
        if segment.flags.has(TcpFlags::SYN) {
            return Some(window::bytes(segment, 0));
        }
        let here = (*self.opening.of(self.direction.sender()))?;
        let there = (*self.opening.of(self.direction.sender().peer()))?;
        let (shift, _) = window::shifts(here.scale, there.scale);
        Some(window::bytes(segment, shift))
    }

    const fn host(&self, role: Role) -> &'a Host {
        match role {
            Role::Client => &self.connection.client,
            Role::Server => &self.connection.server,
        }
    }

    fn key(&self, role: Role) -> Option<Key> {
        self.host(role).key
    }

    fn idsn(&self, role: Role) -> Option<Dsn> {
        self.host(role).idsn
    }

    /// A DSN of the sender, counted from the beginning of its stream.
    pub fn relative_dsn(&self, dsn: WireDsn) -> Option<i64> {
        fields::relative(dsn, self.idsn(self.direction.sender()))
    }

    /// A DATA_ACK of the sender, counted from the beginning of its peer's stream.
    pub fn relative_ack(&self, ack: WireDsn) -> Option<i64> {
        fields::relative(ack, self.idsn(self.direction.sender().peer()))
    }

    /// What the proof in an option is worth; `None` where there is none.
    pub fn verdict(&self, option: &MptcpOption) -> Option<Verdict> {
        let sender = self.direction.sender();
        let hmac = self.subflow.hmac.as_ref();
        match option {
            MptcpOption::MpJoin(MpJoin::SynAck { .. }) => hmac.map(|hmac| hmac.syn_ack),
            MptcpOption::MpJoin(MpJoin::Ack { .. }) => hmac.map(|hmac| hmac.ack),
            MptcpOption::AddAddr(add) if add.hmac().is_some() => {
                let keys = self.key(sender).zip(self.key(sender.peer()));
                let fits = |keys| crypto::matching_add_addr_variant(keys, add).is_some();
                Some(keys.map_or(Verdict::Unverifiable, |keys| judge(fits(keys))))
            }
            MptcpOption::MpFastClose(close) => {
                let key = self.key(sender.peer());
                Some(key.map_or(Verdict::Unverifiable, |key| judge(key == close.receiver_key)))
            }
            _ => None,
        }
    }

    /// What the fields of a packet are rendered with; `proof` judges its options.
    pub fn known<'b>(
        &self,
        proof: &'b dyn Fn(&MptcpOption) -> Option<Verdict>,
    ) -> FieldContext<'b> {
        let sender = self.direction.sender();
        FieldContext {
            proof,
            sender_idsn: self.idsn(sender),
            receiver_idsn: self.idsn(sender.peer()),
        }
    }
}

/// The packets that opened a subflow, by who sent them.
fn opening_packets(subflow: &Subflow) -> [(Role, Option<PacketNo>); 2] {
    let (opener, handshake) = (subflow.opened_by, &subflow.handshake);
    [(opener, handshake.syn.map(PacketNo)), (opener.peer(), handshake.syn_ack.map(PacketNo))]
}

/// The mapping in a segment.
pub fn mapping_of(segment: &Segment<'_>) -> Option<Mapping> {
    segment.options.iter().find_map(|option| match option {
        TcpOption::Mptcp(MptcpOption::Dss(dss)) => dss.mapping,
        _ => None,
    })
}

/// The packets with which the first subflows of the connection in focus were opened. Their numbers
/// count for all packets that follow.
pub fn opening_entries(shared: &Shared) -> Vec<Entry> {
    /// More lanes are not shown at once.
    const SUBFLOWS: usize = 64;
    let index = shared.index();
    let subflows = shared.connection().map_or(&[][..], |connection| &connection.subflows);
    let numbers = subflows.iter().take(SUBFLOWS).flat_map(opening_packets);
    let positions = numbers.filter_map(|(_, number)| index.find(number?));
    positions.filter_map(|position| index.get(position)).collect()
}

fn opening(shared: &Shared, subflow: &Subflow) -> PerRole<Option<OpeningSyn>> {
    let mut openings = PerRole::default();
    for (role, packet) in opening_packets(subflow) {
        *openings.of_mut(role) = packet.and_then(|number| opening_of(shared, number));
    }
    openings
}

fn opening_of(shared: &Shared, number: PacketNo) -> Option<OpeningSyn> {
    let Bytes::Here(packet) = shared.packets.get(number) else { return None };
    let Decoded::Tcp(segment) = decode(&packet.frame(number, Timestamp::default())) else {
        return None;
    };
    let scale = segment.options.iter().find_map(|option| match option {
        TcpOption::WindowScale(shift) => Some(shift),
        _ => None,
    });
    segment.flags.has(TcpFlags::SYN).then_some(OpeningSyn { isn: segment.seq, scale })
}

const fn judge(holds: bool) -> Verdict {
    if holds { Verdict::Verified } else { Verdict::Mismatch }
}
