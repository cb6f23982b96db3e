//! The pipeline without a report, as far as the stage asked for: what each stage costs. It ends with
//! the facts that the multiplied captures must show.
//!
//! ```text
//! pipeline capture|decode|options|track FILE
//! ```

use std::hint::black_box;

use anyhow::bail;
use mptcpscope::internals::capture::{Capture, InputPath};
use mptcpscope::internals::track::proof::{JoinVerdicts, Verdict, address_verdict, join_verdicts};
use mptcpscope::internals::track::role::Role;
use mptcpscope::internals::track::{Limits, Trace, Tracker};
use mptcpscope::internals::wire::frame::Frame;
use mptcpscope::internals::wire::segment::{Decoded, decode};

const PROVED: JoinVerdicts = JoinVerdicts { syn_ack: Verdict::Verified, ack: Verdict::Verified };

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
                let mut options = segment.options.iter();
                // Where it was written: to move each one would cost more than to find it.
                while let Some(option) = &options.next() {
                    black_box(option);
                }
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
            proved += u64::from(join_verdicts(connection, subflow) == Some(PROVED));
        }
        for address in connection.addresses.iter() {
            announced += 1;
            let (verdict, _) = address_verdict(connection, address);
            announced_right += u64::from(verdict == Verdict::Verified);
        }
    }
    let sent = |role| -> u64 {
        let spaces = connections.iter().map(|connection| connection.data.of(role));
        spaces.filter_map(|space| space.range_set().contiguous_end()).map(i64::cast_unsigned).sum()
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
