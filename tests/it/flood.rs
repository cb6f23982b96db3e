//! Floods: what they cost is bounded, and real connections stay as they are.

use std::env;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;

use mptcpscope::internals::analyze::finding::{Code, Finding, Selection};
use mptcpscope::internals::analyze::findings;
use mptcpscope::internals::analyze::state::{ConnectionState, state};
use mptcpscope::internals::track::limits::EvictionLimits;
use mptcpscope::internals::track::subflow::SubflowState;
use mptcpscope::internals::track::updates::Update;
use mptcpscope::internals::track::{Limits, Tracker};
use mptcpscope::internals::wire::crypto;
use mptcpscope::internals::wire::frame::{CapturePoint, PacketNo, Timestamp};
use mptcpscope::internals::wire::mptcp::{Key, Version};
use mptcpscope::internals::wire::segment::{Decoded, Endpoint, Segment, TcpFlags};
use mptcpscope::internals::wire::seq::SeqNum;
use mptcpscope::internals::wire::tcp_option::TcpOptions;
use mptcpscope::internals::wire::way::Way;

const SYN: u8 = TcpFlags::SYN.0;
const ACK: u8 = TcpFlags::ACK.0;
const FIN: u8 = TcpFlags::FIN.0;

const SECOND: i64 = 1_000_000_000;
const CLIENT_KEY: u64 = 0x0102_0304_0506_0708;
const SERVER_KEY: u64 = 0x1112_1314_1516_1718;

const AGEING: EvictionLimits = EvictionLimits {
    closed_ns: 600 * SECOND,
    half_open_ns: 180 * SECOND,
    idle_ns: 86_400 * SECOND,
    most: 100_000,
};

/// What a million forged packets may add to the memory of the process, by the default limits.
const MOST_OCTETS: u64 = 256 << 20;

#[test]
fn a_million_forged_syns_and_joins_leave_real_connections_alone() {
    if !in_a_process_of_its_own() {
        return;
    }
    let before = resident();
    let mut lab = Lab::new(AGEING);
    lab.open_connection();
    for number in 0..1_000_000_u32 {
        let source = endpoint(0x0a00_0000 | number >> 4, 1024 + (number & 15) as u16);
        if number % 2 == 0 {
            lab.send(source, SERVER, SYN, number, 0, &capable_syn());
        } else {
            lab.send(source, SERVER, SYN, number, 0, &join_syn(number.wrapping_mul(7919)));
        }
    }
    let grown = resident().saturating_sub(before);
    println!("1,000,000 forged packets: {} MB", grown / 1_000_000);
    assert!(grown < MOST_OCTETS, "{grown} octets");
    lab.close_connection();

    let trace = lab.tracker.trace();
    let totals = trace.totals();
    assert!(trace.connection_count() <= AGEING.most as u64);
    let remembered = trace.connection_count() - 1;
    let forgotten = totals.forgotten;
    assert_eq!(remembered + forgotten.half_open + forgotten.orphan_joins, 1_000_000);
    assert_eq!((totals.untracked_flows, forgotten.closed, forgotten.idle), (0, 0, 0));
    let connections = trace.connections();
    assert_eq!(state(&trace, connections[0]), ConnectionState::Closed);
    assert_eq!(connections[0].first.packet, PacketNo(1));
    // Numbers in the report go on as if nothing had been forgotten.
    assert_eq!(connections[0].forgotten_before, 0);
    assert_eq!(connections[1].forgotten_before, forgotten.half_open);
}

/// Somebody on the path knows the token, and forges joins of a real connection.
#[test]
fn forged_joins_of_a_real_connection_take_a_bounded_number_of_subflows() {
    let mut lab = Lab::new(AGEING);
    lab.open_connection();
    let token = crypto::token(Key(SERVER_KEY), Version::V1).0;
    for number in 0..20_000_u32 {
        let source = endpoint(0x0a00_0000 | number, 1024);
        lab.send(source, SERVER, SYN, number, 0, &join_syn(token));
    }
    let trace = lab.tracker.trace();
    let connections = trace.connections();
    assert_eq!(connections.len(), 1);
    let subflows: Vec<_> = trace.subflows(connections[0]).collect();
    assert_eq!(subflows.len(), 256);
    assert_eq!(subflows[0].state(), SubflowState::Established);
    assert_eq!(subflows[255].number, 255);
    assert_eq!(trace.totals().forgotten.subflows, 20_000 - 255);
    assert!(connections[0].events.iter().all(|event| trace.subflow(event.subflow).number < 256));
}

#[test]
fn a_flood_is_found_though_most_of_it_is_forgotten() {
    let mut lab = Lab::new(EvictionLimits { most: 400, ..AGEING });
    lab.open_connection();
    for number in 0..20_000_u32 {
        let source = endpoint(0x0a00_0000 | number, 1024);
        lab.send(source, SERVER, SYN, number, 0, &join_syn(number.wrapping_mul(7919)));
    }
    let found = floods(&lab);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].connection, None);
    let total = found[0].count + lab.tracker.trace().totals().forgotten.orphan_joins;
    assert_eq!(total, 20_000, "{}", found[0].summary);
    assert!(found[0].summary.contains("forgotten"));
}

#[test]
fn forged_joins_of_a_real_connection_are_a_flood() {
    let mut lab = Lab::new(AGEING);
    lab.open_connection();
    let token = crypto::token(Key(SERVER_KEY), Version::V1).0;
    for number in 0..1000_u32 {
        let source = endpoint(0x0a00_0000 | number, 1024);
        lab.send(source, SERVER, SYN, number, 0, &join_syn(token));
    }
    let found = floods(&lab);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].connection, found[0].count), (Some(0), 255));
}

fn floods(lab: &Lab) -> Vec<Finding> {
    let only = vec![Code::JoinFlood];
    findings(&lab.tracker.trace(), &[], &Selection { only, ..Selection::default() })
}

#[test]
fn connections_are_forgotten_by_the_time_of_packets() {
    let mut lab = Lab::new(AGEING);
    lab.tracker.keep_updates();
    lab.open_connection();
    lab.close_connection();
    lab.send(endpoint(0x0a00_0001, 9), SERVER, SYN, 1, 0, &capable_syn());
    let at = |lab: &mut Lab, seconds: i64| {
        lab.now = seconds * SECOND;
        lab.send(endpoint(0x0a00_0002, 9), SERVER, ACK, 1, 1, &[]);
        let mut updates = Vec::new();
        lab.tracker.take_updates(&mut updates);
        let forgotten = updates.iter().filter_map(|updates| match updates {
            Update::Forgotten { number } => Some(*number),
            _ => None,
        });
        forgotten.collect::<Vec<_>>()
    };
    assert_eq!(at(&mut lab, 100), [0; 0]);
    assert_eq!(at(&mut lab, 200), [1], "half open for more than three minutes");
    assert_eq!(at(&mut lab, 500), [0; 0]);
    assert_eq!(at(&mut lab, 700), [0], "closed for more than ten");
    assert_eq!(lab.tracker.trace().connection_count(), 0);
    assert_eq!(lab.tracker.trace().subflow_count(), 0);

    // The same again is new: nothing of the old one is left.
    lab.open_connection();
    let trace = lab.tracker.trace();
    assert_eq!(trace.connections()[0].number, 2);
    assert_eq!(trace.connections()[0].forgotten_before, 2);
}

#[test]
fn plain_flows_past_the_limit_are_counted_once() {
    let mut lab = Lab::new(AGEING);
    for number in 0..300_000_u32 {
        lab.send(endpoint(0x0a00_0000 | number, 7), SERVER, SYN, number, 0, &[]);
        lab.send(SERVER, endpoint(0x0a00_0000 | number, 7), ACK, 1, number, &[]);
    }
    assert_eq!(lab.tracker.trace().totals().plain_flows, 300_000);
}

const CLIENT: Endpoint = Endpoint { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), port: 4000 };
const SERVER: Endpoint = Endpoint { address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)), port: 443 };

/// A tracker and the packets it gets.
struct Lab {
    tracker: Tracker,
    packets: u64,
    now: i64,
}

impl Lab {
    fn new(eviction: EvictionLimits) -> Self {
        Self { tracker: Tracker::new(Limits::live(eviction), 7), packets: 0, now: 0 }
    }

    fn send(
        &mut self,
        source: Endpoint,
        destination: Endpoint,
        flags: u8,
        seq: u32,
        ack: u32,
        options: &[u8],
    ) {
        self.packets += 1;
        self.now += 1_000;
        let segment = Segment {
            number: PacketNo(self.packets),
            timestamp: Timestamp(self.now),
            point: CapturePoint::default(),
            way: Way::PLAIN,
            source,
            destination,
            seq: SeqNum(seq),
            ack: SeqNum(ack),
            flags: TcpFlags(flags),
            window: 1000,
            payload_len: 0,
            payload: &[],
            hop_limit: 64,
            ip_id: 0,
            options: TcpOptions {
                octets: options,
                declared_len: u8::try_from(options.len()).unwrap(),
            },
        };
        self.tracker.push(&Decoded::Tcp(segment));
    }

    fn open_connection(&mut self) {
        let keys = [CLIENT_KEY.to_be_bytes(), SERVER_KEY.to_be_bytes()];
        let syn_ack = [&[30, 12, 1, 1][..], &keys[1]].concat();
        let ack = [&[30, 20, 1, 1][..], &keys[0], &keys[1]].concat();
        self.send(CLIENT, SERVER, SYN, 100, 0, &capable_syn());
        self.send(SERVER, CLIENT, SYN | ACK, 200, 101, &syn_ack);
        self.send(CLIENT, SERVER, ACK, 101, 201, &ack);
    }

    fn close_connection(&mut self) {
        self.send(CLIENT, SERVER, FIN | ACK, 101, 201, &[]);
        self.send(SERVER, CLIENT, FIN | ACK, 201, 102, &[]);
        self.send(CLIENT, SERVER, ACK, 102, 202, &[]);
    }
}

fn endpoint(address: u32, port: u16) -> Endpoint {
    Endpoint { address: Ipv4Addr::from_bits(address).into(), port }
}

fn capable_syn() -> Vec<u8> {
    vec![30, 4, 1, 1]
}

fn join_syn(token: u32) -> Vec<u8> {
    [&[30, 12, 0x10, 1][..], &token.to_be_bytes(), &[1, 2, 3, 4]].concat()
}

/// Whether nothing else runs in this process, so that its memory can be measured. If not, the test
/// that asks is run so, and must pass there.
fn in_a_process_of_its_own() -> bool {
    const ALONE: &str = "MPTCPSCOPE_TEST_ALONE";
    if env::var_os(ALONE).is_some() {
        return true;
    }
    let name = "flood::a_million_forged_syns_and_joins_leave_real_connections_alone";
    let mut alone = Command::new(env::current_exe().unwrap());
    let output = alone.args(["--exact", name, "--nocapture"]).env(ALONE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    print!("{said}");
    assert!(output.status.success() && said.contains("1 passed"), "{errors}");
    false
}

/// Memory of this process, in bytes; 0 where that can't be told.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
