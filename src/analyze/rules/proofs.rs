//! HMACs, checksums, keys and numbers that can be recomputed and are wrong.

use crate::analyze::context::{AddressVerdict, ConnectionContext};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{capitalised, host, packet};
use crate::track::address::AnnouncedAddress;
use crate::track::data::DataSpace;
use crate::track::proof::Verdict;
use crate::track::role::Role;
use crate::track::stamp::PacketStamp;
use crate::track::subflow::Subflow;
use crate::units;
use crate::wire::crypto::AddAddrHmacVariant;
use crate::wire::mptcp::{MpFastClose, MpJoin, MptcpOption, Version};

/// The HMAC of a MP_JOIN does not verify (RFC 8684 §3.2).
pub(super) fn join_hmac_mismatch(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let wrong = |subflow: &Subflow| {
        let verdicts = context.join_verdicts(subflow)?;
        let (which, sender) = match (verdicts.syn_ack, verdicts.ack) {
            (Verdict::Mismatch, _) => ("SYN/ACK", subflow.acceptor()),
            (_, Verdict::Mismatch) => ("third ACK", subflow.opener),
            _ => return None,
        };
        let seen = join_option(context, subflow, sender);
        let summary = format!(
            "The HMAC in the {which} of the join on subflow {} is not the one that the keys and \
             nonces give.",
            subflow.number
        );
        let seen = seen.into_iter().chain(subflow.reset.map(|reset| reset.seen));
        Some(
            Finding::new(Code::JoinHmacMismatch, summary)
                .on(subflow)
                .from(sender)
                .seen(seen)
                .why("A middlebox rewrites MP_JOIN, or a host without the keys answers.")
                .advice("Capture at both ends and compare the option."),
        )
    };
    context.subflows.iter().filter_map(|subflow| wrong(subflow)).collect()
}

/// The packet with the MP_JOIN of the SYN/ACK or of the third ACK.
fn join_option(
    context: &ConnectionContext<'_>,
    subflow: &Subflow,
    sender: Role,
) -> Option<PacketStamp> {
    let mut options = context.options();
    let found = options.find(|(event, option)| {
        event.direction.sender() == sender
            && matches!(option, MptcpOption::MpJoin(MpJoin::SynAck { .. } | MpJoin::Ack { .. }))
            && context.trace.subflow(event.subflow).number == subflow.number
    });
    found.map(|(event, _)| event.seen)
}

/// The HMAC of an ADD_ADDR does not verify (RFC 8684 §3.4.1).
pub(super) fn add_addr_hmac_mismatch(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let wrong = |(address, (verdict, variant)): (&AnnouncedAddress, AddressVerdict)| {
        let address_id = address.address_id.0;
        let what = match (verdict, variant) {
            (Verdict::Mismatch, _) => "is not the one that the keys give".to_owned(),
            (Verdict::Verified, Some(AddAddrHmacVariant::LeftmostBits)) => {
                "has the leftmost 64 bits instead of the rightmost".to_owned()
            }
            (Verdict::Verified, Some(AddAddrHmacVariant::PortLeftOut)) => {
                "leaves the port out".to_owned()
            }
            _ => return None,
        };
        let echoed = address.echoed.count > 0;
        let taken = if echoed { ", and it was echoed" } else { ", and it was not echoed" };
        let summary = format!(
            "The HMAC of the ADD_ADDR of {} for address {address_id} {what}{taken}.",
            host(address.owner)
        );
        let why = "A NAT helper rewrites addresses in options, a stack is broken, or the announcement \
            is forged.";
        let advice = "Compare the option at both ends.";
        let seen = address.announced.listed.iter().chain(&address.echoed.listed).copied();
        Some(
            Finding::new(Code::AddAddrHmacMismatch, summary)
                .from(address.owner)
                .seen(seen)
                .times(address.announced.count)
                .with("address_id", address_id)
                .why(why)
                .advice(advice),
        )
    };
    context.addresses().filter_map(wrong).collect()
}

/// A DSS checksum is wrong over the whole mapping (RFC 8684 §3.3.1).
pub(super) fn dss_checksum_mismatch(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let found = context.sides().filter_map(|(subflow, role)| {
        let side = subflow.sides.of(role);
        let checksums = &side.checksums;
        // A mapping that was right the second time had been dropped by TCP's own checksum before.
        let repaired = side.checksums_again.verified();
        let count = checksums.mismatches().checked_sub(repaired).filter(|count| *count > 0)?;
        let first = checksums.listed().first().map(|(seen, _)| *seen);
        let at = first.map(|seen| format!(", first in {}", packet(seen))).unwrap_or_default();
        let summary = format!(
            "The DSS checksum of {} from {} is wrong{at}: the data was changed on the way.",
            units::counted(count, "mapping"),
            host(role)
        );
        Some(
            Finding::new(Code::DssChecksumMismatch, summary)
                .on(subflow)
                .from(role)
                .seen(checksums.listed().iter().map(|(seen, _)| *seen))
                .times(count)
                .with("mappings", count)
                .advice(
                    "Find the device that changes payload on this path: a proxy, a NAT helper for FTP \
                     or SIP, or DPI.",
                ),
        )
    });
    found.collect()
}

/// MP_FASTCLOSE with a key that is not the peer's (RFC 8684 §3.5).
pub(super) fn fastclose_key_mismatch(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let wrong = |sender: Role, close: &MpFastClose| {
        let key = context.connection.hosts.of(sender.peer()).key;
        key.is_some_and(|key| key != close.receiver_key)
    };
    let all = context.options().filter_map(|(event, option)| match option {
        MptcpOption::MpFastClose(close) => wrong(event.direction.sender(), close).then_some(event),
        _ => None,
    });
    let all: Vec<_> = all.collect();
    let Some(first) = all.first() else { return Vec::new() };
    let sender = first.direction.sender();
    let summary = format!(
        "MP_FASTCLOSE from {} ({}) does not have the peer's key: it must be ignored.",
        host(sender),
        packet(first.seen)
    );
    vec![
        Finding::new(Code::FastcloseKeyMismatch, summary)
            .from(sender)
            .seen(all.iter().map(|event| event.seen))
            .times(all.len() as u64)
            .why("The sender does not know the keys of the connection, or its stack is broken.")
            .advice("Look for the true sender: compare TTL and addresses with other packets."),
    ]
}

/// The first DSN does not follow from the key: something passes MP_CAPABLE on and makes up the rest.
pub(super) fn idsn_mismatch(context: &ConnectionContext<'_>) -> Vec<Finding> {
    /// Further from the first byte than a capture that begins late could be.
    const FAR: i64 = 1 << 40;
    let wrong = |role: Role| {
        let data = context.connection.data.of(role);
        let start = first_position(data)?;
        let is_whole = context.is_whole() && context.connection.hosts.of(role).idsn.is_some();
        let first = context.initial()?.sides.of(role).first_data;
        (is_whole && start.abs() > FAR).then(|| {
            let summary = format!(
                "The data sequence numbers of {} do not start at the number that its key gives.",
                host(role)
            );
            Finding::new(Code::IdsnMismatch, summary).from(role).seen(first).why(
                "A proxy passes MP_CAPABLE on but terminates the connection, or a middlebox rewrites \
                 keys.",
            )
            .advice(
                "Capture at both ends and compare the keys.",
            )
        })
    };
    Role::BOTH.into_iter().filter_map(wrong).collect()
}

/// Position of the first byte seen: behind the first hole, if the stream begins with one.
fn first_position(data: &DataSpace) -> Option<i64> {
    let span = data.range_set().span()?;
    let hole = data.range_set().holes().next().filter(|hole| hole.start == span.start);
    Some(hole.map_or(span.start, |hole| hole.end))
}

/// Checksums where none were agreed on, or none where they were (RFC 8684 §3.3.1).
pub(super) fn checksum_presence_mismatch(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let agreed = context.connection.checksum.filter(|_| context.is_whole());
    let Some(agreed) = agreed.filter(|_| !context.options_may_be_cut()) else { return Vec::new() };
    // RFC 6824 §3.3: a checksum that was not agreed on is ignored.
    if context.connection.version == Some(Version::V0) && !agreed {
        return Vec::new();
    }
    let found = context.sides().filter_map(|(subflow, role)| {
        let side = subflow.sides.of(role);
        let (with, without) = side.mappings.by_checksum();
        let wrong = Some(if agreed { without } else { with }).filter(|wrong| *wrong > 0)?;
        let what = if agreed { "no checksum, which was" } else { "a checksum, which was not" };
        let summary = format!(
            "{} of {} on subflow {} have {what} agreed on.",
            capitalised(&units::counted(wrong, "mapping")),
            host(role),
            subflow.number
        );
        Some(
            Finding::new(Code::ChecksumPresenceMismatch, summary)
                .on(subflow)
                .from(role)
                .seen(side.first_data)
                .times(wrong)
                .with("mappings", wrong)
                .confidence(Confidence::Likely)
                .why("One of the stacks is broken, or a middlebox rewrote MP_CAPABLE.")
                .advice("Compare MP_CAPABLE at both ends."),
        )
    });
    found.collect()
}
