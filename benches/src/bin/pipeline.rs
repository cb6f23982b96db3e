//! The pipeline without a report, as far as the stage asked for: what each stage costs. It ends with
//! the facts that the multiplied captures must show.
//!
//! ```text
//! pipeline capture|decode|options|track FILE
//! ```

use std::hint::black_box;

use anyhow::bail;
use mptcpscope::capture::{Capture, InputPath};
use mptcpscope::track::connection::Connection;
use mptcpscope::track::role::Role;
use mptcpscope::track::subflow::Subflow;
use mptcpscope::track::{Limits, Trace, Tracker};
use mptcpscope::wire::crypto::{self, AddAddrHmacVariant, JoinParty};
use mptcpscope::wire::frame::Frame;
use mptcpscope::wire::segment::{Decoded, decode};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [stage, path] = arguments.as_slice() else {
        bail!("usage: pipeline capture|decode|options|track FILE");
    };
    let mut capture = Capture::open(&[InputPath::from(path.clone())])?;
    let mut tracker = Tracker::new(Limits::default(), 1);
    match stage.to_str().unwrap_or_default() {
        "capture" => run(&mut capture, |frame| {
            black_box(frame.data.first());
        }),
        "decode" => run(&mut capture, |frame| {
            black_box(&decode(frame));
        }),
        "options" => run(&mut capture, |frame| {
            if let Decoded::Tcp(segment) = decode(frame) {
                segment.options.iter().for_each(|option| {
                    black_box(&option);
                });
            }
        }),
        "track" => run(&mut capture, |frame| tracker.push(&decode(frame))),
        other => bail!("no such stage: {other}"),
    }
    let packets: u64 = capture.inputs().iter().map(|input| input.packets).sum();
    println!("packets={packets}");
    if tracker.trace().totals().packets > 0 {
        print_facts(tracker.trace());
    }
    Ok(())
}

fn run(capture: &mut Capture, mut take: impl FnMut(&Frame<'_>)) {
    while let Some(frame) = capture.next_frame() {
        take(&frame);
    }
}

/// Counts what was found, and what of it is proved.
fn print_facts(trace: Trace<'_>) {
    let connections = trace.connections();
    let (mut subflows, mut joins, mut proved, mut announced, mut announced_right) = (0, 0, 0, 0, 0);
    for connection in &connections {
        for subflow in trace.subflows(connection) {
            subflows += 1;
            joins += u64::from(subflow.join.is_some());
            proved += u64::from(is_proved(connection, subflow));
        }
        for address in connection.addresses.iter() {
            let keys = Option::zip(
                connection.hosts.of(address.owner).key,
                connection.hosts.of(address.owner.peer()).key,
            );
            if let (Some(option), Some(keys)) = (&address.option, keys) {
                let variant = crypto::matching_add_addr_variant(keys, option);
                announced += 1;
                announced_right += u64::from(variant == Some(AddAddrHmacVariant::Rfc8684));
            }
        }
    }
    let sent = |role| -> u64 {
        let spaces = connections
            .iter()
            .map(|connection| connection.data.of(role));
        spaces
            .filter_map(|space| space.coverage().contiguous_end())
            .map(i64::cast_unsigned)
            .sum()
    };
    println!(
        "connections={} orphans={} subflows={subflows} joins={joins} joins_proved={proved} \
         add_addr={announced} add_addr_proved={announced_right} client_octets={} server_octets={}",
        connections.len(),
        trace.orphans().len(),
        sent(Role::Client),
        sent(Role::Server),
    );
}

/// Whether both HMACs of a join are right.
fn is_proved(connection: &Connection, subflow: &Subflow) -> bool {
    let verdict = || {
        let join = subflow.join.as_ref()?;
        let version = connection.version?;
        let party = |role, nonce| {
            let key = connection.hosts.of(role).key?;
            Some(JoinParty { key, nonce })
        };
        let joiner = party(subflow.opener, join.joiner_nonce?)?;
        let joinee = party(subflow.acceptor(), join.joinee_nonce?)?;
        let syn_ack = crypto::join_hmac(version, joinee, joiner).syn_ack();
        let ack = crypto::join_hmac(version, joiner, joinee).ack();
        Some(syn_ack == join.syn_ack_hmac? && ack == join.ack_hmac?)
    };
    verdict().unwrap_or(false)
}
