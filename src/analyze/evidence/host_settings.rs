//! Why there is only one path, by the settings and counters of a host: certain, where packets only suggest it.

use crate::analyze::host::KnownHost;
use std::net::IpAddr;

use crate::analyze::context::ConnectionContext;
use crate::analyze::words::{capitalised, host, list, packet};
use crate::host::EndpointFlag;
use crate::track::address::AnnouncedAddress;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;

/// A reason that a host's settings give, and what to change.
pub(crate) struct Reason {
    /// The end of a sentence.
    pub(crate) why: String,
    /// What to change.
    pub(crate) advice: String,
    /// Whether the host is configured for a second path.
    pub(crate) is_configured: bool,
}

/// Why nobody offered a second path, by the settings of the known host.
pub(crate) fn nothing_offered(context: &ConnectionContext<'_>) -> Option<Reason> {
    let known = context.host?;
    match known.role {
        _ if known.is_managed_by_program() => Some(by_program(known)),
        Role::Client => no_limit(known).or_else(|| no_subflow(context, known)),
        Role::Server => no_signal(context, known),
    }
}

/// Why an announced address was not joined, by the settings of `joiner`.
pub(crate) fn not_joined(context: &ConnectionContext<'_>, joiner: Role) -> Option<Reason> {
    let known = context.host.filter(|known| known.role == joiner)?;
    if known.is_managed_by_program() {
        return Some(by_program(known));
    }
    no_limit(known).or_else(|| {
        (known.accepted_limit() == Some(0)).then(|| Reason {
            why: format!("the limit of accepted addresses of {} is 0", host(joiner)),
            advice: format!("On {}: `ip mptcp limits set add_addr_accepted 2`.", host(joiner)),
            is_configured: true,
        })
    })
}

/// Whether the known settings of `joiner` let it join another address.
pub(crate) fn allows_joins(context: &ConnectionContext<'_>, joiner: Role) -> bool {
    let known = context.host.filter(|known| known.role == joiner);
    let more_than = |limit: Option<u32>, least: usize| limit.is_some_and(|n| n as usize > least);
    let used = context.connection.joined as usize;
    known.is_some_and(|known| {
        more_than(known.subflow_limit(), used) && more_than(known.accepted_limit(), 0)
    })
}

/// Whether a host has an address of this family beside link-local ones, by what it says of itself.
pub(crate) fn has_family(context: &ConnectionContext<'_>, role: Role, ipv6: bool) -> Option<bool> {
    let known = context.host.filter(|known| known.role == role)?;
    let own = || known.says.addresses.iter().filter(|address| !is_link_local(**address));
    // Snapshots of earlier versions name no addresses.
    own().next()?;
    Some(own().any(|address| address.is_ipv6() == ipv6))
}

/// Whether an announced address is one of its receiver's own, by what the receiver says of itself.
pub(crate) fn is_own(context: &ConnectionContext<'_>, address: &AnnouncedAddress) -> bool {
    let known = context.host.filter(|known| known.role == address.owner.peer());
    known.is_some_and(|known| {
        address.address.is_some_and(|address| known.says.addresses.contains(&address))
    })
}

const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// The limit of subflows of a host that refused a join.
pub(crate) fn refusing_limit(context: &ConnectionContext<'_>, role: Role) -> Option<u32> {
    context.host.filter(|known| known.role == role)?.subflow_limit()
}

/// Whether the host that sets the C bit announces nothing either.
pub(crate) fn denies_and_announces_nothing(context: &ConnectionContext<'_>, role: Role) -> bool {
    let known = context.host.filter(|known| known.role == role);
    let signal = known.and_then(|known| known.endpoints_with(&[EndpointFlag::Signal]));
    signal.is_some_and(|addresses| addresses.is_empty())
}

/// Why a server answered without MPTCP, by its settings and counters, and what to do.
pub(crate) fn declined(context: &ConnectionContext<'_>) -> Option<(String, &'static str)> {
    let known = context.host.filter(|known| known.role == Role::Server)?;
    if known.is_set("net.mptcp.enabled", "0") {
        let why = "MPTCP is switched off on the server".to_owned();
        return Some((why, "On the server: `sysctl net.mptcp.enabled=1`."));
    }
    (known.counter("MPCapableSYNRX") == Some(0)).then(|| {
        let why =
            "the server's kernel never received MP_CAPABLE: its application does not listen with \
                MPTCP, or a middlebox removed the option"
                .to_owned();
        (why, "On the server: `mptcpize run PROGRAM`, or an MPTCP socket; else capture there.")
    })
}

fn by_program(known: KnownHost<'_>) -> Reason {
    Reason {
        why: format!("a program manages the paths of {} (net.mptcp.pm_type=1)", host(known.role)),
        advice: "Look at the log of that program (mptcpd); `ip mptcp monitor` shows the events \
            that it gets."
            .to_owned(),
        is_configured: false,
    }
}

fn no_limit(known: KnownHost<'_>) -> Option<Reason> {
    (known.subflow_limit() == Some(0)).then(|| Reason {
        why: format!("the limit of subflows of {} is 0", host(known.role)),
        advice: format!("On {}: `ip mptcp limits set subflows 2`.", host(known.role)),
        is_configured: false,
    })
}

/// A client without an endpoint to join from, or with one that it did not use.
fn no_subflow(context: &ConnectionContext<'_>, known: KnownHost<'_>) -> Option<Reason> {
    let addresses = known.endpoints_with(&[EndpointFlag::Subflow, EndpointFlag::Fullmesh])?;
    let is_used = |address| {
        context.subflows.iter().any(|subflow| subflow.sides.client.endpoint.address == address)
    };
    let unused: Vec<_> = addresses.into_iter().filter(|address| !is_used(*address)).collect();
    if unused.is_empty() {
        return Some(Reason {
            why: "the client has no endpoint to open another subflow from, and nothing was \
                announced to it"
                .to_owned(),
            advice:
                "On the client: `ip mptcp endpoint add ADDRESS dev IFACE subflow`, for its second \
                address."
                    .to_owned(),
            is_configured: false,
        });
    }
    let server = context.initial()?.sides.server.endpoint.address;
    let fitting: Vec<_> =
        unused.iter().copied().filter(|own| own.is_ipv6() == server.is_ipv6()).collect();
    if let Some(reason) = denied(context, known, &unused) {
        return Some(reason);
    }
    if let Some(fin) = early_shutdown(context) {
        return Some(Reason {
            why: format!(
                "the client had sent all its data ({}) before it could open another subflow",
                packet(fin)
            ),
            advice: "Nothing to fix: Linux opens no subflow once the application has shut down \
                writing."
                .to_owned(),
            is_configured: false,
        });
    }
    let Some(first) = fitting.first() else {
        return Some(other_family(context, known, &unused, server));
    };
    let named = in_words(&fitting);
    let failed = ["MPJoinSynTxBindErr", "MPJoinSynTxConnectErr", "MPJoinSynTxCreatSkErr"]
        .into_iter()
        .filter(|name| known.counter(name).is_some_and(|count| count > 0));
    let failed: Vec<_> = failed.map(|name| format!("MPTcpExt{name}")).collect();
    let counted = match failed.as_slice() {
        [] => String::new(),
        _ => format!(" ({} moved)", list(&failed)),
    };
    Some(Reason {
        why: format!(
            "the client has an endpoint {named} for subflows and opened none from there{counted}",
        ),
        advice: format!(
            "Does that address reach the server (`ip route get {server} from {first}`)? Was the \
             endpoint added after the connection began? `ip mptcp monitor` shows what is tried."
        ),
        is_configured: true,
    })
}

/// Endpoints that the client may not use: the server forbids joins to its initial address (C bit), and
/// announced no other.
fn denied(
    context: &ConnectionContext<'_>,
    known: KnownHost<'_>,
    unused: &[IpAddr],
) -> Option<Reason> {
    if context.connection.hosts.server.deny_join_initial != Some(true) {
        return None;
    }
    let accept = match known.accepted_limit() {
        Some(0) => "; and on the client: `ip mptcp limits set add_addr_accepted 1`",
        _ => "",
    };
    Some(Reason {
        why: format!(
            "so the client could open none from its endpoint {} for subflows",
            in_words(unused)
        ),
        advice: format!("On the server: `ip mptcp endpoint add ADDRESS dev IFACE signal`{accept}."),
        is_configured: true,
    })
}

/// The client's DATA_FIN, if it came before the first subflow was a few round trips old.
fn early_shutdown(context: &ConnectionContext<'_>) -> Option<PacketStamp> {
    /// Linux opens subflows when the first subflow is confirmed, and some work is done.
    const ROUND_TRIPS: i64 = 3;
    let fin = context.connection.data.client.fin()?.seen;
    let initial = context.initial()?.handshake;
    let age = fin.at.since(initial.syn?.at);
    (age <= initial.rtt_ns()? * ROUND_TRIPS).then_some(fin)
}

/// Endpoints of another family than the connection.
fn other_family(
    context: &ConnectionContext<'_>,
    known: KnownHost<'_>,
    unused: &[IpAddr],
    server: IpAddr,
) -> Reason {
    let (own, other) = if server.is_ipv6() { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
    let is_free = |address: &&IpAddr| {
        let mut used = context.subflows.iter().map(|s| s.sides.client.endpoint.address);
        address.is_ipv6() == server.is_ipv6()
            && !is_link_local(**address)
            && !used.any(|used| used == **address)
    };
    let free = known.says.addresses.iter().find(is_free);
    let free = free.map_or_else(|| format!("{own}-ADDRESS"), ToString::to_string);
    Reason {
        why: format!(
            "the client's endpoint {} for subflows is {other}, and the connection is {own}",
            in_words(unused)
        ),
        advice: format!("On the client: `ip mptcp endpoint add {free} dev IFACE subflow`."),
        is_configured: true,
    }
}

fn in_words(addresses: &[IpAddr]) -> String {
    let named: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    list(&named)
}

/// A server without an endpoint to announce, or with one that it did not announce.
fn no_signal(context: &ConnectionContext<'_>, known: KnownHost<'_>) -> Option<Reason> {
    let addresses = known.endpoints_with(&[EndpointFlag::Signal])?;
    let is_known = |address| {
        let mut announced = context.connection.addresses.iter();
        let mut used = context.subflows.iter().map(|subflow| subflow.sides.server.endpoint.address);
        announced.any(|known| known.address == Some(address)) || used.any(|used| used == address)
    };
    let silent: Vec<_> = addresses.into_iter().filter(|address| !is_known(*address)).collect();
    if silent.is_empty() {
        return Some(Reason {
            why: "the server has no endpoint to announce, and the client did not join by itself"
                .to_owned(),
            advice: "On the server: `ip mptcp endpoint add ADDRESS dev IFACE signal`; or on the \
                client: `ip mptcp endpoint add ADDRESS dev IFACE subflow`."
                .to_owned(),
            is_configured: false,
        });
    }
    let dropped = known.counter("AddAddrTxDrop").filter(|count| *count > 0);
    let counted = match dropped {
        Some(count) => format!(" (MPTcpExtAddAddrTxDrop is {count}: no room in the header)"),
        None => String::new(),
    };
    Some(Reason {
        why: format!(
            "{} has an endpoint {} to announce and did not{counted}",
            host(known.role),
            in_words(&silent)
        ),
        advice: format!(
            "{} announces endpoints when a connection begins: was it added later? See \
             add-addr-no-space for IPv6 with a port.",
            capitalised(host(known.role))
        ),
        is_configured: true,
    })
}
