//! Joins that were refused at their SYN: one code per cause (RFC 8684 §3.2).

use super::join_failures::{LATE_JOIN, UNKNOWN_TOKEN, failed};
use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::announced_id;
use crate::analyze::evidence::join_failure::{Failure, handshake, may_lack_token};
use crate::analyze::evidence::refusal::{Refusal, RefusedBy, Sign, is_port_of_client, refusal};
use crate::analyze::finding::{Code, Confidence, Finding, Severity};
use crate::analyze::words::{capitalised, host, joined, packet, reason};
use crate::track::role::Role;
use crate::track::subflow::Subflow;
use crate::units;
use crate::wire::segment::Endpoint;

/// Joins to an address and port where this connection lives, which reached another host.
pub(super) fn join_misrouted(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let all = Refused::all(context, |by| by == RefusedBy::AnotherHost).into_iter();
    let found = all.map(|refused| {
        let summary = format!(
            "{} although {} of this connection listens there: probably {} reached another host \
             with that address.",
            refused.subject(),
            refused.acceptor(),
            if refused.joins.len() == 1 { "it" } else { "they" },
        );
        let advice = format!(
            "A load balancer, anycast address or ECMP sends joins to another host. On the servers: \
             `sysctl net.mptcp.allow_join_initial_addr_port=0` and `ip mptcp endpoint add \
             UNICAST-ADDRESS signal`; on clients: `ip mptcp limits set add_addr_accepted 1`. If {} is \
             one host only, a firewall there refuses the join, or its token was changed on the way.",
            refused.refusal.target.address
        );
        refused.finding(Code::JoinMisrouted, summary).confidence(Confidence::Likely).advice(advice)
    });
    found.collect()
}

/// Joins to an address and port where nobody listens.
pub(super) fn join_port_closed(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let all = Refused::all(context, |by| by == RefusedBy::ClosedPort).into_iter();
    let found = all.map(|refused| {
        let is_of_client = is_port_of_client(context, refused.first);
        let too_late = refused.too_late();
        let why = match &too_late {
            Some(too_late) => too_late,
            None if is_of_client => {
                "the client's own socket uses that port, and nothing listens there"
            }
            None => "nothing listens there, or a firewall answers in its place",
        };
        let advice = match refused.first.acceptor() {
            _ if too_late.is_some() => LATE_JOIN.to_owned(),
            Role::Client => advice_for_client(context, refused.refusal.target),
            Role::Server => advice_for_server(context, refused.refusal.target),
        };
        // What was bound to fail costs nothing where other joins did not.
        let is_harmless = too_late.is_some() || is_of_client && context.connection.joined > 0;
        let confidence = if is_of_client { Confidence::Certain } else { Confidence::Likely };
        let summary = format!("{}: {why}.", refused.subject());
        let finding = refused.finding(Code::JoinPortClosed, summary);
        let severity = if is_harmless { Severity::Note } else { finding.severity };
        finding.severity(severity).confidence(confidence).advice(advice)
    });
    found.collect()
}

/// Joins that a firewall refused in the name of the host.
pub(super) fn join_blocked(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let all = Refused::all(context, |by| matches!(by, RefusedBy::Firewall(_))).into_iter();
    let found = all.map(|refused| {
        let whose = refused.acceptor();
        let (why, advice) = match refused.refusal.by {
            RefusedBy::Firewall(Sign::HopLimit(here, there)) => (
                format!(
                    "which is not {whose}'s own (hop limit {here}, its SYNs elsewhere {there}): \
                     probably a firewall on the path refuses joins"
                ),
                "Let the firewall on that path pass SYNs with MP_JOIN (TCP option 30), or do not \
                 use the path.",
            ),
            _ => (
                format!(
                    "seen at {whose}, which listens there: probably a firewall on it refuses joins"
                ),
                "On that host: `nft list ruleset` (or `iptables -S`) shows rules that answer with a \
                 TCP RST. If the capture was taken at a load balancer, see join-misrouted.",
            ),
        };
        refused
            .finding(Code::JoinBlocked, format!("{}, {why}.", refused.subject()))
            .confidence(Confidence::Likely)
            .advice(advice)
    });
    found.collect()
}

/// Joins with a token that the host does not know.
pub(super) fn join_unknown_token(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let all = Refused::all(context, |by| by == RefusedBy::UnknownToken).into_iter();
    let found = all.map(|refused| {
        let too_late = refused.too_late();
        let why = too_late.as_deref().unwrap_or("the token is not known there");
        let summary = format!("{}: {why}.", refused.subject());
        let finding = refused.finding(Code::JoinUnknownToken, summary);
        match too_late {
            Some(_) => finding.severity(Severity::Note).advice(LATE_JOIN),
            None => finding.confidence(Confidence::Likely).advice(UNKNOWN_TOKEN),
        }
    });
    found.collect()
}

/// Refused joins of one host to one address and port, with what is known of the first.
struct Refused<'a> {
    joins: Vec<&'a Subflow>,
    first: &'a Subflow,
    refusal: Refusal,
}

impl<'a> Refused<'a> {
    /// Those that `wanted` selects.
    fn all(context: &ConnectionContext<'a>, wanted: impl Fn(RefusedBy) -> bool) -> Vec<Self> {
        let refused = |failure: &Failure| matches!(failure, Failure::RefusedAtSyn(reset) if may_lack_token(reset));
        let mut all: Vec<Self> = Vec::new();
        for (join, failure) in failed(context, refused) {
            let Failure::RefusedAtSyn(reset) = failure else { continue };
            let refusal = refusal(context, join, reset);
            if !wanted(refusal.by) {
                continue;
            }
            match all.iter_mut().find(|known| known.is_like(join, &refusal)) {
                Some(known) => known.joins.push(join),
                None => all.push(Self { joins: vec![join], first: join, refusal }),
            }
        }
        all
    }

    fn is_like(&self, join: &Subflow, refusal: &Refusal) -> bool {
        self.refusal.target == refusal.target
            && self.refusal.closed.is_some() == refusal.closed.is_some()
            && self.first.opener == join.opener
    }

    /// The host that was to be joined.
    const fn acceptor(&self) -> &'static str {
        host(self.first.acceptor())
    }

    /// The beginning of a sentence.
    fn subject(&self) -> String {
        let reset = &self.refusal.reset;
        let how = format!("refused by a RST {} ({})", reason(reset), packet(reset.seen));
        match self.joins.len() {
            1 => format!("The join {} was {how}", joined(self.first)),
            many => format!(
                "{} of {} to {} were {how}",
                capitalised(&units::counted(many as u64, "join")),
                host(self.first.opener),
                self.refusal.target
            ),
        }
    }

    /// Why they came too late, if they did.
    fn too_late(&self) -> Option<String> {
        let closed = packet(self.refusal.closed?);
        Some(format!(
            "the connection was being closed before {} answered ({closed})",
            self.acceptor()
        ))
    }

    fn finding(&self, code: Code, summary: String) -> Finding {
        let Refusal { target, .. } = self.refusal;
        let source = self.first.sides.of(self.first.opener).endpoint;
        Finding::new(code, summary)
            .on_only(&self.joins)
            .from(self.first.opener)
            .seen(self.joins.iter().flat_map(|join| handshake(join)))
            .times(self.joins.len() as u64)
            .with("address", target.address.to_string())
            .with("port", u64::from(target.port))
            .with("source", source.address.to_string())
    }
}

/// What to do where the server joins an address of the client on a port where nobody listens.
fn advice_for_client(context: &ConnectionContext<'_>, target: Endpoint) -> String {
    const NO_SUBFLOWS: &str = "On the server: `ip mptcp endpoint show`; without the flag `subflow` there \
        it opens none.";
    match announced_id(context, Role::Client, target) {
        Some(id) => format!(
            "Let the client open the subflow instead of announcing its address: on the client `ip \
             mptcp endpoint delete id {id}`, then `ip mptcp endpoint add {} dev IFACE subflow`; or \
             announce it with a PORT that nothing listens on there: `ip mptcp endpoint add {0} dev \
             IFACE signal port PORT`.",
            target.address
        ),
        None => format!(
            "{NO_SUBFLOWS} Or on the client: `sysctl net.mptcp.allow_join_initial_addr_port=0` (C bit)."
        ),
    }
}

/// What to do where the client joins an address of the server on a port where nobody listens.
fn advice_for_server(context: &ConnectionContext<'_>, target: Endpoint) -> String {
    match announced_id(context, Role::Server, target) {
        Some(id) => format!(
            "Let the server's application listen on {target} as well (on the wildcard address, say), \
             or announce the address with a PORT of its own, on which the kernel listens by itself \
             and nothing else does: `ip mptcp endpoint delete id {id}`, then `ip mptcp endpoint add {} \
             signal port PORT` (for IPv6 see add-addr-no-space).",
            target.address
        ),
        None => format!(
            "Let the server's application listen on {target}, or open the firewall for it; the \
             capture shows no announcement of it."
        ),
    }
}
