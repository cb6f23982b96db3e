//! Our facts of a packet, under tshark's names and in its words.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::net::IpAddr;

use mptcpscope::internals::track::{Limits, Trace, Tracker};
use mptcpscope::internals::wire::crypto;
use mptcpscope::internals::wire::mptcp::{
    AddAddr, AddressFlavour, CapableForm, DataLevelLength, Dss, MpCapable, MpJoin, MpPrio,
    MpTcpRst, MptcpOption, Version,
};
use mptcpscope::internals::wire::segment::{Segment, decode};
use mptcpscope::internals::wire::seq::WireDsn;
use mptcpscope::internals::wire::tcp_option::TcpOption;

use crate::support::hex;
use crate::support::testdata::OwnedFrame;

/// What is known of a packet.
#[derive(Debug, Default)]
pub(crate) struct Packet {
    pub(crate) number: u64,
    pub(crate) is_tcp: bool,
    /// Whether it belongs to a subflow that the tracker follows.
    pub(crate) is_tracked: bool,
    pub(crate) mptcp: Vec<MptcpOption>,
    /// By the name of the column.
    pub(crate) values: BTreeMap<&'static str, String>,
}

/// The packets of a capture.
pub(crate) fn packets(frames: &[OwnedFrame], has_interfaces: bool) -> Vec<Packet> {
    let mut tracker = Tracker::new(Limits::default(), 0);
    for frame in frames {
        tracker.push(&decode(&frame.whole()));
    }
    let trace = tracker.trace();
    frames
        .iter()
        .map(|frame| {
            let mut packet = Packet { number: frame.number.0, ..Packet::default() };
            packet.frame(frame, has_interfaces);
            if let Some(segment) = frame.segment() {
                packet.segment(&segment);
                packet.options(&segment);
                packet.streams(&segment, trace);
            }
            packet
        })
        .collect()
}

impl Packet {
    /// Adds a value; several of one packet are joined by commas.
    fn add(&mut self, column: &'static str, value: impl Display) {
        let values = self.values.entry(column).or_default();
        let comma = if values.is_empty() { "" } else { "," };
        write!(values, "{comma}{value}").unwrap();
    }

    fn frame(&mut self, frame: &OwnedFrame, has_interfaces: bool) {
        let (seconds, rest) =
            (frame.timestamp.0 / 1_000_000_000, frame.timestamp.0 % 1_000_000_000);
        self.add("frame.number", frame.number);
        self.add("frame.time_epoch", format!("{seconds}.{rest:09}"));
        self.add("frame.len", frame.wire_len);
        self.add("frame.cap_len", frame.data.len());
        if has_interfaces {
            self.add("frame.interface_id", frame.point.interface);
        }
    }

    fn segment(&mut self, segment: &Segment<'_>) {
        self.is_tcp = true;
        self.add("src", segment.source.address);
        self.add("dst", segment.destination.address);
        self.add("tcp.srcport", segment.source.port);
        self.add("tcp.dstport", segment.destination.port);
        self.add("tcp.flags", format!("0x{:04x}", segment.flags.0));
        self.add("tcp.seq_raw", segment.seq.0);
        self.add("tcp.ack_raw", segment.ack.0);
        self.add("tcp.len", segment.payload_len);
        self.add("tcp.window_size_value", segment.window);
    }

    fn streams(&mut self, segment: &Segment<'_>, trace: Trace<'_>) {
        let ends = [segment.source, segment.destination];
        for (index, connection) in trace.connections().into_iter().enumerate() {
            for subflow in trace.subflows(connection) {
                let here = [subflow.sides.client.endpoint, subflow.sides.server.endpoint];
                let while_open = subflow.first.packet..=subflow.last.packet;
                if ends.iter().all(|end| here.contains(end)) && while_open.contains(&segment.number)
                {
                    self.is_tracked = true;
                    self.add("tcp.stream", subflow.tcp_stream.unwrap());
                    self.add("mptcp.stream", index);
                }
            }
        }
    }

    fn options(&mut self, segment: &Segment<'_>) {
        if !segment.options.octets.is_empty() {
            self.add("tcp.options", hex(segment.options.octets));
        }
        for option in segment.options.iter() {
            let mut octets = Vec::new();
            option.emit(&mut octets);
            if let Some(kind) = octets.first() {
                self.add("tcp.option_kind", kind);
            }
            if let TcpOption::Mptcp(option) = option {
                self.mptcp_option(&option);
                self.mptcp.push(option);
            }
        }
    }

    fn mptcp_option(&mut self, option: &MptcpOption) {
        self.add("tcp.options.mptcp.subtype", option.subtype().unwrap().0);
        match option {
            MptcpOption::MpCapable(capable) => self.capable(capable),
            MptcpOption::MpJoin(join) => self.join(join),
            MptcpOption::Dss(dss) => self.dss(dss),
            MptcpOption::AddAddr(announced) => self.add_addr(announced),
            MptcpOption::RemoveAddr(removed) => {
                self.add("mptcp.rm_addr.count", removed.ids().count());
                removed.ids().for_each(|id| self.add("tcp.options.mptcp.addrid", id.0));
            }
            MptcpOption::MpPrio(prio) => self.prio(*prio),
            MptcpOption::MpFail(fail) => {
                self.add("tcp.options.mptcp.reserved", format!("0x{:04x}", fail.reserved));
                self.add("tcp.options.mptcp.rawdataseqno", fail.dsn.0);
            }
            MptcpOption::MpFastClose(close) => {
                self.add("tcp.options.mptcp.reserved", format!("0x{:04x}", close.reserved));
                self.add("tcp.options.mptcp.recvkey", close.receiver_key.0);
            }
            MptcpOption::MpTcpRst(reset) => self.reset(*reset),
            MptcpOption::Experimental(_) | MptcpOption::Unknown(_) | MptcpOption::Malformed(_) => {}
        }
    }

    fn capable(&mut self, capable: &MpCapable) {
        let MpCapable { version, flags, .. } = *capable;
        self.add("tcp.options.mptcp.version", version.0);
        self.add("tcp.options.mptcp.flags", format!("0x{:02x}", flags.0));
        self.bit("tcp.options.mptcp.checksumreq.flags", flags.checksum_required());
        self.bit("tcp.options.mptcp.extensibility.flag", flags.extensibility());
        if let Some(deny) = capable.deny_join_initial() {
            self.bit("tcp.options.mptcp.nomoresubflows.flag", deny);
        }
        let unassigned = flags.unassigned_algorithms() << 1;
        self.add("tcp.options.mptcp.reserved.flag", format!("0x{unassigned:02x}"));
        let sha = match version {
            Version::V0 => "tcp.options.mptcp.sha1.flag",
            _ => "tcp.options.mptcp.sha256.flag",
        };
        self.bit(sha, flags.hmac_sha());
        if let Some(key) = capable.sender_key() {
            self.add("tcp.options.mptcp.sendkey", key.0);
            self.add("mptcp.expected_token", crypto::token(key, version).0);
            self.add("mptcp.expected_idsn", crypto::idsn(key, version).0);
        }
        if let Some(key) = capable.receiver_key() {
            self.add("tcp.options.mptcp.recvkey", key.0);
        }
        if let CapableForm::BothKeysAndData { data_len, checksum, .. } = capable.form {
            self.mapped(data_len, checksum);
        }
    }

    fn mapped(&mut self, length: u16, checksum: Option<u16>) {
        self.add("tcp.options.mptcp.datalvllen", length);
        if let Some(checksum) = checksum {
            self.add("tcp.options.mptcp.checksum", format!("0x{checksum:04x}"));
        }
    }

    fn join(&mut self, join: &MpJoin) {
        match *join {
            MpJoin::Syn { backup, address_id, token, nonce, reserved } => {
                self.third_octet(1, reserved, backup);
                self.bit("tcp.options.mptcp.backup.flag", backup);
                self.add("tcp.options.mptcp.addrid", address_id.0);
                self.add("tcp.options.mptcp.recvtok", token.0);
                self.add("tcp.options.mptcp.sendrand", nonce.0);
            }
            MpJoin::SynAck { backup, address_id, hmac, nonce, reserved } => {
                self.third_octet(1, reserved, backup);
                self.bit("tcp.options.mptcp.backup.flag", backup);
                self.add("tcp.options.mptcp.addrid", address_id.0);
                self.add("tcp.options.mptcp.sendtrunchmac", hmac);
                self.add("tcp.options.mptcp.sendrand", nonce.0);
            }
            MpJoin::Ack { hmac, reserved } => {
                self.add("tcp.options.mptcp.reserved", format!("0x{reserved:04x}"));
                self.add("tcp.options.mptcp.sendhmac", hex(&hmac));
            }
        }
    }

    fn dss(&mut self, dss: &Dss) {
        self.add("tcp.options.mptcp.flags", format!("0x{:02x}", dss.flags));
        self.bit("tcp.options.mptcp.datafin.flag", dss.data_fin);
        let mapping = dss.mapping;
        self.bit("tcp.options.mptcp.dseqnpresent.flag", mapping.is_some());
        self.bit("tcp.options.mptcp.dseqn8.flag", mapping.is_some_and(|map| map.dsn.is_long()));
        self.bit("tcp.options.mptcp.dataackpresent.flag", dss.data_ack.is_some());
        let is_long = dss.data_ack.is_some_and(WireDsn::is_long);
        self.bit("tcp.options.mptcp.dataack8.flag", is_long);
        if let Some(ack) = dss.data_ack {
            self.add("tcp.options.mptcp.rawdataack", ack.raw());
        }
        if let Some(mapping) = mapping {
            self.add("tcp.options.mptcp.rawdataseqno", mapping.dsn.raw());
            self.add("tcp.options.mptcp.subflowseqno", mapping.ssn);
            let length = match mapping.length {
                DataLevelLength::Bytes(octets) => octets,
                DataLevelLength::Infinite => 0,
            };
            self.mapped(length, mapping.checksum);
        }
    }

    fn add_addr(&mut self, announced: &AddAddr) {
        self.add("tcp.options.mptcp.addrid", announced.address_id.0);
        let (version, column) = match announced.address {
            IpAddr::V4(_) => (4, "tcp.options.mptcp.ipv4"),
            IpAddr::V6(_) => (6, "tcp.options.mptcp.ipv6"),
        };
        match announced.flavour {
            AddressFlavour::Announcement { .. } | AddressFlavour::Echo => {
                self.bit("tcp.options.mptcp.echo", announced.is_echo());
            }
            AddressFlavour::V0 | AddressFlavour::PreFinalV1 { .. } => {
                self.add("tcp.options.mptcp.ipver", version);
            }
        }
        self.add(column, announced.address);
        if let Some(port) = announced.port {
            self.add("tcp.options.mptcp.port", port);
        }
        if let Some(hmac) = announced.hmac() {
            self.add("tcp.options.mptcp.addaddrtrunchmac", hmac);
        }
    }

    fn prio(&mut self, prio: MpPrio) {
        self.third_octet(5, prio.reserved, prio.backup);
        self.bit("tcp.options.mptcp.backup.flag", prio.backup);
        if let Some(id) = prio.address_id {
            self.add("tcp.options.mptcp.addrid", id.0);
        }
    }

    fn reset(&mut self, reset: MpTcpRst) {
        self.third_octet(8, reset.reserved, reset.transient);
        self.bit("tcp.options.mptcp.flag_U.flag", reset.reserved & 4 != 0);
        self.bit("tcp.options.mptcp.flag_V.flag", reset.reserved & 2 != 0);
        self.bit("tcp.options.mptcp.flag_W.flag", reset.reserved & 1 != 0);
        self.bit("tcp.options.mptcp.flag_T.flag", reset.transient);
        self.add("tcp.options.mptcp.rst_reason", format!("0x{:02x}", reset.reason.0));
    }

    fn bit(&mut self, column: &'static str, is_set: bool) {
        self.add(column, u8::from(is_set));
    }

    /// What tshark calls the flags of these options: the third octet, subtype included.
    fn third_octet(&mut self, subtype: u8, reserved: u8, last: bool) {
        let octet = subtype << 4 | reserved << 1 | u8::from(last);
        self.add("tcp.options.mptcp.flags", format!("0x{octet:02x}"));
    }
}
