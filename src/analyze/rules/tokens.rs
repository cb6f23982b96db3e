//! Tokens over the whole capture: joins of connections that it does not show, and tokens that two
//! connections have.

use std::collections::BTreeMap;

use super::join_failures::UNKNOWN_TOKEN;
use crate::analyze::context::{ConnectionContext, WholeCapture};
use crate::analyze::evidence::join_failure::{handshake, may_lack_token};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{capitalised, list};
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::units;
use crate::wire::segment::Endpoint;

/// Joins of connections that the capture does not show, refused with reason 1, or where somebody listens.
pub(super) fn orphans_refused(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let found = orphans(capture).into_iter().filter(|refused| !refused.is_closed_port);
    let found = found.map(|refused| {
        let summary = format!("{}: the token is not known there.", refused.subject());
        refused.finding(Code::JoinUnknownToken, summary).advice(UNKNOWN_TOKEN)
    });
    found.collect()
}

/// The others: nobody listens there, as far as the capture shows.
pub(super) fn orphans_at_closed_port(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let found = orphans(capture).into_iter().filter(|refused| refused.is_closed_port);
    let found = found.map(|refused| {
        let summary = format!(
            "{}: nothing listens there, or a firewall answers in its place.",
            refused.subject()
        );
        refused.finding(Code::JoinPortClosed, summary).advice(
            "Capture the connection that the joins belong to as well; it says who announced the \
             address.",
        )
    });
    found.collect()
}

/// Refused joins of connections that the capture does not show, to one address and port.
struct RefusedOrphans<'a> {
    target: Endpoint,
    is_closed_port: bool,
    joins: Vec<&'a Subflow>,
}

/// The refused joins of connections that the capture does not show, by the host that refused.
fn orphans<'a>(capture: &WholeCapture<'a>) -> Vec<RefusedOrphans<'a>> {
    let mut by_host: BTreeMap<_, Vec<&Subflow>> = BTreeMap::new();
    for orphan in capture.trace.orphans() {
        let refused = orphan.reset.filter(|reset| {
            reset.from == orphan.acceptor()
                && may_lack_token(reset)
                && orphan.handshake.syn_ack.is_none()
        });
        let Some(reset) = refused else { continue };
        let target = orphan.sides.of(orphan.acceptor()).endpoint;
        let has_reason = reset.reason.is_some();
        by_host.entry((target.address, target.port, has_reason)).or_default().push(orphan);
    }
    let in_use = |target: Endpoint| {
        let mut known = capture.trace.connections().into_iter();
        known.any(|connection| {
            let mut subflows = capture.trace.subflows(connection);
            subflows.any(|s| s.is_confirmed() && s.sides.of(s.acceptor()).endpoint == target)
        })
    };
    let all = by_host.into_iter().map(|((address, port, has_reason), joins)| {
        let target = Endpoint { address, port };
        RefusedOrphans { target, is_closed_port: !has_reason && !in_use(target), joins }
    });
    all.collect()
}

impl RefusedOrphans<'_> {
    fn subject(&self) -> String {
        let count = self.joins.len() as u64;
        format!(
            "{} of {} not in the capture {} refused at {}",
            capitalised(&units::counted(count, "join")),
            if count == 1 { "a connection" } else { "connections" },
            if count == 1 { "was" } else { "were" },
            self.target
        )
    }

    fn finding(&self, code: Code, summary: String) -> Finding {
        Finding::new(code, summary)
            .seen(self.joins.iter().flat_map(|join| handshake(join)))
            .times(self.joins.len() as u64)
            .confidence(Confidence::Likely)
            .with("address", self.target.address.to_string())
            .with("port", u64::from(self.target.port))
    }
}

/// Twenty joins…
const MANY: usize = 20;
/// … within this time are a flood.
const WITHIN_NS: i64 = 10_000_000_000;

/// Many joins with tokens that nobody has, towards one host.
pub(super) fn join_flood(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let forgotten = capture.trace.totals().forgotten.orphan_joins;
    let forgotten = match forgotten {
        0 => String::new(),
        count => format!("; {} like them had to be forgotten", units::count(count)),
    };
    let mut by_host: BTreeMap<_, Vec<PacketStamp>> = BTreeMap::new();
    for orphan in capture.trace.orphans() {
        let target = orphan.sides.of(orphan.acceptor()).endpoint;
        by_host.entry(target.address).or_default().extend(orphan.handshake.syn);
    }
    let mut found = Vec::new();
    for (address, syns) in by_host {
        let Some(dense) = dense(&syns) else { continue };
        let summary = format!(
            "{} with unknown tokens towards {address}: a scan or an attack, or a load balancer that \
             sends joins to the wrong host{forgotten}.",
            units::counted(syns.len() as u64, "join")
        );
        found.push(
            Finding::new(Code::JoinFlood, summary)
                .seen(dense.iter().copied())
                .times(syns.len() as u64)
                .confidence(Confidence::Likely)
                .with("address", address.to_string())
                .advice(
                    "If the connections are real, see join-unknown-token. If not, let the firewall \
                        limit the rate of SYNs; SYN cookies protect the host.",
                ),
        );
    }
    found
}

/// Many failed joins of one connection: somebody knows its token, or a host tries again and again.
pub(super) fn join_flood_of_connection(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let failed = context.joins().filter(|join| !join.is_confirmed());
    let syns: Vec<_> = failed.filter_map(|join| join.handshake.syn).collect();
    let Some(first) = dense(&syns) else { return Vec::new() };
    let summary = format!(
        "{} of this connection failed, {MANY} of them within {}: forged by a host that knows the \
            token, or a host that keeps retrying.",
        units::counted(syns.len() as u64, "join"),
        units::duration(WITHIN_NS),
    );
    vec![
        Finding::new(Code::JoinFlood, summary)
            .seen(first.iter().copied())
            .times(syns.len() as u64)
            .confidence(Confidence::Likely)
            .advice(
                "If the sources are yours, `ip mptcp monitor` shows what opens them. If not, a \
                    host on the path reads tokens: the HMAC rejects such joins, and the limits \
                    there (`ip mptcp limits show`) bound them.",
            ),
    ]
}

/// The first joins that are a flood.
fn dense(syns: &[PacketStamp]) -> Option<&[PacketStamp]> {
    syns.windows(MANY).find(|some| match (some.first(), some.last()) {
        (Some(first), Some(last)) => last.at.since(first.at) <= WITHIN_NS,
        _ => false,
    })
}

/// One token, two connections that live at the same time.
pub(super) fn token_collision(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let mut by_token = BTreeMap::new();
    let mut found = Vec::new();
    for (number, connection) in capture.trace.connections().into_iter().enumerate() {
        for role in Role::BOTH {
            let host = connection.hosts.of(role);
            let (Some(token), Some(key)) = (host.token, host.key) else { continue };
            let before = by_token.insert(token.0, (number, connection, key));
            let Some((other_number, other, other_key)) = before else { continue };
            let overlaps = other.last.at >= connection.first.at;
            if other_key == key || !overlaps {
                continue;
            }
            let numbers = list(&[format!("#{other_number}"), format!("#{number}")]);
            let summary = format!(
                "The connections {numbers} have the same token {:#010x}: a join is assigned by its \
                    HMAC.",
                token.0
            );
            let mut finding =
                Finding::new(Code::TokenCollision, summary).seen([other.first, connection.first]);
            finding.connection = Some(number);
            found.push(finding);
        }
    }
    found
}
