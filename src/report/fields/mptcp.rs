//! MPTCP options, from their third octet on, as [`describe`] tells what stands there.

use super::context::{FieldContext, relative};
use super::walk::{Walk, hex, number};
use crate::report::option::{Content, describe};
use crate::wire::mptcp::{MptcpOption, Subtype};
use crate::wire::seq::{Dsn, WireDsn};

/// Name of an option, and what matters most in it.
pub(super) fn title(option: &MptcpOption, context: &FieldContext<'_>) -> (String, String) {
    let description = describe(option);
    let mut words = description.title();
    if let Some(verdict) = (context.proof)(option) {
        let gap = if words.is_empty() { "" } else { ", " };
        words = format!("{words}{gap}proof {}", verdict.name());
    }
    (description.tree_name().into_owned(), words)
}

/// The fields after kind and length.
pub(super) fn option(walk: &mut Walk<'_>, option: &MptcpOption, context: &FieldContext<'_>) {
    if walk.left() == 0 {
        return;
    }
    let description = describe(option);
    walk.octets(1, "subtype", |octets| {
        let subtype = Subtype(octets.first().copied().unwrap_or(0) >> 4);
        match subtype.name() {
            Some(name) => format!("{} {name}", subtype.0),
            None => format!("{} not assigned", subtype.0),
        }
    });
    walk.bits(description.low_bits());
    let verdict = (context.proof)(option);
    for field in description.octets() {
        walk.octets(field.len, field.name, |octets| match field.content {
            Content::Number => number(octets).to_string(),
            Content::Hex => hex(octets),
            Content::Proof => match verdict {
                Some(verdict) => format!("{} {}", verdict.name(), hex(octets)),
                None => hex(octets),
            },
            Content::SenderDsn => dsn(octets, context.sender_idsn),
            Content::ReceiverDsn => dsn(octets, context.receiver_idsn),
            Content::Words(words) => words,
        });
        walk.bits(field.bits);
    }
}

/// A DSN as on the wire, and as counted from the first byte of the stream.
fn dsn(octets: &[u8], idsn: Option<Dsn>) -> String {
    let raw = number(octets);
    let wire = match u32::try_from(raw) {
        Ok(short) if octets.len() == 4 => WireDsn::Short(short),
        _ => WireDsn::Long(raw),
    };
    match relative(wire, idsn) {
        Some(relative) => format!("{} ({relative})", hex(octets)),
        None => hex(octets),
    }
}
