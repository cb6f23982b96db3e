//! Why there is only one path, by the settings and counters of a host: certain, where packets only suggest it.

use crate::analyze::host::KnownHost;
use crate::host::EndpointFlag;

use crate::analyze::context::ConnectionContext;
use crate::analyze::words::{capitalised, host, list};
use crate::track::role::Role;

/// A reason that a host's settings give, and what to change.
pub(in crate::layers::analyze) struct Reason {
    /// The end of a sentence.
    pub(in crate::layers::analyze) why: String,
    /// What to change.
    pub(in crate::layers::analyze) advice: String,
    /// Whether the host is configured for a second path.
    pub(in crate::layers::analyze) is_configured: bool,
}

/// Why nobody offered a second path, by the settings of the known host.
pub(in crate::layers::analyze) fn nothing_offered(
    context: &ConnectionContext<'_>,
) -> Option<Reason> {
    let known = context.host?;
    match known.role {
        _ if known.is_managed_by_program() => Some(by_program(known)),
        Role::Client => no_limit(known).or_else(|| no_subflow(context, known)),
        Role::Server => no_signal(context, known),
    }
}

/// Why an announced address was not joined, by the settings of `joiner`.
pub(in crate::layers::analyze) fn not_joined(
    context: &ConnectionContext<'_>,
    joiner: Role,
) -> Option<Reason> {
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

/// The limit of subflows of a host that refused a join.
pub(in crate::layers::analyze) fn refusing_limit(
    context: &ConnectionContext<'_>,
    role: Role,
) -> Option<u32> {
    context.host.filter(|known| known.role == role)?.subflow_limit()
}

/// Whether the host that sets the C bit announces nothing either.
pub(in crate::layers::analyze) fn denies_and_announces_nothing(
    context: &ConnectionContext<'_>,
    role: Role,
) -> bool {
    let known = context.host.filter(|known| known.role == role);
    let signal = known.and_then(|known| known.endpoints_with(&[EndpointFlag::Signal]));
    signal.is_some_and(|addresses| addresses.is_empty())
}

/// Why a server answered without MPTCP, by its settings and counters, and what to do.
pub(in crate::layers::analyze) fn declined(
    context: &ConnectionContext<'_>,
) -> Option<(String, &'static str)> {
    let known = context.host.filter(|known| known.role == Role::Server)?;
    if known.is_set("net.mptcp.enabled", "0") {
        let why = "MPTCP is switched off on the server".to_owned();
        return Some((why, "On the server: `sysctl net.mptcp.enabled=1`."));
    }
    (known.counter("MPCapableSYNRX") == Some(0)).then(|| {
        let why =
            "the server's kernel has never got a MP_CAPABLE: its application does not listen \
            with MPTCP, or the option was taken out on the way"
                .to_owned();
        (why, "On the server: `mptcpize run PROGRAM`, or an MPTCP socket; else capture there.")
    })
}

fn by_program(known: KnownHost<'_>) -> Reason {
    Reason {
        why: format!("a program manages the paths of {} (net.mptcp.pm_type=1)", host(known.role)),
        advice: "Look at the log of that program (mptcpd); `ip mptcp monitor` shows what it is \
            told."
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
    let named: Vec<_> = unused.iter().map(ToString::to_string).collect();
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
            "the client has an endpoint {} for subflows and opened none from there{counted}",
            list(&named)
        ),
        advice: "Does that address reach the server (`ip route get SERVER from ADDRESS`)? Was the \
            endpoint added after the connection began? `ip mptcp monitor` shows what is tried."
            .to_owned(),
        is_configured: true,
    })
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
    let named: Vec<_> = silent.iter().map(ToString::to_string).collect();
    let dropped = known.counter("AddAddrTxDrop").filter(|count| *count > 0);
    let counted = match dropped {
        Some(count) => format!(" (MPTcpExtAddAddrTxDrop is {count}: no room in the header)"),
        None => String::new(),
    };
    Some(Reason {
        why: format!(
            "{} has an endpoint {} to announce and did not{counted}",
            host(known.role),
            list(&named)
        ),
        advice: format!(
            "{} announces endpoints when a connection begins: was it added later? See \
             add-addr-no-space for IPv6 with a port.",
            capitalised(host(known.role))
        ),
        is_configured: true,
    })
}
