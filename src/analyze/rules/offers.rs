//! Offers of MPTCP that came to nothing at the handshake (RFC 8684 §3.1).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analyze::context::{ConnectionContext, WholeCapture};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::packet;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::units;
use crate::wire::frame::Timestamp;
use crate::wire::mptcp::{CapableForm, MptcpOption};
use crate::wire::segment::Endpoint;

/// The handshake of a connection that offered MPTCP.
struct Offer<'a> {
    /// Number of the connection.
    number: usize,
    syn: PacketStamp,
    subflow: &'a Subflow,
}

impl Offer<'_> {
    const fn client(&self) -> Endpoint {
        self.subflow.sides.client.endpoint
    }

    const fn server(&self) -> Endpoint {
        self.subflow.sides.server.endpoint
    }

    /// SYNs with MP_CAPABLE, and without.
    fn syns(&self) -> (u64, u64) {
        let handshake = &self.subflow.handshake;
        let (all, plain) = (handshake.syn_retransmissions + 1, handshake.plain_syns);
        (u64::from(all.saturating_sub(plain)), u64::from(plain))
    }

    /// Whether nothing but SYNs was seen of the client, and nothing of the server. (A client that was
    /// answered goes on with other segments, also where the capture has no answers.)
    fn is_unanswered(&self) -> bool {
        let (sides, (offers, plain)) = (&self.subflow.sides, self.syns());
        self.subflow.reset.is_none()
            && sides.server.segments == 0
            && sides.client.segments == offers + plain
    }
}

/// All handshakes that offered MPTCP.
fn offers<'a>(capture: &WholeCapture<'a>) -> Vec<Offer<'a>> {
    let connections = capture.trace.connections().into_iter().enumerate();
    let offer = |(number, connection)| {
        let subflow = capture.trace.subflows(connection).next()?;
        let offered = subflow.initial && subflow.handshake.mp_capable_syn;
        Some(Offer { number, syn: subflow.handshake.syn?, subflow }).filter(|_| offered)
    };
    connections.filter_map(offer).collect()
}

/// SYNs that were repeated, and never answered.
pub(super) fn handshake_unanswered(capture: &WholeCapture<'_>) -> Vec<Finding> {
    /// So many SYNs, or one repetition and this wait after it, are no single loss.
    const MANY: u64 = 3;
    const WAIT_NS: i64 = 1_000_000_000;
    let end = capture.inputs.iter().filter_map(|input| input.last).max();
    let waited = |last: Timestamp| end.is_some_and(|end| end.since(last) >= WAIT_NS);
    let is_silent = |offer: &Offer<'_>| {
        let (offers, plain) = offer.syns();
        let all = offers + plain;
        offer.is_unanswered() && (all >= MANY || all > 1 && waited(offer.subflow.last.at))
    };
    let mut by_server: BTreeMap<_, Vec<Offer<'_>>> = BTreeMap::new();
    for offer in offers(capture).into_iter().filter(is_silent) {
        let server = offer.server();
        by_server.entry((server.address, server.port)).or_default().push(offer);
    }
    by_server.into_values().filter_map(|silent| unanswered(&silent)).collect()
}

fn unanswered(silent: &[Offer<'_>]) -> Option<Finding> {
    let first = silent.first()?;
    let (offers, plain) =
        silent.iter().map(Offer::syns).fold((0, 0), |sum, syns| (sum.0 + syns.0, sum.1 + syns.1));
    let last = silent.iter().map(|offer| offer.subflow.last).max_by_key(|last| last.packet)?;
    let lasted = units::duration(last.at.since(first.syn.at));
    let server = first.server();
    let of = match silent.len() {
        1 => String::new(),
        many => format!(" of {}", units::counted(many as u64, "connection")),
    };
    let (what, why) = if plain > 0 {
        let what = format!("{} with MP_CAPABLE and {plain} without", units::counted(offers, "SYN"));
        (what, "the host or the path is dead, or a firewall drops them; MPTCP is not to blame")
    } else {
        let what = format!("{} with MP_CAPABLE", units::counted(offers, "SYN"));
        (what, "the host or the path is dead, or a firewall drops them; none without was tried")
    };
    let summary = format!("{what}{of} to {server} within {lasted} got no answer: {why}.");
    let client = first.client().address;
    let confidence = if plain > 0 { Confidence::Certain } else { Confidence::Likely };
    let mut finding = Finding::new(Code::HandshakeUnanswered, summary)
        .from(Role::Client)
        .seen(silent.iter().map(|offer| offer.syn))
        .seen(first.subflow.handshake.plain_syn.into_iter().chain([last]))
        .times(silent.len() as u64)
        .confidence(confidence)
        .with("syns", offers)
        .with("plain_syns", plain)
        .with("address", server.address.to_string())
        .with("port", u64::from(server.port))
        .advice(format!(
            "On the client: `ping {}` and `ip route get {0} from {client}`. Does a capture at the \
             server show the SYNs?",
            server.address
        ));
    finding.connection = (silent.len() == 1).then_some(first.number);
    Some(finding)
}

/// MPTCP is answered by a RST, and plain TCP from the same client is not.
pub(super) fn mp_capable_refused(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let failed = &capture.trace.totals().failed_offers;
    let offers = offers(capture);
    let mut refused: BTreeMap<_, Vec<&Offer<'_>>> = BTreeMap::new();
    let mut accepting = BTreeSet::new();
    for offer in &offers {
        let server = (offer.server().address, offer.server().port);
        let by_server = offer.subflow.reset.is_some_and(|reset| reset.from == Role::Server);
        match offer.subflow.handshake.syn_ack {
            Some(_) if !is_refused_on_same_flow(offer.subflow) => {
                accepting.insert(server);
            }
            None if !by_server => {}
            _ => refused.entry((offer.client().address, server)).or_default().push(offer),
        }
    }
    let found = refused.into_iter().filter_map(|((client, (address, port)), offers)| {
        // A server that takes some has another reason.
        let server = Endpoint { address, port };
        let first = offers.first().filter(|_| !accepting.contains(&(address, port)))?;
        let reset = first.subflow.reset?;
        let elsewhere = || failed.get(client, server)?.answered;
        let on_same_flow = || {
            first.subflow.handshake.syn_ack.filter(|_| is_refused_on_same_flow(first.subflow))
        };
        let accepted = on_same_flow().or_else(elsewhere)?;
        let count = offers.len() as u64;
        let summary = format!(
            "{} with MP_CAPABLE from {client} to {server} {} refused by a RST ({}), one without was \
             accepted ({}): something there refuses MPTCP.",
            units::counted(count, "SYN"),
            if count == 1 { "was" } else { "were" },
            packet(reset.seen),
            packet(accepted),
        );
        let mut finding = Finding::new(Code::MpCapableRefused, summary)
            .from(Role::Client)
            .seen([first.syn, reset.seen, accepted])
            .times(count)
            .confidence(Confidence::Likely)
            .with("address", address.to_string())
            .with("port", u64::from(port))
            .advice(
                "Find the firewall or load balancer that answers SYNs with TCP option 30 by a RST, and \
                 let the option pass. Was the server only started in between? Then there is nothing to \
                 fix.",
            );
        finding.connection = Some(first.number);
        Some(finding)
    });
    found.collect()
}

/// Whether the client sent a SYN without the option on the same ports after a RST, which was accepted.
fn is_refused_on_same_flow(subflow: &Subflow) -> bool {
    let (Some(reset), Some(plain), Some(answer)) =
        (subflow.reset, subflow.handshake.plain_syn, subflow.handshake.syn_ack)
    else {
        return false;
    };
    reset.seen.packet < plain.packet && plain.packet < answer.packet
}

/// So many handshakes…
const MANY: usize = 100;
/// … within this time are a flood.
const WITHIN_NS: i64 = 1_000_000_000;

/// Many handshakes without a third ACK towards one host, from clients that do nothing else.
pub(super) fn mp_capable_flood(capture: &WholeCapture<'_>) -> Vec<Finding> {
    let offers = offers(capture);
    let is_open = |offer: &&Offer<'_>| {
        let handshake = &offer.subflow.handshake;
        handshake.ack.is_none()
            && handshake.syn_retransmissions == 0
            && offer.subflow.sides.client.segments == 1
            && offer.subflow.reset.is_none()
    };
    let busy: BTreeSet<IpAddr> =
        offers.iter().filter(|offer| !is_open(offer)).map(|o| o.client().address).collect();
    let mut by_host: BTreeMap<IpAddr, Vec<&Offer<'_>>> = BTreeMap::new();
    for offer in offers.iter().filter(is_open) {
        if !busy.contains(&offer.client().address) {
            by_host.entry(offer.server().address).or_default().push(offer);
        }
    }
    by_host.into_iter().filter_map(|(host, offers)| flood(capture, host, &offers)).collect()
}

fn flood(capture: &WholeCapture<'_>, host: IpAddr, offers: &[&Offer<'_>]) -> Option<Finding> {
    let dense = offers.windows(MANY).find(|some| match (some.first(), some.last()) {
        (Some(first), Some(last)) => last.syn.at.since(first.syn.at) <= WITHIN_NS,
        _ => false,
    })?;
    let (first, last) = (offers.first()?, offers.last()?);
    let clients: BTreeSet<_> = offers.iter().map(|offer| offer.client().address).collect();
    let forgotten = match capture.trace.totals().forgotten.half_open {
        0 => String::new(),
        count => format!("; {} like them had to be forgotten", units::count(count)),
    };
    let summary = format!(
        "{} with MP_CAPABLE from {} towards {host} within {}, and no third ACK: a SYN flood or a \
         scan{forgotten}.",
        units::counted(offers.len() as u64, "SYN"),
        match clients.len() {
            1 => "1 address".to_owned(),
            many => format!("{} addresses", units::count(many as u64)),
        },
        units::duration(last.syn.at.since(first.syn.at)),
    );
    Some(
        Finding::new(Code::MpCapableFlood, summary)
            .from(Role::Client)
            .seen(dense.iter().map(|offer| offer.syn))
            .times(offers.len() as u64)
            .confidence(Confidence::Likely)
            .with("address", host.to_string())
            .with("clients", clients.len())
            .why("With SYN cookies, the host keeps no state of such SYNs.")
            .advice(
                "Turn SYN cookies on (`sysctl net.ipv4.tcp_syncookies=1`). Let the firewall \
                 limit the rate of SYNs.",
            ),
    )
}

/// A SYN/ACK that repeats the option of the SYN: whatever answers does not know MPTCP.
pub(super) fn mp_capable_mirrored(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some((syn, syn_ack)) = mirrored(context) else { return Vec::new() };
    let key = match context.connection.hosts.client.key {
        Some(_) => "with the client's own key",
        None => "without a key",
    };
    let summary = format!(
        "The SYN/ACK ({}) sends the MP_CAPABLE of the SYN back, {key}: what answers copies options \
         that it does not know.",
        packet(syn_ack)
    );
    vec![
        Finding::new(Code::MpCapableMirrored, summary)
            .from(Role::Server)
            .seen([syn, syn_ack])
            .why("A TCP or SYN proxy, or a load balancer, answers in place of the server.")
            .advice("Find it: a capture at the server shows another SYN/ACK, or none."),
    ]
}

/// The SYN, and the SYN/ACK that has the same MP_CAPABLE.
pub(super) fn mirrored(context: &ConnectionContext<'_>) -> Option<(PacketStamp, PacketStamp)> {
    let handshake = context.initial()?.handshake;
    let (syn, syn_ack) = (handshake.syn?, handshake.syn_ack?);
    let capable_in = |seen: PacketStamp| {
        let mut options = context.options();
        options.find_map(|(event, option)| match option {
            MptcpOption::MpCapable(capable) if event.seen.packet == seen.packet => Some(*capable),
            _ => None,
        })
    };
    let (offer, answer) = (capable_in(syn)?, capable_in(syn_ack)?);
    let is_bare = answer.form == CapableForm::Bare;
    let has_clients_key =
        answer.sender_key().is_some() && answer.sender_key() == offer.sender_key();
    (is_bare || has_clients_key).then_some((syn, syn_ack))
}

/// TCP MD5 or TCP-AO beside MP_CAPABLE: they leave no room for MPTCP, and hosts do not use both.
pub(super) fn mptcp_ruled_out(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(initial) = context.initial() else { return Vec::new() };
    let signed = |role: Role| initial.sides.of(role).syn_options.is_some_and(|syn| syn.signed);
    let Some(who) = Role::BOTH.into_iter().find(|role| signed(*role)) else { return Vec::new() };
    let handshake = &initial.handshake;
    let seen = if who == Role::Client { handshake.syn } else { handshake.syn_ack };
    let summary = format!(
        "The {} is signed with TCP MD5 or TCP-AO: hosts do not use MPTCP beside it.",
        if who == Role::Client { "SYN" } else { "SYN/ACK" }
    );
    vec![
        Finding::new(Code::MptcpRuledOut, summary)
            .from(who)
            .seen(seen)
            .advice("Choose one: the signature (BGP needs it), or MPTCP."),
    ]
}

/// Whether a SYN is signed, so that nobody uses MPTCP.
pub(super) fn is_ruled_out(context: &ConnectionContext<'_>) -> bool {
    !mptcp_ruled_out(context).is_empty()
}
