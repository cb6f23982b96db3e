//! What a segment is, by the most remarkable thing about it.

use super::context::Step;
use crate::track::packet_class::PacketClass;
use crate::track::state::subflow::ByteCounts;
use crate::wire::mptcp::{DataLevelLength, MptcpOption};
use crate::wire::segment::TcpFlags;

/// What a segment is, now that its subflow has taken it; `before` counts the payload of its sender
/// without it.
pub(super) fn class_of(step: &Step<'_>, before: ByteCounts) -> PacketClass {
    let (segment, options, subflow) = (step.segment, step.options, &*step.subflow);
    let flags = segment.flags;
    let has = |wanted: fn(&MptcpOption) -> bool| options.mptcp.iter().any(wanted);
    if flags.has(TcpFlags::RST) {
        return PacketClass::Reset;
    }
    if has(is_failure) {
        return PacketClass::Failure;
    }
    let is_third = subflow.handshake.ack.is_some_and(|ack| ack.packet == segment.number);
    if flags.has(TcpFlags::SYN)
        || is_third
        || has(|option| matches!(option, MptcpOption::MpCapable(_) | MptcpOption::MpJoin(_)))
    {
        return PacketClass::Handshake;
    }
    if flags.has(TcpFlags::FIN) || has(is_close) {
        return PacketClass::Close;
    }
    if has(|option| matches!(option, MptcpOption::AddAddr(_) | MptcpOption::RemoveAddr(_))) {
        return PacketClass::Address;
    }
    if has(|option| matches!(option, MptcpOption::MpPrio(_))) {
        return PacketClass::Priority;
    }
    if has(|option| !matches!(option, MptcpOption::Dss(_))) {
        return PacketClass::Other;
    }
    if segment.payload_len > 0 {
        return payload_class(subflow.sides.of(step.sender()).bytes, before);
    }
    if flags.has(TcpFlags::ACK) { PacketClass::Ack } else { PacketClass::Other }
}

const fn is_failure(option: &MptcpOption) -> bool {
    match option {
        MptcpOption::MpFail(_) | MptcpOption::Malformed(_) => true,
        MptcpOption::Dss(dss) => {
            matches!(&dss.mapping, Some(mapping) if matches!(mapping.length, DataLevelLength::Infinite))
        }
        _ => false,
    }
}

const fn is_close(option: &MptcpOption) -> bool {
    match option {
        MptcpOption::MpFastClose(_) => true,
        MptcpOption::Dss(dss) => dss.data_fin,
        _ => false,
    }
}

const fn payload_class(now: ByteCounts, before: ByteCounts) -> PacketClass {
    if now.unmapped > before.unmapped {
        PacketClass::Unmapped
    } else if now.reinjected > before.reinjected {
        PacketClass::Reinjected
    } else if now.remapped > before.remapped {
        PacketClass::Remapped
    } else if now.retransmitted > before.retransmitted {
        PacketClass::Retransmitted
    } else {
        PacketClass::Data
    }
}
