//! Joins that should not have been sent as they were: too early, or to another address.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::is_initial;
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{capitalised, host, packet};
use crate::track::subflow::Subflow;
use crate::wire::mptcp::{MptcpOption, Version};

/// A join to the address and port that the peer forbade with the C bit (RFC 8684 §3.1: must not).
pub(super) fn join_to_denied_address(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let denied = |subflow: &&Subflow| {
        let joinee = subflow.acceptor();
        context.connection.hosts.of(joinee).deny_join_initial == Some(true)
            && is_initial(context, subflow, subflow.sides.of(joinee).endpoint)
    };
    let all: Vec<_> = context.joins().filter(denied).collect();
    let Some(first) = all.first() else { return Vec::new() };
    let joinee = first.acceptor();
    let summary = format!(
        "{} joined {} although {} asked not to (C bit).",
        capitalised(host(first.opener)),
        first.sides.of(joinee).endpoint,
        host(joinee)
    );
    vec![
        Finding::new(Code::JoinToDeniedAddress, summary)
            .from(first.opener)
            .seen(all.iter().filter_map(|subflow| subflow.handshake.syn))
            .times(all.len() as u64)
            .why("The joiner's stack ignores the C bit. Linux respects it since 5.14.")
            .advice("Update the joiner."),
    ]
}

/// A join to an address or port that the capture shows no announcement of.
pub(super) fn join_port_not_announced(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let Some(initial) = context.initial().filter(|_| context.is_two_sided()) else {
        return Vec::new();
    };
    let unknown = |subflow: &&Subflow| {
        let joinee = subflow.acceptor();
        let target = subflow.sides.of(joinee).endpoint;
        let first = initial.sides.of(joinee).endpoint;
        let mut announced = context.connection.addresses.iter().filter(|a| a.owner == joinee);
        target != first
            && !announced.any(|address| {
                address.address == Some(target.address)
                    && address.port.unwrap_or(first.port) == target.port
            })
    };
    let all: Vec<_> = context.joins().filter(unknown).collect();
    let Some(one) = all.first() else { return Vec::new() };
    let target = one.sides.of(one.acceptor()).endpoint;
    let summary = format!(
        "{} joined {target}, which was not announced in this capture.",
        capitalised(host(one.opener))
    );
    vec![
        Finding::new(Code::JoinPortNotAnnounced, summary)
            .from(one.opener)
            .seen(all.iter().filter_map(|subflow| subflow.handshake.syn))
            .times(all.len() as u64)
            .confidence(Confidence::Likely),
    ]
}

/// Data of the joiner before the fourth ACK (RFC 8684 §3.2: must not).
pub(super) fn join_early_data(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let early = |subflow: &Subflow| {
        let fourth = subflow.join?.fourth_ack?;
        let data = subflow.sides.of(subflow.opener).first_data?;
        (data.packet < fourth.packet).then_some((data, fourth))
    };
    let all: Vec<_> = context.joins().filter_map(|s| Some((s, early(s)?))).collect();
    let found = all.into_iter().map(|(subflow, (data, fourth))| {
        let summary = format!(
            "{} sent data on subflow {} ({}) before the join was confirmed ({}).",
            capitalised(host(subflow.opener)),
            subflow.number,
            packet(data),
            packet(fourth)
        );
        // At the joinee the fourth ACK may have crossed it. Captures out of order show it as well.
        Finding::new(Code::JoinEarlyData, summary)
            .on(subflow)
            .from(subflow.opener)
            .seen([data, fourth])
            .confidence(Confidence::Likely)
    });
    found.collect()
}

/// A join whose source is not the address announced under its ID: a NAT (RFC 8684 §3.2).
pub(super) fn address_translated(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let translated = |subflow: &&Subflow| {
        let joiner = subflow.sides.of(subflow.opener);
        let mut announced = context.connection.addresses.iter().filter(|address| {
            address.owner == subflow.opener
                && Some(address.address_id) == joiner.address_id
                && address.announced.count > 0
        });
        announced.next().is_some_and(|address| {
            address.address.is_some_and(|announced| {
                announced != joiner.endpoint.address
                    && announced.is_ipv4() == joiner.endpoint.address.is_ipv4()
            })
        })
    };
    let all: Vec<_> = context.joins().filter(translated).collect();
    let Some(first) = all.first() else { return Vec::new() };
    let joiner = first.sides.of(first.opener);
    let summary = format!(
        "{} joins from {}, which is not the address it announced under ID {}: there is a NAT.",
        capitalised(host(first.opener)),
        joiner.endpoint.address,
        joiner.address_id.map_or(0, |id| id.0)
    );
    vec![
        Finding::new(Code::AddressTranslated, summary)
            .from(first.opener)
            .seen(all.iter().filter_map(|subflow| subflow.handshake.syn))
            .times(all.len() as u64)
            .confidence(Confidence::Likely),
    ]
}

/// A join before any DSS (RFC 8684 §3.1: must not; Linux does after an ADD_ADDR).
pub(super) fn join_before_dss(context: &ConnectionContext<'_>) -> Vec<Finding> {
    if !context.is_whole() || context.connection.version == Some(Version::V0) {
        return Vec::new();
    }
    let dss = context.options().find(|(_, option)| matches!(option, MptcpOption::Dss(_)));
    let Some((dss, _)) = dss else { return Vec::new() };
    let early = context.joins().filter_map(|subflow| subflow.handshake.syn);
    let early: Vec<_> = early.filter(|syn| syn.packet < dss.seen.packet).collect();
    let Some(first) = early.first() else { return Vec::new() };
    let summary = format!("A join ({}) was sent before any DSS was seen.", packet(*first));
    vec![
        Finding::new(Code::JoinBeforeDss, summary)
            .seen(early.iter().copied())
            .times(early.len() as u64),
    ]
}
