//! Two hosts that talk MPTCP version 0: keeps sequence numbers, data sequence numbers and time, so
//! that a scenario says only what happens.

use etherparse::PacketBuilder;

use mptcpscope::internals::track::role::{PerRole, Role};
use mptcpscope::internals::wire::crypto::{self, DssChecksum, JoinParty};
use mptcpscope::internals::wire::mptcp::{
    AddressId, CapableFlags, CapableForm, DataLevelLength, Dss, Key, Mapping, MpCapable, MpJoin,
    MptcpOption, Nonce, Version,
};
use mptcpscope::internals::wire::segment::TcpFlags;
use mptcpscope::internals::wire::seq::{Dsn, WireDsn};
use mptcpscope::internals::wire::tcp_option::TcpOption;

use Role::{Client, Server};

use crate::support::capture_bytes::{MICRO, Order, pcap_header, pcap_record};

/// How wide a host writes a data sequence number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Width {
    /// The lower 32 bits.
    Short,
    /// All 64.
    Long,
}

/// The hosts, and the capture that is made of what they send.
pub(crate) struct Hosts {
    pcap: Vec<u8>,
    now_us: u64,
    checksum: bool,
    dsn_width: Width,
    ack_width: Width,
    data: PerRole<Host>,
    subflows: Vec<PerRole<End>>,
}

/// The data level of a host.
struct Host {
    key: Key,
    next_dsn: Dsn,
    /// Bytes sent so far.
    sent: u64,
}

/// A host's end of a subflow.
struct End {
    address: [u8; 4],
    port: u16,
    isn: u32,
    next: u32,
}

impl Hosts {
    /// Hosts that have not sent anything.
    pub(crate) fn new(checksum: bool, dsn_width: Width, ack_width: Width) -> Self {
        let host = |key| {
            let key = Key(key);
            // RFC 6824 §3.1: data starts one after the IDSN.
            Host { key, next_dsn: crypto::idsn(key, Version::V0).add(1), sent: 0 }
        };
        Self {
            pcap: pcap_header(Order::Little, MICRO, 262_144, 1),
            now_us: 1_795_000_000_000_000,
            checksum,
            dsn_width,
            ack_width,
            data: PerRole {
                client: host(0x0102_0304_0506_0708),
                server: host(0xf0e1_d2c3_b4a5_9687),
            },
            subflows: Vec::new(),
        }
    }

    /// The capture.
    pub(crate) fn into_pcap(self) -> Vec<u8> {
        self.pcap
    }

    pub(crate) fn key(&self, role: Role) -> Key {
        self.data.of(role).key
    }

    pub(crate) fn next_dsn(&self, role: Role) -> Dsn {
        self.data.of(role).next_dsn
    }

    /// Where the next byte of `role` stands on a subflow, counted from its ISN.
    pub(crate) fn next_ssn(&self, subflow: usize, role: Role) -> u32 {
        let end = self.subflows[subflow].of(role);
        end.next.wrapping_sub(end.isn)
    }

    /// The MP_CAPABLE handshake (RFC 6824 §3.1): keys in all three segments.
    pub(crate) fn open(&mut self) {
        self.add_subflow([[192, 0, 2, 1], [192, 0, 2, 2]]);
        let (client, server) = (self.key(Client), self.key(Server));
        let flags = CapableFlags(if self.checksum { 0x81 } else { 0x01 });
        let capable =
            |form| MptcpOption::MpCapable(MpCapable { version: Version::V0, flags, form });
        let syn = capable(CapableForm::SenderKey { sender: client });
        let syn_ack = capable(CapableForm::SenderKey { sender: server });
        let ack = capable(CapableForm::BothKeys { sender: client, receiver: server });
        self.handshake(0, [syn, syn_ack, ack]);
    }

    /// The MP_JOIN handshake (RFC 6824 §3.2) between addresses and their IDs, the client's first; and
    /// the fourth ACK.
    pub(crate) fn join(&mut self, addresses: [[u8; 4]; 2], ids: [AddressId; 2]) {
        let number = self.subflows.len();
        self.add_subflow(addresses);
        let client = JoinParty { key: self.key(Client), nonce: Nonce(0x1122_3344) };
        let server = JoinParty { key: self.key(Server), nonce: Nonce(0x5566_7788) };
        let [client_id, server_id] = ids;
        let syn = MpJoin::Syn {
            backup: false,
            address_id: client_id,
            token: crypto::token(server.key, Version::V0),
            nonce: client.nonce,
            reserved: 0,
        };
        let syn_ack = MpJoin::SynAck {
            backup: false,
            address_id: server_id,
            hmac: crypto::join_hmac(Version::V0, server, client).syn_ack(),
            nonce: server.nonce,
            reserved: 0,
        };
        let hmac = crypto::join_hmac(Version::V0, client, server).ack();
        let ack = MpJoin::Ack { hmac, reserved: 0 };
        self.handshake(number, [syn, syn_ack, ack].map(MptcpOption::MpJoin));
        self.segment(number, Server, TcpFlags::ACK, &[], &[]);
    }

    /// Data in one segment, with its mapping.
    pub(crate) fn data(&mut self, subflow: usize, sender: Role, len: u16) {
        let payload = self.payload(sender, len);
        let dss = self.mapping(subflow, sender, &payload, false);
        self.segment(subflow, sender, flags(&[TcpFlags::PSH, TcpFlags::ACK]), &[dss], &payload);
    }

    /// Data in two segments under one mapping, which the first of them carries.
    pub(crate) fn data_in_two(&mut self, subflow: usize, sender: Role, first: u16, second: u16) {
        let payload = self.payload(sender, first + second);
        let dss = self.mapping(subflow, sender, &payload, false);
        let (first, second) = payload.split_at(usize::from(first));
        self.segment(subflow, sender, TcpFlags::ACK, &[dss], first);
        let ack = MptcpOption::Dss(self.dss(sender, None, false));
        self.segment(subflow, sender, flags(&[TcpFlags::PSH, TcpFlags::ACK]), &[ack], second);
    }

    /// Data whose mapping ends with the DATA_FIN.
    pub(crate) fn data_with_fin(&mut self, subflow: usize, sender: Role, len: u16) {
        let payload = self.payload(sender, len);
        let dss = self.mapping(subflow, sender, &payload, true);
        self.segment(subflow, sender, flags(&[TcpFlags::PSH, TcpFlags::ACK]), &[dss], &payload);
    }

    /// Data with an byte that is not the one under the checksum.
    pub(crate) fn corrupted_data(&mut self, subflow: usize, sender: Role, len: u16) {
        let mut payload = self.payload(sender, len);
        let dss = self.mapping(subflow, sender, &payload, false);
        *payload.last_mut().unwrap() ^= 0x55;
        self.segment(subflow, sender, flags(&[TcpFlags::PSH, TcpFlags::ACK]), &[dss], &payload);
    }

    /// A DATA_FIN without data (RFC 6824 §3.3.3): length 1, subflow sequence number 0.
    pub(crate) fn lone_data_fin(&mut self, subflow: usize, sender: Role) {
        let dsn = self.next_dsn(sender);
        self.data.of_mut(sender).next_dsn = dsn.add(1);
        let mapping = Mapping {
            dsn: number(dsn, self.dsn_width),
            ssn: 0,
            length: DataLevelLength::Bytes(1),
            checksum: self.checksum.then(|| DssChecksum::new(dsn, 0, 1).finish()),
        };
        self.option(subflow, sender, MptcpOption::Dss(self.dss(sender, Some(mapping), true)));
    }

    /// An ACK with a DATA_ACK of all that the peer sent.
    pub(crate) fn acknowledge(&mut self, subflow: usize, sender: Role) {
        self.option(subflow, sender, MptcpOption::Dss(self.dss(sender, None, false)));
    }

    /// An ACK with one option.
    pub(crate) fn option(&mut self, subflow: usize, sender: Role, option: MptcpOption) {
        self.segment(subflow, sender, TcpFlags::ACK, &[option], &[]);
    }

    /// FIN, FIN and the last ACK.
    pub(crate) fn close(&mut self, subflow: usize) {
        let fin = flags(&[TcpFlags::FIN, TcpFlags::ACK]);
        self.segment(subflow, Client, fin, &[], &[]);
        self.segment(subflow, Server, fin, &[], &[]);
        self.segment(subflow, Client, TcpFlags::ACK, &[], &[]);
    }

    /// A DSS of `sender` with the DATA_ACK that is due.
    fn dss(&self, sender: Role, mapping: Option<Mapping>, data_fin: bool) -> Dss {
        let ack = number(self.next_dsn(sender.peer()), self.ack_width);
        Dss::new(Some(ack), mapping, data_fin)
    }

    /// The next bytes of an application, as in the recorded captures.
    pub(crate) fn payload(&mut self, sender: Role, len: u16) -> Vec<u8> {
        let host = self.data.of_mut(sender);
        let positions = host.sent..host.sent + u64::from(len);
        host.sent = positions.end;
        let byte = |at| match sender {
            Client => (7 * at + 3) % 251,
            Server => (11 * at + 5) % 241,
        };
        positions.map(|at| u8::try_from(byte(at)).unwrap()).collect()
    }

    /// The DSS of `payload`, which is sent next on `subflow`.
    fn mapping(
        &mut self,
        subflow: usize,
        sender: Role,
        payload: &[u8],
        data_fin: bool,
    ) -> MptcpOption {
        let len = u16::try_from(payload.len()).unwrap() + u16::from(data_fin);
        let (dsn, ssn) = (self.next_dsn(sender), self.next_ssn(subflow, sender));
        self.data.of_mut(sender).next_dsn = dsn.add(u64::from(len));
        let checksum = self.checksum.then(|| {
            let mut checksum = DssChecksum::new(dsn, ssn, len);
            checksum.add(payload);
            checksum.finish()
        });
        let dsn = number(dsn, self.dsn_width);
        let mapping = Mapping { dsn, ssn, length: DataLevelLength::Bytes(len), checksum };
        MptcpOption::Dss(self.dss(sender, Some(mapping), data_fin))
    }

    fn add_subflow(&mut self, [client, server]: [[u8; 4]; 2]) {
        let number = u16::try_from(self.subflows.len()).unwrap();
        let end = |address, port, isn: u32| {
            let isn = isn + u32::from(number) * 0x1000;
            End { address, port, isn, next: isn }
        };
        self.subflows.push(PerRole {
            // So near the end that the numbers wrap.
            client: end(client, 40_000 + number, 0xffff_efff),
            server: end(server, 5001, 0x0a0b_0c0d),
        });
    }

    fn handshake(&mut self, subflow: usize, [syn, syn_ack, ack]: [MptcpOption; 3]) {
        self.segment(subflow, Client, TcpFlags::SYN, &[syn], &[]);
        self.segment(subflow, Server, flags(&[TcpFlags::SYN, TcpFlags::ACK]), &[syn_ack], &[]);
        self.segment(subflow, Client, TcpFlags::ACK, &[ack], &[]);
    }

    /// A segment of any kind.
    pub(crate) fn segment(
        &mut self,
        subflow: usize,
        sender: Role,
        flags: TcpFlags,
        mptcp: &[MptcpOption],
        payload: &[u8],
    ) {
        self.now_us += 1_000 + 10 * u64::try_from(payload.len()).unwrap();
        let options = self.options(flags, mptcp);
        let ends = &mut self.subflows[subflow];
        let ack = if flags.has(TcpFlags::ACK) { ends.of(sender.peer()).next } else { 0 };
        let destination = (ends.of(sender.peer()).address, ends.of(sender.peer()).port);
        let end = ends.of_mut(sender);
        let seq = end.next;
        let takes_one = flags.has(TcpFlags::SYN) || flags.has(TcpFlags::FIN);
        let payload_len = u32::try_from(payload.len()).unwrap();
        end.next = seq.wrapping_add(payload_len + u32::from(takes_one));
        let source = (end.address, end.port);
        let frame = frame(source, destination, (seq, ack), flags, &options, payload);
        self.record(&frame);
    }

    /// TCP's own options, then `mptcp`, with NOPs up to whole words.
    fn options(&self, flags: TcpFlags, mptcp: &[MptcpOption]) -> Vec<u8> {
        let value = u32::try_from(self.now_us / 1_000 % 1_000_000_000).unwrap();
        let echo_reply = if flags.has(TcpFlags::ACK) { value - 1 } else { 0 };
        let timestamps = TcpOption::Timestamps { value, echo_reply };
        let nop = TcpOption::NoOperation;
        let own = if flags.has(TcpFlags::SYN) {
            let size = TcpOption::MaximumSegmentSize(1460);
            vec![size, TcpOption::SackPermitted, timestamps, nop, TcpOption::WindowScale(7)]
        } else {
            vec![nop, nop, timestamps]
        };
        let mut bytes = Vec::new();
        for option in own.into_iter().chain(mptcp.iter().copied().map(TcpOption::Mptcp)) {
            option.emit(&mut bytes);
        }
        bytes.resize(bytes.len().next_multiple_of(4), 1);
        bytes
    }

    /// Adds a record to the capture: little-endian, microseconds.
    fn record(&mut self, frame: &[u8]) {
        let len = u32::try_from(frame.len()).unwrap();
        let seconds = u32::try_from(self.now_us / 1_000_000).unwrap();
        let rest = u32::try_from(self.now_us % 1_000_000).unwrap();
        self.pcap.extend(pcap_record(Order::Little, seconds, rest, len, frame));
    }
}

/// `dsn` as it is written.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is written")]
const fn number(dsn: Dsn, width: Width) -> WireDsn {
    match width {
        Width::Short => WireDsn::Short(dsn.0 as u32),
        Width::Long => WireDsn::Long(dsn.0),
    }
}

/// All bits of `all`.
pub(crate) fn flags(all: &[TcpFlags]) -> TcpFlags {
    TcpFlags(all.iter().fold(0, |bits, flag| bits | flag.0))
}

/// Ethernet, IPv4 and TCP, with right checksums.
fn frame(
    (source, source_port): ([u8; 4], u16),
    (destination, destination_port): ([u8; 4], u16),
    (seq, ack): (u32, u32),
    flags: TcpFlags,
    options: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let mut packet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
        .ipv4(source, destination, 64)
        .tcp(source_port, destination_port, seq, 512)
        .options_raw(options)
        .unwrap();
    if flags.has(TcpFlags::SYN) {
        packet = packet.syn();
    }
    if flags.has(TcpFlags::FIN) {
        packet = packet.fin();
    }
    if flags.has(TcpFlags::RST) {
        packet = packet.rst();
    }
    if flags.has(TcpFlags::PSH) {
        packet = packet.psh();
    }
    if flags.has(TcpFlags::ACK) {
        packet = packet.ack(ack);
    }
    let mut bytes = Vec::new();
    packet.write(&mut bytes, payload).unwrap();
    bytes
}
