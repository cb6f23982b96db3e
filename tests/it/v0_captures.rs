//! The captures of MPTCP version 0, which Linux does not speak: made here, segment by segment, with
//! the project's own emitters, and compared with those in testdata byte for byte.
//!
//! `UPDATE=1 cargo test --test it v0_captures::` writes them anew.

mod hosts;

use std::fs;
use std::net::IpAddr;

use mptcpscope::internals::track::proof::{self, Verdict};
use mptcpscope::internals::track::role::Role;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::mptcp::{
    AddAddr, AddressFlavour, AddressId, DataLevelLength, Dss, Mapping, MpFail, MpFastClose, MpPrio,
    MptcpOption, RemoveAddr,
};
use mptcpscope::internals::wire::segment::{TcpFlags, decode};
use mptcpscope::internals::wire::seq::WireDsn;

use Role::{Client, Server};
use hosts::{Hosts, Width, flags};

use crate::support::testdata;

type Scenario = fn() -> Hosts;

const CAPTURES: [(&str, Scenario); 3] = [
    ("v0-two-subflows.pcap", two_subflows),
    ("v0-fastclose.pcap", fastclose),
    ("v0-mp-fail.pcap", mp_fail),
];

#[test]
fn testdata_has_what_is_made_here() {
    for (name, scenario) in CAPTURES {
        let made = scenario().into_pcap();
        let there = testdata::checked_in(&testdata::path("captures").join(name), &made);
        assert!(there == made, "{name} differs: write it anew with UPDATE=1, or undo the change");
    }
}

/// What was made with the keys can be proved from the packets.
#[test]
fn proofs_hold() {
    for (name, joins, right, wrong) in [
        ("v0-two-subflows.pcap", 1, 8, 0),
        ("v0-fastclose.pcap", 1, 0, 0),
        ("v0-mp-fail.pcap", 0, 2, 1),
    ] {
        let bytes = fs::read(testdata::path("captures").join(name)).unwrap();
        let mut tracker = Tracker::new(Limits::default(), 0);
        for frame in testdata::frames(bytes) {
            tracker.push(&decode(&frame.whole()));
        }
        let trace = tracker.trace();
        let connections = trace.connections();
        let [connection] = connections[..] else { panic!("{name}: one connection") };
        let proofs = |subflow| proof::join_verdicts(connection, subflow);
        let verdicts: Vec<_> = trace.subflows(connection).filter_map(proofs).collect();
        assert_eq!(verdicts.len(), joins, "{name}");
        for verdict in verdicts {
            assert_eq!((verdict.syn_ack, verdict.ack), (Verdict::Verified, Verdict::Verified));
        }
        let ends = trace.subflows(connection).flat_map(|sf| [&sf.sides.client, &sf.sides.server]);
        let sums = ends.fold((0, 0), |(right, wrong), end| {
            (right + end.checksums.verified(), wrong + end.checksums.mismatches())
        });
        assert_eq!(sums, (right, wrong), "{name}");
    }
}

/// Everything that version 0 writes differently, in one connection: checksums, short numbers,
/// announcements without proof, MP_PRIO with an address ID.
fn two_subflows() -> Hosts {
    let mut hosts = Hosts::new(true, Width::Short, Width::Short);
    hosts.open();
    hosts.data(0, Client, 300);
    hosts.acknowledge(0, Server);
    for announced in announcements() {
        hosts.option(0, Server, MptcpOption::AddAddr(announced));
    }
    hosts.join(SECOND_PATH, [JOINER_ID, AddressId(2)]);
    hosts.data(1, Server, 701);
    hosts.acknowledge(1, Client);
    // One mapping over two segments.
    hosts.data_in_two(0, Server, 1_000, 999);
    hosts.acknowledge(0, Client);
    hosts.data(1, Client, 501);
    hosts.acknowledge(1, Server);
    let prio = |backup, address_id| MptcpOption::MpPrio(MpPrio { backup, address_id, reserved: 0 });
    hosts.option(1, Client, prio(true, None));
    // RFC 6824 §3.3.8: from another subflow, by the ID of the address.
    hosts.option(0, Client, prio(false, Some(JOINER_ID)));
    hosts.data(0, Client, 100);
    hosts.acknowledge(0, Server);
    hosts.option(0, Server, MptcpOption::RemoveAddr(RemoveAddr::new(&[3], 0)));
    hosts.option(0, Server, MptcpOption::RemoveAddr(RemoveAddr::new(&[4, 5], 0)));
    hosts.data_with_fin(1, Client, 33);
    hosts.acknowledge(1, Server);
    hosts.data(1, Server, 7);
    hosts.acknowledge(1, Client);
    hosts.lone_data_fin(0, Server);
    hosts.acknowledge(0, Client);
    hosts.close(1);
    hosts.close(0);
    hosts
}

/// RFC 6824 §3.5: MP_FASTCLOSE on an ACK of one subflow, RST on the others; the answer is a RST.
fn fastclose() -> Hosts {
    let mut hosts = Hosts::new(false, Width::Long, Width::Short);
    hosts.open();
    hosts.data(0, Client, 64);
    hosts.acknowledge(0, Server);
    hosts.join(SECOND_PATH, [JOINER_ID, AddressId(0)]);
    hosts.data(1, Server, 128);
    hosts.acknowledge(1, Client);
    let close = MpFastClose { receiver_key: hosts.key(Server), reserved: 0 };
    hosts.option(0, Client, MptcpOption::MpFastClose(close));
    hosts.segment(1, Client, flags(&[TcpFlags::RST, TcpFlags::ACK]), &[], &[]);
    hosts.segment(0, Server, flags(&[TcpFlags::RST, TcpFlags::ACK]), &[], &[]);
    hosts
}

/// RFC 6824 §3.6: an byte of a mapping was changed on the way. MP_FAIL, and the only subflow goes
/// on with an infinite mapping.
fn mp_fail() -> Hosts {
    let mut hosts = Hosts::new(true, Width::Long, Width::Long);
    hosts.open();
    hosts.data(0, Client, 200);
    hosts.acknowledge(0, Server);
    hosts.data(0, Server, 200);
    hosts.acknowledge(0, Client);
    let failed = hosts.next_dsn(Client);
    hosts.corrupted_data(0, Client, 200);
    let fail = MptcpOption::MpFail(MpFail { dsn: failed, reserved: 0 });
    // What failed is not acknowledged.
    let ack = Dss::new(Some(WireDsn::Long(failed.0)), None, false);
    hosts.segment(0, Server, TcpFlags::ACK, &[MptcpOption::Dss(ack), fail], &[]);
    let infinite = Mapping {
        dsn: WireDsn::Long(failed.add(200).0),
        ssn: hosts.next_ssn(0, Client),
        length: DataLevelLength::Infinite,
        checksum: Some(0),
    };
    let infinite = MptcpOption::Dss(Dss::new(None, Some(infinite), false));
    let payload = hosts.payload(Client, 150);
    hosts.segment(0, Client, flags(&[TcpFlags::PSH, TcpFlags::ACK]), &[infinite], &payload);
    hosts.segment(0, Server, TcpFlags::ACK, &[], &[]);
    let payload = hosts.payload(Client, 50);
    hosts.segment(0, Client, flags(&[TcpFlags::PSH, TcpFlags::ACK]), &[], &payload);
    hosts.segment(0, Server, TcpFlags::ACK, &[], &[]);
    hosts.close(0);
    hosts
}

const JOINER_ID: AddressId = AddressId(1);
/// Addresses of the client, which joins, and of the server.
const SECOND_PATH: [[u8; 4]; 2] = [[198, 51, 100, 1], [198, 51, 100, 2]];

/// Both families, with and without a port; IDs 2 to 5.
fn announcements() -> [AddAddr; 4] {
    let v4 = IpAddr::from([198, 51, 100, 2]);
    let v6: IpAddr = "2001:db8:2::2".parse().unwrap();
    let announced = |id, address, port| AddAddr {
        address_id: AddressId(id),
        address,
        port,
        flavour: AddressFlavour::V0,
        reserved: 0,
    };
    [
        announced(2, v4, None),
        announced(3, v4, Some(5002)),
        announced(4, v6, None),
        announced(5, v6, Some(5002)),
    ]
}
