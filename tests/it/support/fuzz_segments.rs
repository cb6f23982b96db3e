//! From any octets to segments that nearly make sense: a few subflows of two connections, right keys
//! and tokens, numbers close to each other. So the fuzzer gets past the handshakes that it could
//! never guess.

use std::net::IpAddr;

use mptcpscope::internals::wire::crypto;
use mptcpscope::internals::wire::frame::{CapturePoint, PacketNo, Timestamp};
use mptcpscope::internals::wire::mptcp::{
    AddAddr, AddressFlavour, AddressId, CapableFlags, CapableForm, DataLevelLength, Dss, Key,
    Mapping, MpCapable, MpFail, MpFastClose, MpJoin, MpPrio, MpTcpRst, MptcpOption, Nonce,
    RemoveAddr, ResetReason, Version,
};
use mptcpscope::internals::wire::segment::{Decoded, Endpoint, Segment, TcpFlags};
use mptcpscope::internals::wire::seq::{Dsn, SeqNum, WireDsn};
use mptcpscope::internals::wire::tcp_option::{TcpOption, TcpOptions};
use mptcpscope::internals::wire::way::Way;

/// Octets that describe a segment.
const RECORD: usize = 8;

/// Hands out a segment for every whole record in `octets`.
pub(crate) fn each(octets: &[u8], mut take: impl FnMut(&Decoded<'_>)) {
    let payload = [0x5a; 255 * STEP as usize];
    for (record, number) in octets.as_chunks::<RECORD>().0.iter().zip(1..) {
        let sketch = Sketch::new(*record);
        let options = sketch.options();
        let payload_len = u32::from(record[4]) * STEP;
        take(&Decoded::Tcp(Segment {
            number: PacketNo(number),
            timestamp: Timestamp(i64::from(record[7]) * 1_000_000 + number.cast_signed() * 1_000),
            point: CapturePoint { input: 0, interface: u16::from(record[0] >> 7) },
            way: Way::PLAIN,
            source: sketch.endpoint(sketch.from_opener),
            destination: sketch.endpoint(!sketch.from_opener),
            hop_limit: 64,
            ip_id: u16::from(record[7] & 0x0f),
            seq: SeqNum(sketch.isn(sketch.from_opener)).add(near(record[2])),
            ack: SeqNum(sketch.isn(!sketch.from_opener)).add(near(record[3])),
            flags: FLAGS[usize::from(record[1] & 0x07)],
            window: 512,
            options: TcpOptions {
                octets: &options,
                declared_len: u8::try_from(options.len()).unwrap(),
            },
            payload_len,
            // Now and then the snap length took some of it.
            payload: &payload[..payload_len as usize / (1 + usize::from(record[7] >> 7))],
        }));
    }
}

/// Numbers are whole steps, so that edges meet often.
const STEP: u32 = 50;

const FLAGS: [TcpFlags; 8] = [
    TcpFlags(0x02),
    TcpFlags(0x12),
    TcpFlags(0x10),
    TcpFlags(0x18),
    TcpFlags(0x11),
    TcpFlags(0x04),
    TcpFlags(0x14),
    TcpFlags(0x19),
];

const KEYS: [[Key; 2]; 2] = [[Key(1), Key(2)], [Key(3), Key(4)]];

/// A position up to 64 steps from 1, most often ahead.
fn near(octet: u8) -> u32 {
    1_u32.wrapping_add_signed((i32::from(octet) - 64) * STEP.cast_signed())
}

/// What a record stands for.
struct Sketch {
    record: [u8; RECORD],
    connection: usize,
    subflow: u8,
    from_opener: bool,
    version: Version,
}

impl Sketch {
    fn new(record: [u8; RECORD]) -> Self {
        Self {
            record,
            connection: usize::from(record[0] & 0x01),
            subflow: record[0] >> 1 & 0x03,
            from_opener: record[0] & 0x08 != 0,
            version: Version(record[0] >> 4 & 0x01),
        }
    }

    /// The two hosts of all subflows differ in one octet; the port tells connections apart.
    fn endpoint(&self, is_opener: bool) -> Endpoint {
        let address = IpAddr::from([192, 0, 2 + self.subflow, 1 + u8::from(is_opener)]);
        let port = if is_opener { 40_000 + u16::from(self.connection == 1) } else { 5001 };
        Endpoint { address, port }
    }

    /// Close to where numbers wrap.
    fn isn(&self, is_opener: bool) -> u32 {
        u32::MAX - 1_000 * u32::from(self.subflow) - u32::from(is_opener)
    }

    /// Key of the sender, key of the receiver. The last subflow was opened by the server.
    fn keys(&self) -> (Key, Key) {
        let [client, server] = KEYS[self.connection];
        if self.from_opener == (self.subflow < 3) { (client, server) } else { (server, client) }
    }

    fn options(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        if self.record[1] & 0x80 != 0 {
            let value = u32::from(self.record[7]);
            TcpOption::Timestamps { value, echo_reply: value }.emit(&mut octets);
        }
        for choice in [self.record[5] & 0x1f, self.record[5] >> 5] {
            if let Some(option) = self.option(choice)
                && octets.len() + usize::from(option.wire_len()) <= 40
            {
                option.emit(&mut octets);
            }
        }
        octets
    }

    fn option(&self, choice: u8) -> Option<MptcpOption> {
        let (sender, receiver) = self.keys();
        let both = CapableForm::BothKeys { sender, receiver };
        let data_len = u16::from(self.record[6]) * 50;
        let with_data = CapableForm::BothKeysAndData { sender, receiver, data_len, checksum: None };
        Some(match choice {
            1 => self.dss(true, true, false),
            2 => self.dss(true, false, false),
            3 => self.dss(false, true, true),
            4 => self.capable(CapableForm::Bare),
            5 => self.capable(CapableForm::SenderKey { sender }),
            6 => self.capable(both),
            7 => self.join_syn(),
            8 => self.capable(with_data),
            9 => self.join_syn_ack(),
            10 => self.join_ack(),
            11 => self.add_addr(AddressFlavour::Announcement { hmac: 0 }),
            12 => self.add_addr(AddressFlavour::Echo),
            13 => MptcpOption::RemoveAddr(RemoveAddr::new(&[self.record[6] & 0x03], 0)),
            14 => self.prio(None),
            15 => self.prio(Some(AddressId(self.record[6] & 0x03))),
            16 => MptcpOption::MpFail(MpFail { dsn: self.dsn(sender), reserved: 0 }),
            17 => MptcpOption::MpFastClose(MpFastClose { receiver_key: receiver, reserved: 0 }),
            18 => self.reset(),
            19 => self.infinite(),
            20 => self.capable(CapableForm::SenderKey { sender: Key(9) }),
            21 => self.dss(true, true, true),
            22 => MptcpOption::parse(&[0x90, self.record[6]]),
            23 => MptcpOption::parse(&[0x20, self.record[6], 0, 0]),
            _ => return None,
        })
    }

    fn capable(&self, form: CapableForm) -> MptcpOption {
        let flags = CapableFlags(0x01 | self.record[1] & 0x20 | self.record[1] << 1 & 0x80);
        MptcpOption::MpCapable(MpCapable { version: self.version, flags, form })
    }

    /// A number of `key`'s host, at most 64 steps from its first octet.
    fn dsn(&self, key: Key) -> Dsn {
        let first = crypto::idsn(key, self.version).0;
        Dsn(first.wrapping_add_signed(i64::from(near(self.record[6]).cast_signed())))
    }

    fn wire(&self, dsn: Dsn) -> WireDsn {
        let long = self.record[1] & 0x08 != 0;
        if long { WireDsn::Long(dsn.0) } else { WireDsn::Short((dsn.0 & 0xffff_ffff) as u32) }
    }

    fn dss(&self, has_ack: bool, has_mapping: bool, data_fin: bool) -> MptcpOption {
        let (sender, receiver) = self.keys();
        let data_len = u16::from(self.record[4]) * 50 + u16::from(data_fin);
        let ack = has_ack.then(|| self.wire(self.dsn(receiver)));
        let mapping = has_mapping.then(|| Mapping {
            dsn: self.wire(self.dsn(sender)),
            ssn: if data_len > 1 { near(self.record[2]) } else { 0 },
            length: match data_len {
                0 => DataLevelLength::Infinite,
                octets => DataLevelLength::Bytes(octets),
            },
            checksum: (self.record[1] & 0x10 != 0).then_some(0),
        });
        MptcpOption::Dss(Dss::new(ack, mapping, data_fin))
    }

    fn infinite(&self) -> MptcpOption {
        let mapping = Mapping {
            dsn: self.wire(self.dsn(self.keys().0)),
            ssn: near(self.record[2]),
            length: DataLevelLength::Infinite,
            checksum: None,
        };
        MptcpOption::Dss(Dss::new(None, Some(mapping), false))
    }

    fn join_syn(&self) -> MptcpOption {
        MptcpOption::MpJoin(MpJoin::Syn {
            backup: self.record[6] & 0x04 != 0,
            address_id: AddressId(self.record[6] & 0x03),
            token: crypto::token(self.keys().1, self.version),
            nonce: Nonce(u32::from(self.record[6] >> 7)),
            reserved: 0,
        })
    }

    fn join_syn_ack(&self) -> MptcpOption {
        MptcpOption::MpJoin(MpJoin::SynAck {
            backup: false,
            address_id: AddressId(self.record[6] & 0x03),
            hmac: 0,
            nonce: Nonce(u32::from(self.record[6] >> 7)),
            reserved: 0,
        })
    }

    fn join_ack(&self) -> MptcpOption {
        MptcpOption::MpJoin(MpJoin::Ack { hmac: [self.record[6]; 20], reserved: 0 })
    }

    fn add_addr(&self, flavour: AddressFlavour) -> MptcpOption {
        MptcpOption::AddAddr(AddAddr {
            address_id: AddressId(self.record[6] & 0x03),
            address: self.endpoint(self.record[6] & 0x04 != 0).address,
            port: (self.record[6] & 0x08 != 0).then_some(5001),
            flavour,
            reserved: 0,
        })
    }

    fn prio(&self, address_id: Option<AddressId>) -> MptcpOption {
        MptcpOption::MpPrio(MpPrio { backup: self.record[6] & 0x04 != 0, address_id, reserved: 0 })
    }

    fn reset(&self) -> MptcpOption {
        let reason = ResetReason(self.record[6] & 0x07);
        MptcpOption::MpTcpRst(MpTcpRst { transient: false, reason, reserved: 0 })
    }
}
