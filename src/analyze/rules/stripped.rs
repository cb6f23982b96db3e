//! Subflows on which MPTCP options are lost.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::stripped::{Sign, Stripped, stripped};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{host, packet};
use crate::track::subflow::Subflow;
use crate::units;

/// Options that vanish on one subflow at or after its join: what is sent there counts only when it is sent again.
pub(super) fn subflow_without_mptcp(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let found = context.subflows.iter().filter_map(|subflow| {
        let stripped = stripped(context, subflow)?;
        let is_certain = stripped.has_nops;
        Some(
            Finding::new(Code::SubflowWithoutMptcp, summary(subflow, &stripped))
                .confidence(if is_certain { Confidence::Certain } else { Confidence::Likely })
                .on(subflow)
                .from(stripped.sender)
                .seen(stripped.evidence.iter().copied())
                .with("resent_bytes", resent(&stripped))
                .with("delivered", u64::from(!stripped.is_useless))
                .advice(
                    "Find the middlebox on this path that removes TCP options (a firewall that normalises \
                     TCP, a WAN optimiser) and let it pass option 30, or do not use the path: `ip mptcp \
                     endpoint delete id N`. Captures at both ends show on which side of it they are.",
                ),
        )
    });
    found.collect()
}

fn resent(stripped: &Stripped) -> u64 {
    match stripped.sign {
        Sign::AckedInVain(bytes) | Sign::DataAckUnheard(bytes) => bytes,
        _ => 0,
    }
}

fn summary(subflow: &Subflow, stripped: &Stripped) -> String {
    let (number, sender, peer) =
        (subflow.number, host(stripped.sender), host(stripped.sender.peer()));
    let first = stripped.evidence.first().copied().map(packet).unwrap_or_default();
    let last = stripped.evidence.last().copied().map(packet).unwrap_or_default();
    let nops = if stripped.has_nops { ", with NOPs in their place" } else { "" };
    match stripped.sign {
        Sign::ResetAtOnce => format!(
            "MPTCP options of {sender} are lost on subflow {number}: its segments after the handshake came \
             without any ({first}){nops}, and {peer} reset the subflow for that ({last})."
        ),
        Sign::ResetOverwritten => format!(
            "MPTCP options of {sender} are lost on subflow {number}: its RST ({first}) has NOPs in the \
             place of the reason."
        ),
        Sign::DataWithoutMapping => format!(
            "MPTCP options of {sender} are lost on subflow {number}: all its data came without a mapping, \
             from {first} on{nops}."
        ),
        Sign::AckedInVain(bytes) => format!(
            "MPTCP options of {sender} are lost on subflow {number}: its ACKs carry none from {first} to \
             {last}{nops}, and {peer} sent {} again that TCP had acknowledged there.",
            units::bytes(bytes)
        ),
        Sign::DataAckUnheard(bytes) => format!(
            "DATA_ACKs of {sender} do not reach {peer} over subflow {number}: {peer} sent {} again that {sender} \
             had acknowledged long before (from {first} to {last}).",
            units::bytes(bytes)
        ),
    }
}
