//! RSTs in the name of a host that it did not send.

use crate::analyze::context::ConnectionContext;
use crate::analyze::evidence::forged_reset::{Sign, forged};
use crate::analyze::finding::{Code, Confidence, Finding};
use crate::analyze::words::{host, list, packet};
use crate::units;

/// The RST of a middlebox in a host's name.
pub(super) fn reset_forged(context: &ConnectionContext<'_>) -> Vec<Finding> {
    let found = context.subflows.iter().filter_map(|subflow| {
        let (reset, signs, confidence) = forged(context, subflow)?;
        let who = host(reset.from);
        let probably = if confidence == Confidence::Certain { "" } else { "probably " };
        let why: Vec<_> = signs.iter().map(|sign| in_words(*sign)).collect();
        let summary = format!(
            "The RST of {who} on subflow {} ({}) was {probably}not sent by it: {}.",
            subflow.number,
            packet(reset.seen),
            list(&why),
        );
        let after = reset.look.went_on.filter(|_| has_gone_on(&signs)).map(|(_, last)| last);
        Some(
            Finding::new(Code::ResetForged, summary)
                .confidence(confidence)
                .on(subflow)
                .from(reset.from)
                .seen(std::iter::once(reset.seen).chain(after))
                .with("hop_limit", u64::from(reset.hop_limit))
                .advice(
                    "Find the box that ends connections in the name of hosts (IPS, DPI, a firewall that \
                     rejects): captures at both ends show on which side it is, and hop limits how far.",
                ),
        )
    });
    found.collect()
}

fn has_gone_on(signs: &[Sign]) -> bool {
    signs.iter().any(|sign| matches!(sign, Sign::WentOn(_)))
}

fn in_words(sign: Sign) -> String {
    match sign {
        Sign::NeverSent => "the capture on its side does not have it".to_owned(),
        Sign::WentOn(count) => {
            format!("{} of it came later", units::counted(count, "other segment"))
        }
        Sign::TooSoon(after, round_trip) => format!(
            "it came {} after the segment that it answers, and a round trip takes {}",
            units::duration(after),
            units::duration(round_trip)
        ),
        Sign::HopLimit(own, usual) => {
            format!("its hop limit is {own}, and that of the other segments is {usual}")
        }
        Sign::Sequence(ahead) if ahead > 0 => {
            format!("its sequence number is {} ahead", units::bytes(ahead.unsigned_abs()))
        }
        Sign::Sequence(_) => "its sequence number is none of its own".to_owned(),
    }
}
