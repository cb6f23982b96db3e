//! A NAT on the way that forgets.

use crate::analyze::context::ConnectionContext;
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{host, packet};
use crate::track::stray::Stray;
use crate::track::subflow::Subflow;
use crate::units;

/// A NAT lost its table: segments of a subflow come from new ports, and the other host does not know these.
pub(super) fn nat_rebinding(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(strays) = context.connection.strays.as_deref() else { return Vec::new() };
    let [first, ..] = strays.listed.as_slice() else { return Vec::new() };
    let last = strays.listed.last().unwrap_or(first);
    let of = forgotten(context, first);
    let which = of.map(|subflow| format!(" on subflow {}", subflow.number)).unwrap_or_default();
    let summary = format!(
        "A NAT at {} lost its table: segments of {}{which} came from {} ({} to {}), and {}, which does not know \
         these, answered with RSTs. They count neither as paths nor as data.",
        first.source.address,
        host(first.from),
        units::counted(strays.count, "new port"),
        packet(first.first),
        packet(last.reset),
        host(first.from.peer()),
    );
    // A single one may be a late segment of a connection that nobody remembers.
    let is_sure = strays.count > 1 && of.is_some();
    let finding = Finding::new(Code::NatRebinding, summary)
        .confidence(if is_sure { Confidence::Certain } else { Confidence::Likely })
        .from(first.from)
        .seen(strays.listed.iter().flat_map(|stray| [stray.first, stray.reset]))
        .with("address", first.source.address.to_string())
        .with("ports", strays.count)
        .advice(
            "The NAT restarted, or its timeout is shorter than pauses of the connection: look at its uptime \
             and its table (`conntrack -L`). Keep-alives below its timeout help against the latter: `sysctl \
             net.ipv4.tcp_keepalive_time=60` and SO_KEEPALIVE.",
        );
    vec![if let Some(subflow) = of { finding.on(subflow) } else { finding }]
}

/// The subflow whose port was forgotten: between the same addresses, and not heard any more but for RSTs.
fn forgotten<'a>(context: &ConnectionContext<'a>, stray: &Stray) -> Option<&'a Subflow> {
    let is_it = |subflow: &&Subflow| {
        let side = subflow.sides.of(stray.from);
        let is_between = side.endpoint.address == stray.source.address
            && subflow.sides.of(stray.from.peer()).endpoint == stray.target;
        let last = side.sender_stats.last();
        let reset = subflow.reset.filter(|reset| reset.from == stray.from);
        let is_silent = last.is_none_or(|last| last.packet < stray.first.packet)
            || reset.is_some_and(|reset| reset.seen.at.since(stray.first.at).abs() < 1_000_000_000);
        is_between && is_silent && subflow.is_confirmed()
    };
    context.subflows.iter().copied().find(is_it)
}
